"""Uploads by other services' conventions: forms of 0x0, rustypaste, ix.io, sprunge and clbin, and bodies alone."""

import time

import pytest

from harness import expect
from harness.client import Client, unique_name

BOUNDARY = "----------a boundary of this test"


def form(*parts):
    """A multipart body and its header field, from (name, content) or (name, content, file name)."""
    body = b""
    for name, content, *file in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file[0]}"' if file else "")
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        body += (content if isinstance(content, bytes) else content.encode()) + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode(), {"Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"'}


def upload(client, *parts, headers=None, path="/"):
    body, fields = form(*parts)
    return client.post(path, body=body, headers={**fields, **(headers or {})})


def made(client, response):
    """The snippet that a plain link leads to."""
    assert response.status in (200, 201), response
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    link = response.text
    assert link.endswith("\n") and link.count("\n") == 1
    path = link.strip().removeprefix(f"http://{client.host}:{client.port}")
    assert path.startswith("/s/") and response.headers["Location"] == path
    return client.get(path).json()


# Forms.


@pytest.mark.parametrize("field", ["file", "f", "f:1", "sprunge", "clbin"])
def test_a_form_is_answered_with_the_plain_link(nobody, field):
    response = upload(nobody, (field, "a text\r\nwith both line ends\n"))
    assert response.status == 200
    snippet = made(nobody, response)
    assert snippet["body"] == "a text\r\nwith both line ends\n"
    assert (snippet["title"], snippet["language"], snippet["visibility"]) == ("", "text", "unlisted")


def test_a_urlencoded_form_too(nobody):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert made(nobody, nobody.post("/", body="sprunge=a+b%0A", headers=headers))["body"] == "a b\n"


def test_a_files_name_is_the_title_and_tells_the_language(nobody):
    snippet = made(nobody, upload(nobody, ("file", "x = 1\n", "some/folder/a.py")))
    assert (snippet["title"], snippet["language"]) == ("a.py", "python")
    long = made(nobody, upload(nobody, ("file", "x", "a" * 250 + ".rs")))
    assert (len(long["title"]), long["title"][-3:], long["language"]) == (200, ".rs", "rust")
    assert made(nobody, upload(nobody, ("file", "x", "-")))["title"] == ""


def test_what_a_form_says_about_the_snippet(nobody):
    said = [("title", "T"), ("language", "c++"), ("visibility", "public"), ("tags", "a, b,"), ("expires", "2h")]
    snippet = made(nobody, upload(nobody, ("f", "x"), *said))
    assert (snippet["title"], snippet["language"], snippet["visibility"]) == ("T", "cpp", "public")
    assert snippet["tags"] == ["a", "b"]
    assert snippet["expires_at"]


@pytest.mark.parametrize("burning", [(("oneshot", "x"),), (("f", "x"), ("burn", "1")), (("f:1", "x"), ("read:1", "1"))])
def test_it_can_burn_after_reading(nobody, burning):
    response = upload(nobody, *burning)
    path = response.headers["Location"]
    assert nobody.get(path, {"Accept": "application/json"}).status == 200
    assert nobody.get(path).status == 410


AHEAD = 0.1  # of the clock: so far may a snippet's time be that was made in one millisecond with others


def seconds_left(snippet):
    """At least, since the time that is told is rounded to a millisecond."""
    return expect.timestamp(snippet["expires_at"]) - time.time() - AHEAD


def test_expires_is_in_hours_or_in_milliseconds_since_1970_as_0x0_has_it(nobody):
    hours = upload(nobody, ("file", "x"), ("expires", "3"))
    assert 3 * 3600 - 60 < seconds_left(made(nobody, hours)) <= 3 * 3600
    assert abs(int(hours.headers["X-Expires"]) / 1000 - time.time() - 3 * 3600) < 60
    moment = upload(nobody, ("file", "x"), ("expires", str(int((time.time() + 500) * 1000))))
    assert 440 < seconds_left(made(nobody, moment)) <= 500
    assert "X-Expires" not in upload(nobody, ("file", "x")).headers
    for text, seconds in {"90s": 90, "5m": 300, "5min": 300, "7d": 7 * 86400, "1w": 7 * 86400}.items():
        left = seconds_left(made(nobody, upload(nobody, ("file", "x"), ("expires", text))))
        assert seconds - 60 < left <= seconds, text
    for bad in ("soon", "0", "-1", "3x", "99999999999999999999", "1650460320000"):
        expect.problem(upload(nobody, ("file", "x"), ("expires", bad)), 422, "invalid")


def test_secret_is_taken_and_changes_nothing(nobody):
    assert made(nobody, upload(nobody, ("file", "x"), ("secret", "")))["visibility"] == "unlisted"


@pytest.mark.parametrize("accept", [None, "text/html"])
@pytest.mark.parametrize("sent, title", [("a%22b.py", 'a"b.py'), ('a\\"b.py', 'a"b.py'), ("a%0D%0Ab.py", "ab.py"),
                                         ("100%25.py", "100%25.py"), ("dir/%22.py", '".py')])  # fmt: skip
def test_the_name_of_a_file_as_curl_and_browsers_send_it(nobody, accept, sent, title):
    response = upload(nobody, ("file", "x", sent), headers={"Accept": accept})
    snippet = nobody.get(response.headers["Location"]).json()
    assert (snippet["title"], snippet["language"]) == (title, "python")


def test_the_token_manages_what_was_uploaded(nobody):
    response = upload(nobody, ("file", "x"))
    token, path = response.headers["X-Token"], response.headers["Location"]
    expect.problem(upload(nobody, ("token", "wrong"), ("delete", ""), path=path), 403, "forbidden")
    changed = upload(nobody, ("token", token), ("expires", "1"), path=path)
    assert changed.status == 202 and changed.headers["X-Expires"]
    assert 3540 < seconds_left(nobody.get(path).json()) <= 3600
    expect.invalid(upload(nobody, ("token", token), path=path), "delete")
    expect.problem(upload(nobody, ("delete", ""), path=path), 401, "unauthenticated")
    as_json = upload(nobody, ("token", token), ("expires", "2"), path=path, headers={"Accept": "application/json"})
    assert as_json.status == 202 and as_json.json()["url"] == changed.text.strip()
    deleted = upload(nobody, ("token", token), ("delete", ""), path=path)
    assert (deleted.status, deleted.body, deleted.headers["Cache-Control"]) == (200, b"", "no-store")
    assert deleted.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert nobody.get(path).status == 404


def test_the_token_is_the_edit_token(nobody):
    response = upload(nobody, ("file", "x"))
    path = response.headers["Location"].replace("/s/", "/snippets/")
    assert nobody.patch(path, {"body": "y"}, {"X-Edit-Token": response.headers["X-Token"]}).status == 200


def test_an_account_owns_what_it_uploads(ada):
    response = upload(ada, ("file", "x"), ("visibility", "private"))
    assert "X-Token" not in response.headers
    assert made(ada, response)["owner"] == ada.username


def test_what_pastebinit_says(nobody):
    snippet = made(nobody, upload(nobody, ("file", "x = 1"), ("format", "text"), ("title", "a.py"), ("newline", "1"),
                                  ("private", "0")))  # fmt: skip
    assert (snippet["body"], snippet["language"], snippet["visibility"]) == ("x = 1\n", "python", "public")
    snippet = made(nobody, upload(nobody, ("file", "x"), ("format", "ruby"), ("private", "1")))
    assert (snippet["body"], snippet["language"], snippet["visibility"]) == ("x", "ruby", "unlisted")


def test_json_for_those_who_ask_for_it(nobody):
    response = upload(nobody, ("file", "x"), headers={"Accept": "application/json"})
    assert response.status == 201
    assert response.json()["edit_token"] == response.headers["X-Token"]


def test_a_browsers_form_is_another_thing(nobody):
    response = upload(nobody, ("body", "x"), headers={"Accept": "text/html"})
    assert response.status == 303


def test_a_form_without_a_text_or_with_two_is_refused(nobody):
    expect.invalid(upload(nobody, ("title", "x")), "file")
    expect.invalid(upload(nobody, ("file", "x"), ("f", "y")), "f")
    expect.invalid(upload(nobody, ("file", "")), "body")
    expect.invalid(upload(nobody, ("file", b"\xff\xfe")), "body")
    expect.invalid(upload(nobody, ("file", b"a\0b")), "body")
    expect.problem(nobody.post("/", body="x", headers={"Content-Type": "text/plain"}), 400, "bad_request")


# A body alone.


def test_a_body_alone_whatever_its_type(nobody):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl says for --data-binary
    response = nobody.post("/upload", body="a=b&c\n", headers=headers)
    assert response.status == 201
    assert made(nobody, response)["body"] == "a=b&c\n"
    assert response.headers["X-Token"].startswith("sne_")


def test_what_the_query_says_about_it(nobody):
    query = "title=a%20b.c&language=go&expires=7d&visibility=public&tags=x,y&burn=1"
    response = nobody.post(f"/upload?{query}", body="x", headers={"Accept": "application/json"})
    snippet = response.json()
    assert (snippet["title"], snippet["language"], snippet["visibility"]) == ("a b.c", "go", "public")
    assert snippet["tags"] == ["x", "y"] and snippet["burn_after_reading"] is True
    assert 7 * 86400 - 60 < seconds_left(snippet) <= 7 * 86400
    expect.invalid(nobody.post("/upload?title=%ff", body="x"), "title")
    expect.invalid(nobody.post("/upload?visibility=secret", body="x"), "visibility")


@pytest.mark.parametrize("path", ["/upload", "/upload/", "/upload/main.go"])
def test_put_as_curl_does_it_for_a_file(nobody, path):
    snippet = made(nobody, nobody.request("PUT", path, body="package main\n"))
    assert snippet["body"] == "package main\n"
    assert (snippet["title"], snippet["language"]) == (("main.go", "go") if "main" in path else ("", "text"))


def test_a_form_goes_to_upload_too(nobody):
    assert made(nobody, upload(nobody, ("file", "x"), path="/upload"))["body"] == "x"


def test_too_much_is_413(fresh_server):
    with Client(fresh_server(flags=["--max-body", "1KiB"])) as client:
        assert made(client, client.post("/upload", body="x" * 1024))
        expect.problem(client.post("/upload", body="x" * 1025), 413, "payload_too_large")
        assert made(client, upload(client, ("file", "x" * 1024)))
        expect.problem(upload(client, ("file", "x" * 1025)), 413, "payload_too_large")


# The same rules as everywhere.


def send_form(client, headers):
    return upload(client, ("file", "x"), headers=headers)


def send_body(client, headers):
    return client.post("/upload", body="x", headers=headers)


def send_document(client, headers):
    return client.post("/documents", body="x", headers=headers)


def send_gist(client, headers):
    return client.post("/api/v3/gists", {"files": {"a": {"content": "x"}}}, headers)


EVERY_WAY = pytest.mark.parametrize("send", [send_form, send_body, send_document, send_gist])


@EVERY_WAY
def test_an_idempotency_key_makes_one_snippet(server, send):
    with Client(server).signup() as client:
        headers = {"Idempotency-Key": unique_name("key")}
        first, again = send(client, headers), send(client, headers)
        assert (first.status, first.body) == (again.status, again.body)
        assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
        assert len(client.get("/snippets").json()["items"]) == 1


@EVERY_WAY
def test_the_same_limit(fresh_server, send):
    flags = ["--rate-limit", "write=2/60s", "--rate-limit", "anonymous=1/60s"]
    with Client(fresh_server(flags=flags, rate_limits=True)) as client:
        assert send(client, {}).status < 300
        expect.problem(send(client, {}), 429, "rate_limited")
        client.signup()
        assert client.post("/snippets", {"body": "x"}).status == 201
        allowed = send(client, {})
        assert allowed.status < 300 and allowed.headers["RateLimit"].startswith('"write";r=0')
        limited = send(client, {})
        expect.problem(limited, 429, "rate_limited")
        assert 1 <= int(limited.headers["Retry-After"]) <= 120  # of a sliding window


@EVERY_WAY
def test_a_token_that_opens_nothing_is_refused(nobody, send):
    for value in ("Bearer snp_nothing", "token snp_nothing"):
        expect.problem(send(nobody, {"Authorization": value}), 401, "unauthenticated")
    assert send(nobody, {"Authorization": "Basic YTpi"}).status < 300  # what is before the service asks for that


@EVERY_WAY
def test_another_site_cannot_send_it_with_the_cookie(ada, send):
    expect.problem(send(ada, {"Origin": "https://elsewhere.example"}), 403, "forbidden")


@EVERY_WAY
def test_without_an_account_where_that_is_not_allowed(fresh_server, send):
    with Client(fresh_server(flags=["--anonymous", "off"])) as client:
        expect.problem(send(client, {}), 401, "unauthenticated")


def test_pastebinits_configuration_names_this_server(nobody):
    response = nobody.get("/pastebinit.conf")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert f"basename = {nobody.host}:{nobody.port}\n" in response.text and "https = " not in response.text


def test_pastebinits_configuration_says_https(fresh_server):
    with Client(fresh_server(flags=["--public-url", "https://paste.example"])) as client:
        assert "basename = paste.example\nhttps = True\n" in client.get("/pastebinit.conf").text
