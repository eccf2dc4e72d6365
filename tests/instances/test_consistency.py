"""What is served is never older than promised, on any instance, under races and faults: see harness/consistency.py."""

import contextlib
import os
import signal
import time

import pytest

from harness.client import Client
from harness.consistency import Read, Traffic, Write, judge
from harness.redis import Redis
from harness.server import Server
from harness.slow_wire import SlowWire

INSTANCES = 3
SNIPPETS = 24
BOUND = 0.25  # seconds
LONG = os.environ.get("SNIPPETD_TEST_LONG") == "1"
OPERATIONS = 1_000_000  # of the long form


@pytest.fixture
def own_redis():
    """A Redis that the test may stop. It keeps what it has on disk, so that it remembers old entries after a crash."""
    with Redis(settings=["appendonly yes", "appendfsync everysec"]) as redis:
        yield redis


@pytest.fixture
def other_redis():
    """Another server, which lives beside the first."""
    with Redis() as redis:
        yield redis


@pytest.fixture
def site(binary, postgres, own_redis):
    """Three instances on one database and one Redis; the last one reaches it over a wire that can be cut."""
    with contextlib.ExitStack() as started:
        wire = started.enter_context(SlowWire(own_redis.port))
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        redis_urls = [own_redis.url()] * (INSTANCES - 1) + [f"redis://127.0.0.1:{wire.port}/0"]
        servers = [started.enter_context(Server(binary, url, flags=("--redis", redis))) for redis in redis_urls]
        yield servers, own_redis, wire


def drive(servers, faults, seconds):
    """Traffic on the servers while the faults happen, one after the other, and for at least so many seconds."""
    client = Client(servers[0]).signup()
    ids = [client.create()["id"] for _ in range(SNIPPETS)]
    with Traffic(servers, ids, client.session) as traffic:
        begun = time.monotonic()
        time.sleep(min(2, seconds))
        for fault in faults:
            fault()
        time.sleep(max(0, begun + seconds - time.monotonic()))
        return traffic.stop()


def assert_consistent(outcome, slow_factor, record_property):
    writes, reads, errors = outcome
    judgement = judge(writes, reads, BOUND * slow_factor)
    record_property("stalest_ms", judgement.stalest_ms)
    stalest = f"stalest {judgement.stalest_ms:.0f} ms"
    print(f"{judgement.judged} reads, {len(writes)} writes, {stalest}, errors {dict(errors)}")
    assert judgement.judged > 500 and len(writes) > 50, errors
    assert not judgement.violations, "\n".join(judgement.violations[:10])
    return errors


def killed_and_restarted(redis):
    redis.kill()
    time.sleep(0.7)
    redis.start()
    time.sleep(2)


def paused(redis, seconds):
    redis.pause()
    time.sleep(seconds)
    redis.resume()
    time.sleep(2)


def flushed(redis):
    for _ in range(5):
        redis.call("FLUSHALL")
        time.sleep(0.2)


def cut_off(wire):
    wire.cut = True
    time.sleep(2)
    wire.cut = False
    time.sleep(2)


def connections_killed(redis):
    for _ in range(10):
        redis.call("CLIENT", "KILL", "TYPE", "pubsub")
        redis.call("CLIENT", "KILL", "TYPE", "normal")
        time.sleep(0.15)


FAULTS = {
    "none": lambda redis, wire: None,
    "killed": lambda redis, wire: killed_and_restarted(redis),
    "paused": lambda redis, wire: paused(redis, 5),
    "flushed": lambda redis, wire: flushed(redis),
    "one_cut_off": lambda redis, wire: cut_off(wire),
    "connections_killed": lambda redis, wire: connections_killed(redis),
}


ONLY_AS_RELEASED = {"killed", "paused", "flushed", "connections_killed"}


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=[pytest.mark.as_released] * (fault in ONLY_AS_RELEASED)) for fault in FAULTS]
)
def test_no_read_is_older_than_promised(site, fault, slow_factor, record_property):
    servers, redis, wire = site
    outcome = drive(servers, [lambda: FAULTS[fault](redis, wire)], 4)
    assert_consistent(outcome, slow_factor, record_property)


def moved(wire, other_redis):
    """One instance is on another server, while the first lives on with the others; then it is back."""
    wire.lead_to(other_redis.port)
    wire.cut_for(0.1)
    time.sleep(4)
    wire.lead_to(wire.home)
    wire.cut_for(0.1)
    time.sleep(2)


def moved_for_good(wires, other_redis):
    """An address moves, and who is connected stays; one after the other reconnects."""
    for wire in wires:
        wire.lead_to(other_redis.port)
    for wire in reversed(wires):
        wire.cut_for(0.1)
        time.sleep(2)
    time.sleep(2)


def test_two_redis_servers_live(site, other_redis, slow_factor, record_property):
    servers, redis, wire = site
    wire.home = redis.port
    outcome = drive(servers, [lambda: moved(wire, other_redis)], 4)
    assert_consistent(outcome, slow_factor, record_property)


def test_the_address_of_redis_moves(binary, postgres, own_redis, other_redis, slow_factor, record_property):
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        wires = [started.enter_context(SlowWire(own_redis.port)) for _ in range(INSTANCES)]
        servers = [
            started.enter_context(Server(binary, url, flags=("--redis", f"redis://127.0.0.1:{wire.port}/0")))
            for wire in wires
        ]
        outcome = drive(servers, [lambda: moved_for_good(wires, other_redis)], 4)
    assert_consistent(outcome, slow_factor, record_property)


@pytest.mark.parametrize("delay", [0.1, 0.4])
def test_the_store_is_slow_for_some(delay, binary, postgres, own_redis, slow_factor, record_property):
    """And the one for which it is not has no Redis: what it edits the others find in the outbox alone."""
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        redis_wire, store_wire = (
            started.enter_context(SlowWire(port)) for port in (own_redis.port, postgres.port)
        )
        slow_url = url.replace(f":{postgres.port}/", f":{store_wire.port}/")
        assert slow_url != url
        redis_url = f"redis://127.0.0.1:{redis_wire.port}/0"
        servers = [
            started.enter_context(Server(binary, slow_url, flags=("--redis", own_redis.url()))) for _ in range(2)
        ] + [started.enter_context(Server(binary, url, flags=("--redis", redis_url)))]

        def slow():
            redis_wire.cut = True
            store_wire.delay = delay
            time.sleep(4)
            store_wire.delay = 0.0
            time.sleep(1)
            redis_wire.cut = False
            time.sleep(1)

        outcome = drive(servers, [slow], 4)
    assert_consistent(outcome, slow_factor, record_property)


def stopped(server, seconds):
    os.kill(server.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(server.pid, signal.SIGCONT)
    time.sleep(0.5)


def test_instances_stand_still_for_moments(site, slow_factor, record_property):
    servers, _, wire = site
    wire.cut = True  # so that what the last one edits is in the outbox alone
    faults = [
        lambda server=server, seconds=seconds: stopped(server, seconds)
        for seconds in (0.3, 0.8, 2.0)
        for server in servers
    ]
    outcome = drive(servers, faults, 4)
    assert_consistent(outcome, slow_factor, record_property)


@pytest.mark.skipif(not LONG, reason="./test --long")
@pytest.mark.timeout(3600)
def test_a_million_operations_under_all_faults_in_turn(site, other_redis, slow_factor, record_property):
    servers, redis, wire = site
    wire.home = redis.port
    faults = [lambda fault=fault: fault(redis, wire) for fault in FAULTS.values()]
    faults.append(lambda: moved(wire, other_redis))
    faults += [lambda server=server: stopped(server, 1.0) for server in servers]
    operations = 0
    while operations < OPERATIONS:
        outcome = drive(servers, faults, 60)
        assert_consistent(outcome, slow_factor, record_property)
        operations += len(outcome[0]) + len(outcome[1])


def test_the_judge_finds_what_instances_do_that_do_not_hear_of_each_other(binary, postgres):
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        servers = [started.enter_context(Server(binary, url)) for _ in range(2)]
        writes, reads, _ = drive(servers, [], 2)
    judgement = judge(writes, reads, BOUND)
    assert judgement.violations and judgement.stalest_ms > 500


HISTORY = [
    Write("a", 0, 1.0, 1.1, 2, True),
    Write("a", 1, 2.0, 2.1, 3, False),
    Write("a", 0, 3.0, None, 4, True),
    Write("a", 0, 5.0, 5.1, 5, True),
]


@pytest.mark.parametrize(
    "read, violated, stalest_ms",
    [
        (Read("a", 0, 0.5, 0.6, 1), False, 0),
        (Read("a", 0, 1.05, 1.2, 1), False, 0),  # asked before the acknowledgement
        (Read("a", 0, 1.05, 1.2, 2), False, 0),
        (Read("a", 0, 1.2, 1.3, 1), True, 0),  # on the instance that took the write
        (Read("a", 1, 1.2, 1.3, 1), False, 100),
        (Read("a", 1, 1.4, 1.5, 1), True, 300),
        (Read("a", 2, 2.2, 2.3, 2), False, 100),
        (Read("a", 2, 2.4, 2.5, 2), True, 300),  # hidden
        (Read("a", 1, 2.2, 2.3, None), False, 0),
        (Read("a", 1, 2.2, 2.3, 1), True, 0),
        (Read("a", 2, 4.0, 4.1, 4), False, 0),  # not acknowledged, but it may have been written
        (Read("a", 2, 4.0, 4.1, None), False, 0),
        (Read("a", 2, 5.4, 5.5, 4), True, 300),
        (Read("a", 2, 5.2, 5.3, None), False, 100),
        (Read("a", 2, 5.4, 5.5, None), True, 300),  # nothing, where there is something again
        (Read("a", 2, 4.0, 4.1, 7), True, 0),  # never written
    ],
)
def test_the_judge_knows_what_is_too_old(read, violated, stalest_ms):
    judgement = judge(HISTORY, [read], BOUND)
    assert bool(judgement.violations) == violated
    assert judgement.stalest_ms == pytest.approx(stalest_ms)
