"""What pages of other sites may read and may not write, what search engines may list, and `OPTIONS`."""

import re
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.client import Client

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html"}
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://user@{host}"},
    {"Origin": "http://{host}/"},
    {"Origin": "http://{host}.evil.example"},
    {"Origin": "chrome-extension://abc", "Cookie": "session=unknown"},
]


def filled(headers, server):
    return {name: value.format(host=server.url.split("://")[1]) for name, value in headers.items()}


# --- Writes

ANONYMOUS_WRITES = {
    "json": ("POST", "/snippets", '{"body":"planted"}', {}),
    "json as text": ("POST", "/snippets", '{"body":"planted"}', {"Content-Type": "text/plain"}),
    "page": ("POST", "/", "body=planted", {**FORM, **PAGE}),
    "form": ("POST", "/", "sprunge=planted", FORM),
    "upload": ("POST", "/upload", "planted", {"Content-Type": "text/plain"}),
    "put": ("PUT", "/upload/a.txt", "planted", {}),
    "document": ("POST", "/documents", "planted", {"Content-Type": "text/plain"}),
    "gist": ("POST", "/api/v3/gists", '{"files":{"a":{"content":"planted"}}}', {"Content-Type": "text/plain"}),
    "signup": ("POST", "/signup", "username=planted&password=planted1", FORM),
}


@pytest.mark.parametrize("write", ANONYMOUS_WRITES)
def test_no_other_site_makes_a_visitor_write(server, anonymous, write):
    method, path, body, headers = ANONYMOUS_WRITES[write]
    for foreign in FOREIGN[:-1]:
        response = anonymous.request(method, path, body=body, headers={**headers, **filled(foreign, server)})
        assert response.status == 403, (foreign, response)
        assert "Location" not in response.headers and "Set-Cookie" not in response.headers


def test_nor_burn_manage_or_change_what_is_there(server, ada, anonymous):
    id = ada.create(burn_after_reading=True, body="once")["id"]
    made = anonymous.post("/snippets", {"body": "x"}).json()
    for foreign in FOREIGN[:-1]:
        foreign = filled(foreign, server)
        assert anonymous.post(f"/s/{id}/reveal", headers={**PAGE, **foreign}).status == 403
        managed = urlencode({"token": made["edit_token"], "delete": ""})
        expect.problem(anonymous.post(f"/s/{made['id']}", body=managed, headers={**FORM, **foreign}), 403, "forbidden")
    assert anonymous.get(f"/s/{made['id']}").status == 200
    assert "once" in anonymous.post(f"/s/{id}/reveal", headers=PAGE).text


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"Origin": "http://{host}"},
        {"Origin": "HTTP://{host}"},
        {"Origin": "http://Paste.Example", "Host": "paste.example:80"},
        {"Origin": "http://paste.example", "Host": "PASTE.example"},
        {"Origin": "https://paste.example:443", "Host": "paste.example"},
        {"Origin": "https://paste.example", "Host": "paste.example:443"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://{host}"},
        {"Origin": "chrome-extension://abcdefghijklmnop", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "moz-extension://8f2c"},
        {"Origin": "capacitor://localhost"},
    ],
    ids=str,
)
def test_its_own_pages_programs_and_extensions_go_on(server, anonymous, own):
    own = filled(own, server)
    for method, path, body, headers in ANONYMOUS_WRITES.values():
        if "signup" not in path:
            response = anonymous.request(method, path, body=body, headers={**headers, **own})
            assert response.status in (200, 201, 303), (path, response)


def test_an_extension_does_not_use_the_cookie(ada):
    expect.problem(ada.post("/snippets", {"body": "x"}, {"Origin": "chrome-extension://abc"}), 403, "forbidden")


def test_a_public_url_is_compared_as_a_url(fresh_server):
    server = fresh_server(flags=["--public-url", "HTTPS://Paste.Example:443/"])
    client = Client(server)
    made = client.post("/snippets", {"body": "x", "visibility": "public"}, {"Origin": "https://paste.example"})
    assert made.status == 201 and made.json()["url"].startswith("https://paste.example/s/")
    assert client.post("/snippets", {"body": "x"}, {"Origin": "https://PASTE.example:443"}).status == 201
    for foreign in ("https://paste.example:444", "http://paste.example", "https://paste.example.evil"):
        expect.problem(client.post("/snippets", {"body": "x"}, {"Origin": foreign}), 403, "forbidden")
    id = made.json()["id"]
    for url in ("https://Paste.EXAMPLE/s/", "HTTPS://paste.example:443/s/", "http://paste.example:80/s/"):
        assert client.get("/oembed?" + urlencode({"url": url + id})).status == 200, url
    for url in ("https://paste.example:444/s/", "https://paste.example.evil/s/", "ftp://paste.example/s/"):
        expect.problem(client.get("/oembed?" + urlencode({"url": url + id})), 404, "not_found")


# --- Another authentication before the service


@pytest.mark.parametrize("value", ["Basic YWRhOnNlY3JldA==", "basic x", "Digest username=ada", "Negotiate a", "x", ""])
def test_an_authorization_of_another_scheme_changes_nothing(server, ada, value):
    headers = {"Authorization": value}
    assert Client(server).post("/snippets", {"body": "x"}, headers).status == 201
    mine = ada.post("/snippets", {"body": "x", "visibility": "private"}, headers)
    assert mine.json()["owner"] == ada.username
    id = mine.json()["id"]
    for path in (f"/s/{id}", f"/snippets/{id}", "/snippets", "/auth/me"):
        assert ada.get(path, headers).status == 200, path
    assert ada.get(f"/s/{id}", {**PAGE, **headers}).status == 200
    expect.problem(Client(server).get("/auth/me", headers), 401, "unauthenticated")
    assert ada.delete(f"/snippets/{id}", headers).status == 204


@pytest.mark.parametrize("value", ["Bearer", "bearer x", "Bearer snp_wrong", "TOKEN snp_wrong", "token"])
def test_one_of_this_service_that_opens_nothing_is_401(ada, value):
    expect.problem(ada.post("/snippets", {"body": "x"}, {"Authorization": value}), 401, "unauthenticated")


# --- Reads


def open_reads(id, name):
    return [
        ("/s/{id}", {}), ("/s/{id}", PAGE), ("/s/{id}/raw", {}), ("/s/{id}/raw?download=1", {}), ("/s/{id}/embed", {}),
        ("/documents/{id}", {}), ("/raw/{id}", {}), ("/{id}", {}), ("/{id}.py", {}), ("/api/v3/gists/{id}", {}),
        ("/api/v3/gists/{id}/raw/a.py", {}), ("/api/v3/users/{name}/gists", {}), ("/explore", {}), ("/explore", PAGE),
        ("/users/{name}/feed.atom", {}), ("/oembed?url=http%3A%2F%2F{host}%2Fs%2F{id}", {}), ("/openapi.json", {}),
        ("/snippets/{id}/revisions", {}), ("/snippets/{id}/revisions/1", {}),
    ]  # fmt: skip


def exposed(response):
    assert response.headers.get_all("Access-Control-Allow-Origin") == ["*"], response
    assert {"ETag", "Cache-Status"} <= set(response.headers["Access-Control-Expose-Headers"].split(", ")), response
    assert "Access-Control-Allow-Credentials" not in response.headers, response


def test_what_everybody_may_read_pages_of_any_site_may_read(server, ada, anonymous):
    id = ada.create(title="a.py", visibility="public")["id"]
    place = {"id": id, "name": ada.username, "host": server.url.split("://")[1]}
    origin = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    for path, headers in open_reads(id, ada.username):
        path = path.format(**place)
        for headers in (headers, {**headers, **origin}):
            full = anonymous.get(path, headers)
            assert full.status in (200, 303), (path, full)
            exposed(full)
            exposed(anonymous.head(path, headers))
            if "ETag" in full.headers:
                for condition, status in (({"If-None-Match": "*"}, 304), ({"If-Match": '"x"'}, 412)):
                    answer = anonymous.get(path, {**headers, **condition})
                    assert answer.status == status, (path, answer)
                    exposed(answer)
        asked = anonymous.request(
            "OPTIONS", path, headers={**origin, "Access-Control-Request-Method": "GET",
                                      "Access-Control-Request-Headers": "if-none-match,x-requested-with"}
        )  # fmt: skip
        assert (asked.status, asked.body) == (204, b""), asked
        exposed(asked)
        assert asked.headers["Access-Control-Allow-Headers"] == "*" and "Access-Control-Max-Age" in asked.headers
        assert set(asked.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD"}


def test_errors_of_open_routes_too(ada, anonymous):
    burned = ada.create(burn_after_reading=True)["id"]
    assert anonymous.get(f"/s/{burned}/raw", {"Accept": "text/plain"}).status == 200
    for path in ("/s/unknown", "/s/AAAAAAAAAAAA", "/s/AAAAAAAAAAAA/raw", f"/s/{burned}", "/documents/AAAAAAAAAAAA",
                 "/oembed", "/explore?limit=x"):  # fmt: skip
        for _ in range(2):
            answer = anonymous.get(path)
            assert answer.status in (400, 404, 410, 422), (path, answer)
            exposed(answer)


def test_what_is_an_accounts_alone_is_not_shared(ada):
    id = ada.create()["id"]
    for method, path in (
        ("GET", "/snippets"), ("GET", f"/snippets/{id}"), ("GET", "/auth/me"), ("GET", "/auth/tokens"),
        ("GET", "/api/v3/gists"), ("GET", f"/snippets/{id}/stats"), ("GET", "/me"), ("POST", "/snippets"),
        ("POST", "/auth/login"), ("DELETE", f"/snippets/{id}"), ("GET", "/metrics"),
    ):  # fmt: skip
        headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": method}
        assert "Access-Control-Allow-Origin" not in ada.request("OPTIONS", path, headers=headers).headers, path
        if method == "GET":
            assert "Access-Control-Allow-Origin" not in ada.get(path, headers).headers, path


# --- OPTIONS


@pytest.mark.parametrize(
    "path, methods",
    [
        ("/", "GET HEAD POST"), ("/healthz", "GET HEAD"), ("/snippets", "GET HEAD POST"), ("/auth/login", "POST"),
        ("/s/AAAAAAAAAAAA", "GET HEAD POST"), ("/snippets/x", "GET HEAD PATCH DELETE"), ("/upload/x", "PUT"),
        ("*", "GET HEAD POST PUT PATCH DELETE"),
    ],
)  # fmt: skip
def test_options_says_what_may_be_done(anonymous, path, methods):
    answer = anonymous.request("OPTIONS", path)
    assert (answer.status, answer.body) == (204, b""), answer
    assert set(re.split(r",\s*", answer.headers["Allow"])) == {*methods.split(), "OPTIONS"}


def test_options_of_what_is_not_there_is_404(anonymous):
    expect.problem(anonymous.request("OPTIONS", "/no/such/path"), 404, "not_found")


# --- Search engines


def representations(host):
    return [
        ("/s/{id}", {}), ("/s/{id}", PAGE), ("/s/{id}/raw", {}), ("/s/{id}/raw?download=1", {}),
        ("/documents/{id}", {}), ("/raw/{id}", {}), ("/api/v3/gists/{id}", {}), ("/api/v3/gists/{id}/raw/a.py", {}),
        ("/snippets/{id}", {}), ("/snippets/{id}/revisions", {}), ("/snippets/{id}/revisions/1", {}),
        ("/snippets/{id}/stats", {}), ("/s/{id}/revisions", PAGE), ("/s/{id}/stats", PAGE), ("/s/{id}/edit", PAGE),
        ("/s/{id}/embed", {}), (f"/oembed?url=http%3A%2F%2F{host}%2Fs%2F{{id}}", {}),
    ]  # fmt: skip


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_search_engines_list_what_is_public_and_nothing_else(server, ada, visibility):
    id = ada.create(title="a.py", visibility=visibility)["id"]
    wanted = [] if visibility == "public" else ["noindex"]
    for path, headers in representations(server.url.split("://")[1]):
        path = path.format(id=id)
        if visibility == "private" and ("embed" in path or "oembed" in path):
            continue  # not there at all
        for _ in range(2):
            full = ada.get(path, headers)
            assert full.status == 200, (path, full)
            assert full.headers.get_all("X-Robots-Tag") == wanted, (path, full)
            assert ada.head(path, headers).headers.get_all("X-Robots-Tag") == wanted, path
        if "ETag" in full.headers:
            known = ada.get(path, {**headers, "If-None-Match": "*"})
            assert (known.status, known.headers.get_all("X-Robots-Tag")) == (304, wanted), path


def test_what_burns_and_what_is_gone_is_not_listed(ada, anonymous):
    id = ada.create(burn_after_reading=True, visibility="public")["id"]
    asked = anonymous.get(f"/s/{id}", PAGE)
    assert (asked.status, asked.headers["X-Robots-Tag"]) == (200, "noindex")
    assert anonymous.get(f"/s/{id}/raw").headers["X-Robots-Tag"] == "noindex"
    for path in (f"/s/{id}", f"/s/{id}/raw", "/s/AAAAAAAAAAAA", f"/documents/{id}"):
        for _ in range(2):
            assert anonymous.get(path).headers["X-Robots-Tag"] == "noindex", path


def test_a_version_that_was_not_public_is_not_listed(ada):
    id = ada.create(visibility="unlisted")["id"]
    ada.patch(f"/snippets/{id}", {"visibility": "public"})
    assert ada.get(f"/snippets/{id}/revisions/1").headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in ada.get(f"/snippets/{id}/revisions/2").headers


# --- What is asked for


def test_accept_is_weighed(ada):
    path = f"/s/{ada.create()['id']}"
    for accept in ("TEXT/HTML", "text/html;q=0.5, */*;q=0.1", "text/*", "Application/XHTML+xml, */*;q=0.8"):
        assert "html" in ada.get(path, {"Accept": accept}).headers["Content-Type"], accept
    for accept in ("text/html;q=0.1, */*", "*/*", "text/html;Q=0", "application/*, text/*;q=0.9", "APPLICATION/JSON"):
        assert "json" in ada.get(path, {"Accept": accept}).headers["Content-Type"], accept


def test_accept_encoding_is_weighed(ada):
    path = f"/s/{ada.create()['id']}"
    for accept, coding in (("GZIP", "gzip"), ("Br", "br"), ("br;q=0.5, gzip;q=0.8", "gzip"), ("BR;Q=0", None)):
        assert ada.get(path, {**PAGE, "Accept-Encoding": accept}).headers.get("Content-Encoding") == coding, accept
