// What every page says to the browser about itself, and what another site cannot do.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { codeOf, saysSoon, test, url } from "./lib/browser.mjs";

test("every page has its security headers", async (t) => {
  t.expect(/status of 404/);
  const ada = await t.signUp();
  const { id } = await ada.create({ visibility: "public" });
  const burning = await ada.create({ burn_after_reading: true });
  const page = await t.open(null, { account: ada });
  for (const path of ["/", "/explore", "/docs", "/login", "/signup", "/me", "/me/tokens", "/me/account", `/s/${id}`, `/s/${id}/edit`, `/s/${id}/stats`,
    `/s/${id}/revisions`, `/s/${id}/delete`, `/s/${burning.id}`, "/s/AAAAAAAAAAAA"]) {
    const headers = (await page.request.get(path, { headers: { Accept: "text/html" } })).headers();
    assert.match(headers["content-type"], /^text\/html; charset=utf-8$/, path);
    const policy = headers["content-security-policy"];
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.split("; ").includes(part), `${path}: ${part} is not in ${policy}`);
    }
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers["x-content-type-options"], "nosniff", path);
    assert.match(headers["referrer-policy"], /^(same-origin|no-referrer)$/, path);
    assert.equal(headers["x-frame-options"], "DENY", path);
  }
});

test("an inline script or handler, had one come in, would not run", async (t) => {
  t.expect(/Content Security Policy|violates the following/);
  const page = await t.open("/explore");
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    const button = document.createElement("button");
    button.setAttribute("onclick", "window.ran = true");
    document.body.append(button);
    button.click();
    return window.ran === true;
  });
  assert.equal(ran, false);
});

/** Another site on this machine: another port is another origin; `localhost` for 127.0.0.1 is another site. */
async function otherSite(html, use) {
  const server = createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(html));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://localhost:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("a form that another site sends is refused with 403, for everything that writes", async (t) => {
  t.expect(/status of 40[13]/, /request to http:\/\/localhost/, /Framing|X-Frame-Options|frame-ancestors|ERR_BLOCKED_BY_RESPONSE/);
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "mine", body: "mine\n" });
  const page = await t.open(null, { account: ada });
  // The cookie is Lax and stays at home with such a form: the server must not lean on that alone.
  const [cookie] = await page.context().cookies();
  for (const path of ["/", `/s/${id}/edit`, `/s/${id}/delete`, `/s/${id}/fork`, "/me/delete", "/me/tokens", "/me/password", "/me/delete-account", "/logout"]) {
    for (const headers of [{ Origin: "https://example.org" }, { "Sec-Fetch-Site": "cross-site" }]) {
      const response = await fetch(url + path, {
        method: "POST", redirect: "manual",
        headers: { Cookie: `${cookie.name}=${cookie.value}`, "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html", ...headers },
        body: new URLSearchParams({ body: "theirs", id, name: "x", password: ada.password, sure: "1", title: "theirs", version: "1" }),
      });
      assert.equal(response.status, 403, `${path} with ${JSON.stringify(headers)}`);
    }
  }
  assert.equal(await ada.bodyOf(id), "mine\n");
  assert.equal((await ada.call("GET", "/auth/me")).status, 200);

  const form = `<form method="post" action="${url}/s/${id}/delete"><button>Win a prize</button></form>`;
  await otherSite(form, async (site) => {
    await page.goto(site);
    const [answer] = await Promise.all([page.waitForResponse((response) => response.url().includes("/delete")), page.locator("button").click()]);
    assert.ok([401, 403].includes(answer.status()), `${answer.status()}`);
  });
  assert.equal(await ada.statusOf(id), 200);
});

test("no other site can frame a page", async (t) => {
  t.expect(/request to http:\/\/localhost/, /frame/i, /ERR_BLOCKED_BY_RESPONSE/);
  const { id } = await t.anonymous.create({ body: "framed" });
  const page = await t.open(null);
  await otherSite(`<iframe src="${url}/s/${id}"></iframe>`, async (site) => {
    await page.goto(site);
    const frame = page.frames().find((one) => one !== page.mainFrame());
    assert.doesNotMatch(await frame.content(), /framed/);
  });
});

test("the frame that is made for other sites works there, as oEmbed describes it", async (t) => {
  t.expect(/request to http:\/\/localhost/);
  const ada = await t.signUp();
  const { id } = await ada.create({ title: "framed.py", body: "def f():\n    return '</code>'\n" });
  const { html } = await (await fetch(`${url}/oembed?url=${url}/s/${id}`)).json();
  const page = await t.open(null, { account: ada });
  await otherSite(html, async (site) => {
    await page.goto(site);
    const frame = page.frameLocator("iframe");
    await frame.locator("code[data-highlighted=python]").waitFor();
    assert.equal(await frame.locator("code").evaluate((code) => code.textContent), "def f():\n    return '</code>'\n");
    assert.equal(await frame.locator("h1 a").getAttribute("href"), `${url}/s/${id}`);
    assert.equal(await frame.locator("h1 a").getAttribute("target"), "_blank");
    assert.equal(await frame.locator("form, button, input").count(), 0, "nothing there writes");
  });
});

test("a link out of a snippet does not tell where it stood", async (t) => {
  t.expect(/request to http:\/\/localhost/);
  let referrer = "nobody came";
  const server = createServer((request, response) => {
    if (request.url === "/") referrer = request.headers.referer ?? "none";
    response.writeHead(200, { "Content-Type": "text/html" }).end("<link rel=icon href=data:,><p>there</p>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { id } = await t.anonymous.create({ title: "a.md", body: `[out](http://localhost:${server.address().port}/)\n` });
    const page = await t.open(`/s/${id}`);
    await page.locator(".markdown a").evaluate((link) => link.removeAttribute("target"));
    await page.locator(".markdown a").click();
    await saysSoon(page.locator("p"), "there");
    assert.equal(referrer, "none");
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("raw text is never a page", async (t) => {
  const { id } = await t.anonymous.create({ body: "<script>window.ran = true; alert(1)</script><b>bold</b>" });
  const page = await t.open(`/s/${id}/raw`);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.equal(await page.locator("b").count(), 0);
  await page.goto(`/s/${id}`);
  assert.match(await codeOf(page), /<script>/);
});
