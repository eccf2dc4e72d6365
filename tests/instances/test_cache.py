"""What the instances keep together in Redis of what links read."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.postgres import Postgres
from harness.server import Server
from harness.waiting import until

ELSEWHERE = 0.25  # seconds until an edit shows on the instances that have not taken it
BELIEVED = 0.23  # seconds that what was loaded is believed without a proof
UNKNOWN = "a" * 12


def key(id):
    return f"snippet:{{{id}}}"


def loads(servers):
    return sum(server.metric("snippetd_db_statements_total", statement="load_snippets") for server in servers)


def status(client, id):
    return client.get(f"/s/{id}").headers.get("Cache-Status")


def test_what_one_instance_has_loaded_the_others_have_from_redis(instances, everywhere):
    servers = instances()
    a, b, c = everywhere(Client(servers[0]).signup(), servers)
    created = a.create(body="x\n\u00e9\"\\", title="t", tags=["p", "q"], visibility="public", language="python")
    id = created["id"]
    answers = [client.get(f"/s/{id}") for client in (a, b, c)]
    assert [answer.headers["Cache-Status"] for answer in answers] == [
        "snippetd; fwd=miss", "snippetd-redis; hit", "snippetd-redis; hit"]
    for answer in answers:
        assert {**answer.json(), "url": None} == {**created, "url": None}
    for client in (a, b, c):
        assert status(client, id) == "snippetd-near; hit"
    for name in ("Last-Modified", "Cache-Control"):
        assert len({answer.headers[name] for answer in answers}) == 1
    # The rest of the tag stands for the base of the link, which is each instance's own here.
    assert {answer.headers["ETag"].rpartition("-")[0] for answer in answers} == {'"v1-c0'}
    assert loads(servers) == 1
    assert servers[1].metric("snippetd_cache_requests_total", result="redis_hit") == 1


def test_without_near_caches_every_read_is_redis(instances, everywhere):
    servers = instances("--cache-near-size", "0")
    a, b, _ = everywhere(Client(servers[0]).signup(), servers)
    id = a.create()["id"]
    assert [status(client, id) for client in (a, b, a, b)] == ["snippetd; fwd=miss"] + ["snippetd-redis; hit"] * 3
    assert loads(servers) == 1


def test_an_entry_lives_for_the_ttl_and_never_past_the_snippets_own_expiry(instances, redis):
    server = instances(count=1)[0]
    client = Client(server).signup()
    id, brief = client.create()["id"], client.create(expires_in=100)["id"]
    for one in (id, brief):
        client.get(f"/s/{one}")
    assert 269 <= redis.call("TTL", key(id)) <= 330
    assert 1 <= redis.call("TTL", key(brief)) <= 100


def test_an_edit_and_a_deletion_remove_the_entry_in_the_same_handler(instances, everywhere, redis):
    servers = instances()
    clients = everywhere(Client(servers[0]).signup(), servers)
    a, b = clients[:2]
    id = a.create(body="1")["id"]
    for body in ("2", "3", "4"):
        for client in clients:
            client.get(f"/s/{id}")
        assert redis.call("EXISTS", key(id)) == 1
        assert b.patch(f"/snippets/{id}", {"body": body}).status == 200
        assert redis.call("EXISTS", key(id)) == 0
        assert b.get(f"/s/{id}").json()["body"] == body, "at once, where it was taken"
        for client in clients:
            until(lambda: client.get(f"/s/{id}").json()["body"] == body, ELSEWHERE, "the edit to show", 0.005)
    assert a.delete(f"/snippets/{id}").status == 204
    assert redis.call("EXISTS", key(id)) == 0
    assert a.get(f"/s/{id}").status == 404
    for client in clients:
        until(lambda: client.get(f"/s/{id}").status == 404, ELSEWHERE, "the deletion to show", 0.005)


def test_what_becomes_private_is_served_nowhere_and_kept_nowhere(instances, everywhere, redis):
    servers = instances()
    clients = everywhere(Client(servers[0]).signup(), servers)
    id = clients[0].create(body="secret")["id"]
    strangers = [Client(server) for server in servers]
    assert [stranger.get(f"/s/{id}").status for stranger in strangers] == [200] * 3
    assert clients[0].patch(f"/snippets/{id}", {"visibility": "private"}).status == 200
    assert strangers[0].get(f"/s/{id}").status == 404
    for stranger in strangers:
        until(lambda: stranger.get(f"/s/{id}").status == 404, ELSEWHERE, "it to be hidden", 0.005)
    assert clients[1].get(f"/s/{id}").json()["body"] == "secret"
    assert redis.call("EXISTS", key(id)) == 0


@pytest.mark.parametrize("members", [{"visibility": "private"}, {"burn_after_reading": True}])
def test_private_and_burning_snippets_never_come_into_redis(instances, redis, members):
    server = instances(count=1)[0]
    client = Client(server).signup()
    id = client.create(body="secret", **members)["id"]
    assert client.get(f"/s/{id}", {"Accept": "application/json"}).status == 200
    for name in redis.keys("*"):
        assert redis.call("TYPE", name) != "hash" or "secret" not in redis.call("HVALS", name)


def test_exactly_one_reader_over_all_instances_gets_a_burning_snippet(instances):
    servers = instances()
    id = Client(servers[0]).signup().create(burn_after_reading=True)["id"]
    answers = burst(servers, [request_bytes("GET", f"/s/{id}", headers={"Accept": "application/json"})] * 60)
    assert sorted(answer.status for answer in answers) == [200] + [410] * 59


def test_an_unknown_id_is_remembered_for_seconds_everywhere(instances, redis):
    servers = instances()
    for server in servers:
        for _ in range(3):
            assert Client(server).get(f"/s/{UNKNOWN}").status == 404
    assert loads(servers) == 1
    assert 1 <= redis.call("PTTL", key(UNKNOWN)) <= 5000


def test_what_another_server_has_written_is_not_believed(instances, everywhere, redis):
    """As after a restart from an old snapshot, or a failover: the entry may have been invalidated since."""
    servers = instances("--cache-near-size", "0", count=1)
    client = Client(servers[0]).signup()
    id = client.create(body="new")["id"]
    client.get(f"/s/{id}")
    redis.call("HSET", key(id), "server", "another", "body", "old")
    assert client.get(f"/s/{id}").json()["body"] == "new"
    assert status(client, id) == "snippetd-redis; hit"


def test_a_thousand_concurrent_first_reads_reach_the_store_at_most_three_times(instances):
    """Once from each instance; on a machine that is late, once more for each time that what was loaded gets too old."""
    servers = instances()
    client = Client(servers[0]).signup()
    for _ in range(3):
        id = client.create()["id"]
        before, begun = loads(servers), time.monotonic()
        answers = burst(servers, [request_bytes("GET", f"/s/{id}")] * 1000)
        too_old = int((time.monotonic() - begun) / BELIEVED)
        assert {answer.status for answer in answers} == {200}
        assert loads(servers) - before <= 3 * (1 + too_old)


@pytest.mark.as_released
def test_the_expiry_of_a_hot_entry_reaches_the_store_at_most_once_per_instance(instances):
    ttl = 2
    servers = instances("--cache-ttl", f"{ttl}s")
    id = Client(servers[0]).signup().create()["id"]
    statuses = []

    def read(server):
        client = Client(server)
        end = time.monotonic() + 2.5 * ttl
        while time.monotonic() < end:
            statuses.append(status(client, id))

    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(read, servers))
    expiries = 2  # in 2.5 lives of at least 0.8 times the TTL, the first load aside
    unproven = sum(server.metric("snippetd_cache_unproven_total") for server in servers)  # when the machine is busy
    assert 2 <= loads(servers) <= 1 + (expiries + 1) * len(servers) + unproven
    assert statuses.count("snippetd; fwd=miss") <= 1 + unproven, "it is loaded anew before its time is over"


def test_with_the_store_stopped_every_instance_serves_what_redis_has(binary, redis, slow_factor):
    with Postgres(fsync=False) as postgres:
        url = postgres.create_database()
        flags = ("--redis", redis.url())
        with Server(binary, url, flags=flags) as a, Server(binary, url, flags=flags) as b:
            client = Client(a).signup()
            id = client.create()["id"]
            assert client.get(f"/s/{id}").status == 200
            postgres.stop()
            assert status(Client(b), id) == "snippetd-redis; hit"
            for server in (a, b):
                assert [Client(server).get(f"/s/{id}").status for _ in range(20)] == [200] * 20
            begun = time.monotonic()
            expect.problem(client.patch(f"/snippets/{id}", {"body": "new"}), 503, "unavailable")
            assert time.monotonic() - begun < 1 * slow_factor
            postgres.start()
            until(lambda: client.patch(f"/snippets/{id}", {"body": "new"}).status == 200, 10 * slow_factor, "writes")
            for server in (a, b):
                reader = Client(server)
                until(lambda: reader.get(f"/s/{id}").json()["body"] == "new", ELSEWHERE * slow_factor, "the edit")
