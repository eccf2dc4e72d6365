"""The pages of a snippet's history: its versions, each by itself, what has changed between two, and back to one."""

import re
import zipfile
from io import BytesIO
from html import unescape
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.client import Client
from harness.pages import BROWSER, code_of, page, text_of


def send(client, path, **fields):
    headers = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded",
               "Origin": f"http://{client.host}:{client.port}"}
    return client.post(path, body=urlencode(fields), headers=headers)


@pytest.fixture
def versions(ada):
    """A public snippet of ada's with three versions."""
    id = ada.create(title="one.py", body="first\n", visibility="public")["id"]
    ada.patch(f"/snippets/{id}", {"body": "second\r\n", "title": "two.go", "language": "go"})
    ada.patch(f"/snippets/{id}", {"body": "third <b>"})
    return id


def test_a_version_is_opened_and_read_raw(ada, anonymous, versions):
    for reader in (ada, anonymous):
        for version, body, title in ((1, "first\n", "one.py"), (2, "second\r\n", "two.go"), (3, "third <b>", "two.go")):
            html = page(reader, f"/s/{versions}/revisions/{version}")
            assert text_of(code_of(html)) == body and f">{title}</h1>" in html
            assert f"version {version} of 3" in html
            raw = reader.get(f"/s/{versions}/revisions/{version}/raw")
            assert raw.body == body.encode() and raw.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert raw.headers["X-Content-Type-Options"] == "nosniff"
    for wrong in ("0", "4", "x", "99999999999999999999", "-1", "1.0"):
        assert page(ada, f"/s/{versions}/revisions/{wrong}", 404)
        assert ada.get(f"/s/{versions}/revisions/{wrong}/raw").status == 404


def test_old_versions_keep_to_who_might_read_them_then(ada, bob, anonymous, versions):
    ada.patch(f"/snippets/{versions}", {"visibility": "private"})
    ada.patch(f"/snippets/{versions}", {"visibility": "unlisted", "body": "shown again"})
    for reader in (bob, anonymous):
        assert page(reader, f"/s/{versions}/revisions/4", 404)
        assert reader.get(f"/s/{versions}/revisions/4/raw").status == 404
        assert page(reader, f"/s/{versions}/revisions?from=3&to=4", 404)
        assert page(reader, f"/s/{versions}/revisions/3")
    assert page(ada, f"/s/{versions}/revisions/4")
    ada.patch(f"/snippets/{versions}", {"visibility": "private"})
    for path in (f"/s/{versions}/revisions/1", f"/s/{versions}/revisions/1/raw"):
        assert bob.get(path, BROWSER).status == 404


def test_a_version_is_restored_by_its_owner(ada, bob, versions):
    html = page(ada, f"/s/{versions}/revisions/1")
    assert f'action="/s/{versions}/revisions/1/restore"' in html and 'name="version" value="3"' in html
    assert "/restore" not in page(bob, f"/s/{versions}/revisions/1")
    assert "/restore" not in page(ada, f"/s/{versions}/revisions/3"), "it is the current one"
    restored = send(ada, f"/s/{versions}/revisions/1/restore", version="3")
    assert restored.status == 303 and restored.headers["Location"] == f"/s/{versions}"
    now = ada.get(f"/s/{versions}", {"Accept": "application/json"}).json()
    assert (now["body"], now["title"], now["language"], now["version"]) == ("first\n", "one.py", "python", 4)
    assert now["visibility"] == "public"
    # And back: what was restored over is a version like any other.
    assert send(ada, f"/s/{versions}/revisions/3/restore", version="4").status == 303
    assert ada.get(f"/s/{versions}/raw").body == b"third <b>"


def test_who_may_not_edit_may_not_restore_and_no_edit_is_lost(ada, bob, anonymous, versions):
    assert send(bob, f"/s/{versions}/revisions/1/restore").status == 403
    assert send(anonymous, f"/s/{versions}/revisions/1/restore").status in (303, 401, 403)
    assert send(ada, f"/s/{versions}/revisions/9/restore").status == 404
    ada.patch(f"/snippets/{versions}", {"body": "somebody's edit"})
    late = send(ada, f"/s/{versions}/revisions/1/restore", version="3")
    assert late.status == 412 and "meanwhile" in late.text
    assert ada.get(f"/s/{versions}/raw").body == b"somebody's edit"
    foreign = ada.post(f"/s/{versions}/revisions/1/restore", body="", headers={
        **BROWSER, "Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"})
    assert foreign.status == 403, "another site's form"
    assert ada.get(f"/s/{versions}/raw").body == b"somebody's edit"


def test_what_was_made_without_an_account_is_restored_with_the_edit_token(server):
    maker = Client(server)
    made = maker.create(body="before")
    token = {"Authorization": f"Bearer {made['edit_token']}"}
    maker.patch(f"/snippets/{made['id']}", {"body": "after"}, token)
    headers = {**BROWSER, **token, "Content-Type": "application/x-www-form-urlencoded"}
    assert maker.post(f"/s/{made['id']}/revisions/1/restore", body="", headers=headers).status == 303
    assert maker.get(f"/s/{made['id']}/raw").body == b"before"


def test_any_two_versions_are_compared_with_more_context_on_demand(ada, bob):
    text = "".join(f"line {number}\n" for number in range(100))
    id = ada.create(body=text)["id"]
    ada.patch(f"/snippets/{id}", {"body": text.replace("line 50\n", "line fifty\n")})
    ada.patch(f"/snippets/{id}", {"body": text.replace("line 50\n", "line fifty\n").replace("line 9\n", "LINE 9\n")})
    listed = page(bob, f"/s/{id}/revisions")
    assert re.search(r'<select id="from".*<option selected>2</option>', listed)
    assert re.search(r'<select id="to".*<option selected>3</option>', listed)
    contexts = []
    path = f"/s/{id}/revisions?from=1&to=3"
    while True:
        html = page(bob, path)
        assert '<b class="w">fifty</b>' in html and '<b class="w">LINE</b>' in html
        contexts.append(html.count('<tr class="ctx">'))
        more = re.search(r'href="([^"]*)">More context', html)
        if not more:
            break
        path = unescape(more[1])
    assert contexts == [12, 74, 98]
    assert '">Less context' in html
    assert "Version 3 → 1" in page(bob, f"/s/{id}/revisions?from=3&to=1")


def test_what_a_difference_cannot_show_is_said(ada):
    id = ada.create(body="a\nb\n")["id"]
    for body in ("a\r\nb\r\n", "\ufeffa\nb\n", "a\nb", "a\u200b\nb"):
        version = ada.patch(f"/snippets/{id}", {"body": body}).json()["version"]
        html = page(ada, f"/s/{id}/revisions?from=1&to={version}")
        wanted = {"a\r\nb\r\n": "CR LF (Windows)", "\ufeffa\nb\n": "byte order mark",
                  "a\nb": "does not end with a line feed", "a\u200b\nb": "U+200B"}[body]
        assert wanted in html, body


def test_more_than_a_thousand_versions_are_listed_in_pages_and_exported(server):
    client = Client(server).signup()
    id = client.create(body="version 1")["id"]
    for version in range(2, 1024):
        assert client.patch(f"/snippets/{id}", {"body": f"version {version}"}).status == 200
    seen, path = [], f"/s/{id}/revisions"
    while path:
        html = page(client, path)
        seen += [int(number) for number in re.findall(r'>Version (\d+)</a>', html)]
        older = re.search(r'<a class="btn" href="([^"]*)" rel="next">Older</a>', html)
        path = older and unescape(older[1])
    assert seen == list(range(1023, 0, -1))
    # The last page leads on to what it says: the changes of its last version too.
    assert "from=1&amp;to=2" in html

    items, path = [], f"/snippets/{id}/revisions"
    while path:
        response = client.get(path)
        items += [item["version"] for item in expect.items(response)]
        link = re.search(r'<http://[^/]*([^>]*)>; rel="next"', response.headers.get("Link", ""))
        path = link and link[1]
    assert items == seen
    expect.invalid(client.get(f"/snippets/{id}/revisions?before=x"), "before")
    assert page(client, f"/s/{id}/revisions?before=0", 422)
    assert expect.items(client.get(f"/snippets/{id}/revisions?before=2"))[0]["version"] == 1

    archive = zipfile.ZipFile(BytesIO(client.get("/auth/export").body))
    texts = {archive.read(name) for name in archive.namelist()}
    assert {f"version {version}".encode() for version in range(1, 1024)} <= texts
