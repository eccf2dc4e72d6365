// The text, in the area or in the editor that takes its place. A form field shows line feeds only: what came with other
// line ends goes back with them.

import { need } from "../dom";
import type { Editor } from "../editor";
import { restoreLineEnds } from "../lists";
import { area } from "./page";

const state: { original: string; editor: Editor | null; listeners: (() => void)[]; waiting: ((editor: Editor) => void)[] } = {
  original: area.defaultValue, editor: null, listeners: [], waiting: [],
};

/** As it is shown, with line feeds. */
export function shownText(): string {
  return state.editor ? state.editor.text() : area.value;
}

/** The text that it began as, with its own line ends. */
export function originalText(): string {
  return state.original;
}

/** As it is sent: with the line ends of what it began as. */
export function sentText(): string {
  return restoreLineEnds(shownText(), state.original);
}

/** A new text, with its own line ends. */
export function setText(text: string): void {
  state.original = text;
  area.value = text.replace(/\r\n?/g, "\n");
  state.editor?.replace(area.value);
  textChanged();
}

/** Whether somebody has changed it since the page came. */
export function isTextChanged(): boolean {
  return shownText() !== area.defaultValue.replace(/\r\n?/g, "\n");
}

/** What it is compared with from now on: the text that the store has. What is shown stays. */
export function compareTextWith(stored: string): void {
  const shown = shownText();
  state.original = stored;
  area.defaultValue = stored;
  if (!state.editor) area.value = shown;
}

/** What was shown once, and what that began as. */
export function restoreText(shown: string, original: string): void {
  area.value = shown;
  state.original = original;
  state.editor?.replace(shown);
}

export function textChanged(): void {
  for (const listener of state.listeners) listener();
}

/** `listener` is called after each change, by a person or by setText. */
export function onTextChange(listener: () => void): void {
  state.listeners.push(listener);
}

/** Null until it has taken the area's place. */
export function editor(): Editor | null {
  return state.editor;
}

export function moveTextInto(editor: Editor): void {
  state.editor = editor;
  for (const wake of state.waiting.splice(0)) wake(editor);
}

/** The editor, as soon as it is there. It comes when somebody goes to the text. */
export function editorSoon(): Promise<Editor> {
  if (state.editor) return Promise.resolve(state.editor);
  need("#editor").dispatchEvent(new Event("wanted"));
  return new Promise((resolve) => state.waiting.push(resolve));
}

export function focusText(): void {
  (state.editor ?? area).focus();
}

area.addEventListener("input", textChanged);
