"""`Idempotency-Key` on POST /snippets and fork: one request, one effect, one answer."""

import contextlib
import json
import sqlite3
import time
import uuid
from hashlib import blake2b

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.held_up import writes_held_up
from harness.server import Server
from harness.waiting import until


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def is_replay(response):
    return response.headers.get("Idempotency-Replayed") == "true"


def count_of(client):
    return len(expect.all_items(client, "/snippets?limit=100"))


@pytest.fixture
def author(server):
    """A fresh account."""
    return Client(server).signup()


def test_the_same_key_with_the_same_request_gives_the_same_response(author):
    headers = key()
    document = {"body": "é", "title": "main.py", "tags": ["a"]}
    first = author.post("/snippets", document, headers)
    assert first.status == 201 and "Idempotency-Replayed" not in first.headers
    for _ in range(3):
        again = author.post("/snippets", document, headers)
        assert is_replay(again)
        assert (again.status, again.body) == (first.status, first.body)
        for name in ("Location", "Content-Type"):
            assert again.headers[name] == first.headers[name]
    assert count_of(author) == 1


def test_without_a_key_every_request_makes_a_snippet(author):
    for _ in range(2):
        assert "Idempotency-Replayed" not in author.post("/snippets", {"body": "x"}).headers
    assert count_of(author) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"body": "y"},
        {"body": "x", "title": "t"},
        {"body": "x", "visibility": "private"},
        {"body": "x", "tags": ["a"]},
        {"body": "x", "expires_in": 60},
    ],
)
def test_the_same_key_with_another_request_is_422(author, other):
    headers = key()
    author.create(headers, body="x")
    expect.problem(author.post("/snippets", other, headers), 422, "idempotency_key_reused")
    assert count_of(author) == 1
    assert is_replay(author.post("/snippets", {"body": "x"}, headers))


DOCUMENT = {"body": "ä/\n\U0001f600", "title": "t.py", "tags": ["a", "b"], "expires_in": 3600, "visibility": "public"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DOCUMENT),
        json.dumps(DOCUMENT, ensure_ascii=False),
        json.dumps(DOCUMENT, indent=4),
        json.dumps(DOCUMENT, separators=(",", ":"), sort_keys=True) + "\r\n",
        json.dumps(dict(reversed(DOCUMENT.items()))),
        json.dumps(DOCUMENT).replace("/", "\\/").replace('"body"', '"\\u0062ody"'),
    ],
)
def test_the_same_request_may_be_written_in_another_way(author, text):
    headers = key()
    first = author.post("/snippets", DOCUMENT, headers)
    assert first.status == 201, first
    again = author.post("/snippets", body=text.encode(), headers={**headers, "Content-Type": "text/plain"})
    assert is_replay(again) and again.body == first.body
    assert count_of(author) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"tags": ["b", "a"]},
        {"body": DOCUMENT["body"] + "\n"},
        {"body": DOCUMENT["body"].replace("ä", "a\u0308")},
        {"title": "T.py"},
        {"expires_in": 3601},
        {"expires_in": None},
        {"visibility": "unlisted"},
    ],
)
def test_another_request_is_another_however_like_it_is(author, other):
    headers = key()
    author.create(headers, **DOCUMENT)
    document = dict(reversed({**DOCUMENT, **other}.items()))
    expect.problem(author.post("/snippets", document, headers), 422, "idempotency_key_reused")
    assert count_of(author) == 1


def multipart(fields, boundary):
    begin = f"--{boundary}\r\nContent-Disposition: form-data; name="
    return "".join(f'{begin}"{name}"\r\n\r\n{value}\r\n' for name, value in fields) + f"--{boundary}--\r\n"


def upload(client, fields, headers, boundary):
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post("/", body=multipart(fields, boundary), headers={**headers, "Content-Type": content_type})


def test_a_form_is_the_same_in_any_order_and_with_any_boundary(author):
    headers = key()
    fields = [("file", "text"), ("title", "t"), ("expires", "7d")]
    first = upload(author, fields, headers, "one")
    assert first.status == 200, first
    again = upload(author, fields[::-1], headers, "another")
    assert is_replay(again) and again.body == first.body
    expect.problem(upload(author, [("file", "text"), ("title", "u")], headers, "one"), 422, "idempotency_key_reused")
    assert count_of(author) == 1


def test_an_upload_until_a_moment_is_the_same_a_second_later(author, slow_factor):
    """What it comes to in seconds is another number each time."""
    headers = key()
    fields = [("file", "text"), ("expires", str(int((time.time() + 3600) * 1000)))]
    first = upload(author, fields, headers, "one")
    assert first.status == 200, first

    def a_second_later():
        again = upload(author, fields, headers, "two")
        assert is_replay(again) and again.body == first.body, again
        return time.monotonic() > begun + 1.2

    begun = time.monotonic()
    until(a_second_later, 10 * slow_factor, "more than a second to pass", 0.3)
    later = [("file", "text"), ("expires", str(int((time.time() + 7200) * 1000)))]
    expect.problem(upload(author, later, headers, "one"), 422, "idempotency_key_reused")


@pytest.mark.parametrize("title", ["a%20b.py", "%61%20b.py"])
def test_a_text_is_the_same_however_its_parameters_are_written(author, title):
    headers = key()
    first = author.post("/upload?title=a%20b.py&expires=7d", body="text", headers=headers)
    assert first.status == 201, first
    again = author.post(f"/upload?expires=7d&title={title}", body="text", headers=headers)
    assert is_replay(again) and again.body == first.body
    for path, body in (("/upload?expires=7d&title=c.py", "text"), ("/upload?title=a%20b.py&expires=7d", "text\n")):
        expect.problem(author.post(path, body=body, headers=headers), 422, "idempotency_key_reused")
    assert count_of(author) == 1


def test_a_gist_is_the_same_however_it_is_written(author):
    headers = key()
    files = {"b.txt": {"content": "b"}, "a.txt": {"content": "a"}}
    first = author.post("/api/v3/gists", {"files": files, "public": False, "description": "d"}, headers)
    assert first.status == 201, first
    reversed_files = dict(reversed(files.items()))
    again = author.post("/api/v3/gists", {"description": "d", "public": False, "files": reversed_files}, headers)
    assert is_replay(again) and again.json()["id"] == first.json()["id"]
    other = {"files": {**files, "a.txt": {"content": "c"}}, "public": False, "description": "d"}
    expect.problem(author.post("/api/v3/gists", other, headers), 422, "idempotency_key_reused")


def test_a_record_of_the_release_before_is_of_the_same_bytes(fresh_server, postgres):
    """A repetition that comes after the upgrade is told what the first one was."""
    server = fresh_server()
    author = Client(server).signup()
    headers = key()
    text = b'{"body" : "x"}'
    first = author.post("/snippets", body=text, headers=headers)
    # As release 0.1 made it: BLAKE2b-256 under a key that is the purpose's.
    purpose = blake2b(b"snippetd/request", digest_size=32).digest()
    old = blake2b(b"POST /snippets\n" + text, digest_size=32, key=purpose).hexdigest()
    execute(server, postgres, f"update idempotency_records set fingerprint = '{old}'")
    again = author.post("/snippets", body=text, headers=headers)
    assert is_replay(again) and again.body == first.body
    expect.problem(author.post("/snippets", {"body": "x "}, headers), 422, "idempotency_key_reused")


def execute(server, postgres, sql):
    if server.database:
        postgres.query(sql, server.database)
        return
    with contextlib.closing(sqlite3.connect(f"{server.data_dir}/snippets.db", timeout=10)) as store, store:
        assert store.execute(sql).rowcount == 1


def test_another_key_makes_another_snippet(author):
    assert author.create(key())["id"] != author.create(key())["id"]


def test_a_key_belongs_to_its_account(server, author):
    headers = key()
    other = Client(server).signup()
    mine = author.create(headers)
    theirs = other.post("/snippets", {"body": "x"}, headers)
    assert theirs.status == 201 and not is_replay(theirs)
    assert theirs.json()["id"] != mine["id"]
    assert (count_of(author), count_of(other)) == (1, 1)


def test_a_key_works_the_same_by_cookie_and_by_token(server, author):
    headers = key()
    token = author.post("/auth/tokens", {"name": "ci"}).json()["token"]
    first = author.create(headers)
    again = Client(server).post("/snippets", {"body": "x"}, {**headers, "Authorization": f"Bearer {token}"})
    assert is_replay(again) and again.json() == first


def test_an_anonymous_create_is_repeatable_too(server):
    headers = key()
    first = Client(server).post("/snippets", {"body": "x"}, headers)
    again = Client(server).post("/snippets", {"body": "x"}, headers)
    assert first.status == again.status == 201
    assert is_replay(again)
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.parametrize("value", ["k", "x" * 255, "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"])
def test_a_key_of_1_to_255_visible_characters_is_taken(author, value):
    headers = {"Idempotency-Key": value}
    assert author.post("/snippets", {"body": "x"}, headers).status == 201
    assert is_replay(author.post("/snippets", {"body": "x"}, headers))


@pytest.mark.parametrize("value", ["", "x" * 256, "two words", "tab\tbed", b"caf\xe9"])
def test_any_other_key_is_refused(author, value):
    response = author.post("/snippets", {"body": "x"}, {"Idempotency-Key": value})
    expect.problem(response, (400, 422), ("bad_request", "invalid"))
    assert count_of(author) == 0


def test_a_request_that_failed_is_not_remembered(author):
    headers = key()
    expect.problem(author.post("/snippets", {"body": ""}, headers), 422, "invalid")
    expect.problem(author.post("/snippets", body="{", headers=headers), 400)
    response = author.post("/snippets", {"body": "x"}, headers)
    assert response.status == 201 and not is_replay(response)


def test_the_answer_stays_the_same_after_an_edit_and_a_delete(author):
    headers = key()
    first = author.post("/snippets", {"body": "x"}, headers)
    path = f"/snippets/{first.json()['id']}"
    author.patch(path, {"body": "y"})
    assert author.post("/snippets", {"body": "x"}, headers).body == first.body
    author.delete(path)
    assert author.post("/snippets", {"body": "x"}, headers).body == first.body
    assert count_of(author) == 0


def test_the_answer_stays_the_same_after_a_restart(fresh_server):
    server = fresh_server()
    author = Client(server).signup()
    headers = key()
    first = author.post("/snippets", {"body": "x"}, headers)
    server.restart()
    after = Client(server)
    after.session = author.session
    again = after.post("/snippets", {"body": "x"}, headers)
    assert is_replay(again)
    assert again.body == first.body


def test_a_fork_is_repeatable(author, ada):
    headers = key()
    original = ada.create(body="original")
    first = author.post(f"/snippets/{original['id']}/fork", headers=headers)
    again = author.post(f"/snippets/{original['id']}/fork", headers=headers)
    assert first.status == 201 and not is_replay(first)
    assert is_replay(again) and (again.status, again.body) == (201, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert count_of(author) == 1


@pytest.mark.parametrize("end", ["deleted", "burned", "private", "expired", "condition"])
def test_a_fork_is_answered_as_before_whatever_has_become_of_its_source(author, ada, slow_factor, end):
    headers = key()
    original = ada.create(body="original", title="t", **({"expires_in": 1} if end == "expired" else {}))
    if end == "burned":
        original = author.create(body="original", burn_after_reading=True)  # its owner may fork it
    path = f"/snippets/{original['id']}/fork"
    if end == "condition":
        headers["If-Match"] = author.get(f"/s/{original['id']}").headers["ETag"]
    first = author.post(path, headers=headers)
    assert first.status == 201, first
    if end == "deleted":
        assert ada.delete(f"/snippets/{original['id']}").status == 204
    elif end == "burned":
        assert author.get(f"/s/{original['id']}?burn=1").status == 200
    elif end == "private":
        assert ada.patch(f"/snippets/{original['id']}", {"visibility": "private"}).status == 200
    elif end == "condition":
        assert ada.patch(f"/snippets/{original['id']}", {"body": "another"}).status == 200
    else:
        until(lambda: ada.get(f"/s/{original['id']}").status == 410, 10 * slow_factor, "the source to expire")
    again = author.post(path, headers=headers)
    assert is_replay(again) and (again.status, again.body) == (201, first.body)
    refused = author.post(path, headers={**headers, **key()})
    assert refused.status in (403, 404, 410, 412), "without the record it is asked for anew"
    other = author.post("/snippets", {"body": "x"}, {**headers, "If-Match": None})
    expect.problem(other, 422, "idempotency_key_reused")


def test_a_fork_without_a_body_and_with_an_empty_object_are_one_request(author, ada):
    headers = key()
    path = f"/snippets/{ada.create()['id']}/fork"
    first = author.post(path, headers=headers)
    for body in ("{}", " {\n} "):
        again = author.post(path, body=body, headers=headers)
        assert is_replay(again) and again.body == first.body


def test_a_key_of_a_fork_is_not_good_for_another_fork_or_a_create(author, ada):
    headers = key()
    one, two = ada.create(), ada.create()
    author.post(f"/snippets/{one['id']}/fork", headers=headers)
    expect.problem(author.post(f"/snippets/{two['id']}/fork", headers=headers), 422, "idempotency_key_reused")
    expect.problem(author.post("/snippets", {"body": "x"}, headers), 422, "idempotency_key_reused")
    assert count_of(author) == 1


def test_200_concurrent_creates_with_one_key_make_one_row_and_200_equal_answers(server, author):
    headers = {**key(), "Cookie": f"session={author.session}"}
    answers = burst(server, [request_bytes("POST", "/snippets", json={"body": "x"}, headers=headers)] * 200)
    assert [answer.status for answer in answers] == [201] * 200
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sum(is_replay(answer) for answer in answers) == 199
    assert count_of(author) == 1


def test_concurrent_creates_with_one_key_over_two_instances_make_one_row(binary, postgres):
    database = postgres.create_database()
    with Server(binary, database) as one, Server(binary, database) as two:
        author = Client(one).signup()
        headers = {**key(), "Cookie": f"session={author.session}"}
        request = request_bytes("POST", "/snippets", json={"body": "x"}, headers=headers)
        answers = burst([one, two], [request] * 60)
        assert {answer.status for answer in answers} <= {201, 409}
        created = [answer for answer in answers if answer.status == 201]
        assert len({answer.body for answer in created}) == 1
        assert sum(not is_replay(answer) for answer in created) == 1
        assert count_of(author) == 1
        later = Client(two).post("/snippets", {"body": "x"}, headers)
        assert is_replay(later) and later.body == created[0].body


def test_of_concurrent_different_requests_with_one_key_exactly_one_succeeds(server, author):
    headers = {**key(), "Cookie": f"session={author.session}"}
    requests = [request_bytes("POST", "/snippets", json={"body": f"body {n}"}, headers=headers) for n in range(30)]
    answers = burst(server, requests)
    assert sorted(answer.status for answer in answers) == [201] + [422] * 29
    assert count_of(author) == 1


def test_concurrent_forks_with_one_key_make_one_row(server, author, ada):
    original = ada.create()
    headers = {**key(), "Cookie": f"session={author.session}"}
    answers = burst(server, [request_bytes("POST", f"/snippets/{original['id']}/fork", headers=headers, body=b"")] * 50)
    assert [answer.status for answer in answers] == [201] * 50
    assert len({answer.body for answer in answers}) == 1
    assert count_of(author) == 1


def test_while_the_first_request_runs_a_second_with_its_key_gets_no_answer_of_its_own(fresh_server, slow_factor):
    """It waits below a second and is then 409, or 503 like the first, and a repetition afterwards makes one row."""
    server = fresh_server()
    author = Client(server).signup()
    headers = {**key(), "Cookie": f"session={author.session}"}
    request = request_bytes("POST", "/snippets", json={"body": "x"}, headers=headers)
    with writes_held_up(server):
        started = time.monotonic()
        answers = burst(server, [request] * 5)
        took = time.monotonic() - started
    assert took < 1.3 * slow_factor, f"the answers took {took:.2f} s"
    for answer in answers:
        expect.problem(answer, (409, 503), ("idempotency_in_progress", "unavailable"))

    def created():
        response = author.post("/snippets", {"body": "x"}, headers)
        return response.status == 201

    until(created, 3 * slow_factor, "a repetition to be answered")
    assert count_of(author) == 1
