"""The pages without a browser: who gets one, how it is kept, what its forms do. The rest is in browser/."""

import gzip
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.client import Client
from harness.waiting import until

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
FORM = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}


def page(client, path, **headers):
    return client.get(path, {**BROWSER, **headers})


def send(client, path, headers=None, **fields):
    """Sends a form as a browser does."""
    origin = f"http://{client.host}:{client.port}"
    return client.post(path, body=urlencode(fields, doseq=True), headers={**FORM, "Origin": origin, **(headers or {})})


def code_of(response):
    """The text of the snippet that a page shows."""
    html = re.search(r'<pre class="code".*?<code[^>]*>(.*?)</code></pre></div>', response.text, re.S)[1]
    return unescape(re.sub(r"<[^>]*>", "", html))


def assert_is_page(response, status=200):
    assert response.status == status, response
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!doctype html>")
    policy = response.headers["Content-Security-Policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "<script>" not in response.text and ' style="' not in response.text and " onclick=" not in response.text


# --- Who gets a page


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html;q=0.5"])
def test_whoever_does_not_prefer_html_gets_json(server, ada, accept):
    id = ada.create()["id"]
    response = Client(server).get(f"/s/{id}", {"Accept": accept})
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["id"] == id
    assert "Accept" in response.headers["Vary"]


def test_browsers_get_the_page_and_both_say_what_they_depend_on(server, ada):
    body = "int main() {\n  return 1 < 2;\n}\n"
    snippet = ada.create(body=body, title="a.cpp", tags=["one", "<b>"], visibility="public")
    response = page(Client(server), f"/s/{snippet['id']}")
    assert_is_page(response)
    assert code_of(response) == snippet["body"]
    assert "<title>a.cpp</title>" in response.text and "&lt;b&gt;" in response.text and "<b>" not in response.text
    assert f">{ada.username}<" in response.text and ">C++<" in response.text
    assert {"Accept", "Accept-Encoding"} <= set(re.split(r",\s*", response.headers["Vary"]))


def test_programs_that_preview_links_get_the_page_with_its_tags(server, ada):
    id = ada.create(body="first line\nsecond", title="Title & more", visibility="public")["id"]
    response = Client(server).get(f"/s/{id}", {"Accept": "*/*", "User-Agent": "Slackbot-LinkExpanding 1.0"})
    assert_is_page(response)
    for tag in ('property="og:title" content="Title &amp; more"',
                'property="og:description" content="first line second"',
                f'property="og:url" content="{server.url}/s/{id}"', 'name="twitter:card"'):
        assert tag in response.text
    image = re.search(r'property="og:image" content="([^"]+)"', response.text).group(1)
    assert Client(server).get(image.removeprefix(server.url)).headers["Content-Type"] == "image/png"


def test_a_terminal_gets_a_short_usage_with_lines_that_work(server):
    client = Client(server)
    answer = client.get("/", {"Accept": "*/*", "User-Agent": "curl/7.88.1"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "Accept" in answer.headers["Vary"]
    short = answer.text.replace(f"http://{client.host}:{client.port}", "URL")
    assert short.endswith("\n") and max(map(len, short.splitlines())) <= 80
    line = next(line for line in answer.text.splitlines() if "--data-binary" in line)
    path = re.search(r"'http://[^/]+(/\S+)'", line).group(1)
    link = client.post(path, body="int main() {}\n").text
    made = client.get(re.sub(r"^http://[^/]+", "", link.strip())).json()
    assert (made["title"], made["language"], made["body"]) == ("main.cpp", "cpp", "int main() {}\n")
    assert made["expires_at"]


def test_raw_is_raw_for_browsers_too(server, ada):
    id = ada.create(body="<script>alert(1)</script>")["id"]
    response = page(Client(server), f"/s/{id}/raw")
    assert response.text == "<script>alert(1)</script>"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


EXACT = ["x", "x\n", "\n", "a\r\nb\rc", "<>&\"' \u202e \ufeff \t", "\n" * 60000 + "end", "#" * 20000]


@pytest.mark.parametrize("body", EXACT, ids=range(len(EXACT)))
def test_the_text_is_exact(server, ada, body):
    id = ada.create(body=body)["id"]
    assert code_of(page(Client(server), f"/s/{id}")) == body


# --- How it is kept


def test_a_page_is_cached_has_an_etag_and_answers_304(still, still_ada):
    id = still_ada.create(body="hello")["id"]
    client = Client(still)
    page(client, f"/s/{id}")
    response = page(client, f"/s/{id}")
    assert response.headers["Cache-Status"] == "snippetd-near; hit"
    assert response.headers["Cache-Control"] == "public, no-cache"
    etag = response.headers["ETag"]
    assert etag not in (client.get(f"/s/{id}").headers["ETag"], client.get(f"/s/{id}/raw").headers["ETag"])
    again = page(client, f"/s/{id}", **{"If-None-Match": etag})
    assert again.status == 304 and again.body == b"" and again.headers["ETag"] == etag
    assert page(client, f"/s/{id}", **{"If-None-Match": client.get(f"/s/{id}").headers["ETag"]}).status == 200


def test_the_compressed_page_is_the_same_page_under_another_tag(still, still_ada):
    id = still_ada.create(body="hello\n" * 100)["id"]
    client = Client(still)
    plain = page(client, f"/s/{id}")
    packed = page(client, f"/s/{id}", **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert gzip.decompress(packed.body) == plain.body
    assert page(client, f"/s/{id}", **{"Accept-Encoding": "gzip, br"}).headers["Content-Encoding"] == "br"
    assert page(client, f"/s/{id}", **{"Accept-Encoding": "br;q=0"}).body == plain.body


def test_an_edit_shows_in_the_next_page(server, ada):
    id = ada.create(body="old")["id"]
    client = Client(server)
    etag = page(client, f"/s/{id}").headers["ETag"]
    for number in range(20):
        assert ada.patch(f"/snippets/{id}", {"body": f"new {number}"}).status == 200
        response = page(client, f"/s/{id}", **{"If-None-Match": etag})
        assert code_of(response) == f"new {number}"
        etag = response.headers["ETag"]


def test_every_get_of_a_page_is_one_view_and_head_is_none(fresh_server):
    server = fresh_server(flags=["--views-flush", "100ms"])
    client = Client(server).signup()
    id = client.create()["id"]
    etag = page(client, f"/s/{id}").headers["ETag"]
    assert page(client, f"/s/{id}", **{"If-None-Match": etag}).status == 304
    head = client.head(f"/s/{id}", BROWSER)
    assert head.status == 200 and head.body == b""
    until(lambda: client.get(f"/snippets/{id}").json()["view_count"] == 2, 5, "both views to be stored")
    assert server.metric("snippetd_views_recorded_total") == 2


def test_a_page_shows_the_count_of_a_moment_ago(fresh_server):
    server = fresh_server(flags=["--views-flush", "100ms", "--threads", "1"])
    client = Client(server).signup()
    id = client.create()["id"]

    def shown():
        return int(re.search(r'id="views">(\d+)<', page(client, f"/s/{id}").text).group(1))

    for _ in range(20):
        client.get(f"/s/{id}")
    until(lambda: shown() >= 20, 15, "the page to be rendered with the new count")


def test_hundreds_of_first_readers_get_the_page_and_it_is_rendered_in_time(fresh_server, slow_factor):
    server = fresh_server(flags=["--threads", "2", "--views", "off"])
    lines = int(20000 / slow_factor**2)
    body = "line of code\n" * lines
    id = Client(server).signup().create(body=body)["id"]

    def read(_):
        return page(Client(server), f"/s/{id}", **{"Accept-Encoding": "gzip"})

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(read, range(200)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert f'id="L{lines}"'.encode() in gzip.decompress(answers[0].body)


# --- Private, burning, gone


def test_a_private_page_is_its_owners_alone(server, ada, bob):
    id = ada.create(visibility="private", body="secret")["id"]
    mine = page(ada, f"/s/{id}")
    assert_is_page(mine)
    assert code_of(mine) == "secret" and mine.headers["Cache-Control"] == "private, no-store"
    assert "og:" not in mine.text and 'content="noindex"' in mine.text
    for other in (bob, Client(server)):
        assert_is_page(page(other, f"/s/{id}"), 404)


def test_a_public_page_that_becomes_private_is_gone_at_once(server, ada):
    id = ada.create(visibility="public", body="secret")["id"]
    other = Client(server)
    etag = page(other, f"/s/{id}").headers["ETag"]
    ada.patch(f"/snippets/{id}", {"visibility": "private"})
    response = page(other, f"/s/{id}", **{"If-None-Match": etag})
    assert response.status == 404 and "secret" not in response.text


def test_burning_asks_first_and_shows_it_once(server, ada):
    id = ada.create(body="read me once", burn_after_reading=True)["id"]
    reader = Client(server)
    for headers in ({}, {"If-None-Match": "*"}, {"User-Agent": "Slackbot"}):
        asked = page(reader, f"/s/{id}", **headers)
        assert_is_page(asked)
        assert "read me once" not in asked.text and f'action="/s/{id}/reveal"' in asked.text
        assert "no-store" in asked.headers["Cache-Control"]
    shown = send(reader, f"/s/{id}/reveal")
    assert_is_page(shown)
    assert code_of(shown) == "read me once" and "no-store" in shown.headers["Cache-Control"]
    assert_is_page(send(reader, f"/s/{id}/reveal"), 410)
    assert_is_page(page(reader, f"/s/{id}"), 410)


def test_the_maker_of_what_burns_gets_its_link_and_burns_nothing(server, ada):
    for maker in (ada.clone(), Client(server)):
        sent = send(maker, "/", body="read me once", burn="1")
        assert sent.status == 303
        path = sent.headers["Location"]
        link = path.removesuffix("/made")
        assert link != path
        cookie = {"Cookie": sent.headers["Set-Cookie"].split(";")[0]} if maker.username is None else {}
        made = page(maker, path, **cookie)
        assert_is_page(made)
        assert f'value="{server.url}{link}"' in made.text and "read me once" not in made.text
        assert f"{link}/reveal" not in made.text and f'href="{link}/delete"' in made.text
        assert ("30 days" in made.text) == (maker.username is None)
        with Client(server) as other:
            assert_is_page(page(other, path), 403)
            assert code_of(send(other, f"{link}/reveal")) == "read me once"
        assert_is_page(page(maker, path), 410)
    sent = send(ada, "/", body="not burning")
    assert not sent.headers["Location"].endswith("/made")
    again = page(ada, sent.headers["Location"] + "/made")
    assert (again.status, again.headers["Location"]) == (303, sent.headers["Location"])


def test_of_many_who_press_the_button_one_sees_it(server, ada):
    id = ada.create(body="read me once", burn_after_reading=True)["id"]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: send(Client(server), f"/s/{id}/reveal"), range(64)))
    assert sorted(answer.status for answer in answers) == [200] + [410] * 63
    assert sum("read me once" in answer.text for answer in answers) == 1


def test_reveal_of_what_does_not_burn_leads_to_it(server, ada, bob):
    id = ada.create()["id"]
    assert send(Client(server), f"/s/{id}/reveal").headers["Location"] == f"/s/{id}"
    private = ada.create(visibility="private", burn_after_reading=True)["id"]
    assert send(bob, f"/s/{private}/reveal").status == 404
    assert ada.get(f"/snippets/{private}").status == 200


def test_errors_are_pages_for_browsers_and_documents_for_others(server, ada):
    client = Client(server)
    for path, status, word in [("/nope", 404, "not_found"), ("/s/aaaaaaaaaaaa", 404, "not_found"),
                               ("/snippets", 401, "unauthenticated"), ("/explore?limit=x", 422, "invalid")]:
        assert_is_page(page(client, path), status)
        expect.problem(client.get(path), status, word)
    assert_is_page(client.request("DELETE", "/login", headers=BROWSER), 405)


# --- Forms


def test_a_form_makes_a_snippet_and_its_maker_may_edit_it(server):
    client = Client(server)
    made = send(client, "/", title="notes.md", body="one\r\ntwo\r\n", language="Markdown", visibility="public",
                expires="86400", tags="a, b ,,a")
    assert made.status == 303, made
    path = made.headers["Location"]
    snippet = client.get(path).json()
    assert (snippet["body"], snippet["language"], snippet["tags"]) == ("one\ntwo\n", "markdown", ["a", "b"])
    assert snippet["visibility"] == "public" and snippet["expires_at"]
    cookie = made.headers["Set-Cookie"]
    assert f"Path={path};" in cookie and "SameSite=Lax" in cookie
    token = {"Cookie": cookie.split(";")[0]}
    form = page(client, f"{path}/edit", **token)
    assert_is_page(form)
    assert ">\none\ntwo\n</textarea>" in form.text and 'name="version" value="1"' in form.text
    saved = send(client, f"{path}/edit", token, title="notes.md", body="three", language="markdown", version="1",
                 visibility="unlisted", expires="keep", tags="")
    assert saved.status == 303 and saved.headers["Location"] == path
    now = client.get(path).json()
    assert (now["body"], now["version"], now["tags"], now["expires_at"]) == ("three", 2, [], snippet["expires_at"])
    assert_is_page(page(client, f"{path}/edit"), 403)
    assert_is_page(page(client, f"{path}/delete", **token))
    assert send(client, f"{path}/delete", token).status == 303
    assert client.get(path).status in (404, 410)


def test_a_form_takes_a_file_byte_for_byte(server):
    content = "#!/bin/sh\r\necho ünï\n"
    boundary = "----x"
    body = "".join(f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n"
                   for name, more, value in [("title", "", ""), ("body", "", ""), ("expires", "", "never"),
                                             ("file", '; filename="run.sh"', content)]) + f"--{boundary}--\r\n"
    client = Client(server)
    made = client.post("/", body=body, headers={**BROWSER, "Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert made.status == 303, made
    snippet = client.get(made.headers["Location"]).json()
    assert (snippet["title"], snippet["body"], snippet["language"]) == ("run.sh", content, "bash")


@pytest.mark.parametrize("fields, status, field", [
    ({"body": ""}, 422, "body"),
    ({"body": "x", "title": "t" * 201}, 422, "title"),
    ({"body": "x", "visibility": "private"}, 422, "visibility"),
    ({"body": "x", "expires": "soon"}, 422, "expires"),
    ({"body": "x", "tags": ",".join(f"t{n}" for n in range(11))}, 422, "tags"),
])
def test_what_is_wrong_with_a_form_is_said_and_nothing_is_lost(server, fields, status, field):
    response = send(Client(server), "/", **{"title": "kept title", **fields})
    assert_is_page(response, status)
    assert f'href="#{field}"' in response.text
    assert fields.get("title", "kept title") in response.text
    assert f">\n{fields['body']}</textarea>" in response.text


def test_over_the_limit_a_form_comes_back_with_what_was_written(fresh_server):
    server = fresh_server(rate_limits=True, flags=["--rate-limit", "anonymous=2/60s"])
    client = Client(server)
    for _ in range(2):
        assert send(client, "/", body="x").status == 303
    response = send(client, "/", body="my long <text>", title="kept")
    assert_is_page(response, 429)
    assert "my long &lt;text&gt;</textarea>" in response.text and 'value="kept"' in response.text
    assert 1 <= int(response.headers["Retry-After"]) <= 120  # the window slides


def test_an_edit_that_lost_keeps_what_was_written(server, ada):
    id = ada.create(body="one")["id"]
    ada.patch(f"/snippets/{id}", {"body": "two"})
    fields = {"body": "mine", "title": "", "visibility": "unlisted", "expires": "keep"}
    lost = send(ada, f"/s/{id}/edit", version="1", **fields)
    assert_is_page(lost, 412)
    assert ">\nmine</textarea>" in lost.text and 'name="version" value="2"' in lost.text
    assert ada.get(f"/snippets/{id}").json()["body"] == "two"
    assert send(ada, f"/s/{id}/edit", version="2", **fields).status == 303
    assert ada.get(f"/snippets/{id}").json()["body"] == "mine"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_another_sites_forms_are_refused(server, ada, headers):
    id = ada.create()["id"]
    forms = ["/", "/login", "/logout", "/me/delete", "/me/tokens", "/me/password", "/me/delete-account",
             f"/s/{id}/edit", f"/s/{id}/delete", f"/s/{id}/fork"]
    for path in forms:
        response = send(ada.clone(), path, headers, body="x", id=id, sure="1", username="x", password="y" * 8)
        assert response.status == 403, (path, response)
        assert "Set-Cookie" not in response.headers
    assert ada.get(f"/snippets/{id}").status == 200


# --- Accounts


def test_signing_up_and_in_by_form(server):
    client = Client(server)
    name = "page-user"
    assert page(client, "/me").headers["Location"] == "/login?next=/me"
    made = send(client, "/signup", username=name, password="correct horse", next="/explore")
    assert made.status == 303 and made.headers["Location"] == "/explore"
    cookies = made.headers.get_all("Set-Cookie")
    assert any(line.startswith("session=") and "HttpOnly" in line for line in cookies)
    assert any(line.startswith(f"account={name};") and "HttpOnly" not in line for line in cookies)
    mine = page(client, "/me")
    assert_is_page(mine)
    out = send(client, "/logout")
    assert out.status == 303 and client.session is None
    wrong = send(client, "/login", username=name, password="wrong password", next="/me")
    assert_is_page(wrong, 401)
    assert f'value="{name}"' in wrong.text and "wrong password" not in wrong.text
    assert send(client, "/login", username=name, password="correct horse", next="//evil.example/").headers[
        "Location"] == "/me"
    assert_is_page(send(Client(server), "/signup", username=name, password="correct horse"), 409)


def test_a_session_that_has_ended_is_nobody_on_pages(server):
    client = Client(server)
    client.session = "x" * 43
    assert_is_page(page(client, "/"))
    assert_is_page(page(client, "/explore"))
    assert page(client, "/me/account").status == 303


def test_what_is_not_there_without_a_log_in_offers_one_that_leads_back(server, ada):
    own = ada.create(visibility="private")["id"]
    nobody = Client(server)
    for path in (f"/s/{own}", f"/s/{own}/edit", f"/s/{own}/delete", f"/s/{own}/stats"):
        refused = page(nobody, path)
        assert refused.status in (401, 403, 404)
        assert f'href="/login?next={path}"' in refused.text
        assert "/login?next=" not in page(ada, "/s/nothing-like-it").text
    entrance = page(nobody, f"/login?next=/s/{own}/edit")
    assert f'<input type="hidden" name="next" value="/s/{own}/edit">' in entrance.text
    assert f'href="/signup?next=/s/{own}/edit"' in entrance.text, "and so does a new account"


def test_a_fork_without_an_account_goes_on_after_the_log_in(server, ada, bob):
    id = ada.create()["id"]
    sent = send(Client(server), f"/s/{id}/fork")
    assert (sent.status, sent.headers["Location"]) == (303, f"/login?next=/s/{id}/fork")
    asked = page(Client(server), f"/s/{id}/fork")
    assert (asked.status, asked.headers["Location"]) == (303, f"/login?next=/s/{id}/fork")
    assert f'<form action="/s/{id}/fork" method="post"' in page(bob, f"/s/{id}/fork").text
    made = send(bob, f"/s/{id}/fork")
    assert bob.get(f"/snippets/{made.headers['Location'].removeprefix('/s/')}").json()["forked_from"] == id


def test_own_snippets_are_listed_filtered_and_deleted(server):
    client = Client(server).signup()
    assert "Nothing here yet" in page(client, "/me").text
    ids = [client.create(title=f"snippet {n}", tags=["even" if n % 2 == 0 else "odd"],
                         visibility="private" if n == 0 else "public")["id"] for n in range(25)]
    first = page(client, "/me")
    assert sum(f'value="{id}"' in first.text for id in ids) == 20
    following = unescape(re.search(r'href="([^"]+)" rel="next"', first.text).group(1))
    assert sum(f'value="{id}"' in page(client, following).text for id in ids) == 5
    found = page(client, "/me?q=&tag=even&language=&visibility=private")
    assert [id for id in ids if f'value="{id}"' in found.text] == [ids[0]]
    assert "No snippet fits" in page(client, "/me?q=nothing-like-it").text
    asked = send(client, "/me/delete", id=ids[:2])
    assert_is_page(asked)
    assert client.get(f"/snippets/{ids[0]}").status == 200
    assert send(client, "/me/delete", id=ids[:2], sure="1").status == 303
    assert [client.get(f"/snippets/{id}").status == 200 for id in ids[:3]] == [False, False, True]


def test_nobody_deletes_what_is_not_theirs(server, ada, bob):
    id = ada.create()["id"]
    assert send(bob, "/me/delete", id=id, sure="1").status == 403
    assert ada.get(f"/snippets/{id}").status == 200


def test_tokens_by_form(server):
    client = Client(server).signup()
    made = send(client, "/me/tokens", name="laptop <1>", expires="")
    assert_is_page(made)
    token = re.search(r"snp_[A-Za-z0-9_-]{20,}", made.text).group(0)
    assert "laptop &lt;1&gt;" in made.text
    assert Client(server).get("/auth/me", {"Authorization": f"Bearer {token}"}).status == 200
    assert token not in page(client, "/me/tokens").text
    id = client.get("/auth/tokens").json()["items"][0]["id"]
    assert "/me/tokens/revoke" not in page(client, "/me/tokens").text, "one alone has its own button"
    assert send(client, f"/me/tokens/{id}/delete").status == 303
    assert Client(server).get("/auth/me", {"Authorization": f"Bearer {token}"}).status == 401
    assert_is_page(send(client, "/me/tokens", name=""), 422)


def test_password_export_and_end_of_an_account_by_form(server):
    client = Client(server).signup()
    other = Client(server).login(client.username)
    id = client.create(body="mine")["id"]
    assert_is_page(send(client, "/me/password", current="not this one", new="a new password"), 403)
    assert_is_page(send(client, "/me/password", current="correct horse", new="short"), 422)
    changed = send(client, "/me/password", current="correct horse", new="a new password")
    assert_is_page(changed)
    assert client.get("/auth/me").status == 200 and other.get("/auth/me").status == 401
    export = page(client, "/me/export.zip")
    assert export.headers["Content-Type"] == "application/zip" and export.body.startswith(b"PK")
    assert_is_page(send(client, "/me/delete-account", password="a new password"), 422)
    assert_is_page(send(client, "/me/delete-account", password="correct horse", sure="1"), 403)
    gone = send(client, "/me/delete-account", password="a new password", sure="1")
    assert gone.status == 303 and client.session is None
    assert Client(server).get(f"/s/{id}").status in (404, 410)


# --- Revisions, statistics, code, explore


def test_revisions_and_their_differences(server, ada, bob):
    id = ada.create(body="one\ntwo\n", title="a.txt")["id"]
    ada.patch(f"/snippets/{id}", {"body": "one\n2 <b>\n", "title": "b.txt"})
    listed = page(bob, f"/s/{id}/revisions")
    assert_is_page(listed)
    assert f"/s/{id}/revisions?from=1&amp;to=2" in listed.text
    for view in ("", "&view=split"):
        diff = page(bob, f"/s/{id}/revisions?from=1&to=2{view}")
        assert_is_page(diff)
        assert "2 &lt;b&gt;" in diff.text and "a.txt" in diff.text and "b.txt" in diff.text
    assert page(bob, f"/s/{id}/revisions?from=1&to=9").status == 404
    ada.patch(f"/snippets/{id}", {"visibility": "private"})
    assert page(bob, f"/s/{id}/revisions").status == 404


def test_statistics_are_the_owners(fresh_server):
    server = fresh_server(flags=["--views-flush", "100ms"])
    owner = Client(server).signup()
    id = owner.create()["id"]
    assert "No views yet" in page(owner, f"/s/{id}/stats").text
    for _ in range(3):
        owner.get(f"/s/{id}")
    until(lambda: owner.get(f"/snippets/{id}").json()["view_count"] == 3, 5, "the views to be stored")
    for by, rows in (("hour", 48), ("day", 90)):
        response = page(owner, f"/s/{id}/stats?by={by}")
        assert_is_page(response)
        views = [int(count) for count in re.findall(r'<td class="num">(\d+)</td>', response.text)]
        # From when it was made on: the bucket of that, and perhaps the next one by now.
        assert 1 <= len(views) <= 2 < rows and sum(views) == 3
    assert page(Client(server).signup(), f"/s/{id}/stats").status == 403


def test_the_code_of_a_link(server, ada):
    id = ada.create()["id"]
    response = Client(server).get(f"/s/{id}/qr.svg")
    assert response.headers["Content-Type"] == "image/svg+xml" and response.text.startswith("<svg")
    assert Client(server).get("/s/x/qr.svg").status == 404


def test_explore_is_a_page_and_json(server, ada):
    id = ada.create(visibility="public", title="for everybody")["id"]
    hidden = ada.create(visibility="unlisted")["id"]
    listed = page(Client(server), "/explore")
    assert_is_page(listed)
    assert f"/s/{id}" in listed.text and hidden not in listed.text
    assert id in [item["id"] for item in Client(server).get("/explore").json()["items"]]


def test_fork_by_form_needs_an_account(server, ada, bob):
    id = ada.create(body="fork me")["id"]
    assert send(Client(server), f"/s/{id}/fork").headers["Location"].startswith("/login")
    forked = send(bob, f"/s/{id}/fork")
    assert forked.status == 303
    assert bob.get(forked.headers["Location"].replace("/s/", "/snippets/")).json()["forked_from"] == id


# --- Assets


def test_assets_are_kept_for_ever_and_compressed(server):
    client = Client(server)
    urls = set(re.findall(r'(?:src|href|content)="(/assets/[^"]+)"', page(client, "/").text))
    assert len(urls) >= 5
    for url in urls:
        response = client.get(url)
        assert response.status == 200 and "immutable" in response.headers["Cache-Control"], url
        packed = client.get(url, {"Accept-Encoding": "gzip"})
        if packed.headers.get("Content-Encoding") == "gzip":
            assert gzip.decompress(packed.body) == response.body
    assert client.get("/assets/nothing.js").status == 404
    assert client.get("/robots.txt").status == client.get("/favicon.ico").status == 200


# --- The live count


class Stream:
    """A stream of events, read as it comes."""

    def __init__(self, server, id):
        self.socket = socket.create_connection((server.host, server.port), timeout=20)
        self.socket.sendall(f"GET /s/{id}/live HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.text = ""

    def read_until(self, wanted):
        while wanted not in self.text:
            received = self.socket.recv(65536)
            assert received, f"the stream ended without {wanted!r}: {self.text!r}"
            self.text += received.decode()

    def ends(self):
        while received := self.socket.recv(65536):
            self.text += received.decode()
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def test_an_open_page_follows_the_count(fresh_server):
    server = fresh_server(flags=["--views-flush", "200ms"])
    client = Client(server).signup()
    id = client.create()["id"]
    with Stream(server, id) as stream:
        stream.read_until("event: views\ndata: 0\n\n")
        assert "text/event-stream" in stream.text and "no-store" in stream.text
        for _ in range(5):
            client.get(f"/s/{id}")
        stream.read_until("data: 5\n\n")


def test_a_flush_is_one_message_however_many_have_read(fresh_server):
    server = fresh_server(flags=["--views-flush", "2s"])
    client = Client(server).signup()
    id = client.create()["id"]
    with Stream(server, id) as stream:
        stream.read_until("data: 0\n\n")
        for _ in range(200):
            client.get(f"/s/{id}")
        stream.read_until("data: 200\n\n")
        assert stream.text.count("event: views") <= 4


def test_streams_are_bounded_and_end_with_their_reader(fresh_server):
    server = fresh_server(flags=["--max-connections", "8"])  # of which three quarters may be streams
    id = Client(server).signup().create()["id"]
    streams = [Stream(server, id) for _ in range(6)]
    for stream in streams:
        stream.read_until("data: 0\n\n")
    client = Client(server)
    refused = client.get(f"/s/{id}/live")
    assert refused.status == 503 and int(refused.headers["Retry-After"]) >= 1
    assert client.get(f"/s/{id}").status == 200
    for stream in streams:
        stream.socket.close()

    def one_more():
        with Stream(server, id) as another:
            another.read_until("\r\n")
            return " 200 " in another.text.splitlines()[0]

    until(one_more, 10, "a place to be free again")


def test_streams_end_when_the_service_does(fresh_server):
    server = fresh_server()
    id = Client(server).signup().create()["id"]
    with Stream(server, id) as stream:
        stream.read_until("data: 0\n\n")
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 5
        assert stream.ends()


def test_nobody_follows_what_they_may_not_read(server, ada):
    for fields in ({"visibility": "private"}, {"burn_after_reading": True}):
        id = ada.create(**fields)["id"]
        assert ada.get(f"/s/{id}/live").status == 404
    assert Client(server).get("/s/aaaaaaaaaaaa/live").status == 404


def test_head_of_a_stream_names_no_length(server, ada):
    id = ada.create()["id"]
    head = Client(server).head(f"/s/{id}/live")
    assert head.status == 200 and head.headers["Content-Type"] == "text/event-stream"
    assert "Content-Length" not in head.headers
    with Stream(server, id) as stream:
        stream.read_until("\r\n\r\n")
        assert "content-length" not in stream.text.lower()
