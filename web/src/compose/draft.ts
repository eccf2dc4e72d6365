// The draft: what is written is kept until it is shared, and with it the key under which it was sent.

import { all, announce, find, make, need } from "../dom";
import { type Kept, Place } from "./drafts";
import { hex } from "./hex";
import { area, burn, chosenVisibility, editing, expires, form, language, refilled, tags, title } from "./page";
import { settled } from "./settled";
import { focusText, isTextChanged, onTextChange, originalText, restoreText, setText, shownText } from "./text";
import { baseUpon, baseVersion } from "./version";

const notice = need("#notice");
const place = new Place(editing?.id ?? null);
const state: { key: { value: string; of: string } | null; ended: boolean } = { key: null, ended: false };

const fields = [title, language, tags];

/** Whether there is something that would be lost. */
export function isWritten(): boolean {
  if (state.ended) return false;
  if (!editing) return shownText() !== "" || title.value !== "" || tags.value !== "";
  const given = find<HTMLInputElement>("[name=visibility][checked]", form)?.value;
  return (
    refilled || isTextChanged() || fields.some(({ value, defaultValue }) => value !== defaultValue) ||
    expires.value !== "keep" || chosenVisibility() !== given
  );
}

function save(): void {
  if (state.ended) return;
  // The keys that lead to another page wait meanwhile.
  document.body.toggleAttribute("data-writing", isWritten());
  if (!isWritten()) {
    place.forget();
    return;
  }
  const original = originalText();
  place.write({
    title: title.value, body: shownText(), language: language.value, tags: tags.value,
    visibility: chosenVisibility() ?? "unlisted", expires: expires.value, burn: burn?.checked ?? false,
    ...(original.includes("\r") ? { original } : {}),
    ...(state.key ? { key: state.key.value, keyFor: state.key.of } : {}),
    ...(editing ? { version: baseVersion() } : {}),
  });
}

/** Keeps it when nothing has changed for a moment. */
export const saveSoon = settled(save, () => 400);

/** Keeps it now: the page is about to be left. */
export const saveNow = save;

/** The idempotency key of this content: the same one for a retry after a lost answer, so that nothing is shared twice. */
export function keyOf(content: string): string {
  if (state.key?.of !== content) state.key = { value: hex(crypto.getRandomValues(new Uint8Array(16))), of: content };
  save();
  return state.key.value;
}

/** Keeps nothing from now on, and forgets what was kept once that is shared. */
export function endDraft(shared: boolean): void {
  state.ended = true;
  document.body.removeAttribute("data-writing");
  if (shared) place.forget();
}

function discard(): void {
  form.reset();
  state.key = null;
  setText(editing ? area.defaultValue : "");
  if (editing) baseUpon(editing.version);
  place.forget();
  save();
  notice.hidden = true;
  announce(editing ? "Your changes are discarded" : "Draft discarded");
  focusText();
}

/** Fills the form with what was kept, and offers to discard it. */
function show(draft: Kept): void {
  title.value = draft.title ?? "";
  language.value = draft.language ?? "";
  tags.value = draft.tags ?? "";
  if ([...expires.options].some(({ value }) => value === draft.expires)) expires.value = draft.expires;
  if (burn) burn.checked = draft.burn === true;
  const radio = all<HTMLInputElement>("[name=visibility]", form).find(({ value }) => value === draft.visibility);
  if (radio && !radio.disabled) radio.checked = true;
  restoreText(draft.body, typeof draft.original === "string" ? draft.original : draft.body);
  if (draft.key && draft.keyFor) state.key = { value: draft.key, of: draft.keyFor };
  if (draft.version) baseUpon(draft.version);
  const button = make("button", { type: "button", class: "btn small", id: "discard-draft" }, editing ? "Discard my changes" : "Discard draft");
  button.addEventListener("click", discard);
  const outdated = editing && draft.version !== editing.version;
  const what = !editing
    ? "Your draft is back."
    : `What you had changed is back.${outdated ? " The snippet has been changed since: saving shows both." : ""}`;
  notice.replaceChildren(make("span", {}, what), button);
  notice.hidden = false;
  document.body.toggleAttribute("data-writing", isWritten());
}

export function restoreDraft(): void {
  if (refilled || (area.value && !editing)) return;
  const own = place.read();
  if (own) show(own);
  if (editing) return;
  const isEmpty = (): boolean => !own && !state.ended && !isWritten();
  void place.takeOver(isEmpty).then((left) => left && show(left));
}

onTextChange(saveSoon);
for (const field of fields) field.addEventListener("input", saveSoon);
form.addEventListener("change", saveSoon);
burn?.addEventListener("change", saveSoon);
addEventListener("pagehide", save);
document.addEventListener("visibilitychange", () => document.hidden && save());
addEventListener("beforeunload", (event) => {
  // A new snippet comes back by itself; whoever edits one may not come back to it.
  if (editing && isWritten()) event.preventDefault();
});
