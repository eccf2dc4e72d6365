"""Views over several instances: each counted exactly once from Redis to the store, with few statements."""

import contextlib
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.client import Client
from harness.fail_points import FailPoints
from harness.consistency import Wire
from harness.redis import Redis
from harness.server import Server, clean_environment
from harness.slow_wire import SlowWire
from harness.waiting import until

LONG = os.environ.get("SNIPPETD_TEST_LONG") == "1"
SHARDS = 16
CLAIM_HELD = 6  # seconds until a claim whose drainer has died is taken over
STEPS = 5  # that the drainer makes with a shard, and one more
SETTLE_AFTER = 10  # seconds until a flush that a lost server may have counted is looked for in the store


def read(port, ids, times):
    """Reads each id so many times, round after round, over one connection."""
    wire = Wire(port)
    requests = [f"GET /s/{id}/raw HTTP/1.1\r\nHost: x\r\n\r\n".encode() for id in ids]
    for _ in range(times):
        for request in requests:
            assert wire.ask(request)[0] == 200
    wire.close()


def read_everywhere(servers, ids, times):
    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(lambda server: read(server.port, ids, times), servers))


def stored(postgres, url):
    return int(postgres.query("select coalesce(sum(count), 0) from snippet_views", url) or 0)


@contextlib.contextmanager
def working(binary, *flags, env=None):
    """`snippetd work`, which only drains."""
    worker = subprocess.Popen([str(binary), "work", *flags], env=clean_environment(env),
                              stderr=subprocess.DEVNULL)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def dying_at(step, folder):
    """The environment of a process that dies at the step-th step of its view jobs."""
    points = FailPoints(folder / f"{step}")
    points.order("view-job", step, "die")
    return points.env


def total(servers, name, **labels):
    return sum(server.metric(name, **labels) for server in servers)


def count_exactly(servers, redis, ids, times, flush_s, stored_now, slow_factor):
    begun = time.monotonic()
    read_everywhere(servers, ids, times)
    wanted = len(servers) * len(ids) * times
    assert total(servers, "snippetd_views_recorded_total") == wanted
    until(lambda: stored_now() >= wanted, (flush_s + 3) * slow_factor, "all views to be in the store", 0.1)
    flushes = (time.monotonic() - begun) / (flush_s * 0.9) + 2
    assert stored_now() == wanted
    assert total(servers, "snippetd_views_applied_total") == wanted
    assert total(servers, "snippetd_views_dropped_total") == 0
    assert total(servers, "snippetd_views_pending") == 0
    assert total(servers, "snippetd_db_statements_total", statement="apply_views") <= SHARDS * flushes
    assert redis.keys("views:*:live") == redis.keys("views:*:claim") == []
    for key in redis.keys("views:*"):
        assert redis.call("PTTL", key) > 0, f"{key} stays for ever"


@pytest.fixture
def site(binary, postgres):
    """A factory: site(flags…, redis=…, …) is an instance on this test's database; `site.url` is that database."""
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)

        def start(redis, *flags, **options):
            return started.enter_context(Server(binary, url, flags=("--redis", redis.url(), *flags), **options))

        start.url = url
        start.stored = lambda: stored(postgres, url)
        yield start


def test_the_stored_sum_is_exact_with_one_statement_a_shard_and_flush(site, redis, slow_factor):
    servers = [site(redis, "--views-flush", "1s") for _ in range(3)]
    client = Client(servers[0]).signup()
    ids = [client.create()["id"] for _ in range(40)]
    count_exactly(servers, redis, ids, 50, 1, site.stored, slow_factor)


@pytest.mark.skipif(not LONG, reason="./test --long")
@pytest.mark.timeout(3600)
def test_a_million_reads_are_a_million_views(site, redis, slow_factor):
    servers = [site(redis) for _ in range(3)]
    client = Client(servers[0]).signup()
    ids = [client.create()["id"] for _ in range(1000)]
    count_exactly(servers, redis, ids, 334, 10, site.stored, slow_factor)


def test_the_count_on_cached_reads_follows_the_flush_on_every_instance(site, redis, everywhere, slow_factor):
    servers = [site(redis, "--views-flush", "1s") for _ in range(3)]
    clients = everywhere(Client(servers[0]).signup(), servers)
    id = clients[0].create()["id"]
    for client in clients:
        client.get(f"/s/{id}")
    read(servers[1].port, [id], 37)
    seen = []

    def all_show_it():
        answers = [client.get(f"/s/{id}") for client in clients]
        seen.extend(answer.headers["Cache-Status"] for answer in answers)
        return all(answer.json()["view_count"] >= 40 for answer in answers)

    until(all_show_it, (1 + 1) * slow_factor, "the count to be shown", 0.1)
    assert "snippetd; fwd=miss" not in seen, "by telling the caches, not by loading anew"
    late = site(redis)
    answer = Client(late).get(f"/s/{id}")
    assert answer.headers["Cache-Status"] == "snippetd-redis; hit"
    assert answer.json()["view_count"] >= 40


def test_work_drains_what_instances_without_jobs_count(site, redis, binary, slow_factor):
    server = site(redis, "--jobs", "off", "--views-flush", "500ms")
    client = Client(server).signup()
    id = client.create()["id"]
    read(server.port, [id], 10)
    until(lambda: server.metric("snippetd_views_pending") == 0, 5, "the views to be in Redis")
    time.sleep(1)
    assert site.stored() == 0
    with working(binary, "--database", site.url, "--redis", redis.url(), "--views-flush", "500ms") as worker:
        until(lambda: site.stored() == 10, 5 * slow_factor, "the worker to drain Redis")
        until(lambda: client.get(f"/s/{id}").json()["view_count"] >= 10, 2 * slow_factor, "the count to be shown")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10 * slow_factor) == 0


def test_sigterm_leaves_nothing_behind(site, redis):
    server = site(redis, "--views-flush", "1h")
    id = Client(server).signup().create()["id"]
    read(server.port, [id], 25)
    assert server.stop() == 0
    assert site.stored() == 25
    assert redis.keys("views:*:live") == []


def test_a_drainer_killed_at_any_step_counts_nothing_twice_and_loses_nothing(binary, postgres, tmp_path, slow_factor):
    """`kill -9` at the n-th step, for every n; each on a database and a Redis of its own, all at the same time."""

    def die_at(step):
        with Redis() as redis, contextlib.ExitStack() as started:
            url = postgres.create_database()
            started.callback(postgres.recycle_database, url)
            flags = ("--redis", redis.url(), "--views-flush", "300ms")
            # The one that counts does not drain, so that nobody else does while the drainer dies.
            counting = started.enter_context(Server(binary, url, flags=(*flags, "--jobs", "off")))
            id = Client(counting).signup().create()["id"]
            read(counting.port, [id], 100)
            until(lambda: counting.metric("snippetd_views_pending") == 0, 10 * slow_factor, "the views to be in Redis")
            env = dying_at(step, tmp_path)
            dying = started.enter_context(working(binary, "--database", url, *flags, env=env))
            until(lambda: dying.poll() is not None or (step > STEPS - 1 and stored(postgres, url) == 100),
                  20 * slow_factor, f"the drainer to reach step {step}")
            died = dying.poll()
            read(counting.port, [id], 10)
            started.enter_context(Server(binary, url, flags=flags))
            until(lambda: stored(postgres, url) >= 110, (CLAIM_HELD + 6) * slow_factor, "what was left to be applied")
            time.sleep(1)  # another flush or two, which must not count anything again
            return died, stored(postgres, url)

    with ThreadPoolExecutor(STEPS) as pool:
        outcomes = list(pool.map(die_at, range(1, STEPS + 1)))
    assert outcomes == [(-signal.SIGKILL, 110)] * (STEPS - 1) + [(None, 110)]


@pytest.mark.parametrize("outage", ["killed", "paused"])
def test_while_redis_is_away_views_go_to_the_store_directly(site, outage, slow_factor):
    with Redis(settings=["appendonly yes", "appendfsync always"]) as redis:
        server = site(redis, "--views-flush", "500ms")
        id = Client(server).signup().create()["id"]
        read(server.port, [id], 50)
        until(lambda: site.stored() == 50, 5 * slow_factor, "the views by way of Redis")
        if outage == "killed":
            redis.kill()
        else:
            redis.pause()
        for _ in range(10):
            read(server.port, [id], 20)
            time.sleep(0.05)
        # What was being sent when Redis fell silent may have arrived, so it waits until Redis can tell.
        until(lambda: site.stored() > 50, 10 * slow_factor, "views to reach the store without Redis")
        if outage == "killed":
            redis.start()
        else:
            redis.resume()
        read(server.port, [id], 50)
        until(lambda: site.stored() >= 300, 15 * slow_factor, "all views to reach the store")
        time.sleep(1)
        assert site.stored() == 300


def test_redis_connections_killed_all_the_time_count_nothing_twice(site, redis, slow_factor):
    servers = [site(redis, "--views-flush", "300ms") for _ in range(2)]
    id = Client(servers[0]).signup().create()["id"]
    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read, server.port, [id], 3000) for server in servers]
        while not all(one.done() for one in reading):
            redis.call("CLIENT", "KILL", "TYPE", "normal")
            time.sleep(0.03)
        for one in reading:
            one.result()
    until(lambda: site.stored() >= 6000, 15 * slow_factor, "all views to reach the store")
    time.sleep(1)
    assert site.stored() == 6000


@contextlib.contextmanager
def counting_without_draining(binary, postgres, redis_url, *flags):
    """(server, id of a snippet, flags for others of its site). The server counts and does not drain."""
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        server = started.enter_context(
            Server(binary, url, flags=("--redis", redis_url, "--views-flush", "300ms", "--jobs", "off", *flags))
        )
        yield server, Client(server).signup().create()["id"], url


def all_in_redis(server, slow_factor):
    until(lambda: server.metric("snippetd_views_pending") == 0, 20 * slow_factor, "the views to be in Redis")


def test_a_redis_that_comes_back_with_an_older_state_counts_nothing_twice(binary, postgres, tmp_path, slow_factor):
    """`kill -9` of the drainer at its n-th step, for every n, and then Redis comes back as it was before: with a part
    of the counts, with all of them, or as the drainer left it. More is read, and everything is drained."""

    def rewound(step, state):
        with Redis() as redis, contextlib.ExitStack() as started:
            site = counting_without_draining(binary, postgres, redis.url())
            counting, id, url = started.enter_context(site)
            flags = ("--database", url, "--redis", redis.url(), "--views-flush", "300ms")
            saved = {}
            read(counting.port, [id], 60)
            all_in_redis(counting, slow_factor)
            saved["a part"] = redis.save()
            read(counting.port, [id], 40)
            all_in_redis(counting, slow_factor)
            saved["all"] = redis.save()
            env = dying_at(step, tmp_path / state.replace(" ", "-"))
            with working(binary, *flags, env=env) as dying:
                until(lambda: dying.poll() is not None or (step == STEPS and stored(postgres, url) == 100),
                      20 * slow_factor, f"the drainer to reach step {step}")
            saved["as it was left"] = redis.save()
            redis.rewind(saved[state])
            # While nobody drains, and once more when all has been: into counts of before, and after them.
            read(counting.port, [id], 10)
            all_in_redis(counting, slow_factor)
            started.enter_context(working(binary, *flags))
            until(lambda: not redis.keys("views:*:live") and not redis.keys("views:*:claim"),
                  (CLAIM_HELD + 20) * slow_factor, "everything to be drained")
            after_one = stored(postgres, url)
            redis.rewind(saved[state])
            read(counting.port, [id], 10)
            all_in_redis(counting, slow_factor)
            until(lambda: not redis.keys("views:*:live") and not redis.keys("views:*:claim"),
                  (CLAIM_HELD + 20) * slow_factor, "everything to be drained again")
            assert redis.keys("views:*:left") == []
            return after_one, stored(postgres, url)

    cases = [(step, state) for step in range(1, STEPS + 1) for state in ("a part", "all", "as it was left")]
    with ThreadPoolExecutor(4) as pool:
        outcomes = dict(zip(cases, pool.map(lambda case: rewound(*case), cases)))
    # Lost is only what Redis has lost: 40 that the store did not have yet.
    wanted = {case: (70, 80) if case == (1, "a part") else (110, 120) for case in cases}
    assert outcomes == wanted


def test_a_replica_that_lags_behind_and_is_promoted_counts_nothing_twice(binary, postgres, slow_factor):
    with contextlib.ExitStack() as started:
        master, replica = started.enter_context(Redis()), started.enter_context(Redis())
        wire = started.enter_context(SlowWire(master.port))
        replication = started.enter_context(SlowWire(master.port))
        replica.call("REPLICAOF", "127.0.0.1", replication.port)
        until(lambda: "master_link_status:up" in replica.call("INFO", "replication"), 20 * slow_factor, "the replica")
        address = f"redis://127.0.0.1:{wire.port}/0"
        counting, id, url = started.enter_context(counting_without_draining(binary, postgres, address))
        read(counting.port, [id], 100)
        all_in_redis(counting, slow_factor)
        until(lambda: replica.keys("views:*:live"), 10 * slow_factor, "the replica to have the views")
        replication.cut = True
        read(counting.port, [id], 50)
        all_in_redis(counting, slow_factor)
        started.enter_context(
            working(binary, "--database", url, "--redis", address, "--views-flush", "300ms")
        )
        until(lambda: stored(postgres, url) == 150, 10 * slow_factor, "all to be in the store")
        replica.call("REPLICAOF", "NO", "ONE")
        assert replica.keys("views:*:live"), "it remembers what has been drained"
        wire.move_to(replica.port)
        read(counting.port, [id], 10)
        # A flush may have been on its way just then.
        settled = (SETTLE_AFTER + 20) * slow_factor
        until(lambda: stored(postgres, url) >= 160, settled, "the new views to be in the store")
        until(lambda: replica.keys("views:*:l*") == replica.keys("views:*:claim") == [], 10 * slow_factor, "the rest")
        assert stored(postgres, url) == 160
        # Back to the first one, which has gone on living and knows nothing of it.
        wire.move_to(master.port)
        read(counting.port, [id], 10)
        until(lambda: stored(postgres, url) >= 170, settled, "the last views to be in the store")
        assert stored(postgres, url) == 170


@pytest.mark.parametrize("drained", [True, False], ids=["drained before", "lost with the server"])
def test_a_flush_whose_answer_is_lost_with_the_server_is_counted_once(binary, postgres, drained, slow_factor):
    with Redis() as redis, SlowWire(redis.port) as wire, contextlib.ExitStack() as started:
        address = f"redis://127.0.0.1:{wire.port}/0"
        counting, id, url = started.enter_context(counting_without_draining(binary, postgres, address))
        flags = ("--database", url, "--redis", redis.url(), "--views-flush", "300ms")
        read(counting.port, [id], 20)
        all_in_redis(counting, slow_factor)
        saved = redis.save()
        wire.delay = 3600  # what is said to the server arrives, what it answers does not
        read(counting.port, [id], 30)
        until(lambda: "50" in str([redis.call("HGETALL", key) for key in redis.keys("views:*:live")]),
              10 * slow_factor, "the flush to arrive")
        if drained:
            with working(binary, *flags):
                until(lambda: stored(postgres, url) == 50, 10 * slow_factor, "the flush to be in the store")
        redis.kill()
        wire.delay = 0
        wire.move_to(redis.port)
        redis.rewind(saved)
        read(counting.port, [id], 10)
        until(lambda: counting.metric("snippetd_views_pending") == 0, (SETTLE_AFTER + 20) * slow_factor,
              "it to be known what became of the flush")
        started.enter_context(working(binary, *flags))
        until(lambda: stored(postgres, url) >= 60, 10 * slow_factor, "all to be in the store")
        time.sleep(1)  # another flush or two, which must not count anything again
        assert stored(postgres, url) == 60


@pytest.mark.parametrize("outage", ["killed", "paused"])
def test_sigterm_while_redis_is_away_leaves_what_was_never_sent_in_the_store(site, outage, slow_factor):
    """What was sent may have arrived, and nobody can tell: that is said to be lost. All else is in the store."""
    with Redis() as redis:
        server = site(redis, "--views-flush", "1h")
        client = Client(server).signup()
        ids = [client.create()["id"] for _ in range(40)]  # in every shard, or nearly
        if outage == "killed":
            redis.kill()
        else:
            redis.pause()
            read(server.port, ids[:1], 1)  # this one is sent, unless the silence has been noticed before
            server.wait_for_log("views wait for Redis")
        until(lambda: server.metric("snippetd_redis_up") == 0, 10 * slow_factor, "the outage to be noticed")
        read(server.port, ids, 5)
        assert server.stop() == 0
        told = re.search(r"views may be lost.* views=(\d+)", server.log)
        lost = int(told[1]) if told else 0
        assert lost <= (outage == "paused")
        assert site.stored() + lost == 200 + (outage == "paused")
