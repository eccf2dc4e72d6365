// The page's side of the highlighter.

import type { Answer, Request } from "./highlighter";

const timeoutMs = 10_000;

type Without<T> = T extends unknown ? Omit<T, "id"> : never;

let worker: Worker | null = null;
let failed = false;
let lastId = 0;
let keepers = 0;
const waiting = new Map<number, (answer: Answer | null) => void>();

function giveUp(): void {
  worker?.terminate();
  worker = null;
  failed = true;
  for (const done of waiting.values()) done(null);
  waiting.clear();
}

function start(): Worker | null {
  if (worker || failed) return worker;
  const url = document.querySelector<HTMLMetaElement>("meta[name=highlighter]")?.content;
  if (!url) return null;
  try {
    worker = new Worker(url, { type: "module" });
  } catch {
    failed = true;
    return null;
  }
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  worker.onerror = giveUp;
  return worker;
}

/** The answer, or null when there is none within ten seconds: then the worker is ended, and asked no more. */
export function ask(request: Without<Request>): Promise<Answer | null> {
  const running = start();
  if (!running) return Promise.resolve(null);
  const id = ++lastId;
  return new Promise((resolve) => {
    const timer = setTimeout(giveUp, timeoutMs);
    waiting.set(id, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    running.postMessage({ ...request, id });
  });
}

/** Keeps the worker until what is returned is called, once: with the last of them the worker is ended. */
export function keepWorker(): () => void {
  keepers += 1;
  return () => {
    keepers -= 1;
    if (keepers > 0 || waiting.size > 0) return;
    worker?.terminate();
    worker = null;
  };
}
