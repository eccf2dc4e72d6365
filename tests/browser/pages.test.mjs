// The other pages: what is public, statistics, the ways in, and errors.

import assert from "node:assert/strict";

import { isHidden, isShown, saysSoon, test, until } from "./lib/browser.mjs";
import { uniqueName } from "./lib/api.mjs";

test("explore is empty first; then it lists what is public, newest first, and nothing else", async (t) => {
  const page = await t.open("/explore", { scripts: false });
  await saysSoon(page.locator(".empty h2"), "Nothing public yet");
  const ada = await t.signUp();
  await ada.create({ title: "<one>.py", body: "1", visibility: "public", tags: ["red"] });
  await t.anonymous.create({ title: "two", body: "2", visibility: "public" });
  await ada.create({ title: "unlisted", body: "3" });
  await ada.create({ title: "private", body: "4", visibility: "private" });
  await page.goto("/explore");
  assert.deepEqual(await page.locator(".list .name").allInnerTexts(), ["two", "<one>.py"]);
  await saysSoon(page.locator(".list li", { hasText: "<one>.py" }).locator(".meta").first(), new RegExp(`by ${ada.name}\\s*python`, "i"));
  await page.locator(".name", { hasText: "<one>.py" }).click();
  await saysSoon(page.locator("h1"), "<one>.py");
  // It goes on on further pages.
  await Promise.all(Array.from({ length: 60 }, (_, n) => ada.create({ title: `number ${n}`, visibility: "public" })));
  await page.goto("/explore");
  const seen = new Set();
  for (let pages = 0; pages < 10; ++pages) {
    for (const name of await page.locator(".list .name").allInnerTexts()) seen.add(name);
    if (!(await page.locator("a[rel=next]").count())) break;
    await page.locator("a[rel=next]").click();
  }
  assert.equal(seen.size, 62);
});

test("statistics: nothing first, then a chart and its figures, by hours and days", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "counted" });
  const page = await t.open(`/s/${id}/stats`, { account: ada });
  await saysSoon(page.locator(".empty h2"), "No views yet");
  for (let n = 0; n < 5; ++n) await t.anonymous.call("GET", `/s/${id}`);
  await until(async () => {
    await page.goto(`/s/${id}/stats?by=hour`);
    return (await page.locator(".big-number").innerText()) === "5";
  }, "five views in the statistics");
  const sum = () => page.locator("#points .num").evaluateAll((cells) => cells.slice(1).reduce((all, { textContent }) => all + Number(textContent), 0));
  for (const by of ["Hours", "Days"]) {
    await page.locator("nav.switch a", { hasText: by }).click();
    await page.locator(`nav.switch a[aria-current=true]`, { hasText: by }).waitFor();
    assert.equal(await sum(), 5);
    await isShown(page.locator("#chart canvas"));
    const painted = await page.locator("#chart canvas").evaluate((canvas) =>
      canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0));
    assert.ok(painted, "the chart shows something");
  }
  await page.locator("summary", { hasText: "Figures" }).click();
  await isShown(page.locator("#points"));

  const plain = await t.open(`/s/${id}/stats?by=day`, { account: ada, scripts: false });
  await isShown(plain.locator("#points"));
  await isHidden(plain.locator("#chart"));
  await saysSoon(plain.locator(".big-number"), "5");
});

for (const scripts of [true, false]) {
  test(`an account is made, and logs in (scripts: ${scripts})`, async (t) => {
    t.expect(/status of (401|409|422)/);
    const name = uniqueName();
    const page = await t.open("/signup", { scripts });
    const fill = async (username, password) => {
      await page.locator("#username").fill(username);
      await page.locator("#password").fill(password);
      await page.locator("main form button").click();
    };
    // The browser knows the rules, too.
    await fill("a", "short");
    assert.equal(await page.locator("#password").evaluate((field) => field.checkValidity()), false);
    await fill("not allowed!", "correct horse");
    await isShown(page.locator(".notice.bad"));
    assert.equal(await page.locator("#username").inputValue(), "not allowed!");
    await fill(name, "correct horse");
    await page.waitForURL("**/me");
    await saysSoon(page.locator("header .account"), name);
    await page.goto("/me/account");
    await page.locator("button", { hasText: "Log out" }).click();

    await page.goto("/signup");
    await fill(name, "another horse");
    await isShown(page.locator(".notice.bad"));
    await page.locator("a", { hasText: "Log in" }).last().click();
    await page.waitForURL("**/login**");
    await fill(name, "wrong horse");
    await isShown(page.locator(".notice.bad"));
    assert.equal(await page.locator("#username").inputValue(), name);
    assert.equal(await page.locator("#password").inputValue(), "");
    await fill(name, "correct horse");
    await page.waitForURL("**/me");
    const cookies = await page.context().cookies();
    const session = cookies.find((cookie) => cookie.name === "session");
    assert.ok(session.httpOnly && session.sameSite === "Lax" && session.path === "/");
    assert.equal(cookies.find((cookie) => cookie.name === "account").value, name);
  });
}

for (const scripts of [true, false]) {
  test(`404 and 410 are pages that lead on (scripts: ${scripts})`, async (t) => {
    t.expect(/status of 4(04|10)/);
    const ada = await t.signUp();
    const gone = await ada.create({ burn_after_reading: true });
    const answer = await t.anonymous.call("POST", `/s/${gone.id}/reveal`, { headers: { Accept: "text/html" } });
    assert.equal(answer.status, 200, await answer.text());
    const page = await t.open(null, { scripts });
    for (const [path, status] of [["/s/AAAAAAAAAAAA", 404], ["/s/no-such", 404], ["/nothing/here", 404], [`/s/${gone.id}`, 410]]) {
      const response = await page.goto(path);
      assert.equal(response.status(), status, path);
      assert.match(response.headers()["content-type"], /text\/html/, path);
      await saysSoon(page.locator(".big-number"), String(status));
      assert.equal(await page.locator("meta[name=robots]").getAttribute("content"), "noindex");
      await isShown(page.locator("main a", { hasText: "New snippet" }));
    }
    await page.locator("main a", { hasText: "New snippet" }).click();
    await isShown(page.locator("#compose"));
  });
}

test("the theme is chosen by a button, is kept, and does not flash", async (t) => {
  const page = await t.open("/explore", { colorScheme: "light" });
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  const button = page.locator("#theme");
  await button.click();
  await button.click();
  await saysSoon(page.locator(".toasts"), /Theme is dark/);
  const dark = await background();
  assert.notEqual(dark, light);
  // Before anything is painted, the page is dark: the script in the head has run before the body is there.
  await page.addInitScript(() => {
    new MutationObserver(() => {
      if (document.body && window.themeAtBody === undefined) window.themeAtBody = document.documentElement.dataset.theme ?? "none";
    }).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  assert.equal(await page.evaluate(() => window.themeAtBody), "dark");
  assert.equal(await background(), dark);
  await button.click();
  assert.equal(await background(), light);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await background(), dark);
});

test("the documentation has chapters, commands that are copied, and keeps the links to its parts", async (t) => {
  const page = await t.open("/docs", { permissions: ["clipboard-read", "clipboard-write"] });
  const here = page.locator(".toc [aria-current=page]");
  await saysSoon(here, "Getting started");
  await page.locator(".toc a", { hasText: "Snippets" }).click();
  await page.waitForURL("**/docs/snippets");
  await saysSoon(here, "Snippets");
  await page.locator(".toc a", { hasText: "Edit a snippet" }).click();
  await page.waitForURL("**/docs/snippets#editSnippet");
  const command = page.locator("#curl-editSnippet");
  await page.locator(".try", { has: command }).locator("button").click();
  await saysSoon(page.locator(".toast"), /Command copied/);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await command.textContent());
  await page.locator(".more a[rel=next]").click();
  await page.waitForURL("**/docs/accounts");
  for (const [old, now] of [["createSnippet", "snippets"], ["schema-Problem", "schemas"], ["md-limits", "rules"], ["group-gists", "gists"]]) {
    await page.goto("about:blank");
    await page.goto(`/docs#${old}`);
    await page.waitForURL((to) => to.pathname === `/docs/${now}`);
  }
  const plain = await t.open("/docs#createSnippet", { scripts: false });
  await plain.locator(":target > a").click();
  await plain.waitForURL("**/docs/snippets#createSnippet");
  assert.equal(await plain.locator(".try button").first().isVisible(), false);
});
