// The editor takes the text area's place when the page is idle, or at once when somebody goes there.

import { announce, need } from "../dom";
import { guessFromTitle, knowNames, languageName } from "./guesses";
import { area, form } from "./page";
import { share } from "./sharing";
import { moveTextInto, textChanged } from "./text";

const host = need("#editor");
const state = { mounting: false };

async function mount(): Promise<void> {
  const module = await import("../editor");
  knowNames(module);
  const focused = document.activeElement === area;
  const selection = { from: area.selectionStart, to: area.selectionEnd };
  host.hidden = false;
  const editor = module.createEditor({
    parent: host,
    text: area.value,
    label: "Text of the snippet. When you have typed, Tab indents; Escape, then Tab leaves.",
    placeholder: area.placeholder,
    changed: textChanged,
    freed: () => announce("Tab leaves the editor now"),
    share: () => void share(),
  });
  moveTextInto(editor);
  area.hidden = true;
  form.classList.add("with-editor");
  editor.setLanguage(languageName());
  guessFromTitle();
  if (focused) {
    editor.focus();
    const length = editor.view.state.doc.length;
    editor.view.dispatch({ selection: { anchor: Math.min(selection.from, length), head: Math.min(selection.to, length) } });
  }
}

function mountOnce(): void {
  if (state.mounting) return;
  state.mounting = true;
  mount().catch(() => {
    // The text area does as well.
    state.mounting = false;
    host.hidden = true;
    area.hidden = false;
  });
}

/** The editor comes when there is time for it. */
export function mountInTime(): void {
  host.addEventListener("wanted", mountOnce);
  // On a phone the text area is what its keyboard knows best, and data is dear: the editor comes when somebody has begun
  // with something else, or has left the text.
  if (matchMedia("(max-width: 40rem), (pointer: coarse)").matches) {
    const types = ["pointerdown", "focusin", "focusout"];
    const begin = (event: Event): void => {
      if (event.target === area && event.type !== "focusout") return;
      for (const type of types) document.removeEventListener(type, begin);
      mountOnce();
    };
    for (const type of types) document.addEventListener(type, begin);
    return;
  }
  area.addEventListener("focus", mountOnce, { once: true });
  const idle = (): void => void setTimeout(mountOnce, 50);
  const whenIdle = (): void => void ("requestIdleCallback" in window ? requestIdleCallback(idle, { timeout: 2000 }) : idle());
  if (document.readyState === "complete") whenIdle();
  else addEventListener("load", whenIdle);
}
