// What is wrong, above the form and at its fields. The text stays where it is.

import { all, find, make, need, type Problem } from "../dom";
import { closeFor } from "./gate";
import { editing, form } from "./page";
import { editor, focusText } from "./text";

const box = need("#problem");

/** What people know as a field: where it is in the page, and what the form calls it. */
const fields: Record<string, [id: string, label: string]> = {
  body: ["body", "Text"], title: ["title", "Title"], language: ["language", "Language"], tags: ["tags", "Tags"],
  expires_in: ["expires", "Expiry"], visibility: ["visibility", "Visibility"], burn_after_reading: ["burn", "Burn after reading"],
};

export function clearProblem(): void {
  box.hidden = true;
  box.replaceChildren();
  for (const field of all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
  find("#server-problem")?.remove();
}

export function showProblem(heading: string, detail: string, wrong: Record<string, string> = {}): void {
  clearProblem();
  const list = make("ul");
  for (const [name, why] of Object.entries(wrong)) {
    const [id, label] = fields[name] ?? [null, name.replaceAll("_", " ")];
    if (id) document.getElementById(id)?.setAttribute("aria-invalid", "true");
    list.append(make("li", {}, id ? make("a", { href: `#${id}` }, label) : label, ` ${why}`));
  }
  box.append(make("h2", {}, heading), ...(detail ? [make("p", {}, detail)] : []), ...(list.children.length ? [list] : []));
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
  if (Object.keys(problem.fields).length > 0) {
    showProblem("Something has to be changed first", "", problem.fields);
    return;
  }
  showProblem(problem.title, problem.detail);
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
