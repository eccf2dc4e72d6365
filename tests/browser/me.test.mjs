// What belongs to an account: its list, tokens, password, export, and its end.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isHidden, isShown, saysSoon, test, until, url } from "./lib/browser.mjs";

const names = (page) => page.locator("[data-item]:visible .name").allInnerTexts();
const row = (page, title) => page.locator("[data-item]", { hasText: title });

/** An account with `count` snippets, named one.txt, two.txt… */
async function shelf(t, titles) {
  const ada = await t.signUp();
  const made = {};
  for (const title of titles) made[title] = (await ada.create({ title, body: `body of ${title}\n` })).id;
  return { ada, made };
}

test("the list is empty first, and then newest first, with what each is", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/me", { account: ada });
  await saysSoon(page.locator(".empty h2"), "Nothing here yet");
  await ada.create({ title: "one.py", body: "1", visibility: "public", tags: ["tag"] });
  await ada.create({ title: "two.txt", body: "2", visibility: "private", expires_in: 86_400 * 2 + 60 });
  await ada.create({ title: "three.txt", body: "3", burn_after_reading: true });
  await page.reload();
  assert.deepEqual(await names(page), ["three.txt", "two.txt", "one.py"]);
  await saysSoon(row(page, "one.py").locator(".meta"), /Python\s*snippets\s*public\s*just now\s*1 byte\s*viewed 0×/i);
  assert.deepEqual(await row(page, "one.py").locator(".tags li").allInnerTexts(), ["tag"]);
  await saysSoon(row(page, "two.txt").locator(".meta"), /private[\s\S]*expires/);
  await saysSoon(row(page, "three.txt").locator(".meta"), /burns after reading/);
  await saysSoon(row(page, "two.txt").locator(".first-lines"), "2");
  assert.equal(await row(page, "three.txt").locator(".first-lines").count(), 0);
  const heights = await page.locator(".list > li").evaluateAll((rows) => rows.map((each) => each.getBoundingClientRect().height));
  assert.ok(Math.max(...heights) < 200, `a row is as high as what it shows: ${heights}`);
  await saysSoon(page.locator(".total"), "3 snippets");
  await page.locator(".name", { hasText: "one.py" }).click();
  await page.waitForURL("**/s/*");
});

test("the list goes on on further pages", async (t) => {
  const ada = await t.signUp();
  const count = 120;
  await Promise.all(Array.from({ length: count }, (_, n) => ada.create({ title: `number ${n}` })));
  const page = await t.open("/me", { account: ada, scripts: false });
  const seen = new Set();
  for (let pages = 0; pages < 20; ++pages) {
    for (const name of await names(page)) seen.add(name);
    const next = page.locator("a[rel=next]");
    if (!(await next.count())) break;
    await next.click();
  }
  assert.equal(seen.size, count);
});

for (const scripts of [true, false]) {
  test(`searches, and filters by tag, language and visibility (scripts: ${scripts})`, async (t) => {
    const ada = await t.signUp();
    await ada.create({ title: "needle.py", body: "x", visibility: "public", tags: ["red"] });
    await ada.create({ title: "hay.py", body: "a needle inside", visibility: "private", tags: ["blue"] });
    await ada.create({ title: "straw.go", body: "y", tags: ["red", "blue"] });
    const page = await t.open("/me", { account: ada, scripts });
    const filter = async (values, expected) => {
      await page.goto("/me");
      for (const [field, value] of Object.entries(values)) {
        const control = page.locator(`.filter [name=${field}]`);
        await (field === "visibility" ? control.selectOption(value) : control.fill(value));
      }
      await Promise.all([page.waitForURL("**/me?**"), page.locator(".filter button").click()]);
      assert.deepEqual(await names(page), expected, JSON.stringify(values));
      for (const [field, value] of Object.entries(values)) {
        assert.equal(await page.locator(`.filter [name=${field}]`).inputValue(), value);
      }
    };
    await filter({ q: "needle" }, ["hay.py", "needle.py"]);
    await filter({ tag: "red" }, ["straw.go", "needle.py"]);
    await filter({ language: "python" }, ["hay.py", "needle.py"]);
    await filter({ visibility: "private" }, ["hay.py"]);
    await filter({ q: "needle", tag: "red", language: "python", visibility: "public" }, ["needle.py"]);
    await filter({ q: "<nothing>" }, []);
    await saysSoon(page.locator(".empty h2"), "No snippet fits");
    await page.locator("a", { hasText: "Show all" }).click();
    await page.locator(".tags a", { hasText: "blue" }).first().click();
    await page.waitForURL("**/me?tag=blue");
    assert.deepEqual(await names(page), ["straw.go", "hay.py"]);
  });
}

test("several are selected, one by one, by shift, and all", async (t) => {
  const { ada } = await shelf(t, ["one", "two", "three", "four"]);
  const page = await t.open("/me", { account: ada });
  const button = page.locator("#delete-selected");
  const count = page.locator("#selected-count");
  assert.equal(await button.isDisabled(), true);
  await row(page, "four").locator("input").check();
  await saysSoon(count, "1 selected");
  await row(page, "two").locator("input").click({ modifiers: ["Shift"] });
  await saysSoon(count, "3 selected");
  assert.equal(await page.locator("#select-all").evaluate((box) => box.indeterminate), true);
  await page.locator("#select-all").check();
  await saysSoon(count, "4 selected");
  await page.locator("#select-all").uncheck();
  await saysSoon(count, "");
  assert.equal(await button.isDisabled(), true);
});

test("deleting can be undone, and then keeps everything", async (t) => {
  const { ada, made } = await shelf(t, ["one", "two", "three"]);
  const page = await t.open("/me", { account: ada });
  let deletes = 0;
  page.on("request", (request) => (deletes += request.method() === "DELETE" ? 1 : 0));
  await row(page, "one").locator("input").check();
  await row(page, "three").locator("input").check();
  await page.locator("#delete-selected").click();
  await saysSoon(page.locator(".toast"), /2 deleted/);
  assert.deepEqual(await names(page), ["two"]);
  await page.locator(".toast button", { hasText: "Undo" }).click();
  assert.deepEqual(await names(page), ["three", "two", "one"]);
  await page.reload();
  assert.deepEqual(await names(page), ["three", "two", "one"]);
  assert.equal(deletes, 0);
  for (const id of Object.values(made)) assert.equal(await ada.statusOf(id), 200);
});

test("without a change of mind they are deleted when the time to undo is over", async (t) => {
  const { ada, made } = await shelf(t, ["one", "two"]);
  const page = await t.open("/me", { account: ada });
  await row(page, "one").locator("input").check();
  await page.locator("#delete-selected").click();
  await isShown(page.locator(".toast"));
  assert.equal(await ada.statusOf(made.one), 200);
  await until(async () => [404, 410].includes(await ada.statusOf(made.one)), "the deletion", 12_000);
  await isHidden(page.locator(".toast"));
  await page.reload();
  assert.deepEqual(await names(page), ["two"]);
});

test("closing the page, or leaving it, after the delete really deletes", async (t) => {
  const { ada, made } = await shelf(t, ["one", "two", "three"]);
  let page = await t.open("/me", { account: ada });
  await row(page, "one").locator("input").check();
  await page.locator("#delete-selected").click();
  await isShown(page.locator(".toast"));
  await page.close({ runBeforeUnload: false });
  await until(async () => [404, 410].includes(await ada.statusOf(made.one)), "the deletion after closing");

  page = await t.open("/me", { account: ada });
  await row(page, "two").locator("input").check();
  await page.locator("#delete-selected").click();
  await isShown(page.locator(".toast"));
  await page.goto("/explore");
  await until(async () => [404, 410].includes(await ada.statusOf(made.two)), "the deletion after leaving");
  assert.equal(await ada.statusOf(made.three), 200);
});

test("a deletion that fails brings the row back", async (t) => {
  t.expect(/status of 503/);
  const { ada, made } = await shelf(t, ["one", "two"]);
  const page = await t.open("/me", { account: ada });
  await page.clock.install();
  await page.reload();
  await page.route("**/snippets/*", (route) => route.fulfill({ status: 503, body: "{}" }));
  await row(page, "one").locator("input").check();
  await page.locator("#delete-selected").click();
  await isShown(page.locator(".toast"));
  await page.clock.fastForward(9000);
  await saysSoon(page.locator(".toast"), /1 not deleted. The server answered 503/);
  assert.deepEqual(await names(page), ["two", "one"]);
  assert.equal(await ada.statusOf(made.one), 200);
});

test("without scripts several are deleted, after a question where there is one", async (t) => {
  const { ada, made } = await shelf(t, ["one", "two", "three"]);
  const page = await t.open("/me", { account: ada, scripts: false });
  await row(page, "one").locator("input").check();
  await row(page, "two").locator("input").check();
  await page.locator("#delete-selected").click();
  const question = page.locator("main button.danger:not(#delete-selected)", { hasText: "Delete" });
  await isShown(question);
  assert.equal(await ada.statusOf(made.one), 200);
  await question.click();
  await page.waitForURL("**/me*");
  assert.deepEqual(await names(page), ["three"]);
  for (const title of ["one", "two"]) assert.ok([404, 410].includes(await ada.statusOf(made[title])));
});

for (const scripts of [true, false]) {
  test(`a token is shown once, works, and is revoked (scripts: ${scripts})`, async (t) => {
    const ada = await t.signUp();
    const page = await t.open("/me/tokens", { account: ada, scripts });
    await saysSoon(page.locator(".empty h2"), "No tokens");
    await page.locator("#name").fill("my <laptop>");
    await page.locator("#token-expires").selectOption("2592000");
    await page.locator("button", { hasText: "Make token" }).click();
    const token = (await page.locator("#new-token").innerText()).trim();
    assert.match(token, /^snp_/);
    const me = () => t.anonymous.call("GET", "/auth/me", { headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await me()).status, 200);
    await page.goto("/me/tokens");
    assert.equal(await page.locator("#new-token").count(), 0);
    assert.doesNotMatch(await page.content(), new RegExp(token));
    await saysSoon(page.locator(".list"), /my <laptop>[\s\S]*expires/);
    await page.locator("button", { hasText: "Revoke" }).click();
    await saysSoon(page.locator(".empty h2"), "No tokens");
    await until(async () => (await me()).status === 401, "the token to be refused");
  });
}

test("a page that tells of a new token, or password, does nothing again when it is loaded anew", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/me/tokens", { account: ada });
  await page.locator("#name").fill("laptop");
  await page.locator("button", { hasText: "Make token" }).click();
  await isShown(page.locator("#new-token"));
  await page.reload();
  assert.equal(await page.locator(".list b").count(), 1);
  assert.equal(await page.locator("#new-token").count(), 0);
});

test("a new token is copied by its button", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/me/tokens", { account: ada, permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator("#name").fill("laptop");
  await page.locator("button", { hasText: "Make token" }).click();
  const token = (await page.locator("#new-token").innerText()).trim();
  await page.locator("[data-copy]").click();
  await saysSoon(page.locator(".toasts"), /Token copied/);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
});

for (const scripts of [true, false]) {
  test(`the password is changed, and the old one is refused (scripts: ${scripts})`, async (t) => {
    t.expect(/status of (401|403|422)/);
    const ada = await t.signUp();
    const page = await t.open("/me/account", { account: ada, scripts });
    await page.locator("#current").fill("wrong horse");
    await page.locator("#new").fill("battery staple");
    await page.locator("button", { hasText: "Change password" }).click();
    await isShown(page.locator(".notice.bad"));
    await page.locator("#current").fill(ada.password);
    await page.locator("#new").fill("battery staple");
    await page.locator("button", { hasText: "Change password" }).click();
    await saysSoon(page.locator(".notice[role=status]"), /password/i);
    // This session goes on, the old password does not.
    await page.goto("/me");
    await saysSoon(page.locator("h1"), "My snippets");
    const logIn = (password) => t.anonymous.call("POST", "/auth/login", { body: { username: ada.name, password } });
    assert.equal((await logIn(ada.password)).status, 401);
    assert.equal((await logIn("battery staple")).status, 200);
  });
}

test("logging out ends the session everywhere, and the page says so", async (t) => {
  t.expect(/status of 401/);
  const ada = await t.signUp();
  const { id } = await ada.create();
  const page = await t.open("/me/account", { account: ada });
  await page.locator("button", { hasText: "Log out" }).click();
  await page.waitForURL((to) => to.pathname !== "/me/account");
  await saysSoon(page.locator("header .account"), "Log in");
  await until(async () => (await ada.call("GET", "/auth/me")).status === 401, "the session to be over");
  await page.goto("/me");
  await page.waitForURL("**/login?**");
  await page.goto(`/s/${id}`);
  await isShown(page.locator("#copy"));
  assert.equal(await page.locator(".for-owner").isVisible(), false);
});

for (const scripts of [true, false]) {
  test(`the account is deleted with all its data, when it is meant (scripts: ${scripts})`, async (t) => {
    t.expect(/status of (401|403|422|404|410)/);
    const { ada, made } = await shelf(t, ["one", "two"]);
    const page = await t.open("/me/account", { account: ada, scripts });
    const button = page.locator("button", { hasText: "Delete account" });
    await page.locator("#delete-password").fill(ada.password);
    await button.click();
    // The browser asks for the box first.
    assert.equal(await page.locator("[name=sure]").evaluate((box) => box.validity.valueMissing), true);
    assert.equal(await ada.statusOf(made.one), 200);
    await page.locator("[name=sure]").check();
    await page.locator("#delete-password").fill("wrong horse");
    await button.click();
    await isShown(page.locator(".notice.bad"));
    assert.equal(await ada.statusOf(made.one), 200);
    await page.locator("[name=sure]").check();
    await page.locator("#delete-password").fill(ada.password);
    await button.click();
    await saysSoon(page.locator("header .account"), "Log in");
    for (const id of Object.values(made)) await until(async () => [404, 410].includes(await t.anonymous.statusOf(id)), "the snippets to be gone");
    const login = await t.anonymous.call("POST", "/auth/login", { body: { username: ada.name, password: ada.password } });
    assert.equal(login.status, 401);
    assert.equal((await ada.call("GET", "/auth/me")).status, 401);
  });
}

/** The files of the account's export, by name. */
async function exported(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a", { hasText: "Export as zip" }).click()]);
  assert.match(download.suggestedFilename(), /\.zip$/);
  const folder = await mkdtemp(join(tmpdir(), "export-"));
  try {
    const archive = join(folder, "export.zip");
    await download.saveAs(archive);
    execFileSync("/usr/bin/python3", ["-m", "zipfile", "-e", archive, join(folder, "out")]);
    const paths = readdirSync(join(folder, "out"), { recursive: true }).filter((name) => statSync(join(folder, "out", name)).isFile());
    return new Map(paths.map((name) => [name, readFileSync(join(folder, "out", name), "utf8")]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("everything is exported as a zip", async (t) => {
  const ada = await t.signUp();
  const first = await ada.create({ title: "hello.cpp", body: "int main() { return 0; }\n", tags: ["x"] });
  const second = await ada.create({ title: "päivää.txt", body: "terve €\n", visibility: "private" });
  const page = await t.open("/me/account", { account: ada });
  const files = await exported(page);
  assert.equal(files.size, 3);
  const index = JSON.parse(files.get("snippets.json"));
  for (const { id, title, body } of [first, second]) {
    const [name] = [...files].find(([, text]) => text === body) ?? [];
    assert.ok(name?.startsWith(id), `${title} is in the archive, as it is`);
    assert.ok(JSON.stringify(index).includes(JSON.stringify(title)));
  }
});

test("the export has the revisions that the page promises", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "hello.txt", body: "the first version\n" });
  await ada.edit(id, { body: "the second version\n" });
  const page = await t.open("/me/account", { account: ada });
  const promised = /revisions/.test(await page.locator(".card", { hasText: "Your data" }).innerText());
  const files = await exported(page);
  assert.ok([...files.values()].some((text) => text.includes("the second version")));
  assert.equal([...files.values()].some((text) => text.includes("the first version")), promised);
});

test("after the log-in the page goes where it was meant to, and never to another site", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/me/tokens");
  await page.waitForURL("**/login?**");
  await page.locator("#username").fill(ada.name);
  await page.locator("#password").fill(ada.password);
  await page.locator("form[action='/login'] button").click();
  await page.waitForURL(`${url}/me/tokens`);
  for (const next of [
    "https://example.org/", "//example.org/", "/\\example.org", "\\\\example.org", "javascript:alert(1)", "/\t/example.org",
    "/\r\nLocation: //example.org", "", " //example.org", "http:example.org",
  ]) {
    const asked = await page.request.get("/login", { params: { next } });
    const kept = /name="next" value="([^"]*)"/.exec(await asked.text())[1];
    const form = { username: ada.name, password: ada.password, next };
    const entered = await page.request.post("/login", { form, maxRedirects: 0 });
    assert.equal(entered.status(), 303);
    for (const where of [kept, entered.headers().location]) {
      assert.equal(new URL(where, url).origin, url, `${JSON.stringify(next)} leads to ${where}`);
    }
  }
});

test("pages of an account are nobody else's", async (t) => {
  for (const path of ["/me", "/me/tokens", "/me/account", "/me/export.zip"]) {
    const page = await t.open(path);
    assert.match(page.url(), /\/login\?next=/);
    await page.close();
  }
});
