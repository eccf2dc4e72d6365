"""GitHub's interface for gists, as far as tools for it go."""

import base64
import threading

import pytest

from harness import expect
from harness.client import PASSWORD, Client

BASE = "/api/v3/gists"


def create(client, files, **members):
    return client.post(BASE, {"files": {name: {"content": content} for name, content in files.items()}, **members})


def contents(gist):
    return {name: file["content"] for name, file in gist["files"].items()}


# One file.


def test_a_gist_of_one_file_is_a_snippet(author):
    response = create(author, {"main.py": "x = 1\r\n"}, description="An assignment", public=True)
    assert response.status == 201
    gist = response.json()
    base = f"http://{author.host}:{author.port}"
    assert gist["html_url"] == f"{base}/s/{gist['id']}" and gist["url"] == f"{base}{BASE}/{gist['id']}"
    assert gist["description"] == "An assignment" and gist["public"] is True
    assert gist["owner"] == {"login": author.username}
    assert gist["files"] == {
        "main.py": {
            "filename": "main.py", "type": "text/plain", "language": "python", "size": 7, "truncated": False,
            "content": "x = 1\r\n", "raw_url": f"{base}/s/{gist['id']}/raw",
        }
    }  # fmt: skip
    expect.timestamp(gist["created_at"])
    snippet = author.get(f"/s/{gist['id']}").json()
    assert (snippet["title"], snippet["body"], snippet["language"]) == ("An assignment: main.py", "x = 1\r\n", "python")
    assert snippet["visibility"] == "public"
    read = author.get(f"{BASE}/{gist['id']}").json()
    assert read == gist


def test_a_secret_gist_is_unlisted_and_has_no_description_unless_it_is_given(author):
    gist = create(author, {"a b.txt": "x"}).json()
    assert (gist["public"], gist["description"], list(gist["files"])) == (False, None, ["a b.txt"])
    snippet = author.get(f"/s/{gist['id']}").json()
    assert (snippet["title"], snippet["visibility"]) == ("a b.txt", "unlisted")


@pytest.mark.parametrize(
    "title, language, description, name",
    [
        ("quick.cpp", "cpp", None, "quick.cpp"),
        ("Sorting: quick.cpp", "cpp", "Sorting", "quick.cpp"),
        ("", "python", None, "gistfile1.py"),
        ("a/b", "text", "a/b", "gistfile1.txt"),
    ],
)
def test_any_snippet_is_a_gist(author, title, language, description, name):
    snippet = author.create(title=title, language=language, body="text")
    gist = author.get(f"{BASE}/{snippet['id']}").json()
    assert (gist["description"], contents(gist)) == (description, {name: "text"})


def test_who_made_it_without_an_account_can_edit_it(author, nobody):
    response = create(nobody, {"a": "x"})
    change, headers = {"files": {"a": {"content": "y"}}}, {"X-Edit-Token": response.headers["X-Token"]}
    assert contents(nobody.patch(f"{BASE}/{response.json()['id']}", change, headers).json()) == {"a": "y"}
    assert "X-Token" not in create(author, {"a": "x"}).headers


def test_a_wrong_name_burns_nothing(nobody):
    snippet = nobody.create(title="a.py", burn_after_reading=True)["id"]
    expect.problem(nobody.get(f"{BASE}/{snippet}/raw/b.py"), 404, "not_found")
    assert nobody.get(f"{BASE}/{snippet}/raw/a.py", {"Accept": "text/plain"}).text == "x"
    expect.problem(nobody.get(f"{BASE}/{snippet}/raw/a.py"), 410, "gone")


# Several files.

FILES = {
    "main.cpp": "int main() {}\n",
    "notes": "no line feed at the end",
    "fences.md": "````\n```\n<!-- no line feed at the end -->\n## `x`\n",
    "ä.txt": "\r\n\r\n",
    "empty": "",
}


def test_several_files_are_one_snippet_that_people_can_read(author, nobody):
    gist = create(author, FILES, description="Several").json()
    assert contents(gist) == FILES
    assert contents(nobody.get(f"{BASE}/{gist['id']}").json()) == FILES
    snippet = author.get(f"/s/{gist['id']}").json()
    assert (snippet["title"], snippet["language"]) == ("Several", "markdown")
    assert snippet["body"].startswith("<!-- 5 files -->\n\n## `main.cpp`\n\n```cpp\nint main() {}\n```\n")
    page = nobody.get(f"/s/{gist['id']}", {"Accept": "text/html"}).text
    assert '<h2 id="md-maincpp">' in page and "language-cpp" in page
    for name, content in FILES.items():
        url = gist["files"][name]["raw_url"]
        raw = nobody.get(url.removeprefix(f"http://{nobody.host}:{nobody.port}"))
        assert raw.body == content.encode() and raw.headers["Content-Type"] == "text/plain; charset=utf-8"
    expect.problem(nobody.get(f"{BASE}/{gist['id']}/raw/other"), 404, "not_found")


def test_without_a_description_the_title_is_the_names(author):
    gist = create(author, {"a": "1", "b": "2"}).json()
    assert gist["description"] is None
    assert author.get(f"/s/{gist['id']}").json()["title"] == "a, b"
    many = create(author, {f"file number {n}": "x" for n in range(40)}).json()
    assert (many["description"], len(many["files"])) == (None, 40)
    assert author.get(f"/s/{many['id']}").json()["title"] == "40 files"


# Edits.


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_edit_changes_adds_renames_and_removes(author, method):
    gist = create(author, {"a": "1\n", "b": "2\n", "c": "3\n"}, description="before").json()

    def edit(**members):
        response = author.request(method, f"{BASE}/{gist['id']}", json=members)
        assert response.status == 200, response
        assert response.json() == author.get(f"{BASE}/{gist['id']}").json()
        return response.json()

    edited = edit(files={"a": {"content": "changed\n"}, "d": {"content": "4\n"}})
    assert contents(edited) == {"a": "changed\n", "b": "2\n", "c": "3\n", "d": "4\n"}
    edited = edit(files={"b": None, "c": {"filename": "e"}, "never": None})
    assert contents(edited) == {"a": "changed\n", "e": "3\n", "d": "4\n"}
    assert edited["description"] == "before"
    assert edit(description="after")["description"] == "after"
    alone = edit(files={"a": None, "e": None})
    assert contents(alone) == {"d": "4\n"}
    assert author.get(f"/s/{gist['id']}/raw").text == "4\n"
    assert author.get(f"/s/{gist['id']}").json()["title"] == "after: d"
    assert len(author.get(f"/snippets/{gist['id']}/revisions").json()["items"]) == 5


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_an_edit_changes_nothing_that_gists_do_not_change(author, method, visibility):
    """`gist -u` sends `public` with every update, and GitHub passes it over."""
    made = author.create(title="a.txt", visibility=visibility, tags=["x, y"], expires_in=1000)
    path = f"{BASE}/{made['id']}"
    for public in (True, False):
        change = {"files": {"a.txt": {"content": f"{public}"}}, "public": public}
        edited = author.request(method, path, json=change)
        assert edited.status == 200 and edited.json()["public"] is (visibility == "public")
    now = author.get(f"/snippets/{made['id']}").json()
    for member in ("title", "visibility", "tags", "expires_at", "language"):
        assert now[member] == made[member]
    assert now["body"] == "False" and now["version"] == 3


@pytest.mark.parametrize("title", ["", "a/b", "two: words", "notes"])
def test_an_edit_of_a_file_makes_no_title_and_no_language_of_its_own(author, title):
    made = author.create(title=title, language="haskell")
    name = next(iter(author.get(f"{BASE}/{made['id']}").json()["files"]))
    assert author.patch(f"{BASE}/{made['id']}", {"files": {name: {"content": "y"}}}).status == 200
    now = author.get(f"/snippets/{made['id']}").json()
    assert (now["title"], now["language"], now["body"]) == (title, "haskell", "y")


def test_a_new_description_leaves_the_text_between_the_files_alone(author):
    gist = create(author, {"a": "1\n", "b": "2\n"}).json()
    path = f"/snippets/{gist['id']}"
    body = author.get(path).json()["body"].replace("## `a`", "## `a`\n")
    author.patch(path, {"body": body, "language": "asciidoc"})
    assert author.patch(f"{BASE}/{gist['id']}", {"description": "d"}).json()["description"] == "d"
    assert author.get(path).json()["body"] == body and author.get(path).json()["language"] == "asciidoc"
    assert author.patch(f"{BASE}/{gist['id']}", {"description": None}).json()["description"] is None


def test_an_edit_keeps_the_language_that_somebody_has_chosen(author):
    snippet = author.create(title="a.txt", language="haskell", body="x")
    edited = author.post(f"{BASE}/{snippet['id']}", {"files": {"a.txt": {"content": "y"}}})
    assert edited.json()["files"]["a.txt"]["language"] == "haskell"
    renamed = author.post(f"{BASE}/{snippet['id']}", {"files": {"a.txt": {"filename": "b.go"}}})
    assert renamed.json()["files"]["b.go"]["language"] == "go"


def test_if_match_is_honoured(author):
    response = create(author, {"a": "1"})
    path, tag = f"{BASE}/{response.json()['id']}", response.headers["ETag"]
    change = {"files": {"a": {"content": "2"}}}
    assert author.post(path, change, {"If-Match": tag}).status == 200
    expect.problem(author.post(path, {"files": {"a": {"content": "3"}}}, {"If-Match": tag}), 412, "precondition_failed")


def test_edits_at_the_same_time_are_all_there(author):
    gist = create(author, {"base": "x"}).json()
    answers = []

    def add(number):
        with author.clone() as client:
            answers.append(client.post(f"{BASE}/{gist['id']}", {"files": {f"{number}": {"content": "y"}}}).status)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = author.get(f"{BASE}/{gist['id']}").json()["files"]
    assert len(files) == 1 + answers.count(200) and set(answers) <= {200, 409}
    assert answers.count(200) >= 1


def test_deleting(author, nobody):
    gist = create(author, {"a": "x"}).json()
    expect.problem(nobody.delete(f"{BASE}/{gist['id']}"), 401, "unauthenticated")
    assert author.delete(f"{BASE}/{gist['id']}").status == 204
    assert expect.problem(author.get(f"{BASE}/{gist['id']}"), 404, "not_found")["message"]


# Who may what.


def test_only_its_owner_edits_it(author, bob, nobody):
    gist = create(author, {"a": "x"}).json()
    change = {"files": {"a": {"content": "y"}}}
    expect.problem(bob.post(f"{BASE}/{gist['id']}", change), 403, "forbidden")
    expect.problem(nobody.post(f"{BASE}/{gist['id']}", change), 401, "unauthenticated")
    private = author.create(visibility="private")["id"]
    expect.problem(bob.get(f"{BASE}/{private}"), 404, "not_found")
    expect.problem(bob.post(f"{BASE}/{private}", change), 404, "not_found")
    assert author.get(f"{BASE}/{private}").json()["public"] is False


def test_githubs_scheme_of_a_token(author, nobody):
    token = author.post("/auth/tokens", {"name": "x"}).json()["token"]
    for scheme in ("token", "Token", "Bearer"):
        response = nobody.get(BASE, {"Authorization": f"{scheme} {token}"})
        assert response.status == 200
    expect.problem(nobody.get(BASE), 401, "unauthenticated")


def basic(username, password, scheme="Basic"):
    return {"Authorization": f"{scheme} " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def test_a_password_gives_a_token(author, nobody):
    request = {"scopes": ["gist"], "note": "a tool", "note_url": "https://tool.example"}
    for name in (author.username, author.username.upper()):
        response = nobody.post("/api/v3/authorizations", request, basic(name, PASSWORD))
        assert response.status == 201 and response.json()["note"] == "a tool"
        assert nobody.get(BASE, {"Authorization": f"token {response.json()['token']}"}).status == 200
    assert [token["name"] for token in author.get("/auth/tokens").json()["items"]] == ["a tool", "a tool"]
    wrong = [{}, basic(author.username, "wrong password"), basic("nobody-at-all", PASSWORD), basic("a", "b"),
             {"Authorization": "Basic !!!"}, {"Authorization": "Bearer x"}]  # fmt: skip
    for headers in wrong:
        response = nobody.post("/api/v3/authorizations", request, headers)
        assert expect.problem(response, 401, "unauthenticated")["message"]
    for scheme in ("basic", "BASIC"):
        headers = basic(author.username, PASSWORD, scheme)
        assert nobody.post("/api/v3/authorizations", request, headers).status == 201
    expect.invalid(nobody.post("/api/v3/authorizations", {"other": 1}, headers), "other")


def test_guessing_a_password_there_is_limited(fresh_server):
    with Client(fresh_server(flags=["--rate-limit", "login=2/60s"], rate_limits=True)) as client:
        client.signup()
        for _ in range(2):
            response = client.post("/api/v3/authorizations", {}, basic(client.username, "wrong password"))
            expect.problem(response, 401, "unauthenticated")
        response = client.post("/api/v3/authorizations", {}, basic(client.username, PASSWORD))
        expect.problem(response, 429, "rate_limited")


# Lists.


def test_ones_own_gists_page_by_page(author):
    made = [create(author, {f"{number}.txt": "x"}).json()["id"] for number in range(5)]
    seen, path = [], f"{BASE}?per_page=2"
    while path:
        response = author.get(path)
        assert response.status == 200
        for gist in response.json():
            seen.append((gist["created_at"], gist["id"]))
            assert "content" not in next(iter(gist["files"].values()))
        link = response.headers.get("Link")
        assert link is None or link.endswith('>; rel="next"')
        path = link and link[1 : link.index(">")].removeprefix(f"http://{author.host}:{author.port}")
    assert sorted(key for _, key in seen) == sorted(made)
    assert seen == sorted(seen, reverse=True)
    for name, bad in (("per_page", "0"), ("per_page", "101"), ("per_page", "x"), ("page", "2"), ("cursor", "x")):
        expect.invalid(author.get(f"{BASE}?{name}={bad}"), name)
    assert author.get(f"{BASE}?page=1").status == 200


def test_the_public_ones_of_somebody(author, nobody):
    public = create(author, {"a": "x"}, public=True).json()["id"]
    create(author, {"b": "x"})
    for name in (author.username, author.username.upper()):
        assert [gist["id"] for gist in nobody.get(f"/api/v3/users/{name}/gists").json()] == [public]
    assert expect.problem(nobody.get("/api/v3/users/nobody-at-all/gists"), 404, "not_found")["message"]


# What is refused.


@pytest.mark.parametrize(
    "members, field",
    [
        ({}, "files"),
        ({"files": {}}, "files"),
        ({"files": []}, "files"),
        ({"files": {"a": "x"}}, "files"),
        ({"files": {"a": {"content": 1}}}, "files"),
        ({"files": {"a": {"content": "x", "size": 1}}}, "files"),
        ({"files": {"a/b": {"content": "x"}}}, "files"),
        ({"files": {"a`b": {"content": "x"}}}, "files"),
        ({"files": {"a\nb": {"content": "x"}}}, "files"),
        ({"files": {"": {"content": "x"}}}, "files"),
        ({"files": {"a" * 256: {"content": "x"}}}, "files"),
        ({"files": {"a": {"content": ""}}}, "files"),
        ({"files": {"a": {"content": "x\0"}}}, "files"),
        ({"files": {"a": {"content": "x"}, "b": {"content": "x", "filename": "a"}}}, "files"),
        ({"files": {"a": {"content": "x", "filename": "b/c"}}}, "files"),
        ({"files": {str(n): {"content": "x"} for n in range(301)}}, "files"),
        ({"files": {"a": {"content": "x"}}, "public": "yes"}, "public"),
        ({"files": {"a": {"content": "x"}}, "description": "d" * 201}, "description"),
        ({"files": {"a": {"content": "x"}}, "descrption": "d"}, "descrption"),
    ],
)
def test_bad_gists_are_refused_by_name(author, members, field):
    response = author.post(BASE, members)
    expect.invalid(response, field)
    assert response.json()["message"]
    assert author.get("/snippets").json()["items"] == []


def test_a_name_that_would_be_taken_for_a_description_is_kept(author):
    gist = create(author, {"a: b.txt": "x"}).json()
    assert (gist["description"], contents(gist)) == (None, {"a: b.txt": "x"})


def test_too_much_is_413(fresh_server):
    with Client(fresh_server(flags=["--max-body", "1KiB"])) as client:
        assert create(client, {"a": "x" * 1024}).status == 201
        expect.problem(create(client, {"a": "x" * 600, "b": "x" * 600}), 413, "payload_too_large")
