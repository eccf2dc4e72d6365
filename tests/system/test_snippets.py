"""The contract's section "Snippets": every route, field and limit.

Who may see what is in test_visibility.py; caching, views, idempotency and burn after reading have files of their own.
"""

import math
import re
import time
import urllib.parse

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.server import Server
from harness.waiting import until

MEMBERS = {
    "id", "title", "body", "language", "visibility", "tags", "owner", "version", "view_count", "created_at",
    "updated_at", "expires_at", "url",
}  # fmt: skip


def create_later(client, **fields):
    """Creates a snippet in a later millisecond than all before it, so that it is the newest without a doubt."""
    now = int(time.time() * 1000)
    until(lambda: int(time.time() * 1000) > now, 1, "the next millisecond", interval=0.0002)
    return client.create(**fields)


def by_edit_token(token):
    return {"Authorization": f"Bearer {token}"}


# --- Creating


def test_a_create_is_201_with_all_members_and_their_defaults(server, ada):
    response = ada.post("/snippets", {"body": "hello"})
    assert response.status == 201, response
    snippet = response.json()
    assert set(snippet) == MEMBERS
    assert response.headers["Location"] == f"/s/{snippet['id']}"
    assert snippet["body"] == "hello"
    assert not snippet["title"]
    assert snippet["language"] == "text"
    assert snippet["visibility"] == "unlisted"
    assert snippet["tags"] == []
    assert snippet["owner"] == ada.username
    assert snippet["version"] == 1
    assert snippet["view_count"] == 0
    assert snippet["expires_at"] is None
    assert snippet["created_at"] == snippet["updated_at"]
    assert snippet["url"] == f"{server.url}/s/{snippet['id']}"


def test_a_create_takes_all_members(ada):
    given = {"body": "fn main() {}", "title": "main.rs", "language": "rust", "visibility": "public", "tags": ["b", "a"]}
    snippet = ada.create(**given, expires_in=60, burn_after_reading=False)
    assert {name: snippet[name] for name in given} == given
    assert expect.timestamp(snippet["expires_at"]) == pytest.approx(
        expect.timestamp(snippet["created_at"]) + 60, abs=0.002
    )
    assert set(snippet) == MEMBERS


def test_the_url_follows_the_host_of_the_request(ada):
    snippet = ada.create({"Host": "snippets.example:8080"})
    assert snippet["url"] == f"http://snippets.example:8080/s/{snippet['id']}"


def test_the_url_follows_the_public_url(fresh_server):
    server = fresh_server(flags=["--public-url", "https://paste.example/"])
    snippet = Client(server).create()
    assert snippet["url"] == f"https://paste.example/s/{snippet['id']}"


def test_an_anonymous_creator_gets_an_edit_token_once(server, anonymous, ada):
    snippet = anonymous.create(visibility="public")
    assert set(snippet) == MEMBERS | {"edit_token"}
    assert snippet["owner"] is None
    assert snippet["edit_token"].startswith("sne_") and len(snippet["edit_token"]) >= 4 + 22
    for response in (
        anonymous.get(f"/s/{snippet['id']}"),
        anonymous.patch(f"/snippets/{snippet['id']}", {"body": "y"}, by_edit_token(snippet["edit_token"])),
        anonymous.get(f"/snippets/{snippet['id']}/revisions"),
        anonymous.get("/explore"),
    ):
        assert response.status == 200, response
        assert "edit_token" not in response.text
        assert snippet["edit_token"] not in response.text
    assert "edit_token" not in ada.create()


def test_anonymous_off_refuses_creating_and_keeps_reading(binary, new_database, tmp_path):
    database = new_database()
    with Server(binary, database, data_dir=tmp_path) as server:
        id = Client(server).create()["id"]
    with Server(binary, database, data_dir=tmp_path, flags=["--anonymous", "off"]) as server:
        expect.problem(Client(server).post("/snippets", {"body": "x"}), (401, 403), ("unauthenticated", "forbidden"))
        assert Client(server).get(f"/s/{id}").status == 200
        Client(server).signup().create()


def test_ids_are_url_safe_with_at_least_70_random_bits(server):
    create = request_bytes("POST", "/snippets", json={"body": "x"})
    ids = [answer.json()["id"] for _ in range(8) for answer in burst(server, [create] * 50)]
    assert len(set(ids)) == 400
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", id) for id in ids)
    assert len({len(id) for id in ids}) == 1
    # The bits of a position are the logarithm of the number of characters that occur there.
    bits = sum(math.log2(len(set(characters))) for characters in zip(*ids))
    assert bits >= 70, f"{bits:.1f} bits in ids like {ids[0]}"


# --- Body


def test_a_body_of_one_byte_is_taken(ada):
    assert ada.create(body="x")["body"] == "x"


@pytest.mark.parametrize("body", ["", None, 5, True, ["x"], {"x": 1}, "a\x00b"])
def test_an_empty_or_wrong_body_is_refused(ada, body):
    expect.invalid(ada.post("/snippets", {"body": body}), "body")


def test_a_body_is_needed(ada):
    expect.invalid(ada.post("/snippets", {"title": "no body"}), "body")


@pytest.mark.parametrize("bytes_", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"caf\xe9"])
def test_a_body_that_is_not_utf_8_is_refused(ada, bytes_):
    response = ada.post("/snippets", body=b'{"body":"' + bytes_ + b'"}')
    expect.problem(response, (400, 422), ("bad_request", "invalid"))


@pytest.mark.parametrize("escaped", ["\\ud800", "\\udc00", "\\ud800x", "\\u0000"])
def test_an_escape_that_is_no_character_is_refused(ada, escaped):
    response = ada.post("/snippets", body='{"body":"%s"}' % escaped)
    expect.problem(response, (400, 422), ("bad_request", "invalid"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "7",
        '{"body":"x"',
        '{"body":"x",}',
        '{"body":"x"} x',
        "{'body':'x'}",
        '{"body":"tab\there"}',
        "\ufeff{}",
        '{"body":"x","body":"y"}x',
    ],
)
def test_what_is_not_a_json_object_is_refused(ada, text):
    response = ada.post("/snippets", body=text)
    expect.problem(response, (400, 422), ("bad_request", "invalid"))


@pytest.mark.parametrize("text", ["{", '{"body":"x",}', "[" * 100_000, '{"a":' * 100_000])
def test_malformed_json_is_400(ada, text):
    expect.problem(ada.post("/snippets", body=text), 400, "bad_request")


def test_a_body_up_to_max_body_is_taken_and_one_byte_more_is_413(fresh_server):
    server = fresh_server(flags=["--max-body", "4KiB"])
    client = Client(server).signup()
    for body in ("x" * 4096, "é" * 2048, "\n" * 4096, "\\" * 4096, "\x01" * 4096, "🐘" * 1024):
        snippet = client.create(body=body)
        assert client.get(f"/s/{snippet['id']}/raw").body == body.encode()
        expect.problem(client.post("/snippets", {"body": body + "x"}), 413, "payload_too_large")
        expect.problem(client.patch(f"/snippets/{snippet['id']}", {"body": body + "x"}), 413, "payload_too_large")


def test_a_body_of_one_mib_is_taken_by_default(ada):
    body = "0123456789abcde\n" * 65536
    snippet = ada.create(body=body)
    assert ada.get(f"/s/{snippet['id']}/raw").body == body.encode()
    expect.problem(ada.post("/snippets", {"body": body + "x"}), 413, "payload_too_large")


# --- Title, language, visibility, tags, expiry


@pytest.mark.parametrize("title", ["x" * 200, "é" * 200, "🐘" * 200, 'quotes " and <tags> & more'])
def test_a_title_of_up_to_200_characters_is_taken(ada, title):
    assert ada.create(title=title)["title"] == title


@pytest.mark.parametrize("title", ["x" * 201, "🐘" * 201, "two\nlines", "nul\x00", "escape\x1b[31m", 5, ["x"]])
def test_any_other_title_is_refused(ada, title):
    expect.invalid(ada.post("/snippets", {"body": "x", "title": title}), "title")


@pytest.mark.parametrize(
    "title, language",
    [("main.py", "python"), ("lib.rs", "rust"), ("a.b.go", "go"), ("UPPER.PY", "python"), ("Main.java", "java"),
     ("query.sql", "sql"), ("data.json", "json"), ("notes", "text"), ("notes.unheardof", "text"), ("", "text")],
)  # fmt: skip
def test_the_language_is_guessed_from_the_titles_extension(ada, title, language):
    assert ada.create(title=title)["language"] == language


@pytest.mark.parametrize(
    "body, languages",
    [("#!/usr/bin/env python3\nprint()\n", {"python"}), ("#!/usr/bin/python\n", {"python"}),
     ("#!/usr/bin/perl -w\n", {"perl"}),
     ("#!/bin/sh\n", {"bash", "shell", "sh"}), ("#!/usr/bin/env node\n", {"javascript"}),
     ("#!/usr/bin/ruby\n", {"ruby"}),
     ("#!/opt/unheard-of\n", {"text"}), ("x\n#!/usr/bin/python\n", {"text"})],
)  # fmt: skip
def test_the_language_is_guessed_from_a_shebang_line(ada, body, languages):
    assert ada.create(body=body)["language"] in languages


def test_a_language_that_is_given_is_not_guessed(ada):
    assert ada.create(title="main.py", body="#!/usr/bin/perl\n", language="rust")["language"] == "rust"


def test_an_unknown_language_becomes_text(ada):
    assert ada.create(title="main.py", language="no-such-language")["language"] == "text"


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_each_visibility_is_taken(ada, visibility):
    assert ada.create(visibility=visibility)["visibility"] == visibility


@pytest.mark.parametrize("is_public, visibility", [(True, "unlisted"), (False, "private")])
def test_is_public_is_accepted_as_unlisted_or_private(ada, is_public, visibility):
    snippet = ada.create(is_public=is_public)
    assert snippet["visibility"] == visibility
    assert "is_public" not in snippet
    other = "private" if visibility == "unlisted" else "unlisted"
    edited = ada.patch(f"/snippets/{snippet['id']}", {"is_public": not is_public})
    assert edited.json()["visibility"] == other


@pytest.mark.parametrize(
    "field, value",
    [("visibility", "everyone"), ("visibility", ""), ("visibility", 1), ("is_public", "yes"),
     ("is_public", 1), ("language", 7),
     ("burn_after_reading", "yes"), ("burn_after_reading", 1)],
)  # fmt: skip
def test_a_member_of_the_wrong_kind_is_refused(ada, field, value):
    expect.invalid(ada.post("/snippets", {"body": "x", field: value}), field)


def test_ten_tags_of_1_to_32_characters_are_taken(ada):
    tags = ["t", "x" * 32, "é" * 32, "two words", "C++", "#6", "g", "h", "i", "j"]
    assert sorted(ada.create(tags=tags)["tags"]) == sorted(tags)


@pytest.mark.parametrize(
    "tags", [[str(n) for n in range(11)], ["x" * 33], [""], ["a\nb"], ["ok", 5], "tag", {"a": 1}, [None], [["a"]]]
)
def test_any_other_tags_are_refused(ada, tags):
    expect.invalid(ada.post("/snippets", {"body": "x", "tags": tags}), "tags")


@pytest.mark.parametrize("expires_in", [0, -1, 1.5, "60", True, 1e300, 10**30])
def test_any_other_expiry_than_whole_seconds_is_refused(ada, expires_in):
    expect.invalid(ada.post("/snippets", {"body": "x", "expires_in": expires_in}), "expires_in")


def test_an_expiry_of_null_is_none(ada):
    assert ada.create(expires_in=None)["expires_at"] is None


def test_an_expired_snippet_is_gone_by_every_route_and_from_every_list(ada, slow_factor):
    snippet = ada.create(expires_in=1, visibility="public", tags=["brief"])
    id = snippet["id"]
    assert id in [item["id"] for item in expect.items(ada.get("/explore"))]
    until(lambda: time.time() > expect.timestamp(snippet["expires_at"]), 5 * slow_factor, "the expiry")
    for path in (f"/s/{id}", f"/s/{id}/raw", f"/snippets/{id}", f"/snippets/{id}/revisions"):
        expect.problem(ada.get(path), 410, "gone")
    expect.problem(ada.patch(f"/snippets/{id}", {"expires_in": None}), 410, "gone")
    for path in ("/snippets", "/snippets?tag=brief", "/explore"):
        assert id not in [item["id"] for item in expect.items(ada.get(path))], path


def test_an_expired_snippet_is_still_410_after_its_row_is_removed(fresh_server, slow_factor):
    server = fresh_server(flags=["--reaper-interval", "100ms"], log_level="debug")
    client = Client(server).signup()
    id = client.create(expires_in=1, body="for a moment")["id"]
    until(lambda: client.get(f"/s/{id}").status == 410, 5 * slow_factor, "the expiry")
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        expect.problem(client.get(f"/s/{id}"), 410, "gone")


# --- Own list


@pytest.fixture(scope="module")
def librarian(server):
    """An account with 7 snippets, and their ids, newest first."""
    client = Client(server).signup()
    fields = [
        {"title": "Alpha.py", "body": "import os", "tags": ["work", "py"]},
        {"title": "beta", "body": "100% sure", "tags": ["work"], "visibility": "private"},
        {"title": "gamma.rs", "body": "fn main() {}", "tags": ["home"], "visibility": "public"},
        {"title": "100 times", "body": "alpha again", "language": "python"},
        {"title": "under_score", "body": "x"},
        {"title": "underXscore", "body": "back\\slash 'quoted'"},
        {"title": "Straße", "body": "漢字", "tags": ["work"]},
    ]
    client.ids = [create_later(client, **one)["id"] for one in fields][::-1]
    client.titles = [one["title"] for one in fields][::-1]
    return client


def titles(client, query):
    return [item["title"] for item in expect.items(client.get(f"/snippets{query}"))]


def test_the_own_list_is_newest_first_without_bodies(librarian):
    response = librarian.get("/snippets")
    listed = expect.items(response)
    assert [item["id"] for item in listed] == librarian.ids
    assert response.json()["next_cursor"] is None
    for item in listed:
        assert set(item) == MEMBERS - {"body"}
        assert item["owner"] == librarian.username


def test_the_own_list_has_only_own_snippets(server, librarian):
    newcomer = Client(server).signup()
    assert newcomer.get("/snippets").json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_follow_one_another_without_gap_or_repetition(librarian, limit):
    assert [item["id"] for item in expect.all_items(librarian, f"/snippets?limit={limit}")] == librarian.ids
    assert len(expect.items(librarian.get(f"/snippets?limit={limit}"))) == min(limit, 7)


def test_pages_do_not_shift_when_something_is_created_or_deleted_meanwhile(server):
    client = Client(server).signup()
    ids = [create_later(client)["id"] for _ in range(6)][::-1]
    first = client.get("/snippets?limit=2").json()
    client.create()
    client.delete(f"/snippets/{ids[0]}")
    second = client.get("/snippets?limit=2&cursor=" + first["next_cursor"]).json()
    third = client.get("/snippets?limit=2&cursor=" + second["next_cursor"]).json()
    assert [item["id"] for page in (first, second, third) for item in page["items"]] == ids
    assert third["next_cursor"] is None


def test_snippets_of_the_same_millisecond_are_all_listed(server):
    client = Client(server).signup()
    cookie = {"Cookie": f"session={client.session}"}
    made = burst(server, [request_bytes("POST", "/snippets", json={"body": "x"}, headers=cookie) for _ in range(60)])
    listed = [item["id"] for item in expect.all_items(client, "/snippets?limit=7")]
    assert sorted(listed) == sorted(answer.json()["id"] for answer in made)


def test_a_page_has_20_items_unless_told_and_100_at_most(server):
    client = Client(server).signup()
    for _ in range(21):
        client.create()
    assert len(expect.items(client.get("/snippets"))) == 20
    assert len(expect.items(client.get("/snippets?limit=100"))) == 21
    assert len(expect.items(Client(server).get("/explore"))) <= 20


@pytest.mark.parametrize("limit", ["0", "-1", "101", "x", "", "1.5", "99999999999999999999", "1x"])
def test_a_bad_limit_is_422(librarian, limit):
    expect.invalid(librarian.get(f"/snippets?limit={limit}"), "limit")


@pytest.mark.parametrize("path", ["/snippets", "/explore"])
@pytest.mark.parametrize("cursor", ["x", "!!!!", "AAAA", "0", "a" * 500, "%F0%9F%90%98"])
def test_a_bad_cursor_is_422(librarian, path, cursor):
    expect.invalid(librarian.get(f"{path}?cursor={cursor}"), "cursor")


@pytest.mark.parametrize(
    "query, expected",
    [
        ("?q=gamma", ["gamma.rs"]),
        ("?q=main", ["gamma.rs"]),
        ("?q=alpha", ["100 times", "Alpha.py"]),
        ("?q=100%25", ["beta"]),
        ("?q=under_score", ["under_score"]),
        ("?q=back%5Cslash", ["underXscore"]),
        ("?q='quoted'", ["underXscore"]),
        ("?q=%E6%BC%A2", ["Straße"]),
        ("?q=nowhere", []),
        ("?tag=work", ["Straße", "beta", "Alpha.py"]),
        ("?tag=wor", []),
        ("?language=python", ["100 times", "Alpha.py"]),
        ("?language=rust", ["gamma.rs"]),
        ("?q=alpha&tag=work", ["Alpha.py"]),
        ("?q=alpha&language=python&tag=work", ["Alpha.py"]),
        ("?tag=work&language=rust", []),
        ("?visibility=private", ["beta"]),
        ("?visibility=public", ["gamma.rs"]),
        ("?visibility=unlisted&tag=work", ["Straße", "Alpha.py"]),
        ("?visibility=public&tag=work", []),
        ("?visibility=&language=rust", ["gamma.rs"]),
    ],
)
def test_the_own_list_is_searched_by_text_tag_language_and_visibility(librarian, query, expected):
    assert titles(librarian, query) == expected


def test_a_search_is_paged_like_the_list(librarian):
    assert [item["title"] for item in expect.all_items(librarian, "/snippets?tag=work&limit=1")] == [
        "Straße",
        "beta",
        "Alpha.py",
    ]


@pytest.mark.parametrize("visibility", ["Public", "all", "secret", "public,private", "0", "%F0%9F%90%98", "%FF"])
def test_another_visibility_to_filter_by_is_422(librarian, visibility):
    expect.invalid(librarian.get(f"/snippets?visibility={visibility}"), "visibility")


def test_a_visibility_to_filter_by_shows_nobody_elses(server, librarian):
    newcomer = Client(server).signup()
    for visibility in ("public", "unlisted", "private"):
        assert newcomer.get(f"/snippets?visibility={visibility}").json() == {"items": [], "next_cursor": None}
        expect.problem(Client(server).get(f"/snippets?visibility={visibility}"), 401, "unauthenticated")


def test_the_own_list_needs_an_account(anonymous):
    expect.problem(anonymous.get("/snippets"), 401, "unauthenticated")


# --- The owner's read


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_the_owner_reads_any_visibility(ada, visibility):
    snippet = ada.create(visibility=visibility, body="mine")
    response = ada.get(f"/snippets/{snippet['id']}")
    assert response.status == 200
    assert response.json() == snippet


def test_only_the_owner_reads_by_the_owners_route(ada, bob, anonymous):
    snippet = ada.create(visibility="public")
    expect.problem(bob.get(f"/snippets/{snippet['id']}"), (403, 404), ("forbidden", "not_found"))
    expect.problem(anonymous.get(f"/snippets/{snippet['id']}"), (401, 403, 404))


# --- Editing


EDITS = [
    ("title", "renamed.go"),
    ("body", "changed"),
    ("language", "rust"),
    ("visibility", "public"),
    ("visibility", "private"),
    ("tags", ["new"]),
    ("tags", []),
]


@pytest.mark.parametrize("field, value", EDITS)
def test_an_edit_changes_what_it_names_and_nothing_else(ada, field, value):
    before = ada.create(title="before.py", body="before", tags=["old"])
    response = ada.patch(f"/snippets/{before['id']}", {field: value})
    assert response.status == 200, response
    after = response.json()
    assert after[field] == value
    assert after["version"] == before["version"] + 1
    assert expect.timestamp(after["updated_at"]) >= expect.timestamp(before["updated_at"])
    changed = {name for name in MEMBERS if after[name] != before[name]}
    assert changed <= {field, "version", "updated_at"} | ({"language"} if field == "title" else set())
    assert ada.get(f"/snippets/{before['id']}").json() == after


def test_an_edit_of_many_members_is_one_version(ada):
    snippet = ada.create()
    after = ada.patch(
        f"/snippets/{snippet['id']}", {"title": "t", "body": "b", "tags": ["x"], "visibility": "public"}
    ).json()
    assert (after["version"], after["title"], after["body"], after["tags"], after["visibility"]) == (
        2,
        "t",
        "b",
        ["x"],
        "public",
    )


def test_an_edit_can_set_and_take_away_the_expiry(ada):
    snippet = ada.create()
    after = ada.patch(f"/snippets/{snippet['id']}", {"expires_in": 100}).json()
    assert expect.timestamp(after["expires_at"]) == pytest.approx(expect.timestamp(after["updated_at"]) + 100, abs=1)
    assert ada.patch(f"/snippets/{snippet['id']}", {"expires_in": None}).json()["expires_at"] is None


def test_an_edit_that_changes_nothing_keeps_the_version(ada):
    snippet = ada.create(title="same", tags=["a"])
    for same in ({}, {"title": "same"}, {"body": "x", "tags": ["a"]}):
        response = ada.patch(f"/snippets/{snippet['id']}", same)
        assert response.status == 200, response
        assert response.json()["version"] == 1
    assert len(expect.items(ada.get(f"/snippets/{snippet['id']}/revisions"))) == 1


@pytest.mark.parametrize(
    "field, value",
    [("burn_after_reading", True), ("body", ""), ("body", "a\x00b"), ("body", None),
     ("title", "x" * 201), ("visibility", "x"),
     ("visibility", None), ("tags", [""]), ("expires_in", 0)],
)  # fmt: skip
def test_a_wrong_edit_is_refused_by_name_and_changes_nothing(ada, field, value):
    snippet = ada.create()
    expect.invalid(ada.patch(f"/snippets/{snippet['id']}", {"title": "half done", field: value}), field)
    assert ada.get(f"/snippets/{snippet['id']}").json() == snippet


def test_an_edit_needs_the_owner(ada, bob, anonymous):
    snippet = ada.create(visibility="public")
    path = f"/snippets/{snippet['id']}"
    expect.problem(bob.patch(path, {"body": "y"}), 403, "forbidden")
    expect.problem(bob.delete(path), 403, "forbidden")
    expect.problem(anonymous.patch(path, {"body": "y"}), 401, "unauthenticated")
    expect.problem(anonymous.delete(path), 401, "unauthenticated")
    assert ada.get(path).json() == snippet


@pytest.mark.parametrize("header", ["Authorization", "X-Edit-Token"])
def test_an_edit_token_edits_and_deletes(server, header):
    client = Client(server)
    snippet = client.create()
    value = f"Bearer {snippet['edit_token']}" if header == "Authorization" else snippet["edit_token"]
    path = f"/snippets/{snippet['id']}"
    edited = client.patch(path, {"body": "y"}, {header: value})
    assert (edited.status, edited.json()["body"], edited.json()["version"]) == (200, "y", 2)
    assert client.delete(path, {header: value}).status == 204
    assert client.get(f"/s/{snippet['id']}").status == 404


@pytest.mark.parametrize("header", ["Authorization", "X-Edit-Token"])
def test_an_edit_token_is_good_for_its_own_snippet_only(server, ada, header):
    client = Client(server)
    one, two = client.create(), client.create()
    owned = ada.create()
    prefix = "Bearer " if header == "Authorization" else ""
    token = one["edit_token"]
    for id in (two["id"], owned["id"]):
        for value in (token, token[:-1] + ("A" if token[-1] != "A" else "B"), "sne_", ""):
            for method in ("PATCH", "DELETE"):
                response = client.request(
                    method, f"/snippets/{id}", json={"body": "y"}, headers={header: prefix + value}
                )
                expect.problem(response, (401, 403))
    assert client.get(f"/s/{two['id']}").json()["version"] == 1
    expect.problem(client.get("/auth/me", {"Authorization": f"Bearer {token}"}), 401, "unauthenticated")


def test_an_anonymous_snippet_cannot_be_edited_by_an_account_without_the_token(server, ada):
    snippet = Client(server).create()
    expect.problem(ada.patch(f"/snippets/{snippet['id']}", {"body": "y"}), (401, 403))
    edited = ada.patch(f"/snippets/{snippet['id']}", {"body": "y"}, {"X-Edit-Token": snippet["edit_token"]})
    assert edited.status == 200


def test_if_match_is_honoured(ada):
    snippet = ada.create()
    path, link = f"/snippets/{snippet['id']}", f"/s/{snippet['id']}"
    first = ada.get(link).headers["ETag"]
    assert ada.patch(path, {"body": "two"}, {"If-Match": first}).status == 200
    for stale in (first, '"nonsense"', '"v1", "v7"'):
        expect.problem(ada.patch(path, {"body": "three"}, {"If-Match": stale}), 412, "precondition_failed")
    assert ada.get(path).json()["body"] == "two"
    second, second_raw = ada.get(link).headers["ETag"], ada.get(link + "/raw").headers["ETag"]
    assert ada.patch(path, {"body": "three"}, {"If-Match": f'"v1", {second}'}).status == 200
    assert ada.patch(path, {"body": "four"}, {"If-Match": "*"}).status == 200
    expect.problem(ada.patch(path, {"body": "five"}, {"If-Match": second_raw}), 412, "precondition_failed")
    assert ada.patch(path, {"body": "five"}, {"If-Match": ada.get(link + "/raw").headers["ETag"]}).status == 200


def test_the_answer_of_an_edit_carries_the_etag_for_the_next_one(ada):
    snippet = ada.create()
    path = f"/snippets/{snippet['id']}"
    response = ada.patch(path, {"body": "two"})
    assert response.headers["ETag"] == ada.get(f"/s/{snippet['id']}").headers["ETag"]


def test_of_many_edits_with_one_if_match_at_the_same_time_exactly_one_succeeds(server, ada):
    snippet = ada.create()
    etag = ada.get(f"/s/{snippet['id']}").headers["ETag"]
    headers = {"Cookie": f"session={ada.session}", "If-Match": etag}
    requests = [
        request_bytes("PATCH", f"/snippets/{snippet['id']}", json={"body": f"edit {number}"}, headers=headers)
        for number in range(30)
    ]
    answers = burst(server, requests)
    assert sorted(answer.status for answer in answers) == [200] + [412] * 29
    winner = next(answer for answer in answers if answer.status == 200).json()
    stored = ada.get(f"/snippets/{snippet['id']}").json()
    assert (stored["body"], stored["version"]) == (winner["body"], 2)


def test_concurrent_edits_without_if_match_lose_no_version(server, ada):
    snippet = ada.create()
    headers = {"Cookie": f"session={ada.session}"}
    requests = [
        request_bytes("PATCH", f"/snippets/{snippet['id']}", json={"body": f"edit {number}"}, headers=headers)
        for number in range(20)
    ]
    answers = burst(server, requests)
    succeeded = [answer.json()["version"] for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 409}
    assert succeeded and sorted(succeeded) == list(range(2, 2 + len(succeeded)))
    versions = [item["version"] for item in expect.items(ada.get(f"/snippets/{snippet['id']}/revisions"))]
    assert versions == list(range(1 + len(succeeded), 0, -1))


# --- Deleting


def test_a_delete_is_204_and_the_snippet_is_not_found_by_any_route(ada):
    snippet = ada.create(visibility="public")
    id = snippet["id"]
    ada.patch(f"/snippets/{id}", {"body": "y"})
    response = ada.delete(f"/snippets/{id}")
    assert (response.status, response.body) == (204, b"")
    for path in (
        f"/s/{id}",
        f"/s/{id}/raw",
        f"/snippets/{id}",
        f"/snippets/{id}/revisions",
        f"/snippets/{id}/revisions/1",
    ):
        expect.problem(ada.get(path), 404, "not_found")
    expect.problem(ada.delete(f"/snippets/{id}"), 404, "not_found")
    expect.problem(ada.patch(f"/snippets/{id}", {"body": "z"}), 404, "not_found")
    expect.problem(ada.post(f"/snippets/{id}/fork"), 404, "not_found")
    for path in ("/snippets", "/explore"):
        assert id not in ada.get(path).text


# --- Revisions


def test_revisions_are_listed_newest_first_and_read_one_by_one(ada, anonymous):
    snippet = ada.create(title="one.py", body="first")
    path = f"/snippets/{snippet['id']}"
    ada.patch(path, {"body": "the second"})
    ada.patch(path, {"title": "two.rs", "language": "rust"})
    for reader in (ada, anonymous):
        listed = expect.items(reader.get(f"{path}/revisions"))
        assert [(item["version"], item["title"], item["language"], item["size"]) for item in listed] == [
            (3, "two.rs", "rust", 10),
            (2, "one.py", "python", 10),
            (1, "one.py", "python", 5),
        ]
        for version, title, body, language in [
            (1, "one.py", "first", "python"),
            (2, "one.py", "the second", "python"),
            (3, "two.rs", "the second", "rust"),
        ]:
            revision = reader.get(f"{path}/revisions/{version}").json()
            assert set(revision) - {"size"} == {"version", "title", "body", "language", "created_at"}
            assert (revision["version"], revision["title"], revision["body"], revision["language"]) == (
                version,
                title,
                body,
                language,
            )
    times = [expect.timestamp(item["created_at"]) for item in listed]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("version", ["0", "2", "99", "-1", "x", "1x", "99999999999999999999999"])
def test_a_revision_that_does_not_exist_is_not_found(ada, version):
    snippet = ada.create()
    expect.problem(ada.get(f"/snippets/{snippet['id']}/revisions/{version}"), 404, "not_found")


# --- Forks


def test_a_fork_is_a_new_snippet_of_the_forker(ada, bob):
    original = ada.create(title="tool.py", body="print()", tags=["a"], visibility="public")
    response = bob.post(f"/snippets/{original['id']}/fork")
    assert response.status == 201, response
    fork = response.json()
    assert set(fork) == MEMBERS | {"forked_from"}
    assert response.headers["Location"] == f"/s/{fork['id']}"
    assert fork["forked_from"] == original["id"] != fork["id"]
    assert (fork["owner"], fork["version"], fork["view_count"]) == (bob.username, 1, 0)
    assert (fork["title"], fork["body"], fork["language"]) == (
        original["title"],
        original["body"],
        original["language"],
    )
    assert bob.get(f"/snippets/{fork['id']}").json() == fork
    assert ada.get(f"/s/{fork['id']}").json()["forked_from"] == original["id"]
    bob.patch(f"/snippets/{fork['id']}", {"body": "changed"})
    assert ada.get(f"/snippets/{original['id']}").json()["body"] == "print()"
    ada.delete(f"/snippets/{original['id']}")
    assert bob.get(f"/s/{fork['id']}").status == 200


def test_a_fork_takes_an_empty_object_and_nothing_else(ada):
    original = ada.create()
    assert ada.post(f"/snippets/{original['id']}/fork", {}).status == 201
    expect.invalid(ada.post(f"/snippets/{original['id']}/fork", {"title": "x"}), "title")


def test_a_fork_of_the_own_private_snippet_is_not_public(ada, anonymous):
    original = ada.create(visibility="private")
    fork = ada.post(f"/snippets/{original['id']}/fork").json()
    assert fork["visibility"] == "private"
    assert anonymous.get(f"/s/{fork['id']}").status == 404


def test_a_fork_needs_an_account_and_an_original(ada, anonymous):
    original = ada.create(visibility="public")
    expect.problem(anonymous.post(f"/snippets/{original['id']}/fork"), 401, "unauthenticated")
    expect.problem(ada.post("/snippets/AAAAAAAAAAAA/fork"), 404, "not_found")


# --- Explore


def test_explore_lists_public_snippets_newest_first_without_bodies(fresh_server):
    server = fresh_server()
    client = Client(server).signup()
    public = []
    for number in range(5):
        public.insert(0, create_later(client, title=f"public {number}", visibility="public")["id"])
        client.create(visibility="unlisted")
        client.create(visibility="private")
        client.create(visibility="public", burn_after_reading=True)
    public.insert(0, create_later(Client(server), visibility="public")["id"])
    for reader in (Client(server), client):
        response = reader.get("/explore")
        assert [item["id"] for item in expect.items(response)] == public
        assert response.json()["next_cursor"] is None
        assert all(set(item) == MEMBERS - {"body"} for item in expect.items(response))
    client.patch(f"/snippets/{public[1]}", {"visibility": "unlisted"})
    client.delete(f"/snippets/{public[2]}")
    assert [item["id"] for item in expect.items(client.get("/explore"))] == [public[0], *public[3:]]


def test_explore_is_paged_by_cursor(server):
    client = Client(server).signup()
    mine = [create_later(client, visibility="public")["id"] for _ in range(45)][::-1]
    listed = [item["id"] for item in expect.all_items(Client(server), "/explore") if item["owner"] == client.username]
    assert listed == mine


# --- Reading by link


def test_a_link_is_read_as_json_by_anyone(ada, anonymous):
    snippet = ada.create(visibility="unlisted", title="t", tags=["a"])
    for headers in (
        {},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": "application/json, text/html;q=0.5"},
    ):
        response = anonymous.get(f"/s/{snippet['id']}", headers)
        assert response.status == 200
        assert response.headers["Content-Type"].split(";")[0] == "application/json"
        assert response.json() == snippet


def test_raw_is_the_body_byte_for_byte(ada, anonymous):
    body = "tab\t, CRLF\r\n, \x01\x1b\x7f, é, 漢, 🐘, \ufeff, \u2028, no newline at the end"
    snippet = ada.create(body=body)
    response = anonymous.get(f"/s/{snippet['id']}/raw")
    assert response.status == 200
    assert response.body == body.encode()
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Length"] == str(len(body.encode()))
    assert "Content-Disposition" not in response.headers


def test_download_adds_a_file_name(ada, anonymous):
    snippet = ada.create(title="main.rs", body="x")
    response = anonymous.get(f"/s/{snippet['id']}/raw?download=1")
    assert response.body == b"x"
    assert re.match(r'attachment;\s*filename="?main\.rs"?', response.headers["Content-Disposition"])


@pytest.mark.parametrize(
    "title", ['a"; filename="evil.exe', "../../etc/passwd", "naïve 🐘.py", "a;b=c%0d%0aX: y", "", ".",
              "gnp.\u202etxt.exe", "a\u061cb\u200ec\u200fd\u2066e\u2069f\u2028g"]
)  # fmt: skip
def test_a_hostile_title_makes_a_harmless_file_name(ada, anonymous, title):
    snippet = ada.create(title=title)
    response = anonymous.get(f"/s/{snippet['id']}/raw?download=1")
    assert response.status == 200
    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(
        r'attachment; filename="[^"/\\\x00-\x1f]+"(; filename\*=UTF-8\'\'[A-Za-z0-9%!#$&+.^_`|~-]+)?', disposition
    ), disposition
    assert not re.search("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", urllib.parse.unquote(disposition))


def test_an_unknown_link_is_not_found(anonymous):
    for id in ("AAAAAAAAAAAA", "x", "a" * 300, "..."):
        expect.problem(anonymous.get(f"/s/{id}"), 404, "not_found")
        expect.problem(anonymous.get(f"/s/{id}/raw"), 404, "not_found")


def test_what_is_made_within_a_millisecond_is_listed_in_the_order_of_its_making(server):
    with Client(server).signup() as client:
        ids = [client.create(body="x")["id"] for _ in range(120)]
        assert [item["id"] for item in expect.all_items(client, "/snippets?limit=100")] == ids[::-1]
