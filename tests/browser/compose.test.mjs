// Composing, with the editor and without scripts: both share the same, and neither loses what was written.

import assert from "node:assert/strict";

import { codeOf, drafts, editorOf, editorText, isHidden, isShown, saysSoon, tabTo, test, until } from "./lib/browser.mjs";

const program = "def greet(name):\n    print(f'hello {name}')\n\n\ngreet('all')\n";

/** Shares, and gives the id of what was shared. */
async function shared(page, how = () => page.locator("#share").click()) {
  await how();
  await page.waitForURL((to) => /^\/s\/[^/]+(\/made)?$/.test(to.pathname));
  return new URL(page.url()).pathname.split("/")[2];
}

/** Drops, or pastes, a file as a browser does; `content` may be a count of bytes. */
async function give(page, event, { name, content, type = "" }) {
  await page.evaluate(
    ({ event, name, content, type }) => {
      const data = new DataTransfer();
      const bytes = typeof content === "number" ? new Uint8Array(content).fill(120) : Uint8Array.from(content);
      data.items.add(new File([bytes], name, { type }));
      const options = { bubbles: true, cancelable: true, composed: true };
      if (event === "paste") {
        document.body.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
        return;
      }
      for (const step of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(step, { ...options, dataTransfer: data }));
      }
    },
    { event, name, content: typeof content === "number" ? content : [...Buffer.from(content)], type },
  );
}

const hasText = (page, text) => until(async () => (await editorText(page)) === text, `the editor to have ${JSON.stringify(text.slice(0, 60))}`);
const meter = (page) => page.locator("#meter");
const draftKept = (page, part) => until(async () => (await drafts(page)).some((draft) => draft.includes(part)), "the draft to be kept");

/** The server's answer to the next creates, instead of the server. */
const answer = (page, response) => page.route("**/snippets", (route) => route.fulfill({ contentType: "application/problem+json", ...response }));
const problem = (status, error, more = {}) => JSON.stringify({ type: "about:blank", title: `Problem ${status}`, status, error, detail: `Detail of ${error}.`, ...more });

test("the editor shares text with title, language, visibility, expiry and tags", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/", { account: ada });
  const editor = await editorOf(page);
  await editor.fill(program);
  await page.locator("#title").fill("greet.txt");
  await page.locator("#language").fill("python");
  await page.locator("label", { hasText: "Public" }).click();
  await page.locator("#expires").selectOption("86400");
  await page.locator("#tags").fill("greeting, two words , greeting");
  const id = await shared(page);
  assert.equal(await codeOf(page), program);
  const made = await ada.read(id);
  assert.deepEqual(
    [made.title, made.body, made.language, made.visibility, made.owner], ["greet.txt", program, "python", "public", ada.name]);
  assert.deepEqual(made.tags.toSorted(), ["greeting", "two words"]);
  const lifetime = Date.parse(made.expires_at) - Date.parse(made.created_at);
  assert.ok(Math.abs(lifetime - 86_400_000) < 5000, `${lifetime} ms`);
});

test("private needs an account", async (t) => {
  const ada = await t.signUp();
  const own = await t.open("/", { account: ada });
  await (await editorOf(own)).fill("mine");
  await own.locator("label", { hasText: "Private" }).click();
  const id = await shared(own);
  assert.equal((await ada.read(id)).visibility, "private");
  assert.equal(await t.anonymous.statusOf(id), 404);
  const other = await t.open("/");
  assert.equal(await other.locator("input[value=private]").isDisabled(), true);
});

test("burn after reading is asked for by a box, and the creator's own way to the link burns nothing", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill("the secret");
  await page.locator("label", { hasText: "Burn after reading" }).click();
  const id = await shared(page);
  await saysSoon(page.locator("h1"), /for one reader/);
  assert.equal(await t.anonymous.statusOf(id), 200);
});

test("a language is found by its label or another name of it", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill("int x;");
  const options = await page.locator("#languages option").count();
  assert.ok(options > 200, `${options} languages`);
  assert.equal(await page.locator("#languages option[value=cpp]").textContent(), "C++");
  await page.locator("#language").fill("C++");
  const id = await shared(page);
  assert.equal((await t.anonymous.read(id)).language, "cpp");
  await page.goto("/");
  await (await editorOf(page)).fill("package main");
  await page.locator("#language").fill("golang");
  assert.equal((await t.anonymous.read(await shared(page))).language, "go");
});

test("the editor colours in the language that is chosen", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  await editor.fill("def f():\n    return 'x'\n");
  const coloured = () => editor.locator(".cm-line span").count();
  assert.equal(await coloured(), 0);
  await page.locator("#language").fill("python");
  await until(async () => (await coloured()) > 0, "colours");
});

const fromGuess = async (page, label) => {
  await saysSoon(page.locator("#guess"), `Looks like ${label}: plain text instead`);
  assert.equal(await page.locator("#language").inputValue(), "");
  assert.equal(await page.locator("#language").getAttribute("placeholder"), label);
};
const coloursOf = (page) => page.locator("#editor .cm-line span").count();

test("the language is guessed from the text while it is typed, and from the name at once", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  await isHidden(page.locator("#guess"));
  await editor.fill(program);
  await fromGuess(page, "Python");
  await until(async () => (await coloursOf(page)) > 0, "colours");
  await page.locator("#title").fill("main.rs");
  await fromGuess(page, "Rust");
  await page.locator("#title").fill("notes.txt");
  await isHidden(page.locator("#guess"));
  await page.locator("#title").fill("");
  await fromGuess(page, "Python");
  // Nobody has chosen it: the service guesses the same, and no wish is sent.
  const [request] = await Promise.all([page.waitForRequest("**/snippets"), page.locator("#share").click()]);
  assert.equal("language" in request.postDataJSON(), false);
  await page.waitForURL("**/s/*");
  assert.equal(await page.locator("article.snippet").getAttribute("data-language"), "python");
});

test("an interpreter in the first line tells the language", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill("#!/usr/bin/env -S node --test\nx\n");
  await fromGuess(page, "JavaScript");
});

test("a guess is undone in one step, and what somebody has chosen stays", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  await editor.fill(program);
  await fromGuess(page, "Python");
  await page.locator("#guess").click();
  assert.equal(await page.locator("#language").inputValue(), "text");
  await isHidden(page.locator("#guess"));
  await until(async () => (await coloursOf(page)) === 0, "no colours");
  await page.locator("#title").fill("main.go");
  await isHidden(page.locator("#guess"));
  // Undone again: the field is empty.
  await page.locator("#language").fill("");
  await fromGuess(page, "Go");
  await page.locator("#language").fill("golang");
  await isHidden(page.locator("#guess"));
  const [request] = await Promise.all([page.waitForRequest("**/snippets"), page.locator("#share").click()]);
  assert.equal(request.postDataJSON().language, "go");
});

test("a name that no language has is a message, and nothing is sent", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill(program);
  await page.locator("#language").fill("klingon");
  await page.locator("#title").focus();
  await saysSoon(page.locator("#language-note"), /no language “klingon” here/);
  assert.equal(await page.locator("#language").getAttribute("aria-invalid"), "true");
  let sent = 0;
  page.on("request", (request) => (sent += request.method() === "POST" ? 1 : 0));
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /Which language is it/);
  assert.equal(sent, 0);
  await page.locator("#language").fill("Python");
  await isHidden(page.locator("#language-note"));
  await shared(page);
});

test("a snippet whose language was guessed is guessed again when its title changes", async (t) => {
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "a.rb", body: program });
  const page = await t.open(`/s/${id}/edit`, { account: ada });
  await editorOf(page);
  await fromGuess(page, "Ruby");
  await page.locator("#title").fill("a.rs");
  await fromGuess(page, "Rust");
  const [request] = await Promise.all([page.waitForRequest(`**/snippets/${id}`), page.locator("#share").click()]);
  assert.deepEqual(request.postDataJSON(), { title: "a.rs" });
  await page.waitForURL(`**/s/${id}`);
  assert.equal(await page.locator("article.snippet").getAttribute("data-language"), "rust");
});

test("the meter tells the size in bytes, warns, and refuses what is too large", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  await saysSoon(meter(page), /^0 B of 1 MiB$/);
  await editor.fill("hällo€");
  await saysSoon(meter(page), /^9 B of 1 MiB$/);
  await give(page, "drop", { name: "near.txt", content: 1024 * 1000 });
  await until(async () => (await meter(page).getAttribute("data-level")) === "near", "a warning");
  // A file that is too large is refused before it is read, and what was there stays.
  await give(page, "drop", { name: "large.txt", content: (1 << 20) + 1 });
  await saysSoon(page.locator("#problem"), /large\.txt.*too large/);
  await editor.evaluate((content) => {
    const data = new DataTransfer();
    data.setData("text/plain", "y".repeat(60_000));
    content.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await until(async () => (await meter(page).getAttribute("data-level")) === "over", "too large");
  await saysSoon(meter(page), /too large/);
  // What is above `high` while less is better is red in every browser; up to it, green or yellow.
  const bar = await page.locator("#meter-bar").evaluate(({ value, high, low, optimum }) => ({ value, high, low, optimum }));
  assert.ok(bar.value > bar.high && bar.high === 1 << 20 && bar.optimum < bar.low, JSON.stringify(bar));
  assert.equal(await page.locator("#share").getAttribute("aria-disabled"), "true");
  let sent = 0;
  page.on("request", (request) => (sent += request.method() === "POST" ? 1 : 0));
  await page.locator("#share").click({ force: true });
  await saysSoon(page.locator("#problem"), /too large/);
  assert.equal(sent, 0);
});

test("a dropped and a pasted file become text and title; what is no text is refused", async (t) => {
  for (const event of ["drop", "paste"]) {
    const page = await t.open("/");
    await editorOf(page);
    await give(page, event, { name: "greet.py", content: program });
    await hasText(page, program);
    assert.equal(await page.locator("#title").inputValue(), "greet.py");
    await saysSoon(page.locator("#guess"), /Looks like Python/);
    await give(page, event, { name: "picture.png", content: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]) });
    await saysSoon(page.locator("#problem"), /picture\.png.*is not text/);
    await give(page, event, { name: "nul.txt", content: Buffer.from("a\0b") });
    await saysSoon(page.locator("#problem"), /nul\.txt.*is not text/);
    await hasText(page, program);
    // A second file can be undone.
    await give(page, event, { name: "other.txt", content: "other" });
    await hasText(page, "other");
    await page.locator(".toast button", { hasText: "Undo" }).click();
    await hasText(page, program);
    assert.equal(await page.locator("#title").inputValue(), "greet.py");
  }
});

test("a file in UTF-16 or Latin-1 is converted, and the page says so", async (t) => {
  const page = await t.open("/");
  await editorOf(page);
  const utf16 = Buffer.from("\ufeffh\u00e9 \ud83d\ude00\n", "utf16le");
  for (const [name, buffer, text, from] of [
    ["le.txt", utf16, "h\u00e9 \ud83d\ude00\n", "UTF-16"],
    ["be.txt", Buffer.from(utf16).swap16(), "h\u00e9 \ud83d\ude00\n", "UTF-16"],
    ["latin.txt", Buffer.from("h\u00e9llo \u00fc\n", "latin1"), "h\u00e9llo \u00fc\n", "Latin-1"],
    ["utf8.txt", Buffer.from("h\u00e9 \u2026\n"), "h\u00e9 \u2026\n", ""],
  ]) {
    await page.locator("#file").setInputFiles({ name, mimeType: "text/plain", buffer });
    await saysSoon(page.locator(".toast", { hasText: name }).last(), from ? new RegExp(`converted from ${from} to UTF-8`) : /is loaded(?!, converted)/);
    const id = await shared(page);
    assert.equal(await t.anonymous.bodyOf(id), text, name);
    await page.goto("/");
    await editorOf(page);
  }
});

test("a file chosen in the form is loaded, and its line ends stay", async (t) => {
  const page = await t.open("/");
  await editorOf(page);
  await page.locator("#file").setInputFiles({ name: "dos.bat", mimeType: "text/plain", buffer: Buffer.from("@echo off\r\necho hi\r\n") });
  await hasText(page, "@echo off\necho hi\n");
  const id = await shared(page);
  assert.equal(await t.anonymous.bodyOf(id), "@echo off\r\necho hi\r\n");
  assert.equal(await codeOf(page), "@echo off\r\necho hi\r\n");
});

test("the draft survives a reload, can be discarded, and is gone once it is shared", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill(program);
  await page.locator("#title").fill("greet.py");
  await page.locator("#tags").fill("kept");
  await page.locator("label", { hasText: "Public" }).click();
  await page.locator("#expires").selectOption("3600");
  await draftKept(page, "greet.py");
  await page.reload();
  await saysSoon(page.locator("#notice"), /Your draft is back/);
  await editorOf(page);
  await hasText(page, program);
  assert.equal(await page.locator("#title").inputValue(), "greet.py");
  assert.equal(await page.locator("#tags").inputValue(), "kept");
  assert.equal(await page.locator("#expires").inputValue(), "3600");
  assert.equal(await page.locator("input[value=public]").isChecked(), true);
  await page.locator("#discard-draft").click();
  await hasText(page, "");
  assert.deepEqual(await drafts(page), []);

  await (await editorOf(page)).fill("second");
  await draftKept(page, "second");
  await shared(page);
  assert.deepEqual(await drafts(page), []);
  await page.goto("/");
  await editorOf(page);
  await hasText(page, "");
  await isHidden(page.locator("#notice"));
});

test("the text has the focus, and what is pasted anywhere goes into it", async (t) => {
  const page = await t.open("/");
  await editorOf(page);
  await page.keyboard.type("typed");
  await hasText(page, "typed");
  const paste = (text, target) =>
    page.evaluate(([text, target]) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      document.querySelector(target).dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, composed: true, clipboardData }));
    }, [text, target]);
  await page.locator("#share").focus();
  await paste(" and pasted", "#share");
  await hasText(page, "typed and pasted");
  await page.keyboard.type("!");
  await hasText(page, "typed and pasted!");
  await paste("elsewhere", "#title");
  await hasText(page, "typed and pasted!");
});

test("Ctrl+Enter shares, from the editor and from a field", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  await editor.click();
  await page.keyboard.type("typed");
  let id = await shared(page, () => page.keyboard.press("Control+Enter"));
  assert.equal(await t.anonymous.bodyOf(id), "typed");
  await page.goto("/");
  await (await editorOf(page)).fill("filled");
  await page.locator("#title").focus();
  id = await shared(page, () => page.keyboard.press("Control+Enter"));
  assert.equal(await t.anonymous.bodyOf(id), "filled");
});

test("Tab indents what is being typed, and is no trap", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  const inEditor = () => editor.evaluate((content) => content.getRootNode().activeElement === content);
  // By Tab through the page, without typing, the editor is left as it was entered.
  await page.locator("#guess, #language").first().focus();
  await tabTo(page, ".cm-content", 10);
  await page.keyboard.press("Tab");
  assert.equal(await inEditor(), false);
  await hasText(page, "");
  await editor.click();
  await page.keyboard.type("x");
  await page.keyboard.press("Home");
  await page.keyboard.press("Tab");
  await hasText(page, "    x");
  assert.equal(await inEditor(), true);
  await page.keyboard.press("Shift+Tab");
  await hasText(page, "x");
  await page.keyboard.press("Escape");
  await saysSoon(page.locator("#announcer"), /Tab leaves the editor now/);
  await page.keyboard.press("Tab");
  assert.equal(await inEditor(), false);
  await hasText(page, "x");
});

test("an empty text is not sent", async (t) => {
  const page = await t.open("/");
  await editorOf(page);
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /nothing to share yet/);
});

test("422: the fields at fault are named, marked and linked, and the text stays", async (t) => {
  t.expect(/status of 422/);
  const page = await t.open("/");
  await (await editorOf(page)).fill(program);
  await page.locator("#tags").fill("t".repeat(40));
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /Something has to be changed first\nTags have 1 to 32 characters each/);
  assert.equal(await page.locator("#tags").getAttribute("aria-invalid"), "true");
  await page.locator("#problem a", { hasText: "Tags" }).click();
  assert.equal(await page.locator("#tags").evaluate((field) => field === document.activeElement), true);
  await hasText(page, program);
  await page.locator("#tags").fill("short");
  const id = await shared(page);
  assert.equal(await t.anonymous.bodyOf(id), program);
});

test("413, 503 and a lost network keep the text; a second try shares it once", async (t) => {
  t.expect(/status of (413|503)/, /ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
  const page = await t.open("/");
  await (await editorOf(page)).fill(program);
  await answer(page, { status: 413, body: problem(413, "payload_too_large") });
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /The text is too large[\s\S]*Detail of payload_too_large/);
  await page.unrouteAll();

  await answer(page, { status: 503, headers: { "Retry-After": "2" }, body: problem(503, "unavailable") });
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /The service is busy/);
  await saysSoon(page.locator("#share-note"), /Possible again in [12] s/);
  assert.equal(await page.locator("#share").getAttribute("aria-disabled"), "true");
  await until(async () => (await page.locator("#share").getAttribute("aria-disabled")) === "false", "the end of the wait");
  await page.unrouteAll();

  await page.context().setOffline(true);
  await page.locator("#share").click();
  await saysSoon(page.locator("#problem"), /The server cannot be reached/);
  await hasText(page, program);
  await page.context().setOffline(false);

  // The answer is lost on its way: the same text again is the same snippet.
  const ids = [];
  await page.route("**/snippets", async (route) => {
    ids.push((await (await route.fetch()).json()).id);
    await route.abort();
  });
  await page.locator("#share").click();
  await until(() => ids.length === 1, "the lost answer");
  await saysSoon(page.locator("#problem"), /The server cannot be reached/);
  await page.unrouteAll();
  assert.equal(await shared(page), ids[0]);
});

test("sharing twice in a hurry sends once", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill(program);
  let sent = 0;
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route("**/snippets", async (route) => {
    ++sent;
    await held;
    await route.continue();
  });
  await page.locator("#share").click();
  await saysSoon(page.locator("#share-note"), "Sharing…");
  await page.locator("#share").click({ force: true });
  await page.keyboard.press("Control+Enter");
  letGo();
  await page.waitForURL("**/s/*");
  assert.equal(sent, 1);
});

test("who has no account edits and deletes what this browser has shared", async (t) => {
  const page = await t.open("/");
  await (await editorOf(page)).fill("with a typing eror\n");
  const id = await shared(page);
  await page.locator(".for-owner a", { hasText: "Edit" }).click();
  await page.waitForURL(`**/s/${id}/edit`);
  await editorOf(page);
  await hasText(page, "with a typing eror\n");
  await page.locator("#editor .cm-content").fill("without a typing error\n");
  await page.locator("#share").click();
  await page.waitForURL(`**/s/${id}`);
  assert.equal(await codeOf(page), "without a typing error\n");
  await page.locator("#delete").click();
  await page.locator("button", { hasText: "Delete now" }).click();
  await page.waitForURL((to) => to.pathname === "/");
  assert.ok([404, 410].includes(await t.anonymous.statusOf(id)));
});

// No heading at the beginning: who replaces one makes the browser itself write a style that the policy refuses.
const markdown = "Text[^1] and $x^2$.\n\n# Title\n\n[^1]: A note.\n";

test("Markdown is previewed as its page shows it, and by the keyboard", async (t) => {
  const page = await t.open("/");
  const editor = await editorOf(page);
  const tabs = page.locator("[role=tablist]");
  await editor.fill(program);
  await isHidden(tabs);
  await editor.fill(markdown);
  await page.locator("#language").fill("markdown");
  await isShown(tabs);
  const [write, preview] = [tabs.getByRole("tab", { name: "Write" }), tabs.getByRole("tab", { name: "Preview" })];
  await write.focus();
  await page.keyboard.press("ArrowRight");
  const panel = page.getByRole("tabpanel", { name: "Preview" });
  await saysSoon(panel.locator("h1"), "Title");
  assert.equal(await preview.evaluate((tab) => tab === document.activeElement && tab.ariaSelected), "true");
  assert.equal(await panel.locator(".footnotes li").count(), 1);
  await isShown(panel.locator("math"));
  await isHidden(page.locator("#editor"));
  await page.keyboard.press("Home");
  await isShown(page.locator("#editor"));
  assert.equal(await write.evaluate((tab) => tab === document.activeElement), true);
  // What is asked for again is asked of the server only when it has changed.
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/preview")));
  await preview.click();
  await isShown(panel.locator("h1"));
  assert.equal(asked, 0);
  await write.click();
  await editor.fill("*changed*");
  await preview.click();
  await saysSoon(panel.locator("em"), "changed");
  assert.equal(asked, 1);
  // Another language has none, and the text is where it was.
  await page.locator("#language").fill("python");
  await isHidden(tabs);
  await isShown(page.locator("#editor"));
  await hasText(page, "*changed*");
  await page.locator("#language").fill("markdown");
  const rendered = await page.request.post("/snippets/preview", { data: { body: "*changed*" } });
  const id = await shared(page);
  await page.goto(`/s/${id}`);
  assert.equal(await page.locator(".markdown").innerHTML(), (await rendered.json()).html);
});

test("a preview that fails says why, and the text stays", async (t) => {
  t.expect(/status of 4(22|29)|ERR_FAILED/);
  const page = await t.open("/");
  const editor = await editorOf(page);
  await page.locator("#language").fill("markdown");
  await page.locator("#tab-preview").click();
  await saysSoon(page.locator("#preview-note"), "There is nothing to show yet.");
  await page.locator("#tab-write").click();
  await editor.fill("text");
  const answers = [
    [{ status: 422, body: problem(422, "invalid", { fields: { body: "is too much to be rendered: it takes too long" } }) }, "The text is too much to be rendered"],
    [{ status: 429, headers: { "Retry-After": "7" }, body: problem(429, "rate_limited") }, "Possible again in 7 seconds"],
    [null, "The server cannot be reached"],
  ];
  for (const [response, words] of answers) {
    await page.route("**/preview", (route) => (response ? route.fulfill({ contentType: "application/problem+json", ...response }) : route.abort()));
    await page.locator("#tab-preview").click();
    await until(async () => (await page.locator("#preview-note").textContent()).includes(words), words);
    await page.unroute("**/preview");
    await page.locator("#tab-write").click();
    await hasText(page, "text");
  }
  await page.locator("#tab-preview").click();
  await saysSoon(page.locator("#preview p"), "text");
  await isHidden(page.locator("#preview-note"));
});

// Without scripts.

const plain = { scripts: false };

test("without scripts a button shows the preview under the text", async (t) => {
  const page = await t.open("/", plain);
  await page.locator("#language").fill("Markdown");
  await page.locator("#body").fill(markdown);
  await isHidden(page.locator("[role=tablist]"));
  await page.locator("button", { hasText: "Preview Markdown" }).click();
  await saysSoon(page.locator("section.preview h1"), "Title");
  assert.equal(await page.locator("#body").inputValue(), markdown);
  assert.equal(await page.locator("section.preview code.language-math").textContent(), "x^2");
  await page.locator("#title").press("Enter");
  await page.waitForURL(/\/s\//);
  await saysSoon(page.locator(".markdown h1"), "Title");
});

test("without scripts the form shares the same", async (t) => {
  const ada = await t.signUp();
  const page = await t.open("/", { account: ada, ...plain });
  await page.locator("#title").fill("greet.txt");
  await page.locator("#language").fill("Python");
  await page.locator("#body").fill(program);
  await page.locator("label", { hasText: "Public" }).click();
  await page.locator("#expires").selectOption("3600");
  await page.locator("#tags").fill("greeting, two words");
  const id = await shared(page);
  const made = await ada.read(id);
  assert.deepEqual([made.title, made.body, made.language, made.visibility], ["greet.txt", program, "python", "public"]);
  assert.deepEqual(made.tags.toSorted(), ["greeting", "two words"]);
  assert.ok(Date.parse(made.expires_at) - Date.parse(made.created_at) <= 3_600_000);
  assert.equal(await codeOf(page), program);

  await page.goto("/");
  await page.locator("#body").fill("the secret");
  await page.locator("label", { hasText: "Burn after reading" }).click();
  const burning = await shared(page);
  await saysSoon(page.locator("h1"), "Your link is ready, for one reader");
  await page.goto(`/s/${burning}`);
  await saysSoon(page.locator("h1"), "Read it once?");
});

test("without scripts a file is shared byte for byte", async (t) => {
  const page = await t.open("/", plain);
  await page.locator("#file").setInputFiles({ name: "dos.bat", mimeType: "text/plain", buffer: Buffer.from("@echo off\r\nécho hi\r\n") });
  const id = await shared(page);
  const made = await t.anonymous.read(id);
  assert.deepEqual([made.title, made.body], ["dos.bat", "@echo off\r\nécho hi\r\n"]);
});

test("without scripts an error keeps what was written", async (t) => {
  t.expect(/status of 4(22|13)/);
  const page = await t.open("/", plain);
  await page.locator("#title").fill("a <title>");
  await page.locator("#body").fill("\n\nkept <text>\n");
  await page.locator("#tags").fill("t".repeat(40));
  await page.locator("label", { hasText: "Public" }).click();
  await page.locator("#expires").selectOption("600");
  await page.locator("#share").click();
  await saysSoon(page.locator("#server-problem"), /Something has to be changed first[\s\S]*\nTags have 1 to 32 characters each/);
  assert.equal(await page.locator("#title").inputValue(), "a <title>");
  assert.equal(await page.locator("#body").inputValue(), "\n\nkept <text>\n");
  assert.equal(await page.locator("#tags").inputValue(), "t".repeat(40));
  assert.equal(await page.locator("#expires").inputValue(), "600");
  assert.equal(await page.locator("input[value=public]").isChecked(), true);
  await page.locator("#server-problem a", { hasText: "Tags" }).click();
  assert.equal(new URL(page.url()).hash, "#tags");
  await page.locator("#tags").fill("");
  const id = await shared(page);
  assert.equal(await t.anonymous.bodyOf(id), "\n\nkept <text>\n");

  await page.goto("/");
  await page.locator("#share").click();
  await saysSoon(page.locator("#server-problem"), /Text may not be empty/);
});

test("without scripts too large a text comes back, or is refused as such", async (t) => {
  t.expect(/status of 4(22|13)/);
  const page = await t.open("/", plain);
  await page.locator("#body").evaluate((area) => (area.value = "x".repeat((1 << 20) + 10)));
  await page.locator("#share").click();
  await saysSoon(page.locator("main"), /too large|larger|at most/i);
});

test("without scripts who has no account edits what this browser has shared, and nobody else does", async (t) => {
  const page = await t.open("/", plain);
  await page.locator("#body").fill("with a typing eror\n");
  const id = await shared(page);
  await page.locator("noscript a", { hasText: "edit" }).click();
  await page.waitForURL(`**/s/${id}/edit`);
  assert.equal(await page.locator("#body").inputValue(), "with a typing eror\n");
  await page.locator("#body").fill("without a typing error\n");
  await page.locator("#share").click();
  await page.waitForURL(`**/s/${id}`);
  assert.equal(await codeOf(page), "without a typing error\n");

  t.expect(/status of 40[134]/);
  const other = await t.open(null, plain);
  const refused = await other.goto(`/s/${id}/edit`);
  assert.ok([401, 403, 404].includes(refused.status()), `${refused.status()}`);
});

test("without scripts an edit that crosses another shows both ways out", async (t) => {
  t.expect(/status of 412/);
  const ada = await t.signUp();
  const { id } = await ada.create({ body: "first\n" });
  const page = await t.open(`/s/${id}/edit`, { account: ada, ...plain });
  await page.locator("#body").fill("mine\n");
  await ada.edit(id, { body: "theirs\n" });
  await page.locator("#share").click();
  await saysSoon(page.locator("#server-problem"), /edited this snippet meanwhile/);
  assert.equal(await page.locator("#server-problem pre").innerText(), "theirs\n");
  assert.equal(await page.locator("#body").inputValue(), "mine\n");
  assert.equal(await ada.bodyOf(id), "theirs\n");
  await page.locator("#share").click();
  await page.waitForURL(`**/s/${id}`);
  assert.equal(await ada.bodyOf(id), "mine\n");
});

for (const scripts of [true, false]) {
  test(`an edit of one thing leaves every byte of the others (scripts: ${scripts})`, async (t) => {
    const ada = await t.signUp();
    const made = { title: "a.txt", body: "one\r\ntwo\nthree\rfour\r\n", tags: ["x, y", '"z"'], visibility: "private", language: "haskell" };
    const { id } = await ada.create({ ...made, expires_in: 1000 });
    const page = await t.open(`/s/${id}/edit`, { account: ada, scripts });
    if (scripts) await editorOf(page);
    await page.locator("#title").fill("b.txt");
    await shared(page);
    const { title, body, tags, visibility, language, expires_at, version } = await ada.read(id);
    assert.deepEqual({ title, body, tags, visibility, language }, { ...made, title: "b.txt" });
    assert.ok(expires_at);
    assert.equal(version, 2);

    await page.goto(`/s/${id}/edit`);
    const text = scripts ? await editorOf(page) : page.locator("#body");
    await text.click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("zero");
    await page.keyboard.press("Enter");
    await shared(page);
    assert.equal((await ada.read(id)).body, `zero\r\n${made.body}`);
  });
}
