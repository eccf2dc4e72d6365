// Which language is coloured with which TextMate grammar, and the grammars as the binary embeds them. The languages are
// those of the service (src/model/languages.txt); the grammars are those of the package tm-grammars whose licence is
// permissive, and those of web/grammars/, which are the project's own.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { grammars as listed, injections as listedInjections } from "tm-grammars";
import { readTable } from "./languages.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(root, "node_modules/tm-grammars");
const own = path.join(root, "grammars");

/**
 * Grammars of the project's own: for languages that have none elsewhere under a licence that allows it, for PHP in a
 * page, and for SQL, whose usual one takes `name` and `at` for keywords and knows no `TRUE`.
 */
const ownGrammars = { hcl: "source.hcl", nginx: "source.nginx", "php-html": "text.html.php", sql: "source.sql" };

/**
 * Where the names differ, or where another language's grammar shows the text well; null: no grammar, though one goes by
 * that name.
 */
const grammarOf = {
  ada: "vhdl", agda: "haskell", angelscript: "cpp", arduino: "cpp", armasm: "asm", aspectj: "java", aspnet: "html",
  ats: "ocaml", avroidl: "java", basic: "vb", bitbake: "shellscript", blitzmax: "vb", bluespec: "system-verilog", boo:
  "python", brightscript: "vb", capnproto: "proto", ceylon: "java", chuck: "java", clips: "common-lisp", coldfusion:
  "html", cuda: "cpp", cython: "python", dafny: "csharp", dhall: "haskell", django: "jinja-html", dts: "c",
  editorconfig: "ini", ejs: "html", emacslisp: "common-lisp", fantom: "java", fortran: "fortran-free-form",
  freemarker: "html", gitattributes: "ini", gitconfig: "ini", glsl: "c", gml: "javascript", gnuplot: "shellscript",
  golo: "groovy", gomod: "go", gotemplate: "handlebars", gradle: "groovy", idris: "haskell", janet: "clojure",
  javascript: "javascript", jflex: "java", koka: "haskell", kusto: "sql", lex: "c", linkerscript: "c", livescript:
  "coffee", lsl: "c", meson: "python", metal: "cpp", modula2: "pascal", monkey: "vb", moonscript: "coffee", n1ql:
  "sql", ninja: "make", objectivecpp: "objective-cpp", opencl: "c", oz: "prolog", pddl: "common-lisp", pgsql: "sql",
  pig: "sql", postscript: null, processing: "java", promela: "c", purebasic: "vb", qmake: "make", qsharp: "csharp",
  racket: "scheme", raml: "yaml", reasonml: "ocaml", rescript: "javascript", "rpm-spec": "shellscript", slim: "pug",
  sml: "ocaml", smt: "common-lisp", sourcepawn: "cpp", sparql: "sql", squirrel: "javascript", stan: "cpp", svg: "xml",
  swig: "cpp", systemverilog: "system-verilog", tcl: "shellscript", teal: "lua", thrift: "proto", unrealscript:
  "java", vba: "vb", vbscript: "vb", vcl: "c", velocity: "html", wren: "javascript", x10: "java", xojo: "vb", yacc:
  "c", zephir: "php",
};

/**
 * Licences that let the grammars travel in a binary under another one. `NOASSERTION` is what the package says where a
 * file holds more than the licence's own words: those named below were read, and are MIT, Apache-2.0 or BSD.
 */
const permissive = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"];
const read = [
  "apache", "apex", "asciidoc", "cue", "elixir", "llvm", "luau", "nim", "nsis", "purescript", "sass", "wolfram",
];
/** The TextMate project's own, which say in their README: "Permission to copy, use, modify, sell and distribute". */
const textMate = /^https:\/\/github\.com\/textmate\//;

function isFree({ name, license, source }) {
  if (license === "NOASSERTION") return read.includes(name);
  return license ? permissive.includes(license) : textMate.test(source);
}

const free = new Map([...listed, ...listedInjections].filter(isFree).map((grammar) => [grammar.name, grammar]));
const byScope = new Map([...free.values()].map(({ scopeName, name }) => [scopeName, name]));
for (const [name, scope] of Object.entries(ownGrammars)) byScope.set(scope, name);

function grammarFor({ name, label, aliases }) {
  if (name in grammarOf) return grammarOf[name];
  if (name in ownGrammars) return name;
  const known = (word) => free.has(word) ? word : listed.find((grammar) => grammar.aliases?.includes(word))?.name;
  const found = [name, label.toLowerCase(), ...aliases].map(known).find((id) => id && free.has(id));
  return found ?? null;
}

const kept = ["match", "begin", "end", "while", "name", "contentName", "include"];
const captures = ["captures", "beginCaptures", "endCaptures", "whileCaptures"];

/** A rule without what no engine reads, in one shape: captures by number, `applyEndPatternLast` a truth value. */
function tidy(rule) {
  const made = {};
  for (const key of kept) if (typeof rule[key] === "string") made[key] = rule[key];
  for (const key of captures) {
    if (!rule[key]) continue;
    made[key] = {};
    for (const [number, capture] of Object.entries(rule[key])) {
      if (/^\d+$/.test(number) && capture && typeof capture === "object") made[key][number] = tidy(capture);
    }
  }
  if (rule.applyEndPatternLast) made.applyEndPatternLast = true;
  if (Array.isArray(rule.patterns)) made.patterns = rule.patterns.map(tidy);
  for (const key of ["repository", "injections"]) {
    if (!rule[key]) continue;
    made[key] = {};
    for (const [name, inner] of Object.entries(rule[key])) made[key][name] = tidy(inner);
  }
  return made;
}

/** The scopes of other grammars that a rule includes rules of. */
function* included(rule) {
  if (rule.include && !/^[#$]/.test(rule.include)) yield rule.include.split("#")[0];
  for (const inner of rule.patterns ?? []) yield* included(inner);
  for (const key of [...captures, "repository", "injections"]) {
    for (const inner of Object.values(rule[key] ?? {})) yield* included(inner);
  }
}

async function readGrammar(name) {
  const file = path.join(...(name in ownGrammars ? [own] : [folder, "grammars"]), `${name}.json`);
  const raw = JSON.parse(await readFile(file, "utf8"));
  const grammar = { scopeName: raw.scopeName, ...tidy(raw) };
  // What other grammars put into this one is among its own injections. Those for tagged templates are left out: they
  // would double what every line of JavaScript costs.
  const scopes = raw.scopeName === "text.html.vue" ? ["text.html.vue", "source.vue"] : [raw.scopeName];
  for (const { name: other, scopeName, injectTo } of listedInjections) {
    if (!free.has(other) || other.startsWith("es-tag-") || !injectTo?.some((scope) => scopes.includes(scope))) continue;
    const { injectionSelector } = JSON.parse(await readFile(path.join(folder, "grammars", `${other}.json`), "utf8"));
    grammar.injections = { ...grammar.injections, [injectionSelector]: { patterns: [{ include: scopeName }] } };
  }
  return grammar;
}

/**
 * `languages`: the scope of each language's grammar; `grammars`: those and all that they include, as
 * `{ scope, name, text }`, sorted by scope.
 */
export async function chooseGrammars(languagesFile) {
  const languages = [];
  const names = new Set();
  for (const language of await readTable(languagesFile)) {
    const name = grammarFor(language);
    if (name) languages.push([language.name, name]);
    if (name) names.add(name);
  }
  // TypeScript with elements in it, and PHP in a page.
  names.add("tsx").add("php-html");
  const chosen = new Map();
  for (const name of names) {
    const grammar = await readGrammar(name);
    chosen.set(name, grammar);
    for (const scope of included(grammar)) if (byScope.has(scope)) names.add(byScope.get(scope));
  }
  return {
    languages: languages.map(([language, name]) => ({ language, scope: chosen.get(name).scopeName })),
    grammars: [...chosen]
      .map(([name, grammar]) => ({ scope: grammar.scopeName, name, text: JSON.stringify(grammar) }))
      .sort((a, b) => (a.scope < b.scope ? -1 : 1)),
  };
}

/** The licences of these grammars, as their authors ask to have them passed on. */
export async function notices(names) {
  const rule = "=".repeat(105);
  const sections = (await readFile(path.join(folder, "NOTICE"), "utf8")).split(`\n${rule}\n`);
  const filesOf = (section) => /^Files:\s*(.*)$/m.exec(section)?.[1].split(", ") ?? [];
  const used = names.filter((name) => !(name in ownGrammars));
  const isWanted = (section) => filesOf(section).some((file) => used.includes(path.parse(file).name));
  const wanted = sections.slice(1).filter(isWanted);
  const bundles = used.map((name) => free.get(name)).filter(({ license }) => !license);
  const lines = bundles.map(({ name, source }) => `${name}.json, from ${source}`).join("\n");
  return `The grammars that snippetd colours code with are other people's work.\n\n${[
    ...wanted.map((section) => section.trim()),
    `${lines}\n\n${await readFile(path.join(own, "NOTICE.textmate"), "utf8")}`,
  ].join(`\n\n${rule}\n`)}\n`;
}
