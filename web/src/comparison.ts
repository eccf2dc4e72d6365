// What differs between the text in the editor and another version of it, loaded when two edits have crossed.

import { unifiedMergeView } from "@codemirror/merge";
import type { Extension } from "@codemirror/state";

/** The other version's lines stand above ours where they differ, with two buttons: ours stays, or theirs comes back. */
export function comparisonWith(theirs: string): Extension {
  return unifiedMergeView({
    original: theirs,
    highlightChanges: true,
    gutter: true,
    mergeControls: (type, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = type === "accept" ? "Keep mine" : "Take theirs";
      button.addEventListener("mousedown", act);
      button.addEventListener("click", (event) => event.detail === 0 && act(event)); // by the keyboard
      return button;
    },
  });
}
