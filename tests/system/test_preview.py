"""A preview of Markdown is what its page will show, costs what a page costs, and leaves nothing behind."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.client import Client

PAGE = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
TEXT = "# Title\n\n- [x] *done*[^1]\n\n<kbd>K</kbd> <script>x</script> $x^2$\n\n```c\nint x;\n```\n\n[^1]: note\n"
KIB = 1024


def send(client, **fields):
    """Sends the form as a browser without scripts does."""
    origin = f"http://{client.host}:{client.port}"
    return client.post("/preview", body=urlencode(fields), headers={**PAGE, "Origin": origin})


def previews_in(answer):
    return re.findall(r'<h2 id="preview-heading">Preview</h2><div class="markdown" dir="auto">(.*?)</div></section>',
                      answer.text, re.DOTALL)  # fmt: skip


def test_it_is_what_the_page_shows(ada):
    answer = ada.post("/snippets/preview", {"body": TEXT})
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    html = answer.json()["html"]
    assert '<h1 id="md-title">' in html and "<script" not in html and 'href="#fn-1"' in html
    id = ada.create(body=TEXT, language="markdown")["id"]
    assert f'<div class="markdown" dir="auto">{html}</div>' in ada.get(f"/s/{id}", {"Accept": "text/html"}).text


def test_nothing_is_kept(ada):
    before = ada.get("/snippets").json()["items"]
    assert ada.post("/snippets/preview", {"body": TEXT}).status == 200
    assert previews_in(send(ada, body=TEXT, language="markdown"))
    assert ada.get("/snippets").json()["items"] == before


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"body": ""}, 422, "invalid"),
        ({"body": "a\0b"}, 422, "invalid"),
        ({}, 422, "invalid"),
        ({"body": 1}, 422, "invalid"),
        ({"body": "x", "other": 1}, 422, "invalid"),
        ([], 400, "bad_request"),
    ],
)
def test_what_is_no_text_is_refused(ada, body, status, word):
    expect.problem(ada.post("/snippets/preview", body), status, word)


def test_it_has_the_bounds_of_a_snippet(fresh_server):
    with Client(fresh_server(flags=["--max-body", "4KiB"])) as client:
        assert client.post("/snippets/preview", {"body": "x" * 4 * KIB}).status == 200
        expect.problem(client.post("/snippets/preview", {"body": "x" * (4 * KIB + 1)}), 413, "payload_too_large")


def test_too_much_is_said_in_words(ada):
    text = "[^1] " * 40_000 + "\n\n[^1]: x"
    problem = expect.problem(ada.post("/snippets/preview", {"body": text}), 422, "invalid")
    assert problem["fields"]["body"].startswith("is too much to be rendered")
    page = send(ada, body=text, language="markdown")
    assert page.status == 422 and "is too much to be rendered" in page.text and not previews_in(page)
    assert "[^1] [^1]" in page.text, "what was written is there"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_other_sites_cannot_ask(server, headers):
    with Client(server) as client:
        expect.problem(client.post("/snippets/preview", {"body": "x"}, headers), 403, "forbidden")


def test_it_is_charged_as_a_page_is_and_not_as_a_write(fresh_server):
    server = fresh_server(flags=["--rate-limit", "render=3/1h", "--rate-limit", "anonymous=1/1h"])
    with Client(server, source="127.0.4.1") as client:
        assert [client.post("/snippets/preview", {"body": "x"}).status for _ in range(3)] == [200] * 3
        refused = client.post("/snippets/preview", {"body": "x"})
        expect.problem(refused, 429, "rate_limited")
        assert refused.headers["RateLimit-Policy"] == '"render";q=3;w=3600'
        again = send(client, body=TEXT, language="markdown")
        assert again.status == 429 and "int x;" in again.text, "what was written comes back with the refusal"
        assert client.post("/snippets", {"body": "x"}).status == 201


def test_without_scripts_the_form_comes_back_with_it(ada):
    chosen = {"visibility": "public", "expires": "3600", "burn": "1"}
    answer = send(ada, body=TEXT, title="T", language="Markdown", tags="a, b", **chosen)
    assert answer.status == 200 and 'action="/"' in answer.text
    (shown,) = previews_in(answer)
    assert shown == ada.post("/snippets/preview", {"body": TEXT}).json()["html"]
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)[1]
    assert unescape(area) == TEXT
    for kept in ('"T"', '"a, b"', '"public" checked', '"3600" selected', '"1" checked'):
        assert f"value={kept}" in answer.text, kept


def test_the_form_of_an_edit_stays_one(ada):
    id = ada.create(body=TEXT, language="markdown")["id"]
    edit = ada.get(f"/s/{id}/edit", {"Accept": "text/html"}).text
    assert f'name="id" value="{id}"' in edit and 'formaction="/preview"' in edit
    answer = send(ada, id=id, version="1", body=TEXT, language="markdown", expires="keep")
    assert previews_in(answer)
    assert f'action="/s/{id}/edit"' in answer.text and 'name="version" value="1"' in answer.text
    assert 'value="keep" selected' in answer.text
    strange = send(ada, id='x"/../y', version="1", body=TEXT, language="markdown")
    assert 'action="/"' in strange.text and "/../" not in strange.text


def test_only_markdown_has_one(ada):
    answer = send(ada, body="print(1)", language="python")
    assert answer.status == 422 and "is not Markdown" in answer.text and not previews_in(answer)
    assert previews_in(send(ada, body="# A\n", title="readme.md")), "a guess will do"
