// How the editor looks: colours of the page's sheet, whose properties reach into the shadow root, and its panels as the
// page's controls are. And what the panels say.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.self], color: "var(--hl-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character], color: "var(--hl-string)" },
  { tag: [tags.comment, tags.meta, tags.documentMeta], color: "var(--hl-comment)" },
  { tag: [tags.number, tags.bool, tags.atom, tags.null, tags.unit], color: "var(--hl-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.function(tags.variableName)), tags.heading], color: "var(--hl-title)" },
  { tag: [tags.typeName, tags.className, tags.namespace, tags.standard(tags.variableName)], color: "var(--hl-type)" },
  { tag: [tags.attributeName, tags.propertyName, tags.labelName], color: "var(--hl-attr)" },
  { tag: [tags.tagName, tags.macroName], color: "var(--hl-tag)" },
  { tag: [tags.link, tags.url], color: "var(--hl-title)", textDecoration: "underline" },
  { tag: tags.inserted, color: "var(--hl-string)" },
  { tag: [tags.deleted, tags.invalid], color: "var(--hl-tag)" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strong, fontWeight: "bold" },
]);

/** The height of what is pressed: larger where fingers press, as elsewhere on the page. */
const touchable = "var(--touchable)";

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
  // Around all of it, and above the gutter and the panels, which would cover an outline.
  "&.cm-focused": { outline: "none" },
  "&.cm-focused::after": {
    content: "''", position: "absolute", inset: "0", zIndex: "301", border: "2px solid var(--accent)", borderRadius: ".25rem", pointerEvents: "none",
  },
  ".cm-scroller": { height: "var(--paper, 100%)", fontFamily: "var(--mono)", lineHeight: "var(--lh)", overflow: "auto", overscrollBehavior: "auto" },
  ".cm-content": { padding: ".75rem 0", caretColor: "var(--accent)", minHeight: "100%" },
  ".cm-line": { padding: "0 1rem 0 .5rem" },
  ".cm-gutters": { backgroundColor: "var(--card)", color: "var(--faint)", border: "none", paddingInlineStart: ".5rem" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--bar) 70%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)" },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--mark)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--selection)", outline: "1px solid var(--accent)" },
  ".cm-panels": { backgroundColor: "var(--bar)", color: "var(--ink)", fontFamily: "var(--sans)" },
  ".cm-panels-top": { borderBlockEnd: "1px solid var(--edge)" },
  ".cm-panels-bottom": { borderBlockStart: "1px solid var(--edge)" },
  // In the place of what is there: the rules of the panels are more exact than those of a single class.
  ".cm-panel.cm-search, .cm-panel.cm-dialog": { padding: ".375rem 1rem", lineHeight: "1.3" },
  ".cm-panel.cm-search label, .cm-panel.cm-dialog label": {
    display: "inline-flex", alignItems: "center", gap: ".375rem", minHeight: touchable, margin: ".1875rem .625rem .1875rem 0",
    fontSize: ".875rem", color: "var(--soft)", verticalAlign: "middle",
  },
  ".cm-panel .cm-textfield": {
    boxSizing: "border-box", width: "14rem", maxWidth: "calc(100% - 2.75rem)", minHeight: touchable, margin: ".1875rem .5rem .1875rem 0", padding: ".25rem .625rem",
    fontFamily: "inherit", fontSize: ".875rem", color: "var(--ink)", backgroundColor: "var(--card)", border: "1px solid var(--control)", borderRadius: ".5rem",
  },
  ".cm-panel.cm-dialog .cm-textfield": { width: "6rem", margin: "0" },
  ".cm-panel .cm-button, .cm-panel .cm-button:active": {
    minHeight: touchable, margin: ".1875rem .375rem .1875rem 0", padding: ".25rem .75rem",
    fontFamily: "inherit", fontSize: ".875rem", color: "var(--ink)", background: "var(--card)", border: "1px solid var(--edge)", borderRadius: ".5rem", cursor: "pointer",
  },
  ".cm-panel .cm-button:hover": { borderColor: "var(--control)" },
  ".cm-panel.cm-search input[type=checkbox]": { width: "1rem", height: "1rem", margin: "0", accentColor: "var(--accent)" },
  ".cm-panel.cm-search [name=close], .cm-panel .cm-dialog-close": {
    top: ".5625rem", right: ".5rem", width: touchable, height: touchable,
    fontFamily: "inherit", fontSize: "1.125rem", color: "var(--soft)", borderRadius: ".5rem", cursor: "pointer",
  },
  ".cm-panel.cm-search [name=close]:hover, .cm-panel .cm-dialog-close:hover": { color: "var(--ink)", backgroundColor: "var(--card)" },
  ".cm-panel :focus-visible": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-deletedChunk": { backgroundColor: "var(--del)" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--add)" },
  ".cm-deletedChunk .cm-deletedText, .cm-changedText": { backgroundImage: "none", backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent)" },
  ".cm-chunkButtons": { insetInlineEnd: ".5rem" },
  ".cm-chunkButtons button": {
    fontFamily: "var(--sans)", fontSize: ".8125rem", border: "1px solid var(--control)", borderRadius: ".375rem", background: "var(--card)", color: "var(--ink)", padding: ".125rem .5rem", margin: "0 0 0 .25rem", cursor: "pointer",
  },
});

const phrases = {
  Replace: "Replace with",
  next: "Next",
  previous: "Previous",
  all: "Select all",
  "match case": "Match case",
  regexp: "Regex",
  "by word": "Whole words",
  replace: "Replace",
  "replace all": "Replace all",
  go: "Go",
  close: "Close",
};

export const look: Extension = [syntaxHighlighting(colours), theme, EditorState.phrases.of(phrases)];
