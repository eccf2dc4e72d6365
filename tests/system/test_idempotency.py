"""`Idempotency-Key` on POST /snippets and fork: one request, one effect, one answer."""

import time
import uuid

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
