// Builds the assets: node build.mjs OUTDIR LANGUAGES SIGNS (src/model/languages.txt and language_signs.txt)
// OUTDIR/files gets every file under a name that changes with its content, beside it `.br` and `.gz` where they are
// smaller; OUTDIR/manifest.json says which file is which. The same sources give the same bytes.

import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompress, constants, gzip } from "node:zlib";
import { promisify } from "node:util";
import { languageModules } from "./languages.mjs";
import { terminalStyle } from "./terminal.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const types = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

const [, , out, languages, signs] = process.argv;
if (!out || !languages || !signs) {
  console.error("usage: node build.mjs OUTDIR LANGUAGES SIGNS");
  process.exit(2);
}
const files = path.join(path.resolve(out), "files");

/** What leaves the build: { name, file, bytes }. */
const assets = new Map();
const add = (name, file, bytes) => assets.set(file, { name, file, bytes });

async function bundle(names, { format, splitting }) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => `src/${name}.ts`),
    outdir: "out",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    format,
    splitting,
    target: ["es2022"],
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
    plugins: [await languageModules(root, path.resolve(languages), path.resolve(signs))],
  });
  const entries = new Map();
  for (const [file, meta] of Object.entries(result.metafile.outputs)) {
    if (meta.entryPoint) entries.set(path.basename(file), path.basename(meta.entryPoint, ".ts"));
  }
  for (const { path: file, contents } of result.outputFiles) {
    const base = path.basename(file);
    const entry = entries.get(base);
    add(names.includes(entry) ? `${entry}.js` : base, base, Buffer.from(contents));
  }
}

async function copy(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const { name: stem, ext } = path.parse(name);
  add(name, `${stem}-${hash}${ext}`, bytes);
}

// Each page's script is one file, so that nothing is found out late; only what a page may do without is split off.
await bundle(["theme"], { format: "iife", splitting: false });
for (const name of ["common", "read", "embed", "me", "stats", "error", "docs"]) {
  await bundle([name], { format: "esm", splitting: false });
}
await bundle(["compose"], { format: "esm", splitting: true });
await bundle(["highlighter"], { format: "esm", splitting: true });

const style = await readFile(path.join(root, "src/style.css"), "utf8");
const terminal = await readFile(path.join(root, "src/terminal.css"), "utf8");
for (const [name, text] of [["style.css", style], ["terminal.css", terminal + terminalStyle(style)]]) {
  const { code } = await transform(text, { loader: "css", minify: true, target: ["es2022"] });
  await copy(name, Buffer.from(code));
}
for (const icon of ["favicon.svg", "icon-180.png", "og.png"]) {
  await copy(icon, await readFile(path.join(root, "icons", icon)));
}

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);
await rm(path.resolve(out), { recursive: true, force: true });
await mkdir(files, { recursive: true });
const manifest = [];
for (const { name, file, bytes } of [...assets.values()].sort((a, b) => (a.file < b.file ? -1 : 1))) {
  const ext = path.extname(file);
  const entry = { name, file, type: types[ext], br: false, gz: false };
  await writeFile(path.join(files, file), bytes);
  if (ext !== ".png") {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    const br = await brotli(bytes, { params });
    const gz = await zip(bytes, { level: 9 });
    gz[9] = 255; // the system that made it: unknown, so that all make the same
    if (br.length < bytes.length) {
      entry.br = true;
      await writeFile(path.join(files, `${file}.br`), br);
    }
    if (gz.length < bytes.length) {
      entry.gz = true;
      await writeFile(path.join(files, `${file}.gz`), gz);
    }
  }
  manifest.push(entry);
}
const lines = manifest.map((entry) => `  ${JSON.stringify(entry)}`);
await writeFile(path.join(path.resolve(out), "manifest.json"), `[\n${lines.join(",\n")}\n]\n`);
