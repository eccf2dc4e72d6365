// 429 and 503, as forms, as pages and in the editor: the limits are a few requests in a few seconds, so that their end
// is seen; the busy server needs a Redis that is not there for every write.

import assert from "node:assert/strict";

import { busyUrl, editorOf, editorText, isShown, saysSoon, test, until } from "./lib/browser.mjs";
import { Account } from "./lib/api.mjs";

/** Uses the account's two writes up, so that the next three seconds and more are refused. */
async function exhaust(account) {
  for (let n = 0; n < 20; ++n) {
    const response = await account.call("POST", "/snippets", { body: { body: "x" } });
    if (response.status !== 429) continue;
    const wait = Number(response.headers.get("retry-after"));
    if (wait >= 3) return;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));  // an older write leaves the window
  }
  throw new Error("nothing is limited");
}

test("429 in the editor: the text stays, a countdown runs, and then it is shared", async (t) => {
  t.expect(/status of 429/);
  const ada = await t.signUp();
  const page = await t.open("/", { account: ada });
  await (await editorOf(page)).fill("kept");
  await exhaust(ada);
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /Too many snippets in a short time/);
  await saysSoon(page.locator("#share-note"), /Possible again in \d s/);
  assert.equal(await page.locator("#share").getAttribute("aria-disabled"), "true");
  assert.equal(await editorText(page), "kept");
  await until(async () => (await page.locator("#share").getAttribute("aria-disabled")) === "false", "the end of the wait", 10_000);
  await page.locator("#share").click();
  await page.waitForURL("**/s/*");
});

test("429 without scripts: the form comes back filled, and says when", async (t) => {
  t.expect(/status of 429/);
  const ada = await t.signUp();
  const page = await t.open("/", { account: ada, scripts: false });
  await page.locator("#title").fill("kept.txt");
  await page.locator("#body").fill("kept");
  await exhaust(ada);
  const [answer] = await Promise.all([page.waitForResponse((response) => response.request().method() === "POST"), page.locator("#share").click()]);
  assert.equal(answer.status(), 429);
  assert.match(answer.headers()["retry-after"], /^\d+$/);
  await saysSoon(page.locator("#server-problem"), /Possible again in \d seconds/);
  assert.equal(await page.locator("#body").inputValue(), "kept");
  assert.equal(await page.locator("#title").inputValue(), "kept.txt");
  await until(async () => {
    await page.locator("#share").click();
    return /\/s\//.test(page.url());
  }, "the form to be taken", 10_000);
});

test("429 as a page counts down, and then offers to try again", async (t) => {
  t.expect(/status of 429/);
  const ada = await t.signUp();
  const { id } = await ada.create();
  const page = await t.open(`/s/${id}`, { account: ada });
  await exhaust(ada);
  await page.locator("button", { hasText: "Fork" }).click();
  await saysSoon(page.locator(".big-number"), "429");
  const text = page.locator("[data-countdown]");
  const again = page.locator("[data-retry-after] button");
  // Both at one time: a second is soon over.
  const both = () => page.evaluate(() => [document.querySelector("[data-countdown]").textContent, document.querySelector("[data-retry-after] button").disabled]);
  await until(async () => {
    const [says, disabled] = await both();
    return /Possible again in \d seconds?\./.test(says) && disabled;
  }, "the countdown, and a button that waits for it");
  await saysSoon(text, "It is possible again now.", 10_000);
  await until(async () => !(await again.isDisabled()), "the button");
});

test("429 at the log-in keeps the name and lets in later", async (t) => {
  t.expect(/status of (429|401)/);
  const ada = await t.signUp();
  const page = await t.open("/login");
  const enter = async (password) => {
    await page.locator("#username").fill(ada.name);
    await page.locator("#password").fill(password);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === "POST"), page.locator("main form button").click()]);
    await page.waitForLoadState();
    return answer.status();
  };
  await until(async () => (await enter("wrong horse")) === 429, "a refusal", 10_000);
  await saysSoon(page.locator("[data-countdown]"), /Possible again in \d seconds?\./);
  const button = page.locator("main form button");
  assert.equal(await button.isDisabled(), true);
  assert.equal(await page.locator("#username").inputValue(), ada.name);
  await until(async () => !(await button.isDisabled()), "the end of the wait", 10_000);
  assert.equal(await enter(ada.password), 303);
  await page.waitForURL("**/me");
});

test("503 in the editor and without scripts keeps the text", async (t) => {
  t.expect(/status of 503/);
  const page = await t.open("/", { base: busyUrl });
  await (await editorOf(page)).fill("kept");
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /The service is busy/);
  await saysSoon(page.locator("#share-note"), /Possible again in \d+ s/);
  assert.equal(await editorText(page), "kept");

  const plain = await t.open("/", { base: busyUrl, scripts: false });
  await plain.locator("#body").fill("kept");
  const [answer] = await Promise.all([plain.waitForResponse((response) => response.request().method() === "POST"), plain.locator("#share").click()]);
  assert.equal(answer.status(), 503);
  assert.match(answer.headers()["retry-after"], /^\d+$/);
  await saysSoon(plain.locator("#server-problem"), /Possible again in \d+ seconds/);
  assert.equal(await plain.locator("#body").inputValue(), "kept");
});

test("503 is a page with a countdown", async (t) => {
  t.expect(/status of 503/);
  const ada = await Account.make(busyUrl);
  const page = await t.open("/explore", { base: busyUrl, account: ada });
  // No page of a snippet can be made here: the form that its button sends.
  await page.evaluate(() => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/s/AAAAAAAAAAAA/fork";
    document.body.append(form);
    form.submit();
  });
  await saysSoon(page.locator(".big-number"), "503");
  await saysSoon(page.locator("[data-countdown]"), /possible again/i);
  await isShown(page.locator("[data-retry-after] button"));
});
