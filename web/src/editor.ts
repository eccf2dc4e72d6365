// CodeMirror, loaded when the page is idle. It lives in a shadow root: there it styles itself with constructed sheets,
// which the Content-Security-Policy allows. How it looks, and what its panels say, is in editor_look.ts.

import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, LanguageDescription } from "@codemirror/language";
import { languages as descriptions } from "@codemirror/language-data";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { languages } from "virtual:languages";
import { look } from "./editor_look";

export interface Editor {
  text(): string;
  replace(text: string): void;
  setLanguage(name: string): void;
  /** Marks in the text where it differs from another one, with a choice for each part; null: no more. */
  compareWith(other: string | null): Promise<void>;
  focus(): void;
  readonly view: EditorView;
}

/** Describes what our name, or another name of it, is to CodeMirror. */
function describe(name: string): LanguageDescription | null {
  const row = languages.find(([own]) => own === name);
  const names = [name, ...(row ? [row[1], ...row[2].split(" ")] : [])].filter(Boolean);
  for (const candidate of names) {
    const found = LanguageDescription.matchLanguageName(descriptions, candidate, false);
    if (found) return found;
  }
  return null;
}

export function createEditor(options: {
  parent: HTMLElement;
  text: string;
  label: string;
  placeholder: string;
  changed: () => void;
  freed: () => void;
  share: () => void;
}): Editor {
  const shadow = options.parent.attachShadow({ mode: "open" });
  const language = new Compartment();
  const comparison = new Compartment();
  let wanted = "";
  // Tab moves on to the next control until something was typed, and again after Escape: nobody is trapped.
  let tabIndents = false;

  const view = new EditorView({
    root: shadow,
    parent: shadow,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        indentUnit.of("    "),
        look,
        placeholder(options.placeholder),
        EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", dir: "auto" }),
        EditorView.perLineTextDirection.of(true),
        keymap.of([
          { key: "Mod-Enter", run: () => (options.share(), true) },
          { key: "Tab", run: (target) => tabIndents && indentMore(target) },
          { key: "Shift-Tab", run: (target) => tabIndents && indentLess(target) },
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.domEventHandlers({
          blur: () => void (tabIndents = false),
          keydown: (event) => {
            if (event.key !== "Escape" || !tabIndents) return false;
            tabIndents = false;
            options.freed();
            return false;
          },
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          if (update.transactions.some((t) => t.isUserEvent("input.type") || t.isUserEvent("delete"))) tabIndents = true;
          options.changed();
        }),
        language.of([]),
        comparison.of([]),
      ],
    }),
  });

  return {
    view,
    text: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    setLanguage: (name) => {
      if (name === wanted) return;
      wanted = name;
      const description = name ? describe(name) : null;
      if (!description) {
        view.dispatch({ effects: language.reconfigure([]) });
        return;
      }
      description.load().then(
        (support) => {
          if (wanted === name) view.dispatch({ effects: language.reconfigure(support) });
        },
        () => undefined, // Without its grammar the text is plain.
      );
    },
    compareWith: async (other) => {
      const extension = other === null ? [] : (await import("./comparison")).comparisonWith(other);
      view.dispatch({ effects: comparison.reconfigure(extension) });
    },
    focus: () => view.focus(),
  };
}

/** The program that the words of a `#!` line start: what follows `env`, its options and the variables that it sets. */
function programOf([first = "", ...rest]: string[]): string {
  if (!first.endsWith("/env")) return first;
  for (let word = rest.shift(); word; word = rest.shift()) {
    if (word === "-u" || word === "-C") rest.shift();
    else if (word.startsWith("-S") && word.length > 2) return word.slice(2);
    else if (!word.startsWith("-") && !word.includes("=")) return word;
  }
  return "";
}

/** The language that the interpreter in a first line `#!` tells, in our name. */
export function languageOfFirstLine(text: string): string | null {
  const line = /^\uFEFF?#!([^\n]{1,510})/.exec(text)?.[1];
  if (!line) return null;
  const program = programOf(line.trim().split(/[ \t\r]+/)).split("/").pop()?.toLowerCase() ?? "";
  const unnumbered = program.replace(/[0-9.-]+$/, "");
  for (const name of [program, unnumbered]) {
    const found = name && languages.find(([, , , , , interpreters]) => interpreters.split(" ").includes(name));
    if (found) return found[0];
  }
  return null;
}

/** The language that a file name tells, in our name. */
export function languageOfFile(fileName: string): string | null {
  // `common.h.in` is C: the last extension only says that the file is a template or a copy.
  const copy = /(?<=.)\.(?:in|tmpl|template|dist|example|sample|orig|bak|rej|old)$/;
  const base = (fileName.split(/[\\/]/).pop() ?? "").trim().toLowerCase().replace(copy, "");
  if (!base) return null;
  const named = (name: string) => languages.find(([, , , , names]) => names.split(" ").includes(name))?.[0];
  const [first = "", ...parts] = base.slice(1).split(".");
  const extensions = parts.map((_, at) => parts.slice(at).join("."));
  const told = extensions.map((extension) => languages.find(([, , , list]) => list.split(" ").includes(extension))?.[0]);
  // `Dockerfile.debian`, `Makefile.linux`: a file name that somebody made several of.
  return named(base) ?? told.find(Boolean) ?? (parts.length > 0 ? named(base.slice(0, 1) + first) : undefined) ?? null;
}

export function labelOf(name: string): string {
  return languages.find(([own]) => own === name)?.[1] ?? name;
}

/** Our name of what somebody wrote: a name, label or alias, whatever its case. */
export function languageNamed(text: string): string | null {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  return (
    languages.find(([name, label]) => name === wanted || label.toLowerCase() === wanted) ??
    languages.find(([, , aliases]) => aliases.split(" ").includes(wanted))
  )?.[0] ?? null;
}
