"""A snippet as a picture: what previews of its link show, and lines to show to others."""

import pathlib
import re
import struct
import zlib

import pytest

from harness.client import Client
from harness.waiting import until

GO = 'package main\n\nfunc f() string {\n\treturn "x" // done\n}\n'
STYLE = pathlib.Path(__file__).parents[2] / "web" / "src" / "style.css"
CARD = (1200, 630)


class Picture:
    """A PNG (ISO 15948) with a palette, read without a library."""

    def __init__(self, content):
        assert content.startswith(b"\x89PNG\r\n\x1a\n"), content[:60]
        chunks = {}
        at = 8
        while at < len(content):
            size, kind = struct.unpack(">I4s", content[at : at + 8])
            data = content[at + 8 : at + 8 + size]
            assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + data)
            chunks[kind] = chunks.get(kind, b"") + data
            at += 12 + size
        self.width, self.height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
        assert (depth, colours) == (8, 3)
        self.size = (self.width, self.height)
        palette = chunks[b"PLTE"]
        palette = [tuple(palette[i : i + 3]) for i in range(0, len(palette), 3)]
        rows = zlib.decompress(chunks[b"IDAT"])
        used = set()
        for y in range(self.height):
            row = rows[y * (self.width + 1) : (y + 1) * (self.width + 1)]
            assert row[0] == 0, "a filter that this reader has not learned"
            used |= set(row[1:])
        self.colours = {palette[index] for index in used}


def picture_of(client, path):
    answer = client.get(path)
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "image/png"
    return Picture(answer.body)


def themes():
    """The colours of the style sheet, by theme and name."""
    css = STYLE.read_text()
    light, dark = css[css.index(":root {") :], css[css.index(':root[data-theme="dark"]') :]

    def colours(text):
        found = {}
        for name, value in re.findall(r"--([a-z-]+): #([0-9a-f]{3,6})\b", text[: text.index("}")]):
            value = "".join(c * 2 for c in value) if len(value) == 3 else value
            found[name] = tuple(bytes.fromhex(value))
        return found

    return {"light": colours(light), "dark": colours(dark)}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "&lines=1-5"])
def test_a_picture_has_the_colours_of_the_pages(ada, theme, query):
    id = ada.create(title="f.go", body=GO)["id"]
    colours, other = themes()[theme], themes()["dark" if theme == "light" else "light"]
    shown = picture_of(ada, f"/s/{id}/picture.png?theme={theme}{query}").colours
    for name in ("bg", "card", "edge", "ink", "soft", "accent", "hl-keyword", "hl-string", "hl-comment", "hl-title",
                 "hl-type"):
        assert colours[name] in shown, name
    assert other["hl-keyword"] not in shown and colours["hl-number"] not in shown
    assert (colours["faint"] in shown) == bool(query)  # the numbers of lines


def test_a_card_has_the_size_that_its_page_says(server, anonymous):
    id = anonymous.create(title="f.go", body=GO)["id"]
    html = anonymous.get(f"/s/{id}", {"Accept": "text/html"}).text
    url = re.search(r'property="og:image" content="([^"]+)"', html)[1]
    assert url == f"{server.url}/s/{id}/picture.png?v=1"
    size = tuple(int(re.search(rf'"og:image:{side}" content="(\d+)"', html)[1]) for side in ("width", "height"))
    assert picture_of(anonymous, url.removeprefix(server.url)).size == size == CARD


def test_a_picture_shows_what_the_snippet_is_now(ada):
    id = ada.create(title="f.go", body=GO)["id"]
    path = f"/s/{id}/picture.png"
    first = ada.get(path)
    assert ada.get(path).body == first.body
    assert ada.patch(f"/snippets/{id}", {"title": "g.go"}).status == 200
    second = ada.get(path)
    assert second.body != first.body and second.headers["ETag"] != first.headers["ETag"]
    assert "picture.png?v=2" in ada.get(f"/s/{id}", {"Accept": "text/html"}).text
    assert ada.delete(f"/snippets/{id}").status == 204
    assert ada.get(path).status == ada.get(f"/s/{id}").status == 404


def test_a_picture_that_one_has_is_not_sent_again(anonymous):
    id = anonymous.create(body=GO)["id"]
    for path in (f"/s/{id}/picture.png", f"/s/{id}/picture.png?lines=2"):
        answer = anonymous.get(path)
        assert answer.headers["Cache-Control"] == "public, no-cache"
        again = anonymous.get(path, {"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304 and again.body == b""
        assert anonymous.get(path + ("&" if "?" in path else "?") + "theme=light",
                          {"If-None-Match": answer.headers["ETag"]}).status == 200


def test_lines_make_a_picture_as_large_as_they_need(anonymous):
    id = anonymous.create(title="f.go", body=GO)["id"]

    def size(lines):
        return picture_of(anonymous, f"/s/{id}/picture.png?lines={lines}").size

    one, two, all = size("2"), size("2-3"), size("1-5")
    assert one[0] == two[0] == all[0]
    row = two[1] - one[1]
    assert row > 0 and all[1] == one[1] + 4 * row
    assert size("1-100") == all  # as far as there are lines


@pytest.mark.parametrize("query, name", [
    ("lines=", "lines"), ("lines=0", "lines"), ("lines=a", "lines"), ("lines=3-2", "lines"), ("lines=1-", "lines"),
    ("lines=-1", "lines"), ("lines=1-2-3", "lines"), ("lines=1-101", "lines"), ("lines=6", "lines"),
    ("lines=99999999999999999999", "lines"), ("lines=1-18446744073709551615", "lines"), ("theme=blue", "theme"),
    ("theme=", "theme"),
])
def test_what_cannot_be_shown_is_said(anonymous, query, name):
    id = anonymous.create(body=GO)["id"]
    answer = anonymous.get(f"/s/{id}/picture.png?{query}")
    assert answer.status == 422 and list(answer.json()["fields"]) == [name], answer


def test_a_private_snippets_picture_is_its_owners(server, ada):
    id = ada.create(body=GO, visibility="private")["id"]
    answer = ada.get(f"/s/{id}/picture.png?lines=1")
    assert answer.status == 200 and answer.headers["Cache-Control"] == "private, no-store"
    with Client(server) as other:
        assert other.get(f"/s/{id}/picture.png?lines=1").status == 404
        assert other.get(f"/s/{id}/picture.png").status == 404
    html = ada.get(f"/s/{id}", {"Accept": "text/html"}).text
    assert "og:image" not in html and f"/s/{id}/picture.png?lines=1-5" in html


def test_what_burns_has_no_picture_and_is_not_burned_by_asking(anonymous):
    id = anonymous.create(body=GO, burn_after_reading=True)["id"]
    for query in ("", "?lines=1", "?burn=1"):
        assert anonymous.get(f"/s/{id}/picture.png{query}").status == 404
    html = anonymous.get(f"/s/{id}", {"Accept": "text/html"}).text
    assert "picture.png" not in html
    assert anonymous.get(f"/s/{id}/raw?burn=1").text == GO


def test_what_a_terminal_has_shown_is_there_without_its_sequences(anonymous):
    shown = picture_of(anonymous, f"/s/{anonymous.create(body='a b')['id']}/picture.png?lines=1")
    id = anonymous.create(body="\x1b[1;31ma\x1b[m b")["id"]
    picture = picture_of(anonymous, f"/s/{id}/picture.png?lines=1")
    assert picture.colours == shown.colours and themes()["dark"]["hl-tag"] not in picture.colours


def test_what_the_fonts_lack_has_the_common_card(anonymous):
    id = anonymous.create(body="漢字かな交じり文\n" * 30)["id"]
    answer = anonymous.get(f"/s/{id}/picture.png")
    assert answer.status == 303
    common = anonymous.get(answer.headers["Location"])
    assert common.status == 200 and common.headers["Content-Type"] == "image/png"
    assert struct.unpack(">II", common.body[16:24]) == CARD
    lines = anonymous.get(f"/s/{id}/picture.png?lines=1-5")
    assert lines.status == 422 and list(lines.json()["fields"]) == ["lines"]


@pytest.mark.parametrize("body", [
    "x" * 1_000_000, "\n" * 1_000_000, "\t" * 100_000, "e\u0301" * 100_000, "\u202e\u2066a" * 50_000,
    "\x1b[31m" * 100_000, "😀" * 100_000, ("y" * 9000 + "\n") * 100,
], ids=["one line", "empty lines", "tabs", "marks", "directions", "escapes", "faces", "long lines"])
def test_no_text_is_too_much_for_a_picture(server, anonymous, body, slow_factor):
    id = anonymous.create(body=body, language="text")["id"]

    late = []

    def in_time(path):
        """On a machine that is busy it may be made too late for the first who asks."""
        answer = anonymous.get(path)
        if answer.status != 503:
            return answer
        late.append(answer)
        return None

    before = server.metric("snippetd_documents_total", kind="picture")
    for query in ("", "?lines=1-100"):
        answer = until(lambda path=f"/s/{id}/picture.png{query}": in_time(path), 10 * slow_factor, "a picture")
        assert answer.status in (200, 303 if not query else 422), answer
        if answer.status == 200:
            Picture(answer.body)
        again = anonymous.get(f"/s/{id}/picture.png{query}")
        assert (again.status, again.body) == (answer.status, answer.body) or answer.status == 422
    made = server.metric("snippetd_documents_total", kind="picture") - before
    assert made == 2 or late, "each is made once"
    assert server.metric("snippetd_documents_total", kind="picture", outcome="crashed") == 0
