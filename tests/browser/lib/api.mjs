// The API, to prepare what a test looks at.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

const password = "correct horse";

export const uniqueName = (prefix = "user") => `${prefix}-${randomBytes(6).toString("hex")}`;

async function call(url, method, path, { body, headers = {}, cookie } = {}) {
  const response = await fetch(url + path, {
    method,
    redirect: "manual",
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...(cookie ? { Cookie: cookie } : {}), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response;
}

class Caller {
  constructor(url, cookie = null) {
    this.url = url;
    this.cookie = cookie;
  }

  call(method, path, options = {}) {
    return call(this.url, method, path, { cookie: this.cookie, ...options });
  }

  /** Makes a snippet (body "x\n" unless given); gives its JSON. */
  async create(fields = {}) {
    const response = await this.call("POST", "/snippets", { body: { body: "x\n", ...fields } });
    assert.equal(response.status, 201, await response.clone().text());
    return response.json();
  }

  async edit(id, fields) {
    const response = await this.call("PATCH", `/snippets/${id}`, { body: fields });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }

  /** The status of a read of the link. */
  async statusOf(id) {
    return (await this.call("HEAD", `/s/${id}`)).status;
  }

  async bodyOf(id) {
    const response = await this.call("GET", `/s/${id}/raw`);
    assert.equal(response.status, 200);
    return response.text();
  }

  /** What the link leads to, as JSON. */
  async read(id) {
    const response = await this.call("GET", `/s/${id}`, { headers: { Accept: "application/json" } });
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  }
}

export class Account extends Caller {
  static async make(url, { name = uniqueName() } = {}) {
    const response = await call(url, "POST", "/auth/signup", { body: { username: name, password } });
    assert.equal(response.status, 201, await response.clone().text());
    const session = response.headers.getSetCookie().find((cookie) => cookie.startsWith("session="));
    const account = new Account(url, session.split(";")[0]);
    account.name = name;
    account.password = password;
    return account;
  }

  /** As the log-in page does it, without the page: a session, and the name for the scripts. */
  async signIn(context, base) {
    const [name, value] = this.cookie.split("=");
    await context.addCookies([
      { name, value, url: base, httpOnly: true, sameSite: "Lax" },
      { name: "account", value: this.name, url: base, sameSite: "Lax" },
    ]);
  }

  async list(query = "") {
    const response = await this.call("GET", `/snippets${query}`);
    assert.equal(response.status, 200);
    return (await response.json()).items;
  }
}

export const anonymous = (url) => new Caller(url);
