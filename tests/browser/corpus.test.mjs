// Real files in many languages, and bodies that mean harm: all are shown as exactly their text, and nothing in them runs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, delimiter, dirname } from "node:path";

import { codeOf, factor, isShown, phone, saysSoon, test, until } from "./lib/browser.mjs";

const every = (process.env.SNIPPETD_FILES ?? "").split(delimiter).filter(Boolean);
// A third of them is enough to see that it works; the long form opens each.
const files = process.env.SNIPPETD_LONG === "1" ? every : every.filter((_, index) => index % 3 === 0);

/** Whether `body` is shown exactly, before and after the colours; gives the language, and what it is coloured in. */
async function look(page, id, body) {
  // The highlighter waits until the text has been looked at as the server wrote it.
  let go;
  const looked = new Promise((resolve) => (go = resolve));
  await page.route(/highlighter-/, async (route) => {
    await looked;
    await route.continue().catch(() => undefined);
  });
  await page.goto(`/s/${id}`);
  assert.equal(await codeOf(page), body, "before");
  const language = await page.locator(".snippet").getAttribute("data-language");
  go();
  let coloured = null;
  if (language !== "text") {
    const worker = until(() => page.locator("code[data-highlighted]").count(), `colours of ${language}`, 12_000);
    await worker.then(async () => (coloured = await page.locator("code[data-highlighted]").getAttribute("data-highlighted")));
    assert.equal(await codeOf(page), body, "after");
  }
  await page.unroute(/highlighter-/);
  return { language, coloured };
}

// Languages that nobody has written a grammar for: their text stays plain.
const plain = new Set(["cobol", "nickel", "purescript", "rpm-spec", "swig", "text", "yacc"]);

test("the files of the corpus open in their languages, with exactly their text", async (t) => {
  assert.ok(files.length > 0);
  const pages = await Promise.all([t.open(null), t.open(null)]);
  const wrong = [];
  const rest = [...files];
  await Promise.all(pages.map(async (page) => {
    for (let file = rest.pop(); file; file = rest.pop()) {
      const body = readFileSync(file, "utf8");
      const made = await t.anonymous.create({ title: basename(file), body });
      try {
        if (plain.has(made.language)) {
          await page.goto(`/s/${made.id}`);
          assert.equal(await codeOf(page), body);
        } else {
          const { coloured } = await look(page, made.id, body);
          assert.equal(coloured, made.language);
          assert.ok((await page.locator("pre.code :is([class^=hljs-], .hc, .hk, .hs, .hn, .ht, .hy, .ha, .hg)").count()) > 0, "there are no colours");
        }
      } catch (error) {
        wrong.push(`${basename(dirname(file))}/${basename(file)} (${made.language}): ${error.message.slice(0, 200)}`);
      }
    }
  }));
  assert.deepEqual(wrong, []);
}, { seconds: 150 });

const bidi = "access = \"user\u202e \u2066// only admins\u2069 \u2066\"\nif (x) { /* \u202d } \u200b\u200c\u200d\ufeff */\n";
const hostile = {
  "script.html": "<script>alert(1)</script>\n<img src=x onerror=alert(2)>\n<svg/onload=alert(3)>\n</code></pre><script>alert(4)</script><!--\n",
  "end.js": "</script><script>alert(1)</script>\n`${alert(2)}`\n]]>\n{{CODE}}{{#OWNER}}%s\n",
  "bidi.c": bidi,
  "right.txt": "שלום עולם\nمرحبا بالعالم\n\u202e reversed \u202c\n",
  "long.js": `const x = "${"a".repeat(10_000)}";\n`,
  "long.txt": `${"word ".repeat(20_000)}\n`,
  "crlf.py": "def f():\r\n    return 1\r\n\r\n# a lone\rreturn\r\n",
  "empty-lines.txt": "\n\n\n\n",
  "blank.txt": " ",
  "no-end.c": "int x;",
  "controls.txt": "\u0001\u0008\u000b\u000c\u001b[31mred\u001b[0m\u007f\u0085\u2028\u2029\n",
  "astral.txt": "𝕏👩‍👩‍👧‍👦é\u0301\uD7FF\uE000\uFFFD\uFFFF\n",
};

test("hostile bodies are shown as they are: nothing runs, nothing is fetched, nothing breaks out", async (t) => {
  const page = await t.open(null);
  for (const [title, body] of Object.entries(hostile)) {
    const { id } = await t.anonymous.create({ title, body });
    const long = body.split("\n").some((line) => line.length >= 10_000);
    if (long) {
      await page.goto(`/s/${id}`);
      assert.equal(await codeOf(page), body, title);
    } else {
      await look(page, id, body).catch((error) => assert.fail(`${title}: ${error.message}`));
    }
    for (const viewport of [{ width: 1280, height: 800 }, phone]) {
      await page.setViewportSize(viewport);
      const { wider, headerWidth } = await page.evaluate(() => ({
        wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        headerWidth: document.querySelector("h1").getBoundingClientRect().right,
      }));
      assert.equal(wider, 0, `${title} makes the page wider`);
      assert.ok(headerWidth <= viewport.width, title);
    }
    assert.equal(await page.locator("main script, main img[onerror], main svg[onload]").count(), 0, title);
    await isShown(page.locator("footer"));
  }
}, { seconds: 60 });

test("the title, the tags and the owner of a snippet are text, everywhere", async (t) => {
  const ada = await t.signUp();
  const title = `"><script>alert(1)</script><b onclick=alert(2)>{{ID}} & 'x' \u202e`;
  const { id } = await ada.create({ title, body: "x\n", tags: ["<i>", "a\"b", "&amp;"], visibility: "public" });
  await ada.edit(id, { title: `${title}2`, body: "y\n" });
  const page = await t.open(null, { account: ada });
  for (const path of [`/s/${id}`, `/s/${id}/edit`, `/s/${id}/stats`, `/s/${id}/delete`, `/s/${id}/revisions?from=1&to=2`, "/me", "/explore",
    `/me?q=${encodeURIComponent(title)}&tag=${encodeURIComponent('"><i>')}`, `/login?next=${encodeURIComponent('/"><b>')}`]) {
    await page.goto(path);
    assert.equal(await page.locator("main script, main b[onclick], main i").count(), 0, path);
    assert.doesNotMatch(await page.title(), /&lt;|&amp;lt;/, path);
  }
  await page.goto(`/s/${id}`);
  assert.equal(await page.locator("h1").textContent(), `${title}2`);
  assert.equal(await page.locator('meta[property="og:title"]').getAttribute("content"), `${title}2`);
  assert.deepEqual((await page.locator(".about .tags li").allTextContents()).toSorted(), ["<i>", "a\"b", "&amp;"].toSorted());
  await page.goto(`/s/${id}/edit`);
  assert.equal(await page.locator("#title").inputValue(), `${title}2`);
});

const markdown = [
  "# <script>alert(1)</script>", "<script>alert(2)</script>", "<img src=x onerror=alert(3)>", "<iframe src='https://example.org/'></iframe>",
  "<style>body { display: none }</style>", "<form action='https://example.org/'><input name=a><button>b</button></form>",
  "<a href=\"javascript:alert(4)\">html</a>", "[a](javascript:alert(5))", "[b](JaVaScRiPt&#58;alert(6))", "[c](data:text/html,<script>alert(7)</script>)",
  "[d](vbscript:x)", "[e](\tjavascript:alert(8))", "[f](  java\nscript:alert(9))", "![i](javascript:alert(10))", "![j](data:image/svg+xml,<svg/onload=alert(11)>)",
  "![k](https://example.org/pixel.png)", "<javascript:alert(12)>", "[g]: javascript:alert(13)", "[g]", "[h](https://example.org/ \"x' onclick='alert(14)\")",
  "<div style=\"position:fixed;inset:0\">over everything</div>", "<svg><script>alert(15)</script></svg>", "<math><a xlink:href=javascript:alert(16)>x</a></math>",
  "<base href=https://example.org/>", "<meta http-equiv=refresh content='0;url=https://example.org/'>", "<details open ontoggle=alert(17)>x</details>",
  `| ${"a|".repeat(50)}`, `|${"-|".repeat(50)}`, `${"x".repeat(5000)}`, `${">".repeat(200)} deep`, "```html\n<script>alert(18)</script>\n```",
].join("\n\n");

test("hostile Markdown renders to harmless HTML, which links only to the web", async (t) => {
  const { id } = await t.anonymous.create({ title: "evil.md", body: `${markdown}\n` });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    const rendered = page.locator(".markdown");
    await isShown(rendered);
    assert.equal(await rendered.locator("script, iframe, style, form, input:not([type=checkbox]), button, base, meta, svg, math, object, embed").count(), 0);
    const found = await rendered.evaluate((box) => {
      const all = [...box.querySelectorAll("*")];
      return {
        handlers: all.flatMap((element) => [...element.attributes].filter(({ name }) => /^on|^style$/i.test(name)).map(({ name }) => name)),
        links: all.flatMap((element) => ["href", "src", "action", "xlink:href"].map((name) => element.getAttribute(name))).filter((value) => value !== null),
      };
    });
    assert.deepEqual(found.handlers, []);
    for (const link of found.links) assert.match(link, /^(https?:|mailto:|#|\/|$)/i, `a link to ${link}`);
    if (scripts) {
      for (const link of await rendered.locator("a:visible").all()) {
        if (!/^https?:/.test((await link.getAttribute("href")) ?? "")) await link.click({ timeout: 1000 * factor }).catch(() => undefined);
      }
      assert.ok(page.url().includes(id));
    }
    for (const viewport of [{ width: 1280, height: 800 }, { width: 320, height: 640 }]) {
      await page.setViewportSize(viewport);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
    }
  }
});

test("hidden and reordering characters cannot be overlooked, or cannot change what is read", async (t) => {
  const { id } = await t.anonymous.create({ title: "bidi.c", body: bidi });
  const page = await t.open(`/s/${id}`);
  await saysSoon(page.locator("pre.code"), /access/);
  // A line's trick ends with the line, and a line is never in another's place.
  const tops = await page.locator("[data-n]").evaluateAll((lines) => lines.map((line) => line.getBoundingClientRect().top));
  assert.deepEqual(tops, [...tops].sort((a, b) => a - b));
  assert.equal(await page.locator("pre.code").getAttribute("dir"), "ltr");
  assert.equal(await page.locator("[data-n]").first().evaluate((line) => getComputedStyle(line).unicodeBidi).then((value) => /isolate|plaintext/.test(value)), true);
});
