// Lighthouse on its mobile profile: compose, read and lists. A busy machine makes pages slow, so performance has three tries, and
// decides in `./test --long` alone; otherwise it is told.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

import { Account, anonymous } from "./lib/api.mjs";

const url = process.env.SNIPPETD_URL;
const wanted = 95;
const categories = ["performance", "accessibility", "best-practices", "seo"];
let chrome;

before(async () => {
  chrome = await launch({
    chromePath: process.env.SNIPPETD_CHROMIUM ?? "/usr/bin/chromium",
    chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    logLevel: "silent",
    handleSIGINT: true,
  });
});

after(() => chrome?.kill());

/** Scores from 0 to 100 by category, null where it could not be measured, and what cost points. */
async function measure(address, onlyCategories) {
  const { lhr } = await lighthouse(address, { port: chrome.port, onlyCategories, logLevel: "silent", output: "json" });
  const scores = {};
  const lost = [];
  for (const [name, { score, auditRefs }] of Object.entries(lhr.categories)) {
    scores[name] = score === null ? null : Math.round(score * 100);
    for (const { id } of score === null ? auditRefs : []) {
      if (lhr.audits[id].scoreDisplayMode === "error") lost.push(`${name} ${id}: ${lhr.audits[id].errorMessage}`);
    }
    for (const { id, weight } of auditRefs) {
      const audit = lhr.audits[id];
      if (weight > 0 && audit.score !== null && audit.score < 0.95) lost.push(`${name} ${id}: ${audit.displayValue ?? audit.title}`);
    }
  }
  return { scores, lost };
}

async function check(address) {
  const { scores, lost } = await measure(address, categories);
  for (let tries = 1; tries < 3; ++tries) {
    // What could not be measured, of a busy machine or a browser that was late, says nothing of the page.
    const wanting = categories.filter((name) => scores[name] === null || (name === "performance" && scores[name] < wanted));
    if (!wanting.length) break;
    const again = await measure(address, wanting);
    for (const name of wanting) scores[name] = Math.max(scores[name] ?? -1, again.scores[name] ?? -1);
    for (const name of wanting) if (scores[name] < 0) scores[name] = null;
    lost.push(...again.lost);
  }
  console.log(`${address}: ${JSON.stringify(scores)}`);
  const deciding = categories.filter((name) => name !== "performance" || process.env.SNIPPETD_LONG === "1");
  for (const name of deciding) assert.ok(scores[name] >= wanted, `${name} is ${scores[name]}\n${lost.join("\n")}`);
}

test("compose", { timeout: 120_000 }, () => check(`${url}/`));

for (const [what, path] of [["Explore", "/explore"], ["an account's page", "/users/"]]) {
  test(what, { timeout: 120_000 }, async () => {
    const ada = await Account.make(url);
    for (let n = 0; n < 25; ++n) {
      const body = `package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println(${n})\n}\n`;
      await ada.create({ title: n % 2 ? "" : `main${n}.go`, body, visibility: "public", tags: ["one", "two words"] });
    }
    await check(url + path + (path.endsWith("/") ? ada.name : ""));
  });
}

test("read, of a public snippet", { timeout: 120_000 }, async () => {
  const body = Array.from({ length: 120 }, (_, n) => `def function_${n}(x):\n    return x * ${n}  # number ${n}\n`).join("\n");
  const { id } = await anonymous(url).create({ title: "numbers.py", body, visibility: "public" });
  await check(`${url}/s/${id}`);
});
