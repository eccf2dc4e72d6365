"""Burn after reading: exactly one reader gets it, ever, under any concurrency and over all instances; then 410."""

import time

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.server import Server

SECRET = "read me once"


def burning(client, **fields):
    return client.create(body=SECRET, burn_after_reading=True, **fields)


def readers(snippet, count):
    """Requests for the JSON, the raw body and the download, in turns."""
    paths = [f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw", f"/s/{snippet['id']}/raw?download=1"]
    return [request_bytes("GET", paths[number % 3]) for number in range(count)]


def assert_exactly_one_got_it(answers):
    assert sorted(answer.status for answer in answers) == [200] + [410] * (len(answers) - 1)
    assert sum(SECRET in answer.text for answer in answers) == 1
    for answer in answers:
        if answer.status == 410:
            expect.problem(answer, 410, "gone")


def test_a_create_says_burn_after_reading_only_when_true(ada):
    assert burning(ada)["burn_after_reading"] is True
    assert "burn_after_reading" not in ada.create()
    assert "burn_after_reading" not in ada.create(burn_after_reading=False)


@pytest.mark.parametrize("suffix", ["", "/raw"])
@pytest.mark.parametrize("visibility", ["public", "unlisted"])
def test_the_first_reader_gets_the_body_and_the_second_410(server, ada, suffix, visibility):
    snippet = burning(ada, visibility=visibility)
    first = Client(server).get(f"/s/{snippet['id']}{suffix}")
    assert first.status == 200
    assert (first.json()["body"] if suffix == "" else first.text) == SECRET
    assert "no-store" in first.headers["Cache-Control"] and "private" in first.headers["Cache-Control"]
    assert "hit" not in first.headers.get("Cache-Status", "")
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        for headers in ({}, {"If-None-Match": first.headers.get("ETag", '"v1"')}, {"If-None-Match": "*"}):
            expect.problem(Client(server).get(path, headers), 410, "gone")


@pytest.mark.parametrize("condition", ["*", '"v1"', '"v1-raw"'])
def test_a_conditional_request_never_burns_it_unread(server, ada, condition):
    """A 304 would use the one reading up without showing the body."""
    snippet = burning(ada)
    response = Client(server).get(f"/s/{snippet['id']}", {"If-None-Match": condition})
    if response.status == 200:
        assert response.json()["body"] == SECRET
    else:
        assert Client(server).get(f"/s/{snippet['id']}").json()["body"] == SECRET


def test_500_concurrent_readers_get_exactly_one_body(fresh_server):
    server = fresh_server(flags=["--threads", "4"])
    snippet = burning(Client(server))
    assert_exactly_one_got_it(burst(server, readers(snippet, 500)))


def test_many_burning_snippets_are_each_read_once(server, ada):
    for _ in range(10):
        assert_exactly_one_got_it(burst(server, readers(burning(ada), 20)))


def test_over_two_instances_exactly_one_reader_gets_the_body(binary, postgres):
    database = postgres.create_database()
    with Server(binary, database) as one, Server(binary, database) as two:
        author = Client(one)
        for _ in range(5):
            assert_exactly_one_got_it(burst([one, two], readers(burning(author), 60)))


def test_it_is_still_gone_after_a_restart(fresh_server):
    server = fresh_server()
    snippet = burning(Client(server))
    assert Client(server).get(f"/s/{snippet['id']}").status == 200
    server.restart()
    expect.problem(Client(server).get(f"/s/{snippet['id']}"), 410, "gone")


def test_a_reading_is_durable_before_it_is_answered(fresh_server):
    """Killed right after the body was sent, it is gone all the same."""
    server = fresh_server()
    snippet = burning(Client(server))
    assert Client(server).get(f"/s/{snippet['id']}").status == 200
    server.kill()
    server.restart()
    expect.problem(Client(server).get(f"/s/{snippet['id']}"), 410, "gone")


def test_it_stays_410_after_the_reaper_has_been_there(fresh_server):
    server = fresh_server(flags=["--reaper-interval", "100ms"])
    snippet = burning(Client(server))
    Client(server).get(f"/s/{snippet['id']}")
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        expect.problem(Client(server).get(f"/s/{snippet['id']}"), 410, "gone")


def test_head_does_not_burn_it(server, ada):
    snippet = burning(ada)
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        for _ in range(3):
            response = Client(server).head(path)
            assert response.status == 200, response
    assert Client(server).get(f"/s/{snippet['id']}").json()["body"] == SECRET
    assert Client(server).head(f"/s/{snippet['id']}").status == 410


def test_the_owners_own_route_does_not_burn_it(server, ada):
    snippet = burning(ada)
    for _ in range(3):
        assert ada.get(f"/snippets/{snippet['id']}").json()["body"] == SECRET
    assert snippet["id"] in [item["id"] for item in expect.items(ada.get("/snippets"))]
    assert Client(server).get(f"/s/{snippet['id']}").json()["body"] == SECRET


def test_after_the_reading_the_owner_has_it_no_more_either(server, ada):
    snippet = burning(ada)
    Client(server).get(f"/s/{snippet['id']}")
    for method, path in [("GET", ""), ("GET", "/revisions"), ("PATCH", ""), ("POST", "/fork")]:
        body = b'{"body":"again"}' if method == "PATCH" else None
        response = ada.request(method, f"/snippets/{snippet['id']}{path}", body=body)
        expect.problem(response, 410, "gone")
    assert snippet["id"] not in ada.get("/snippets?limit=100").text


def test_no_other_route_shows_it_to_anyone_else(server, ada, bob):
    snippet = burning(ada, visibility="public", title="burning")
    id = snippet["id"]
    for other in (bob, Client(server)):
        for method, path in [("GET", f"/snippets/{id}"), ("GET", f"/snippets/{id}/revisions"),
                             ("GET", f"/snippets/{id}/revisions/1"), ("POST", f"/snippets/{id}/fork"),
                             ("GET", "/explore"), ("GET", "/explore?q=burning")]:  # fmt: skip
            response = other.request(method, path)
            assert SECRET not in response.text and id not in response.text.replace(path, ""), (method, path)
            if path.startswith("/snippets"):
                assert response.status in (401, 403, 404), response
    assert Client(server).get(f"/s/{id}").json()["body"] == SECRET


def test_a_private_one_is_not_burnt_by_strangers(ada, bob, anonymous):
    snippet = burning(ada, visibility="private")
    for stranger in (bob, anonymous):
        expect.problem(stranger.get(f"/s/{snippet['id']}"), 404, "not_found")
        expect.problem(stranger.get(f"/s/{snippet['id']}/raw"), 404, "not_found")
    assert ada.get(f"/snippets/{snippet['id']}").json()["body"] == SECRET


def test_an_edited_one_burns_with_all_its_versions(server, ada):
    snippet = burning(ada)
    assert ada.patch(f"/snippets/{snippet['id']}", {"body": SECRET + " twice"}).status == 200
    assert Client(server).get(f"/s/{snippet['id']}/raw").text == SECRET + " twice"
    for path in ("", "/revisions", "/revisions/1", "/revisions/2"):
        expect.problem(ada.get(f"/snippets/{snippet['id']}{path}"), 410, "gone")
