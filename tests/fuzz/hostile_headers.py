"""Header fields: too many, too large, malformed, and those that mean something."""

from hostile_cases import (
    CLOSE, DRAIN, EITHER, HEADER_LIMIT, Answer, Case, answer, bearer, cookie, family, judge_create, request,
)


@family(5)
def header_flood(t, r):
    size = r.choice([r.randint(20000, 60000), r.randint(20000, 60000), r.randint(1000, 12000)])
    line = r.choice(
        [b"a: b\r\n", b"X-Flood: " + b"y" * 50 + b"\r\n", b"Cookie: a=b\r\n", b"Accept: */*\r\n", b"X:\r\n", None]
    )
    lines = b""
    while len(lines) < size:
        lines += line or b"X-%d: %d\r\n" % (r.randrange(10**6), len(lines))
    data = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + lines + b"\r\n"
    if size > HEADER_LIMIT:
        return Case("header flood", data, (answer(431, may_close=True),), CLOSE)
    return Case("many headers", data, (answer(200, 431),), EITHER)


@family(4)
def giant_header(t, r):
    size = r.choice([17000, 20000, 65536, 200000])
    where = r.randrange(4)
    if where == 0:
        data = request(t, headers=[("X-Giant", "y" * size)])
    elif where == 1:
        data = request(t, headers=[("y" * size, "x")])
    elif where == 2:
        data = request(t, headers=[("Cookie", "session=" + "y" * size)])
    else:
        data = request(t, path="/s/" + "y" * size)
        return Case("giant target", data, (answer(400, 414, 431, may_close=True),), CLOSE)
    return Case("giant header", data, (answer(431, may_close=True),), CLOSE)


@family(5)
def bad_header_lines(t, r):
    line = r.choice(
        [
            b"NoColon", b": empty", b" Leading: x", b"Space : x", b"Tab\t: x", b"In valid: x", b"Bad\0Name: x",
            b"Bad\x01Name: x", b"B\xc3\xa4d: x", b"B(ad): x", b"B,ad: x", b'"Bad": x', b"B/ad: x", b"B@ad: x",
            b"B[]: x", b"B{}: x", b"\x7f: x", b"\0", b"Nul: a\0b", b"X: a\rX-Injected: yes", b"X: a\rb", b"\r",
            b"X\r: y", b"Content-Length : 5", b"Transfer-Encoding : chunked", b"Host\0: evil",
        ]
    )
    data = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + line + b"\r\n\r\n"
    return Case("bad header lines", data, (answer(400, may_close=True),), CLOSE)


@family(2)
def bare_line_feeds(t, r):
    data = r.choice(
        [
            b"GET /healthz HTTP/1.1\nHost: H\n\n", b"GET /healthz HTTP/1.1\r\nHost: H\nX-A: b\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: H\r\nX-A: b\n\n", b"GET /healthz HTTP/1.1\r\nHost: H\r\nX-A: b\r\n\n",
            b"GET /healthz HTTP/1.1\nHost: H\r\n\r\n",
        ]
    ).replace(b"Host: H", b"Host: " + t.host.encode())
    return Case("bare line feeds", data, (answer(200, 400, may_close=True),), EITHER, half_close=True)


@family(2)
def folded_headers(t, r):
    line = r.choice([b"X-Folded: a\r\n b", b"X-Folded: a\r\n\tb", b"X-Folded:\r\n b", b"X-Folded: a\r\n \r\n b"])
    data = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + line + b"\r\n\r\n"
    return Case("folded headers", data, (answer(200, 400, may_close=True),), EITHER)


@family(1)
def folded_framing(t, r):
    line = r.choice([b"Content-Length:\r\n 12", b"Transfer-Encoding:\r\n chunked", b"Content-Length: 1\r\n 2"])
    data = b"POST /snippets HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + line + b"\r\n\r\n" + b'{"body":"x"}'
    return Case("folded framing", data, (answer(201, 400, may_close=True),), DRAIN, half_close=True)


@family(4)
def odd_request_ids(t, r):
    value = r.choice(
        [
            b"a" * 5000, b"", b" ", b"a b", b"\xff\xfe", "ü".encode(), b"a\tb", b'"><script>', b"a,b", b"a;b",
            b"../../x", b"%0d%0aX-Injected: yes", b"\\r\\n", b"a" * 129, b"${jndi:x}", b"{}", b"'", b"\x80",
            b"id=1\x1b[31m",
        ]
    )
    right = answer(200, 400) if b"\x1b" in value else answer(200)
    data = request(t, headers=[("X-Request-Id", value)])
    if r.random() < 0.2:
        data = request(t, headers=[("X-Request-Id", "a"), ("X-Request-Id", value)])
    return Case("odd request ids", data, (right,), EITHER)


@family(3)
def bad_hosts(t, r):
    kind = r.randrange(3)
    if kind == 0:
        return Case("no Host", request(t, host=False), (answer(400, may_close=True),), CLOSE)
    if kind == 1:
        data = request(t, headers=[("Host", r.choice([t.host, "evil.example"]))])
        return Case("two Hosts", data, (answer(400, may_close=True),), CLOSE)
    host = r.choice(
        [
            "a b", "", "a/b", "user@host", "[::", "host:port", "host:99999999", "\xff", "a,b", '"><script>', "a\\b",
            "a#b", "a?b", "*", "..", "x" * 5000, "[::1]:80:80", "%0d%0a",
        ]
    )
    data = request(t, "POST", "/snippets", [("Host", host)], b'{"body":"x"}', host=False)
    return Case("bad Host", data, (answer(201, 400, method="POST", may_close=True),), EITHER)


@family(5)
def bad_cookies(t, r):
    value = r.choice(
        [
            "session=", "session", "=", ";", "session=x", "session=" + "A" * 43, "session=" + "A" * 4000,
            "session=\xff\xfe", 'session="', 'session=""', "session=a b", "session=../../x", "session=%00",
            "session=' OR 1=1 --", "session=null", "session=;session=", "Session=x", ";;;;", "a=b; session=x; c=d",
            "session=" + t.session[:-1], "session=" + t.session + "A", "session==" + t.session, "$Version=1; session=x",
            "session=" + t.session.swapcase(), "a" * 4000,
        ]
    )
    if r.random() < 0.5:
        data = request(t, "GET", r.choice(["/auth/me", "/snippets"]), [("Cookie", value)])
        return Case("bad cookies", data, (answer(401),))
    # No session cookie is nobody; one that is there and wrong is refused.
    names = [part.partition("=")[0].strip() for part in value.split(";")]
    dead = "session" in names and value not in ("session", "session=", 'session=""', "session=;session=", 'session="')
    right = answer(401, method="POST") if dead else answer(201, 401, method="POST")
    data = request(t, "POST", "/snippets", [("Cookie", value)], b'{"body":"x"}')
    return Case("bad cookies", data, (right,))


@family(5)
def bad_authorization(t, r):
    value = r.choice(
        [
            "Bearer", "Bearer ", "Bearer x", "Bearer snp_", "Bearer snp_" + "A" * 43, "Bearer snp_" + "A" * 5000,
            "Bearer \xff", "Bearer " + t.token[:-1], "Bearer " + t.token + "x", "Bearer " + t.token + " " + t.token,
            "bearer " + t.token[:-1], "Bearer " + t.session, "Bearer sne_x", "Bearer\t" + t.token[:-1],
            "Bearer a,Bearer b", "Bearer ' OR 1=1 --", "Bearer %00", "Bearer " + t.token.upper(),
        ]
    )
    method, path, body = r.choice(
        [
            ("GET", "/auth/me", None), ("GET", "/snippets", None), ("POST", "/snippets", b'{"body":"x"}'),
            ("PATCH", f"/snippets/{t.public_id}", b'{"title":"stolen"}'), ("DELETE", f"/snippets/{t.public_id}", None),
            ("POST", f"/snippets/{t.public_id}/fork", b""), ("GET", "/auth/tokens", None),
        ]
    )
    statuses = {401}
    if path.endswith(t.public_id):
        statuses = {401, 403, 404}
    if method == "POST" and path == "/snippets" and value in ("Bearer", "Bearer ", "Bearer sne_x"):
        statuses = {201, 400, 401}
    return Case(
        "bad Authorization",
        request(t, method, path, [("Authorization", value)], body),
        (Answer(frozenset(statuses), method=method),),
    )


@family(3)
def wrong_edit_tokens(t, r):
    token = r.choice(
        [
            "", "x", "sne_", "sne_" + "A" * 43, t.edit_token[:-1], t.edit_token + "A", "\xff", t.edit_token.upper(),
            "sne_" + "A" * 5000, t.token, "sne_%00", "' OR 1=1 --",
        ]
    )
    header = r.choice([("X-Edit-Token", token), ("Authorization", "Bearer " + token)])
    id = r.choice([t.anonymous_id, t.foreign_id] if token == t.token else [t.anonymous_id, t.foreign_id, t.public_id])
    method, body = r.choice([("PATCH", b'{"title":"stolen"}'), ("DELETE", None), ("PATCH", b'{"body":"stolen"}')])
    data = request(t, method, f"/snippets/{id}", [header], body)
    return Case("wrong edit tokens", data, (answer(401, 403, 404, method=method),))


@family(3)
def others_snippets(t, r):
    method, path, body = r.choice(
        [
            ("GET", f"/snippets/{t.foreign_id}", None), ("GET", f"/s/{t.foreign_id}", None),
            ("GET", f"/s/{t.foreign_id}/raw", None), ("PATCH", f"/snippets/{t.foreign_id}", b'{"body":"stolen"}'),
            ("DELETE", f"/snippets/{t.foreign_id}", None), ("GET", f"/snippets/{t.foreign_id}/revisions", None),
            ("GET", f"/snippets/{t.foreign_id}/revisions/1", None), ("POST", f"/snippets/{t.foreign_id}/fork", b""),
        ]
    )
    return Case("others' snippets", request(t, method, path, [cookie(t)], body), (answer(404, method=method),))


@family(4)
def bad_preconditions(t, r):
    junk = r.choice(
        [
            '"v99"', '"v0"', 'W/"v1"', "v1", '"', '""', '"v1', "W/", '"v-1"', '"v99999999999999999999999"', '"\xff"',
            ",", ", ,", '"a", "b", "c"', '"v1-raw"x', "'v1'", '"v%00"', '"' + "x" * 5000 + '"',
            ", ".join(['"x"'] * 1500), "W/*", "*, *",
        ]
    )
    if r.random() < 0.5:
        path = f"/s/{t.edited_id}" + r.choice(["", "/raw"])
        data = request(t, "GET", path, [("If-None-Match", junk)])
        return Case("bad If-None-Match", data, (answer(200, 304, 400),))
    data = request(
        t, "PATCH", f"/snippets/{t.public_id}", [cookie(t), ("If-Match", junk)], b'{"title":"changed by If-Match"}'
    )
    statuses = {400, 412}
    if junk in ("*, *", "v1"):
        statuses = {200, 400, 412}
    return Case("bad If-Match", data, (Answer(frozenset(statuses), method="PATCH"),))


@family(5)
def odd_headers(t, r):
    name, value, statuses = r.choice(
        [
            ("Accept", "*/*;q=9", {200}), ("Accept", "text/html;q=nan, */*;q=-1", {200, 406}),
            ("Accept", "," * 3000, {200}), ("Accept", "a/b;" * 1000, {200, 406}), ("Accept", "\xff", {200, 400, 406}),
            ("Accept", "text/html", {200}), ("Accept", "", {200}), ("Accept-Encoding", "gzip;q=x, *;q=2", {200}),
            ("Accept-Encoding", "identity;q=0, *;q=0", {200, 406}),
            ("Range", "bytes=0-99999999999999999999", {200, 206, 416}), ("Range", "bytes=-", {200, 416}),
            ("Range", "bytes=5-1", {200, 416}), ("Range", "bytes=" + ",".join(["0-0"] * 1500), {200, 206, 416}),
            ("If-Modified-Since", "yesterday", {200}), ("If-Modified-Since", "Thu, 99 Foo 99999 99:99:99 GMT", {200}),
            ("If-Unmodified-Since", "\xff", {200, 400, 412}), ("X-Forwarded-For", "1.2.3.4, " * 1000, {200}),
            ("X-Forwarded-For", "' OR 1=1 --", {200}), ("X-Forwarded-For", "::::::", {200}),
            ("Forwarded", 'for="[::', {200}), ("Connection", "keep-alive, close, upgrade, x", {200}),
            ("Connection", "", {200}), ("Connection", "Host, Content-Length, X-Request-Id", {200}),
            ("Upgrade", "h2c", {200}), ("Upgrade", "websocket", {200, 400, 426}),
            ("TE", "trailers, deflate;q=0.5", {200}), ("Max-Forwards", "-1", {200}),
            ("Content-Encoding", "gzip", {200, 415}), ("Content-Type", "application/json; charset=utf-7", {200}),
            ("Content-Type", "\xff/\xff", {200, 400}), ("Referer", "\xff", {200, 400}),
            ("User-Agent", "x" * 8000, {200}), ("User-Agent", "\x1b[2J\x1b[31m", {200, 400}),
            ("Sec-Fetch-Site", "cross-site", {200}), ("Origin", "http://evil.example", {200}),
            ("X-HTTP-Method-Override", "DELETE", {200}), ("X-Original-URL", "/auth/me", {200}),
            ("Proxy-Connection", "close", {200}), ("Trailer", "Content-Length", {200}),
            ("Keep-Alive", "timeout=-1, max=0", {200}), ("Date", "x", {200}), ("Idempotency-Key", "x" * 5000, {200}),
            ("HTTP2-Settings", "AAMAAABkAAQAAP__", {200}),
        ]
    )
    return Case(
        "odd headers", request(t, "GET", f"/s/{t.public_id}", [(name, value)]), (Answer(frozenset(statuses)),), EITHER
    )


@family(2)
def foreign_origins(t, r):
    header = r.choice(
        [
            ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", f"http://{t.host}.evil.example"),
            ("Origin", f"http://{t.host}@evil"), ("Origin", "\xff"), ("Origin", "http://"),
            ("Sec-Fetch-Site", "cross-site"), ("Origin", f"https://{t.host}/../x"),
        ]
    )
    data = request(t, "POST", "/snippets", [cookie(t), header], b'{"body":"forged"}')
    return Case("foreign origins", data, (answer(400, 403, method="POST"),))


@family(3)
def bad_idempotency_keys(t, r):
    key, statuses = r.choice(
        [
            (b"k" * 256, {400, 422}), (b"k" * 5000, {400, 422}), (b"a b", {400, 422}), (b"\xff", {400, 422}),
            ("ü".encode(), {400, 422}), (b"a\tb", {400, 422}), (b"", {201, 400, 422}), (b"a\x7fb", {400, 422}),
            (b"a\x01b", {400, 422}),
        ]
    )
    data = request(t, "POST", "/snippets", [bearer(t), ("Idempotency-Key", key)], b'{"body":"x"}')
    return Case("bad idempotency keys", data, (answer(*statuses, method="POST"),), EITHER)


@family(2)
def unknown_expectations(t, r):
    value = r.choice(["200-ok", "x", "100-continue, x", "\xff", "100-continue-not", "101-continue", "a=b;c=d"])
    data = request(t, "POST", "/snippets", [("Expect", value)], b'{"body":"x"}')
    return Case("unknown Expect", data, (answer(417, 400, method="POST", may_close=True),), EITHER)


@family(2)
def expected_continue(t, r):
    body = r.choice([b'{"body":"x"}', b"{", b'{"body":"\xff"}', b""])
    statuses, _ = judge_create(body)
    headers = [("Expect", r.choice(["100-continue", "100-Continue"]))]
    return Case(
        "Expect: 100-continue",
        request(t, "POST", "/snippets", headers, body),
        (Answer(frozenset(statuses), method="POST"),),
    )
