"""Clocks that are wrong or are set: the store's clock says what has expired, and nobody else's."""

import time
import uuid

import pytest

from harness import expect
from harness.client import Client
from harness.clocks import SettableClock, off_by, skip_if_sanitized
from harness.server import Server
from harness.waiting import until

HOUR = 3600
REAPER = ["--reaper-interval", "100ms"]


def as_user(server, session):
    client = Client(server)
    client.session = session
    return client


def wait_for_reaper(server, slow_factor):
    def purges():
        return server.metric("snippetd_db_statements_total", statement="purge_sessions")

    before = purges()
    until(lambda: purges() >= before + 3, 10 * slow_factor, "the reaper to have run")


@pytest.fixture
def two_instances(binary, postgres, redis):
    """A function: (one with the right clock, one whose clock is off by that), on one PostgreSQL and Redis."""
    skip_if_sanitized(binary)
    started = []

    def start(offset):
        database = postgres.create_database()
        for env in ({}, off_by(offset)):
            server = Server(binary, database, env=env, flags=[*REAPER, "--redis", redis.url()])
            started.append(server)
            server.__enter__()
        return started

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("offset", ["+25h", "+31d", "-2h", "-40d"])
def test_an_instance_with_a_wrong_clock_ends_nothing_that_others_have_made(two_instances, slow_factor, offset):
    right, wrong = two_instances(offset)
    ada = Client(right).signup()
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = ada.post("/snippets", {"body": "kept", "expires_in": HOUR}, headers)
    private = ada.create(body="kept", visibility="private", expires_in=HOUR)
    token = ada.post("/auth/tokens", {"name": "ci", "expires_in": HOUR}).json()["token"]
    wait_for_reaper(wrong, slow_factor)
    wait_for_reaper(right, slow_factor)
    for server in (wrong, right):
        client = as_user(server, ada.session)
        assert client.get("/auth/me").status == 200
        assert client.get("/auth/me", {"Cookie": None, "Authorization": f"Bearer {token}"}).status == 200
        assert client.get(f"/s/{first.json()['id']}").json()["body"] == "kept"
        assert client.get(f"/s/{private['id']}").json()["body"] == "kept"
        listed = {item["id"] for item in expect.items(client.get("/snippets"))}
        assert listed == {private["id"], first.json()["id"]}
        again = client.post("/snippets", {"body": "kept", "expires_in": HOUR}, headers)
        assert again.headers["Idempotency-Replayed"] == "true" and again.body == first.body


@pytest.mark.parametrize("offset", ["+31d", "-2h"])
def test_what_an_instance_with_a_wrong_clock_makes_lives_as_long_as_it_should(two_instances, slow_factor, offset):
    right, wrong = two_instances(offset)
    ben = Client(wrong).signup()
    token = ben.post("/auth/tokens", {"name": "ci", "expires_in": HOUR}).json()["token"]
    made = ben.create(body="for a moment", expires_in=2)
    began = time.time()
    hidden = ben.create(body="for a moment", expires_in=2, visibility="private")
    kept = ben.create(body="first", expires_in=HOUR)
    edited = ben.patch(f"/snippets/{kept['id']}", {"body": "second"}).json()
    for moment in (made["created_at"], kept["created_at"], edited["updated_at"]):
        assert abs(expect.timestamp(moment) - time.time()) < 5 * slow_factor, "it is the store's clock that counts"
    assert abs(expect.timestamp(made["expires_at"]) - began - 2) < 2 * slow_factor
    for server in (right, wrong):
        client = as_user(server, ben.session)
        assert client.get("/auth/me").status == 200
        assert client.get("/auth/me", {"Cookie": None, "Authorization": f"Bearer {token}"}).status == 200
    # Read until the end, so that it is in all caches.
    for server in (right, wrong):
        client = as_user(server, ben.session)
        for snippet in (made, hidden):
            over_at = expect.timestamp(snippet["expires_at"])
            until(lambda: client.get(f"/s/{snippet['id']}").status == 410, 10 * slow_factor, "it to expire")
            assert time.time() >= over_at - 0.1
            assert client.get(f"/s/{kept['id']}").status == 200


@pytest.mark.parametrize("path", ["/s/{}", "/s/{}/raw", "/raw/{}", "/api/v3/gists/{}"])
def test_what_has_expired_while_the_machine_was_paused_is_not_served(binary, tmp_path, path):
    skip_if_sanitized(binary)
    clock = SettableClock(tmp_path)
    with Server(binary, env=clock.environment, flags=["--threads", "2"]) as server, Client(server) as client:
        ends = client.create(body="ends", expires_in=HOUR)["id"]
        stays = client.create(body="stays")["id"]
        page = {"Accept": "text/html"}
        for id in (ends, stays):
            assert client.get(path.format(id)).status == 200
            assert "hit" in client.get(f"/s/{id}").headers["Cache-Status"]
            assert client.get(f"/s/{id}", page).status == 200
        clock.set("+2h")
        assert client.get(path.format(ends)).status == 410
        assert client.get(f"/s/{ends}", page).status == 410
        again = client.get(f"/s/{stays}")
        assert again.status == 200 and "hit" in again.headers["Cache-Status"], "what does not expire is still believed"


def test_a_clock_that_is_set_wrong_costs_a_load_and_ends_nothing(binary, postgres, tmp_path):
    """The node's clock makes what is cached doubtful, and the store's decides."""
    skip_if_sanitized(binary)
    clock = SettableClock(tmp_path)
    with Server(binary, postgres.create_database(), env=clock.environment, flags=REAPER) as server:
        with Client(server).signup() as client:
            id = client.create(body="kept", expires_in=HOUR)["id"]
            until(lambda: "hit" in client.get(f"/s/{id}").headers["Cache-Status"], 5, "it to be cached")
            for offset in ("+2h", "-3h", "+40d"):
                clock.set(offset)
                assert client.get(f"/s/{id}").json()["body"] == "kept"
                made = client.create(body="x", expires_in=HOUR)
                assert abs(expect.timestamp(made["expires_at"]) - time.time() - HOUR) < 10
                assert client.get("/auth/me").status == 200
            until(lambda: "hit" in client.get(f"/s/{id}").headers["Cache-Status"], 5, "it to be cached again")
