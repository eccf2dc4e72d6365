"""Two Redis servers live, and instances of one database are on both: after an address has moved, or by a mistake."""

import contextlib
import time

import pytest

from harness.client import Client
from harness.redis import Redis
from harness.server import Server
from harness.slow_wire import SlowWire
from harness.waiting import until

ELSEWHERE = 0.25  # seconds until an edit shows on the instances that have not taken it
RECOVERED = 10  # seconds until all is as before when all are on one server


@pytest.fixture
def two(redis):
    with Redis() as other:
        yield redis, other


def alerts(server, state):
    return len([line for line in server.log_lines if f"alert {state}" in line and "redis_disagreement" in line])


def active(server):
    return server.metric("snippetd_alerts_active", alert="redis_disagreement")


def ready(server):
    answer = Client(server).get("/readyz")
    assert answer.status == 200
    return answer.json()


def assert_one_after_the_other_is_right(servers, session, editor, slow_factor):
    """What one edits, hides or deletes while it is in all caches shows everywhere in time."""
    owner = Client(servers[editor])
    owner.session = session
    readers = [Client(server) for server in servers]
    slowest = 0.0
    for change in ("edit", "hide", "delete"):
        id = owner.create(body="old", visibility="public")["id"]
        for _ in range(3):
            assert [reader.get(f"/s/{id}").status for reader in readers] == [200] * len(readers)
        if change == "edit":
            assert owner.patch(f"/snippets/{id}", {"body": "new"}).status == 200
        elif change == "hide":
            assert owner.patch(f"/snippets/{id}", {"visibility": "private"}).status == 200
        else:
            assert owner.delete(f"/snippets/{id}").status == 204
        done = time.monotonic()

        def shows(reader):
            answer = reader.get(f"/s/{id}")
            return answer.status == 404 or answer.json()["body"] == "new"

        assert shows(readers[editor]), "at once, where it was taken"
        for reader in readers:
            until(lambda: shows(reader), ELSEWHERE * slow_factor, f"the {change} to show", 0.005)
            slowest = max(slowest, time.monotonic() - done)
    return slowest


def test_an_address_moves_and_the_old_server_lives_on(binary, postgres, two, slow_factor, record_property):
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        wire = started.enter_context(SlowWire(two[0].port))
        flags = ("--redis", f"redis://127.0.0.1:{wire.port}/0")
        servers = [started.enter_context(Server(binary, url, flags=flags)) for _ in range(3)]
        session = Client(servers[0]).signup().session
        wire.lead_to(two[1].port)
        servers[2].restart()
        for editor in (2, 0):
            took = assert_one_after_the_other_is_right(servers, session, editor, slow_factor)
            record_property(f"slowest_ms_{editor}", took * 1000)

        until(lambda: active(servers[2]) == 1, 10 * slow_factor, "the alert")
        assert ready(servers[2]) == {"status": "degraded", "database": "ok", "redis": "down"}
        for server in servers[:2]:
            assert active(server) == 0
            assert ready(server)["status"] == "ok"
        assert two[0].call("INFO", "server").partition("run_id:")[2][:40] in postgres.query(
            "select run_id from cache_server", url
        )

        wire.cut_for(0.2)  # the others move too
        until(
            lambda: all(ready(server)["status"] == "ok" and active(server) == 0 for server in servers),
            RECOVERED * slow_factor,
            "all to be on the other server",
        )

        def shared():
            id = Client(servers[0]).create()["id"]
            Client(servers[0]).get(f"/s/{id}")
            return Client(servers[1]).get(f"/s/{id}").headers["Cache-Status"] == "snippetd-redis; hit"

        until(shared, RECOVERED * slow_factor, "Redis to be believed again", 0.1)
        assert_one_after_the_other_is_right(servers, session, 1, slow_factor)
        assert [alerts(server, "raised") for server in servers] == [0, 0, 1]
        assert [alerts(server, "resolved") for server in servers] == [0, 0, 1]


def test_instances_are_configured_with_different_servers(binary, postgres, two, slow_factor):
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        servers = [started.enter_context(Server(binary, url, flags=("--redis", redis.url()))) for redis in two]
        session = Client(servers[0]).signup().session
        for editor in (0, 1):
            assert_one_after_the_other_is_right(servers, session, editor, slow_factor)
        until(lambda: active(servers[1]) == 1, 10 * slow_factor, "the alert")
        epoch = int(postgres.query("select epoch from cache_server", url))
        # The one in force goes away for good: the other takes its place, and nobody has to be told any more.
        servers[0].kill()
        until(lambda: active(servers[1]) == 0, 10 * slow_factor, "the alert to be resolved")
        assert ready(servers[1])["status"] == "ok"
        assert int(postgres.query("select epoch from cache_server", url)) == epoch + 1


def test_without_info_nothing_in_redis_is_believed_and_the_outbox_does_not_grow(binary, postgres, slow_factor):
    """A server whose rules hide which one it is."""
    settings = ["user default on nopass ~* &* +@all -info"]
    with Redis(settings=settings) as redis, contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        servers = [started.enter_context(Server(binary, url, flags=("--redis", redis.url()))) for _ in range(2)]
        session = Client(servers[0]).signup().session
        assert_one_after_the_other_is_right(servers, session, 0, slow_factor)
        assert redis.keys("snippet:*") == []
        until(
            lambda: postgres.query("select count(*) from invalidation_outbox", url) == "0",
            5 * slow_factor,
            "the outbox to be empty",
        )


def test_idle_instances_ask_the_store_no_more_than_they_say(instances, slow_factor):
    """One look every 50 ms from each, and a word every half second from one of them."""
    servers = instances()

    def statements(name):
        return sum(server.metric("snippetd_db_statements_total", statement=name) for server in servers)

    time.sleep(1)
    looks, words, begun = statements("list_undelivered"), statements("set_cache_server"), time.monotonic()
    time.sleep(3)
    took = time.monotonic() - begun
    assert (statements("list_undelivered") - looks) / took <= 20.5 * len(servers)
    assert (statements("set_cache_server") - words) / took <= 2.5 * len(servers)
