"""A haste client: `hastebin` from npm."""

import json
import pathlib

import pytest

from harness.packages import node

PROGRAM = pathlib.Path(__file__).resolve().parent / "haste.mjs"


@pytest.fixture
def haste(run, npm_packages):
    def go(server, paths, *raw):
        return run(node(), PROGRAM, f"{server}/", *raw, stdin=json.dumps([str(path) for path in paths]).encode())

    return go


def test_every_file_comes_back_byte_for_byte(haste, texts, reader, server):
    done = haste(server.url, texts, "raw")
    assert done.status == 0, done
    links = done.text.splitlines()
    assert len(links) == len(texts)
    for link, (path, content) in zip(links, texts.items()):
        assert reader.get(link.removeprefix(server.url)).body == content, path
        key = link.rsplit("/", 1)[1]
        assert reader.get(f"/documents/{key}").json() == {"key": key, "data": content.decode()}


def test_its_link_leads_to_the_page(haste, reader, server, home):
    (home / "a.txt").write_text("for people")
    link = haste(server.url, [home / "a.txt"]).text.strip()
    response = reader.get(link.removeprefix(server.url) + ".go", {"Accept": "text/html"})
    assert response.status == 303
    page = reader.get(response.headers["Location"], {"Accept": "text/html"})
    assert page.status == 200 and "for people" in page.text


def test_a_refusal_is_an_error(haste, server, home):
    (home / "nul.txt").write_text("a\0b")
    done = haste(server.url, [home / "nul.txt"])
    assert done.status != 0 and b"422" in done.err and done.out == b""
