"""Cold reads: each of 100,000 ids once, by a fresh server, against pgbench selecting the same rows one at a time."""

import functools

from . import database, report
from .samples import alternate, rate, ratio, watched
from .snippetd import Snippetd

ROWS = 100_000
RATE_WANTED = 1.5


def measure(setup):
    with setup.postgres() as cluster:
        url = database.fill_postgres(setup, cluster, ROWS)
        sqlite = setup.folder("cold-sqlite")
        database.fill_sqlite(sqlite, ROWS)
        select = functools.partial(_select, setup, cluster, url)
        pgbench = database.fastest_pgbench(setup, select)
        measures = {
            "postgres": functools.partial(_read, setup, setup.folder("cold-postgres"), cluster, url),
            "pgbench": functools.partial(select, pgbench.clients),
            "sqlite": functools.partial(_read, setup, sqlite),
        }
        samples = alternate(setup.rounds, measures)
    return _section(samples, pgbench, setup)


def _read(setup, data_dir, cluster=None, url=None):
    """A fresh process for each round, so that the near cache is empty."""
    with Snippetd(data_dir, url) as server:
        pids = {"snippetd": server.pid}
        if cluster:
            pids["postgres"] = cluster.pid

        def run():
            answer = setup.load.once(server.port, database.FIRST_ID, ROWS)
            if answer["misses"] != ROWS:
                raise RuntimeError(f"only {answer['misses']} of {ROWS} cold reads were cache misses")
            return answer["requests"], answer["seconds"], answer["latency_us"]["p50"], answer["latency_us"]["p99"]

        sample = watched(pids, run)
    if cluster:
        cluster.query("vacuum snippet_views", url)  # the views that the server wrote when it stopped
    return sample


def _select(setup, cluster, url, clients):
    """Each client walks a stretch of its own, so that together they read each row once, as the load generator does."""
    each = ROWS // clients
    variables = {"first": database.FIRST_ID, "rows": ROWS, "each": each, "stride": database.STRIDE, "n": 0}
    script = setup.bench / "pgbench" / "select.sql"
    return watched({"postgres": cluster.pid}, lambda: cluster.pgbench(url, script, clients, variables, ["-t", each]))


def _section(samples, pgbench, setup):
    aim = report.at_least(
        "cold reads on PostgreSQL: rate against pgbench",
        ratio(samples["postgres"], samples["pgbench"], rate),
        RATE_WANTED,
    )
    note = (
        f"{setup.rounds} rounds. {ROWS:,} ids, `GET /s/ID` once for each in a scattered order; {setup.connections} "
        "connections with one request in flight each, default threads, `--log-level warn`, a fresh process each round, "
        "every "
        "answer "
        "a miss. pgbench selects the same rows in the same order one at a time, prepared, over TCP; "
        f"{pgbench.text} Nothing is pinned. The database has the rows in its memory for both."
    )
    return report.Section("Cold reads", [aim], note + "\n\n" + database.table("cold read, JSON", samples, pgbench))
