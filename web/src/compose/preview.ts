// Write and Preview, where the text is Markdown: the server renders it as the page of the snippet will show it.

import { announce, need, problemOf, unreachable, type Problem } from "../dom";
import { drawMath } from "../math";
import { languageShown, onLanguageShown } from "./guesses";
import { focusText, onTextChange, shownText } from "./text";

const tabs = need("#tabs");
const tab = { write: need("#tab-write"), preview: need("#tab-preview") };
const panel = { write: need("#write-panel"), preview: need("#preview-panel") };
const note = need("#preview-note");
const page = need("#preview");

type Name = keyof typeof tab;

const state: { chosen: Name; text: string | null; request: AbortController | null } = { chosen: "write", text: null, request: null };

async function answerOf(text: string, signal: AbortSignal): Promise<{ html: string } | Problem> {
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/snippets/preview", { method: "POST", headers, body: JSON.stringify({ body: text }), signal });
    return response.ok ? ((await response.json()) as { html: string }) : await problemOf(response);
  } catch {
    return unreachable;
  }
}

function say(text: string): void {
  note.textContent = text;
  note.hidden = text === "";
}

function wordsOf(problem: Problem): string {
  const why = problem.fields.body;
  if (why) return `The text ${why}.`;
  const again = problem.retryAfter > 0 ? ` Possible again in ${problem.retryAfter} seconds.` : "";
  return `${problem.title}. ${problem.detail}${again}`;
}

async function render(): Promise<void> {
  const text = shownText();
  if (text === state.text) return;
  state.request?.abort();
  const request = new AbortController();
  state.request = request;
  state.text = null;
  page.replaceChildren();
  if (text === "") {
    say("There is nothing to show yet.");
    return;
  }
  say("Rendering…");
  panel.preview.setAttribute("aria-busy", "true");
  const answer = await answerOf(text, request.signal);
  if (request.signal.aborted) return;
  panel.preview.removeAttribute("aria-busy");
  if (!("html" in answer)) {
    say(wordsOf(answer));
    return;
  }
  say("");
  state.text = text;
  page.innerHTML = answer.html;
  drawMath(page);
  announce("Preview is shown");
}

function choose(name: Name): void {
  state.chosen = name;
  for (const each of ["write", "preview"] as const) {
    const chosen = each === name;
    tab[each].setAttribute("aria-selected", String(chosen));
    tab[each].tabIndex = chosen ? 0 : -1;
    panel[each].hidden = !chosen;
  }
  if (name === "preview") void render();
  else state.request?.abort();
}

function languageChanged(): void {
  const markdown = languageShown() === "markdown";
  if (markdown === !tabs.hidden) return;
  tabs.hidden = !markdown;
  if (markdown) {
    panel.write.setAttribute("role", "tabpanel");
    panel.write.setAttribute("aria-labelledby", tab.write.id);
    return;
  }
  panel.write.removeAttribute("role");
  panel.write.removeAttribute("aria-labelledby");
  choose("write");
}

tab.write.addEventListener("click", () => {
  choose("write");
  focusText();
});
tab.preview.addEventListener("click", () => choose("preview"));
tabs.addEventListener("keydown", (event) => {
  const to: Record<string, Name> = {
    ArrowLeft: state.chosen === "write" ? "preview" : "write", ArrowRight: state.chosen === "write" ? "preview" : "write",
    Home: "write", End: "preview",
  };
  const name = to[event.key];
  if (!name) return;
  event.preventDefault();
  choose(name);
  tab[name].focus();
});
// A text that is pasted or dropped is to be seen.
onTextChange(() => state.chosen === "preview" && choose("write"));
onLanguageShown(languageChanged);
