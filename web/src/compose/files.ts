// Files, dropped or pasted anywhere on the page, or chosen.

import { find, toast } from "../dom";
import { guessFromTitle } from "./guesses";
import { bytesMax, form, maxText, title } from "./page";
import { clearProblem, showProblem } from "./problems";
import { sizeText } from "./size";
import { sentText, setText } from "./text";

/** The file's text, or why it cannot be shared: in a word, and in a sentence. */
async function textOf(file: File): Promise<string | [string, string]> {
  if (file.size > bytesMax) return ["too large", `It has ${sizeText(file.size)}; a snippet may have ${maxText ?? ""}.`];
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    return ["not text", "Only text in UTF-8 can be shared."];
  }
  if (text.includes("\0")) return ["not text", "It has NUL bytes, as binary files have. Only text in UTF-8 can be shared."];
  return text || ["empty", "There is nothing in it to share."];
}

async function takeFile(file: File): Promise<void> {
  const loaded = await textOf(file);
  const name = `“${file.name}”`;
  if (typeof loaded !== "string") {
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
  put(loaded, file.name);
  const undo = { label: "Undo", press: () => put(before.text, before.title) };
  if (before.text) toast(`${name} is loaded`, 8000, undo);
  else toast(`${name} is loaded`);
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
