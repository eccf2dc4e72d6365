// Which language has which grammar. The languages are those of the service: src/model/languages.txt, which says how it
// is written. Gives three modules: `virtual:grammars` for the highlighter (highlight.js), `virtual:languages` for the
// editor (names, aliases, file extensions), `virtual:signs` to guess by (src/model/language_signs.txt).

import hljs from "highlight.js";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Where the names differ, or where another language's grammar shows the text well. */
const grammarOf = {
  armasm: "armasm", aspnet: "xml", assembly: "x86asm", astro: "xml", bash: "bash", batch: "dos", blade: "xml",
  bluespec: "verilog", coldfusion: "xml", commonlisp: "lisp", console: "shell", cuda: "cpp", cython: "python",
  dotenv: "ini", editorconfig: "ini", ejs: "xml", emacslisp: "lisp", fish: "bash", gitconfig: "ini",
  gotemplate: "handlebars", gradle: "gradle", hack: "php", hcl: "ini", hlsl: "cpp", html: "xml", hy: "clojure",
  hoon: "plaintext", idris: "haskell", agda: "haskell", json: "json", json5: "javascript", jsonnet: "javascript",
  just: "makefile", lean: "haskell", linkerscript: "plaintext", luau: "lua", mathematica: "mathematica", mdx: "markdown",
  metal: "cpp", mojo: "python", objectivecpp: "objectivec", opencl: "c", plsql: "sql", pug: "plaintext",
  purescript: "haskell", racket: "scheme", raku: "perl", razor: "xml", redis: "plaintext", rescript: "reasonml",
  sass: "scss", slim: "haml", svg: "xml", systemd: "ini", systemverilog: "verilog", teal: "lua", text: null,
  turtle: "plaintext", vba: "vbnet", vue: "xml", vyper: "python", wikitext: "plaintext", zephir: "php", bitbake: "bash",
  gn: "python", desktop: "ini", gitignore: null, "ssh-config": "nginx", pgsql: "pgsql", starlark: "python",
  aspectj: "java", apex: "java", arduino: "arduino", jflex: "java", liquid: "handlebars", smarty: "xml", velocity: "xml",
  freemarker: "xml", wgsl: "rust", cairo: "rust", move: "rust", odin: "go", v: "go", kusto: "sql", prisma: "graphql",
};

/** Grammars of packages of their own. */
const ownPackages = {
  cobol: "highlightjs-cobol/src/cobol.js",
  solidity: "highlightjs-solidity/src/languages/solidity.js",
  svelte: "highlightjs-svelte/dist/index.mjs",
  zig: "highlightjs-zig/src/languages/zig.js",
};
const ownDependencies = { svelte: ["xml", "css", "javascript", "typescript"] };

export async function readTable(file) {
  const rows = (await readFile(file, "utf8")).replace(/\n +/g, " ").split("\n").filter((row) => row && !row.startsWith("#"));
  const words = (cell = "") => cell.split(" ").filter(Boolean);
  return rows.map((row) => {
    const [name, label, aliases, extensions, fileNames, interpreters] = row.split("|");
    if (!label) throw new Error(`a row of the languages cannot be read: ${row}`);
    return {
      name: name.trim(), label: label.trim(),
      aliases: words(aliases), extensions: words(extensions), fileNames: words(fileNames),
      interpreters: words(interpreters),
    };
  });
}

const hljsFile = (id) => `highlight.js/lib/languages/${id}`;

/** The name of the file that defines what highlight.js calls `name`, which may be an alias. */
function fileOf(name) {
  if (hljs.listLanguages().includes(name)) return name;
  const language = hljs.getLanguage(name);
  return language && hljs.listLanguages().find((id) => hljs.getLanguage(id) === language);
}

function grammarFor({ name, label, aliases }) {
  if (name in grammarOf) return grammarOf[name] === "plaintext" ? null : grammarOf[name];
  if (name in ownPackages) return name;
  return [name, label.toLowerCase(), ...aliases].map(fileOf).find((id) => id && id !== "plaintext") ?? null;
}

/** The grammars that a grammar hands parts of the text to. */
async function dependencies(id) {
  if (id in ownPackages) return ownDependencies[id] ?? [];
  const source = await readFile(require.resolve(hljsFile(id)), "utf8");
  const named = [...source.matchAll(/subLanguage:\s*(\[[^\]]*\]|"[^"]*"|'[^']*')/g)].flatMap((m) =>
    [...m[1].matchAll(/["']([^"']+)["']/g)].map((n) => fileOf(n[1])),
  );
  return [...new Set(named)].filter((needed) => needed && needed !== id);
}

async function grammarsModule(table) {
  const chosen = {};
  const names = {};
  for (const language of table) {
    const id = grammarFor(language);
    if (!id) continue;
    chosen[language.name] = id;
    for (const alias of language.aliases) names[alias] ??= language.name;
  }
  const queue = [...new Set(Object.values(chosen))];
  const needs = {};
  for (let i = 0; i < queue.length; ++i) {
    const id = queue[i];
    const needed = await dependencies(id);
    if (needed.length) needs[id] = needed;
    for (const next of needed) if (!queue.includes(next)) queue.push(next);
  }
  const specifier = (id) => ownPackages[id] ?? hljsFile(id);
  return [
    `export const grammars = {${queue.sort().map((id) => `${JSON.stringify(id)}: () => import(${JSON.stringify(specifier(id))})`).join(",\n")}};`,
    `export const chosen = ${JSON.stringify(chosen)};`,
    `export const aliases = ${JSON.stringify(names)};`,
    `export const needs = ${JSON.stringify(needs)};`,
  ].join("\n");
}

function languagesModule(table) {
  const rows = table.map(({ name, label, ...lists }) =>
    [name, label, ...[lists.aliases, lists.extensions, lists.fileNames, lists.interpreters].map((list) => list.join(" "))]);
  return `export const languages = ${JSON.stringify(rows)};`;
}

/** The table of signs without what is only written for readers. */
async function signsModule(file) {
  const rows = (await readFile(file, "utf8")).split("\n").filter((row) => row && !row.startsWith("#"));
  return `export default ${JSON.stringify(rows.join("\n"))};`;
}

/** `file`: the table of languages, `signs`: that of their signs. */
export async function languageModules(root, file, signs) {
  const table = await readTable(file);
  const modules = {
    "virtual:grammars": () => grammarsModule(table),
    "virtual:languages": () => languagesModule(table),
    "virtual:signs": () => signsModule(signs),
  };
  return {
    name: "languages",
    setup(build) {
      build.onResolve({ filter: /^virtual:/ }, ({ path: name }) => ({ path: name, namespace: "virtual" }));
      build.onLoad({ filter: /.*/, namespace: "virtual" }, async ({ path: name }) => ({
        contents: await modules[name](),
        resolveDir: root,
        loader: "js",
      }));
    },
  };
}
