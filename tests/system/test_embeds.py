"""Snippets elsewhere: oEmbed, the frame for other sites, and the feed of an account."""

import re
import xml.etree.ElementTree as ElementTree
from html import unescape

import pytest

from harness import expect

ATOM = "{http://www.w3.org/2005/Atom}"


def oembed(client, snippet, more=""):
    return client.get(f"/oembed?url={snippet['url']}{more}")


# oEmbed.


def test_oembed_describes_the_frame(author, nobody):
    snippet = author.create(title='A "title" <b>', body="1\n2\n")
    response = oembed(nobody, snippet)
    assert response.status == 200 and response.headers["Content-Type"] == "application/json"
    found = response.json()
    assert (found["version"], found["type"], found["provider_name"]) == ("1.0", "rich", "snippetd")
    assert (found["title"], found["author_name"]) == ('A "title" <b>', author.username)
    assert found["provider_url"] == f"http://{nobody.host}:{nobody.port}"
    assert found["html"].startswith(f'<iframe src="{snippet["url"]}/embed" ')
    assert 'title="A &quot;title&quot; &lt;b&gt;"' in found["html"]
    assert f'width="{found["width"]}" height="{found["height"]}"' in found["html"]


@pytest.mark.parametrize("title", ['A "title" <b> & ]]>', "\ufffe\uffff\ufdd0", "\U0001f600 \u2028", "'\u00a0'", ""])
def test_both_formats_say_the_same(author, nobody, title):
    snippet = author.create(title=title)
    said = oembed(nobody, snippet).json()
    response = oembed(nobody, snippet, "&format=xml")
    assert response.status == 200 and response.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(response.body)
    assert root.tag == "oembed"
    allowed = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})
    wanted = {name: str(value).translate(allowed) for name, value in said.items()}
    assert {child.tag: child.text for child in root} == wanted
    assert oembed(nobody, snippet, "&format=json").json() == said
    anonymous = oembed(nobody, nobody.create(), "&format=xml")
    assert ElementTree.fromstring(anonymous.body).find("author_name") is None


def test_the_feed_is_xml_whatever_is_in_titles_and_tags(author, nobody):
    wild = "a\ufffeb\uffff<&>'\"]]>\U0001fffe\ufdd0"
    author.create(title=wild, visibility="public", tags=[wild])
    entry = feed(nobody, author.username).find(f"{ATOM}entry")
    allowed = wild.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    assert entry.find(f"{ATOM}title").text == allowed
    assert allowed in [category.get("term") for category in entry.findall(f"{ATOM}category")]


def test_its_size_follows_the_text_and_what_there_is_room_for(author, nobody):
    short, long = author.create(body="x"), author.create(body="x\n" * 1000)
    assert oembed(nobody, short).json()["height"] < oembed(nobody, long).json()["height"]
    found = oembed(nobody, long, "&maxwidth=300&maxheight=200").json()
    assert (found["width"], found["height"]) == (300, 200)
    assert oembed(nobody, long, "&maxwidth=100000").json()["width"] <= 1000
    for name in ("maxwidth", "maxheight"):
        for bad in ("0", "-1", "x", "1.5", ""):
            expect.invalid(oembed(nobody, long, f"&{name}={bad}"), name)


def test_any_link_of_the_snippet_will_do(author, nobody):
    snippet = author.create()
    for link in (snippet["url"], snippet["url"].replace("http:", "https:"), snippet["url"] + "/raw",
                 snippet["url"] + "%23L5-L9", snippet["url"] + "?language=go"):  # fmt: skip
        assert nobody.get(f"/oembed?url={link}&format=json").status == 200, link
    for link in ("http://elsewhere.example/s/" + snippet["id"], f"http://{nobody.host}:{nobody.port}/explore", "x",
                 snippet["url"][:-1], ""):  # fmt: skip
        expect.problem(nobody.get(f"/oembed?url={link}"), 404, "not_found")
    expect.invalid(nobody.get("/oembed"), "url")
    for format in ("yaml", "", "XML"):
        expect.problem(oembed(nobody, snippet, f"&format={format}"), 501, "not_implemented")


def test_a_page_says_where_it_is_described(author, nobody):
    snippet = author.create(visibility="public")
    page = nobody.get(f"/s/{snippet['id']}", {"Accept": "text/html"}).text
    link = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page)[1]
    path = link.replace("&amp;", "&").removeprefix(f"http://{nobody.host}:{nobody.port}")
    assert nobody.get(path).json()["type"] == "rich"


# The frame.


def test_other_sites_may_frame_it_and_nothing_else(author, nobody):
    snippet = author.create(title="T", body="<script>alert(1)</script>\n", language="html")
    response = nobody.get(f"/s/{snippet['id']}/embed")
    assert response.status == 200 and response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == "*" and policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'" and policy["form-action"] == "'none'"
    assert "X-Frame-Options" not in response.headers
    assert "<script>alert" not in response.text and "<script>" not in response.text
    code = re.search(r"<code[^>]*>(.*)</code>", response.text, re.S)[1]
    assert unescape(re.sub("<[^>]*>", "", code)) == "<script>alert(1)</script>\n"
    assert f'href="{snippet["url"]}" target="_blank" rel="noopener"' in response.text
    page = nobody.get(f"/s/{snippet['id']}", {"Accept": "text/html"})
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_what_is_not_for_everybody_cannot_be_embedded(author, nobody):
    private, burning = author.create(visibility="private"), author.create(burn_after_reading=True)
    for client in (author, nobody):
        for ask in (lambda s, c=client: oembed(c, s), lambda s, c=client: c.get(f"/s/{s['id']}/embed")):
            expect.problem(ask(private), 404, "not_found")
            expect.problem(ask(burning), 404, "not_found")
    assert nobody.get(f"/s/{burning['id']}", {"Accept": "application/json"}).status == 200, "asking has not burned it"
    assert author.delete(f"/snippets/{private['id']}").status == 204
    expect.problem(oembed(nobody, private), 404, "not_found")


# The feed.


def feed(client, username, headers=None):
    response = client.get(f"/users/{username}/feed.atom", headers)
    assert response.status == 200, response
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.body)


def test_the_feed_has_what_is_public_newest_first(author, nobody):
    first = author.create(title="<first> & \u202e", visibility="public", tags=["a&b"], language="go")
    author.create(title="unlisted")
    author.create(title="private", visibility="private")
    author.create(title="burns", visibility="public", burn_after_reading=True)
    second = author.create(title="", visibility="public")
    found = feed(nobody, author.username)
    assert found.find(f"{ATOM}author/{ATOM}name").text == author.username
    entries = found.findall(f"{ATOM}entry")
    assert [entry.find(f"{ATOM}id").text for entry in entries] == [second["url"], first["url"]]
    entry = entries[1]
    assert entry.find(f"{ATOM}title").text == "<first> & \u202e"
    assert [category.get("term") for category in entry.findall(f"{ATOM}category")] == ["go", "a&b"]
    assert entry.find(f"{ATOM}published").text == first["created_at"]
    assert entry.find(f"{ATOM}link[@rel='alternate']").get("href") == first["url"]
    assert found.find(f"{ATOM}updated").text == second["updated_at"]
    assert found.find(f"{ATOM}link[@rel='self']").get("href") == found.find(f"{ATOM}id").text


def test_an_edit_shows_in_the_feed(author, nobody):
    snippet = author.create(title="before", visibility="public")
    path = f"/users/{author.username}/feed.atom"
    tag = nobody.get(path).headers["ETag"]
    assert nobody.get(path, {"If-None-Match": tag}).status == 304
    edited = author.patch(f"/snippets/{snippet['id']}", {"title": "after"}).json()
    changed = nobody.get(path, {"If-None-Match": tag})
    assert changed.status == 200 and "after" in changed.text and edited["updated_at"] in changed.text
    author.patch(f"/snippets/{snippet['id']}", {"visibility": "unlisted"})
    assert feed(nobody, author.username).findall(f"{ATOM}entry") == []


def test_whose_feed_it_is(author, nobody):
    assert feed(nobody, author.username.upper()).find(f"{ATOM}title").text == f"Snippets by {author.username}"
    expect.problem(nobody.get("/users/nobody-at-all/feed.atom"), 404, "not_found")
    assert author.username in author.get("/me", {"Accept": "text/html"}).text
    snippet = author.create(visibility="public")
    page = nobody.get(f"/s/{snippet['id']}", {"Accept": "text/html"}).text
    assert f'type="application/atom+xml" href="/users/{author.username}/feed.atom"' in page


def test_the_feed_is_bounded(author, nobody):
    for _ in range(55):
        author.create(visibility="public")
    assert len(feed(nobody, author.username).findall(f"{ATOM}entry")) == 50
