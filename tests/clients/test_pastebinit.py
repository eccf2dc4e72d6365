"""Debian's pastebinit, with the configuration that the project ships and each server gives with its own name in it."""

import pathlib
import re

import pytest

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "deploy/pastebin.d/snippetd.conf"


@pytest.fixture
def pastebinit(run, server, home, reader):
    """A function that runs it with what the server gives as its configuration."""
    (home / ".pastebin.d").mkdir()
    (home / ".pastebin.d/snippetd.conf").write_text(reader.get("/pastebinit.conf").text)
    return lambda *arguments, **options: run("pastebinit", "-b", server.url, *arguments, **options)


def as_it_sends(content):
    """pastebinit reads text, with any line end, and takes the white space off its end; the server adds a line feed."""
    return re.sub(r"\r\n?", "\n", content.decode()).rstrip() + "\n"


def test_every_file_comes_back(pastebinit, texts, reader, server):
    done = pastebinit(*texts)
    assert (done.status, done.err) == (0, b"")
    links = done.text.splitlines()
    assert len(links) == len(texts)
    exact = 0
    for link, (path, content) in zip(links, texts.items()):
        raw = reader.get(link.removeprefix(server.url) + "/raw").body
        assert raw.decode() == as_it_sends(content), path
        exact += raw == content
    assert exact > len(texts) / 2, "what ends as text files do comes back byte for byte"


def test_what_can_be_said_about_it(pastebinit, reader, server):
    done = pastebinit("-t", "prog.py", "-P", "0", stdin=b"x = 1\n")
    snippet = reader.get(done.text.strip().removeprefix(server.url)).json()
    assert (snippet["title"], snippet["language"], snippet["visibility"]) == ("prog.py", "python", "public")
    done = pastebinit("-f", "ruby", stdin=b"x = 1\n")
    snippet = reader.get(done.text.strip().removeprefix(server.url)).json()
    assert (snippet["title"], snippet["language"], snippet["visibility"]) == ("", "ruby", "unlisted")


def test_the_shipped_file_is_for_the_default_address(run, home):
    (home / ".pastebin.d").mkdir()
    (home / ".pastebin.d/snippetd.conf").write_text(SHIPPED.read_text())
    assert "- localhost:3000\n" in run("pastebinit", "-l").text


def test_a_refusal_is_told(pastebinit):
    done = pastebinit("-t", "t" * 201, stdin=b"x")
    assert done.status == 1 and b"422" in done.err and done.out == b""
