// A real browser for one file of tests, and what every test wants of it: pages of a context of their own, accounts,
// bounded waiting, and that nothing goes wrong unnoticed. Whatever a page writes to the console as an error, throws,
// or asks of another server fails the test, unless the test has said that it expects it.

import assert from "node:assert/strict";
import { after, before, test as nodeTest } from "node:test";
import { chromium } from "playwright-core";

import { Account, anonymous } from "./api.mjs";

export const url = process.env.SNIPPETD_URL ?? "http://127.0.0.1:3000";
export const busyUrl = process.env.SNIPPETD_BUSY_URL;
export const mode = process.env.SNIPPETD_MODE ?? "sqlite";
export const factor = Number(process.env.SNIPPETD_TIME_FACTOR ?? "1");

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 360, height: 740 };

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.SNIPPETD_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    timeout: 30_000 * factor,
  });
});

after(async () => {
  await browser?.close();
});

/** Calls `condition` until it gives something true, and gives that; fails after `ms`. */
export async function until(condition, what, ms = 5000) {
  const end = Date.now() + ms * factor;
  for (;;) {
    let last;
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}${last ? `: ${last}` : ""}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until the text of `locator` is `text`, or matches it. */
export async function saysSoon(locator, text, ms = 5000) {
  let seen;
  const fits = () => (text instanceof RegExp ? text.test(seen) : seen === text);
  await until(async () => {
    seen = await locator.innerText({ timeout: 1000 });
    return fits();
  }, `the text ${text}`, ms).catch((error) => {
    throw new Error(`${error.message}; it is ${JSON.stringify(seen)}`);
  });
}

export const isShown = (locator) => locator.waitFor({ state: "visible" });
export const isHidden = (locator) => locator.waitFor({ state: "hidden" });

/** One test's view of the browser. */
class Session {
  #contexts = [];
  #problems = [];
  #expected = [];
  #leaves = null;

  /** From now on, what matches is no problem. */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** From now on, a page that asks whether it may be left is left. Gives a list of the questions, which grows. */
  leaveWhenAsked() {
    this.#leaves = [];
    return this.#leaves;
  }

  /**
   * A page in a context of its own. `account` signs in first; `scripts: false` is a browser without them.
   * Other options are Playwright's for contexts.
   */
  async open(path = null, { account, scripts = true, base = url, ...options } = {}) {
    const context = await browser.newContext({
      baseURL: base,
      javaScriptEnabled: scripts,
      viewport: desktop,
      locale: "en-GB",
      timezoneId: "UTC",
      ...options,
    });
    this.#contexts.push(context);
    context.setDefaultTimeout(5000 * factor);
    context.setDefaultNavigationTimeout(10_000 * factor);
    const problem = (text) => this.#problems.push(text);
    context.on("console", (message) => {
      if (message.type() === "error") problem(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => problem(`page error: ${error.error().stack ?? error.error()}`));
    context.on("dialog", (dialog) => {
      if (this.#leaves && dialog.type() === "beforeunload") {
        this.#leaves.push(dialog.type());
        void dialog.accept().catch(() => undefined);
        return;
      }
      problem(`dialog: ${dialog.message()}`);
      void dialog.dismiss().catch(() => undefined);
    });
    context.on("request", (request) => {
      const to = request.url();
      if (!to.startsWith(base) && !to.startsWith("data:") && !to.startsWith("blob:")) problem(`request to ${to}`);
    });
    if (account) await account.signIn(context, base);
    const page = await context.newPage();
    if (path !== null) await page.goto(path);
    return page;
  }

  signUp(options) {
    return Account.make(url, options);
  }

  get anonymous() {
    return anonymous(url);
  }

  /** Closes everything and gives what nobody expected. */
  async close() {
    for (const context of this.#contexts) await context.close();
    return this.#problems.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }
}

/** A test with a session. */
export function test(name, body, { seconds = 30, skip = false } = {}) {
  nodeTest(name, { timeout: seconds * 1000 * factor, skip }, async () => {
    const session = new Session();
    let failure = null;
    try {
      await body(session);
    } catch (error) {
      failure = error;
    }
    const problems = await session.close();
    if (failure) {
      if (problems.length) failure.message += `\nand the page said:\n${problems.join("\n")}`;
      throw failure;
    }
    assert.deepEqual(problems, []);
  });
}

/** The text of the page's code, exactly. */
export const codeOf = (page) => page.locator("pre.code code").evaluate((code) => code.textContent);

/** Waits until the colours have come. */
export const highlighted = (page) => page.locator("code[data-highlighted]").waitFor({ timeout: 12_000 * factor });

/** Waits until the editor has taken the text area's place. */
export async function editorOf(page) {
  const editor = page.locator("#editor .cm-content");
  await editor.waitFor();
  return editor;
}

/** The editor's text, as the form would send it without scripts: the editor draws only the lines on the screen. */
export const editorText = (page) =>
  page.evaluate(() => {
    const content = document.querySelector("#editor")?.shadowRoot?.querySelector(".cm-content");
    return content?.cmTile?.root?.view?.state.doc.toString() ?? content?.cmView?.view?.state.doc.toString()
      ?? document.querySelector("#body").value;
  });

/** The drafts that the browser keeps, as texts. */
export const drafts = (page) =>
  page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith("draft")).map(([, draft]) => draft));

/** Paths of asset files fetched so far, and so on: the page's own record of what it loaded. */
export const resources = (page) => page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));

/** Presses Tab until the focus is on what `selector` names; fails after `most` presses. */
export async function tabTo(page, selector, most = 60) {
  for (let pressed = 0; pressed <= most; ++pressed) {
    const there = await page.evaluate((wanted) => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active?.matches(wanted) ?? false;
    }, selector);
    if (there) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${selector}`);
}
