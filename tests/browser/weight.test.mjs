// What a reader waits for: bytes before the text is there, scripts that it does not need, and a layout that stays.

import assert from "node:assert/strict";
import { request } from "node:http";

import { codeOf, highlighted, isShown, test, url } from "./lib/browser.mjs";

/** The bytes of the answer's content as they are sent to a browser. */
const sentBytes = (path) =>
  new Promise((resolve, reject) => {
    const headers = { "Accept-Encoding": "gzip, deflate, br, zstd", Accept: "text/html,*/*;q=0.8" };
    request(new URL(path, url), { headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk) => (bytes += chunk.length));
      response.on("end", () => resolve({ bytes, encoding: response.headers["content-encoding"], status: response.statusCode }));
    }).on("error", reject).end();
  });

const code = Array.from({ length: 400 }, (_, n) => `int function_${n}(int x) {\n    return x * ${n} + "${(n * 7919) % 10_007}"[0];  // number ${n}\n}\n`).join("\n");

test("the read page sends at most 60 KB, compressed, before the code is visible", async (t) => {
  const { id } = await t.anonymous.create({ title: "long.c", body: code });
  const page = await t.open(`/s/${id}`);
  const blocking = await page.evaluate(() => [
    ...[...document.querySelectorAll("link[rel=stylesheet]")].map(({ href }) => href),
    ...[...document.querySelectorAll("head script:not([type=module]):not([defer]):not([async])")].map(({ src }) => src),
  ]);
  assert.ok(blocking.length >= 2, blocking.join());
  let total = 0;
  const parts = [];
  for (const path of [`/s/${id}`, ...blocking]) {
    const { bytes, encoding, status } = await sentBytes(path);
    assert.equal(status, 200);
    assert.ok(encoding, `${path} is not compressed`);
    total += bytes;
    parts.push(`${path}: ${bytes}`);
  }
  assert.ok(total <= 60_000, `${total} bytes: ${parts.join(", ")}`);
  // What the browser itself calls blocking is no more than that.
  const own = await page.evaluate(() => performance.getEntriesByType("resource").filter((entry) => entry.renderBlockingStatus === "blocking").map(({ name }) => name));
  assert.deepEqual(own.sort(), blocking.sort());
});

test("assets are compressed, named by their content and kept for a year", async (t) => {
  const { id } = await t.anonymous.create({ title: "a.c", body: "int x;\n" });
  const page = await t.open(`/s/${id}`);
  await highlighted(page);
  const names = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.includes("/assets/")));
  assert.ok(names.length > 3);
  for (const name of names) {
    const response = await fetch(name);
    assert.match(response.headers.get("cache-control"), /max-age=31536000.*immutable/, name);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    if (/\.(js|css|svg)$/.test(name)) assert.ok((await sentBytes(name)).encoding, name);
  }
});

test("with every script blocked the page is read all the same", async (t) => {
  t.expect(/ERR_FAILED/);
  const { id } = await t.anonymous.create({ title: "a.c", body: code });
  const page = await t.open(null);
  await page.route("**/*.js", (route) => route.abort());
  await page.goto(`/s/${id}`);
  await isShown(page.locator("pre.code"));
  assert.equal(await codeOf(page), code);
  const number = await page.locator("[data-n]").first().evaluate((line) => getComputedStyle(line, "::before").content);
  assert.match(number, /1|attr/, "the lines have their numbers");
});

for (const [name, viewport] of [["desktop", { width: 1280, height: 800 }], ["phone", { width: 390, height: 844 }]]) {
  test(`nothing moves when the colours come (${name})`, async (t) => {
    const { id } = await t.anonymous.create({ title: "a.c", body: code });
    const page = await t.open(null, { viewport });
    await page.addInitScript(() => {
      window.shifts = [];
      new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value, sources }) => ({ value, what: sources.map(({ node }) => node?.outerHTML?.slice(0, 80)) }))))
        .observe({ type: "layout-shift", buffered: true });
    });
    let go;
    const held = new Promise((resolve) => (go = resolve));
    await page.route(/highlighter-/, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`/s/${id}`);
    const boxes = () => page.locator("[data-n]").evaluateAll((lines) => lines.slice(0, 60).map((line) => {
      const { top, height, width } = line.getBoundingClientRect();
      return [top, height, width].map(Math.round).join();
    }));
    await page.waitForLoadState("load");
    const before = await boxes();
    await page.evaluate(() => (window.shifts.length = 0));
    go();
    await highlighted(page);
    assert.deepEqual(await boxes(), before);
    assert.deepEqual(await page.evaluate(() => window.shifts), []);
  });
}
