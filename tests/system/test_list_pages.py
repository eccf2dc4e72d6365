"""Lists as pages: what they show of each snippet, how they are filtered, sorted and walked through."""

import re
import time
from html import unescape
from urllib.parse import quote

import pytest

from harness import expect
from harness.client import Client
from harness.pages import BROWSER, page, text_of
from harness.waiting import until


def titles(html):
    return [text_of(title) for title in re.findall(r'<a class="name"[^>]*>(.*?)</a>', html)]


def previews(html):
    found = re.findall(r'<pre class="first-lines"[^>]*><code>(.*?)</code>', html, re.S)
    return [text_of(text) for text in found]


def way(html, rel):
    """Where a list goes on, or None."""
    found = re.search(rf'<a class="btn" href="([^"]*)" rel="{rel}">(\w+)</a>', html)
    return found and (unescape(found[1]), found[2])


def pass_a_millisecond():
    now = int(time.time() * 1000)
    until(lambda: int(time.time() * 1000) > now, 1, "the next millisecond", interval=0.0002)


@pytest.fixture(scope="module")
def shared(server):
    """An account that has made 45 public snippets, the last one first in every list, and what else it has made."""
    client = Client(server).signup()
    for number in range(45):
        pass_a_millisecond()
        client.create(title=f"{number:02}.{'go' if number % 2 else 'py'}", visibility="public",
                      tags=["odd, really"] if number % 2 else ["even"], body=f"line one of {number}\n  line two\n")
    return client


@pytest.mark.parametrize("path", ["/me", "/explore", "/users/NAME"])
def test_an_item_shows_what_it_is(server, path):
    client = Client(server).signup()
    client.create(body="\n\n\tfirst <b>\n" + "".join(f"line {n}\n" for n in range(200)), language="cpp",
                  title="a & b", tags=["x y"], visibility="public", expires_in=3600)
    path = path.replace("NAME", client.username)
    html = page(client, path)
    item = html[html.index('<ul class="list">') : html.index("</ul>\n\n" if "</ul>\n\n" in html else "</main>")]
    assert titles(item)[0] == "a & b"
    assert previews(item)[0] == "\tfirst <b>\nline 0\nline 1\nline 2\nline 3\n"
    assert f'<a href="{path}?language=cpp">C++<span class="away"> snippets</span></a>' in item
    assert f'<a href="{path}?tag=x%20y"><bdi>x y</bdi></a>' in item
    assert "1.7 KiB" in item and "viewed 0×" in item
    assert re.search(r"expires <time datetime=[^>]*>in (60|59) minutes<", item)
    assert ("<span>by <a" in item) == (path == "/explore")


def test_an_untitled_snippet_is_called_by_its_first_line(server):
    client = Client(server).signup()
    id = client.create(body="\n  \n  the first line \nanother", visibility="public")["id"]
    for body in (" \n\t\n", "é" * 100):
        pass_a_millisecond()
        client.create(body=body, visibility="public")
    assert titles(page(client, "/me")) == ["é" * 40 + "…", "Untitled snippet", "the first line"]
    assert titles(page(client, f"/users/{client.username}"))[2] == "the first line"
    feed = client.get(f"/users/{client.username}/feed.atom").text
    assert "<title>the first line</title>" in feed
    assert "<h1 dir=\"auto\">the first line</h1>" in page(client, f"/s/{id}")
    assert "<title>the first line" in page(client, f"/s/{id}")


def test_what_burns_shows_nothing_of_its_text(server):
    client = Client(server).signup()
    client.create(body="a secret to be read once", burn_after_reading=True)
    html = page(client, "/me")
    assert titles(html) == ["Untitled snippet"] and previews(html) == []
    assert "a secret" not in html and "burns after reading" in html


def test_what_is_not_as_it_looks_is_marked_in_lists(server):
    client = Client(server).signup()
    client.create(title="a\u202eb", body="if (x) \u2066{", visibility="public")
    html = page(client, "/me")
    assert html.count('class="odd') >= 2 and "U+202E" in html and "U+2066" in html


def test_lists_are_walked_both_ways(server, shared):
    for start in (f"/users/{shared.username}", "/me", f"/users/{shared.username}?sort=oldest"):
        newest_first = "oldest" not in start
        expected = [f"{number:02}" for number in range(45)]
        if newest_first:
            expected.reverse()
        html, seen, ways = page(shared, start), [], []
        assert way(html, "prev") is None
        while True:
            seen.append([title[:2] for title in titles(html)])
            after = way(html, "next")
            if after is None:
                break
            assert after[1] == ("Older" if newest_first else "Newer")
            ways.append(after[0])
            html = page(shared, after[0])
        assert sum(seen, []) == expected
        for earlier in seen[-2::-1]:
            before = way(html, "prev")
            assert before[1] == ("Newer" if newest_first else "Older")
            html = page(shared, before[0])
            assert [title[:2] for title in titles(html)] == earlier
        assert way(html, "prev") is None, "the first page again"


def test_what_comes_before_less_than_a_page_is_the_first_page(server, shared):
    second = way(page(shared, "/me"), "next")[0]
    third = way(page(shared, second + "&limit=7"), "prev")[0]
    html = page(shared, third.replace("/me?", "/me?limit=100&"))
    assert len(titles(html)) == 45 and way(html, "prev") is None and way(html, "next") is None


def test_totals(server, shared):
    assert "45 snippets" in page(shared, "/me")
    assert "23 snippets" in page(shared, "/me?tag=even&limit=100")
    assert "45 snippets" not in page(shared, "/me?tag=even")
    single = Client(server).signup()
    single.create()
    assert "1 snippet<" in page(single, "/me")


def test_explore_counts_no_further_than_a_thousand(fresh_server):
    server = fresh_server()
    client = Client(server).signup()
    for number in range(1001):
        client.create(body=f"{number}", visibility="public")
        if number == 999:
            assert "1000 snippets" in page(client, "/explore")
    assert "more than 1000 snippets" in page(client, "/explore")


def test_filters_of_what_everybody_has_shared(server, shared):
    for path in ("/explore", f"/users/{shared.username}"):
        html = page(Client(server), f"{path}?tag={quote('odd, really')}&limit=100")
        assert titles(html)[:2] == ["43.go", "41.go"]
        html = page(Client(server), f"{path}?language=golang&tag=&q=&sort=&limit=100")
        assert titles(html)[:2] == ["43.go", "41.go"] and 'value="golang"' in html
        assert titles(page(Client(server), f"{path}?q=ONE+of+17"))[0] == "17.go"
        nothing = page(Client(server), f"{path}?tag=nobody+has+this")
        assert "No snippet fits" in nothing and f'href="{path}"' in nothing
        found = Client(server).get(f"{path}?language=go&limit=3", {"Accept": "application/json"})
        assert [item["title"] for item in expect.items(found)][:2] == ["43.go", "41.go"]
        next_ones = Client(server).get(f"{path}?language=go&limit=3&cursor={quote(found.json()['next_cursor'])}")
        assert len(expect.items(next_ones)) == 3
        unknown = page(Client(server), f"{path}?language=%3Ci%3E")
        assert "No language is called “&lt;i&gt;” here." in unknown and titles(unknown) == []
        assert expect.items(Client(server).get(f"{path}?language=nothing-of-the-kind")) == []


def test_sorting_by_views(fresh_server):
    server = fresh_server(flags=["--views-flush", "100ms"])
    client = Client(server).signup()
    ids = [client.create(title=f"{number}.go", visibility="public")["id"] for number in range(4)]
    for id, times in zip(ids, (1, 3, 0, 2)):
        for _ in range(times):
            client.get(f"/s/{id}")
    client.close()
    reader = Client(server)
    wanted = ["1.go", "3.go", "0.go", "2.go"]
    until(lambda: [item["title"] for item in expect.items(reader.get("/explore?sort=views"))] == wanted, 10,
          "the views to be counted")
    assert titles(page(reader, "/explore?sort=views&language=go")) == wanted
    assert way(page(reader, "/explore?sort=views&limit=2"), "next") is None
    # A person gets what goes together; a program is told.
    html = page(reader, "/explore?sort=views&q=go")
    assert '<option value="" selected>Newest first</option>' in html and len(titles(html)) == 4
    expect.invalid(reader.get("/explore?sort=views&q=go"), "sort")
    for path in ("/explore?sort=size", f"/users/{client.username}?sort=views"):
        expect.invalid(reader.get(path), "sort")


def test_an_accounts_page_has_what_it_has_made_public_only(server):
    client, other = Client(server).signup(), Client(server).signup()
    shown = client.create(title="shown", visibility="public")["id"]
    for fields in ({}, {"visibility": "private"}, {"visibility": "public", "burn_after_reading": True}):
        client.create(title="hidden", **fields)
    other.create(title="hidden", visibility="public")
    path = f"/users/{client.username}"
    for reader in (client, other, Client(server)):
        html = page(reader, path)
        assert titles(html) == ["shown"] and f"<h1>{client.username}</h1>" in html
        assert f'{path}/feed.atom' in html and "hidden" not in "".join(titles(html))
        listed = reader.get(path)
        assert [item["id"] for item in expect.items(listed)] == [shown] and listed.json()["next_cursor"] is None
        assert titles(page(reader, path + "?visibility=private")) == ["shown"], "nobody's own list"
    assert Client(server).get(path).headers["Access-Control-Allow-Origin"] == "*"
    expect.problem(Client(server).get("/users/nobody-of-that-name"), 404)
    assert Client(server).get("/users/nobody-of-that-name", BROWSER).status == 404


def test_a_snippet_leads_to_its_owner_its_language_and_its_tags(server):
    client = Client(server).signup()
    id = client.create(title="t.go", tags=["a b&c"], visibility="public")["id"]
    html = page(Client(server), f"/s/{id}")
    links = [unescape(link) for link in re.findall(r'href="(/(?:users|explore)[^"]*)"', html)]
    assert f"/users/{client.username}" in links and "/explore?language=go" in links
    tag = next(link for link in links if "tag=" in link)
    assert titles(page(Client(server), tag)) == ["t.go"]


@pytest.mark.parametrize("query", ["before=x", "cursor=x", "limit=0", "sort=x", "before=x&sort=oldest"])
def test_what_cannot_be_meant_is_said(server, shared, query):
    for path in ("/me", "/explore", f"/users/{shared.username}"):
        response = shared.get(f"{path}?{query}", BROWSER)
        assert response.status == 422 and response.headers["Content-Type"].startswith("text/html")
