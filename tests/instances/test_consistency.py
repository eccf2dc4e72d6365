"""What is served is never older than promised, on any instance, under races and faults: see harness/consistency.py."""

import contextlib
import os
import signal
import time

import pytest

from harness.client import Client
from harness.clocks import is_sanitized, off_by
from harness.consistency import Read, Traffic, Write, judge
from harness.postgres_between import PgBouncer
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
    time.sleep(4)  # it is believed again after two


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


@pytest.fixture
def wired(binary, postgres, own_redis):
    """Three instances, each with a wire of its own to Redis, and nothing alike besides.

    All but the last reach PostgreSQL over a wire, the first by PgBouncer; all but the last have wrong clocks.
    """
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        redis_wires = [started.enter_context(SlowWire(own_redis.port)) for _ in range(INSTANCES)]
        store_wire = started.enter_context(SlowWire(postgres.port))
        pooler = started.enter_context(PgBouncer(postgres, pool_size=8, over=store_wire.port))
        over_wire = url.replace(f":{postgres.port}/", f":{store_wire.port}/")
        assert over_wire != url
        clocks = [{}, {}, {}] if is_sanitized(binary) else [off_by("+25h"), off_by("-2h"), {}]
        servers = [
            started.enter_context(
                Server(binary, database, env=clock, flags=("--redis", f"redis://127.0.0.1:{wire.port}/0"))
            )
            for database, clock, wire in zip([pooler.url(url), over_wire, url], clocks, redis_wires)
        ]
        yield servers, redis_wires, store_wire, lambda: postgres.read_only(url)


def lead(wire, redis):
    """The wire leads to that server, and who is connected reconnects."""
    wire.lead_to(redis.port)
    wire.cut_for(0.1)


def one_on_another(wires, redis, other):
    lead(wires[-1], other)
    time.sleep(4)
    lead(wires[-1], redis)
    time.sleep(2)


def address_moves(wires, other):
    """Who is connected stays, and reconnects one after the other."""
    for wire in wires:
        wire.lead_to(other.port)
    for wire in reversed(wires):
        lead(wire, other)
        time.sleep(2)
    time.sleep(2)


def slow_store(wires, store_wire, delay):
    """For all but one, which has no Redis: what it edits the others find in the outbox alone."""
    wires[-1].cut = True
    store_wire.delay = delay
    time.sleep(4)
    store_wire.delay = 0.0
    time.sleep(1)
    wires[-1].cut = False
    time.sleep(1)


def stands_still(server, seconds):
    os.kill(server.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(server.pid, signal.SIGCONT)
    time.sleep(0.5)


def only_reads(read_only):
    """A reader is where the writer was, and then the writer again."""
    with read_only():
        time.sleep(2)
    time.sleep(2)


def each_stands_still(servers, wires):
    wires[-1].cut = True  # so that what the last one edits is in the outbox alone
    for seconds in (0.3, 0.8, 2.0):
        for server in servers:
            stands_still(server, seconds)
    wires[-1].cut = False


def further_faults(wired, redis, other):
    servers, wires, store_wire, read_only = wired
    return {
        "one_on_another": lambda: one_on_another(wires, redis, other),
        "address_moves": lambda: address_moves(wires, other),
        "slow_100": lambda: slow_store(wires, store_wire, 0.1),
        "slow_400": lambda: slow_store(wires, store_wire, 0.4),
        "only_reads": lambda: only_reads(read_only),
        "each_stands_still": lambda: each_stands_still(servers, wires),
    }


@pytest.mark.parametrize("fault", list(further_faults(([], [], None, None), None, None)))
def test_no_read_is_older_with_two_redis_servers_or_a_store_that_is_slow_or_only_reads(
    wired, fault, own_redis, other_redis, slow_factor, record_property
):
    outcome = drive(wired[0], [further_faults(wired, own_redis, other_redis)[fault]], 4)
    assert_consistent(outcome, slow_factor, record_property)


@pytest.mark.skipif(not LONG, reason="./test --long")
@pytest.mark.timeout(3600)
def test_a_million_operations_under_all_faults_in_turn(wired, own_redis, other_redis, slow_factor, record_property):
    servers, wires, *_ = wired
    faults = [lambda fault=fault: fault(own_redis, wires[-1]) for fault in FAULTS.values()]
    faults += further_faults(wired, own_redis, other_redis).values()
    faults.append(lambda: address_moves(wires, own_redis))  # back
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
