// Math in Markdown, drawn as MathML when it comes near the screen. What draws it is loaded then, and runs outside the
// page's thread. Until then, and where it cannot be drawn, it is the code that was written.

import { all } from "./dom";
import { ask, keepWorker } from "./worker";

const formulasMax = 1000;
const charactersMax = 4000; // of a formula: more is code
const mathMl = "http://www.w3.org/1998/Math/MathML";

const isDisplay = (code: Element): boolean => code.classList.contains("display") || code.parentElement?.tagName === "PRE";

/** The formula, or null when there is something in it that is none. Its styles are set by the script: as attributes
 * the page's policy would refuse them. */
function elementOf(html: string): Element | null {
  const made = new DOMParser().parseFromString(html, "text/html").querySelector("math");
  if (!made) return null;
  for (const element of [made, ...all<Element>("*", made)]) {
    if (element.namespaceURI !== mathMl && element.localName !== "span") return null;
    for (const { name } of element.attributes) if (/^on|href|^src/.test(name)) return null;
  }
  const math = document.importNode(made, true);
  for (const element of [math as Element as HTMLElement, ...all("[data-style]", math)]) {
    if (element.dataset.style) element.style.cssText = element.dataset.style;
    element.removeAttribute("data-style");
  }
  return math;
}

function replace(code: HTMLElement, math: Element): void {
  const display = isDisplay(code);
  const place = document.createElement("span");
  place.className = display ? "math display" : "math";
  place.append(math);
  (code.parentElement?.tagName === "PRE" ? code.parentElement : code).replaceWith(place);
  if (!display || place.scrollWidth <= place.clientWidth) return;
  // What scrolls is reached by the keyboard.
  place.tabIndex = 0;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Formula");
}

async function draw(codes: HTMLElement[]): Promise<void> {
  const formulas = codes.map((code) => ({ tex: code.textContent ?? "", display: isDisplay(code) }));
  const answer = await ask({ kind: "math", formulas });
  if (answer?.kind !== "math") return;
  codes.forEach((code, index) => {
    const html = answer.html[index];
    const math = html ? elementOf(html) : null;
    if (math && code.isConnected) replace(code, math);
  });
}

/** Draws the math within `part`, as soon as somebody comes near it. */
export function drawMath(part: ParentNode): void {
  const codes = all("code.language-math", part).filter(({ textContent }) => (textContent ?? "").length <= charactersMax);
  if (codes.length === 0 || !("MathMLElement" in window)) return;
  const formulas = codes.slice(0, formulasMax);
  let left = formulas.length;
  const endWorker = keepWorker();
  const drawAndCount = async (near: HTMLElement[]): Promise<void> => {
    await draw(near);
    left -= near.length;
    if (left === 0) endWorker();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      const near = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target as HTMLElement);
      for (const code of near) observer.unobserve(code);
      if (near.length > 0) void drawAndCount(near);
    },
    { rootMargin: "50%" },
  );
  for (const code of formulas) observer.observe(code);
}
