// The chart above the table of views, which has the figures.

import uPlot from "uplot";
import { all, find } from "./dom";

const host = find("#chart");
const times: number[] = [];
const views: number[] = [];
for (const row of all("#points tbody tr")) {
  const time = Date.parse(row.querySelector("time")?.dateTime ?? "") / 1000;
  const count = Number(row.querySelector(".num")?.textContent);
  if (Number.isNaN(time) || Number.isNaN(count)) continue;
  times.push(time);
  views.push(count);
}

let plot: uPlot | null = null;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const step = times.length > 1 ? (times[1] ?? 0) - (times[0] ?? 0) : 3600;
const byHour = step < 86_400;
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** Hours as 04:00, and the day where it begins. */
function label(time: number): string {
  const date = new Date(time * 1000);
  if (!byHour || date.getUTCHours() === 0) return day.format(date);
  return `${String(date.getUTCHours()).padStart(2, "0")}:00`;
}

function draw(): void {
  if (!host) return;
  plot?.destroy();
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: colour("--soft"), font, grid: { stroke: colour("--edge"), width: 1 }, ticks: { show: false } };
  const bars = uPlot.paths.bars?.({ size: [0.7, 48], radius: 0.2 });
  plot = new uPlot(
    {
      width: host.clientWidth,
      height: 272,
      padding: [12, 8, 0, 0],
      cursor: { y: false, drag: { x: false, y: false } },
      legend: { show: false },
      tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
      // Half a bar of room at both ends.
      scales: { x: { range: (_, min, max) => [min - step / 2, max + step / 2] }, y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.08))] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 64,
          incrs: byHour ? [1, 2, 3, 4, 6, 12, 24, 48].map((hours) => hours * 3600) : [1, 2, 5, 7, 14, 30, 60].map((days) => days * 86_400),
          values: (_, splits) => splits.map(label),
        },
        { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7] },
      ],
      series: [
        {},
        { label: "Views", stroke: colour("--accent"), fill: colour("--accent"), width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) },
      ],
    },
    [times, views],
    host,
  );
}

if (host && times.length) {
  const figures = find<HTMLDetailsElement>("details.figures");
  if (figures) figures.open = false;
  draw();
  new ResizeObserver(() => plot && host.clientWidth !== plot.width && plot.setSize({ width: host.clientWidth, height: 272 })).observe(host);
  document.addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
} else if (host) {
  host.hidden = true;
}
