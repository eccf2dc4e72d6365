// CodeMirror, loaded when the page is idle. It lives in a shadow root: there it styles itself with constructed sheets,
// which the Content-Security-Policy allows.

import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import {
  bracketMatching, HighlightStyle, indentOnInput, indentUnit, LanguageDescription, syntaxHighlighting,
} from "@codemirror/language";
import { languages as descriptions } from "@codemirror/language-data";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { languages } from "virtual:languages";

export interface Editor {
  text(): string;
  replace(text: string): void;
  setLanguage(name: string): void;
  /** Marks in the text where it differs from another one, with a choice for each part; null: no more. */
  compareWith(other: string | null): Promise<void>;
  focus(): void;
  readonly view: EditorView;
}

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

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "var(--lh)", overflow: "auto", overscrollBehavior: "auto" },
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
  ".cm-panels": { backgroundColor: "var(--bar)", color: "var(--ink)", borderColor: "var(--edge)" },
  ".cm-panel.cm-search": { padding: ".5rem", fontFamily: "var(--sans)" },
  ".cm-panel.cm-search button, .cm-panel.cm-search input": {
    fontSize: ".875rem", border: "1px solid var(--control)", borderRadius: ".375rem", background: "var(--card)", color: "var(--ink)", padding: ".25rem .5rem", backgroundImage: "none",
  },
  ".cm-panel.cm-search label": { fontSize: ".875rem" },
  ".cm-deletedChunk": { backgroundColor: "var(--del)" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--add)" },
  ".cm-deletedChunk .cm-deletedText, .cm-changedText": { backgroundImage: "none", backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent)" },
  ".cm-chunkButtons": { insetInlineEnd: ".5rem" },
  ".cm-chunkButtons button": {
    fontFamily: "var(--sans)", fontSize: ".8125rem", border: "1px solid var(--control)", borderRadius: ".375rem", background: "var(--card)", color: "var(--ink)", padding: ".125rem .5rem", margin: "0 0 0 .25rem", cursor: "pointer",
  },
});

/** Describes what our name, or another name of it, is to CodeMirror. */
function describe(name: string): LanguageDescription | null {
  const row = languages.find(([own]) => own === name);
  const names = [name, ...(row ? [row[1], ...row[2].split(" ")] : [])].filter(Boolean);
  for (const candidate of names) {
    const found = LanguageDescription.matchLanguageName(descriptions, candidate, false);
    if (found) return found;
  }
  return null;
}

export function createEditor(options: {
  parent: HTMLElement;
  text: string;
  label: string;
  placeholder: string;
  changed: () => void;
  freed: () => void;
  share: () => void;
}): Editor {
  const shadow = options.parent.attachShadow({ mode: "open" });
  const language = new Compartment();
  const comparison = new Compartment();
  let wanted = "";
  // Tab moves on to the next control until something was typed, and again after Escape: nobody is trapped.
  let tabIndents = false;

  const view = new EditorView({
    root: shadow,
    parent: shadow,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        indentUnit.of("    "),
        syntaxHighlighting(colours),
        theme,
        placeholder(options.placeholder),
        EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", dir: "auto" }),
        EditorView.perLineTextDirection.of(true),
        keymap.of([
          { key: "Mod-Enter", run: () => (options.share(), true) },
          { key: "Tab", run: (target) => tabIndents && indentMore(target) },
          { key: "Shift-Tab", run: (target) => tabIndents && indentLess(target) },
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.domEventHandlers({
          blur: () => void (tabIndents = false),
          keydown: (event) => {
            if (event.key !== "Escape" || !tabIndents) return false;
            tabIndents = false;
            options.freed();
            return false;
          },
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          if (update.transactions.some((t) => t.isUserEvent("input.type") || t.isUserEvent("delete"))) tabIndents = true;
          options.changed();
        }),
        language.of([]),
        comparison.of([]),
      ],
    }),
  });

  return {
    view,
    text: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    setLanguage: (name) => {
      if (name === wanted) return;
      wanted = name;
      const description = name ? describe(name) : null;
      if (!description) {
        view.dispatch({ effects: language.reconfigure([]) });
        return;
      }
      description.load().then(
        (support) => {
          if (wanted === name) view.dispatch({ effects: language.reconfigure(support) });
        },
        () => undefined, // Without its grammar the text is plain.
      );
    },
    compareWith: async (other) => {
      const extension = other === null ? [] : (await import("./comparison")).comparisonWith(other);
      view.dispatch({ effects: comparison.reconfigure(extension) });
    },
    focus: () => view.focus(),
  };
}

/** The program that the words of a `#!` line start: what follows `env`, its options and the variables that it sets. */
function programOf([first = "", ...rest]: string[]): string {
  if (!first.endsWith("/env")) return first;
  for (let word = rest.shift(); word; word = rest.shift()) {
    if (word === "-u" || word === "-C") rest.shift();
    else if (word.startsWith("-S") && word.length > 2) return word.slice(2);
    else if (!word.startsWith("-") && !word.includes("=")) return word;
  }
  return "";
}

/** The language that the interpreter in a first line `#!` tells, in our name. */
export function languageOfFirstLine(text: string): string | null {
  const line = /^\uFEFF?#!([^\n]{1,510})/.exec(text)?.[1];
  if (!line) return null;
  const program = programOf(line.trim().split(/[ \t\r]+/)).split("/").pop()?.toLowerCase() ?? "";
  const unnumbered = program.replace(/[0-9.-]+$/, "");
  for (const name of [program, unnumbered]) {
    const found = name && languages.find(([, , , , , interpreters]) => interpreters.split(" ").includes(name));
    if (found) return found[0];
  }
  return null;
}

/** The language that a file name tells, in our name. */
export function languageOfFile(fileName: string): string | null {
  // `common.h.in` is C: the last extension only says that the file is a template or a copy.
  const copy = /(?<=.)\.(?:in|tmpl|template|dist|example|sample|orig|bak|rej|old)$/;
  const base = (fileName.split(/[\\/]/).pop() ?? "").trim().toLowerCase().replace(copy, "");
  if (!base) return null;
  const named = (name: string) => languages.find(([, , , , names]) => names.split(" ").includes(name))?.[0];
  const [first = "", ...parts] = base.slice(1).split(".");
  const extensions = parts.map((_, at) => parts.slice(at).join("."));
  const told = extensions.map((extension) => languages.find(([, , , list]) => list.split(" ").includes(extension))?.[0]);
  // `Dockerfile.debian`, `Makefile.linux`: a file name that somebody made several of.
  return named(base) ?? told.find(Boolean) ?? (parts.length > 0 ? named(base.slice(0, 1) + first) : undefined) ?? null;
}

export function labelOf(name: string): string {
  return languages.find(([own]) => own === name)?.[1] ?? name;
}

/** Our name of what somebody wrote: a name, label or alias, whatever its case. */
export function languageNamed(text: string): string | null {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  return (
    languages.find(([name, label]) => name === wanted || label.toLowerCase() === wanted) ??
    languages.find(([, , aliases]) => aliases.split(" ").includes(wanted))
  )?.[0] ?? null;
}
