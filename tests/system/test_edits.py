"""What an update does not name stays as it is, in the page's form, for every convention and for every byte."""

import sqlite3
from html import unescape
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.client import Client, unique_name

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FORM = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}
MEMBERS = ("title", "body", "language", "visibility", "tags", "expires_at")


def save(client, id, **fields):
    response = client.post(f"/s/{id}/edit", body=urlencode(fields), headers=FORM)
    assert response.status == 303, response
    return client.get(f"/snippets/{id}").json()


def value_of(page, name):
    """The value of a text field of a form."""
    field = next(part for part in page.text.split("<input ") if f'name="{name}"' in part.split(">")[0])
    return unescape(field.split('value="')[1].split('"')[0])


def text_of(page):
    """What a browser has in the text area: a first line feed is none, and every line end is a line feed."""
    area = page.text.split("<textarea ")[1].split(">", 1)[1].split("</textarea>")[0].removeprefix("\n")
    return unescape(area).replace("\r\n", "\n").replace("\r", "\n")


@pytest.fixture
def made(ada):
    return ada.create(title="a.txt", body="one\r\ntwo\n", language="haskell", visibility="private", tags=["x, y", "z"],
                      expires_in=1000)  # fmt: skip


FIELDS = {"title": ("b.txt", "b.txt"), "body": ("three\r\n", "three\n"), "language": ("go", "go"),
          "visibility": ("public", "public"), "tags": ("q", ["q"]), "expires": ("never", None)}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_a_form_changes_what_it_names_and_nothing_else(ada, made, field):
    sent, wanted = FIELDS[field]
    now = save(ada, made["id"], version="1", **{field: sent})
    member = "expires_at" if field == "expires" else field
    assert now[member] == wanted
    assert {name: now[name] for name in MEMBERS if name != member} == {n: made[n] for n in MEMBERS if n != member}
    assert now["version"] == 2


def test_a_form_that_names_nothing_changes_nothing(ada, made):
    for fields in ({"version": "1"}, {"nothing": "x"}, {"expires": "keep", "version": "1"}):
        assert save(ada, made["id"], **fields) == made


def test_an_empty_value_clears(ada, made):
    now = save(ada, made["id"], version="1", title="", tags="", language="")
    assert (now["title"], now["tags"], now["language"]) == ("", [], "text")
    assert (now["visibility"], now["expires_at"], now["body"]) == ("private", made["expires_at"], made["body"])


def test_the_form_that_comes_with_a_refusal_names_no_more_than_was_written(ada, made):
    lost = ada.post(f"/s/{made['id']}/edit", body=urlencode({"version": "7", "title": "mine"}), headers=FORM)
    assert lost.status == 412 and value_of(lost, "title") == "mine" and text_of(lost) == "one\ntwo\n"
    assert 'value="private" checked' in lost.text and 'value="keep" selected' in lost.text


BODIES = {
    "LF": "one\ntwo\nthree\n",
    "CR LF": "one\r\ntwo\r\nthree\r\n",
    "CR": "one\rtwo\rthree\r",
    "mixed": "one\r\ntwo\nthree\rfour\r\n\n\r\r\nend",
    "a first one": "\n\r\none\r",
}


@pytest.mark.parametrize("ends", BODIES)
def test_what_is_only_renamed_keeps_its_bytes(ada, ends):
    """A browser sends every line end of a text area as CR LF."""
    made = ada.create(title="a", body=BODIES[ends])
    form = ada.get(f"/s/{made['id']}/edit", BROWSER)
    sent = text_of(form).replace("\n", "\r\n")
    now = save(ada, made["id"], version="1", title="b", body=sent)
    assert (now["title"], now["body"]) == ("b", made["body"])
    assert ada.get(f"/s/{made['id']}/raw").body == BODIES[ends].encode()


@pytest.mark.parametrize(
    "before, written, after",
    [
        ("one\ntwo\n", "one\r\n2\r\ntwo\r\n", "one\n2\ntwo\n"),
        ("one\r\ntwo\r\n", "zero\r\none\r\ntwo\r\n", "zero\r\none\r\ntwo\r\n"),
        ("one\rtwo", "one\r\ntwo\r\nthree", "one\rtwo\rthree"),
        ("no end", "no end\r\nbut now\r\n", "no end\nbut now\n"),
        ("a\r\nb\nc\r\nd\r\n", "a\r\nnew\r\nb\r\nc\r\nd\r\n", "a\r\nnew\r\nb\nc\r\nd\r\n"),
        ("a\nb\rc\r\nd\n", "d\r\nc\r\nb\r\na\r\n", "d\nc\r\nb\ra\n"),
    ],
)
def test_a_line_that_is_not_changed_keeps_its_end(ada, before, written, after):
    made = ada.create(body=before)
    assert save(ada, made["id"], version="1", body=written)["body"] == after


TAGS = [["a, b"], ["a,b", "c"], ['"'], ['"quoted"', 'in "the" middle'], [" blanks "], [",", '",'], ["ä"]]


@pytest.mark.parametrize("tags", TAGS)
def test_tags_survive_an_edit_of_something_else(ada, tags):
    made = ada.create(tags=tags)
    form = ada.get(f"/s/{made['id']}/edit", BROWSER)
    now = save(ada, made["id"], version="1", title="b", tags=value_of(form, "tags"))
    assert (now["title"], now["tags"]) == ("b", tags)


def test_null_clears_guesses_again_or_is_refused(ada):
    made = ada.create(title="run.py", body="#!/bin/sh\n", language="go", tags=["a"])
    path = f"/snippets/{made['id']}"
    assert ada.patch(path, {"language": None}).json()["language"] == "python"
    cleared = ada.patch(path, {"title": None, "language": None}).json()
    assert (cleared["title"], cleared["language"], cleared["version"]) == ("", "bash", 3)
    assert ada.patch(path, {"title": None, "language": None}).json()["version"] == 3
    for member in ("body", "tags", "visibility", "is_public", "burn_after_reading"):
        expect.invalid(ada.patch(path, {member: None}), member)
    assert ada.patch(path, {"expires_in": None}).json()["version"] == 3
    new = ada.create(title=None, language=None, expires_in=None)
    assert (new["title"], new["language"], new["expires_at"]) == ("", "text", None)


def test_a_byte_order_mark_does_not_hide_the_first_line(ada):
    assert ada.create(body="\ufeff#!/usr/bin/env python3\nprint()\n")["language"] == "python"


def test_management_of_an_upload_needs_an_expiry_that_is_said(nobody):
    made = nobody.create(expires_in=1000)
    path = f"/s/{made['id']}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Edit-Token": made["edit_token"]}
    expect.invalid(nobody.post(path, body="expires=", headers=headers), "expires")
    assert nobody.get(path).json()["expires_at"] == made["expires_at"]
    assert nobody.post(path, body="expires=never", headers=headers).status == 202
    assert nobody.get(path).json()["expires_at"] is None


# What a copy says of its original.


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_a_fork_names_its_original_to_strangers_only_when_that_is_public(ada, nobody, visibility):
    original = ada.create(body="x", visibility=visibility)["id"]
    fork = ada.post(f"/snippets/{original}/fork").json()
    assert fork["forked_from"] == original
    assert ada.patch(f"/snippets/{fork['id']}", {"visibility": "public"}).json()["forked_from"] == original
    assert ada.get(f"/snippets/{fork['id']}").json()["forked_from"] == original
    for path, headers in ((f"/s/{fork['id']}", {}), (f"/s/{fork['id']}", BROWSER), ("/explore?limit=100", {}),
                          (f"/s/{fork['id']}/embed", {}), (f"/api/v3/gists/{fork['id']}", {}),
                          (f"/snippets/{fork['id']}/revisions", {})):  # fmt: skip
        for _ in range(2):  # from the store, and from the cache
            answer = nobody.get(path, headers)
            assert answer.status == 200 and original not in answer.text, path


def test_a_fork_of_a_public_one_names_it(ada, nobody):
    original = ada.create(visibility="public")["id"]
    fork = ada.post(f"/snippets/{original}/fork").json()["id"]
    assert nobody.get(f"/s/{fork}").json()["forked_from"] == original
    assert original in nobody.get(f"/s/{fork}", BROWSER).text


# What is left of it.


def test_no_idempotency_record_has_words_of_a_snippet(fresh_server, mode):
    if mode == "postgres":
        pytest.skip("the records are the same; this looks into a file")
    server = fresh_server()
    with Client(server).signup() as author:
        words = {"title": "a planted title", "body": "a planted body", "tags": ["planted"]}
        key = {"Idempotency-Key": unique_name("key")}
        made = author.post("/snippets", {**words, "burn_after_reading": True}, key).json()
        source = author.create(**words)["id"]
        fork_key = {"Idempotency-Key": unique_name("key")}
        fork = author.post(f"/snippets/{source}/fork", headers=fork_key)
        assert author.get(f"/s/{made['id']}", {"Accept": "text/plain"}).status == 200
        with sqlite3.connect(f"{server.data_dir}/snippets.db") as database:
            records = database.execute("select * from idempotency_records").fetchall()
        assert len(records) == 2 and "planted" not in repr(records)
        again = author.post("/snippets", {**words, "burn_after_reading": True}, key)
        assert again.status == 201 and again.json() == made and again.headers["Idempotency-Replayed"] == "true"
        assert author.post(f"/snippets/{source}/fork", headers=fork_key).body == fork.body
