// Makes docs/screenshots/{compose,read,explore,history}-{light,dark}-{desktop,phone}.png of a running server, for the README:
//   SNIPPETD_URL=http://127.0.0.1:3000 harness/node/node_modules/.bin/node tests/browser/screenshots.mjs [FOLDER]
// It makes an account and some snippets there, so it wants a server of its own.

import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { Account } from "./lib/api.mjs";

const url = process.env.SNIPPETD_URL ?? "http://127.0.0.1:3000";
const folder = process.argv[2] ?? fileURLToPath(new URL("../../docs/screenshots", import.meta.url));
const bytesMax = 150_000;

const text = `"""Counts the words of a text, most frequent first."""

import re
import sys
from collections import Counter

WORD = re.compile(r"[^\\W\\d_]+")


def count_words(text: str, most: int = 10) -> list[tuple[str, int]]:
    """The \`most\` frequent words, without regard to case."""
    words = (word.casefold() for word in WORD.findall(text))
    return Counter(words).most_common(most)


def main() -> int:
    for word, count in count_words(sys.stdin.read()):
        print(f"{count:6d}  {word}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
`;

const looks = [];
for (const colorScheme of ["light", "dark"]) {
  looks.push({ name: `${colorScheme}-desktop`, colorScheme, viewport: { width: 1280, height: 800 } });
  looks.push({ name: `${colorScheme}-phone`, colorScheme, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
}

const others = [
  ["point.go", "// Package point has points of a plane.\npackage point\n\ntype Point struct{ X, Y float64 }\n\nfunc (p Point) Add(o Point) Point {\n\treturn Point{p.X + o.X, p.Y + o.Y}\n}\n", ["geometry"]],
  ["", "-- Who has ordered most, and how much\nSELECT u.name, count(*) AS orders, sum(o.total) AS total\nFROM users u JOIN orders o ON o.user_id = u.id\nWHERE o.placed_at > now() - interval '30 days'\nGROUP BY u.name ORDER BY total DESC LIMIT 10;\n", ["report"]],
  ["Makefile", "CXXFLAGS := -O2 -Wall -std=c++20\n\nall: greet  # what there is to make\n\ngreet: greet.o\n\t$(CXX) -o $@ $^\n", ["build", "example"]],
];
const ada = await Account.make(url, { name: "ada" });
for (const [title, body, tags] of others) await ada.create({ title, body, visibility: "public", tags, ...(title ? {} : { language: "sql" }) });
const { id } = await ada.create({ title: "count_words.py", body: text, visibility: "public", tags: ["text", "example"] });
const edited = await ada.create({ title: "count_words.py", body: text, visibility: "unlisted" });
await ada.edit(edited.id, { body: text.replace("most: int = 10", "most: int = 20").replace("{count:6d}", "{count:8d}").replace("import sys\n", "") });
await mkdir(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.SNIPPETD_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  for (const { name, ...options } of looks) {
    const context = await browser.newContext({ ...options, baseURL: url, reducedMotion: "reduce" });
    const page = await context.newPage();
    const save = async (subject) => {
      const path = join(folder, `${subject}-${name}.png`);
      await page.screenshot({ path, animations: "disabled", caret: "hide" });
      const { size } = await stat(path);
      console.log(`${path}: ${size} bytes`);
      if (size > bytesMax) throw new Error(`${path} has more than ${bytesMax} bytes`);
    };
    await page.goto(`/s/${id}`);
    await page.locator("code[data-highlighted]").waitFor();
    await save("read");
    await page.goto("/explore");
    await save("explore");
    await page.goto(`/s/${edited.id}/revisions?from=1&to=2`);
    await save("history");
    await page.goto("/");
    await page.locator("#title").fill("count_words.py");
    const editor = page.locator("#editor .cm-content");
    await editor.waitFor();
    await editor.fill(text);
    await page.locator("#language").fill("python");
    await editor.locator(".cm-line span").first().waitFor();
    await page.evaluate(() => {
      const scroller = document.querySelector("#editor").shadowRoot.querySelector(".cm-scroller");
      scroller.scrollTop = 0;
      document.querySelector("#editor").shadowRoot.activeElement?.blur();
      document.activeElement?.blur();
      scrollTo(0, 0);
    });
    await save("compose");
    await context.close();
  }
} finally {
  await browser.close();
}
