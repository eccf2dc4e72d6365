// The button. Sharing waits for the end of the request in flight, a text that fits, the end of a refusal.

import { announce, countdown, need } from "../dom";

type Reason = "busy" | "tooLarge" | "refused";

const button = need("#share");
const note = need("#share-note");
const reasons = new Set<Reason>();
const refusal: { stopCountdown?: () => void } = {};

export function isClosed(by: Reason): boolean {
  return reasons.has(by);
}

export function close(by: Reason, closed: boolean): void {
  reasons[closed ? "add" : "delete"](by);
  // Not `disabled`: the button keeps the focus, and says why it does nothing.
  button.setAttribute("aria-disabled", String(reasons.size > 0));
  button.classList.toggle("busy", isClosed("busy"));
}

export function say(text: string): void {
  note.textContent = text;
}

/** Closes it for a time that a refusal has named. */
export function closeFor(seconds: number): void {
  refusal.stopCountdown?.();
  refusal.stopCountdown = countdown(Math.min(seconds, 86_400), (left) => {
    say(left > 0 ? `Possible again in ${left} s` : "");
    close("refused", left > 0);
    if (left === 0) announce("You can share again now");
  });
}
