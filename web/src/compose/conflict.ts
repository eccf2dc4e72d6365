// An edit that crosses another: what both have changed is shown, and nothing is lost whatever is chosen. What only one
// of them has changed needs no decision.

import { all, announce, cookie, find, make, need, toast } from "../dom";
import { saveNow } from "./draft";
import { area, chosenVisibility, editing, form, language, tags, title } from "./page";
import { clearProblem } from "./problems";
import { compareTextWith, editor, editorSoon, focusText, isTextChanged, sentText, setText, shownText } from "./text";
import { baseUpon } from "./version";

/** What the store has, as far as the form shows it. */
interface Theirs {
  title: string;
  body: string;
  language: string;
  visibility: string;
  tags: string[];
  version: number;
}

const savedAs = (id: string): string => `saved:${id}`;

/** Remembers that this browser has made that version. */
export function rememberSaved(id: string, version: number): void {
  try {
    localStorage.setItem(savedAs(id), String(version));
    // Of the last ones only.
    const names = Object.keys(localStorage).filter((name) => name.startsWith(savedAs("")) && name !== savedAs(id));
    for (const name of names.slice(50)) localStorage.removeItem(name);
  } catch {
    // Storage is forbidden: the other edit is somebody's.
  }
}

function isOwn(version: number): boolean {
  try {
    return localStorage.getItem(savedAs(editing?.id ?? "")) === String(version);
  } catch {
    return false;
  }
}

async function read(): Promise<Theirs | null> {
  const token = cookie("edit");
  try {
    const response = await fetch(`/snippets/${editing?.id ?? ""}`, { headers: token ? { "X-Edit-Token": token } : {}, cache: "no-store" });
    return response.ok ? ((await response.json()) as Theirs) : null;
  } catch {
    return null;
  }
}

const quoted = (list: string[]): string => list.map((tag) => (/[,"]|^ | $/.test(tag) ? `"${tag.replaceAll('"', '""')}"` : tag)).join(", ");

/** Fields that both have changed, by what people call them, with what the other one has made of them. */
function mergeFields(theirs: Theirs): [string, string][] {
  const both: [string, string][] = [];
  const merge = (field: HTMLInputElement, name: string, value: string): void => {
    const isMine = field.value !== field.defaultValue;
    if (isMine && value !== field.defaultValue && value !== field.value) both.push([name, value]);
    field.defaultValue = value;
    if (!isMine) field.value = value;
  };
  merge(title, "title", theirs.title);
  merge(language, "language", theirs.language);
  merge(tags, "tags", quoted(theirs.tags));
  const radios = all<HTMLInputElement>("[name=visibility]", form);
  const given = radios.find((radio) => radio.hasAttribute("checked"))?.value;
  const mine = chosenVisibility();
  if (mine !== given && theirs.visibility !== given && theirs.visibility !== mine) both.push(["visibility", theirs.visibility]);
  for (const radio of radios) {
    radio.toggleAttribute("checked", radio.value === theirs.visibility);
    if (mine === given) radio.checked = radio.value === theirs.visibility;
    else if (radio.value === mine) radio.checked = true;
  }
  return both;
}

/** Whether both have changed the text. What only the other one has changed is in the form then. */
function mergeText(theirs: Theirs): boolean {
  const before = area.defaultValue;
  const isMine = isTextChanged();
  if (!isMine) setText(theirs.body);
  compareTextWith(theirs.body);
  return isMine && theirs.body !== before && theirs.body.replace(/\r\n?/g, "\n") !== shownText();
}

function takeTheirs(theirs: Theirs): void {
  const mine = { title: title.value, language: language.value, tags: tags.value, text: sentText(), visibility: chosenVisibility() };
  const put = (value: typeof mine): void => {
    title.value = value.title;
    language.value = value.language;
    tags.value = value.tags;
    for (const radio of all<HTMLInputElement>("[name=visibility]", form)) radio.checked = radio.value === value.visibility;
    setText(value.text);
    compareTextWith(theirs.body);
    saveNow();
  };
  put({ title: theirs.title, language: theirs.language, tags: quoted(theirs.tags), text: theirs.body, visibility: theirs.visibility });
  editor()?.compareWith(null);
  clearProblem();
  toast("The other version is in the form", 12_000, { label: "Back to mine", press: () => put(mine) });
  focusText();
}

/** `save` sends the form again, upon the version that is there now. False when that cannot be had. */
export async function showConflict(save: () => void): Promise<boolean> {
  const theirs = await read();
  if (!theirs || !editing) return false;
  const fields = mergeFields(theirs);
  const bothText = mergeText(theirs);
  baseUpon(String(theirs.version));
  saveNow();
  clearProblem();
  const who = isOwn(theirs.version) ? "You have saved this snippet in another tab meanwhile" : "Somebody else has saved this snippet meanwhile";
  const box = need("#problem");
  box.append(make("h2", {}, who));
  if (!bothText && fields.length === 0) {
    box.append(make("p", {}, "What you have changed is untouched by that, and what they have changed is in the form. Save again to keep both."));
  } else {
    const list = make("ul");
    if (bothText) list.append(make("li", {}, "Both have changed the text. What differs is marked in it: theirs above yours, with a choice for each part."));
    for (const [name, value] of fields) list.append(make("li", {}, `Both have changed the ${name}. Theirs is `, make("q", {}, value || "empty"), "."));
    box.append(list, make("p", {}, "Merge by hand and save, or choose:"));
  }
  const mine = make("button", { type: "button", class: "btn primary", id: "save-mine" }, bothText || fields.length ? "Save mine over it" : "Save");
  const other = make("button", { type: "button", class: "btn", id: "take-theirs" }, "Take theirs");
  const link = make("a", { href: `/s/${editing.id}`, target: "_blank", rel: "noopener" }, "Show theirs (new tab)");
  mine.addEventListener("click", save);
  other.addEventListener("click", () => takeTheirs(theirs));
  box.append(make("p", { class: "row" }, mine, other, link));
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
  announce(who);
  if (bothText) {
    const shown = theirs.body.replace(/\r\n?/g, "\n");
    // Nobody waits for it: if it cannot be loaded, the link shows theirs.
    void editorSoon().then((there) => there.compareWith(shown)).catch(() => undefined);
  }
  find("#save-mine")?.focus({ preventScroll: true });
  return true;
}
