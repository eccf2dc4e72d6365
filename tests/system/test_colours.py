"""Code in colours, as the service gives them: on pages, in frames, of old versions, in lists, feeds and Markdown."""

import os
import re
import signal
import time
from html import unescape

import pytest

from harness.client import Client
from harness.pages import BROWSER, code_of, page, text_of
from harness.server import Server
from harness.waiting import until

GO = 'package main\n\ntype Point struct{ X int }\n\nfunc (p *Point) Add(o Point) error {\n\treturn nil // done\n}\n'


def coloured(html, name):
    """The pieces of that colour."""
    return [unescape(piece) for piece in re.findall(rf'<span class="{name}">(.*?)</span>', html)]


CASES = [
    ("a.go", GO, {"hk": ["package", "type", "struct", "func", "return"], "hy": ["Point", "int", "error"],
                  "ht": ["Add"], "hn": ["nil"], "hc": ["// done"]}),
    ("a.cpp", '#include <string>\nstd::string f(int x) { return "a\\n"; }\n',
     {"hy": ["string", "int"], "ht": ["f"], "he": ["\\n"]}),
    ("q.sql", "SELECT count(*) FROM t WHERE a = 'x' AND b IS NOT NULL; -- all\n",
     {"hk": ["SELECT", "FROM", "WHERE", "AND", "IS NOT"], "ht": ["count"], "hs": ["'x'"], "hn": ["NULL"],
      "hc": ["-- all"]}),
    ("Makefile", "all: build  # a remark\n\tcc -o $@\n", {"ht": ["all"], "hc": ["# a remark"], "ha": ["$@"]}),
    ("a.py", "@cached\ndef f(x):\n    return f'{x}'\n", {"hk": ["def", "return"], "ht": ["@cached", "f"]}),
    ("a.json", '{"a": [1, true]}\n', {"ha": ['"a"'], "hn": ["1", "true"]}),
    ("a.patch", "-old\n+new\n", {"hd": ["-old"], "hi": ["+new"]}),
]


@pytest.mark.parametrize("title, body, wanted", CASES, ids=[case[0] for case in CASES])
def test_a_page_has_its_colours(ada, title, body, wanted):
    id = ada.create(title=title, body=body)["id"]
    ada.patch(f"/snippets/{id}", {"tags": ["another version"]})
    for path in (f"/s/{id}", f"/s/{id}/embed", f"/s/{id}/revisions/1"):
        code = code_of(page(ada, path))
        assert text_of(code) == body
        for name, pieces in wanted.items():
            if name in ("hk", "hy", "hn"):
                assert set(pieces) <= {word for piece in coloured(code, name) for word in (piece, *piece.split())}, path
            else:
                assert [piece for piece in pieces if piece in coloured(code, name)] == pieces, (path, name, code)


@pytest.mark.parametrize("view", ["inline", "split"])
def test_a_difference_has_the_colours_of_both_versions(ada, view):
    id = ada.create(title="a.go", body=GO)["id"]
    ada.patch(f"/snippets/{id}", {"body": GO.replace("return nil // done", "return make(T) // begun\n\t// twice")})
    html = page(ada, f"/s/{id}/revisions?from=1&to=2&view={view}")
    rows = re.search(r'<table class="diff.*?</table>', html, re.S)[0]
    cells = re.findall(r'<td class="t[^"]*">(.*?)</td>', rows)
    lines = [text_of(cell) for cell in cells]
    assert "\treturn nil // done" in lines and "\treturn make(T) // begun" in lines and "\t// twice" in lines
    assert {"func", "return"} <= set(coloured(rows, "hk")) and "Add" in coloured(rows, "ht")
    assert {"Point", "error"} <= set(coloured(rows, "hy")) and "\t// twice" in coloured(rows, "hc")


def test_a_difference_too_long_for_its_colours_is_plain(ada):
    line = "[" + "1," * 100 + '"' + "<" * 900 + '"],\n'
    id = ada.create(title="a.json", body="[\n" + line * 200 + "1]\n")["id"]
    ada.patch(f"/snippets/{id}", {"body": "[\n" + line * 200 + "2]\n"})
    path = f"/s/{id}/revisions?from=1&to=2&view=split"
    # A slow machine has them a little later.
    until(lambda: "1" in coloured(page(ada, path), "hn"), 20, "the colours of both versions")
    whole = page(ada, f"{path}&context=all")
    assert whole.count("&lt;") == 2 * 200 * 900 and not coloured(whole, "hn")


def test_what_has_no_grammar_or_is_too_long_is_plain(ada):
    for fields in ({"language": "text", "body": GO}, {"language": "go", "body": GO * 3000}):
        html = page(ada, f"/s/{ada.create(**fields)['id']}")
        assert text_of(code_of(html)) == fields["body"] and "data-coloured" not in html and 'class="hk"' not in html


def test_every_text_stays_what_it_is(ada, corpus):
    checked = 0
    for file in corpus:
        try:
            body = file.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        if not body or "\0" in body or len(body) > 60_000:
            continue
        id = ada.create(title=file.name, body=body)["id"]
        assert text_of(code_of(page(ada, f"/s/{id}"))) == body, file
        checked += 1
    assert checked > 50


@pytest.mark.parametrize("language", ["cpp", "javascript", "bash", "html", "markdown", "php", "latex", "yaml", "mdx"])
def test_hostile_text_costs_a_bounded_time_and_nothing_else(ada, anonymous, language):
    bodies = ["(" * 60_000, "/*" * 30_000, "<a b='" * 10_000, "${`" * 20_000, "[[" * 30_000, "a\n" * 20_000,
              "x" * 200_000, "$(" * 20_000 + "\n" * 1000, "\t\r\n\\" * 10_000, "1," * 60_000]
    begin = time.monotonic()
    for body in bodies:
        id = ada.create(language=language, body=body)["id"]
        assert text_of(code_of(page(anonymous, f"/s/{id}"))) == body
    assert time.monotonic() - begin < 60
    assert ada.get("/healthz").status == 200
    # What was left behind does not keep the next one from its colours.
    assert coloured(code_of(page(ada, f"/s/{ada.create(title='a.go', body=GO)['id']}")), "ht") == ["Add"]


def test_the_markup_is_bounded(ada):
    body = "[" + "1," * 120_000 + "1]"
    html = page(ada, f"/s/{ada.create(title='numbers.json', body=body)['id']}")
    assert text_of(code_of(html)) == body
    assert len(html) < len(body) + 2_000_000


def test_code_in_markdown_has_colours(ada):
    body = ("# A\n\n```go\nfunc f() {}\n```\n\n```golang\nvar x int\n```\n\n```nothing\nfunc <f>\n```\n\n"
            "    func indented\n")
    html = page(ada, f"/s/{ada.create(title='a.md', body=body)['id']}")
    document = html[html.index('<div class="markdown"') : html.index('<div class="source">')]
    assert '<code class="language-go" data-coloured="1"><span class="hk">func</span> <span' in document
    assert coloured(document, "hy") == ["int"]
    assert '<code class="language-nothing">func &lt;f&gt;' in document and "<code>func indented" in document


def test_lists_and_feeds_have_colours(server):
    client = Client(server).signup()
    client.create(title="a.go", body=GO, visibility="public")
    for path in ("/me", f"/users/{client.username}", "/explore?limit=1"):
        html = page(client, path)
        preview = re.search(r'<pre class="first-lines"[^>]*><code>(.*?)</code>', html, re.S)[1]
        assert text_of(preview) == "".join(GO.splitlines(True)[:5])
        assert coloured(preview, "ht") == ["Add"], path
    feed = client.get(f"/users/{client.username}/feed.atom").text
    content = unescape(re.search(r'<content type="html">(.*?)</content>', feed, re.S)[1])
    assert text_of(content) == GO and re.search(r'<span style="color:#[0-9a-f]{6}">func</span>', content)


def test_what_burns_has_colours_and_its_colours_are_not_kept(server):
    client = Client(server)
    id = client.create(title="a.go", body=GO, burn_after_reading=True)["id"]
    origin = f"http://{client.host}:{client.port}"
    shown = client.post(f"/s/{id}/reveal", headers={**BROWSER, "Origin": origin}, body="")
    assert shown.status == 200 and coloured(code_of(shown.text), "ht") == ["Add"]


def children_of(pid):
    children = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children") as file:
            children += map(int, file.read().split())
    return children


def is_dead(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def test_a_process_that_is_killed_is_replaced(binary, new_database):
    with Server(binary, new_database()) as server, Client(server) as client:
        ids = [client.create(title="a.go", body=GO + "// " + str(number))["id"] for number in range(3)]
        assert coloured(code_of(page(client, f"/s/{ids[0]}")), "ht") == ["Add"]
        killed = children_of(server.process.pid)
        assert killed
        for child in killed:
            os.kill(child, signal.SIGKILL)
        until(lambda: all(is_dead(child) for child in killed), 10, "the processes to end")
        for id in ids[1:]:
            assert coloured(code_of(page(client, f"/s/{id}")), "ht") == ["Add"]
