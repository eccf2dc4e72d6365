// What is wrong, above the form and at its fields. The text stays where it is.

import { all, find, make, need, type Problem } from "../dom";
import { closeFor } from "./gate";
import { editing, form } from "./page";
import { editor, focusText } from "./text";

const box = need("#problem");

const fieldIds: Record<string, string> = {
  body: "body", title: "title", language: "language", tags: "tags", expires_in: "expires", visibility: "visibility",
  burn_after_reading: "burn",
};

export function clearProblem(): void {
  box.hidden = true;
  box.replaceChildren();
  for (const field of all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
  find("#server-problem")?.remove();
}

export function showProblem(heading: string, detail: string, fields: Record<string, string> = {}): void {
  clearProblem();
  const list = make("ul");
  for (const [name, why] of Object.entries(fields)) {
    const target = fieldIds[name];
    const field = target ? document.getElementById(target) : null;
    field?.setAttribute("aria-invalid", "true");
    const label = name.replaceAll("_", " ");
    list.append(make("li", {}, target ? make("a", { href: `#${target}` }, label) : label, ` ${why}`));
  }
  box.append(make("h2", {}, heading), make("p", {}, detail), ...(list.children.length ? [list] : []));
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

/** What was written is kept, and is there again after the log-in. */
export function showLoggedOut(): void {
  showProblem("You are not logged in any more", "What you have written is kept in this browser, and will be here again when you are back.");
  const next = encodeURIComponent(location.pathname + location.search);
  box.append(make("p", {}, make("a", { class: "btn primary", href: `/login?next=${next}` }, "Log in and go on")));
}

/** What the server refused, or could not do. */
export function explain(problem: Problem): void {
  if (problem.status === 429 || problem.status === 503) {
    const heading = problem.status === 429 ? "Too many snippets in a short time" : "The service is busy";
    showProblem(heading, "Your text is safe here. Sharing is possible again in a moment.");
    closeFor(problem.retryAfter || 5);
    return;
  }
  if (problem.status === 412) {
    showProblem(
      "Somebody else has changed this snippet meanwhile",
      "Your text is still here. Copy what you need, then load the page again to see the other version.",
    );
    const link = make("a", { href: `/s/${editing?.id ?? ""}`, target: "_blank", rel: "noopener" }, "Show the current version (new tab)");
    box.append(make("p", {}, link));
    return;
  }
  if (problem.status === 413) {
    showProblem("The text is too large", problem.detail);
    return;
  }
  showProblem(problem.title, problem.detail, problem.fields);
}

function goToText(event: Event): void {
  if (!editor()) return; // there the link and the label lead to the text area by themselves
  event.preventDefault();
  focusText();
}

box.addEventListener("click", (event) => {
  if (event.target instanceof HTMLAnchorElement && event.target.hash === "#body") goToText(event);
});
for (const label of all("label[for=body]")) label.addEventListener("click", goToText);
