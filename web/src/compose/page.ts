// The form as the page came with it: its parts, and what its template says. Nothing here changes.

import { find, need } from "../dom";

export const form = need<HTMLFormElement>("#compose");
export const area = need<HTMLTextAreaElement>("#body");
export const title = need<HTMLInputElement>("#title");
export const language = need<HTMLInputElement>("#language");
export const tags = need<HTMLInputElement>("#tags");
export const expires = need<HTMLSelectElement>("#expires");
export const burn = find<HTMLInputElement>("#burn");

export const bytesMax = Number(form.dataset.maxBody);
export const maxText = form.dataset.maxBodyText;

/** The snippet that is edited, or null where a new one is written. */
export const editing = form.dataset.id ? { id: form.dataset.id, version: form.dataset.version ?? "" } : null;

/** After a refusal that was a page of its own the form is filled with what was written. */
export const refilled = form.dataset.filled !== undefined;

export function chosenVisibility(): string | undefined {
  return find<HTMLInputElement>("[name=visibility]:checked", form)?.value;
}
