// Compose and edit: the form of the page, made better. What is written is never lost: the draft is kept until it is
// shared, and every failure leaves the text where it is.

import {
  all, announce, cookie, countdown, find, make, need, type Problem, problemOf, secureSuffix, toast, unreachable,
} from "./dom";
import type * as EditorModule from "./editor";
import { restoreLineEnds, splitTags } from "./lists";
import { ask } from "./worker";

const form = need<HTMLFormElement>("#compose");
const area = need<HTMLTextAreaElement>("#body");
const title = need<HTMLInputElement>("#title");
const language = need<HTMLInputElement>("#language");
const tags = need<HTMLInputElement>("#tags");
const expires = need<HTMLSelectElement>("#expires");
const burn = find<HTMLInputElement>("#burn");
const shareButton = need<HTMLButtonElement>("#share");
const shareNote = need("#share-note");
const problemBox = need("#problem");
const noticeBox = need("#notice");
const offer = need<HTMLButtonElement>("#offer");
const meter = need("#meter");
const meterBar = find<HTMLMeterElement>("#meter-bar");
const host = need("#editor");

const bytesMax = Number(form.dataset.maxBody);
const editing = form.dataset.id ? { id: form.dataset.id, version: form.dataset.version ?? "" } : null;

// The text. A form field shows line feeds only: what came with other line ends goes back with them.

let original = area.defaultValue;
let editor: EditorModule.Editor | null = null;
let module: typeof EditorModule | null = null;

function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

function shownText(): string {
  return editor ? editor.text() : area.value;
}

function sentText(): string {
  return restoreLineEnds(shownText(), original);
}

function setText(text: string): void {
  original = text;
  const shown = withLineFeeds(text);
  area.value = shown;
  editor?.replace(shown);
  textChanged();
}

// An edit sends what differs from what the form was filled with, so that what nobody has touched stays as it is. After a
// refusal that was a page of its own, the form is filled with what was written, and all of it is sent.

const refilled = form.dataset.filled !== undefined;
const given = { body: original, visibility: find<HTMLInputElement>("[name=visibility][checked]", form)?.value };

function isChanged(field: HTMLInputElement): boolean {
  return refilled || field.value !== field.defaultValue;
}

// Size.

const encoder = new TextEncoder();
let tooLarge = false;

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}

function measure(): void {
  const bytes = encoder.encode(sentText()).length;
  const part = bytes / bytesMax;
  const level = part > 1 ? "over" : part > 0.9 ? "near" : "fine";
  if (level !== meter.dataset.level && level !== "fine") {
    announce(level === "over" ? "The text is larger than a snippet may be" : "The text is near the largest size");
  }
  tooLarge = part > 1;
  meter.dataset.level = level;
  meter.textContent = `${sizeText(bytes)} of ${form.dataset.maxBodyText ?? sizeText(bytesMax)}${
    level === "over" ? ` · ${sizeText(bytes - bytesMax)} too large` : ""
  }`;
  if (meterBar) meterBar.value = Math.min(bytes, bytesMax);
  updateShare();
}

// Sharing waits for: a text that fits, the end of the request in flight, the end of a refusal.

let busy = false;
let waiting = 0;

function updateShare(): void {
  // Not `disabled`: the button keeps the focus, and says why it does nothing.
  shareButton.setAttribute("aria-disabled", String(busy || tooLarge || waiting > 0));
  shareButton.classList.toggle("busy", busy);
}

// Draft.

interface Draft {
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

const draftName = "draft";
let key: { value: string; of: string } | null = null;

function saveDraft(): void {
  if (editing || shared) return;
  const body = shownText();
  try {
    if (!body && !title.value && !tags.value) {
      localStorage.removeItem(draftName);
      return;
    }
    const draft: Draft = {
      title: title.value, body, language: language.value, tags: tags.value, visibility: chosenVisibility() ?? "unlisted",
      expires: expires.value, burn: burn?.checked ?? false,
      ...(original.includes("\r") ? { original } : {}),
      ...(key ? { key: key.value, keyFor: key.of } : {}),
    };
    localStorage.setItem(draftName, JSON.stringify(draft));
  } catch {
    // No room, or storage is forbidden: the draft lives in the page only.
  }
}

function notice(text: string, ...more: Node[]): void {
  noticeBox.replaceChildren(make("span", {}, text), ...more);
  noticeBox.hidden = false;
}

function restoreDraft(): void {
  if (editing || refilled || area.value) return;
  let draft: Draft;
  try {
    draft = JSON.parse(localStorage.getItem(draftName) ?? "null") as Draft;
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
  area.value = draft.body;
  original = typeof draft.original === "string" ? draft.original : draft.body;
  if (draft.key && draft.keyFor) key = { value: draft.key, of: draft.keyFor };
  const discard = make("button", { type: "button", class: "btn small", id: "discard-draft" }, "Discard draft");
  discard.addEventListener("click", () => {
    form.reset();
    key = null;
    setText("");
    try {
      localStorage.removeItem(draftName);
    } catch {
      // There was none to keep.
    }
    noticeBox.hidden = true;
    announce("Draft discarded");
    focusText();
  });
  notice("Your draft is back.", discard);
}

let saveTimer = 0;
let measureTimer = 0;
let guessTimer = 0;

function textChanged(): void {
  clearTimeout(measureTimer);
  measureTimer = window.setTimeout(measure, shownText().length > 100_000 ? 300 : 0);
  changed();
  clearTimeout(guessTimer);
  guessTimer = window.setTimeout(() => void guessFromText(), 900);
}

function changed(): void {
  clearTimeout(saveTimer);
  saveTimer = window.setTimeout(saveDraft, 400);
}

// Language: a guess is offered, and never taken without being asked for.

const options = all<HTMLOptionElement>("#languages option");

function languageName(): string {
  const wanted = language.value.trim();
  const low = wanted.toLowerCase();
  const option = options.find(
    ({ value, textContent, label }) => value === low || textContent?.toLowerCase() === low || label.toLowerCase() === low,
  );
  return option?.value ?? module?.languageNamed(wanted) ?? wanted;
}

function labelOf(name: string): string {
  const option = options.find(({ value }) => value === name);
  return option?.textContent || option?.label || name;
}

let offered: { name: string; from: "file" | "text" } | null = null;
const declined = new Set<string>();

function showOffer(name: string | null, from: "file" | "text"): void {
  if (!name || name === "text" || declined.has(name) || language.value.trim()) {
    if (!name && offered?.from !== from) return;
    offered = null;
    offer.hidden = true;
    return;
  }
  // What the name says counts more than what the text looks like.
  if (offered?.from === "file" && from === "text") return;
  if (offered?.name !== name) announce(`The text looks like ${labelOf(name)}`);
  offered = { name, from };
  offer.replaceChildren(`Looks like ${labelOf(name)}: `, make("b", {}, "use it"));
  offer.hidden = false;
}

offer.addEventListener("click", () => {
  if (!offered) return;
  language.value = offered.name;
  offered = null;
  offer.hidden = true;
  languageChanged();
  language.focus();
});

function languageChanged(): void {
  editor?.setLanguage(languageName());
  if (language.value.trim()) offer.hidden = true;
  else void guessFromText();
  changed();
}

function guessFromTitle(): void {
  showOffer(module?.languageOfFile(title.value.trim()) ?? null, "file");
}

async function guessFromText(): Promise<void> {
  const text = shownText();
  if (language.value.trim() || offered?.from === "file") return;
  if (text.trim().length < 40) {
    showOffer(null, "text");
    return;
  }
  const answer = await ask({ kind: "guess", text: text.slice(0, 8192) });
  if (answer?.kind === "guess" && !language.value.trim()) showOffer(answer.language, "text");
}

// Problems.

const fieldIds: Record<string, string> = {
  body: "body", title: "title", language: "language", tags: "tags", expires_in: "expires", visibility: "visibility",
  burn_after_reading: "burn",
};

function clearProblem(): void {
  problemBox.hidden = true;
  problemBox.replaceChildren();
  for (const field of all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
  find("#server-problem")?.remove();
}

function showProblem(heading: string, detail: string, fields: Record<string, string> = {}): void {
  clearProblem();
  const list = make("ul");
  for (const [name, why] of Object.entries(fields)) {
    const target = fieldIds[name];
    const field = target ? document.getElementById(target) : null;
    field?.setAttribute("aria-invalid", "true");
    const label = name.replaceAll("_", " ");
    list.append(make("li", {}, target ? make("a", { href: `#${target}` }, label) : label, ` ${why}`));
  }
  problemBox.append(make("h2", {}, heading), make("p", {}, detail), ...(list.children.length ? [list] : []));
  problemBox.hidden = false;
  problemBox.scrollIntoView({ block: "nearest" });
}

problemBox.addEventListener("click", (event) => {
  const link = event.target instanceof HTMLAnchorElement ? event.target : null;
  if (link?.hash !== "#body" || !editor) return;
  event.preventDefault();
  editor.focus();
});

let stopCountdown: (() => void) | null = null;

function waitFor(seconds: number): void {
  stopCountdown?.();
  stopCountdown = countdown(Math.min(seconds, 86_400), (left) => {
    waiting = left;
    shareNote.textContent = left > 0 ? `Possible again in ${left} s` : "";
    updateShare();
    if (left === 0) announce("You can share again now");
  });
}

function explain(problem: Problem): void {
  if (problem.status === 429 || problem.status === 503) {
    const heading = problem.status === 429 ? "Too many snippets in a short time" : "The service is busy";
    showProblem(heading, "Your text is safe here. Sharing is possible again in a moment.");
    waitFor(problem.retryAfter || 5);
    return;
  }
  if (problem.status === 412) {
    showProblem(
      "Somebody else has changed this snippet meanwhile",
      "Your text is still here. Copy what you need, then load the page again to see the other version.",
    );
    const link = make("a", { href: `/s/${editing?.id ?? ""}`, target: "_blank", rel: "noopener" }, "Show the current version (new tab)");
    problemBox.append(make("p", {}, link));
    return;
  }
  if (problem.status === 413) {
    showProblem("The text is too large", problem.detail);
    return;
  }
  showProblem(problem.title, problem.detail, problem.fields);
}

// Sharing.

interface Input {
  body: string;
  title: string;
  language?: string | null;
  visibility?: string;
  tags: string[];
  expires_in?: number | null;
  burn_after_reading?: boolean;
}

function chosenVisibility(): string | undefined {
  return find<HTMLInputElement>("[name=visibility]:checked", form)?.value;
}

function input(): Input {
  const value: Input = {
    body: sentText(), title: title.value.trim(), visibility: chosenVisibility() ?? "unlisted", tags: splitTags(tags.value),
  };
  const name = languageName();
  if (name) value.language = name;
  if (expires.value !== "never" && expires.value !== "") value.expires_in = Number(expires.value);
  if (burn?.checked) value.burn_after_reading = true;
  return value;
}

function changes(): Partial<Input> {
  const value: Partial<Input> = {};
  const body = sentText();
  if (refilled || body !== given.body) value.body = body;
  if (isChanged(title)) value.title = title.value.trim();
  if (isChanged(language)) value.language = languageName() || null;
  if (isChanged(tags)) value.tags = splitTags(tags.value);
  const chosen = chosenVisibility();
  if (chosen && (refilled || chosen !== given.visibility)) value.visibility = chosen;
  if (expires.value !== "keep") value.expires_in = expires.value === "never" ? null : Number(expires.value);
  return value;
}

async function fingerprint(text: string): Promise<string> {
  if (!crypto.subtle) return `${text.length}:${text.slice(0, 64)}:${text.slice(-64)}`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
  return [...digest.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(): Promise<Response> {
  const content = JSON.stringify(editing ? changes() : input());
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (editing) {
    headers["If-Match"] = `"v${editing.version}"`;
    const token = cookie("edit");
    if (token) headers["X-Edit-Token"] = token;
    return fetch(`/snippets/${editing.id}`, { method: "PATCH", headers, body: content });
  }
  const of = await fingerprint(content);
  // The same content keeps its key, so that a retry after a lost answer shares nothing twice.
  if (key?.of !== of) key = { value: randomKey(), of };
  headers["Idempotency-Key"] = key.value;
  saveDraft();
  return fetch("/snippets", { method: "POST", headers, body: content });
}

let shared = false;

async function share(): Promise<void> {
  if (busy || waiting > 0 || shared) return;
  if (!shownText()) {
    // A file chosen in the form goes the form's own way.
    if (find<HTMLInputElement>("#file", form)?.files?.length) {
      shared = true;
      form.submit();
      return;
    }
    showProblem("There is nothing to share yet", "Write or paste some text, or drop a file.", { body: "may not be empty" });
    focusText();
    return;
  }
  measure();
  if (tooLarge) {
    showProblem("The text is too large", `A snippet may have ${form.dataset.maxBodyText ?? `${bytesMax} bytes`}.`);
    return;
  }
  busy = true;
  updateShare();
  shareNote.textContent = editing ? "Saving…" : "Sharing…";
  try {
    const response = await send();
    shareNote.textContent = "";
    if (!response.ok) {
      explain(await problemOf(response));
      return;
    }
    const answer = (await response.json()) as { id?: string; edit_token?: string };
    const id = answer.id ?? editing?.id ?? "";
    shared = true;
    clearTimeout(saveTimer);
    if (!editing) {
      try {
        localStorage.removeItem(draftName);
      } catch {
        // Nothing was kept.
      }
    }
    if (answer.edit_token) {
      document.cookie = `edit=${encodeURIComponent(answer.edit_token)}; Path=/s/${id}; SameSite=Lax; Max-Age=2592000${secureSuffix}`;
    }
    announce(editing ? "Saved" : "Shared");
    location.assign(`/s/${id}`);
  } catch {
    shareNote.textContent = "";
    explain(unreachable);
  } finally {
    busy = false;
    updateShare();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void share();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  event.preventDefault();
  void share();
});

// Files, dropped or pasted anywhere on the page, or chosen.

async function takeFile(file: File): Promise<void> {
  if (file.size > bytesMax) {
    showProblem(`“${file.name}” is too large`, `It has ${sizeText(file.size)}; a snippet may have ${form.dataset.maxBodyText ?? ""}.`);
    return;
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    showProblem(`“${file.name}” is not text`, "Only text in UTF-8 can be shared.");
    return;
  }
  if (text.includes("\0")) {
    showProblem(`“${file.name}” is not text`, "It has NUL bytes, as binary files have. Only text in UTF-8 can be shared.");
    return;
  }
  if (!text) {
    showProblem(`“${file.name}” is empty`, "There is nothing in it to share.");
    return;
  }
  clearProblem();
  const before = { text: sentText(), title: title.value };
  setText(text);
  title.value = file.name;
  guessFromTitle();
  const label = `“${file.name}” is loaded`;
  if (before.text) {
    toast(label, 8000, {
      label: "Undo",
      press: () => {
        setText(before.text);
        title.value = before.title;
        guessFromTitle();
      },
    });
  } else {
    toast(label);
  }
}

const hasFiles = (data: DataTransfer | null): boolean => data?.types.includes("Files") ?? false;
let dragDepth = 0;

function setDragging(on: boolean): void {
  document.body.classList.toggle("dragging", on);
  if (!on) dragDepth = 0;
}

document.addEventListener("dragenter", (event) => {
  if (!hasFiles(event.dataTransfer)) return;
  ++dragDepth;
  setDragging(true);
}, true);
document.addEventListener("dragleave", (event) => {
  if (hasFiles(event.dataTransfer) && --dragDepth <= 0) setDragging(false);
}, true);
document.addEventListener("dragover", (event) => {
  if (hasFiles(event.dataTransfer)) event.preventDefault();
}, true);
document.addEventListener("drop", (event) => {
  if (!hasFiles(event.dataTransfer)) return;
  event.preventDefault();
  event.stopPropagation();
  setDragging(false);
  const files = event.dataTransfer?.files;
  if (files && files.length > 1) toast("One snippet has one file: the first is taken");
  const file = files?.[0];
  if (file) void takeFile(file);
}, true);
document.addEventListener("paste", (event) => {
  const file = event.clipboardData?.files[0];
  // Text that comes with a picture of itself (from office programs) is text.
  if (!file || event.clipboardData?.types.includes("text/plain")) return;
  event.preventDefault();
  event.stopPropagation();
  void takeFile(file);
}, true);

const fileInput = find<HTMLInputElement>("#file", form);
fileInput?.addEventListener("change", () => {
  const file = fileInput.files?.[0];
  if (!file) return;
  void takeFile(file);
  fileInput.value = "";
});

// The editor takes the text area's place when the page is idle, or at once when somebody goes there.

function focusText(): void {
  if (editor) editor.focus();
  else area.focus();
}

let mounting: Promise<void> | null = null;

function mountEditor(): Promise<void> {
  mounting ??= (async () => {
    module = await import("./editor");
    const focused = document.activeElement === area;
    const selection = { from: area.selectionStart, to: area.selectionEnd };
    host.hidden = false;
    editor = module.createEditor({
      parent: host,
      text: area.value,
      label: "Text of the snippet. When you have typed, Tab indents; Escape, then Tab leaves.",
      placeholder: area.placeholder,
      changed: textChanged,
      freed: () => announce("Tab leaves the editor now"),
      share: () => void share(),
    });
    area.hidden = true;
    form.classList.add("with-editor");
    editor.setLanguage(languageName());
    guessFromTitle();
    if (focused) {
      editor.focus();
      const length = editor.view.state.doc.length;
      editor.view.dispatch({ selection: { anchor: Math.min(selection.from, length), head: Math.min(selection.to, length) } });
    }
  })().catch(() => {
    // The text area does as well.
    mounting = null;
    host.hidden = true;
    area.hidden = false;
  });
  return mounting;
}

restoreDraft();
measure();
area.addEventListener("input", textChanged);
for (const label of all<HTMLLabelElement>("label[for=body]")) {
  label.addEventListener("click", (event) => {
    if (!editor) return;
    event.preventDefault();
    editor.focus();
  });
}
title.addEventListener("input", () => {
  guessFromTitle();
  changed();
});
language.addEventListener("input", languageChanged);
form.addEventListener("change", changed);
burn?.addEventListener("change", changed);
addEventListener("pagehide", saveDraft);
document.addEventListener("visibilitychange", () => document.hidden && saveDraft());

// On a phone the text area is what its keyboard knows best, and data is dear: the editor comes when somebody has begun
// with something else, or has left the text.
if (matchMedia("(max-width: 40rem), (pointer: coarse)").matches) {
  const begin = (event: Event): void => {
    if (event.target === area && event.type !== "focusout") return;
    for (const type of ["pointerdown", "focusin", "focusout"]) document.removeEventListener(type, begin);
    void mountEditor();
  };
  for (const type of ["pointerdown", "focusin", "focusout"]) document.addEventListener(type, begin);
} else {
  area.addEventListener("focus", () => void mountEditor(), { once: true });
  const idle = (): void => void setTimeout(() => void mountEditor(), 50);
  const whenIdle = (): void => void ("requestIdleCallback" in window ? requestIdleCallback(idle, { timeout: 2000 }) : idle());
  if (document.readyState === "complete") whenIdle();
  else addEventListener("load", whenIdle);
}
// Back from the snippet that was shared: a page for the next one.
addEventListener("pageshow", (event) => event.persisted && shared && location.reload());
