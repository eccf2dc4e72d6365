// Counts down until it makes sense to try again, then offers it.

import { all, announce, countdown } from "./dom";

for (const box of all("[data-retry-after]")) {
  const seconds = Number(box.dataset.retryAfter);
  const text = box.querySelector<HTMLElement>("[data-countdown]");
  const button = box.querySelector<HTMLButtonElement>("button");
  const submit = document.querySelector<HTMLButtonElement>("form[method=post] button[data-waits]");
  if (!text || !(seconds > 0)) continue;
  if (button) button.disabled = true;
  if (submit) submit.disabled = true;
  countdown(Math.min(seconds, 86_400), (left) => {
    text.textContent = left > 0 ? `Possible again in ${left} ${left === 1 ? "second" : "seconds"}.` : "It is possible again now.";
    if (left > 0) return;
    if (button) button.disabled = false;
    if (submit) submit.disabled = false;
    announce("It is possible again now.");
  });
  button?.addEventListener("click", () => location.reload());
}
