// Writes the grammars that the binary embeds: node build_grammars.mjs OUTDIR LANGUAGES (src/model/languages.txt)
// OUTDIR gets each as `NAME.json.br`, `grammars.json`, which says what is what, and the licences in NOTICE. The same
// sources give the same bytes.

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { chooseGrammars, notices } from "./grammars.mjs";

const [, , out, languagesFile] = process.argv;
if (!out || !languagesFile) {
  console.error("usage: node build_grammars.mjs OUTDIR LANGUAGES");
  process.exit(2);
}
const brotli = promisify(brotliCompress);
const { languages, grammars } = await chooseGrammars(path.resolve(languagesFile));
await rm(path.resolve(out), { recursive: true, force: true });
await mkdir(path.resolve(out), { recursive: true });
const rows = [];
for (const { scope, name, text } of grammars) {
  const bytes = Buffer.from(text);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 20,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  await writeFile(path.join(out, `${name}.json.br`), await brotli(bytes, { params }));
  rows.push({ scope, file: `${name}.json.br`, bytes: bytes.length });
}
const lines = (list) => list.map((row) => `  ${JSON.stringify(row)}`).join(",\n");
await writeFile(path.join(out, "NOTICE"), await notices(grammars.map(({ name }) => name)));
await writeFile(
  path.join(out, "grammars.json"),
  `{"grammars": [\n${lines(rows)}\n], "languages": [\n${lines(languages)}\n]}\n`,
);
