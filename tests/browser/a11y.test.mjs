// Accessible: axe finds nothing on any page and state, in light and dark, wide and narrow; nothing scrolls sideways at
// 320 px; and the keyboard alone gets everywhere and back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { desktop, editorOf, highlighted, isHidden, isShown, phone, saysSoon, tabTo, test, until } from "./lib/browser.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe complains about on the page as it is now, in a line each. */
async function complaints(page) {
  // Not by a script element: the page's policy would refuse it.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async (values) => {
    const found = await window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
    return found.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`) }));
  }, tags);
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.join("\n    ").replace(/\s+/g, " ")}`);
}

/** Has an animation that is under way end: axe would see its colours half-way. */
const settled = (page) => page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));

const looks = [];
for (const colorScheme of ["light", "dark"]) for (const viewport of [desktop, phone]) looks.push({ colorScheme, viewport });

/** Every look of the page as it is now; with 320 px, for what scrolls sideways. */
async function check(page, what, wrong) {
  for (const { colorScheme, viewport } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(viewport);
    await settled(page);
    for (const complaint of await complaints(page)) wrong.add(`${what}, ${colorScheme}, ${viewport.width} px: ${complaint}`);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  // What scripts draw follows the width in a moment.
  await until(async () => (await wider()) <= 0, "the width", 1000).catch(async () => wrong.add(`${what}: at 320 px it scrolls ${await wider()} px sideways`));
  await page.setViewportSize(desktop);
}

const code = "#include <cstdio>\n\n// A comment\nint main() {\n\tstd::puts(\"a string\");\n  return 0x1F;\n}\n";
const everything = "# Title\n\nText, `code`, [link](https://example.org/), **bold**.\n\n- [x] done\n- item\n\n> quote[^1]\n\n$$\\sum_{i=1}^n x_i$$ and $\\frac{1}{2}$\n\n[^1]: note[^1]\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(): return 'x'  # why\n```\n\n---\n\n![image](https://example.org/x.png)\n";

/** Colours of a terminal on each other, in some of each kind. */
function everyStyle() {
  const lines = Array.from({ length: 8 }, (_, n) => `\x1b[3${n}mtext\x1b[m \x1b[9${n}mtext\x1b[m \x1b[1;2;3${n}mtext\x1b[m \x1b[4${n}mtext\x1b[m \x1b[7;3${n}mtext\x1b[m \x1b[3${n};4${(n + 3) % 8}mtext\x1b[m`);
  const shades = Array.from({ length: 31 }, (_, n) => `\x1b[38;5;${8 * n + 7}mtext\x1b[m \x1b[48;5;${8 * n + 3}mtext\x1b[m`);
  return [...lines, "\x1b[2mdim\x1b[m \x1b[7minverse\x1b[m \x1b[4;9mlines\x1b[m\x07", ...shades].join("\n");
}

test("axe finds nothing on the pages that anybody opens", async (t) => {
  t.expect(/status of 4(04|10|22|01)/);
  const ada = await t.signUp();
  const empty = await t.open("/explore");
  const wrong = new Set();
  await check(empty, "explore, empty", wrong);
  const long = "a-very-long-name-without-any-place-to-break-it-".repeat(4);
  const { id } = await ada.create({ title: `${long}.cpp`, body: code, visibility: "public", tags: ["one", "t".repeat(32)], expires_in: 86_400 });
  const md = await ada.create({ title: "readme.md", body: everything, visibility: "public" });
  const output = await ada.create({ body: `${everyStyle()}\n`, visibility: "public" });
  const burning = await ada.create({ body: "x", burn_after_reading: true });
  const gone = await ada.create({ body: "secret\n", burn_after_reading: true });
  await ada.edit(md.id, { body: `${everything}more\n` });
  const page = await t.open(null);
  for (const [what, path] of [["explore", "/explore"], ["filtered", "/explore?language=cpp&sort=oldest"], ["nothing found", "/explore?language=none"],
    ["profile", `/users/${ada.name}`], ["terminal", "/terminal"], ["log-in", "/login"], ["sign-up", "/signup"], ["read", `/s/${id}#L3-L5`], ["embed", `/s/${id}/embed`], ["terminal output", `/s/${output.id}#L2-L9`], ["terminal output, embedded", `/s/${output.id}/embed`], ["Markdown", `/s/${md.id}`],
    ["revisions", `/s/${md.id}/revisions`], ["inline", `/s/${md.id}/revisions?from=1&to=2`], ["split", `/s/${md.id}/revisions?from=1&to=2&view=split`],
    ["old version", `/s/${md.id}/revisions/1`], ["burning", `/s/${burning.id}`], ["404", "/s/AAAAAAAAAAAA"]]) {
    await page.goto(path);
    if (what === "read") await highlighted(page);
    if (what === "Markdown") await page.locator(".markdown pre .hk").first().waitFor();
    await check(page, what, wrong);
    if (what !== "terminal output") continue;
    await page.locator("label", { hasText: "Text" }).click();
    await check(page, "terminal output, as text", wrong);
  }
  await page.goto(`/s/${gone.id}`);
  await page.locator("button", { hasText: "Show it now" }).click();
  await isShown(page.locator("pre.code"));
  await check(page, "burned", wrong);
  await page.goto(`/s/${gone.id}`);
  await check(page, "410", wrong);
  await page.goto("/login");
  await page.locator("#username").fill("nobody");
  await page.locator("#password").fill("wrong horse");
  await page.locator("main form button").click();
  await isShown(page.locator(".notice.bad"));
  await check(page, "log-in refused", wrong);
  assert.deepEqual([...wrong], []);
}, { seconds: 110 });

test("axe finds nothing on the documentation", async (t) => {
  const wrong = new Set();
  const page = await t.open("/docs");
  await check(page, "documentation", wrong);
  for (const chapter of ["snippets#createSnippet", "rules", "schemas"]) {
    await page.goto(`/docs/${chapter}`);
    await check(page, `documentation, ${chapter}`, wrong);
  }
  assert.deepEqual([...wrong], []);
}, { seconds: 110 });

test("axe finds nothing in the states of compose", async (t) => {
  t.expect(/status of 4(22|12)/);
  const wrong = new Set();
  const page = await t.open("/");
  await editorOf(page);
  await check(page, "compose, empty", wrong);
  await page.locator("#editor .cm-content").fill("def greet(name):\n    print('hello', name)\n".repeat(3));
  await page.locator("#title").fill("greet.py");
  await isShown(page.locator("#guess"));
  await check(page, "compose, guessed", wrong);
  await page.locator("#language").fill("klingon");
  await page.locator("#title").focus();
  await isShown(page.locator("#language-note"));
  await check(page, "compose, an unknown language", wrong);
  await page.locator("#language").fill("");
  for (const [keys, panel, names] of [
    ["Control+f", "cm-search", ["Find", "Next", "Previous", "Select all", "Match case", "Regex", "Whole words", "Replace with", "Replace", "Replace all", "Close"]],
    ["Control+Alt+g", "cm-goto-line", ["Go to line:", "Go", "Close"]],
  ]) {
    await page.locator("#editor .cm-content").focus();
    await page.keyboard.press(keys);
    await isShown(page.locator(`#editor .${panel}`));
    await check(page, `compose, ${panel}`, wrong);
    for (const name of names) {
      const controls = ["textbox", "button", "checkbox"].map((role) => page.locator(`#editor .${panel}`).getByRole(role, { name, exact: true }));
      assert.equal((await Promise.all(controls.map((control) => control.count()))).reduce((a, b) => a + b), 1, `${panel}: ${name}`);
    }
    await page.keyboard.press("Escape");
    await isHidden(page.locator(`#editor .${panel}`));
  }
  await page.locator("#tags").fill("t".repeat(40));
  await page.locator("#share").click();
  await isShown(page.locator("#problem"));
  await check(page, "compose, refused", wrong);
  await page.locator("#tags").fill("");
  await page.locator("#language").fill("markdown");
  await page.locator("#tab-preview").click();
  await isShown(page.locator("#preview > *").first());
  await check(page, "compose, with a preview", wrong);
  await page.locator("#language").fill("");
  await page.locator("#share").click();
  await isShown(page.locator(".handover"));
  for (const summary of ["QR", "Embed"]) await page.locator(".handover summary", { hasText: summary }).click();
  await check(page, "handed over", wrong);
  const ada = await t.signUp();
  const { id } = await ada.create({ body: "one\ntwo\n", title: "a.txt" });
  const edit = await t.open(`/s/${id}/edit`, { account: ada });
  await editorOf(edit);
  await edit.locator("#editor .cm-content").fill("one\nmine\n");
  await edit.locator("#title").fill("b.txt");
  await ada.edit(id, { body: "one\ntheirs\n", title: "c.txt" });
  await edit.locator("#share").click();
  await isShown(edit.locator("#editor .cm-deletedChunk"));
  await check(edit, "two edits that have crossed", wrong);
  const plain = await t.open("/", { scripts: false });
  await plain.locator("#share").click();
  await isShown(plain.locator("#server-problem"));
  await plain.setViewportSize({ width: 320, height: 640 });
  if (await plain.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) wrong.add("compose without scripts scrolls sideways");
  assert.deepEqual([...wrong], []);
}, { seconds: 110 });

test("axe finds nothing on the pages of an account", async (t) => {
  t.expect(/status of (401|403|422)/);
  const ada = await t.signUp();
  const wrong = new Set();
  const page = await t.open("/me", { account: ada });
  await check(page, "me, empty", wrong);
  const { id } = await ada.create({ title: "one.cpp", body: code, tags: ["x"], expires_in: 86_400 });
  await ada.create({ title: "ein-sehr-langer-name-ohne-umbruch-".repeat(5), body: "x", visibility: "private" });
  await page.goto(`/s/${id}/stats`);
  await check(page, "statistics, empty", wrong);
  await t.anonymous.call("GET", `/s/${id}`);
  await page.goto("/me");
  await page.locator("#select-all").check();
  await check(page, "me", wrong);
  await page.locator("#delete-selected").click();
  await isShown(page.locator(".toast"));
  await check(page, "me, deleted", wrong);
  await page.locator(".toast button").click();
  for (const [what, path] of [["nothing found", "/me?q=nothing"], ["tokens", "/me/tokens"], ["account", "/me/account"], ["edit", `/s/${id}/edit`], ["delete", `/s/${id}/delete`]]) {
    await page.goto(path);
    if (what === "edit") await editorOf(page);
    await check(page, what, wrong);
  }
  await page.goto("/me/tokens");
  await page.locator("#name").fill("laptop");
  await page.locator("button", { hasText: "Make token" }).click();
  await isShown(page.locator("#new-token"));
  await check(page, "a new token", wrong);
  await until(async () => {
    await page.goto(`/s/${id}/stats?by=hour`);
    return (await page.locator("#chart canvas").count()) > 0;
  }, "the chart");
  await page.locator("summary", { hasText: "Figures" }).click();
  await check(page, "statistics", wrong);
  await page.goto(`/s/${id}`);
  await highlighted(page);
  await page.keyboard.press("q");
  await check(page, "read by its owner, with the QR code", wrong);
  assert.deepEqual([...wrong], []);
}, { seconds: 110 });

test("axe finds nothing in the dialogs, and they give the focus back", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ body: code });
  const page = await t.open(`/s/${id}`, { account: ada });
  const wrong = new Set();
  for (const opener of ["#shortcuts", "#go-to-line"]) {
    await page.locator(opener).focus();
    await page.keyboard.press("Enter");
    const dialog = page.locator("dialog[open]");
    await isShown(dialog);
    await check(page, `the dialog of ${opener}`, wrong);
    // Tab stays in it.
    for (let n = 0; n < 8; ++n) {
      await page.keyboard.press("Tab");
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog[open]") !== null), opener);
    }
    await page.keyboard.press("Escape");
    await isHidden(dialog);
    assert.ok(await page.locator(opener).evaluate((button) => document.activeElement === button), `the focus is not back on ${opener}`);
  }
  await page.locator("#delete").click();
  await isShown(page.locator("#undo"));
  await check(page, "deleted, with Undo", wrong);
  await page.locator("#undo").click();
  const odd = await ada.create({ title: "p\u0430ypal", body: "a\u202Eb\u200Bc\n" });
  await page.goto(`/s/${odd.id}`);
  await check(page, "a text that is not as it looks", wrong);
  assert.deepEqual([...wrong], []);
}, { seconds: 60 });

test("the skip link comes first and leads to the content", async (t) => {
  const page = await t.open("/explore");
  await page.keyboard.press("Tab");
  const skip = page.locator(".skip");
  assert.ok(await skip.evaluate((link) => document.activeElement === link));
  await until(() => skip.evaluate((link) => link.getBoundingClientRect().top >= 0), "the link to be seen");
  await page.keyboard.press("Enter");
  await until(() => page.evaluate(() => document.activeElement?.id === "main"), "the focus in main");
});

test("what has the focus is seen", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "a.cpp", body: code });
  for (const colorScheme of ["light", "dark"]) {
    const page = await t.open(`/s/${id}`, { account: ada, colorScheme });
    await isShown(page.locator(".for-owner"));
    const seen = new Set();
    for (let n = 0; n < 40; ++n) {
      await page.keyboard.press("Tab");
      const focus = await page.evaluate(() => {
        const active = document.activeElement;
        if (!active || active === document.body) return null;
        const rings = (element) => {
          const style = element && getComputedStyle(element);
          return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        };
        const box = active.getBoundingClientRect();
        return {
          name: active.outerHTML.slice(0, 60),
          // Around itself, or what it fills, or what stands for it.
          ring: [active, active.parentElement, active.nextElementSibling].some(rings),
          inView: box.bottom > 0 && box.top < innerHeight,
        };
      });
      if (!focus || seen.has(focus.name)) break;
      seen.add(focus.name);
      assert.ok(focus.ring, `no ring: ${focus.name}`);
      assert.ok(focus.inView, `not on the screen: ${focus.name}`);
    }
    assert.ok(seen.size >= 14, `${seen.size} stops`);
  }
});

/** The colours along the middle of each side of what `locator` shows, two pixels inside, by what the browser has drawn. */
async function colouredEdges(page, locator) {
  const png = (await locator.screenshot({ animations: "disabled" })).toString("base64");
  const canvas = await page.context().newPage(); // A page without a policy, which may read a picture.
  const colours = await canvas.evaluate(async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const { width, height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const points = [[24, 1], [width - 24, 1], [24, height - 2], [width - 24, height - 2], [1, 24], [1, height - 24], [width - 2, 24], [width - 2, height - 24]];
    return points.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].join());
  }, png);
  await canvas.close();
  return colours;
}

test("the ring around the text is whole on all four sides, with the editor and without it", async (t) => {
  for (const scripts of [true, false]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await t.open("/", { colorScheme, scripts });
      const text = scripts ? await editorOf(page) : page.locator("#body");
      const paper = page.locator(".paper");
      await page.locator("#title").focus();
      const before = new Set(await colouredEdges(page, paper));
      await text.fill("a line\n".repeat(80));
      await text.focus();
      const edges = new Set(await colouredEdges(page, paper));
      assert.equal(edges.size, 1, `${colorScheme}: ${[...edges].join(" ")}`);
      assert.ok(!before.has([...edges][0]), `${colorScheme}: no ring`);
    }
  }
});

test("by keyboard alone a snippet is written, shared, read and deleted", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/", { account: ada });
  await editorOf(page);
  await tabTo(page, "#title");
  await page.keyboard.type("keys.py");
  await tabTo(page, "#guess");
  await tabTo(page, ".cm-content");
  await page.keyboard.type("print('hello')");
  await page.keyboard.press("Escape");
  await tabTo(page, "[name=visibility]");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "#share");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/s/*");
  await isShown(page.locator(".for-owner"));
  const id = new URL(page.url()).pathname.slice(3);
  assert.deepEqual([(await ada.read(id)).visibility, (await ada.read(id)).language], ["public", "python"]);
  await page.keyboard.press("E");
  await page.waitForURL("**/edit");
  await page.goBack();
  await isShown(page.locator(".for-owner"));
  await tabTo(page, "#delete");
  await page.keyboard.press("Enter");
  await tabTo(page, ".deleted .danger", 3);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/me");
  assert.ok([404, 410].includes(await ada.statusOf(id)));
});

test("? shows the shortcuts, and they can be turned off", async (t) => {
  const { id } = await t.anonymous.create({ body: "one\ntwo\n" });
  const page = await t.open(`/s/${id}`);
  const dialog = page.locator("dialog[open]");
  await page.keyboard.press("?");
  await saysSoon(dialog.locator("h2"), "Keyboard shortcuts");
  await saysSoon(dialog, /Copy the text[\s\S]*Wrap long lines[\s\S]*Go to a line/);
  await dialog.locator("input[type=checkbox]").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Escape");
  await isHidden(dialog);
  for (const again of [false, true]) {
    if (again) await page.reload();
    await isShown(page.locator("#wrap"));
    for (const key of ["w", "?", "l", "n"]) await page.keyboard.press(key);
    assert.equal(await page.locator("#wrap").getAttribute("aria-pressed"), "false");
    assert.equal(await dialog.count(), 0);
    assert.ok(page.url().endsWith(id));
  }
  // The button still shows them.
  await page.locator("#shortcuts").click();
  await dialog.locator("input[type=checkbox]").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("w");
  assert.equal(await page.locator("#wrap").getAttribute("aria-pressed"), "true");
  await page.keyboard.press("n");
  await page.waitForURL((to) => to.pathname === "/");
});

test("nothing is taken for a shortcut while somebody writes", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  await editor.click();
  await page.keyboard.type("nemt?cwl");
  assert.equal(new URL(page.url()).pathname, "/");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await saysSoon(editor, /nemt\?cwl/);
});
