"""Redis goes away and comes back, is silent, slow, full, a replica, or lets nobody in: writes and reads go on."""

import contextlib
import http.server
import json
import os
import queue
import random
import statistics
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import PASSWORD, Client
from harness.postgres import free_port
from harness.redis import Redis
from harness.server import Server
from harness.slow_wire import SlowWire
from harness.waiting import until

BACK_WITHIN = 5  # seconds after Redis is back, without a restart


@pytest.fixture
def webhook():
    """A listener for alerts: (URL, queue of what was posted)."""
    posted = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listener.server_address[1]}/", posted
        listener.shutdown()


def create(client):
    return client.post("/snippets", {"body": "x"})


def redis_state(server):
    return Client(server).get("/readyz").json()["redis"]


def wait_until_back(server, slow_factor):
    until(lambda: redis_state(server) == "ok", BACK_WITHIN * slow_factor, "the service to find its Redis again")


@pytest.mark.parametrize("outage", ["killed", "paused", "slow"])
def test_writes_and_reads_go_on_and_the_alert_fires_and_resolves_once(
    start, own_redis, webhook, outage, slow_factor
):
    url, posted = webhook
    with SlowWire(own_redis.port) as wire:
        server = start(f"redis://127.0.0.1:{wire.port}/0", "--alert-webhook", url, "--rate-limit", "write=100/1h")
        client = Client(server).signup()
        id = client.create(visibility="public")["id"]
        assert create(client).headers["RateLimit"].startswith('"write";r=98;')

        def timed(count):
            """How long writes took, slowest last, in milliseconds."""
            durations = []
            for _ in range(count):
                started = time.monotonic()
                assert create(client).status == 201
                durations.append((time.monotonic() - started) * 1000)
                assert client.get(f"/s/{id}").status == 200
            return sorted(durations)

        if outage == "killed":
            own_redis.kill()
        elif outage == "paused":
            own_redis.pause()
        else:
            wire.delay = 0.2
        during = timed(300)
        # A few requests find out, each for 50 ms; nobody waits after that.
        assert during[-1] < 500 * slow_factor
        assert sum(duration > 45 for duration in during) <= 12 * slow_factor, during[-20:]
        state = Client(server).get("/readyz")
        assert state.status == 200
        assert state.json() == {"status": "degraded", "database": "ok", "redis": "down"}
        assert server.metric("snippetd_redis_up") == 0
        assert server.metric("snippetd_alerts_active", alert="redis_down") == 1
        assert server.metric("snippetd_ratelimit_decisions_total", policy="write", decision="failed_open") >= 250

        if outage == "killed":
            own_redis.start()
        elif outage == "paused":
            own_redis.resume()
        else:
            wire.delay = 0
        wait_until_back(server, slow_factor)
        assert "RateLimit" in create(client).headers, "limits resume by themselves"
        assert server.metric("snippetd_redis_up") == 1
        assert server.metric("snippetd_alerts_active", alert="redis_down") == 0
        changes = [posted.get(timeout=5 * slow_factor) for _ in range(2)]
        assert [change["alert"] for change in changes] == ["redis_down"] * 2
        assert len({str(change) for change in changes}) == 2
        server.stop()
        assert posted.empty(), "more than one change each way"
        assert len([line for line in server.log_lines if "alert raised" in line]) == 1
        assert len([line for line in server.log_lines if "alert resolved" in line]) == 1


def latencies(server, client, ids, seconds, at_start=lambda: None):
    """Of writes and of reads by four clients at once, in seconds. All of them must succeed."""
    writes, reads = [], []

    def ask():
        own = Client(server)
        own.session = client.session
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.monotonic()
            assert create(own).status == 201
            writes.append(time.monotonic() - begun)
            for id in ids:
                begun = time.monotonic()
                assert own.get(f"/s/{id}").status == 200
                reads.append(time.monotonic() - begun)

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        at_start()
        for one in asking:
            one.result()
    return writes, reads


@pytest.mark.skipif("SNIPPETD_SANITIZER" in os.environ, reason="how long things take says something as released only")
@pytest.mark.parametrize("outage", ["killed", "paused", "slow"])
def test_p99_rises_by_less_than_20_ms(binary, postgres, own_redis, outage):
    with SlowWire(own_redis.port) as wire:
        url = postgres.create_database()
        redis = f"redis://127.0.0.1:{wire.port}/0"
        with Server(binary, url, flags=("--redis", redis, "--rate-limit", "write=1000000/1h")) as server:
            client = Client(server).signup()
            ids = [client.create()["id"] for _ in range(3)]
            begin = {"killed": own_redis.kill, "paused": own_redis.pause, "slow": lambda: setattr(wire, "delay", 0.2)}
            before = latencies(server, client, ids, 2)
            during = latencies(server, client, ids, 4, at_start=begin[outage])
        postgres.recycle_database(url)
    for what, one, other in zip(("writes", "reads"), before, during):
        p99 = [statistics.quantiles(times, n=100)[98] * 1000 for times in (one, other)]
        assert p99[1] < p99[0] + 20, f"{what}: {p99[0]:.1f} ms before, {p99[1]:.1f} ms in the outage"


def test_a_flood_is_no_outage_and_does_not_lift_the_limits(start, own_redis):
    """More writes at once than a Redis far away decides in time: what cannot be decided is 503, and not let through."""
    with SlowWire(own_redis.port, delay=0.05) as wire:
        url = f"redis://127.0.0.1:{wire.port}/0"
        server = start(url, "--rate-limit", "write=5/1h", "--threads", "1")
        client = Client(server).signup()
        cookie = {"Cookie": f"session={client.session}"}
        request = request_bytes("POST", "/snippets", json={"body": "x"}, headers=cookie)
        answers = burst(server, [request] * 1500)
        statuses = Counter(answer.status for answer in answers)
        assert statuses[201] == 5 and statuses[429] > 100 and statuses[503] > 100, statuses
        assert set(statuses) == {201, 429, 503}, statuses
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status == 503)
        assert server.metric("snippetd_ratelimit_decisions_total", decision="failed_open") == 0
        assert redis_state(server) == "ok"
        assert "redis_down" not in server.log


def test_local_means_that_each_instance_limits_alone(start, own_redis):
    server = start(own_redis.url(), "--rate-limit-on-failure", "local", "--rate-limit", "write=5/1h")
    client = Client(server).signup()
    own_redis.kill()
    until(lambda: redis_state(server) == "down", 5, "the outage to be noticed")
    assert [create(client).status for _ in range(7)] == [201] * 5 + [429] * 2


def test_closed_means_that_writes_are_refused_and_reads_go_on(start, own_redis, slow_factor):
    server = start(own_redis.url(), "--rate-limit-on-failure", "closed")
    client = Client(server).signup()
    id = client.create(visibility="public")["id"]
    own_redis.kill()
    until(lambda: redis_state(server) == "down", 5, "the outage to be noticed")
    answer = create(client)
    expect.problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert client.get(f"/s/{id}").status == 200
    own_redis.start()
    wait_until_back(server, slow_factor)
    assert create(client).status == 201


@pytest.mark.parametrize("setting", ["open", "closed"])
def test_guessing_passwords_is_limited_also_without_redis(start, own_redis, setting):
    server = start(own_redis.url(), "--rate-limit-on-failure", setting)
    own_redis.kill()
    until(lambda: redis_state(server) == "down", 5, "the outage to be noticed")
    client = Client(server)
    statuses = [
        client.post("/auth/login", {"username": "nobody", "password": PASSWORD}).status for _ in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2


def test_a_redis_that_takes_no_writes_is_as_good_as_none(start, own_redis, slow_factor):
    server = start(own_redis.url())
    client = Client(server).signup()
    for full, well in (
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),  # OOM
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),  # READONLY
    ):
        own_redis.call(*full)
        assert create(client).status == 201
        assert redis_state(server) == "down"
        own_redis.call(*well)
        wait_until_back(server, slow_factor)
        assert "RateLimit" in create(client).headers


def test_a_script_that_blocks_redis_is_waited_out(start, own_redis, slow_factor):
    server = start(own_redis.url())
    client = Client(server).signup()
    own_redis.call("CONFIG", "SET", "busy-reply-threshold", "10")
    spinning = threading.Thread(target=_spin, args=(own_redis,))
    spinning.start()
    try:
        until(lambda: create(client).status == 201 and redis_state(server) == "down", 5 * slow_factor, "BUSY")
    finally:
        own_redis.call("SCRIPT", "KILL")
        spinning.join(10)
    wait_until_back(server, slow_factor)


def _spin(redis):
    with contextlib.suppress(Exception):  # it is killed, which is an error reply
        redis.call("EVAL", "while true do end", 0)


def test_with_a_password(start, slow_factor):
    with Redis(password="s3cret") as redis:
        server = start(redis.url())
        assert redis_state(server) == "ok"
        client = Client(server).signup()
        assert "RateLimit" in create(client).headers
    with Redis(password="s3cret") as redis:
        server = start(f"redis://:wrong@127.0.0.1:{redis.port}/0")
        assert redis_state(server) == "down"
        server.wait_for_log("WRONGPASS")
        assert "s3cret" not in server.log and ":wrong" not in server.log


def test_over_tls_with_a_certificate_that_is_checked(start, binary, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with Redis() as redis:
        port = free_port()  # for TLS; the plain one stays for the harness
        redis.kill()
        redis.settings += [
            f"tls-port {port}", f"tls-cert-file {certificate}", f"tls-key-file {key}", "tls-auth-clients no",
            f"tls-ca-cert-file {certificate}",
        ]
        redis.start()
        url = f"rediss://127.0.0.1:{port}/0"
        trusting = {"SSL_CERT_FILE": str(certificate)}
        with Server(binary, flags=["--redis", url], rate_limits=True, env=trusting) as server:
            assert redis_state(server) == "ok"
            assert "RateLimit" in create(Client(server).signup()).headers
        server = start(url)
        assert redis_state(server) == "down", "a certificate that nobody has signed was believed"
        server.wait_for_log("certificate verify failed")


def test_no_counter_is_without_an_end_also_after_redis_was_killed_at_any_moment(start):
    with Redis(settings=["appendonly yes", "appendfsync always"]) as redis:
        redis.settings.remove("appendonly no")
        redis.kill()
        redis.start()
        server = start(redis.url(), "--rate-limit", "write=100000/60s", "--rate-limit", "signup=off")
        accounts = [Client(server).signup() for _ in range(4)]
        ending = threading.Event()

        def write(client):
            while not ending.is_set():
                create(client)

        writers = [threading.Thread(target=write, args=(account,)) for account in accounts]
        for writer in writers:
            writer.start()
        try:
            moments = random.Random(11)
            for _ in range(6):
                until(lambda: redis.keys("ratelimit:*"), 10, "counters")
                time.sleep(moments.uniform(0, 0.05))
                redis.kill()
                redis.start()
                for key in redis.keys("ratelimit:*"):
                    assert redis.call("PTTL", key) != -1, f"{key} stays for ever"
        finally:
            ending.set()
            for writer in writers:
                writer.join()
