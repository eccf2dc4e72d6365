// Where drafts are kept, and whose they are: each snippet that is edited has one, and each tab that composes a new one.
// A tab that has gone leaves its draft behind, and the next one that comes takes it over.

import { hex } from "./hex";

/** What was written, as the form shows it. */
export interface Kept {
  title: string;
  body: string;
  original?: string; // what the text began as, where its line ends differ from those that are shown
  language: string;
  tags: string;
  visibility: string;
  expires: string;
  burn: boolean;
  key?: string; // under which it was sent, and what was sent
  keyFor?: string;
  version?: string; // of the snippet that is edited
  savedAt?: number; // milliseconds since the epoch
}

const prefix = "draft";
const draftsMax = 20;
const answerMs = 150; // within which a tab says that it is there

function random(): string {
  return hex(crypto.getRandomValues(new Uint8Array(8)));
}

/** The tab's own name, which it keeps when it is loaded again. */
function nameTab(name: string): string {
  try {
    sessionStorage.setItem(prefix, name);
  } catch {
    // Storage is forbidden: it has the name as long as the page lives.
  }
  return name;
}

function tabName(): string {
  try {
    return sessionStorage.getItem(prefix) ?? nameTab(random());
  } catch {
    return random();
  }
}

function parse(text: string | null): Kept | null {
  try {
    const value = JSON.parse(text ?? "null") as Kept | null;
    return value && typeof value.body === "string" ? value : null;
  } catch {
    return null;
  }
}

/** The drafts of new snippets, the newest first: where they are, and when they were kept. */
function keptOnes(): { name: string; savedAt: number }[] {
  const found: { name: string; savedAt: number }[] = [];
  for (let at = 0; at < localStorage.length; ++at) {
    const name = localStorage.key(at) ?? "";
    if (name !== prefix && !name.startsWith(`${prefix}:`)) continue;
    found.push({ name, savedAt: parse(localStorage.getItem(name))?.savedAt ?? 0 });
  }
  return found.sort((a, b) => b.savedAt - a.savedAt);
}

/** The place of one draft. */
export class Place {
  #name: string;
  readonly #channel: BroadcastChannel | null = null;

  /** `editing`: the id of the snippet that is edited, or null for a new one. */
  constructor(editing: string | null) {
    this.#name = editing ? `${prefix}:edit:${editing}` : `${prefix}:new:${tabName()}`;
    if (editing || !("BroadcastChannel" in window)) return;
    this.#channel = new BroadcastChannel("drafts");
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (data === "who is there?") this.#channel?.postMessage({ there: this.#name });
    });
  }

  read(): Kept | null {
    try {
      return parse(localStorage.getItem(this.#name));
    } catch {
      return null;
    }
  }

  write(draft: Kept): void {
    const text = JSON.stringify({ ...draft, savedAt: Date.now() });
    try {
      const others = keptOnes().filter(({ name }) => name !== this.#name);
      for (const { name } of others.slice(draftsMax - 1)) localStorage.removeItem(name);
      localStorage.setItem(this.#name, text);
    } catch {
      // No room, or storage is forbidden: the draft lives in the page only.
    }
  }

  forget(): void {
    try {
      localStorage.removeItem(this.#name);
    } catch {
      // Storage is forbidden: nothing was kept.
    }
  }

  /**
   * Looks which tabs are there. Where this one is a copy of another it takes a name of its own. `wanted` says, when they
   * have answered, whether the newest draft of a tab that has gone is to be taken over; gives that.
   */
  async takeOver(wanted: () => boolean): Promise<Kept | null> {
    if (!this.#channel) return null;
    const there = new Set<string>();
    const listen = ({ data }: MessageEvent<{ there?: string }>): void => void (data?.there && there.add(data.there));
    this.#channel.addEventListener("message", listen);
    this.#channel.postMessage("who is there?");
    await new Promise((resolve) => setTimeout(resolve, answerMs));
    this.#channel.removeEventListener("message", listen);
    if (there.has(this.#name)) this.#name = `${prefix}:new:${nameTab(random())}`;
    if (!wanted()) return null;
    try {
      const left = keptOnes().find(({ name }) => !name.startsWith(`${prefix}:edit:`) && !there.has(name));
      const draft = left ? parse(localStorage.getItem(left.name)) : null;
      if (!left || !draft) return null;
      localStorage.removeItem(left.name);
      this.write(draft);
      return draft;
    } catch {
      return null;
    }
  }
}
