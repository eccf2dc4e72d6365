"""Faults of Redis that operators meet: demotions, refusals, rules of an ACL, busy links, idle connections that are
closed or forgotten, far servers, silent name servers. Limits hold, or come back by themselves, and each fault is one
alert or none."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from harness.client import Client
from harness.postgres import free_port
from harness.readers import Readers
from harness.redis import Redis
from harness.slow_wire import SlowWire
from harness.waiting import until

BACK_WITHIN = 5  # seconds


@pytest.fixture
def two():
    """Two servers."""
    with Redis() as one, Redis() as other:
        yield one, other


def create(client):
    answer = client.post("/snippets", {"body": "x"})
    assert answer.status in (201, 429), answer.status
    return answer


def is_limited(client):
    """Whether a write is counted: only then the answer says what is left."""
    return "RateLimit" in create(client).headers


def redis_state(server):
    return Client(server).get("/readyz").json()["redis"]


def unlimited(server):
    return server.metric("snippetd_ratelimit_decisions_total", policy="write", decision="failed_open")


def alerts(server):
    """How often one was raised, and how often resolved."""
    lines = server.log.splitlines()
    return tuple(sum(f"alert {change}" in line for line in lines) for change in ("raised", "resolved"))


def wait_until_back(server, slow_factor):
    until(lambda: redis_state(server) == "ok", BACK_WITHIN * slow_factor, "the service to find its Redis again")


MANY = ("--rate-limit", "write=100000/1h")

# How a server says that it is not the right one (any more), and what ends that.
REFUSALS = {
    "READONLY": [("REPLICAOF", "127.0.0.1", "1")],
    "MASTERDOWN": [("CONFIG", "SET", "replica-serve-stale-data", "no"), ("REPLICAOF", "127.0.0.1", "1")],
    "NOPERM": [("ACL", "SETUSER", "default", "resetkeys")],
    "OOM": [("CONFIG", "SET", "maxmemory", "1")],
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_server_that_refuses_is_left_for_the_one_that_the_address_leads_to(start, two, refusal, slow_factor):
    old, new = two
    with SlowWire(old.port) as wire:
        server = start(f"redis://127.0.0.1:{wire.port}/0", *MANY)
        client = Client(server).signup()
        assert is_limited(client)
        for words in REFUSALS[refusal]:
            old.call(*words)
        for _ in range(20):
            assert not is_limited(client)
        assert redis_state(server) == "down"
        wire.lead_to(new.port)  # only now, as a failover does
        wait_until_back(server, slow_factor)
        before = unlimited(server)
        assert all(is_limited(client) for _ in range(10))
        assert unlimited(server) == before
        assert new.commands()["incrby"] > 5
        assert alerts(server) == (1, 1)


def test_a_server_that_refuses_from_the_start_is_left_too(start, two, slow_factor):
    replica, master = two
    replica.call("REPLICAOF", "127.0.0.1", "1")
    with SlowWire(replica.port) as wire:
        server = start(f"redis://127.0.0.1:{wire.port}/0", *MANY)
        assert redis_state(server) == "down"
        wire.lead_to(master.port)
        wait_until_back(server, slow_factor)
        assert is_limited(Client(server).signup())
        assert alerts(server) == (1, 1)


ALL = ("on", ">s3cret", "~*", "&*", "+@all")
# What a user may not do; the last ones are nothing that a probe could know of.
DENIED = {
    "scripts": ("-@scripting",),
    "eval": ("-eval", "-evalsha"),
    "evalsha": ("-evalsha",),
    "counters": ("resetkeys", "~snippet:*", "~tombstone:*", "~views:*"),
    "incrby": ("-incrby",),
    "writes": ("-@write",),
    "some counters": ("resetkeys", "~snippet:*", "~tombstone:*", "~views:*", "~ratelimit:{snippetd:probe}:*"),
}


@pytest.mark.parametrize("at_start", [True, False], ids=["at the start", "later"])
@pytest.mark.parametrize("denied", DENIED)
def test_what_an_acl_denies_is_one_alert_each_way(start, own_redis, denied, at_start, slow_factor):
    own_redis.call("ACL", "SETUSER", "app", *ALL, *(DENIED[denied] if at_start else ()))
    server = start(f"redis://app:s3cret@127.0.0.1:{own_redis.port}/0", *MANY)
    client = Client(server).signup()
    if not at_start:
        assert is_limited(client)
        own_redis.call("ACL", "SETUSER", "app", *DENIED[denied])
    for _ in range(10):
        assert not is_limited(client)
        time.sleep(0.05)  # a probe may come between
    answer = Client(server).get("/readyz")
    assert answer.json() == {"status": "degraded", "database": "ok", "redis": "down"}
    assert len([line for line in server.log.splitlines() if "alert raised" in line and "redis_down" in line]) == 1
    assert not any("alert resolved" in line for line in server.log.splitlines())
    own_redis.call("ACL", "SETUSER", "app", "reset", *ALL)
    until(lambda: is_limited(client), BACK_WITHIN * slow_factor, "limits")
    wait_until_back(server, slow_factor)
    assert all(is_limited(client) for _ in range(10))
    raised, resolved = alerts(server)
    assert raised == resolved <= 2  # `redis_down`, and `redis_refuses` where the cache is denied too


def test_a_slot_that_nobody_serves_is_one_alert_each_way(start, slow_factor):
    cluster = ["cluster-enabled yes", "cluster-require-full-coverage no", f"cluster-port {free_port()}"]
    with Redis(settings=cluster) as redis:
        redis.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: "cluster_state:ok" in redis.call("CLUSTER", "INFO"), 10 * slow_factor, "the cluster")
        server = start(redis.url(), *MANY, "--rate-limit", "signup=off")
        client = Client(server).signup()
        assert is_limited(client)
        counter = next(key for key in redis.keys("ratelimit:*") if "address" not in key)
        slot = redis.call("CLUSTER", "KEYSLOT", counter)
        redis.call("CLUSTER", "DELSLOTS", slot)
        for _ in range(10):
            assert not is_limited(client)
            time.sleep(0.05)
        assert redis_state(server) == "down"
        assert alerts(server) == (1, 0)
        redis.call("CLUSTER", "ADDSLOTS", slot)
        until(lambda: is_limited(client), BACK_WITHIN * slow_factor, "limits")
        wait_until_back(server, slow_factor)
        assert alerts(server) == (1, 1)


def test_cold_reads_of_large_bodies_take_nothing_from_the_limit(start, own_redis, slow_factor):
    """64 readers fill a link, while one account writes."""
    with SlowWire(own_redis.port) as wire:
        # So long that a busy machine does not make Redis late; the bodies would take two seconds.
        server = start(f"redis://127.0.0.1:{wire.port}/0", "--redis-timeout", "500ms", "--cache-near-size", "0",
                       "--rate-limit", "anonymous=off", "--rate-limit", "write=60/1h")  # fmt: skip
        reader = Client(server)
        # As large as Redis keeps them, which is packed.
        bodies = [os.urandom(200 * 1024).hex() for _ in range(8)]
        ids = [reader.create(body=bodies[i % len(bodies)], visibility="public")["id"] for i in range(64)]
        for id in ids:
            assert reader.get(f"/s/{id}/raw").status == 200  # and so it is in Redis
        in_redis = len(own_redis.keys("snippet:*"))
        assert in_redis > 32
        wire.rate = 8 << 20
        writer = Client(server).signup()
        with Readers(server, [f"/s/{id}/raw" for id in ids], 64):
            statuses = [create(writer).status for _ in range(70)]
        assert unlimited(server) == 0
        assert statuses == [201] * 60 + [429] * 10
        assert alerts(server) == (0, 0)
        assert redis_state(server) == "ok"


def test_a_server_that_closes_idle_connections_does_not_close_these(start, slow_factor):
    with Redis(settings=["timeout 1"]) as redis:
        server = start(redis.url(), *MANY)
        client = Client(server).signup()
        assert is_limited(client)
        before = _connections(redis)
        time.sleep(3.5)
        assert is_limited(client)
        assert _connections(redis) == before
        assert unlimited(server) == 0
        assert alerts(server) == (0, 0)


def _connections(redis):
    """How many were made since the start, but for those of this harness."""
    stats = dict(line.split(":") for line in redis.call("INFO", "stats").splitlines() if ":" in line)
    redis.asked = getattr(redis, "asked", 0) + 1
    return int(stats["total_connections_received"]) - redis.asked


def test_connections_that_are_closed_while_idle_are_made_anew_without_a_word(start, own_redis):
    server = start(own_redis.url(), *MANY, "--jobs", "off")
    client = Client(server).signup()
    for _ in range(3):
        assert is_limited(client)
        time.sleep(1.2)  # they must have lasted
        own_redis.call("CLIENT", "KILL", "TYPE", "normal")
        assert is_limited(client)
    assert unlimited(server) == 0
    assert redis_state(server) == "ok"
    assert alerts(server) == (0, 0)


def test_connections_that_a_nat_has_forgotten_are_noticed_while_idle(start, own_redis, slow_factor):
    with SlowWire(own_redis.port) as wire:
        server = start(f"redis://127.0.0.1:{wire.port}/0", *MANY)
        client = Client(server).signup()
        assert is_limited(client)
        time.sleep(1.2)
        before = wire.accepted
        wire.forget()
        begun = time.monotonic()
        until(lambda: wire.accepted >= 2 * before, 5 * slow_factor, "new connections")
        assert time.monotonic() - begun < 1.0 * slow_factor
        time.sleep(0.1)
        assert is_limited(client)
        assert unlimited(server) == 0
        assert alerts(server) == (0, 0)
        # At once: who writes finds out, and nobody afterwards.
        wire.forget()
        begun = time.monotonic()
        until(lambda: is_limited(client), 5 * slow_factor, "limits")
        assert time.monotonic() - begun < 1.0 * slow_factor
        wait_until_back(server, slow_factor)
        raised, resolved = alerts(server)
        assert raised == resolved <= 1


def test_a_far_server_is_used_with_a_time_out_that_fits(start, own_redis, slow_factor):
    with SlowWire(own_redis.port, delay=0.2) as wire:
        server = start(f"redis://127.0.0.1:{wire.port}/0", "--redis-timeout", "600ms", "--rate-limit", "write=5/1h")
        wait_until_back(server, slow_factor)
        client = Client(server).signup()
        assert [create(client).status for _ in range(7)] == [201] * 5 + [429] * 2
        assert redis_state(server) == "ok"
        assert alerts(server) == (0, 0)


@pytest.fixture
def silent_name_server(tmp_path):
    """A command that runs another one with a name server that never answers."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root may have a resolv.conf of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.0.53", 53))
        except OSError as error:
            pytest.skip(f"port 53 cannot be had: {error}")
        settings = tmp_path / "resolv.conf"
        settings.write_text("nameserver 127.0.0.53\noptions timeout:5 attempts:3\n")
        script = f"mount --bind {settings} /etc/resolv.conf && exec \"$@\""
        wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
        if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
            pytest.skip("no mount namespaces here")
        yield wrapper


def test_a_silent_name_server_delays_nothing(start, silent_name_server, slow_factor):
    server = start("redis://redis.example:6379/0", wrapper=silent_name_server)
    client = Client(server).signup()
    begun = time.monotonic()
    assert create(client).status == 201
    assert redis_state(server) == "down"
    assert time.monotonic() - begun < 1 * slow_factor
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 2 * slow_factor
