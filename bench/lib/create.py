"""Creates: POST /snippets with an account and a fresh idempotency key, against pgbench running the same statement."""

import functools
import itertools
import json
import os
import time

from . import database, report
from .samples import alternate, rate, ratio, watched
from .snippetd import SNIPPET, Snippetd

RATE_WANTED = 0.8


def measure(setup):
    body_file = setup.folder("create") / "body.json"
    body_file.write_text(json.dumps(SNIPPET))
    syncs = _syncs_per_second(setup.folder("create"))
    with setup.postgres() as cluster:
        url = cluster.create_database()
        with (
            Snippetd(setup.folder("create-postgres"), url) as on_postgres,
            Snippetd(setup.folder("create-sqlite")) as on_sqlite,
        ):
            token = on_postgres.create_account()
            written = _written(on_postgres, cluster, url, token)
            insert = functools.partial(_insert, setup, cluster, url, written, itertools.count())
            pgbench = database.fastest_pgbench(setup, insert)
            measures = {
                "postgres": functools.partial(_create, setup, on_postgres, token, body_file, cluster),
                "pgbench": functools.partial(insert, pgbench.clients),
                "sqlite": functools.partial(_create, setup, on_sqlite, on_sqlite.create_account(), body_file),
            }
            samples = alternate(setup.rounds, measures)
    return _section(samples, pgbench, syncs, setup)


def _written(server, cluster, url, token):
    """The columns that one create by snippetd has written, by name: what pgbench is to write too."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "bench"}
    server.create("/snippets", SNIPPET, headers)
    text = cluster.query(
        "select row_to_json(both_rows) from (select r.fingerprint, r.response, s.owner_id, s.title, s.body, "
        "s.language, s.visibility, s.tags::text, s.version, coalesce(s.expires_at, 0) as expires_at, "
        "s.burn_after_reading, s.created_at as now, repeat('0', length(r.id) - 19) as record_prefix "
        "from snippets s, idempotency_records r) both_rows",
        url,
    )
    return json.loads(text)


def _seconds(setup):
    """Whole seconds for pgbench, and long enough that planning in each new connection does not count against it."""
    return max(2, round(2 * setup.seconds))


def _create(setup, server, token, body_file, cluster=None):
    pids = {"snippetd": server.pid}
    if cluster:
        pids["postgres"] = cluster.pid

    def run():
        answer = setup.load.create(server.port, _seconds(setup), token, body_file)
        return answer["requests"], answer["seconds"], answer["latency_us"]["p50"], answer["latency_us"]["p99"]

    return watched(pids, run)


def _insert(setup, cluster, url, written, runs, clients):
    # A billion numbers for each run, and a million of them for each client.
    variables = {**written, "start": next(runs) * 10**9, "n": 0}
    script = setup.bench / "pgbench" / "create.sql"
    stop = ["-T", _seconds(setup)]
    return watched({"postgres": cluster.pid}, lambda: cluster.pgbench(url, script, clients, variables, stop))


def _syncs_per_second(folder):
    """What the disk under all this grants: writes of 8 KiB, each followed by fdatasync, one after another."""
    block = b"x" * 8192
    with open(folder / "syncs", "wb", buffering=0) as file:
        file.write(block * 1024)
        os.fsync(file.fileno())
        count, start = 0, time.monotonic()
        while time.monotonic() - start < 1:
            os.pwrite(file.fileno(), block, count % 1024 * len(block))
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.monotonic() - start)


def _section(samples, pgbench, syncs, setup):
    aim = report.at_least(
        "creates on PostgreSQL: rate against pgbench", ratio(samples["postgres"], samples["pgbench"], rate), RATE_WANTED
    )
    note = (
        f"{setup.rounds} rounds of {_seconds(setup)} s. `POST /snippets` of 1 KB by an account, each with a fresh "
        f"`Idempotency-Key`, limits off; {setup.connections} connections with one request in flight each, default "
        f"threads, `--log-level warn`. pgbench runs the same statement, prepared, over TCP; {pgbench.text} Nothing is "
        "pinned. Every acknowledged create is on disk in all of them (fsync on). This disk grants "
        f"{syncs:,.0f} single writes with fdatasync a second."
    )
    return report.Section("Creates", [aim], note + "\n\n" + database.table("create", samples, pgbench))
