// Editing: what was written is never lost, whatever crosses it.

import assert from "node:assert/strict";

import { drafts, editorOf, editorText, isHidden, saysSoon, test, until } from "./lib/browser.mjs";

const hasText = (page, text) => until(async () => (await editorText(page)) === text, `the editor to have ${JSON.stringify(text)}`);
const isKept = (page, part) => until(async () => (await drafts(page)).some((draft) => draft.includes(part)), "the draft to be kept");
const isSaved = (page, id) => page.waitForURL(`**/s/${id}`);

async function edited(t, made = { body: "first\n" }) {
  const ada = await t.signUp();
  const { id } = await ada.create(made);
  const page = await t.open(`/s/${id}/edit`, { account: ada });
  await editorOf(page);
  return { ada, id, page };
}

const write = (page, text) => page.locator("#editor .cm-content").fill(text);

test("an edit survives a reload and a followed link, and can be discarded", async (t) => {
  const { id, page } = await edited(t);
  const questions = t.leaveWhenAsked();
  await write(page, "changed\n");
  await page.locator("#title").fill("new.txt");
  await isKept(page, "changed");
  await page.reload();
  assert.deepEqual(questions, ["beforeunload"], "it asks before it is left");
  await saysSoon(page.locator("#notice"), /What you had changed is back/);
  await editorOf(page);
  await hasText(page, "changed\n");
  assert.equal(await page.locator("#title").inputValue(), "new.txt");
  await page.locator("header a", { hasText: "Explore" }).click();
  await page.waitForURL("**/explore");
  await page.goto(`/s/${id}/edit`);
  await editorOf(page);
  await hasText(page, "changed\n");
  await page.locator("#discard-draft").click();
  await hasText(page, "first\n");
  assert.equal(await page.locator("#title").inputValue(), "");
  assert.deepEqual(await drafts(page), []);
  const asked = questions.length;
  await page.reload();
  assert.equal(questions.length, asked, "there is nothing to lose");
  await isHidden(page.locator("#notice"));
});

test("an edit that is saved leaves no draft, and one that changes nothing makes none", async (t) => {
  const { ada, id, page } = await edited(t);
  await write(page, "changed\n");
  await isKept(page, "changed");
  await write(page, "first\n");
  await until(async () => (await drafts(page)).length === 0, "the draft to be forgotten");
  await write(page, "changed\n");
  await isKept(page, "changed");
  await page.locator("#share").click();
  await isSaved(page, id);
  assert.equal(await ada.bodyOf(id), "changed\n");
  assert.deepEqual(await drafts(page), []);
});

test("single keys do not leave while something is being written", async (t) => {
  const { id, page } = await edited(t);
  await write(page, "changed\n");
  await isKept(page, "changed");
  await page.locator("h1").click();
  for (const key of ["n", "e", "m"]) await page.keyboard.press(key);
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  assert.equal(new URL(page.url()).pathname, `/s/${id}/edit`);
});

test("a session that has ended keeps the edit, and the log-in leads back to it", async (t) => {
  t.expect(/status of 40[134]/);
  const { ada, id, page } = await edited(t);
  const questions = t.leaveWhenAsked();
  await write(page, "changed\n");
  await page.context().clearCookies();
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /not logged in any more/);
  await hasText(page, "changed\n");
  await page.locator("#problem a", { hasText: "Log in" }).click();
  await page.waitForURL("**/login?next=*");
  await page.locator("input[name=username]").fill(ada.name);
  await page.locator("input[name=password]").fill(ada.password);
  await page.locator("main button[type=submit], main form button").first().click();
  await page.waitForURL(`**/s/${id}/edit`);
  await editorOf(page);
  await hasText(page, "changed\n");
  await page.locator("#share").click();
  await isSaved(page, id);
  assert.equal(await ada.bodyOf(id), "changed\n");
  assert.ok(questions.length <= 1);
});

async function crossed(t, theirs, mine = "one\nmine\nthree\n") {
  t.expect(/status of 412/);
  const { ada, id, page } = await edited(t, { body: "one\ntwo\nthree\n", title: "a.txt" });
  await write(page, mine);
  await ada.edit(id, theirs);
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /Somebody else has saved this snippet meanwhile/);
  return { ada, id, page };
}

test("two edits of one text are shown both, and mine can be saved over it", async (t) => {
  const { ada, id, page } = await crossed(t, { body: "one\ntheirs\nthree\n" });
  await saysSoon(page.locator("#editor .cm-deletedChunk"), /theirs/);
  await hasText(page, "one\nmine\nthree\n");
  await page.locator("#save-mine").click();
  await isSaved(page, id);
  const { body, version } = await ada.read(id);
  assert.deepEqual([body, version], ["one\nmine\nthree\n", 3]);
});

test("theirs can be taken, and mine comes back", async (t) => {
  const { ada, id, page } = await crossed(t, { body: "one\r\ntheirs\r\nthree\r\n", title: "b.txt" });
  await page.locator("#take-theirs").click();
  await hasText(page, "one\ntheirs\nthree\n");
  assert.equal(await page.locator("#title").inputValue(), "b.txt");
  await page.locator(".toasts button", { hasText: "Back to mine" }).click();
  await hasText(page, "one\nmine\nthree\n");
  await page.locator("#share").click();
  await isSaved(page, id);
  assert.equal(await ada.bodyOf(id), "one\r\nmine\r\nthree\r\n");
});

test("both can be merged by hand, part by part", async (t) => {
  const { ada, id, page } = await crossed(t, { body: "ONE\ntwo\nTHREE\n" }, "Uno\ntwo\nTres\n");
  await page.locator("#editor .cm-deletedChunk").nth(1).waitFor();
  await page.locator("#editor button", { hasText: "Take theirs" }).first().click();
  await hasText(page, "ONE\ntwo\nTres\n");
  await page.locator("#share").click();
  await isSaved(page, id);
  assert.equal(await ada.bodyOf(id), "ONE\ntwo\nTres\n");
});

test("what only one of two edits has changed needs no decision", async (t) => {
  const { ada, id, page } = await crossed(t, { title: "theirs.txt", tags: ["a, b"] });
  await saysSoon(page.locator("#problem"), /Save again to keep both/);
  assert.equal(await page.locator("#title").inputValue(), "theirs.txt");
  await page.locator("#save-mine").click();
  await isSaved(page, id);
  const { title, body, tags } = await ada.read(id);
  assert.deepEqual([title, body, tags], ["theirs.txt", "one\nmine\nthree\n", ["a, b"]]);
});

test("an edit that crosses one's own in another tab says so", async (t) => {
  t.expect(/status of 412/);
  const { id, page } = await edited(t);
  const other = await page.context().newPage();
  await other.goto(`/s/${id}/edit`);
  await editorOf(other);
  await write(page, "here\n");
  await write(other, "there\n");
  await other.locator("#share").click();
  await isSaved(other, id);
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /in another tab/);
  await saysSoon(page.locator("#editor .cm-deletedChunk"), /there/);
});

test("two tabs that compose have two drafts, and one that is closed leaves its to the next", async (t) => {
  const first = await t.open("/");
  await editorOf(first);
  await write(first, "in the first\n");
  await isKept(first, "in the first");
  const second = await first.context().newPage();
  await second.goto("/");
  await editorOf(second);
  await write(second, "in the second\n");
  await isKept(second, "in the second");
  assert.equal((await drafts(first)).length, 2);
  await first.reload();
  await editorOf(first);
  await hasText(first, "in the first\n");
  await second.close({ runBeforeUnload: false });
  const third = await first.context().newPage();
  await third.goto("/");
  await saysSoon(third.locator("#notice"), /Your draft is back/);
  await hasText(third, "in the second\n");
  assert.equal((await drafts(first)).length, 2);
});
