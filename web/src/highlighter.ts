// Colours text outside the page's thread, and guesses languages. A grammar is loaded when it is first needed.

import hljs from "highlight.js/lib/core";
import { aliases, chosen, grammars, needs } from "virtual:grammars";
import { Guesser } from "./guess";

export type Request =
  | { kind: "highlight"; id: number; text: string; language: string }
  | { kind: "guess"; id: number; text: string }
  | { kind: "math"; id: number; formulas: Formula[] };

/** In TeX. */
export interface Formula {
  tex: string;
  display: boolean;
}

/** `lines` is null when the language has no grammar. Each line's HTML is whole by itself. The `html` of a formula is
 * MathML whose styles are in `data-style`, or null when it is wrong or grows without end. */
export type Answer =
  | { kind: "highlight"; id: number; lines: string[] | null }
  | { kind: "guess"; id: number; language: string | null }
  | { kind: "math"; id: number; html: (string | null)[] };

const loading = new Map<string, Promise<void>>();

/** The grammar and all that it hands text to, which may hand some back. */
function closure(grammar: string, found = new Set<string>()): Set<string> {
  if (found.has(grammar)) return found;
  found.add(grammar);
  for (const needed of needs[grammar] ?? []) closure(needed, found);
  return found;
}

async function register(grammar: string): Promise<void> {
  const module = await grammars[grammar]?.();
  if (!module) return;
  if (grammar === "svelte") (module.default as unknown as (core: typeof hljs) => void)(hljs);
  else hljs.registerLanguage(grammar, module.default);
}

async function load(grammar: string): Promise<void> {
  const all = [...closure(grammar)].map((name) => {
    const promise = loading.get(name) ?? register(name);
    loading.set(name, promise);
    return promise;
  });
  await Promise.all(all);
}

/** Cuts highlight.js's HTML at line ends: what is open there is closed, and opened again on the next line. */
export function cutIntoLines(html: string): string[] {
  const lines: string[] = [];
  const open: string[] = [];
  let line = "";
  let at = 0;
  const mark = /<span class="[^"]*">|<\/span>|\n/g;
  for (let match = mark.exec(html); match; match = mark.exec(html)) {
    line += html.slice(at, match.index);
    at = mark.lastIndex;
    const [token] = match;
    if (token === "\n") {
      lines.push(line + "</span>".repeat(open.length));
      line = open.join("");
    } else {
      if (token === "</span>") open.pop();
      else open.push(token);
      line += token;
    }
  }
  lines.push(line + html.slice(at));
  return lines;
}

async function highlight(text: string, language: string): Promise<string[] | null> {
  const name = chosen[language] ? language : aliases[language];
  const grammar = name ? chosen[name] : undefined;
  if (!grammar) return null;
  await load(grammar);
  const html = hljs.highlight(text, { language: grammar, ignoreIllegals: true }).value;
  // In HTML a carriage return as such is a line feed.
  return cutIntoLines(html.replaceAll("\r", "&#13;"));
}

let guesser: Promise<Guesser> | null = null;

async function guess(text: string): Promise<string | null> {
  guesser ??= import("virtual:signs").then((table) => new Guesser(table.default));
  return (await guesser).guess(text);
}

const mathMlMax = 200_000; // characters of a formula's

async function math(formulas: Formula[]): Promise<(string | null)[]> {
  const { default: temml } = await import("temml");
  return formulas.map(({ tex, display }) => {
    try {
      const html = temml.renderToString(tex, { displayMode: display, throwOnError: true, annotate: true, trust: false, maxExpand: 500, maxSize: [20, 20] });
      // Of a quote in a text it makes a reference: this is one of a tag.
      return html.length > mathMlMax ? null : html.replaceAll(' style="', ' data-style="');
    } catch {
      return null; // It is no TeX: the code says what was meant.
    }
  });
}

async function answerTo(request: Request): Promise<Answer> {
  const { id } = request;
  try {
    switch (request.kind) {
      case "guess":
        return { kind: "guess", id, language: await guess(request.text) };
      case "math":
        return { kind: "math", id, html: await math(request.formulas) };
      case "highlight":
        return { kind: "highlight", id, lines: await highlight(request.text, request.language) };
    }
  } catch {
    // A grammar that fails leaves the text plain, and a file that does not come what needs it.
    if (request.kind === "guess") return { kind: "guess", id, language: null };
    if (request.kind === "math") return { kind: "math", id, html: [] };
    return { kind: "highlight", id, lines: null };
  }
}

/** The worker's own scope, as far as it is used; TypeScript has the page's. */
const worker = self as unknown as {
  onmessage: (event: MessageEvent<Request>) => void;
  postMessage(answer: Answer): void;
};

worker.onmessage = async ({ data }) => worker.postMessage(await answerTo(data));
