// On every page: theme, shortcuts, copy buttons, times.

import { all, cookie, copy, find, make, secureSuffix, toast } from "./dom";
import { madeHere } from "./made";

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Storage is forbidden: it lasts until the page is left.
  }
}

// Theme: as the system, light, dark.

const themes = ["auto", "light", "dark"] as const;
const themeButton = find<HTMLButtonElement>("#theme");

function currentTheme(): (typeof themes)[number] {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

function nameTheme(): void {
  const name = currentTheme() === "auto" ? "as the system" : currentTheme();
  themeButton?.setAttribute("aria-label", `Theme: ${name}`);
  themeButton?.setAttribute("title", `Theme: ${name}`);
}

themeButton?.addEventListener("click", () => {
  const next = themes[(themes.indexOf(currentTheme()) + 1) % themes.length] ?? "auto";
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  store("theme", next === "auto" ? null : next);
  nameTheme();
  toast(next === "auto" ? "Theme follows the system" : `Theme is ${next}`, 1500);
  document.dispatchEvent(new Event("themechange"));
});
nameTheme();

// What a form has done is not done again when the page that tells of it is loaded anew.

const answered: Record<string, string> = { tokens: "/me/tokens", account: "/me/account" };
const answeredAt = answered[document.body.dataset.page ?? ""];
if (answeredAt) history.replaceState(history.state, "", answeredAt);

// Shortcuts: every element with data-key is pressed by that key.

let keysOff = stored("keys") === "off";

function shown(element: HTMLElement): boolean {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function shortcutRows(): HTMLElement[] {
  const named = all("[data-key]")
    .filter(shown)
    .map((element) => [element.dataset.key ?? "", element.dataset.keyLabel ?? element.textContent?.trim() ?? ""]);
  const extra = document.body.dataset.page === "compose" ? [["Ctrl Enter", "Share"], ["Esc, then Tab", "Leave the editor"]] : [];
  return [...named, ...extra, ["?", "These shortcuts"]].map(([key = "", label = ""]) =>
    make("div", {}, make("dt", {}, ...key.split(" ").flatMap((part) => [make("kbd", {}, part), " "])), make("dd", {}, label)),
  );
}

function openShortcuts(): void {
  if (find("dialog[open]")) return;
  const off = make("input", { type: "checkbox" });
  off.checked = !keysOff;
  off.addEventListener("change", () => {
    keysOff = !off.checked;
    store("keys", keysOff ? "off" : null);
  });
  const dialog = make(
    "dialog",
    { class: "dialog", "aria-labelledby": "shortcuts-heading" },
    make(
      "form",
      { method: "dialog" },
      make("h2", { id: "shortcuts-heading" }, "Keyboard shortcuts"),
      make("dl", { class: "keys" }, ...shortcutRows()),
      make("label", { class: "check" }, off, make("span", {}, "Single-key shortcuts are on")),
      make("div", { class: "row end" }, make("button", { class: "btn primary" }, "Close")),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement) || (target instanceof HTMLInputElement && target.readOnly)) return false;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (keysOff || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event) || find("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    openShortcuts();
    return;
  }
  const element = all("[data-key]").find((candidate) => candidate.dataset.key === event.key && shown(candidate));
  // Who is writing does not leave by one key.
  if (!element || (element.tagName === "A" && document.body.hasAttribute("data-writing"))) return;
  event.preventDefault();
  element.click();
  if (element.tagName === "SUMMARY") element.scrollIntoView({ block: "nearest" });
});

find("#shortcuts")?.addEventListener("click", openShortcuts);

// Copy buttons: data-copy is a selector of what is copied, or a text itself with data-copy-text.

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-copy]") : null;
  if (!button) return;
  const source = find(button.dataset.copy ?? "");
  const text = source instanceof HTMLInputElement ? source.value : (source?.textContent ?? "");
  void copy(text, button.dataset.copyWhat ?? "Text");
});

// The account: a page that all readers share does not know who reads it. The log-in leads back to where one was.

const account = find<HTMLAnchorElement>("a.account");
if (account?.dataset.shared) {
  const name = cookie("account");
  account.replaceChildren(...[...account.children].slice(0, 1), make("bdi", {}, name ?? "Log in"));
  if (name) account.title = "Account";
  else account.href = "/login";
}
if (account?.pathname === "/login" && !/^\/(?:login|signup)$/.test(location.pathname)) {
  account.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

// What this tab has just shared, for its maker.

const openId = /^\/s\/([^/]+)$/.exec(location.pathname)?.[1];
const made = openId ? madeHere(openId) : null;
if (openId && made) void import("./handover").then(({ showHandover }) => showHandover(openId, made));

// The link to edit of who has no account: the browser remembers what it says, and asks again.

const editLink = /^#edit=([\w-]+)$/.exec(location.hash)?.[1];
const editId = /^\/s\/([^/]+)\/edit$/.exec(location.pathname)?.[1];
if (editLink && editId) {
  document.cookie = `edit=${editLink}; Path=/s/${editId}; SameSite=Lax; Max-Age=2592000${secureSuffix}`;
  history.replaceState(null, "", location.pathname);
  if (document.body.dataset.page === "error") location.reload();
}

// Times: the server writes them in UTC, and they are told by how long ago.

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60],
];

function relative(time: number): string {
  const seconds = (time - Date.now()) / 1000;
  // At least two of a unit, so that little is lost: 47 hours are not a day, nor 13 days a week.
  const [unit, size] = units.find(([name, length]) => Math.abs(seconds) >= (name === "minute" ? 1 : 2) * length) ?? ["second", 1];
  if (unit === "second") return seconds > 0 ? "in less than a minute" : "just now";
  return new Intl.RelativeTimeFormat("en", { numeric: "always" }).format(Math.trunc(seconds / size), unit);
}

function tellTimes(): void {
  for (const element of all<HTMLTimeElement>("time[data-age]")) {
    const time = Date.parse(element.dateTime);
    if (Number.isNaN(time)) continue;
    element.title ||= new Date(time).toLocaleString("en", { dateStyle: "long", timeStyle: "short" });
    element.textContent = relative(time);
  }
}
tellTimes();
setInterval(tellTimes, 60_000);
