"""PostgreSQL goes away and comes back: cached reads go on, the rest is 503 within a second, no restart is needed."""

import collections
import http.client
import subprocess
import threading
import time

import pytest
from traffic import Caller, Record, Traffic, check_record, repeat_unknown_creates, view_count, wait_for_views

from harness import expect
from harness.client import Client
from harness.postgres import Postgres
from harness.server import Server, clean_environment
from harness.waiting import until

BACK_WITHIN = 10  # seconds after the store is back, without a restart


@pytest.fixture(scope="module")
def own_cluster():
    """A PostgreSQL that these tests may stop."""
    with Postgres(fsync=False) as postgres:
        yield postgres


@pytest.fixture
def cluster(own_cluster):
    yield own_cluster
    own_cluster.resume()
    try:
        own_cluster.query("select 1")
    except AssertionError:
        own_cluster.start()


@pytest.fixture
def server(binary, cluster):
    with Server(binary, cluster.create_database(), flags=["--views-flush", "200ms"]) as running:
        yield running


class Hot:
    """A snippet that is in the cache of the worker which serves this one connection."""

    def __init__(self, server, client):
        self.id = client.create(body="hot", visibility="public")["id"]
        self.caller = Caller(server)
        self.gets = 0
        until(lambda: "hit" in self.read().headers["Cache-Status"], 5, "the snippet to be cached")

    def read(self):
        self.gets += 1
        response = self.caller.get(f"/s/{self.id}")
        assert response.status == 200 and response.json()["body"] == "hot", response
        return response


@pytest.fixture
def ada(server):
    with Client(server).signup() as client:
        yield client


@pytest.fixture
def hot(server, ada):
    hot = Hot(server, ada)
    yield hot
    hot.caller.close()


def timed(call, *arguments):
    started = time.monotonic()
    response = call(*arguments)
    return response, time.monotonic() - started


def unavailable_within(seconds, call, *arguments):
    response, took = timed(call, *arguments)
    expect.problem(response, 503, "unavailable")
    assert took < seconds, f"503 took {took:.2f} s"
    return response


def what_needs_the_store(ada, cold_id):
    """Each kind of request that cannot be answered without the store."""
    stranger = ada.clone()
    stranger.session = None
    yield ada.post, ("/snippets", {"body": "x"})
    yield stranger.post, ("/snippets", {"body": "x"})
    yield ada.patch, (f"/snippets/{cold_id}", {"body": "y"})
    yield ada.delete, (f"/snippets/{cold_id}",)
    yield stranger.get, (f"/s/{cold_id}",)
    yield stranger.get, (f"/s/{cold_id}/raw",)
    yield ada.get, (f"/snippets/{cold_id}",)
    yield ada.get, ("/snippets",)
    yield stranger.get, ("/explore",)
    yield stranger.get, ("/s/abcdefghijkl",)
    yield ada.post, (f"/snippets/{cold_id}/fork",)
    yield stranger.post, ("/auth/login", {"username": ada.username, "password": "correct horse"})
    stranger.close()


def back_without_restart(server, ada, pid, slow_factor):
    statuses = set()

    def works():
        statuses.add(ada.post("/snippets", {"body": "back"}).status)
        return 201 in statuses

    until(works, BACK_WITHIN * slow_factor, "a create to work again", interval=0.05)
    assert statuses <= {201, 503}, statuses
    assert server.process.poll() is None and server.pid == pid
    until(lambda: ada.get("/readyz").status == 200, BACK_WITHIN * slow_factor, "/readyz to be 200 again")


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_stopped_and_started(how, server, cluster, ada, hot, slow_factor):
    pid = server.pid
    cold_id = ada.create(body="cold", visibility="public")["id"]
    assert ada.get("/readyz").json()["database"] == "ok"
    cluster.stop(how)

    for call, arguments in what_needs_the_store(ada, cold_id):
        unavailable_within(1.0 * slow_factor, call, *arguments)
        read, took = timed(hot.read)
        assert "hit" in read.headers["Cache-Status"]
        assert took < 1.0 * slow_factor
    until(lambda: ada.get("/readyz").status == 503, 5 * slow_factor, "/readyz to be 503")
    ready, took = timed(ada.get, "/readyz")
    assert ready.status == 503 and took < 1.0 * slow_factor
    assert ada.get("/healthz").status == 200
    for _ in range(50):
        hot.read()

    cluster.start()
    back_without_restart(server, ada, pid, slow_factor)
    assert ada.get(f"/s/{cold_id}").json()["body"] == "cold"
    with Caller(server, ada.session) as caller:
        wait_for_views(caller, hot.id, hot.gets, BACK_WITHIN * slow_factor)


@pytest.mark.parametrize("threads", ["1", "6"])
def test_a_large_text_is_served_past_its_ttl(threads, binary, cluster, slow_factor):
    """Stale if there is an error: what has been read before, of any size, in every form, on every worker."""
    body = "\x01" * (1024 * 1024)
    flags = ["--cache-ttl", "1s", "--threads", threads]
    with Server(binary, cluster.create_database(), flags=flags) as server, Client(server) as client:
        id = client.create(body=body)["id"]
        assert client.get(f"/s/{id}/raw").status == 200
        cluster.stop("immediate")
        until(lambda: client.get("/readyz").status == 503, 5 * slow_factor, "/readyz to be 503")
        time.sleep(1.2)  # the TTL and its jitter
        readers = [Client(server) for _ in range(6)]
        for reader in readers:
            assert reader.get(f"/s/{id}/raw").text == body
            assert reader.get(f"/s/{id}").json()["body"] == body
            assert reader.get(f"/s/{id}", {"Accept": "text/html"}).status == 200


def test_stopped_again_and_again(server, cluster, ada, hot, slow_factor):
    pid = server.pid
    for _ in range(3):
        cluster.stop("immediate")
        unavailable_within(1.0 * slow_factor, ada.post, "/snippets", {"body": "x"})
        hot.read()
        cluster.start()
        back_without_restart(server, ada, pid, slow_factor)
    with Caller(server, ada.session) as caller:
        wait_for_views(caller, hot.id, hot.gets, BACK_WITHIN * slow_factor)


def test_paused(server, cluster, ada, hot, slow_factor):
    """Connections stay open and nothing answers: the worst case, since no error tells that the store is away."""
    pid = server.pid
    cold_id = ada.create(body="cold")["id"]
    for _ in range(20):
        hot.read()
    cluster.pause()
    try:
        paused_at = time.monotonic()
        for call, arguments in what_needs_the_store(ada, cold_id):
            unavailable_within(1.0 * slow_factor, call, *arguments)
            _, took = timed(hot.read)
            assert took < 1.0 * slow_factor
        ready, took = timed(ada.get, "/readyz")
        assert ready.status == 503 and took < 1.0 * slow_factor
        # Some flush intervals, so that a flush is surely caught in the pause.
        until(lambda: time.monotonic() - paused_at > 3, 5, "the pause to last")
        hot.read()
    finally:
        cluster.resume()
    back_without_restart(server, ada, pid, slow_factor)
    with Caller(server, ada.session) as caller:
        wait_for_views(caller, hot.id, hot.gets, BACK_WITHIN * slow_factor)


def test_paused_under_a_crowd(server, cluster, ada, hot, slow_factor):
    """More callers than the pool has connections: each gets its 503 in time, none waits for the others' time-outs."""
    pid, answers, problems = server.pid, [], []
    keys = [f"crowd-{n}" for n in range(100)]

    def create(key):
        with ada.clone() as client:
            try:
                client.get("/healthz")
                answers.append(
                    (key, *timed(client.post, "/snippets", {"title": key, "body": key}, {"Idempotency-Key": key}))
                )
            except (OSError, http.client.HTTPException) as error:
                problems.append(f"{key}: {error!r}")

    cluster.pause()
    try:
        threads = [threading.Thread(target=create, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        cluster.resume()
    assert not problems, problems[:5]
    assert {response.status for _, response, _ in answers} <= {503}, collections.Counter(
        r.status for _, r, _ in answers
    )
    slowest = max(took for _, _, took in answers)
    assert (
        slowest < 1.0 * slow_factor + 0.2
    ), f"the slowest of {len(answers)} took {slowest:.2f} s"  # a hundred threads share two cores
    back_without_restart(server, ada, pid, slow_factor)

    # A create that was cut off may have been carried out. Its key says so: again, and there is one row.
    statuses = set()
    for key in keys:

        def made():
            status = ada.post("/snippets", {"title": key, "body": key}, {"Idempotency-Key": key}).status
            statuses.add(status)
            return status == 201

        until(made, BACK_WITHIN * slow_factor, f"the create with {key} to succeed", interval=0.1)
    assert statuses <= {201, 409, 503}, statuses
    titles, cursor = collections.Counter(), ""
    while cursor is not None:
        page = ada.get(f"/snippets?limit=100&cursor={cursor}" if cursor else "/snippets?limit=100").json()
        titles.update(item["title"] for item in page["items"])
        cursor = page["next_cursor"]
    assert {key: titles[key] for key in keys} == {key: 1 for key in keys}


def test_backends_are_terminated_in_the_middle_of_traffic(server, cluster, ada, hot, slow_factor):
    pid, record = server.pid, Record()
    name = server.database.rpartition("/")[2]
    traffic = Traffic(server, ada.session, "terminate", record, creators=3, editors=2, readers=2)
    killed = 0
    try:
        for _ in range(10):
            before = record.count("create")
            until(lambda: record.count("create") > before + 5, 10 * slow_factor, "creates to go on")
            hot.read()
            killed += int(
                cluster.query(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    f" where datname = '{name}' and backend_type = 'client backend'"
                )
            )
    finally:
        traffic.stop()
    assert killed > 10, f"only {killed} backends were there to be ended"
    assert not record.wrong, record.wrong[:5]
    back_without_restart(server, ada, pid, slow_factor)
    with Caller(server, ada.session) as caller:
        repeat_unknown_creates(record, caller, BACK_WITHIN * slow_factor)
        check_record(record, caller)
        # A GET that was answered is a view; one that got a 503 is none.
        for id, answered in list(record.views_answered.items())[:20]:
            if id in record.bodies:
                wait_until_counted(caller, id, answered, slow_factor)
        wait_for_views(caller, hot.id, hot.gets, BACK_WITHIN * slow_factor)


def wait_until_counted(caller, id, count, slow_factor):
    until(lambda: view_count(caller, id) == count, BACK_WITHIN * slow_factor, f"exactly {count} views of {id}")


def test_views_survive_a_stop_while_the_store_is_paused(binary, cluster, slow_factor):
    """SIGTERM with the store silent: the end comes within 10 s all the same."""
    with Server(binary, cluster.create_database(), flags=["--views-flush", "200ms"]) as server:
        with Client(server).signup() as client:
            hot = Hot(server, client)
        cluster.pause()
        try:
            hot.read()
            started = time.monotonic()
            server.stop(timeout=10)
            assert time.monotonic() - started < 10 * slow_factor
        finally:
            cluster.resume()


def test_started_before_the_store(binary, cluster, slow_factor):
    """Without its database the server does not start, and says why without telling the password."""
    url = cluster.create_database()
    cluster.stop("fast")
    started = time.monotonic()
    url_with_password = url.replace("snippetd@", "snippetd:hunter2@")
    process = subprocess.run(
        [str(binary), "serve", "--listen", "127.0.0.1:0", "--database", url_with_password],
        env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * slow_factor,
    )  # fmt: skip
    assert time.monotonic() - started < 15 * slow_factor
    assert process.returncode in range(1, 126), process
    assert (
        f"127.0.0.1:{cluster.port}" in process.stderr.replace('", port ', ":") or str(cluster.port) in process.stderr
    ), process.stderr
    assert "hunter2" not in process.stderr
    assert "terminate called" not in process.stderr
    cluster.start()
    with Server(binary, url) as server, Client(server) as client:
        assert client.post("/snippets", {"body": "x"}).status == 201
