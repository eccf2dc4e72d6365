// What the scripts of several pages need.

export function find<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T | null {
  return within.querySelector<T>(selector);
}

export function all<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T[] {
  return [...within.querySelectorAll<T>(selector)];
}

/** An element of the page's own template: its absence is a mistake there. */
export function need<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const element = within.querySelector<T>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

type Child = Node | string;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The readable cookie `name`, or nothing. */
export function cookie(name: string): string | undefined {
  for (const pair of document.cookie.split("; ")) {
    if (pair.startsWith(`${name}=`)) return decodeURIComponent(pair.slice(name.length + 1));
  }
  return undefined;
}

/** Has a screen reader say it, when it is next silent. */
export function announce(text: string): void {
  const region = find("#announcer");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

export interface Toast {
  close(): void;
}

/** A message at the foot of the page, spoken too. With a button it stays until `ms` have passed and nobody is at it. */
export function toast(text: string, ms = 4000, button?: { label: string; press: () => void }): Toast {
  let box = find(".toasts");
  if (!box) {
    box = make("section", { class: "toasts", "aria-label": "Messages" });
    document.body.append(box);
  }
  const message = make("div", { class: "toast" }, make("span", {}, text));
  const close = (): void => message.remove();
  if (button) {
    const action = make("button", { type: "button" }, button.label);
    action.addEventListener("click", () => {
      close();
      button.press();
    });
    message.append(action);
  }
  box.append(message);
  announce(button ? `${text}. ${button.label} is possible.` : text);
  if (ms > 0) setTimeout(close, ms);
  return { close };
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https there is no clipboard to write to: the older way.
    const area = make("textarea", { class: "away", "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    const before = document.activeElement;
    (find("dialog[open]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    if (!copied) {
      toast(`The browser does not allow to copy ${what}`);
      return;
    }
  }
  toast(`${what} copied`);
}

/** What a failed answer (RFC 9457) or a failed request means. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  fields: Record<string, string>;
  retryAfter: number;
}

export async function problemOf(response: Response): Promise<Problem> {
  const problem: Problem = {
    status: response.status,
    title: `The server answered ${response.status}`,
    detail: "",
    fields: {},
    retryAfter: Number.parseInt(response.headers.get("Retry-After") ?? "", 10) || 0,
  };
  try {
    const body: unknown = await response.json();
    if (body && typeof body === "object") {
      if ("title" in body && typeof body.title === "string") problem.title = body.title;
      if ("detail" in body && typeof body.detail === "string") problem.detail = body.detail;
      if ("fields" in body && body.fields && typeof body.fields === "object") {
        for (const [name, why] of Object.entries(body.fields)) problem.fields[name] = String(why);
      }
    }
  } catch {
    // A proxy's own page: the status says enough.
  }
  return problem;
}

export const unreachable: Problem = {
  status: 0,
  title: "The server cannot be reached",
  detail: "Check the connection and try again. Nothing is lost.",
  fields: {},
  retryAfter: 0,
};

/** Counts down every second; tells the seconds left, last 0. */
export function countdown(seconds: number, tick: (left: number) => void): () => void {
  const end = Date.now() + seconds * 1000;
  tick(seconds);
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    tick(left);
    if (left === 0) clearInterval(timer);
  }, 1000);
  return () => clearInterval(timer);
}

export const secureSuffix = location.protocol === "https:" ? "; Secure" : "";
