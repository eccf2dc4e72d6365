// The version of the snippet that an edit is made upon.

import { editing } from "./page";

const state = { upon: editing?.version ?? "" };

export function baseVersion(): string {
  return state.upon;
}

export function baseUpon(version: string): void {
  state.upon = version;
}
