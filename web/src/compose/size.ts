// How large the text is, and how large it may be.

import { announce, find, need } from "../dom";
import { close } from "./gate";
import { bytesMax, maxText } from "./page";
import { settled } from "./settled";
import { onTextChange, sentText, shownText } from "./text";

const meter = need("#meter");
const bar = find<HTMLMeterElement>("#meter-bar");
// Less is better: green, yellow near the largest size, and red from one byte above it.
if (bar) Object.assign(bar, { max: bytesMax + 1, high: bytesMax, low: 0.9 * bytesMax, optimum: 0 });

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}

export function measure(): void {
  const bytes = new TextEncoder().encode(sentText()).length;
  const part = bytes / bytesMax;
  const level = part > 1 ? "over" : part > 0.9 ? "near" : "fine";
  if (level !== meter.dataset.level && level !== "fine") {
    announce(level === "over" ? "The text is larger than a snippet may be" : "The text is near the largest size");
  }
  meter.dataset.level = level;
  meter.textContent = `${sizeText(bytes)} of ${maxText ?? sizeText(bytesMax)}${
    level === "over" ? ` · ${sizeText(bytes - bytesMax)} too large` : ""
  }`;
  if (bar) bar.value = bytes;
  close("tooLarge", part > 1);
}

onTextChange(settled(measure, () => (shownText().length > 100_000 ? 300 : 0)));
