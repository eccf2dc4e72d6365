// What whoever has made a snippet gets after sharing it, and nobody else sees: the link, ready to be handed over.

import { all, announce, copy, find, make, need, toast } from "./dom";
import { forgetMade, type Made } from "./made";

const rememberedDays = 30; // the cookie of who has no account

/** A field that cannot be changed, and a button that copies it. */
function copied(id: string, label: string, value: string, what: string): HTMLElement {
  const field = make("input", { id, type: "text", readonly: "", value, spellcheck: "false" });
  field.addEventListener("focus", () => field.select());
  const button = make("button", { type: "button", class: "btn" }, "Copy");
  button.addEventListener("click", () => void copy(value, what));
  return make("div", { class: "field" }, make("label", { for: id }, label), make("div", { class: "row copied" }, field, button));
}

function folded(summary: string, ...content: Node[]): HTMLElement {
  return make("details", {}, make("summary", {}, summary), ...content);
}

export function showHandover(id: string, made: Made): void {
  const link = `${location.origin}/s/${id}`;
  const heading = make(made.burns ? "h1" : "h2", { id: "handover-heading" }, made.burns ? "Your link is ready, for one reader" : "Your link is ready");
  const close = make("button", { type: "button", class: "btn small", id: "handover-close" }, "Done");
  const box = make("section", { class: "card stack handover", "aria-labelledby": "handover-heading" }, make("div", { class: "row spread" }, heading, close));
  if (made.burns) {
    box.append(make("p", {}, "Send it without opening it: whoever opens it first and asks for the text sees it, and then it is gone."));
  }
  const main = copied("handover-link", "Link", link, "Link");
  if ("share" in navigator) {
    const button = make("button", { type: "button", class: "btn" }, "Share…");
    button.addEventListener("click", () => void navigator.share({ url: link }).catch(() => undefined));
    need(".row", main).append(button);
  }
  box.append(main);
  if (made.editToken) {
    box.append(
      copied("handover-edit", "Link to edit or delete it", `${link}/edit#edit=${made.editToken}`, "Edit link"),
      make("p", { class: "hint" }, `Keep it to yourself. This browser remembers it for ${rememberedDays} days; without it nobody can change the snippet.`),
    );
  }
  const more = make("div", { class: "row" });
  const code = make("img", { src: `/s/${id}/qr.svg`, width: "200", height: "200", loading: "lazy", alt: "QR code of the link to this snippet" });
  more.append(folded("QR code", code));
  // The page has it of what everybody may read.
  const frame = find<HTMLInputElement>("#embed")?.value;
  if (frame) more.append(folded("Embed", copied("handover-embed", "HTML", frame, "Embed code")));
  box.append(more);
  close.addEventListener("click", () => {
    forgetMade(id);
    // Its maker has no use for the page that asks whether to read it.
    if (made.burns) {
      location.assign("/");
      return;
    }
    box.remove();
    need("#main").focus();
  });
  const place = need("#main");
  // Of what burns, the page asks whether to read it now, which its maker does not want.
  if (made.burns) for (const asks of all("form", place)) (asks.closest(".card") ?? asks).remove();
  place.prepend(box);
  const field = need<HTMLInputElement>("#handover-link", box);
  field.focus({ preventScroll: true });
  field.select();
  announce(heading.textContent ?? "");
  if (!navigator.clipboard) toast("The link is selected: copy it with the keyboard");
}
