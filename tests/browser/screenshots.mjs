// Makes docs/screenshots/{compose,read}-{light,dark}-{desktop,phone}.png of a running server, for the README:
//   SNIPPETD_URL=http://127.0.0.1:3000 harness/node/node_modules/.bin/node tests/browser/screenshots.mjs [FOLDER]
// It makes one snippet there.

import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { anonymous } from "./lib/api.mjs";

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

const { id } = await anonymous(url).create({ title: "count_words.py", body: text, visibility: "public", tags: ["text", "example"] });
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
