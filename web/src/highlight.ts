// Colours a snippet: at most 8 ms at a time, what is on the screen first. It changes colours only.

import { all, find } from "./dom";
import { ask, keepWorker } from "./worker";

const sliceMs = 8;
const bytesMax = 1 << 20;
const columnsMax = 10_000;

const nextFrame = (): Promise<void> =>
  new Promise((resolve) => {
    // No frame comes to a page in the background.
    const timer = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });

/** The text stays what it was, whatever the highlighter says; and so do marks of what is not as it looks. */
function paint(element: Element, html: string): void {
  if (find(".odd", element)) return;
  const text = element.textContent ?? "";
  element.innerHTML = text.endsWith("\n") ? `${html}\n` : html;
  if (element.textContent !== text) element.textContent = text;
}

function onScreenFirst(chunks: Element[]): Element[] {
  const middle = innerHeight / 2;
  const distance = new Map(
    chunks.map((chunk) => {
      const box = chunk.getBoundingClientRect();
      return [chunk, box.top <= middle && box.bottom >= middle ? 0 : Math.min(Math.abs(box.top - middle), Math.abs(box.bottom - middle))];
    }),
  );
  return chunks.sort((a, b) => (distance.get(a) ?? 0) - (distance.get(b) ?? 0));
}

async function highlightSnippet(): Promise<void> {
  const code = find("pre.code code");
  if (!code) return;
  const text = code.textContent ?? "";
  // A link may name another language than the snippet's own.
  const language = new URLSearchParams(location.search).get("language") ?? find("[data-language]")?.dataset.language ?? "text";
  if (language === "text" || text.length > bytesMax) return;
  // The service has coloured it; only what it was asked for in another language is coloured here.
  if (code.dataset.coloured === language) {
    code.dataset.highlighted = language;
    return;
  }
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    if (end - at >= columnsMax) return;
  }
  const answer = await ask({ kind: "highlight", text, language });
  if (answer?.kind !== "highlight" || !answer.lines) return;
  const anew = code.dataset.coloured !== undefined;
  let sliceStart = performance.now();
  for (const chunk of onScreenFirst(all(".c", code))) {
    for (const line of all("[data-n]", chunk)) {
      const html = answer.lines[Number(line.dataset.n) - 1];
      if (html !== undefined && (anew || html.includes("<"))) paint(line, html);
      if (performance.now() - sliceStart < sliceMs) continue;
      await nextFrame();
      sliceStart = performance.now();
    }
  }
  code.dataset.highlighted = language;
}

async function highlightMarkdown(): Promise<void> {
  for (const block of all(".markdown pre > code")) {
    const language = /(?:^|\s)language-(\S+)/.exec(block.className)?.[1];
    const text = block.textContent ?? "";
    if (!language || block.dataset.coloured || text.length > bytesMax / 4) continue;
    const answer = await ask({ kind: "highlight", text, language: language.toLowerCase() });
    if (answer?.kind !== "highlight" || !answer.lines) continue;
    block.innerHTML = answer.lines.join("\n");
    if (block.textContent !== text) block.textContent = text;
    await nextFrame();
  }
}

const whenIdle = (job: () => void): void => {
  if ("requestIdleCallback" in window) requestIdleCallback(job, { timeout: 1500 });
  else setTimeout(job, 200);
};

/** Colours what the page shows, when it has nothing more urgent to do. */
export function highlightWhenIdle(): void {
  const endWorker = keepWorker();
  whenIdle(() => {
    void (async () => {
      await highlightMarkdown();
      await highlightSnippet();
      endWorker();
    })();
  });
}
