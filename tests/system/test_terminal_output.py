"""What a terminal has shown in colours, pasted with its escape sequences: shown in colours, and kept byte for byte."""

import re
from html import unescape

import pytest

from harness.client import Client
from harness.pages import BROWSER, code_of, page, text_of

LS = "\x1b[0m\x1b[01;34mbin\x1b[0m\n\x1b[30;42mtmp\x1b[0m  \x1b[38;5;208ma<b>\x1b[0m\n"
DIFF = ("\x1b[1mdiff --git a/x.go b/x.go\x1b[m\n\x1b[36m@@ -1 +1 @@\x1b[m\n"
        "\x1b[31m-func a() {}\x1b[m\n\x1b[32m+func b() {}\x1b[m\n")  # fmt: skip
SCRIPT = ("\x1b[?2004h$ ls\r\n\x1b]0;a title\x07\x1b[1mbold\x1b[m "
          "\x1b]8;;https://example.org/\x1b\\link\x1b]8;;\x1b\\\r\n")  # fmt: skip


def shown(html):
    """What is seen of it in colours."""
    return text_of(re.sub(r'<span class="e"[^>]*>.*?</span>', "", html, flags=re.S))


def pieces(html):
    return [(classes, unescape(text)) for classes, text in re.findall(r'<span class="t ([^"]*)">(.*?)</span>', html)]


@pytest.mark.parametrize("body, seen, styled", [
    (LS, "bin\ntmp  a<b>\n", [("f4 bo", "bin"), ("b2 o0", "tmp"), ("f208", "a<b>")]),
    (DIFF, "diff --git a/x.go b/x.go\n@@ -1 +1 @@\n-func a() {}\n+func b() {}\n",
     [("bo", "diff --git a/x.go b/x.go"), ("f6", "@@ -1 +1 @@"), ("f1", "-func a() {}"), ("f2", "+func b() {}")]),
    (SCRIPT, "$ ls\r\nbold link\r\n", [("bo", "bold")]),
], ids=["ls", "diff", "script"])
def test_a_paste_without_a_name_is_shown_in_colours_and_kept_as_it_is(server, body, seen, styled):
    client = Client(server)
    link = client.post("/upload", body=body.encode()).text.strip()
    id = link.rsplit("/", 1)[1]
    assert client.get(f"/s/{id}").json()["language"] == "text"
    for path in (f"/s/{id}", f"/s/{id}/embed"):
        html = page(client, path)
        assert text_of(code_of(html)) == body, "with what is hidden the text is whole"
        assert shown(code_of(html)) == seen
        assert pieces(code_of(html)) == styled
        assert re.search(r'<link rel="stylesheet" href="/assets/terminal-\w+\.css">', html)
        assert ('id="view-text"' in html) == (path == f"/s/{id}"), "a frame has no switch"
        assert 'id="odd"' not in html
    raw = client.get(f"/s/{id}/raw")
    assert raw.body == body.encode() and client.get(f"/s/{id}/raw?download=1").body == raw.body


def test_old_versions_lists_and_feeds_have_them_too(server):
    client = Client(server).signup()
    id = client.create(body=LS, visibility="public")["id"]
    client.patch(f"/snippets/{id}", {"tags": ["another version"]})
    html = page(client, f"/s/{id}/revisions/1")
    assert text_of(code_of(html)) == LS and pieces(code_of(html))[0] == ("f4 bo", "bin") and 'id="view-text"' in html
    for path in ("/me", f"/users/{client.username}", "/explore?limit=1"):
        html = page(client, path)
        preview = re.search(r'<pre class="first-lines"[^>]*><code>(.*?)</code>', html, re.S)[1]
        assert text_of(preview) == "bin\ntmp  a<b>\n" and pieces(preview)[0] == ("f4 bo", "bin"), path
        assert "/assets/terminal-" in html
    feed = client.get(f"/users/{client.username}/feed.atom").text
    assert text_of(unescape(re.search(r'<content type="html">(.*?)</content>', feed, re.S)[1])) == "bin\ntmp  a<b>\n"
    assert "<title>bin</title>" in feed


def test_other_pages_do_without(ada):
    for fields in ({"body": "plain"}, {"body": 'echo "\x1b[1mbold"\n', "title": "a.sh"}):
        html = page(ada, f"/s/{ada.create(**fields)['id']}")
        assert "terminal-" not in html and 'id="view-text"' not in html and 'class="e"' not in html


@pytest.mark.parametrize("title, language", [("a.patch", "diff"), ("session.console", "console"), ("log.txt", "text")])
def test_a_name_does_not_take_the_colours_away(ada, title, language):
    made = ada.create(body=DIFF, title=title)
    assert made["language"] == language
    assert ("f1", "-func a() {}") in pieces(code_of(page(ada, f"/s/{made['id']}")))


UNITS = ["\x1b", "\x1b[", "\x1b]x", "\x1b[31mx", "\x1b[38;5;", "\x1b[31m\n", "\x1bP\x1b\\", "\a",
         "\x1b[" + "1;" * 500, "\u0430a\x1b[m"]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_output_costs_a_bounded_page(ada, unit):
    body = "\x1b[1m" + unit * (900_000 // len(unit.encode()))
    html = page(ada, f"/s/{ada.create(body=body)['id']}")
    assert text_of(code_of(html)) == body
    assert len(html) < 2 * len(body) + 3_500_000


def test_a_terminal_gets_it_in_colours_and_nothing_that_acts_upon_it(server):
    client = Client(server).signup()
    id = client.create(title="a.go", body="package main // \x1b[2J\n")["id"]
    first = client.get(f"/s/{id}/ansi")
    assert first.text == "\x1b[35mpackage\x1b[0m main \x1b[2m// ^[[2J\x1b[0m\n"
    assert first.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get(f"/s/{id}/ansi", {"If-None-Match": first.headers["ETag"]}).status == 304
    client.patch(f"/snippets/{id}", {"body": "package b\n"})
    assert client.get(f"/s/{id}/ansi", {"If-None-Match": first.headers["ETag"]}).text.endswith("\x1b[0m b\n")
    assert client.get(f"/s/{client.create(body=LS)['id']}/ansi").text == (
        "\x1b[0;1;34mbin\x1b[0m\n\x1b[0;30;42mtmp\x1b[0m  \x1b[0;38;5;208ma<b>\x1b[0m\n")  # fmt: skip
    assert client.get(f"/s/{client.create(body='plain <b>')['id']}/ansi").text == "plain <b>"


def test_in_colours_it_is_private_counted_and_burns_as_the_link_does(server):
    ada, nobody = Client(server).signup(), Client(server)
    private = ada.create(body="x", visibility="private")["id"]
    assert (ada.get(f"/s/{private}/ansi").status, nobody.get(f"/s/{private}/ansi").status) == (200, 404)
    burning = ada.create(body=LS, burn_after_reading=True)["id"]
    assert "Show it now" in nobody.get(f"/s/{burning}/ansi", BROWSER).text
    assert nobody.head(f"/s/{burning}/ansi", {"Accept": "text/plain"}).status == 200
    assert "bin" in nobody.get(f"/s/{burning}/ansi", {"Accept": "text/plain"}).text
    assert nobody.get(f"/s/{burning}/ansi", {"Accept": "text/plain"}).status == 410
