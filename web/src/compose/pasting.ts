// Text that is pasted anywhere on the page, and nowhere in particular, goes into the text.

import { area } from "./page";
import { editor, focusText } from "./text";

function isField(target: EventTarget | undefined): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function insert(text: string): void {
  const there = editor();
  if (there) {
    there.view.dispatch(there.view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
    return;
  }
  area.setRangeText(text.replace(/\r\n?/g, "\n"), area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain");
  if (!text || event.defaultPrevented || isField(event.composedPath()[0]) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  insert(text);
  focusText();
});
