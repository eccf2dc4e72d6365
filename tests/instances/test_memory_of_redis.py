"""What the cache may take of Redis's memory, so that the limiter's counters and the views have room; and what the
server may evict."""

import pathlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import Client
from harness.consistency import Wire
from harness.redis import Redis
from harness.server import Server
from harness.waiting import until

ACL = pathlib.Path(__file__).resolve().parents[2] / "deploy/redis.acl"
SNIPPETS, BYTES = 400, 170_000  # of hexadecimal digits, which shrink to three fifths
MAXMEMORY_MB = 24

MAKE_SNIPPETS = f"""
    with base as (select string_agg(md5(i::text), '' order by i) as text from generate_series(1, 7000) i)
    insert into snippets (id, title, body, language, visibility, tags, version, created_at, updated_at,
                          burn_after_reading, edit_token_hash, forked_from)
    select 'large' || lpad(n::text, 7, '0'), '', substr(text, n * 50, {BYTES}), 'text', 'public', '[]', 1, 1, 1, 0,
           '', ''
    from base, generate_series(1, {SNIPPETS}) n"""


def info(redis, name):
    return int(re.search(rf"\b{name}:(\d+)", redis.call("INFO"))[1])


def away_from_a_minutes_end(needed):
    until(lambda: time.time() % 60 < 60 - needed, needed + 2, "the next minute")


def scan(server, ids):
    """Reads each once, as somebody does who follows all links there are."""

    def some(part):
        wire = Wire(server.port)
        for id in part:
            status, _, body = wire.ask(f"GET /s/{id}/raw HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert (status, len(body)) == (200, BYTES)
        wire.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(some, [ids[first::4] for first in range(4)]))


@pytest.mark.parametrize("policy", ["noeviction", "volatile-lru", "volatile-ttl"])
def test_a_scan_of_more_than_redis_can_hold_leaves_the_limits_exact(binary, postgres, policy, slow_factor):
    url = postgres.create_database()
    settings = [f"maxmemory {MAXMEMORY_MB}mb", f"maxmemory-policy {policy}"]
    with Redis(settings=settings) as redis, Server(
        binary, url, flags=["--redis", redis.url(), "--cache-near-size", "1MiB"], rate_limits=True
    ) as server:
        postgres.query(MAKE_SNIPPETS, url)
        ids = [f"large{n:07}" for n in range(1, SNIPPETS + 1)]
        client = Client(server).signup()
        away_from_a_minutes_end(15 * slow_factor)
        begun = [client.post("/snippets", {"body": "x"}).status for _ in range(30)]
        scan(server, ids)
        assert info(redis, "used_memory") < MAXMEMORY_MB * 1024 * 1024 * 0.8
        assert info(redis, "used_memory") > MAXMEMORY_MB * 1024 * 1024 * 0.6, "as much as it may have it has"
        assert info(redis, "evicted_keys") == 0
        rest = [client.post("/snippets", {"body": "x"}).status for _ in range(40)]
        assert begun + rest == [201] * 60 + [429] * 10
        assert server.metric("snippetd_ratelimit_decisions_total", decision="failed_open") == 0
        assert server.metric("snippetd_alerts_active", alert="redis_down") == 0
        # What is there is read from there, and what is changed is seen, with no room for more.
        assert client.get(f"/s/{ids[0]}").headers["Cache-Status"] == "snippetd-redis; hit"
    postgres.recycle_database(url)


def test_full_redis_is_read_and_told_what_is_old(binary, postgres, slow_factor):
    """Somebody else has filled the server: hits and invalidations go on; the limiter fails as it is told to."""
    url = postgres.create_database()
    with Redis() as redis:
        flags = ["--redis", redis.url(), "--cache-near-size", "0"]
        with Server(binary, url, flags=flags) as server:
            client = Client(server).signup()
            kept, edited = (client.create(visibility="public")["id"] for _ in range(2))
            for id in (kept, edited):
                client.get(f"/s/{id}")
                assert client.get(f"/s/{id}").headers["Cache-Status"] == "snippetd-redis; hit"
            redis.call("CONFIG", "SET", "maxmemory", "1")
            assert client.get(f"/s/{kept}").headers["Cache-Status"] == "snippetd-redis; hit"
            assert client.patch(f"/snippets/{edited}", {"body": "new"}).status == 200
            assert redis.keys(f"snippet:{{{edited}}}") == []
            assert client.get(f"/s/{edited}/raw").body == b"new"
            assert redis.keys(f"snippet:{{{edited}}}") == [], "nothing more is kept"
            redis.call("CONFIG", "SET", "maxmemory", "0")
            until(lambda: client.get("/readyz").json()["redis"] == "ok", 5 * slow_factor, "Redis to serve again")
            client.get(f"/s/{edited}")
            assert client.get(f"/s/{edited}/raw").headers["Cache-Status"] == "snippetd-redis; hit"
    postgres.recycle_database(url)


def test_large_texts_are_kept_packed_and_the_largest_not_at_all(instances, everywhere, redis):
    servers = instances(count=2, rate_limits=False)
    here, there = everywhere(Client(servers[0]).signup(), servers)
    line = "if (position >= limit) return;  // number {}\n"
    source = "".join(line.format(number) for number in range(3000))
    digits = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(100_000))
    for body, kept in ((source, True), (source[:4000], True), (digits[:150_000], True), (digits, False)):
        id = here.create(body=body, visibility="public")["id"]
        assert here.get(f"/s/{id}/raw").body.decode() == body
        answer = there.get(f"/s/{id}/raw")
        assert answer.body.decode() == body
        assert (answer.headers["Cache-Status"] == "snippetd-redis; hit") == kept, len(body)
        key = f"snippet:{{{id}}}"
        assert (redis.keys(key) == [key]) == kept, "no lease is left either"
        if kept and len(body) > 5000:
            assert redis.call("MEMORY", "USAGE", key, "SAMPLES", 0) < len(body) * 0.75
    assert there.get("/readyz").json()["status"] == "ok"


def test_a_policy_that_may_evict_anything_is_told_and_its_correction_too(binary, slow_factor):
    with Redis(settings=["maxmemory 50mb", "maxmemory-policy allkeys-lru"]) as redis, Server(
        binary, flags=["--redis", redis.url()]
    ) as server:
        client = Client(server)
        server.wait_for_log("redis_evicts.*allkeys-lru", 5 * slow_factor)
        assert client.get("/readyz").json() == {"status": "degraded", "database": "ok", "redis": "degraded"}
        assert client.get("/readyz").status == 200
        assert server.metric("snippetd_alerts_active", alert="redis_evicts") == 1
        for policy, told in (("volatile-lru", 0), ("allkeys-random", 1), ("noeviction", 0)):
            redis.call("CONFIG", "SET", "maxmemory-policy", policy)
            until(lambda: server.metric("snippetd_alerts_active", alert="redis_evicts") == told,
                  10 * slow_factor, f"{policy} to be noticed")
        assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "redis": "ok"}
        lines = [line for line in server.log_lines if "redis_evicts" in line]
        assert len([line for line in lines if "alert raised" in line]) == 2
        assert len([line for line in lines if "alert resolved" in line]) == 2


def test_what_is_said_that_redis_must_allow_is_enough(binary, slow_factor):
    rules = ACL.read_text().replace("PASSWORD", "secret").split()[2:]
    with Redis() as redis:
        redis.call("ACL", "SETUSER", "snippetd", *rules)
        flags = ["--redis", f"redis://snippetd:secret@127.0.0.1:{redis.port}/1", "--views-flush", "300ms",
                 "--cache-near-size", "0"]
        with Server(binary, flags=flags, rate_limits=True) as server:
            client = Client(server).signup()
            id = client.create(visibility="public")["id"]
            client.get(f"/s/{id}")
            assert client.get(f"/s/{id}").headers["Cache-Status"] == "snippetd-redis; hit"
            answer = client.patch(f"/snippets/{id}", {"body": "new"})
            assert answer.status == 200
            assert "RateLimit" in answer.headers
            until(lambda: server.metric("snippetd_views_applied_total") == 2, 10 * slow_factor, "the views")
            until(lambda: client.get(f"/s/{id}").json()["view_count"] >= 2, 10 * slow_factor, "the count to be shown")
            assert client.get("/readyz").json()["status"] == "ok"
            assert redis.call("ACL", "LOG") == [], "denied"
        assert "alert raised" not in server.log
