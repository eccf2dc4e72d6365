"""The contract's section "Operation", and how the processes behave: migrate, work, SIGTERM."""

import contextlib
import http.server
import json
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from harness import expect
from harness.burst import request_bytes
from harness.client import Client
from harness.server import LABEL, Server, clean_environment, run
from harness.waiting import until

METRICS = {
    "snippetd_http_requests_total": {"route", "method", "status"},
    "snippetd_http_request_duration_seconds_count": {"route"},
    "snippetd_http_request_duration_seconds_sum": {"route"},
    "snippetd_http_request_duration_seconds_bucket": {"route", "le"},
    "snippetd_cache_requests_total": {"result"},
    "snippetd_ratelimit_decisions_total": {"policy", "decision"},
    "snippetd_views_recorded_total": set(),
    "snippetd_views_applied_total": set(),
    "snippetd_views_pending": set(),
    "snippetd_view_batches_total": set(),
    "snippetd_db_statements_total": {"statement"},
}

ALL_ROWS = """select query_to_xml('select * from ' || quote_ident(tablename), true, false, '')
              from pg_tables where schemaname = current_schema()"""
ALL_TABLES = "select name from sqlite_master where type = 'table' and sql not like 'create virtual%'"


def store_arguments(server):
    """How another command is pointed at the store of a server."""
    arguments = ["--data-dir", server.data_dir]
    return arguments + (["--database", server.database] if server.database else [])


# --- Health


def test_healthz_is_200(server):
    assert Client(server).get("/healthz").status == 200


def test_readyz_is_200_and_says_that_all_is_well(server):
    response = Client(server).get("/readyz")
    assert response.status == 200
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    assert response.json() == {"status": "ok", "database": "ok", "redis": "ok"}


def test_with_the_store_down_readyz_is_503_and_healthz_200_and_both_recover_without_a_restart(
    binary, postgres, slow_factor
):
    with Server(binary, postgres.create_database()) as server:
        client = Client(server).signup()
        snippet = client.create()
        Client(server).get(f"/s/{snippet['id']}")
        postgres.stop("immediate")
        try:
            until(lambda: client.get("/readyz").status == 503, 5 * slow_factor, "readyz to be 503")
            response = client.get("/readyz")
            assert response.status == 503
            assert response.json()["database"] != "ok" and response.json()["status"] != "ok"
            assert not expect.INTERNAL.search(response.text)
            assert client.get("/healthz").status == 200
            for ask in (lambda: client.post("/snippets", {"body": "x"}), lambda: client.get("/snippets"),
                        lambda: client.get(f"/snippets/{snippet['id']}"),
                        lambda: Client(server).get("/explore")):  # fmt: skip
                started = time.monotonic()
                expect.problem(ask(), 503, "unavailable")
                assert time.monotonic() - started < 1.2 * slow_factor
        finally:
            postgres.start()
        until(lambda: client.get("/readyz").status == 200, 10 * slow_factor, "readyz to be 200 again")
        until(lambda: client.post("/snippets", {"body": "x"}).status == 201, 5 * slow_factor, "writes to work again")
        assert client.get(f"/snippets/{snippet['id']}").status == 200


class Webhook:
    """Receives alerts: an HTTP server that keeps what is posted to it."""

    def __enter__(self):
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_each_change_of_an_alert_is_a_metric_an_error_in_the_log_and_one_post_to_the_webhook(
    binary, postgres, slow_factor
):
    database = postgres.create_database()
    with Webhook() as hook, Server(binary, database, flags=["--alert-webhook", hook.url]) as server:
        client = Client(server)
        client.create()
        assert server.metric("snippetd_alerts_active") == 0
        postgres.stop("immediate")
        try:
            for _ in range(3):
                client.post("/snippets", {"body": "x"})
            until(lambda: len(hook.received) == 1, 10 * slow_factor, "the webhook to be called")
            assert server.metric("snippetd_alerts_active") == 1
        finally:
            postgres.start()
        until(lambda: client.post("/snippets", {"body": "x"}).status == 201, 10 * slow_factor, "writes to work again")
        until(lambda: len(hook.received) == 2, 10 * slow_factor, "the webhook to be called again")
        assert server.metric("snippetd_alerts_active") == 0
        paths, types, alerts = zip(*hook.received)
        assert set(paths) == {"/hook"}
        assert all(kind.split(";")[0] == "application/json" for kind in types)
        name = alerts[0]["alert"]
        assert name == alerts[1]["alert"] and alerts[0] != alerts[1]
        assert f'snippetd_alerts_active{{alert="{name}"}}' in server.metrics()
        assert any(name in line and "error" in line for line in server.log_lines)


# --- Metrics


def test_metrics_are_prometheus_text_with_the_names_and_labels_of_the_contract(fresh_server):
    server = fresh_server(rate_limits=True)
    client = Client(server).signup()
    snippet = client.create()
    Client(server).get(f"/s/{snippet['id']}")
    response = client.get("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].split(";")[0] == "text/plain"
    samples = server.metrics()
    labels = {}
    for sample in samples:
        name, _, rest = sample.partition("{")
        labels.setdefault(name, set()).update(name for name, _ in LABEL.findall(rest))
    for name, wanted in METRICS.items():
        assert name in labels, f"{name} is missing"
        assert labels[name] == wanted, name
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", response.text, re.MULTILINE))
    assert types["snippetd_http_requests_total"] == "counter"
    assert types["snippetd_http_request_duration_seconds"] == "histogram"
    assert types["snippetd_views_pending"] == "gauge"


def test_the_label_values_are_those_of_the_contract(fresh_server):
    server = fresh_server()
    results = {
        dict(LABEL.findall(sample)).get("result")
        for sample in server.metrics()
        if sample.startswith("snippetd_cache_requests_total")
    }
    assert (
        results <= {"near_hit", "redis_hit", "miss", "negative_hit"} and {"near_hit", "miss", "negative_hit"} <= results
    )
    decisions = {
        dict(LABEL.findall(sample)).get("decision")
        for sample in server.metrics()
        if sample.startswith("snippetd_ratelimit")
    }
    assert decisions <= {"allowed", "limited", "failed_open"}


def test_requests_are_counted_by_route_method_and_status(fresh_server):
    server = fresh_server()
    client = Client(server).signup()
    ids = [client.create()["id"] for _ in range(3)]
    for id in ids:
        client.get(f"/s/{id}")
        client.get(f"/s/{id}/raw")
        client.head(f"/s/{id}")
    client.get("/s/AAAAAAAAAAAA")
    client.post("/snippets", {"body": ""})
    count = lambda **labels: server.metric("snippetd_http_requests_total", **labels)  # noqa: E731
    assert count(route="/s/{id}", method="GET", status=200) == 3
    assert count(route="/s/{id}", method="HEAD", status=200) == 3
    assert count(route="/s/{id}", method="GET", status=404) == 1
    assert count(route="/s/{id}/raw", method="GET", status=200) == 3
    assert count(route="/snippets", method="POST", status=201) == 3
    assert count(route="/snippets", method="POST", status=422) == 1
    assert count(route="/auth/signup", method="POST", status=201) == 1


def test_durations_are_a_histogram_by_route(fresh_server):
    server = fresh_server()
    for _ in range(5):
        Client(server).get("/healthz")
    samples = server.metrics()
    name = "snippetd_http_request_duration_seconds"
    assert samples[f'{name}_count{{route="/healthz"}}'] == 5
    assert 0 < samples[f'{name}_sum{{route="/healthz"}}'] < 5
    buckets = {}
    for sample, value in samples.items():
        labels = dict(LABEL.findall(sample))
        if sample.startswith(f"{name}_bucket") and labels["route"] == "/healthz":
            buckets[float(labels["le"])] = value
    in_order = [buckets[bound] for bound in sorted(buckets)]
    assert len(in_order) >= 5 and in_order == sorted(in_order)
    assert buckets[float("inf")] == 5


def test_hostile_paths_and_methods_make_no_new_series(fresh_server):
    server = fresh_server()
    client = Client(server)

    def series():
        return {sample for sample in server.metrics() if "route=" in sample}

    series()  # The route of /metrics itself has its series from here on.
    for round in range(2):
        for number in range(30):
            client.get(f"/random-{round}-{number}")
            client.get(f"/s/random{round}{number}")
            client.request(f"METHOD{round}{number}", "/healthz")
        if round == 0:
            before = series()
    assert series() == before


def test_statements_are_counted_by_name(fresh_server):
    server = fresh_server()
    before = server.metric("snippetd_db_statements_total")
    Client(server).create()
    samples = server.metrics()
    assert server.metric("snippetd_db_statements_total") > before
    names = {
        dict(LABEL.findall(sample))["statement"]
        for sample in samples
        if sample.startswith("snippetd_db_statements_total")
    }
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names), names


# --- migrate


def test_migrate_makes_the_tables_and_may_be_repeated(binary, mode, new_database, tmp_path, postgres):
    database = new_database()
    store = ["--data-dir", str(tmp_path)] + (["--database", database] if database else [])
    for _ in range(2):
        done = run(binary, "migrate", *store)
        assert done.returncode == 0, done.stderr
    if mode == "postgres":
        tables = postgres.query("select tablename from pg_tables where schemaname = current_schema()", database).split()
    else:
        with contextlib.closing(sqlite3.connect(tmp_path / "snippets.db")) as store:
            tables = [name for (name,) in store.execute(ALL_TABLES)]
    assert len(tables) >= 5
    with Server(binary, database, data_dir=tmp_path) as server:
        Client(server).signup().create()


def test_several_processes_may_migrate_at_the_same_time(binary, new_database, tmp_path):
    database = new_database()
    store = ["--data-dir", str(tmp_path)] + (["--database", database] if database else [])
    processes = [
        subprocess.Popen([str(binary), "migrate", *store], env=clean_environment(), stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error


def test_serve_migrates_by_itself(fresh_server):
    Client(fresh_server()).signup().create()


# --- work


class Work:
    """`snippetd work` as a context manager."""

    def __init__(self, binary, arguments):
        self.command = [str(binary), "work", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, env=clean_environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)
        self.process.stderr.close()

    def stop(self, slow_factor):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10 * slow_factor)
        self.reader.join(5)
        return code


def is_stored(server, postgres, text):
    """Whether any row of any table has the text in it."""
    if server.database:
        return text in postgres.query(ALL_ROWS, server.database)
    with contextlib.closing(sqlite3.connect(f"{server.data_dir}/snippets.db", timeout=30)) as store:
        tables = [name for (name,) in store.execute(ALL_TABLES)]
        return any(text in str(row) for table in tables for row in store.execute(f'select * from "{table}"'))


def test_serve_removes_expired_snippets_from_the_store(fresh_server, postgres, slow_factor):
    server = fresh_server(flags=["--reaper-interval", "100ms"])
    Client(server).create(body="a body that expires", expires_in=1)
    assert is_stored(server, postgres, "a body that expires")
    until(
        lambda: not is_stored(server, postgres, "a body that expires"), 10 * slow_factor, "the row to be removed", 0.1
    )


def test_serve_with_jobs_off_leaves_them_to_work(fresh_server, binary, postgres, slow_factor):
    server = fresh_server(flags=["--jobs", "off", "--reaper-interval", "100ms"])
    client = Client(server)
    snippet = client.create(body="a body that expires", expires_in=1)
    until(lambda: time.time() > expect.timestamp(snippet["expires_at"]) + 0.4, 10, "several reaper intervals")
    assert client.get(f"/s/{snippet['id']}").status == 410
    assert is_stored(server, postgres, "a body that expires"), "serve ran the job"
    with Work(binary, [*store_arguments(server), "--reaper-interval", "100ms"]) as work:
        until(
            lambda: not is_stored(server, postgres, "a body that expires"),
            10 * slow_factor,
            "the row to be removed",
            0.1,
        )
        assert work.stop(slow_factor) == 0
        assert not [line for line in work.lines if "listening on" in line], "work listens"
    assert client.get(f"/s/{snippet['id']}").status == 410


# --- SIGTERM


def half_a_create():
    request = request_bytes("POST", "/snippets", json={"body": "in flight"}, headers={"X-Request-Id": "in-flight"})
    return request[:-5], request[-5:]


def connect(server):
    return socket.create_connection((server.host, server.port), timeout=20)


def refuses_connections(server):
    try:
        with connect(server):
            return False
    except ConnectionRefusedError:
        return True


def test_sigterm_finishes_requests_in_flight_refuses_new_ones_and_exits_0(fresh_server, slow_factor):
    server = fresh_server()
    first, rest = half_a_create()
    with connect(server) as busy, connect(server) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert idle.recv(4096).startswith(b"HTTP/1.1 200")
        busy.sendall(first)
        # One request later the server has surely read the first half.
        Client(server).get("/healthz")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses_connections(server), 5 * slow_factor, "new connections to be refused")
        busy.sendall(rest)
        answer = busy.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 201"), answer
        assert idle.recv(4096) == b"", "an idle connection is closed"
    assert server.process.wait(10 * slow_factor) == 0
    server.restart()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["id"] in Client(server).get(answer_location(answer)).text


def test_what_has_arrived_before_sigterm_is_answered(fresh_server, slow_factor):
    """Also what no worker has looked at yet: connections that wait to be accepted, requests that wait to be read."""
    server = fresh_server(flags=["--threads", "2"])
    request = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    with contextlib.ExitStack() as ends:
        known = [ends.enter_context(connect(server)) for _ in range(10)]
        for one in known:
            one.sendall(request)
            assert one.recv(4096).startswith(b"HTTP/1.1 200")
        server.process.send_signal(signal.SIGSTOP)
        fresh = [ends.enter_context(connect(server)) for _ in range(10)]
        for one in known + fresh:
            one.sendall(request)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        for one in known + fresh:
            assert one.makefile("rb").read().startswith(b"HTTP/1.1 200")
    assert server.process.wait(10 * slow_factor) == 0


def answer_location(answer):
    return re.search(rb"(?i)^location: (\S+)", answer, re.MULTILINE)[1].decode()


def test_sigterm_does_not_wait_for_ever_for_a_request_that_does_not_end(fresh_server, slow_factor):
    server = fresh_server(flags=["--shutdown-timeout", "1s"])
    first, _ = half_a_create()
    with connect(server) as stuck:
        stuck.sendall(first)
        Client(server).get("/healthz")
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 5 * slow_factor


def test_sigterm_with_the_default_settings_exits_0_within_10_seconds_whatever_is_connected(binary):
    first, _ = half_a_create()
    with contextlib.ExitStack() as held, Server(binary) as server:
        for data in [first, b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", b""] * 5:
            held.enter_context(connect(server)).sendall(data)
        Client(server).get("/healthz")
        assert server.stop(timeout=10) == 0


def test_sigterm_right_after_start_exits_0(fresh_server):
    assert fresh_server().stop() == 0


def test_every_acknowledged_create_is_there_after_sigterm(fresh_server):
    server = fresh_server()
    author = Client(server)
    ids = []

    def write():
        while True:
            try:
                response = author.post("/snippets", {"body": "x"})
            except OSError:
                return
            if response.status == 201:
                ids.append(response.json()["id"])

    writer = threading.Thread(target=write)
    writer.start()
    until(lambda: len(ids) > 20, 10, "some creates")
    assert server.stop() == 0
    writer.join(20)
    server.restart()
    reader = Client(server)
    assert {reader.get(f"/s/{id}").status for id in ids} == {200}
