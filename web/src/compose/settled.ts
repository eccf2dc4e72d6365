// What follows a change waits until there was none for a moment.

/** A function that calls `act` when `ms` have passed since it was called last. */
export function settled(act: () => void, ms: () => number): () => void {
  let timer: ReturnType<typeof setTimeout>;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, ms());
  };
}
