// Files, dropped or pasted anywhere on the page, or chosen.

import { find, toast } from "../dom";
import { guessFromTitle } from "./guesses";
import { bytesMax, form, maxText, title } from "./page";
import { clearProblem, showProblem } from "./problems";
import { sizeText } from "./size";
import { sentText, setText } from "./text";

/** A file's text; `from` is what it was converted from, and empty when it was in UTF-8. */
interface Loaded {
  text: string;
  from: string;
}

function decoded(bytes: Uint8Array, encoding: string, ignoreBOM: boolean): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM }).decode(bytes);
  } catch {
    return null;
  }
}

/** What older editors and Windows write: UTF-16 says so in its first two bytes; the rest is Latin-1 if it can be text at all. */
function decode(bytes: Uint8Array): Loaded | null {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  if (utf16) {
    const text = decoded(bytes, utf16, false);
    return text === null ? null : { text, from: "UTF-16" };
  }
  const text = decoded(bytes, "utf-8", true);
  if (text !== null) return { text, from: "" };
  // Of the control characters, binary files have more than texts.
  if (bytes.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b)) return null;
  return { text: decoded(bytes, "windows-1252", true) ?? "", from: "Latin-1" };
}

/** The file's text, or why it cannot be shared: in a word, and in a sentence. */
async function textOf(file: File): Promise<Loaded | [string, string]> {
  // In UTF-16 it may have twice the bytes.
  if (file.size > 2 * bytesMax) return ["too large", `It has ${sizeText(file.size)}; a snippet may have ${maxText ?? ""}.`];
  const loaded = decode(new Uint8Array(await file.arrayBuffer()));
  if (!loaded) return ["not text", "It is neither in UTF-8 nor in UTF-16 or Latin-1."];
  if (loaded.text.includes("\0")) return ["not text", "It has NUL bytes, as binary files have. Only text can be shared."];
  const bytes = new TextEncoder().encode(loaded.text).length;
  if (bytes > bytesMax) return ["too large", `It has ${sizeText(bytes)}; a snippet may have ${maxText ?? ""}.`];
  return loaded.text ? loaded : ["empty", "There is nothing in it to share."];
}

async function takeFile(file: File): Promise<void> {
  const loaded = await textOf(file);
  const name = `“${file.name}”`;
  if (Array.isArray(loaded)) {
    showProblem(`${name} is ${loaded[0]}`, loaded[1]);
    return;
  }
  clearProblem();
  const put = (content: string, name: string): void => {
    setText(content);
    title.value = name;
    guessFromTitle();
  };
  const before = { text: sentText(), title: title.value };
  put(loaded.text, file.name);
  const says = `${name} is loaded${loaded.from ? `, converted from ${loaded.from} to UTF-8` : ""}`;
  const undo = { label: "Undo", press: () => put(before.text, before.title) };
  if (before.text) toast(says, 8000, undo);
  else toast(says, loaded.from ? 8000 : undefined);
}

const drag = { depth: 0 }; // of the elements that the pointer is in, with a file

function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes("Files") ?? false;
}

function setDragging(on: boolean): void {
  document.body.classList.toggle("dragging", on);
  if (!on) drag.depth = 0;
}

document.addEventListener("dragenter", (event) => {
  if (!hasFiles(event.dataTransfer)) return;
  ++drag.depth;
  setDragging(true);
}, true);
document.addEventListener("dragleave", (event) => {
  if (hasFiles(event.dataTransfer) && --drag.depth <= 0) setDragging(false);
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

const input = find<HTMLInputElement>("#file", form);
input?.addEventListener("change", () => {
  const file = input.files?.[0];
  if (!file) return;
  void takeFile(file);
  input.value = "";
});
