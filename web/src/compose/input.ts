// What the form says, as the API takes it.

import { find } from "../dom";
import { splitTags } from "../lists";
import { area, burn, chosenVisibility, expires, form, language, refilled, tags, title } from "./page";

export interface Input {
  body: string;
  title: string;
  language?: string | null;
  visibility?: string;
  tags: string[];
  expires_in?: number | null;
  burn_after_reading?: boolean;
}

/** A new snippet. */
export function inputOf(body: string, languageName: string): Input {
  const value: Input = {
    body, title: title.value.trim(), visibility: chosenVisibility() ?? "unlisted", tags: splitTags(tags.value),
  };
  if (languageName) value.language = languageName;
  if (expires.value !== "never" && expires.value !== "") value.expires_in = Number(expires.value);
  if (burn?.checked) value.burn_after_reading = true;
  return value;
}

/**
 * An edit sends what differs from what the form was filled with, so that what nobody has touched stays as it is. After a
 * refusal that was a page of its own, the form is filled with what was written, and all of it is sent.
 */
export function changesOf(body: string, languageName: string): Partial<Input> {
  const isChanged = (field: HTMLInputElement): boolean => refilled || field.value !== field.defaultValue;
  const given = find<HTMLInputElement>("[name=visibility][checked]", form)?.value;
  const value: Partial<Input> = {};
  if (refilled || body !== area.defaultValue) value.body = body;
  if (isChanged(title)) value.title = title.value.trim();
  if (isChanged(language)) value.language = languageName || null;
  if (isChanged(tags)) value.tags = splitTags(tags.value);
  const chosen = chosenVisibility();
  if (chosen && (refilled || chosen !== given)) value.visibility = chosen;
  if (expires.value !== "keep") value.expires_in = expires.value === "never" ? null : Number(expires.value);
  return value;
}
