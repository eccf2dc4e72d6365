"""More than can be done, of one kind of work after the other: what still gets done, how soon, and what it costs the
others. Requests come at their own pace (open_load.cpp)."""

import contextlib
import dataclasses
import json
import re
import socket
import time
import urllib.parse

from harness.server import RATE_LIMITS_OFF

from . import chart, processes, report
from .database import FIRST_ID, fill_postgres, fill_sqlite
from .samples import Spread
from .snippetd import SNIPPET, Snippetd

ROWS = 20_000
LEVELS = [0.5, 1, 2, 3, 10]  # times the capacity
CONNECTIONS = 1000           # of the open loop: so many may wait for an answer
CLOSED = 64                  # of the closed loop, with which the capacity is looked for
CLOSED_FEW = 8               # or so many, where more are refused
ACCOUNT = {"username": "bench", "password": "correct horse"}  # as fill_sqlite and fill_postgres make it
FLOOD_FROM, QUIET_FROM = "127.0.0.1", "127.0.0.2"
HOT_RATE = 2000
QUIET_RATE = 20
INDEXED_WITHIN = 600  # seconds
RECOVERED = 0.9       # of what is offered is done
RECOVERY_WITHIN = 6   # seconds, then it is given up
HOLDERS = 600         # uploads that lack their last byte, and as many readers that do not read, of 1 MiB each
MEMORY_MAX = 512      # MiB: the default of --memory-max
# Small, so that a walk over all ids meets the store each time.
FLAGS = ["--threads", "1", "--cache-near-size", "4MiB", "--signup", "on"]


@dataclasses.dataclass
class Kind:
    """One kind of work. requests: what is sent, in turn."""

    name: str
    requests: list
    quiet: list = None   # the same of another account, which has snippets of its own; None: it does not matter whose
    capacity: float = 0
    cpu_us: float = 0    # of one that is admitted, when nothing is refused
    unloaded: dict = None
    results: dict = dataclasses.field(default_factory=dict)  # by level
    best: float = 0      # done in a second


def measure(setup):
    aims, texts, kinds = [], [], {}
    for store in ("SQLite", "PostgreSQL"):
        folder = setup.folder(f"overload-{store}")
        with contextlib.ExitStack() as stack:
            database = None
            if store == "SQLite":
                fill_sqlite(folder, ROWS)
            else:
                cluster = stack.enter_context(setup.postgres())
                database = fill_postgres(setup, cluster, ROWS)
            text, kinds[store] = _on(setup, store, folder, database, aims)
        texts.append(text)
    setup.charts["overload"] = _chart(kinds)
    return report.Section("Overload", aims, "\n\n".join(texts))


def _on(setup, store, folder, database, aims):
    with Snippetd(folder, database, core=setup.server_core, flags=FLAGS, limits=RATE_LIMITS_OFF) as server:
        bench = _Bench(setup, server, folder)
        kinds = _kinds(server)
        rows = []
        for kind in kinds:
            rows += bench.levels(store, kind, aims)
        mixed = [bench.mix(store, kind, kinds, aims) for kind in kinds]
        held = bench.hold(store, aims)
    headings = ["kind of work", "offered", "done/s", "p50 ms", "p99 ms", "refused/s", "refusal p99 ms", "lost/s",
                "MiB resident"]
    mixed_headings = ["while this comes at 10 ×", "hot reads", "p99 ms", "other work", "done",
                      "a quiet client's p99 ms", "unloaded", "its errors"]
    return f"### {store}\n\n{report.table(headings, rows)}\n\n{report.table(mixed_headings, mixed)}\n\n{held}", kinds


def _chart(kinds):
    """kinds: by store, measured."""
    colours = {"SQLite": "blue", "PostgreSQL": "orange"}

    def lines(value_of):
        drawn = []
        for store, measured in kinds.items():
            points = [[(place, value_of(kind, kind.results[level])) for place, level in enumerate(LEVELS)]
                      for kind in measured]
            drawn.append(chart.Line(store, colours[store], points, [of_kind[-1][1] for of_kind in points]))
        return drawn

    panels = [
        chart.Panel("Done, of the most that was ever done", lines(lambda kind, result: result.rate / kind.best),
                    linear_to=1),
        chart.Panel("Milliseconds to the answer, p99 of what is done",
                    lines(lambda _, result: result.admitted["p99_us"] / 1000)),
        chart.Panel("Refused, of what came", lines(lambda _, result: result.refused_part), linear_to=1),
        chart.Panel("MiB resident", lines(lambda _, result: result.resident / 2**20)),
    ]
    columns = [(kind.name, " and ".join(f"{measured[index].capacity:,.0f}/s" for measured in kinds.values()))
               for index, kind in enumerate(next(iter(kinds.values())))]
    last = len(LEVELS) - 1
    return chart.draw("More than can be done",
                      f"Offered over {CONNECTIONS} connections at 0.5, 1, 2, 3 and 10 times what one core can do (the "
                      "dashed line, and under the name); the figures are for 10 times.",
                      last, 1, columns, panels, [(place, f"{level:g}") for place, level in enumerate(LEVELS)])


def _request(method, path, headers=None, body=b""):
    fields = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _kinds(server):
    tokens = _token(server), server.create_account("quiet")
    account, other = ({"Authorization": f"Bearer {token}"} for token in tokens)
    for number in range(100):
        server.create("/snippets", {**SNIPPET, "title": f"{number}"}, other)
    as_json = {"Content-Type": "application/json"}
    ids = [FIRST_ID + number * 7919 % ROWS for number in range(ROWS)]
    html = {"Accept": "text/html"}
    login = json.dumps(ACCOUNT).encode()
    words = [urllib.parse.quote(f"nothing has {number}") for number in range(200)]
    # Searches first: what the others write has to be in the index before they are measured.
    return [
        Kind("search", [_request("GET", f"/snippets?q={word}", account) for word in words],
             [_request("GET", f"/snippets?q={word}", other) for word in words]),
        Kind("create", [_request("POST", "/snippets", {**account, **as_json}, json.dumps(SNIPPET).encode())],
             [_request("POST", "/snippets", {**other, **as_json}, json.dumps(SNIPPET).encode())]),
        Kind("read", [_request("GET", f"/s/{id}") for id in ids]),
        Kind("list", [_request("GET", "/explore?limit=20"), _request("GET", "/snippets?limit=20", account)],
             [_request("GET", "/explore?limit=20"), _request("GET", "/snippets?limit=20", other)]),
        Kind("page", [_request("GET", f"/s/{id}", html) for id in ids]),
        Kind("log-in", [_request("POST", "/auth/login", as_json, login)]),
    ]


def _token(server):
    """Of the account that owns the rows."""
    cookie = server.request("POST", "/auth/login", ACCOUNT).getheader("Set-Cookie").partition(";")[0]
    return json.loads(server.create("/auth/tokens", {"name": "overload"}, {"Cookie": cookie}).content)["token"]


class _Bench:
    def __init__(self, setup, server, folder):
        self._setup, self._server, self._folder = setup, server, folder
        self._hot = [_request("GET", "/s/" + server.create_snippet())]

    def _start(self, requests, rate, seconds, source=FLOOD_FROM, connections=CONNECTIONS):
        name = f"{time.monotonic_ns()}"
        file, out = self._folder / f"{name}.requests", self._folder / f"{name}.json"
        file.write_bytes(b"".join(b"%d\n%s" % (len(one), one) for one in requests))
        with open(out, "wb") as sink:
            process = processes.start(
                [self._setup.open_load, self._server.port, seconds, rate, connections, source, file],
                self._setup.load_core, stdout=sink, stderr=sink)
        return _Running(process, out, seconds)

    def _run(self, *arguments, **named):
        return self._start(*arguments, **named).finish()

    def _wait_for_index(self):
        """Seconds until searches have in their index what the creates before have written."""
        begin = time.monotonic()
        while not re.search(rb"^snippetd_search_unindexed 0$", self._server.request("GET", "/metrics").content, re.M):
            if time.monotonic() - begin > INDEXED_WITHIN:
                raise RuntimeError(f"the index of searches is not there after {INDEXED_WITHIN} s")
            time.sleep(0.5)
        return time.monotonic() - begin

    def levels(self, store, kind, aims):
        seconds = self._setup.seconds
        if kind.name == "search":
            self.indexed_in = self._wait_for_index()
        cpu = processes.cpu_seconds(self._server.pid)
        closed = self._run(kind.requests, 0, 2 * seconds, connections=CLOSED)
        if closed.refused["count"] > closed.admitted["count"]:
            cpu = processes.cpu_seconds(self._server.pid)
            closed = self._run(kind.requests, 0, 2 * seconds, connections=CLOSED_FEW)
        took = processes.cpu_seconds(self._server.pid) - cpu
        kind.capacity = max(closed.rate, 1)
        kind.cpu_us = took / max(closed.admitted["count"] / 0.8, 1) * 1e6
        rows, results = [], kind.results
        kind.best = closed.rate
        for level in LEVELS:
            cpu = processes.cpu_seconds(self._server.pid)
            result = results[level] = self._run(kind.requests, level * kind.capacity, 2 * seconds)
            result.cpu = processes.cpu_seconds(self._server.pid) - cpu
            result.resident = processes.resident_bytes(self._server.pid)
            kind.best = max(kind.best, result.rate)
            rows.append([kind.name, f"{level:g} × {kind.capacity:,.0f}/s", f"{result.rate:,.0f}",
                         *(f"{result.admitted[name] / 1000:,.1f}" for name in ("p50_us", "p99_us")),
                         f"{result.refused['count'] / result.seconds:,.0f}", f"{result.refused['p99_us'] / 1000:,.1f}",
                         f"{result.lost / result.seconds:,.0f}",
                         f"{result.resident / 2**20:,.0f}"])
            time.sleep(0.3)
        kind.unloaded = results[LEVELS[0]].admitted
        label = f"{store}, {kind.name}"
        for level in (3, 10):
            share = Spread([results[level].rate / kind.best])
            aims.append(report.at_least(f"{label}: done at {level} × of the best", share, 0.9))
        slower = Spread([results[3].admitted["p99_us"] / max(kind.unloaded["p99_us"], 1)])
        aims.append(report.at_most(f"{label}: p99 of what is admitted at 3 ×, of the unloaded", slower, 3))
        if results[3].refused["count"]:
            told = Spread([results[3].refused["p99_us"] / 1000])
            aims.append(report.at_most(f"{label}: p99 of a refusal at 3 ×", told, 10, " ms", 1))
        if results[10].refused["count"] > results[10].admitted["count"]:
            spent = results[10].cpu - results[10].admitted["count"] / 0.8 * kind.cpu_us / 1e6
            cost = Spread([max(spent, 0) / (results[10].refused["count"] / 0.8) * 1e6])
            aims.append(report.at_most(f"{label}: CPU of a refusal at 10 ×", cost, 50, " µs", 0))
        recovered = Spread([self._recovery(kind)])
        aims.append(report.at_most(f"{label}: well again after 10 ×, in", recovered, 2, " s", 1))
        return rows

    def _recovery(self, kind):
        """Seconds after the end of a flood until half of the capacity is done as if there had been none."""
        flood = self._start(kind.requests, 10 * kind.capacity, self._setup.seconds)
        time.sleep(self._setup.seconds)
        ended = time.monotonic()
        rate = kind.capacity / 2
        slice_seconds = max(0.5, 10 / rate)
        while (begin := time.monotonic() - ended) < RECOVERY_WITHIN:
            result = self._run(kind.requests, rate, slice_seconds, connections=200)
            if result.rate >= RECOVERED * min(rate, result.offered):
                break
        flood.finish()
        return begin

    def hold(self, store, aims):
        """What the process holds of clients that do not go on: uploads without an end, answers that nobody reads. Each
        eight of them have an address of their own."""
        text = "".join(f"{number:06} of a text that nobody reads to its end\n" for number in range(22_000))[:2**20 - 64]
        ids = [json.loads(self._server.create("/snippets", {"body": f"{number}\n{text}"}).content)["id"]
               for number in range(HOLDERS // 4)]
        before = processes.resident_bytes(self._server.pid)
        upload = _request("POST", "/snippets", {"Content-Type": "application/json"},
                          json.dumps({"body": text}).encode())[:-1]
        refused = 0
        with contextlib.ExitStack() as stack:
            held = []
            for number in range(HOLDERS):
                for request in (upload, _request("GET", f"/s/{ids[number % len(ids)]}/raw")):
                    held.append(stack.enter_context(_connection(self._server.port, f"127.0.1.{1 + number // 8}")))
                    held[-1].setblocking(False)
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        while request:
                            request = request[held[-1].send(request):]
            time.sleep(2)
            resident = processes.resident_bytes(self._server.pid)
            for one in held:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    refused += one.recv(16).startswith((b"HTTP/1.1 429", b"HTTP/1.1 503"))
        aims.append(report.at_most(f"{store}, {HOLDERS} uploads without an end and {HOLDERS} readers that do not read: "
                                   "memory", Spread([resident / 2**20]), MEMORY_MAX, " MiB", 0))
        return (f"{HOLDERS} uploads of 1 MiB without their last byte and {HOLDERS} readers of 1 MiB that do not read: "
                f"{before / 2**20:,.0f} MiB resident before, {resident / 2**20:,.0f} then; {refused} were refused.")

    def mix(self, store, flooding, kinds, aims):
        """What others notice of one kind of work that comes at ten times its capacity."""
        seconds = self._setup.seconds
        label = f"{store}, {flooding.name} at 10 ×"
        alone = self._run(self._hot, HOT_RATE, seconds, QUIET_FROM, 200)
        flood = self._start(flooding.requests, 10 * flooding.capacity, 2 * seconds + 1)
        hot = self._run(self._hot, HOT_RATE, 2 * seconds, QUIET_FROM, 200)
        flood.finish()
        aims.append(report.at_least(f"{label}: hot reads, of those alone", Spread([hot.rate / alone.rate]), 0.9))
        later = Spread([(hot.admitted["p99_us"] - alone.admitted["p99_us"]) / 1000])
        aims.append(report.at_most(f"{label}: p99 of hot reads, more than alone", later, 2, " ms", 1))

        other = next(kind for kind in kinds if kind is not flooding and kind.name in ("read", "create"))
        flood = self._start(flooding.requests, 10 * flooding.capacity, 2 * seconds + 1)
        rate = other.capacity / 4
        beside = self._run(other.requests, rate, 2 * seconds, QUIET_FROM)
        flood.finish()
        share = Spread([beside.rate / rate])
        aims.append(report.at_least(f"{label}: {other.name} at a quarter of its capacity, done", share, 0.8))

        if flooding.name == "search":
            self._wait_for_index()
        quiet_rate = min(QUIET_RATE, flooding.capacity / 4)
        quiet_requests = flooding.quiet or flooding.requests
        calm = self._run(quiet_requests, quiet_rate, 2 * seconds, QUIET_FROM)
        flood = self._start(flooding.requests, 0, 2 * seconds + 1, connections=CLOSED)
        quiet = self._run(quiet_requests, quiet_rate, 2 * seconds, QUIET_FROM)
        flood.finish()
        slower = Spread([quiet.admitted["p99_us"] / max(calm.admitted["p99_us"], 1)])
        aims.append(report.at_most(f"{store}, 64 connections of one client that {_asks(flooding)}: another one's p99, "
                                   "of the unloaded", slower, 2))
        errors = quiet.refused["count"] + quiet.lost
        aims.append(report.at_most(f"{store}, the same: its errors", Spread([errors]), 0, "", 0))
        return [flooding.name, f"{hot.rate / alone.rate:.2f} ×", f"{hot.admitted['p99_us'] / 1000:.1f}", other.name,
                f"{beside.rate / rate:.2f} ×", f"{quiet.admitted['p99_us'] / 1000:.1f}",
                f"{calm.admitted['p99_us'] / 1000:.1f}", errors]


def _asks(kind):
    return {"create": "creates", "log-in": "logs in"}.get(kind.name, f"wants a {kind.name}")


def _connection(port, source):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", port))
    return connection


class _Running:
    def __init__(self, process, out, seconds):
        self._process, self._out, self._seconds = process, out, seconds

    def finish(self):
        try:
            self._process.wait(self._seconds + 15)
        finally:
            processes.stop(self._process)
        text = self._out.read_text()
        if self._process.returncode != 0:
            raise RuntimeError(f"open_load ended with {self._process.returncode}: {text}")
        return _Result(**json.loads(text))


@dataclasses.dataclass
class _Result:
    """Of what was offered after the first fifth of the time."""

    seconds: float
    admitted: dict
    refused: dict
    other: int
    unsent: int
    unanswered: int
    closed: int
    cpu: float = 0
    resident: int = 0

    @property
    def rate(self):
        return self.admitted["count"] / self.seconds

    @property
    def lost(self):
        return self.other + self.unsent + self.unanswered + self.closed

    @property
    def offered(self):
        return (self.admitted["count"] + self.refused["count"]) / self.seconds + self.lost / self.seconds

    @property
    def refused_part(self):
        return self.refused["count"] / self.seconds / max(self.offered, 1)
