// After Share: the link is handed over, to its maker alone.

import assert from "node:assert/strict";

import { editorOf, isHidden, isShown, saysSoon, test, url } from "./lib/browser.mjs";

async function share(page, { text = "handed over\n", burns = false } = {}) {
  await page.goto("/");
  await (await editorOf(page)).fill(text);
  if (burns) await page.locator("label", { hasText: "Burn after reading" }).click();
  await page.locator("#share").click();
  await page.waitForURL((to) => /^\/s\/[^/]+$/.test(to.pathname));
  await isShown(page.locator(".handover"));
  return new URL(page.url()).pathname.slice(3);
}

test("the maker gets the link selected, with copy, QR and the code to embed it, until it is put away", async (t) => {
  const ada = await t.signUp();
  const page = await t.open(null, { account: ada, permissions: ["clipboard-read", "clipboard-write"] });
  const id = await share(page);
  const field = page.locator("#handover-link");
  assert.equal(await field.inputValue(), `${url}/s/${id}`);
  assert.equal(await page.evaluate(() => getSelection()?.toString() || document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), `${url}/s/${id}`);
  await page.locator(".handover button", { hasText: "Copy" }).first().click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${url}/s/${id}`);
  await page.locator(".handover summary", { hasText: "QR" }).click();
  await isShown(page.locator(".handover img"));
  await page.locator(".handover summary", { hasText: "Embed" }).click();
  assert.match(await page.locator("#handover-embed").inputValue(), new RegExp(`^<iframe src="${url}/s/${id}/embed"`));
  assert.equal(await page.locator("#handover-edit").count(), 0, "whoever has an account needs no link to edit");
  await page.reload();
  await isShown(page.locator(".handover"));
  // Of what is deleted nothing is handed over, until that is undone.
  await page.locator("#delete").click();
  await isShown(page.locator("#undo"));
  await isHidden(page.locator(".handover"));
  await page.locator("#undo").click();
  await isShown(page.locator(".handover"));
  await page.locator("#handover-close").click();
  await isHidden(page.locator(".handover"));
  await page.reload();
  await isHidden(page.locator(".handover"));
  const other = await t.open(`/s/${id}`);
  await isHidden(other.locator(".handover"));
});

test("who has no account gets the link to edit, which works in another browser", async (t) => {
  t.expect(/status of 40[134]/);
  const page = await t.open();
  const id = await share(page);
  const edit = await page.locator("#handover-edit").inputValue();
  await saysSoon(page.locator(".handover"), /remembers it for 30 days/);
  const other = await t.open(edit.slice(url.length));
  await (await editorOf(other)).fill("edited elsewhere\n");
  assert.equal(new URL(other.url()).hash, "", "the secret does not stay in the address");
  await other.locator("#share").click();
  await other.waitForURL(`**/s/${id}`);
  assert.equal(await t.anonymous.bodyOf(id), "edited elsewhere\n");
});

test("without scripts the maker of what burns gets the link too", async (t) => {
  const page = await t.open("/", { scripts: false });
  await page.locator("#body").fill("the secret");
  await page.locator("label", { hasText: "Burn after reading" }).click();
  await page.locator("#title").press("Enter");
  await page.waitForURL(/\/s\/\w+\/made$/);
  const link = page.url().replace(/\/made$/, "");
  assert.equal(await page.locator("#link").inputValue(), link);
  await page.locator("summary", { hasText: "QR" }).click();
  await isShown(page.locator(".handover img"));
  const reader = await t.open(new URL(link).pathname, { scripts: false });
  await reader.locator("button", { hasText: "Show it now" }).click();
  assert.equal(await reader.locator("pre.code code").textContent(), "the secret");
});

test("of what burns the maker gets the link, and nothing that burns it", async (t) => {
  const page = await t.open();
  const id = await share(page, { text: "the secret", burns: true });
  await saysSoon(page.locator(".handover"), /for one reader/);
  assert.equal(await page.locator("#main form").count(), 0, "no button that shows it");
  assert.equal(await page.locator(".handover summary", { hasText: "Embed" }).count(), 0);
  await page.locator("#handover-close").click();
  await page.waitForURL((to) => to.pathname === "/");
  const reader = await t.open(`/s/${id}`);
  await reader.locator("#main form button").click();
  await saysSoon(reader.locator("pre.code"), /the secret/);
});
