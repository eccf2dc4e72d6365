"""Request lines, paths and queries."""

import base64

from hostile_cases import EITHER, Answer, Case, answer, cookie, family, mutate, random_bytes, request

# The request line.

KNOWN_PATHS = ["/healthz", "/readyz", "/metrics", "/explore", "/snippets", "/auth/me", "/auth/signup"]


@family(4)
def unknown_methods(t, r):
    method = r.choice(
        [
            "TRACE", "OPTIONS", "PUT", "PROPFIND", "BREW", "get", "Get", "GETT", "PURGE", "DEBUG", "TRACK", "MKCOL",
            "LINK", "X", "SEARCH", "M-SEARCH", "A" * 500, "!#$%&'*+-.^_`|~", "POST" * 5, "SOURCE", "QUERY", "CONNECT",
        ]
    )
    path = r.choice([*KNOWN_PATHS, f"/s/{t.public_id}", f"/snippets/{t.public_id}", "/nowhere"])
    statuses = {405, 400} if path != "/nowhere" else {404, 405, 400}
    if method == "OPTIONS":
        statuses |= {200, 204}
    return Case(
        "unknown methods",
        request(t, method, path),
        (Answer(frozenset(statuses), method="OTHER", may_close=len(method) > 100),),
        EITHER,
    )


@family(2)
def wrong_methods(t, r):
    method, path = r.choice(
        [
            ("DELETE", "/healthz"), ("POST", "/metrics"), ("PATCH", "/explore"), ("DELETE", "/snippets"),
            ("PATCH", f"/s/{t.public_id}"), ("DELETE", f"/s/{t.public_id}/raw"), ("PATCH", "/auth/me"),
            ("GET", "/auth/signup"), ("PUT", f"/snippets/{t.public_id}"), ("GET", f"/snippets/{t.public_id}/fork"),
            ("POST", f"/snippets/{t.public_id}/revisions/1"),
        ]
    )
    return Case(
        "wrong methods",
        request(t, method, path, [cookie(t)], b"" if method != "GET" else None),
        (answer(405, method=method),),
    )


@family(5)
def bad_request_lines(t, r):
    line = r.choice(
        [
            b"GET", b"GET ", b"GET /healthz", b"GET  HTTP/1.1", b"GET /healthz  HTTP/1.1", b" GET /healthz HTTP/1.1",
            b"GET\t/healthz\tHTTP/1.1", b"GET /healthz HTTP/1.1 x", b"GET /heal thz HTTP/1.1", b"GET /healthz HTTP",
            b"GET /healthz HTTP/", b"GET /healthz HTTP/1", b"GET /healthz HTTP/1.", b"GET /healthz HTTP/.1",
            b"GET /healthz HTTP/2.0", b"GET /healthz HTTP/2", b"GET /healthz HTTP/3", b"GET /healthz HTTP/0.9",
            b"GET /healthz HTTP/1.10", b"GET /healthz HTTP/11.1", b"GET /healthz HTTP/01.1", b"GET /healthz http/1.1",
            b"GET /healthz HTTP/1,1", b"GET /healthz HTTP/-1.1", b"GET /healthz HTTP/a.b", b"GET /healthz HTTP/1.1\x00",
            b"GET /healthz\0 HTTP/1.1", b"GET /\x01 HTTP/1.1", b"GET /\x7f HTTP/1.1", b"G\0T /healthz HTTP/1.1",
            b"G(T /healthz HTTP/1.1", b"\xff\xff /healthz HTTP/1.1", b"GET /healthz FTP/1.1", b"HTTP/1.1 200 OK",
            b"GET /a\rb HTTP/1.1", b"GET healthz HTTP/1.1", b"GET ? HTTP/1.1", b"GET \\healthz HTTP/1.1", b"/healthz",
            b"\0\0\0\0", b"GET /healthz HTTP/9999999999.1", b"GET /healthz XHTTP/1.1", b"GET:/healthz HTTP/1.1",
        ]
    )
    may_be_found = {404} if line.split(b" ")[1:2] in ([b"healthz"], [b"?"], [b"\\healthz"]) else set()
    data = line + b"\r\nHost: " + t.host.encode() + b"\r\n\r\n"
    return Case(
        "bad request lines",
        data,
        (Answer(frozenset({400} | may_be_found), method="OTHER", may_close=True),),
        EITHER,
        half_close=r.random() < 0.5,
    )


@family(2)
def other_versions(t, r):
    version, statuses = r.choice([("HTTP/1.0", {200}), ("HTTP/1.2", {200, 400}), ("HTTP/1.9", {200, 400})])
    return Case("other versions", request(t, version=version), (Answer(frozenset(statuses), may_close=False),), EITHER)


@family(3)
def odd_targets(t, r):
    target, statuses = r.choice(
        [
            ("*", {400, 404, 405}), (f"http://{t.host}/healthz", {200, 400}),
            ("http://evil.example/healthz", {200, 400, 404, 421}), ("https://[::/healthz", {400, 404}),
            ("http://", {400, 404}), ("http:///healthz", {200, 400, 404}), ("ftp://x/healthz", {200, 400, 404}),
            ("javascript:alert(1)", {400, 404}), ("example.com:80", {400, 404}), ("file:///etc/hostname", {400, 404}),
            ("/healthz#x", {200, 400, 404}), ("http://user:pass@x/healthz", {200, 400, 404}), ("://", {400, 404}),
            (":", {400, 404}), ("//", {400, 404}), ("///", {400, 404}), ("http://x:99999999/healthz", {200, 400, 404}),
        ]
    )
    return Case("odd targets", request(t, path=target), (Answer(frozenset(statuses), may_close=True),), EITHER)


@family(1)
def connect_method(t, r):
    target = r.choice([t.host, "evil.example:443", "/healthz", "*", ":0"])
    return Case(
        "CONNECT", request(t, "CONNECT", target), (answer(400, 404, 405, method="OTHER", may_close=True),), EITHER
    )


# Paths and queries.


@family(12)
def path_tricks(t, r):
    id = t.public_id
    path = r.choice(
        [
            "/../etc/hostname", "/..%2f..%2fetc/hostname", "/%2e%2e/%2e%2e/etc/hostname", "/s/../healthz",
            "/s/%2e%2e/healthz", "/./healthz", "/%2e/healthz", "//healthz", "/healthz/", "/healthz/.", "/healthz/..",
            "/healthz%00", "/healthz%00.txt", "/healthz%20", "/healthz%0a", "/healthz%0d%0aX-Injected:%20yes",
            f"/s/{id}%00", f"/s/{id}%0d%0aX-Injected:%20yes%0d%0a%0d%0a", f"/s/{id}%2fraw", f"/s%2f{id}",
            f"/s/{id}/raw/", f"/s/{id}//raw", f"/s//{id}", f"/s/{id}/./raw", f"/s/{id}/../{id}", f"//s/{id}",
            f"/S/{id}", f"/s/{id};v=1", f"/s/{id}/RAW", f"/s/{id}%20", f"/s/%20{id}", f"/s/{id}%", f"/s/{id}%4",
            f"/s/{id}%zz", f"/s/{id}%u0041", "/s/%", "/s/%ff", "/s/%c0%ae%c0%ae", "/s/%c0%af", "/s/%ed%a0%80",
            "/s/%f8%88%80%80%80", "/s/", "/s", "/s/%2f", "/s/%5c..%5c", "/s/..\\..\\x", "/s/'", "/s/%27%20OR%201=1--",
            "/s/%27;drop%20table%20x", "/s/{id}", "/s/$(id)", "/s/`id`", "/s/${x}", "/s/%24%7Bjndi:x%7D", "/s/<script>",
            "/s/%3Cscript%3E", "/s/" + "a" * 300, "/s/" + "a" * 7000, "/s/" + "%41" * 2500, "/" + "a/" * 3000,
            "/" + "../" * 2000, "/s/" + "%00" * 100, "/" + "%2e%2e%2f" * 500, f"/snippets/{id}/revisions/",
            f"/snippets/{id}/revisions/0", f"/snippets/{id}/revisions/-1", f"/snippets/{id}/revisions/abc",
            f"/snippets/{id}/revisions/99999999999999999999999", f"/snippets/{id}/revisions/9223372036854775808",
            f"/snippets/{id}/revisions/1e3", f"/snippets/{id}/revisions/1%00", f"/snippets/{id}/revisions/%2b1",
            f"/snippets/{id}/revisions/0x1", f"/snippets/{id}/revisions/1.0", f"/snippets/{id}/revisions/2147483648",
            "/snippets/%00", "/snippets/%ff", "/snippets/%ff/revisions", "/snippets/" + "a" * 5000,
            f"/snippets/{id}/../../healthz", "/.git/config", "/.env", "/data/snippets.db", "/snippets.db",
            "/favicon.ico%00", "/auth", "/auth/", "/auth/../healthz", "/auth/tokens/x%00", "/cgi-bin/x",
            "/index.php?x=/etc/hostname", "/\xe4", "/s/\xff\xfe", f"/s/{id}\xff", "/s/{}|^", '/s/"', "/%", "/%0",
            "/%00", "/%0d%0a", "/s/%E2%80%AE", "/explore/", "/explore%2f", "/metrics%00",
        ]
    )
    signed_in = [cookie(t)] if r.random() < 0.5 or path.startswith(("/snippets", "/auth/tokens")) else []
    statuses = {400, 404}
    if "/revisions/" in path:
        statuses = {400, 404, 422}
    if path.startswith("/auth/tokens/"):
        statuses = {400, 404, 405}
    if path in ("/healthz/", "/explore/", f"/s/{id}/raw/", f"/snippets/{id}/revisions/", "/s/"):
        statuses |= {301, 308}
    return Case(
        "path tricks",
        request(t, path=path, headers=signed_in),
        (Answer(frozenset(statuses), may_close=any(ord(c) > 126 for c in path)),),
        EITHER,
    )


@family(2)
def escaped_paths(t, r):
    path = r.choice(
        [
            "/%68ealthz", "/%68%65%61%6c%74%68%7a", f"/s/{t.public_id[:-1]}%{ord(t.public_id[-1]):02x}", "/healthz?",
            "/healthz??", "/healthz?%", "/healthz?%00", "/healthz?a=" + "b" * 5000, "/healthz?" + "a&" * 2000,
            "/healthz?\xff", "/healthz?/../x", "/healthz?x=%zz",
        ]
    )
    return Case("escaped paths", request(t, path=path), (answer(200, 400, 404, may_close="\xff" in path),), EITHER)


@family(3)
def unknown_ids(t, r):
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    id = "".join(r.choice(alphabet) for _ in range(r.choice([1, 8, len(t.public_id), len(t.public_id), 40])))
    method, path = r.choice(
        [
            ("GET", f"/s/{id}"), ("HEAD", f"/s/{id}"), ("GET", f"/s/{id}/raw"), ("GET", f"/snippets/{id}"),
            ("GET", f"/snippets/{id}/revisions"), ("GET", f"/snippets/{id}/revisions/1"),
        ]
    )
    return Case("unknown ids", request(t, method, path, [cookie(t)]), (answer(404, method=method),))


@family(6)
def bad_lists(t, r):
    limit = r.choice(
        [
            "0", "-1", "101", "1000000", "99999999999999999999", "abc", "", "1.5", "1e1", "0x10", "%31%30x", "+5",
            "%00", "%ff", " 5".replace(" ", "%20"), "١",
        ]
    )
    path = r.choice(["/snippets", "/explore"])
    if path == "/explore":
        return Case(
            "bad limits",
            request(t, path=f"/explore?limit={limit.encode().decode('latin-1')}"),
            (answer(200, 400, 422),),
            EITHER,
        )
    # "+5" is " 5" in a form-encoded query; an empty value may count as none given.
    statuses = {200, 400, 422} if limit in ("", "+5", "١") else {422, 400} if limit in ("%00", "%ff") else {422}
    return Case(
        "bad limits",
        request(t, path=f"/snippets?limit={limit.encode().decode('latin-1')}", headers=[cookie(t)]),
        (Answer(frozenset(statuses)),),
        EITHER,
    )


@family(6)
def bad_cursors(t, r):
    kind = r.randrange(4)
    if kind == 0:
        cursor = base64.urlsafe_b64encode(random_bytes(r, 1, 60)).decode().rstrip("=")
    elif kind == 1:
        cursor = "".join(f"%{byte:02x}" for byte in random_bytes(r, 1, 40))
    elif kind == 2:
        cursor = "".join(f"%{byte:02x}" for byte in mutate(r, t.cursor.encode(), r.randint(1, 3)))
    else:
        cursor = r.choice(
            [
                "%00", "%ff", "a", "null", "-1", "0", "A" * 5000, "%27%20OR%201=1--", "../x", "%0d%0aX-Injected:%20yes",
                t.cursor + "A", t.cursor[:-1], t.cursor * 2,
            ]
        )
    path = r.choice(["/snippets", "/explore"])
    # A changed cursor may by luck be a cursor.
    statuses = {200, 400, 422} if kind == 2 or cursor in (t.cursor[:-1], t.cursor + "A") else {400, 422}
    return Case(
        "bad cursors", request(t, path=f"{path}?cursor={cursor}", headers=[cookie(t)]), (Answer(frozenset(statuses)),)
    )


@family(5)
def odd_filters(t, r):
    name = r.choice(["q", "tag", "language", "unknown", "%71", "q%00", ""])
    value = r.choice(
        [
            "%00", "a%00b", "%ff", "%c0%80", "%ed%a0%80", "%", "%%", "%25", "_", "%5c", "%27", "%22", "%27%22%3b--",
            "a" * 5000, "*", "(", "%5B", "NEAR(", "a%20AND", "%22%22", "%F0%9F%98%80", "%0d%0aX-Injected:%20yes", "+",
            "%E2%80%AE", "{}", "\\", "%5c%25", "NOT", "-", "a*b*c*", "a:b", "^a",
        ]
    )
    path = r.choice(["/snippets", "/snippets", "/explore"])
    return Case(
        "odd filters", request(t, path=f"{path}?{name}={value}", headers=[cookie(t)]), (answer(200, 400, 422),), EITHER
    )
