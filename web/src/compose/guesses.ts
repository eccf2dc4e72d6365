// The language. What somebody wrote is taken by any of its names. As long as nobody has, it is guessed, from the name of a
// file or from the text, and shown: the service guesses the same when it is shared.

import { all, announce, make, need } from "../dom";
import type * as EditorModule from "../editor";
import { LOOKED_AT } from "../guess";
import { ask } from "../worker";
import { saveSoon } from "./draft";
import { language, title } from "./page";
import { settled } from "./settled";
import { editor, onTextChange, shownText } from "./text";

/** What the editor brings with it. */
type Names = Pick<typeof EditorModule, "languageNamed" | "languageOfFile" | "languageOfFirstLine">;

const PLAIN = "text";

const chip = need<HTMLButtonElement>("#guess");
const note = need("#language-note");
const options = all<HTMLOptionElement>("#languages option");
const placeholder = language.placeholder;
const state: { fromName: string | null; fromText: string | null; names: Names | null; listeners: (() => void)[] } = {
  fromName: null, fromText: null, names: null, listeners: [],
};

function optionNamed(wanted: string): HTMLOptionElement | undefined {
  const low = wanted.toLowerCase();
  return options.find(
    ({ value, textContent, label }) => value === low || textContent?.toLowerCase() === low || label.toLowerCase() === low,
  );
}

/** Our name of the language in the field; empty when it is to be guessed. */
export function languageName(): string {
  const wanted = language.value.trim();
  return optionNamed(wanted)?.value ?? state.names?.languageNamed(wanted) ?? wanted;
}

/** Whether the field names a language that there is not; as far as that is known already. */
export function isUnknownLanguage(): boolean {
  const wanted = language.value.trim();
  return wanted !== "" && state.names !== null && !optionNamed(wanted) && !state.names.languageNamed(wanted);
}

function labelOf(name: string): string {
  const option = options.find(({ value }) => value === name);
  return option?.textContent || option?.label || name;
}

/** The guess; null when there is none, or somebody has said the language. */
function guessed(): string | null {
  // What the name says counts more than what the text looks like.
  return language.value.trim() ? null : (state.fromName ?? state.fromText);
}

function show(): void {
  const name = guessed();
  const told = name !== null && name !== PLAIN;
  if (told && (chip.hidden || chip.dataset.language !== name)) announce(`Looks like ${labelOf(name)}`);
  chip.hidden = !told;
  chip.dataset.language = name ?? "";
  language.placeholder = told ? labelOf(name) : placeholder;
  if (told) chip.replaceChildren(`Looks like ${labelOf(name)}: `, make("b", {}, "plain text instead"));
  editor()?.setLanguage(languageShown());
  for (const listener of state.listeners) listener();
}

/** What the text is taken for: what somebody has said, else the guess; empty when there is none. */
export function languageShown(): string {
  return guessed() ?? languageName();
}

/** `listener` is called now, and whenever that may be another one. */
export function onLanguageShown(listener: () => void): void {
  state.listeners.push(listener);
  listener();
}

function showUnknown(): void {
  const unknown = isUnknownLanguage();
  note.hidden = !unknown;
  note.textContent = unknown ? `There is no language “${language.value.trim()}” here. Leave it empty to have it guessed.` : "";
  if (unknown) language.setAttribute("aria-invalid", "true");
  else language.removeAttribute("aria-invalid");
}

export function guessFromTitle(): void {
  state.fromName = state.names?.languageOfFile(title.value.trim()) ?? null;
  show();
}

async function guessFromText(): Promise<void> {
  if (language.value.trim() || state.fromName) return;
  const text = shownText().slice(0, LOOKED_AT);
  const told = state.names?.languageOfFirstLine(text);
  const answer = told || !text.trim() ? null : await ask({ kind: "guess", text });
  state.fromText = told ?? (answer?.kind === "guess" ? answer.language : null);
  show();
}

function languageChanged(): void {
  note.hidden = true;
  show();
  if (!language.value.trim()) void guessFromText();
  saveSoon();
}

/** From now on names of files tell their language, and more names of languages are known. */
export function knowNames(names: Names): void {
  state.names = names;
}

language.addEventListener("input", languageChanged);
language.addEventListener("change", showUnknown);
title.addEventListener("input", () => {
  guessFromTitle();
  void guessFromText();
});
onTextChange(settled(guessFromText, () => 300));
chip.addEventListener("click", () => {
  language.value = PLAIN;
  languageChanged();
  announce("Plain text");
  language.focus();
});
