// The page of a snippet: what it says, its lines, its actions, for its owner and for everybody else.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { codeOf, highlighted, isHidden, isShown, saysSoon, test, until, url } from "./lib/browser.mjs";

const program = `#include <cstdio>\n\nint main() {\n\tstd::puts("hällo <b>wörld</b> & all");\n  return 0;  \n}\n`;
const numbered = (count) => Array.from({ length: count }, (_, n) => `line ${n + 1}`).join("\n") + "\n";

const marked = (page) => page.locator(".code .on").evaluateAll((lines) => lines.map((line) => line.dataset.n).join(" "));

/** Clicks the number of a line: generated content, left of its text. */
async function clickNumber(page, line, options) {
  await page.locator(`#L${line}`).click({ position: { x: 8, y: 8 }, ...options });
}

/** What a copy of the page's selection would hold, as text. */
const copied = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("copy", () => setTimeout(async () => resolve(await navigator.clipboard.readText()), 50), { once: true });
        document.execCommand("copy");
      }),
  );

const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };
const clipboardText = (page) => page.evaluate(() => navigator.clipboard.readText());

test("says title, owner, age, language, lines, size, visibility, tags and views", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({
    title: "hello.cpp", body: program, visibility: "public", tags: ["greeting", "c plus plus"], expires_in: 86_400 * 3 + 60,
  });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    await saysSoon(page.locator("h1"), "hello.cpp");
    const meta = page.locator(".about .meta");
    for (const part of [`by ${ada.name}`, "C++", "6 lines", "public", /viewed \d+×/, `${Buffer.byteLength(program)} bytes`]) {
      await saysSoon(meta, part instanceof RegExp ? part : new RegExp(part.replaceAll("+", "\\+")));
    }
    if (scripts) {
      await saysSoon(meta, /just now/);
      await saysSoon(meta, /expires in 3 days/);
    } else {
      await saysSoon(meta, /expires \d/);
    }
    assert.deepEqual(await page.locator(".about .tags li").allInnerTexts(), ["greeting", "c plus plus"]);
    assert.equal(await page.title(), "hello.cpp");
    assert.equal(await codeOf(page), program);
  }
  const nobody = await t.anonymous.create({ body: "x" });
  const page = await t.open(`/s/${nobody.id}`);
  await saysSoon(page.locator("h1"), "x");
  await saysSoon(page.locator(".about .meta"), /anonymous/);
});

test("selects and copies the text exactly, without line numbers, before and after the colours", async (t) => {
  const { id } = await t.anonymous.create({ title: "hello.cpp", body: program });
  const plain = await t.open(`/s/${id}`, clipboard);
  await highlighted(plain);
  assert.equal(await plain.locator("code").getAttribute("data-highlighted"), "cpp");
  assert.ok((await plain.locator("code .hk").count()) > 0);
  assert.equal(await codeOf(plain), program);
  await plain.evaluate(() => getSelection().selectAllChildren(document.querySelector("pre.code code")));
  assert.equal(await copied(plain), program);
  await plain.locator("#copy").click();
  await saysSoon(plain.locator(".toasts"), /Text copied/);
  assert.equal(await clipboardText(plain), program);

  // Before: what the server has written, where no highlighter can come.
  t.expect(/highlighter/);
  const context = await t.open(null, clipboard);
  await context.route(/highlighter/, (route) => route.abort());
  await context.goto(`/s/${id}`);
  assert.equal(await codeOf(context), program);
  await context.evaluate(() => getSelection().selectAllChildren(document.querySelector("pre.code code")));
  assert.equal(await copied(context), program);
});

const styled = "\x1b[0m\x1b[01;34mbin\x1b[0m\n\x1b[31;47mred\x1b[m \x1b[2mdim\x1b[m\x07\nplain\n";

test("shows what a terminal has shown in colours or as text, which the browser remembers", async (t) => {
  const { id } = await t.anonymous.create({ body: styled });
  const colourOf = (page) => page.locator(".t").first().evaluate((piece) => getComputedStyle(piece).color);
  const plain = await t.open(`/s/${id}`, { scripts: false });
  for (const page of [plain, await t.open(`/s/${id}#L2`, clipboard)]) {
    const ink = await page.locator("pre.code").evaluate((pre) => getComputedStyle(pre).color);
    await saysSoon(page.locator("h1"), "bin");
    assert.equal(await page.locator("#L1").innerText(), "bin\n");
    assert.notEqual(await colourOf(page), ink);
    assert.equal(await codeOf(page), styled);
    await page.locator("label", { hasText: "Text" }).click();
    assert.match(await page.locator("#L1").innerText(), /\[01;34mbin/);
    assert.equal(await colourOf(page), ink);
    const height = (line) => page.locator(line).evaluate((element) => element.offsetHeight);
    assert.equal(await height("#L1"), await height("#L3"), "a sequence makes no line higher");
    assert.equal(await page.locator("#L1 .e").first().evaluate((control) => getComputedStyle(control, "::before").content), '"^["');
    assert.equal(await page.locator("#L2 .e").last().evaluate((control) => getComputedStyle(control, "::before").content), '"^G"');
    if (page === plain) continue;
    assert.equal(await marked(page), "2");
    await page.locator("#copy").click();
    await saysSoon(page.locator(".toasts"), /Text copied/);
    assert.equal(await clipboardText(page), styled, "as text it is copied with its sequences");
    await page.reload();
    assert.match(await page.locator("#L1").innerText(), /\[01;34mbin/);
    await page.locator("label", { hasText: "Colours" }).click();
    assert.equal(await page.locator("#L1").innerText(), "bin\n");
    await page.locator("#copy").click();
    await until(async () => (await clipboardText(page)) === "bin\nred dim\nplain\n", "a copy of what is seen");
    await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("pre.code code")));
    assert.equal(await copied(page), "bin\nred dim\nplain\n");
  }
});

test("the key c copies", async (t) => {
  const { id } = await t.anonymous.create({ body: "no end of line" });
  const page = await t.open(`/s/${id}`, clipboard);
  await page.keyboard.press("c");
  await saysSoon(page.locator(".toasts"), /Text copied/);
  assert.equal(await clipboardText(page), "no end of line");
});

test("#L5-L9 marks and shows the lines on load, and when the address changes", async (t) => {
  const { id } = await t.anonymous.create({ body: numbered(3000) });
  const page = await t.open(`/s/${id}#L2500-L2503`);
  await until(async () => (await marked(page)) === "2500 2501 2502 2503", "lines 2500 to 2503");
  const inView = (n) => page.locator(`#L${n}`).evaluate((line) => {
    const { top, bottom } = line.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  await until(() => inView(2500), "line 2500 on the screen");
  await page.evaluate(() => (location.hash = "#L7"));
  await until(async () => (await marked(page)) === "7", "line 7");
  await until(() => inView(7), "line 7 on the screen");
  await page.evaluate(() => (location.hash = "#nonsense"));
  await until(async () => (await marked(page)) === "", "no line");
});

test("a click on a number selects its line, with shift up to another, and the address follows", async (t) => {
  const { id } = await t.anonymous.create({ body: numbered(30) });
  const page = await t.open(`/s/${id}`, clipboard);
  await clickNumber(page, 5);
  assert.equal(await marked(page), "5");
  assert.equal(new URL(page.url()).hash, "#L5");
  await clickNumber(page, 9, { modifiers: ["Shift"] });
  assert.equal(await marked(page), "5 6 7 8 9");
  assert.equal(new URL(page.url()).hash, "#L5-L9");
  await clickNumber(page, 3, { modifiers: ["Shift"] });
  assert.equal(new URL(page.url()).hash, "#L3-L5");
  await page.locator("#copy-link").click();
  await saysSoon(page.locator(".toasts"), /Link to the lines copied/);
  assert.equal(await clipboardText(page), `${url}/s/${id}#L3-L5`);
  // A click on the text selects nothing, and the number of the one selected line lets it go.
  await page.locator("#L8").click({ position: { x: 120, y: 8 } });
  assert.equal(await marked(page), "3 4 5");
  await clickNumber(page, 8);
  await clickNumber(page, 8);
  assert.equal(await marked(page), "");
  assert.equal(new URL(page.url()).hash, "");
});

test("the key l goes to a line or a range", async (t) => {
  const { id } = await t.anonymous.create({ body: numbered(200) });
  const page = await t.open(`/s/${id}`);
  await page.keyboard.press("l");
  const line = page.locator("#line");
  await isShown(line);
  await line.fill("900");
  await page.keyboard.press("Enter");
  await saysSoon(page.locator("#line-hint"), /no such line/);
  await line.fill("150-152");
  await page.keyboard.press("Enter");
  await isHidden(line);
  assert.equal(await marked(page), "150 151 152");
  assert.equal(new URL(page.url()).hash, "#L150-L152");
  await until(() => page.evaluate(() => document.activeElement?.matches("pre.code")), "the focus on the code");
  await page.keyboard.press("l");
  await isShown(line);
  await page.keyboard.press("Escape");
  await isHidden(line);
});

test("raw and download give the body, byte for byte", async (t) => {
  const { id } = await t.anonymous.create({ title: "hello.cpp", body: program });
  const page = await t.open(`/s/${id}`);
  await page.locator("a", { hasText: "Raw" }).click();
  await page.waitForURL(`**/s/${id}/raw`);
  assert.equal(await page.evaluate(() => document.body.textContent), program);
  await page.goBack();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a", { hasText: "Download" }).click()]);
  assert.equal(download.suggestedFilename(), "hello.cpp");
  assert.equal(await readFile(await download.path(), "utf8"), program);
});

test("wraps long lines, and remembers", async (t) => {
  const { id } = await t.anonymous.create({ body: `${"a long line ".repeat(80)}\nshort\n` });
  const page = await t.open(`/s/${id}`);
  const overflows = () => page.locator("pre.code").evaluate((pre) => pre.scrollWidth > pre.clientWidth + 1);
  assert.equal(await overflows(), true);
  await page.locator("#wrap").click();
  assert.equal(await page.locator("#wrap").getAttribute("aria-pressed"), "true");
  assert.equal(await overflows(), false);
  await page.reload();
  await until(async () => !(await overflows()), "wrapped lines after a reload");
  await page.keyboard.press("w");
  assert.equal(await overflows(), true);
});

test("copies the link, and shows it as a QR code, also without scripts", async (t) => {
  const { id } = await t.anonymous.create();
  const page = await t.open(`/s/${id}`, clipboard);
  await page.locator("#copy-link").click();
  await saysSoon(page.locator(".toasts"), /Link copied/);
  assert.equal(await clipboardText(page), `${url}/s/${id}`);
  for (const scripts of [true, false]) {
    const other = await t.open(`/s/${id}`, { scripts });
    const image = other.locator(".menu .qr");
    await isHidden(image);
    await other.locator(".menu summary").click();
    await isShown(image);
    const fetched = await other.request.get(`/s/${id}/qr.svg`);
    assert.equal(fetched.headers()["content-type"], "image/svg+xml");
    if (scripts) await until(() => image.evaluate((element) => element.complete && element.naturalWidth > 0), "the QR code");
  }
});

test("a picture is of the selected lines, in the colours that one sees, and without scripts of all", async (t) => {
  const { id } = await t.anonymous.create({ body: program });
  const lines = program.trimEnd().split("\n").length;
  for (const scheme of ["light", "dark"]) {
    const page = await t.open(`/s/${id}#L2-L3`, { colorScheme: scheme });
    await page.locator("pre.code").waitFor();
    await page.locator("body").press("q");
    await page.locator("#picture").click();
    await page.waitForURL(`${url}/s/${id}/picture.png?lines=2-3&theme=${scheme}`);
    assert.ok(await page.locator("img").evaluate((image) => image.naturalWidth > 600 && image.naturalHeight > 100));
  }
  const page = await t.open(`/s/${id}`, { scripts: false });
  await page.locator(".menu summary").click();
  await page.locator("#picture").click();
  await page.waitForURL(`${url}/s/${id}/picture.png?lines=1-${lines}`);
});

test("the code to embed a snippet is on its page, for what everybody may read", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create();
  const frame = `<iframe src="${url}/s/${id}/embed" width="100%" height="320" title="A snippet" loading="lazy" style="border:0"></iframe>`;
  const page = await t.open(`/s/${id}`, clipboard);
  await page.keyboard.press("q");
  assert.equal(await page.locator("#embed").inputValue(), frame);
  await page.locator("#copy-embed").click();
  await saysSoon(page.locator(".toasts"), /Embed code copied/);
  assert.equal(await clipboardText(page), frame);
  await page.keyboard.press("Escape");
  await isHidden(page.locator("#embed"));
  await page.keyboard.press("q");
  await isShown(page.locator("#embed"));
  await page.locator("h1").click();
  await isHidden(page.locator("#embed"));
  const hidden = await ada.create({ visibility: "private" });
  const own = await t.open(`/s/${hidden.id}`, { account: ada, scripts: false });
  await own.locator(".menu summary").click();
  await isShown(own.locator("#picture"));
  assert.equal(await own.locator("#embed").count(), 0);
});

test("only the owner sees edit, statistics and delete", async (t) => {
  const [ada, bob] = [await t.signUp(), await t.signUp()];
  const { id } = await ada.create({ title: "mine" });
  const page = await t.open(`/s/${id}`, { account: ada });
  for (const name of ["Edit", "Statistics", "Delete"]) await isShown(page.locator(".for-owner a", { hasText: name }));
  for (const account of [bob, undefined]) {
    const other = await t.open(`/s/${id}`, { account });
    await highlightedOrPlain(other);
    assert.equal(await other.locator(".for-owner").isVisible(), false);
    t.expect(/the server responded with a status of (403|404|401)/);
    for (const path of ["edit", "delete", "stats"]) {
      const answer = await other.goto(`/s/${id}/${path}`);
      assert.ok([401, 403, 404].includes(answer.status()), `${path}: ${answer.status()}`);
    }
  }
});

/** The page's scripts have run: the buttons that only they can show are there. */
const highlightedOrPlain = (page) => isShown(page.locator("#copy"));

test("the owner deletes by the button, and has time to undo it", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "mine" });
  const page = await t.open(`/s/${id}`, { account: ada });
  let deletes = 0;
  page.on("request", (request) => (deletes += request.method() === "DELETE" ? 1 : 0));
  await page.locator("#delete").click();
  await saysSoon(page.locator("h1:visible"), "Deleted");
  await isHidden(page.locator("article.snippet"));
  assert.ok(await page.locator("#undo").evaluate((button) => document.activeElement === button));
  await page.keyboard.press("Enter");
  await isShown(page.locator("article.snippet"));
  assert.equal(await page.locator("#delete").evaluate((button) => document.activeElement === button), true);
  assert.deepEqual([deletes, await ada.statusOf(id)], [0, 200]);
  // When the time is over it is deleted.
  await page.locator("#delete").click();
  await page.waitForURL("**/me", { timeout: 12_000 });
  assert.ok([404, 410].includes(await t.anonymous.statusOf(id)));
  t.expect(/status of 4(04|10)/);
  await page.goto(`/s/${id}`);
  await saysSoon(page.locator(".big-number"), /404|410/);
}, { seconds: 60 });

test("whoever leaves the page after the delete has deleted, and need not wait for it", async (t) => {
  const ada = await t.signUp();
  const [one, two] = [await ada.create({ title: "one" }), await ada.create({ title: "two" })];
  const page = await t.open(`/s/${one.id}`, { account: ada });
  await page.locator("#delete").click();
  await page.goto("/explore");
  await until(async () => [404, 410].includes(await ada.statusOf(one.id)), "the deletion after leaving");
  await page.goto(`/s/${two.id}`);
  await page.locator("#delete").click();
  await page.locator("button", { hasText: "Delete now" }).click();
  await page.waitForURL("**/me");
  assert.ok([404, 410].includes(await ada.statusOf(two.id)));
});

test("a deletion that is refused brings the snippet back", async (t) => {
  t.expect(/status of 503/);
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "mine" });
  const page = await t.open(`/s/${id}`, { account: ada });
  await page.route(`**/snippets/${id}`, (route) => route.fulfill({ status: 503, json: { title: "Unavailable", status: 503 } }));
  await page.locator("#delete").click();
  await page.locator("button", { hasText: "Delete now" }).click();
  await saysSoon(page.locator(".toast"), /Not deleted/);
  await isShown(page.locator("article.snippet"));
  assert.equal(await ada.statusOf(id), 200);
});

test("a document's headings are where its table of contents leads, also from elsewhere", async (t) => {
  const filler = "word ".repeat(400);
  const body = `[to it](#getting-started)\n\n${filler}\n\n${filler}\n\n${filler}\n\n## Getting started\n\n${filler}\n\n${filler}\n`;
  const { id } = await t.anonymous.create({ title: "readme.md", body });
  const inView = (page) => page.locator("#md-getting-started").evaluate((heading) => {
    const { top, bottom } = heading.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    assert.equal(await inView(page), false);
    await page.locator(".markdown a", { hasText: "to it" }).click();
    await until(() => inView(page), "the heading");
  }
  const linked = await t.open(`/s/${id}#getting-started`);
  await until(() => inView(linked), "the heading, by the name that GitHub gives it");
});

test("what is not as it looks is marked, told, and changes no order around it", async (t) => {
  const body = "if (level != \"user\u202E \u2066// is admin\u2069 \u2066\") {\n  p\u0430ypal(zero\u200Bwidth);\n}\n";
  const { id } = await t.anonymous.create({ title: "inn\u200Bocent.c", body });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    await saysSoon(page.locator("#odd"), /In the title[\s\S]*1 that is not seen[\s\S]*In the text[\s\S]*4 that change the order of others, 1 that is not seen, 1 that only looks like a Latin letter[\s\S]*line 1/);
    assert.equal(await page.locator(".code .odd").count(), 6);
    assert.equal(await page.locator("h1 .odd").count(), 1);
    assert.equal(await page.locator("pre.code code").evaluate((code) => code.textContent), body);
    // Left to right, as it is in the text.
    const places = await page.locator("#L1").evaluate((line) => {
      const at = (needle) => {
        const node = [...line.childNodes].find((one) => one.textContent.includes(needle));
        const range = document.createRange();
        range.selectNodeContents(node);
        return range.getBoundingClientRect().left;
      };
      return [at("level"), at("is admin"), at("{")];
    });
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
  }
  const usual = await t.open(`/s/${(await t.anonymous.create({ body: "naïve Größe, Привет, 中文\n" })).id}`);
  assert.equal(await usual.locator("#odd, .odd").count(), 0);
});

test("the owner deletes without scripts", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "mine" });
  const page = await t.open(`/s/${id}`, { account: ada, scripts: false });
  await page.locator("noscript a", { hasText: "delete" }).click();
  await saysSoon(page.locator("h1"), "Delete this snippet?");
  await page.locator("a", { hasText: "Cancel" }).click();
  await page.waitForURL(`**/s/${id}`);
  await page.goto(`/s/${id}/delete`);
  await page.locator("button", { hasText: "Delete" }).click();
  await page.waitForURL("**/me");
  assert.ok([404, 410].includes(await t.anonymous.statusOf(id)));
});

test("an account forks, with and without scripts; who has none is led to the log-in", async (t) => {
  const [ada, bob] = [await t.signUp(), await t.signUp()];
  const { id } = await ada.create({ title: "hello.cpp", body: program, visibility: "public" });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { account: bob, scripts });
    await page.locator("button", { hasText: "Fork" }).click();
    await page.waitForURL((to) => to.pathname.startsWith("/s/") && to.pathname !== `/s/${id}`);
    assert.equal(await codeOf(page), program);
    const original = scripts ? `${ada.name}/hello.cpp` : "another snippet";
    await saysSoon(page.locator(".about .meta"), new RegExp(`by ${bob.name}[\\s\\S]*forked from ${original}`));
    assert.equal(await page.locator("#original a").getAttribute("href"), `/s/${id}`);
  }
  const nobody = await t.open(`/s/${id}`);
  await nobody.locator("button", { hasText: "Fork" }).click();
  await nobody.waitForURL("**/login?**");
});

test("a fork names its original as it is now, and not when nobody may know it", async (t) => {
  t.expect(/status of 4(04|10)/);
  const [ada, bob] = [await t.signUp(), await t.signUp()];
  const fork = async ({ id }) => (await bob.call("POST", `/snippets/${id}/fork`, { body: {} })).json();
  const original = await ada.create({ title: "hello.cpp", body: program, visibility: "public" });
  const copy = await fork(original);
  const page = await t.open(`/s/${copy.id}`);
  const line = page.locator("#original");
  await saysSoon(line, `forked from ${ada.name}/hello.cpp`);
  await ada.edit(original.id, { title: "renamed.cpp" });
  await page.reload();
  await saysSoon(line, `forked from ${ada.name}/renamed.cpp`);
  await ada.edit(original.id, { title: "", body: "// the first line\n" });
  await page.reload();
  await saysSoon(line, `forked from ${ada.name}/// the first line`);
  await ada.edit(original.id, { title: "secret.cpp", visibility: "private" });
  await page.reload();
  // The page that is kept may still have the link.
  await saysSoon(line, "forked from a snippet that was deleted or is not public");
  assert.equal(await line.locator("a").count(), 0);
  assert.ok(!(await page.content()).includes("secret.cpp") && !(await page.content()).includes(ada.name));

  const nobodys = await t.anonymous.create({ title: "notes.txt", visibility: "public" });
  const second = await fork(nobodys);
  await page.goto(`/s/${second.id}`);
  await saysSoon(line, "forked from notes.txt (anonymous)");
  assert.equal((await t.anonymous.read(nobodys.id)).view_count, 0);
  await t.anonymous.call("DELETE", `/snippets/${nobodys.id}`, { headers: { "X-Edit-Token": nobodys.edit_token } });
  await page.reload();
  await saysSoon(line, "forked from a snippet that was deleted or is not public");

  const brief = await ada.create({ title: "brief.txt", visibility: "public" });
  const third = await fork(brief);
  await page.goto(`/s/${third.id}`);
  await saysSoon(line, `forked from ${ada.name}/brief.txt`);
  await ada.edit(brief.id, { expires_in: 1 });
  await until(async () => (await t.anonymous.statusOf(brief.id)) === 410, "the end of it");
  await page.reload();
  await saysSoon(line, "forked from a snippet that has expired");
});

test("an edit shows at once, to the owner and to others", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "hello.txt", body: "before\n" });
  const reader = await t.open(`/s/${id}`);
  assert.equal(await codeOf(reader), "before\n");
  const page = await t.open(`/s/${id}`, { account: ada });
  await page.locator(".for-owner a", { hasText: "Edit" }).click();
  await page.waitForURL(`**/s/${id}/edit`);
  const editor = page.locator("#editor .cm-content");
  await editor.waitFor();
  await editor.fill("after\n");
  await page.locator("#share").click();
  await page.waitForURL(`**/s/${id}`);
  assert.equal(await codeOf(page), "after\n");
  await reader.reload();
  assert.equal(await codeOf(reader), "after\n");
  await saysSoon(reader.locator(".about .meta"), /edited/);
});

test("revisions and their differences, inline and side by side", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "one.txt", body: "same\nold <b>\nend\n" });
  await ada.edit(id, { body: "same\nnew <i>\nend\n", title: "two.txt" });
  await ada.edit(id, { tags: ["x"] });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    await page.locator("a", { hasText: "3 revisions" }).click();
    await saysSoon(page.locator("h1"), "two.txt");
    assert.deepEqual(await page.locator(".list .name").allInnerTexts(), ["Version 3", "Version 2", "Version 1"]);
    await page.locator("a[aria-label='Changes in version 2']").click();
    const inline = page.locator("table.diff.inline");
    assert.deepEqual(await inline.locator("tr.del .t").allInnerTexts(), ["old <b>"]);
    assert.deepEqual(await inline.locator("tr.add .t").allInnerTexts(), ["new <i>"]);
    assert.deepEqual(await inline.locator("tr.ctx .t").allInnerTexts(), ["same", "end"]);
    await saysSoon(page.locator("#diff-heading"), /Version 1 → 2\s+\+1 −1/);
    await saysSoon(page.locator(".change"), /Title\s+one\.txt → two\.txt/);
    await page.locator("a", { hasText: "Side by side" }).click();
    const split = page.locator("table.diff.split");
    assert.deepEqual(await split.locator("td.t.del").allInnerTexts(), ["old <b>"]);
    assert.deepEqual(await split.locator("td.t.add").allInnerTexts(), ["new <i>"]);
    await page.locator("a[aria-label='Changes in version 3']").click();
    await saysSoon(page.locator(".diffs .notice"), /the same in both/);
  }
});

test("the code has its colours without a script, and another language's when asked for it", async (t) => {
  const body = "package main\n\nfunc (p *Point) Add(o Point) error {\n\treturn nil // done\n}\n";
  const { id } = await t.anonymous.create({ title: "point.go", body });
  for (const path of [`/s/${id}`, `/s/${id}/embed`, `/s/${id}/revisions/1`]) {
    for (const scripts of [true, false]) {
      const page = await t.open(path, { scripts });
      assert.equal(await codeOf(page), body);
      assert.deepEqual(await page.locator("code .hy").allInnerTexts(), ["Point", "Point", "error"], path);
      assert.deepEqual(await page.locator("code .ht").allInnerTexts(), ["Add"]);
      assert.deepEqual(await page.locator("code .hc").allInnerTexts(), ["// done"]);
      const [keyword, plain] = await page.evaluate(() => [".hk", "code"].map((one) => getComputedStyle(document.querySelector(one)).color));
      assert.notEqual(keyword, plain);
    }
  }
  const other = await t.open(`/s/${id}?language=python`);
  await highlighted(other);
  assert.equal(await codeOf(other), body);
  assert.equal(await other.locator("code .hy").count(), 0);
});

test("any version is opened, compared and restored", async (t) => {
  for (const scripts of [true, false]) {
    const ada = await t.signUp();
    const { id } = await ada.create({ title: "one.py", body: "a = 1\nsame\n" });
    await ada.edit(id, { body: "a = 2\nsame\n" });
    await ada.edit(id, { body: "b = 2\nsame" });
    const page = await t.open(`/s/${id}/revisions`, { account: ada, scripts });
    await page.locator("#from").selectOption("1");
    await page.locator("#to").selectOption("3");
    await page.locator("button", { hasText: "Compare" }).click();
    await saysSoon(page.locator("#diff-heading"), /Version 1 → 3/);
    assert.deepEqual(await page.locator(".del .w").allInnerTexts(), ["a", "1"]);
    assert.deepEqual(await page.locator(".add .w").allInnerTexts(), ["b", "2"]);
    await saysSoon(page.locator(".diff"), /The new text does not end with a line feed/);
    await page.locator(".name", { hasText: "Version 1" }).click();
    await saysSoon(page.locator(".about .meta"), /version 1 of 3/);
    assert.equal(await codeOf(page), "a = 1\nsame\n");
    if (scripts) await highlighted(page);
    await page.locator("button", { hasText: "Restore this version" }).click();
    await page.waitForURL(`**/s/${id}`);
    assert.equal(await codeOf(page), "a = 1\nsame\n");
    await saysSoon(page.locator(".about .meta"), /4 revisions/);
    const stranger = await t.open(`/s/${id}/revisions/2`, { scripts });
    assert.equal(await codeOf(stranger), "a = 2\nsame\n");
    assert.equal(await stranger.locator("button", { hasText: "Restore" }).count(), 0);
  }
});

test("Markdown is shown rendered, and as source by a switch, also without scripts", async (t) => {
  const body = "# A *heading*\n\nText with `code`, [a link](https://example.org/) and **more**.\n\n```js\nconst x = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
  const { id } = await t.anonymous.create({ title: "readme.md", body });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    const rendered = page.locator(".markdown");
    await isShown(rendered);
    await isHidden(page.locator("pre.code"));
    await saysSoon(rendered.locator(":is(h1, h2, h3)").first(), "A heading");
    assert.equal(await rendered.locator("a").getAttribute("href"), "https://example.org/");
    assert.equal(await rendered.locator("table td").count(), 2);
    assert.ok((await rendered.locator("pre .hk").count()) > 0, "its code has colours, also without scripts");
    await page.locator("label", { hasText: "Source" }).click();
    await isShown(page.locator("pre.code"));
    await isHidden(rendered);
    assert.equal(await codeOf(page), body);
    await page.locator("label", { hasText: "Rendered" }).click();
    await isShown(rendered);
  }
});

test("notes of Markdown lead there and back", async (t) => {
  const { id } = await t.anonymous.create({ title: "readme.md", body: `a[^n]\n\n${"line\n\n".repeat(100)}[^n]: the note\n` });
  for (const scripts of [true, false]) {
    const page = await t.open(`/s/${id}`, { scripts });
    await page.locator("sup a", { hasText: "1" }).click();
    assert.equal(new URL(page.url()).hash, "#fn-1");
    const inView = (selector) => until(() => page.locator(selector).evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }), `${selector} to be in view`);
    await inView("#fn-1");
    await isShown(page.locator(".markdown"));
    await page.getByRole("link", { name: "Back to reference 1" }).click();
    await inView("#fnref-1");
  }
});

test("math is drawn when somebody comes near it, and is code otherwise", async (t) => {
  const far = `${"line\n\n".repeat(300)}$$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$$\n`;
  const body = "`no math: $5`, $\\frac{1}{2}$ and $\\wrong$ and $\\href{javascript:alert(1)}{x}$\n\n```math\nx^2\n```\n\n" + far;
  const { id } = await t.anonymous.create({ title: "readme.md", body });
  const none = await t.anonymous.create({ title: "other.md", body: "# No math, but $5\n" });
  const drawers = [];
  const opened = async (path) => {
    const page = await t.open(null);
    page.context().on("request", (request) => request.url().includes("/temml-") && drawers.push(path));
    await page.goto(path);
    return page;
  };
  const without = await opened(`/s/${none.id}`);
  await isShown(without.locator(".markdown"));
  const page = await opened(`/s/${id}`);
  const math = page.locator(".markdown math");
  await until(async () => (await math.count()) === 2, "what is near to be drawn");
  assert.equal(await math.first().locator("mfrac").count(), 1);
  assert.deepEqual(await page.locator("p:first-child code.language-math").allTextContents(), ["\\wrong", "\\href{javascript:alert(1)}{x}"]);
  await page.locator(".markdown > :last-child").scrollIntoViewIfNeeded();
  await until(async () => (await math.count()) === 3, "what is far to be drawn");
  assert.notEqual(await page.locator("mtd").nth(1).evaluate((cell) => getComputedStyle(cell).paddingLeft), "0px", "its styles are in force");
  const plain = await t.open(`/s/${id}`, { scripts: false });
  assert.equal(await plain.locator("code.language-math").first().textContent(), "\\frac{1}{2}");
  assert.deepEqual(drawers, [`/s/${id}`], "a page without math does not load what draws it");
});

test("a formula that never ends leaves the page as it is", async (t) => {
  const body = "$\\def\\a{\\a\\a}\\a$ then $x$\n\n" + `$${"{".repeat(1500)}x${"}".repeat(1500)}$\n`;
  const { id } = await t.anonymous.create({ title: "readme.md", body });
  const page = await t.open(`/s/${id}`);
  await until(async () => (await page.locator(".markdown math").count()) >= 1, "the other to be drawn");
  assert.equal(await page.locator("code.language-math").first().textContent(), "\\def\\a{\\a\\a}\\a");
  assert.ok(await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => resolve(true)))));
});

test("a link to lines of Markdown opens its source", async (t) => {
  const { id } = await t.anonymous.create({ title: "readme.md", body: "# one\n\ntwo\n" });
  const page = await t.open(`/s/${id}#L3`);
  await isShown(page.locator("pre.code"));
  assert.equal(await marked(page), "3");
});

test("a snippet of 1 MiB opens without freezing the page", async (t) => {
  const line = 'static const char *const word = "snippet";  // counted\n';
  const body = line.repeat((1 << 20) / line.length).padEnd((1 << 20) - 1) + "\n";
  assert.equal(Buffer.byteLength(body), 1 << 20);
  const { id } = await t.anonymous.create({ title: "large.c", body });
  const page = await t.open(null);
  await page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration }))))
      .observe({ type: "longtask", buffered: true });
  });
  await page.goto(`/s/${id}`, { waitUntil: "load" });
  const visible = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? performance.now());
  assert.ok(visible < 2500, `the text is visible after ${visible} ms`);
  await highlighted(page);
  assert.equal(await codeOf(page), body);
  const { tasks, loaded } = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation");
    return { tasks: window.longTasks, loaded: navigation.loadEventEnd };
  });
  const longest = Math.max(0, ...tasks.filter(({ startTime }) => startTime > loaded).map(({ duration }) => duration));
  assert.ok(longest < 250, `the longest task after loading took ${longest} ms`);
});

test("the count on an open page follows what others read", async (t) => {
  const { id } = await t.anonymous.create();
  const page = await t.open(`/s/${id}`);
  await page.waitForRequest((request) => request.url().endsWith("/live")).catch(() => undefined);
  const count = () => page.locator("#views").innerText().then(Number);
  // Its own view comes first.
  await until(async () => (await count()) >= 1, "the page's own view");
  const before = await count();
  for (let n = 0; n < 7; ++n) await t.anonymous.call("GET", `/s/${id}`);
  await until(async () => (await count()) >= before + 7, "seven views more", 3000);
});

test("previews: Open Graph and Twitter tags, none for what is private", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "A & B.cpp", body: program, visibility: "public" });
  const page = await t.open(`/s/${id}`, { scripts: false });
  const meta = (name) => page.locator(`meta[property="${name}"], meta[name="${name}"]`).getAttribute("content");
  assert.equal(await meta("og:title"), "A & B.cpp");
  assert.equal(await meta("twitter:title"), "A & B.cpp");
  assert.equal(await meta("og:url"), `${url}/s/${id}`);
  assert.match(await meta("og:description"), /#include <cstdio> int main/);
  assert.equal(await meta("twitter:card"), "summary_large_image");
  const image = await meta("og:image");
  const fetched = await page.request.get(image);
  assert.equal(fetched.status(), 200);
  assert.equal(fetched.headers()["content-type"], "image/png");
  assert.equal(await page.locator('meta[name="robots"]').count(), 0);

  const unlisted = await ada.create({ body: "x" });
  await page.goto(`/s/${unlisted.id}`);
  assert.equal(await page.locator('meta[name="robots"]').getAttribute("content"), "noindex");

  const hidden = await ada.create({ body: "secret", title: "secret", visibility: "private" });
  const own = await t.open(`/s/${hidden.id}`, { account: ada });
  assert.equal(await own.locator('meta[property="og:title"]').count(), 0);
  t.expect(/status of 404/);
  const other = await t.open(null);
  assert.equal((await other.goto(`/s/${hidden.id}`)).status(), 404);
  assert.doesNotMatch(await other.content(), /secret/);
});

for (const scripts of [true, false]) {
  test(`burn after reading asks first, shows it once, and is gone then (scripts: ${scripts})`, async (t) => {
    const { id } = await t.anonymous.create({ title: "secret.txt", body: "the secret\n", burn_after_reading: true });
    // Robots that make previews, and browsers that prefetch, do not burn it.
    for (const agent of ["Slackbot-LinkExpanding 1.0", "Twitterbot/1.0", "facebookexternalhit/1.1", "Mozilla/5.0 (preview)"]) {
      for (const Accept of ["text/html,*/*;q=0.5", "*/*"]) {
        const answer = await t.anonymous.call("GET", `/s/${id}`, { headers: { "User-Agent": agent, Accept } });
        assert.equal(answer.status, 200);
        assert.doesNotMatch(await answer.text(), /the secret|secret\.txt/);
      }
    }
    const page = await t.open(`/s/${id}`, { scripts });
    await saysSoon(page.locator("h1"), "Read it once?");
    await page.reload();
    await page.locator("button", { hasText: "Show it now" }).click();
    await saysSoon(page.locator("h1"), "secret.txt");
    assert.equal(await codeOf(page), "the secret\n");
    await saysSoon(page.locator(".notice.warm"), /gone now/);
    for (const name of ["Raw", "Fork", "Download"]) assert.equal(await page.locator(".toolbar", { hasText: name }).count(), 0);

    t.expect(/status of 410/);
    const second = await t.open(null, { scripts });
    assert.equal((await second.goto(`/s/${id}`)).status(), 410);
    await saysSoon(second.locator("h1"), "This snippet is gone");
  });
}

test("the button of a burning snippet shows it to exactly one of two", async (t) => {
  const { id } = await t.anonymous.create({ body: "the secret\n", burn_after_reading: true });
  const pages = [await t.open(`/s/${id}`), await t.open(`/s/${id}`)];
  t.expect(/status of 410/);
  await Promise.all(pages.map((page) => Promise.all([page.waitForEvent("load"), page.locator("button", { hasText: "Show it now" }).click()])));
  const seen = await Promise.all(pages.map((page) => page.locator("main").innerText()));
  assert.equal(seen.filter((text) => text.includes("the secret")).length, 1);
  assert.equal(seen.filter((text) => text.includes("This snippet is gone")).length, 1);
});

test("an unchanged page is not sent again", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ body: "one\n" });
  const headers = { Accept: "text/html" };
  const first = await t.anonymous.call("GET", `/s/${id}`, { headers });
  assert.ok(first.headers.get("etag"));
  assert.ok(first.headers.get("cache-status"));
  const again = { ...headers, "If-None-Match": first.headers.get("etag") };
  assert.equal((await t.anonymous.call("GET", `/s/${id}`, { headers: again })).status, 304);
  await ada.edit(id, { body: "two\n" });
  const changed = await t.anonymous.call("GET", `/s/${id}`, { headers: again });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.get("etag"), first.headers.get("etag"));

  // The browser does it by itself.
  const page = await t.open(`/s/${id}`);
  const [answer] = await Promise.all([page.waitForResponse((response) => response.url().endsWith(id)), page.goto(`/s/${id}`)]);
  assert.ok([200, 304].includes(answer.status()));
  assert.equal(await codeOf(page), "two\n");
});

test("reading needs no scripts", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "hello.cpp", body: program });
  const page = await t.open(`/s/${id}`, { scripts: false });
  assert.equal(await codeOf(page), program);
  await isShown(page.locator("pre.code"));
  // What only scripts can do is not offered.
  for (const button of ["#copy", "#wrap", "#go-to-line", "#copy-link", "#theme", "#shortcuts"]) await isHidden(page.locator(button));
  // A link to a line still leads there.
  await page.goto(`/s/${id}#L6`);
  assert.equal(await page.locator("#L6:target").count(), 1);
  for (const link of ["edit", "delete", "statistics"]) await isShown(page.locator("noscript a", { hasText: link }));
});
