"""kill -9 in the middle of writes: what was acknowledged is there, and nothing is counted twice."""

import os
import random
import time

from traffic import Caller, Record, Traffic, check_record, repeat_unknown_creates, view_count, wait_for_views

from harness.client import Client
from harness.waiting import until

SEED = os.environ.get("SNIPPETD_FUZZ_SEED", "20260501")
KILLS = 20


def test_kill_in_the_middle_of_writes(fresh_server, slow_factor):
    # Many flushes, so that kills hit some of them in their transaction.
    server = fresh_server(flags=["--views-flush", "200ms"])
    with Client(server).signup() as client:
        session = client.session
    r = random.Random(SEED)
    record = Record()
    unknown = 0
    for number in range(KILLS):
        known_before = set(record.bodies)
        made, read = record.count("create"), record.count("read")
        traffic = Traffic(server, session, f"{SEED}:{number}", record)
        until(
            lambda: record.count("create") > made + 20 and record.count("read") > read + 20,
            20 * slow_factor,
            "some creates and reads to be acknowledged",
        )
        time.sleep(r.uniform(0, 0.4))  # a random moment
        server.kill()
        traffic.join()
        assert not record.wrong, record.wrong[:5]
        unknown += len(record.unknown_creates)

        server.start()
        with Caller(server, session) as caller:
            repeat_unknown_creates(record, caller, 10 * slow_factor)
            check_record(record, caller, ids=set(record.bodies) - known_before)

    assert unknown > 0, "no kill hit a create; the test proves nothing"
    with Caller(server, session) as caller:
        check_record(record, caller)
        stored = sum(view_count(caller, id) for id in record.views_sent if id in record.bodies)
        # A kill loses what the last flush had not taken, not more.
        assert (
            stored > sum(record.views_answered.values()) / 4
        ), f"{stored} of {sum(record.views_answered.values())} views"


def test_views_after_a_kill_are_counted_exactly(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "200ms"])
    with Client(server).signup() as client:
        session = client.session
        id = client.create(body="viewed")["id"]
    with Caller(server, session) as caller:
        for _ in range(10):
            caller.get(f"/s/{id}")
        wait_for_views(caller, id, 10, 10 * slow_factor)
    server.kill()
    server.start()
    with Caller(server, session) as caller:
        assert view_count(caller, id) == 10
        for _ in range(15):
            caller.get(f"/s/{id}")
        wait_for_views(caller, id, 25, 10 * slow_factor)


def test_an_idempotency_key_survives_a_kill(fresh_server):
    server = fresh_server()
    with Client(server).signup() as client:
        first = client.post("/snippets", {"body": "once"}, {"Idempotency-Key": "k1"})
        server.kill()
        server.start()
        with Client(server) as after:
            after.session = client.session
            again = after.post("/snippets", {"body": "once"}, {"Idempotency-Key": "k1"})
            assert (again.status, again.body) == (201, first.body)
            assert again.headers["Idempotency-Replayed"] == "true"
            assert len(after.get("/snippets").json()["items"]) == 1
