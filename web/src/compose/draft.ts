// The draft: what is written is kept until it is shared, and with it the key under which it was sent.

import { all, announce, make, need } from "../dom";
import { hex } from "./hex";
import { area, burn, chosenVisibility, editing, expires, form, language, refilled, tags, title } from "./page";
import { settled } from "./settled";
import { focusText, onTextChange, originalText, restoreText, setText, shownText } from "./text";

interface Kept {
  title: string;
  body: string;
  original?: string;
  language: string;
  tags: string;
  visibility: string;
  expires: string;
  burn: boolean;
  key?: string;
  keyFor?: string;
}

const storedAs = "draft";
const notice = need("#notice");
const state: { key: { value: string; of: string } | null; ended: boolean } = { key: null, ended: false };

function forget(): void {
  try {
    localStorage.removeItem(storedAs);
  } catch {
    // Storage is forbidden: nothing was kept.
  }
}

function save(): void {
  if (editing || state.ended) return;
  const body = shownText();
  if (!body && !title.value && !tags.value) {
    forget();
    return;
  }
  const original = originalText();
  const draft: Kept = {
    title: title.value, body, language: language.value, tags: tags.value, visibility: chosenVisibility() ?? "unlisted",
    expires: expires.value, burn: burn?.checked ?? false,
    ...(original.includes("\r") ? { original } : {}),
    ...(state.key ? { key: state.key.value, keyFor: state.key.of } : {}),
  };
  try {
    localStorage.setItem(storedAs, JSON.stringify(draft));
  } catch {
    // No room, or storage is forbidden: the draft lives in the page only.
  }
}

/** Keeps it when nothing has changed for a moment. */
export const saveSoon = settled(save, () => 400);

/** The idempotency key of this content: the same one for a retry after a lost answer, so that nothing is shared twice. */
export function keyOf(content: string): string {
  if (state.key?.of !== content) state.key = { value: hex(crypto.getRandomValues(new Uint8Array(16))), of: content };
  save();
  return state.key.value;
}

/** Keeps nothing from now on, and forgets what was kept once that is shared. */
export function endDraft(shared: boolean): void {
  state.ended = true;
  if (shared && !editing) forget();
}

function discard(): void {
  form.reset();
  state.key = null;
  setText("");
  forget();
  notice.hidden = true;
  announce("Draft discarded");
  focusText();
}

/** Fills the form with what was kept, and offers to discard it. */
export function restoreDraft(): void {
  if (editing || refilled || area.value) return;
  let draft: Kept;
  try {
    draft = JSON.parse(localStorage.getItem(storedAs) ?? "null") as Kept;
  } catch {
    return;
  }
  if (!draft || typeof draft.body !== "string") return;
  title.value = draft.title ?? "";
  language.value = draft.language ?? "";
  tags.value = draft.tags ?? "";
  if ([...expires.options].some(({ value }) => value === draft.expires)) expires.value = draft.expires;
  if (burn) burn.checked = draft.burn === true;
  const radio = all<HTMLInputElement>("[name=visibility]", form).find(({ value }) => value === draft.visibility);
  if (radio && !radio.disabled) radio.checked = true;
  restoreText(draft.body, typeof draft.original === "string" ? draft.original : draft.body);
  if (draft.key && draft.keyFor) state.key = { value: draft.key, of: draft.keyFor };
  const button = make("button", { type: "button", class: "btn small", id: "discard-draft" }, "Discard draft");
  button.addEventListener("click", discard);
  notice.replaceChildren(make("span", {}, "Your draft is back."), button);
  notice.hidden = false;
}

onTextChange(saveSoon);
title.addEventListener("input", saveSoon);
form.addEventListener("change", saveSoon);
burn?.addEventListener("change", saveSoon);
addEventListener("pagehide", save);
document.addEventListener("visibilitychange", () => document.hidden && save());
