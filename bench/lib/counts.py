"""What a request costs in numbers that repeat: instructions of the process, system calls, switches of its threads.

They do not depend on the machine's speed, so a change that makes a path slower shows in the run that comes with it.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from harness.redis import Redis

from . import database, processes, report
from .load import Load
from .snippetd import SNIPPET, UNLIMITED, Snippetd

ROWS = 16000
ROUNDS = 3
IDS = 400  # in one of them
MANY = 64  # connections
SOME = 8  # where a store is asked: under callgrind more would have to wait for too long


@dataclasses.dataclass(frozen=True)
class Path:
    """One row. run(load, server, place) → how many requests it was; place: where its ids begin among the rows."""

    name: str
    connections: int
    run: object

    def __str__(self):
        return f"{self.name}, {self.connections} connection{'s' if self.connections > 1 else ''}"


@dataclasses.dataclass
class Counts:
    instructions: float = 0
    calls: float = 0
    switches: float = 0


def measure(setup):
    counts = all_counts(setup)
    headings = ["path", "instructions", "system calls", "switches"]
    rows = [
        [name, f"{one.instructions:,.0f}", f"{one.calls:.2f}", f"{one.switches:.2f}"] for name, one in counts.items()
    ]
    note = (
        "Counted in snippetd for each request, user space only: instructions by callgrind, under which one thread runs "
        "at a time; system calls by `strace -c`; switches, voluntary or not, from `/proc`, as it runs by itself. One "
        "worker, `--log-level warn`, snippets of 1 KB. With several connections requests meet, and a statement or a "
        "system call serves several of them, how many depends on the moment."
    )
    return report.Section("Counts", [], note + "\n\n" + report.table(headings, rows))


def all_counts(setup, kinds=("instructions", "calls", "switches"), connections=(1, SOME, MANY)):
    """The counts of each row, by its name; of these kinds, and of rows with so many connections.

    setup: as lib.setup's, or anything with its folder, postgres, load, load_core and seconds.
    """
    body = setup.folder("counts") / "body.json"
    body.write_text(json.dumps(SNIPPET))
    nothing = setup.folder("counts") / "nothing.json"
    nothing.write_text("{}")  # refused for its content, after the limiter has decided and before the store is asked
    counts = {}
    with setup.postgres() as cluster, Redis() as redis:
        # Each of the three ways to count has rows that nobody has read, and a database without what another wrote.
        for kind in kinds:
            for store, paths in _paths(setup, body, nothing).items():
                folder = setup.folder(f"counts-{store}-{kind}")
                url, options = None, {}
                if store == "SQLite":
                    database.fill_sqlite(folder, ROWS)
                elif store == "PostgreSQL":
                    url = database.fill_postgres(setup, cluster, ROWS)
                else:
                    url = cluster.create_database()
                    options = {"limits": UNLIMITED, "flags": ["--redis", redis.url(), "--cache-near-size", "0"]}
                with _serving(kind, setup, folder, url, **options) as server:
                    for path in paths:
                        if path.connections not in connections:
                            continue
                        row = counts.setdefault(f"{path}, {store}", Counts())
                        # The least: what the server does beside requests (it writes counts, for one) is not theirs.
                        setattr(row, kind, min(_count(kind, setup, server, path) for _ in range(ROUNDS)))
    return counts


def _paths(setup, body, nothing):
    """By store. Hot reads ask no store, so they are measured on one; what is asked of Redis, with a server that has no
    near cache."""

    def hot(path, accept=None):
        def run(load, server, seconds):
            return load.hot(server.port, path(server), seconds, setup.load_core, accept)["requests"]

        return run

    def cold(load, server, seconds):
        return load.once(server.port, server.take_rows(IDS), IDS)["requests"]

    def missing(load, server, seconds):
        return load.missing(server.port, server.take_missing(IDS), IDS)["requests"]

    def create(load, server, seconds):
        return load.create(server.port, seconds, server.token, body)["requests"]

    def decide(load, server, seconds):
        return load.post(server.port, seconds, server.token, nothing, "422", setup.load_core)["requests"]

    raw = hot(lambda server: f"/s/{server.snippet}/raw")
    text = hot(lambda server: f"/s/{server.snippet}")
    page = hot(lambda server: f"/s/{server.snippet}", "text/html")
    stored = [Path(name, n, run) for name, run in (("cold read", cold), ("missing id", missing), ("create", create))
              for n in (1, SOME)]
    hits = [Path("hot read, raw", 1, raw), Path("hot read, raw", MANY, raw), Path("hot read, JSON", MANY, text),
            Path("hot read, page", MANY, page)]
    # Not with one connection: there what an instance says to Redis by itself, many times a second, is half of it.
    shared = [Path(name, n, run) for name, run in (("read", raw), ("limiter decision", decide)) for n in (SOME, MANY)]
    return {"SQLite": stored + hits, "PostgreSQL": stored, "Redis": shared}


class _Server(Snippetd):
    """With what the paths ask for."""

    def __enter__(self):
        super().__enter__()
        self.token = self.create_account("counts")
        self.snippet = self.create_snippet()
        for accept in ({}, {"Accept": "text/html", "Accept-Encoding": "br"}) * 3:
            self.request("GET", f"/s/{self.snippet}", headers=accept)
        self.request("GET", f"/s/{self.snippet}/raw")
        self._wait_until_idle()
        self._next, self._missing = database.FIRST_ID, database.FIRST_ID + ROWS
        return self

    def _wait_until_idle(self):
        """What is done after the start, a check of the file for one, is over."""
        deadline, before = time.monotonic() + 60, processes.cpu_seconds(self.pid)
        while time.monotonic() < deadline:
            time.sleep(0.5)
            now = processes.cpu_seconds(self.pid)
            if now - before < 0.1:
                return
            before = now
        raise RuntimeError("snippetd does not come to rest")

    def take_rows(self, count):
        self._next += count
        if self._next > database.FIRST_ID + ROWS:
            raise RuntimeError("there are no more rows")
        return self._next - count

    def take_missing(self, count):
        self._missing += count
        return self._missing - count


@contextlib.contextmanager
def _serving(kind, setup, folder, url, flags=(), **options):
    server = _Server(folder, url, flags=["--threads", "1", *flags], **options)
    if kind == "instructions":
        server.out = folder / "callgrind"
        server.command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={server.out}", *server.command]
    with server:
        yield server


def _count(kind, setup, server, path):
    load = Load(setup.load.binary, path.connections)
    seconds = setup.seconds
    path.run(load, server, 0.3)  # so that what is done once has been done
    if kind == "instructions":
        before = set(server.out.parent.glob("callgrind.*"))
        _control(server.pid, "--zero")
        requests = path.run(load, server, seconds)
        _control(server.pid, "--dump")
        (dump,) = set(server.out.parent.glob("callgrind.*")) - before
        return int(re.search(r"^(?:summary|totals): (\d+)", dump.read_text(), re.M)[1]) / requests
    if kind == "calls":
        out = setup.folder("counts") / "calls"
        strace = processes.start(["strace", "-c", "-f", "-p", server.pid, "-o", out])
        _wait_until_traced(server.pid)
        requests = path.run(load, server, seconds)
        strace.send_signal(signal.SIGINT)
        strace.wait(10)
        processes.stop(strace)
        return int(re.search(r"(\d+)(?:\s+\d+)? total$", out.read_text(), re.M)[1]) / requests
    before = _switches(server.pid)
    requests = path.run(load, server, seconds)
    return (_switches(server.pid) - before) / requests


def _control(pid, what):
    subprocess.run(["callgrind_control", what, str(pid)], check=True, timeout=60,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _threads(pid):
    return [pathlib.Path(f"/proc/{pid}/task/{task}/status").read_text() for task in os.listdir(f"/proc/{pid}/task")]


def _wait_until_traced(pid):
    deadline = time.monotonic() + 10
    while any(re.search(r"^TracerPid:\s+0$", status, re.M) for status in _threads(pid)):
        if time.monotonic() > deadline:
            raise RuntimeError("strace does not trace the server")
        time.sleep(0.01)


def _switches(pid):
    return sum(int(number) for status in _threads(pid) for number in re.findall(r"ctxt_switches:\s+(\d+)", status))
