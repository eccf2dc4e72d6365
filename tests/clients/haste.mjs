// Creates a document of each file on standard input (a JSON array of paths) with the client `hastebin`; prints the links.
//   node haste.mjs SERVER [raw]
// The client goes on trying for minutes when a connection breaks; HASTE_SECONDS says when that is enough.

import { readFileSync } from "node:fs";
import hastebin from "hastebin";

const [server, raw] = process.argv.slice(2);
if (process.env.HASTE_SECONDS) {
  setTimeout(() => {
    console.error("haste: still no answer");
    process.exit(1);
  }, 1000 * Number(process.env.HASTE_SECONDS));
}
for (const path of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(await hastebin.createPaste(readFileSync(path, "utf8"), { server, raw: raw === "raw" }));
}
process.exit(0);
