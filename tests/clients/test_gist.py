"""Debian's gist 6, with GITHUB_URL set to a server of ours."""

import json
import pathlib
import re

import pytest

PROGRAM = pathlib.Path(__file__).resolve().parent / "gists.rb"


@pytest.fixture
def as_ada(server, home, ada_token):
    """The environment, with the token where gist looks for it."""
    name = re.sub(r"[^a-z0-9.-]", "", server.url.replace(":", "."))
    (home / f".gist.{name}").write_text(ada_token)
    return {"GITHUB_URL": server.url}


@pytest.fixture
def gist(run, as_ada):
    def go(*arguments, stdin=b""):
        done = run("gist-paste", *arguments, stdin=stdin, **as_ada)
        assert done.status == 0, done
        return done.text

    return go


def id_of(link):
    return link.strip().rsplit("/", 1)[1]


def test_every_file_comes_back_byte_for_byte(run, as_ada, texts, reader):
    done = run("ruby", PROGRAM, stdin=json.dumps([str(path) for path in texts]).encode(), seconds=60, **as_ada)
    assert done.status == 0, done
    for (key, content), (path, expected) in zip(json.loads(done.out), texts.items(), strict=True):
        assert reader.get(f"/s/{key}/raw").body == expected, path
        # It prints with a line feed at the end, whether there was one or not.
        assert content.encode() == expected + (b"" if expected.endswith(b"\n") else b"\n"), path


def test_create_read_update_list_and_delete(gist, home, reader, ada):
    (home / "main.py").write_text("x = 1\n")
    (home / "notes.txt").write_text("some notes")
    link = gist("-d", "An assignment", "main.py")
    assert link == f"http://{reader.host}:{reader.port}/s/{id_of(link)}\n"
    assert gist("-r", id_of(link)) == "x = 1\n"
    snippet = reader.get(f"/s/{id_of(link)}").json()
    assert (snippet["title"], snippet["visibility"]) == ("An assignment: main.py", "public")
    assert snippet["owner"] == ada.username

    assert gist("-u", link.strip(), "notes.txt") == link
    assert gist("-r", id_of(link), "notes.txt") == "some notes\n"
    (home / "main.py").write_text("x = 2\n")
    assert gist("-u", id_of(link), "main.py") == link
    assert gist("-r", id_of(link), "main.py") == "x = 2\n"

    assert f"{link.strip()} An assignment \n" in gist("-l")
    assert f"{link.strip()} An assignment \n" in gist("-l", ada.username)
    assert gist("--delete", id_of(link)) == "Deleted!\n"
    assert reader.get(f"/s/{id_of(link)}").status == 404


def test_several_files_and_standard_input(gist, home, reader):
    (home / "a.c").write_text("int a;\n")
    (home / "b.c").write_text("int b;\n")
    link = gist("-p", "a.c", "b.c")
    assert gist("-r", id_of(link), "b.c") == "int b;\n"
    assert reader.get(f"/s/{id_of(link)}").json()["visibility"] == "unlisted"
    piped = gist("-f", "piped.sh", stdin=b"echo\n")
    assert reader.get(f"/s/{id_of(piped)}").json()["language"] == "bash"
    assert gist("-R", "a.c").endswith("/raw\n")


def test_a_list_longer_than_a_page(gist, ada):
    made = {ada.create(title="many")["id"] for _ in range(105)}
    assert made <= {re.search(r"/s/(\w+) ", line)[1] for line in gist("-l").splitlines()}


def test_signing_in(run, server, home, ada):
    from harness.client import PASSWORD

    done = run("gist-paste", "--login", stdin=f"{ada.username}\n{PASSWORD}\n".encode(), GITHUB_URL=server.url)
    assert done.status == 0 and "Success!" in done.text
    (home / "a.txt").write_text("x")
    assert run("gist-paste", "a.txt", GITHUB_URL=server.url).text.startswith(f"{server.url}/s/")


def test_a_refusal_says_why(run, as_ada, home):
    (home / "a.txt").write_text("a\0b")
    done = run("gist-paste", "a.txt", **as_ada)
    assert done.status == 1 and "may not have NUL characters" in done.text
    assert run("gist-paste", "-r", "AAAAAAAAAAAA", **as_ada).status == 1
