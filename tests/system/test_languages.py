"""What language a snippet is in when nobody says it: by its name, its first line or its text, on every way in; and when
that is looked at again."""

from urllib.parse import urlencode

import pytest

from harness.client import unique_name

PYTHON = "import requests\n\nr = requests.get('https://example.org/')\nprint(r.json())\n"
RUST = 'fn main() {\n    let mut sum = 0;\n    println!("{}", sum);\n}\n'
PROSE = "Nothing in here tells anything.\n"


def patch(client, snippet, **fields):
    response = client.patch(f"/snippets/{snippet['id']}", json=fields)
    assert response.status == 200, response
    return response.json()


def test_a_text_without_a_name_tells_it(ada):
    assert ada.create(body=PYTHON)["language"] == "python"
    assert ada.create(body=PYTHON, title="What I use")["language"] == "python"
    assert ada.create(body=PROSE)["language"] == "text"


def test_a_name_and_a_choice_count_more(ada):
    assert ada.create(body=PYTHON, title="a.rb")["language"] == "ruby"
    assert ada.create(body=PYTHON, title="a.txt")["language"] == "text"
    assert ada.create(body=PYTHON, language="text")["language"] == "text"


def test_on_every_way_in(ada, nobody):
    key = nobody.post("/documents", body=PYTHON, headers={"Content-Type": "text/plain"}).json()["key"]
    link = nobody.post("/upload", body=PYTHON, headers={"Content-Type": "text/plain"}).headers["Location"]
    form = nobody.post("/", body=urlencode({"sprunge": PYTHON}),
                       headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    gist = ada.post("/api/v3/gists", json={"public": False, "files": {unique_name(): {"content": PYTHON}}}).json()["id"]
    page = ada.post("/", body=urlencode({"body": PYTHON, "visibility": "unlisted", "language": "", "expires": "never"}),
                    headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"})  # fmt: skip
    paths = [f"/s/{key}", link, form.headers["Location"], f"/s/{gist}", page.headers["Location"]]
    assert {path: nobody.get(path).json()["language"] for path in paths} == dict.fromkeys(paths, "python")


@pytest.mark.parametrize("title, language", [("b.rs", "rust"), ("b.txt", "text"), ("a plain title", "python")])
def test_a_new_title_has_a_guess_made_again(ada, title, language):
    snippet = ada.create(body=PYTHON, title="a.rb")
    assert patch(ada, snippet, title=title)["language"] == language


def test_a_choice_stays_whatever_the_title(ada):
    snippet = ada.create(body=PYTHON, title="a.rb", language="go")
    assert patch(ada, snippet, title="b.rs")["language"] == "go"
    guessed = ada.create(body=PYTHON, title="a.rb")
    assert patch(ada, guessed, language="ruby")["language"] == "ruby"
    assert patch(ada, guessed, title="b.rs", body=RUST)["language"] == "ruby"


def test_null_has_it_guessed_from_then_on(ada):
    snippet = ada.create(body=PYTHON, title="a.rb", language="go")
    assert patch(ada, snippet, language=None)["language"] == "ruby"
    assert patch(ada, snippet, title="b.rs")["language"] == "rust"


def test_a_new_text_has_a_guess_made_again_unless_it_tells_less(ada):
    snippet = ada.create(body=PYTHON)
    assert patch(ada, snippet, body=PROSE)["language"] == "python"
    assert patch(ada, snippet, body=RUST)["language"] == "rust"


def test_a_fork_of_a_guess_is_one(ada, bob):
    guessed, chosen = ada.create(body=PYTHON), ada.create(body=PYTHON, language="go")
    for snippet, language in ((guessed, "rust"), (chosen, "go")):
        fork = bob.post(f"/snippets/{snippet['id']}/fork").json()
        assert patch(bob, fork, title="b.rs")["language"] == language


def test_a_gists_file_that_gets_another_name(ada):
    made = ada.post("/api/v3/gists", json={"files": {"a.rb": {"content": PYTHON}}}).json()
    changed = ada.patch(f"/api/v3/gists/{made['id']}", json={"files": {"a.rb": {"filename": "b.rs"}}}).json()
    assert changed["files"]["b.rs"]["language"] == "rust"
    two = ada.patch(f"/api/v3/gists/{made['id']}", json={"files": {"notes.md": {"content": "x"}}})
    assert two.status == 200 and ada.get(f"/snippets/{made['id']}").json()["language"] == "markdown"
    one = ada.patch(f"/api/v3/gists/{made['id']}", json={"files": {"notes.md": None}})
    assert one.status == 200 and ada.get(f"/snippets/{made['id']}").json()["language"] == "rust"


@pytest.mark.parametrize("path", ["/", "/s/{id}/edit"])
def test_a_form_is_told_of_a_name_that_is_none(ada, path):
    snippet = ada.create(body=PROSE)
    fields = {"body": PYTHON, "language": "klingon", "version": "1", "visibility": "unlisted", "expires": "never"}
    answer = ada.post(path.format(id=snippet["id"]), body=urlencode(fields),
                      headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"})  # fmt: skip
    assert answer.status == 422
    assert "is not in the list of languages" in answer.text
    assert "klingon" in answer.text and "requests.get" in answer.text
