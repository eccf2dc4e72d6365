// What a fork is a fork of. The page is kept for everybody and may be older than the original's name, or than its owner's wish
// that nobody knows it: so the page has the link alone, and who reads it asks for the rest.

import { find, make } from "./dom";

const charactersMax = 60;

interface Original {
  title: string;
  author_name?: string;
}

function isOriginal(value: unknown): value is Original {
  return typeof value === "object" && value !== null && "title" in value && typeof value.title === "string";
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax).join("")}…` : text;
}

/** Names the original in the line above the text, as far as everybody may read it. */
export async function nameOriginal(): Promise<void> {
  const line = find("#original");
  const link = line?.querySelector("a");
  if (!line || !link) return;
  try {
    const response = await fetch(`/oembed?url=${encodeURIComponent(line.dataset.url ?? "")}`, { credentials: "omit" });
    if (response.status === 404) link.replaceWith("a snippet that was deleted or is not public");
    if (response.status === 410) link.replaceWith("a snippet that has expired");
    if (!response.ok) return;
    const original: unknown = await response.json();
    if (!isOriginal(original)) return;
    const { author_name: owner } = original;
    link.replaceChildren(...(owner ? [make("bdi", {}, owner), "/"] : []), make("bdi", {}, shortened(original.title)));
    if (!owner) line.append(" (anonymous)");
  } catch {
    // The link leads there all the same.
  }
}
