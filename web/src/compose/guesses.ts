// The language: what somebody wrote is taken by any of its names; a guess is offered, and never taken without being asked
// for.

import { all, announce, make, need } from "../dom";
import type * as EditorModule from "../editor";
import { ask } from "../worker";
import { saveSoon } from "./draft";
import { language, title } from "./page";
import { settled } from "./settled";
import { editor, onTextChange, shownText } from "./text";

/** What the editor brings with it. */
type Names = Pick<typeof EditorModule, "languageNamed" | "languageOfFile">;

const offer = need<HTMLButtonElement>("#offer");
const options = all<HTMLOptionElement>("#languages option");
const state: { offered: { name: string; from: "file" | "text" } | null; names: Names | null } = { offered: null, names: null };

/** Our name of the language in the field. */
export function languageName(): string {
  const wanted = language.value.trim();
  const low = wanted.toLowerCase();
  const option = options.find(
    ({ value, textContent, label }) => value === low || textContent?.toLowerCase() === low || label.toLowerCase() === low,
  );
  return option?.value ?? state.names?.languageNamed(wanted) ?? wanted;
}

function labelOf(name: string): string {
  const option = options.find(({ value }) => value === name);
  return option?.textContent || option?.label || name;
}

function showOffer(name: string | null, from: "file" | "text"): void {
  const offered = state.offered;
  if (!name || name === "text" || language.value.trim()) {
    if (!name && offered?.from !== from) return;
    state.offered = null;
    offer.hidden = true;
    return;
  }
  // What the name says counts more than what the text looks like.
  if (offered?.from === "file" && from === "text") return;
  if (offered?.name !== name) announce(`The text looks like ${labelOf(name)}`);
  state.offered = { name, from };
  offer.replaceChildren(`Looks like ${labelOf(name)}: `, make("b", {}, "use it"));
  offer.hidden = false;
}

export function guessFromTitle(): void {
  showOffer(state.names?.languageOfFile(title.value.trim()) ?? null, "file");
}

async function guessFromText(): Promise<void> {
  const text = shownText();
  if (language.value.trim() || state.offered?.from === "file") return;
  if (text.trim().length < 40) {
    showOffer(null, "text");
    return;
  }
  const answer = await ask({ kind: "guess", text: text.slice(0, 8192) });
  if (answer?.kind === "guess" && !language.value.trim()) showOffer(answer.language, "text");
}

function languageChanged(): void {
  editor()?.setLanguage(languageName());
  if (language.value.trim()) offer.hidden = true;
  else void guessFromText();
  saveSoon();
}

/** From now on names of files tell their language, and more names of languages are known. */
export function knowNames(names: Names): void {
  state.names = names;
}

language.addEventListener("input", languageChanged);
title.addEventListener("input", guessFromTitle);
onTextChange(settled(guessFromText, () => 900));
offer.addEventListener("click", () => {
  if (!state.offered) return;
  language.value = state.offered.name;
  state.offered = null;
  offer.hidden = true;
  languageChanged();
  language.focus();
});
