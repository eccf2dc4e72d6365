// The page and the service guess the same language for the same text, so that what is seen while writing is what is shared.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";

import { test } from "./lib/browser.mjs";

const root = new URL("../../", import.meta.url);
// The pages' own bundler, which has been installed for the build.
const { build } = createRequire(new URL("web/package.json", root))("esbuild");

async function newGuesser() {
  const entry = new URL("web/src/guess.ts", root).pathname;
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  const { Guesser } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
  return new Guesser(await readFile(new URL("src/model/language_signs.txt", root), "utf8"));
}

test("the page guesses what the service guesses, of every short paste", async (t) => {
  const guesser = await newGuesser();
  const ada = await t.signUp();
  const folder = new URL("tests/pastes/", root);
  const texts = [];
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(".pastes")).sort()) {
    texts.push(...(await readFile(new URL(name, folder), "utf8")).split("\n=====\n"));
  }
  assert.ok(texts.length >= 400);
  const differing = [];
  for (const body of texts) {
    const { language } = await ada.create({ body });
    // The service reads the `#!` line itself, as the editor does the name of a file.
    if (!body.startsWith("#!") && (guesser.guess(body) ?? "text") !== language) differing.push([language, body.slice(0, 60)]);
  }
  assert.deepEqual(differing, []);
});
