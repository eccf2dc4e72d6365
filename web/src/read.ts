// A snippet's page: colours, lines, actions, the live count.

import { deleteWithUndo } from "./deletion";
import { all, announce, cookie, copy, find, make } from "./dom";
import { highlightWhenIdle } from "./highlight";
import { drawMath } from "./math";
import { nameOriginal } from "./original";

const snippet = find("[data-id]");
const id = snippet?.dataset.id ?? "";
const pre = find("pre.code");
const code = pre?.querySelector("code") ?? null;

highlightWhenIdle();
void nameOriginal();
drawMath(document);

// Lines: #L5 and #L5-L9.

interface Range {
  from: number;
  to: number;
}

let selected: Range | null = null;
let anchor = 0;
const lineCount = Number(all("[data-n]").at(-1)?.dataset.n ?? 0);

function parseRange(text: string): Range | null {
  const match = /^#?L?(\d{1,9})(?:\s*[-–:]\s*L?(\d{1,9}))?$/i.exec(text.trim());
  if (!match) return null;
  const a = Number(match[1]);
  const b = match[2] === undefined ? a : Number(match[2]);
  const from = Math.min(a, b);
  if (from < 1 || from > lineCount) return null;
  return { from, to: Math.min(Math.max(a, b), lineCount) };
}

function mark(range: Range | null): void {
  for (const line of all(".code .on")) line.classList.remove("on");
  selected = range;
  if (!range) return;
  for (let n = range.from; n <= range.to; ++n) document.getElementById(`L${n}`)?.classList.add("on");
}

function scrollToLine(n: number): void {
  // What was skipped gets its real height only when it is near: once more when it has.
  const go = (): void => document.getElementById(`L${n}`)?.scrollIntoView({ block: "center", inline: "nearest" });
  go();
  requestAnimationFrame(() => requestAnimationFrame(go));
}

function showSource(): void {
  const source = find<HTMLInputElement>("#view-source");
  if (source) source.checked = true;
}

function hashOf({ from, to }: Range): string {
  return from === to ? `#L${from}` : `#L${from}-L${to}`;
}

function select(range: Range): void {
  mark(range);
  history.replaceState(history.state, "", hashOf(range));
  announce(range.from === range.to ? `Line ${range.from} selected` : `Lines ${range.from} to ${range.to} selected`);
}

/** A heading of the document, as other sites write a link to it. */
function followHeading(): void {
  let name = location.hash.slice(1);
  try {
    name = decodeURIComponent(name);
  } catch {
    // It is none of ours then.
  }
  if (!name || document.getElementById(name)) return;
  document.getElementById(`md-${name.toLowerCase()}`)?.scrollIntoView();
}

function followHash(): void {
  const range = parseRange(location.hash);
  mark(range);
  if (!range) {
    followHeading();
    return;
  }
  anchor = range.from;
  showSource();
  scrollToLine(range.from);
}

if (pre && code) {
  followHash();
  addEventListener("hashchange", followHash);
  // The numbers are generated content: a click on one is a click on its line, left of the text.
  pre.addEventListener("click", (event) => {
    const line = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-n]") : null;
    if (!line) return;
    const gutter = Number.parseFloat(getComputedStyle(line, "::before").width) || 0;
    if (event.clientX - pre.getBoundingClientRect().left - pre.clientLeft > gutter) return;
    const n = Number(line.dataset.n);
    if (event.shiftKey && anchor > 0) {
      getSelection()?.removeAllRanges();
      select({ from: Math.min(anchor, n), to: Math.max(anchor, n) });
      return;
    }
    anchor = n;
    if (selected?.from === n && selected.to === n) {
      mark(null);
      history.replaceState(history.state, "", location.pathname + location.search);
    } else {
      select({ from: n, to: n });
    }
  });
}

find("#go-to-line")?.addEventListener("click", () => {
  const input = make("input", {
    id: "line", inputmode: "text", autocomplete: "off", required: "", "aria-describedby": "line-hint", placeholder: "5 or 5-9",
  });
  const hint = make("p", { id: "line-hint", class: "hint", role: "status" }, `1 to ${lineCount}, or a range as 5-9`);
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "line-heading" }, "Go to line"),
    make("label", { for: "line" }, "Line or range"),
    input,
    hint,
    make(
      "div",
      { class: "row end" },
      make("button", { class: "btn", type: "button" }, "Cancel"),
      make("button", { class: "btn primary" }, "Go"),
    ),
  );
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "line-heading" }, form);
  form.querySelector("button")?.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    const range = parseRange(input.value);
    if (!range) {
      event.preventDefault();
      input.setAttribute("aria-invalid", "true");
      hint.textContent = `There is no such line: 1 to ${lineCount}, or a range as 5-9.`;
      return;
    }
    dialog.close();
    showSource();
    anchor = range.from;
    select(range);
    scrollToLine(range.from);
    pre?.focus({ preventScroll: true });
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
});

// Output of a terminal: in colours, or with what has coloured it.

const asText = find<HTMLInputElement>("#view-text");
const asColours = find<HTMLInputElement>("#view-colours");
if (asText && asColours) {
  try {
    asText.checked = localStorage.getItem("terminal") === "text";
  } catch {
    // In colours, then.
  }
  for (const choice of [asText, asColours]) {
    choice.addEventListener("change", () => {
      try {
        localStorage.setItem("terminal", asText.checked ? "text" : "colours");
      } catch {
        // It lasts until the page is left.
      }
    });
  }
}

/** The text of what is shown: sequences for a terminal are part of it only when they are. */
function textOf(shown: DocumentFragment | Element | null): string {
  if (!shown || !asColours?.checked) return shown?.textContent ?? "";
  const part = shown.cloneNode(true) as DocumentFragment | Element;
  for (const sequence of part.querySelectorAll(".e")) sequence.remove();
  return part.textContent ?? "";
}

// Actions.

find("#copy")?.addEventListener("click", () => void copy(textOf(code), "Text"));
// What is selected in the code is copied as it is there: a browser would leave the last line's end out.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (!code || !event.clipboardData || !selection || selection.isCollapsed || selection.rangeCount !== 1) return;
  const range = selection.getRangeAt(0);
  if (!code.contains(range.commonAncestorContainer) && range.commonAncestorContainer !== pre) return;
  event.clipboardData.setData("text/plain", textOf(range.cloneContents()));
  event.preventDefault();
});
find("#copy-link")?.addEventListener("click", () => {
  void copy(location.origin + location.pathname + (selected ? hashOf(selected) : ""), selected ? "Link to the lines" : "Link");
});

const menu = find<HTMLDetailsElement>("details.menu");
addEventListener("click", (event) => {
  if (menu?.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
});
menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menu.open = false;
  find("summary", menu)?.focus();
});

const embed = find<HTMLInputElement>("#embed");
embed?.addEventListener("focus", () => embed.select());
find("#copy-embed")?.addEventListener("click", () => void copy(embed?.value ?? "", "Embed code"));

// The lines that are selected, in the colours that one sees.
const PICTURE_LINES_MAX = 100;
const picture = find<HTMLAnchorElement>("#picture");
function aimPicture(): void {
  if (!picture) return;
  const { from, to } = selected ?? { from: 1, to: Math.max(lineCount, 1) };
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const url = new URL(picture.href);
  url.searchParams.set("lines", `${from}-${Math.min(to, from + PICTURE_LINES_MAX - 1)}`);
  url.searchParams.set("theme", dark ? "dark" : "light");
  picture.href = url.href;
}
for (const event of ["pointerdown", "focus", "click"]) picture?.addEventListener(event, aimPicture);

const wrap = find("#wrap");
function setWrap(on: boolean): void {
  pre?.classList.toggle("wrap", on);
  wrap?.setAttribute("aria-pressed", String(on));
}
try {
  setWrap(localStorage.getItem("wrap") === "on");
} catch {
  // Not wrapped, then.
}
wrap?.addEventListener("click", () => {
  const on = !pre?.classList.contains("wrap");
  setWrap(on);
  showSource();
  try {
    localStorage.setItem("wrap", on ? "on" : "off");
  } catch {
    // It lasts until the page is left.
  }
});

const owner = find("[data-owner]")?.dataset.owner;
const editToken = cookie("edit");
if (snippet && ((owner !== undefined && owner !== "" && cookie("account") === owner) || editToken)) {
  for (const action of all(".for-owner")) action.hidden = false;
}
if (cookie("account")) for (const action of all(".for-account")) action.hidden = false;

const deleteButton = find("#delete");
deleteButton?.addEventListener("click", (event) => {
  event.preventDefault();
  const changed = (under_way: boolean): void => {
    // Nobody follows the count of what is gone.
    deleting = under_way;
    if (deleting) closeStream();
    else if (snippet?.dataset.live !== undefined) openStream();
  };
  deleteWithUndo({ id, editToken, changed }, deleteButton);
});

// The live count, while somebody looks.

const views = find("#views");
const retryMs = { first: 30_000, max: 600_000 };
let stream: EventSource | null = null;
let deleting = false;
let wait = retryMs.first;
let timer = 0;

function closeStream(): void {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

function openStream(): void {
  if (stream || deleting || document.hidden) return;
  clearTimeout(timer);
  const opened = new EventSource(`/s/${id}/live`);
  stream = opened;
  opened.addEventListener("views", ({ data }: MessageEvent<string>) => {
    wait = retryMs.first;
    if (views && /^\d+$/.test(data)) views.textContent = data;
  });
  opened.onerror = () => {
    closeStream();
    timer = window.setTimeout(openStream, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, retryMs.max);
  };
}

if (views && snippet?.dataset.live !== undefined) {
  document.addEventListener("visibilitychange", () => (document.hidden ? closeStream() : openStream()));
  addEventListener("pagehide", closeStream);
  addEventListener("pageshow", (event) => event.persisted && openStream());
  // After the page has loaded: the stream is the least of what it is for.
  if (document.readyState === "complete") openStream();
  else addEventListener("load", () => setTimeout(openStream, 500));
}
