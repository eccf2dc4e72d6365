// Creates a document of each file on standard input (a JSON array of paths) with the client `hastebin`; prints the links.
//   node haste.mjs SERVER [raw]

import { readFileSync } from "node:fs";
import hastebin from "hastebin";

const [server, raw] = process.argv.slice(2);
for (const path of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(await hastebin.createPaste(readFileSync(path, "utf8"), { server, raw: raw === "raw" }));
}
