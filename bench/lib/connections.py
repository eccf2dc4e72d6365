"""Each path with 1, 8, 64 and 512 connections: one measure at 64 hides what somebody who is alone waits for."""

import contextlib
import functools
import itertools
import json

from . import database, report
from .load import Load
from .samples import alternate, spread, watched
from .snippetd import SNIPPET, Snippetd

CONNECTIONS = (1, 8, 64, 512)
IDS = 2000  # read in one interval, each once
SIZES = {"10 KiB": 10 * 1024, "1 MiB": 1024 * 1024}


def measure(setup):
    rows = IDS * len(CONNECTIONS) * setup.rounds
    with setup.postgres() as cluster, contextlib.ExitStack() as stack:
        url = database.fill_postgres(setup, cluster, rows)
        folder = setup.folder("connections-sqlite")
        database.fill_sqlite(folder, rows)
        sqlite = stack.enter_context(Snippetd(folder, flags=["--threads", "1"]))
        postgres = stack.enter_context(Snippetd(setup.folder("connections-postgres"), url, flags=["--threads", "1"]))
        stores = {"SQLite": (sqlite, {"snippetd": sqlite.pid}),
                  "PostgreSQL": (postgres, {"snippetd": postgres.pid, "postgres": cluster.pid})}
        measures = {}
        for store, (server, pids) in stores.items():
            paths = _stored(setup, server, rows)
            if store == "SQLite":
                paths = {**_hits(setup, server), **paths}
            for (path, run), n in itertools.product(paths.items(), CONNECTIONS):
                load = Load(setup.load.binary, n)
                measures[path, store, str(n)] = functools.partial(watched, pids, functools.partial(run, load))
        samples = alternate(setup.rounds, measures)
    return _section(samples, setup)


def _hits(setup, server):
    """What the near cache has. Which store there is does not matter."""
    def reads(path, accept=None):
        def run(load):
            return _figures(load.hot(server.port, path, setup.seconds, setup.load_core, accept))

        return run

    id = server.create_snippet()
    paths = {"hot read, raw": reads(f"/s/{id}/raw"), "hot read, JSON": reads(f"/s/{id}"),
             "hot read, page, compressed": reads(f"/s/{id}", "text/html")}
    for size, count in SIZES.items():
        large = json.loads(server.create("/snippets", {"body": "x" * (count - 1) + "\n"}).content)["id"]
        paths[f"hot read, raw, {size}"] = reads(f"/s/{large}/raw")
    return paths


def _stored(setup, server, rows):
    """What a store is asked for."""
    token = server.create_account("connections")
    folder = setup.folder("connections")
    bodies = {}
    for size, body in (("100 B", "x" * 99 + "\n"), ("64 KiB", ("y" * 63 + "\n") * 1024)):
        bodies[size] = folder / f"{len(body)}.json"
        bodies[size].write_text(json.dumps({**SNIPPET, "body": body}))
    found, absent = itertools.count(database.FIRST_ID, IDS), itertools.count(database.FIRST_ID + rows, IDS)

    def creates(body):
        return lambda load: _figures(load.create(server.port, setup.seconds, token, body, may_refuse=True))

    return {"cold read": lambda load: _figures(load.once(server.port, next(found), IDS)),
            "missing id": lambda load: _figures(load.missing(server.port, next(absent), IDS)),
            "create, 100 B": creates(bodies["100 B"]), "create, 64 KiB": creates(bodies["64 KiB"])}


def _figures(answer):
    """Those that are refused are no requests: what they cost is the others'."""
    latency = answer["latency_us"]
    return answer["requests"] - answer["status"].get("503", 0), answer["seconds"], latency["p50"], latency["p99"]


def _section(samples, setup):
    headings = ["path", "connections", "requests/s", "CPU µs here", "and PostgreSQL's", "p50 µs", "p99 µs"]
    rows = []
    for (path, store, connections), own in samples.items():
        here = spread(own, lambda sample: sample.cpu_us("snippetd"))
        there = spread(own, lambda sample: sample.cpu_us("postgres")) if "postgres" in own[0].cpu else None
        name = path if path.startswith("hot") else f"{path}, {store}"
        rows.append([name, connections, f"{spread(own, lambda sample: sample.rate).median:,.0f}",
                     f"{here.median:.1f}", f"{there.median:.1f}" if there else "",
                     f"{spread(own, lambda sample: sample.p50_us).median:,.0f}",
                     f"{spread(own, lambda sample: sample.p99_us).median:,.0f}"])
    note = (
        f"Medians of {setup.rounds} rounds of {setup.seconds:g} s, or of {IDS:,} ids, each read once. One worker, "
        "`--log-level warn`, one request in flight on each connection. Nothing is pinned but the generator of hot "
        "reads, which never sleeps; server, database and generator share the cores. CPU is counted in ticks of 10 ms. "
        "Of 512 clients who write 64 KiB each some are refused: that counts as cost, not as requests."
    )
    return report.Section("By connections", [], note + "\n\n" + report.table(headings, rows))
