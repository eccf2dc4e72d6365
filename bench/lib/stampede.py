"""One suddenly popular snippet and one client that floods the write route, phase after phase with other flags."""

import dataclasses
import http.client
import json
import re
import statistics
import sys
import time

from harness.redis import Redis

from . import report
from .chart import Line, Panel
from .database import Cluster
from .load import Load
from .snippetd import SNIPPET, Snippetd

CALM_PART = 0.2  # of a phase, before the stampede begins
SLICE_SECONDS = 0.25
SILENCE_SECONDS_MAX = 15  # the load gives up after 10 s without an answer

CACHE_OFF = ["--cache", "off"]
VIEWS_SYNC = ["--views", "sync"]
WRITE_OFF = ["--rate-limit", "write=off"]

READ_STATEMENTS = {"load_snippets", "apply_views"}  # those that a read of /s/ID may cause


@dataclasses.dataclass
class Phase:
    name: str
    what: str  # under the name
    flags: list
    limits: list = dataclasses.field(default_factory=list)


PHASES = [
    Phase("all off", "no limit, no cache, a write per view", CACHE_OFF + VIEWS_SYNC, WRITE_OFF),
    Phase("+ limiter", "60 writes a minute per account", CACHE_OFF + VIEWS_SYNC),
    Phase("+ cache", "answers kept in memory", VIEWS_SYNC),
    Phase("+ view counter", "views off the request path", []),
]


@dataclasses.dataclass
class Result:
    """Of one phase. series: {name: [(seconds since the start of the phase, value or None)]}."""

    phase: Phase
    stampede_from: float
    series: dict
    statements_per_read: float
    other_answers: dict  # how many of each kind, beside 200 to reads, 201 and 429 to creates

    def median(self, name):
        values = [value for at, value in self.series[name] if value is not None and at > self.stampede_from]
        if not values:
            raise RuntimeError(f"{self.phase.name}: nothing was measured of {name}; is --seconds long enough?")
        return statistics.median(values)


def measure(options, load, scratch):
    """Runs the phases against one PostgreSQL and one Redis. load: the built load.cpp. Returns the Results."""
    results = []
    with Cluster() as cluster, Redis() as redis:
        for number, phase in enumerate(PHASES, 1):
            redis.call("FLUSHALL")  # a fresh database of either kind, so that no phase inherits from another
            folder = scratch / f"phase-{number}"
            folder.mkdir()
            flags = ["--redis", redis.url(), *phase.flags]
            with Snippetd(folder, cluster.create_database(), flags=flags, limits=phase.limits,
                          binary=options.binary) as server:
                results.append(_run(phase, server, options, load, folder))
            print(f"  {number} of {len(PHASES)}: {phase.name}: {results[-1].median('reads'):,.0f} reads/s",
                  file=sys.stderr)
    return results


def _run(phase, server, options, load, folder):
    path = "/s/" + server.create_snippet()  # not of the account that floods
    body = folder / "body.json"
    body.write_text(json.dumps(SNIPPET))
    token = server.create_account()

    begin = time.monotonic()
    flood = Load(load, options.writers).start_slices(SLICE_SECONDS, folder / "flood", "create", server.port,
                                                     options.seconds, token, body)
    with Counters(server.port) as counters:
        counters.sample_until(begin + CALM_PART * options.seconds)
        stampede_from = time.monotonic()
        readers = Load(load, options.readers).start_slices(
            SLICE_SECONDS, folder / "readers", "read", server.port, begin + options.seconds - stampede_from, path)
        counters.sample_until(begin + options.seconds)
    return _result(phase, begin, stampede_from, counters.samples, flood.finish(SILENCE_SECONDS_MAX),
                   readers.finish(SILENCE_SECONDS_MAX))


class Counters:
    """Reads /metrics again and again, over one connection."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SILENCE_SECONDS_MAX)
        self.samples = []  # (when, {statement: how many}, commands)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def sample_until(self, end):
        while time.monotonic() < end:
            began = time.monotonic()
            self._connection.request("GET", "/metrics")
            text = self._connection.getresponse().read().decode()
            now = time.monotonic()
            statements = re.findall(r'^snippetd_db_statements_total\{statement="(\w+)"\} (\S+)', text, re.MULTILINE)
            commands = re.findall(r"^snippetd_redis_commands_total\{.*\} (\S+)", text, re.MULTILINE)
            self.samples.append(((began + now) / 2, {name: float(count) for name, count in statements},
                                 sum(map(float, commands))))
            time.sleep(max(0, min(began + SLICE_SECONDS, end) - time.monotonic()))


def _result(phase, begin, stampede_from, counters, flood, readers):
    series = {name: [] for name in ("reads", "p50", "p99", "statements", "commands", "admitted", "refused")}
    for before, after in zip(counters, counters[1:]):
        seconds = after[0] - before[0]
        middle = (before[0] + after[0]) / 2 - begin
        series["statements"].append((middle, (sum(after[1].values()) - sum(before[1].values())) / seconds))
        series["commands"].append((middle, (after[2] - before[2]) / seconds))
    for part in readers:
        middle = part["at"] - part["seconds"] / 2 - begin
        series["reads"].append((middle, part["status"].get("200", 0) / part["seconds"]))
        for name in ("p50", "p99"):
            series[name].append((middle, part["latency_us"][name] / 1000 if part["requests"] else None))
    for part in flood:
        middle = part["at"] - part["seconds"] / 2 - begin
        for name, status in (("admitted", "201"), ("refused", "429")):
            series[name].append((middle, part["status"].get(status, 0) / part["seconds"]))

    others = {}
    for kind, parts, expected in (("reads", readers, {"200"}), ("creates", flood, {"201", "429"})):
        for part in parts:
            for status in set(part["status"]) - expected:
                name = f"{status} to {kind}"
                others[name] = others.get(name, 0) + part["status"][status]
    return Result(phase, stampede_from - begin, series, _statements_per_read(counters, readers), others)


def _statements_per_read(counters, readers):
    """Over the whole phase: before the stampede nobody reads."""
    first, last = counters[0][1], counters[-1][1]
    statements = sum(last.get(name, 0) - first.get(name, 0) for name in READ_STATEMENTS)
    # Only the answers that came before the last look at the counters.
    reads = sum(part["requests"] for part in readers if part["at"] <= counters[-1][0] + SLICE_SECONDS / 2)
    return statements / max(reads, 1)


def picture(results):
    """The columns and the panels of the chart."""
    def line(name, label, css):
        return Line(label, css, [result.series[name] for result in results],
                    [result.median(name) for result in results])

    columns = [(f"{number}  {result.phase.name}", result.phase.what) for number, result in enumerate(results, 1)]
    return columns, [
        Panel("Throughput: reads, creates admitted and creates refused per second", [
            line("reads", "reads", "blue"), line("refused", "refused", "orange"), line("admitted", "admitted", "green"),
        ], floor=1),
        Panel("Latency of a read in milliseconds", [line("p99", "p99", "violet"), line("p50", "p50", "blue")]),
        Panel("SQL statements per second", [line("statements", "statements", "red")], floor=1),
        Panel("Redis commands per second", [line("commands", "commands", "green")], floor=1),
    ]


def table(results):
    headings = ["", "reads/s", "p50 ms", "p99 ms", "SQL statements/s", "SQL statements per read", "Redis commands/s",
                "creates admitted/s", "creates refused/s"]
    rows = [
        [result.phase.name, f"{result.median('reads'):,.0f}", _short(result.median("p50")),
         _short(result.median("p99")), f"{result.median('statements'):,.0f}", _per_read(result.statements_per_read),
         *(f"{result.median(name):,.0f}" for name in ("commands", "admitted", "refused"))]
        for result in results
    ]
    text = report.table(headings, rows) + "\n"
    for result in results:
        if result.other_answers:
            counts = ", ".join(f"{count:,} × {name}" for name, count in sorted(result.other_answers.items()))
            text += f"\n{result.phase.name}: other answers came too: {counts}.\n"
    return text


def _per_read(statements):
    return "< 0.01" if 0 < statements < 0.01 else f"{statements:.2f}"


def _short(milliseconds):
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.2g}"
