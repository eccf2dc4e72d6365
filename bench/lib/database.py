"""The private PostgreSQL cluster, pgbench on it, and rows put straight into either store."""

import dataclasses
import os
import pathlib
import re
import sqlite3

from harness.postgres import Postgres

from . import processes, report
from .samples import rate, ratio, spread
from .snippetd import Snippetd

# As many digits as a real id has characters, so that pgbench, whose variables are numbers, can name the rows too.
FIRST_ID = 100_000_000_000
STRIDE = 38_197  # as in load.cpp
VIEWS = 5  # of each: with an empty table of counts the database would plan for an empty table
SERVER_CONNECTIONS = 8  # snippetd's default

# The cache of a database is sized for the machine in any real set-up; here it has to hold the rows being read.
# Autovacuum and timed checkpoints are off so that they do not fall into one interval and not into another.
SETTINGS = ["shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=1h", "autovacuum=off"]


class Cluster(Postgres):
    """PostgreSQL with fsync on; running inside the `with`."""

    def __init__(self):
        super().__init__(fsync=True, settings=SETTINGS)

    @property
    def pid(self):
        return int((pathlib.Path(self.data) / "postmaster.pid").read_text().splitlines()[0])

    def pgbench(self, url, script, clients, variables, stop):
        """Runs a script with prepared statements. stop: ["-T", seconds] or ["-t", transactions per client].

        Returns (transactions, seconds without connecting, None, None): what samples.watched() takes.
        """
        threads = min(clients, os.cpu_count())
        command = [f"{self.bin}/pgbench", "-n", "-M", "prepared", "-c", clients, "-j", threads, *stop, "-f", script]
        for name, value in variables.items():
            command += ["-D", f"{name}={value}"]
        text = processes.output_of([*command, url])
        transactions = int(re.search(r"actually processed: (\d+)", text)[1])
        failed = re.search(r"failed transactions: (\d+)", text)
        if failed and failed[1] != "0":
            raise RuntimeError(f"pgbench met errors:\n{text}")
        rate = float(re.search(r"tps = ([\d.]+) \(without initial connection time\)", text)[1])
        return transactions, transactions / rate, None, None


def fill_postgres(setup, cluster, rows):
    """A new database with `rows` snippets whose ids count up from FIRST_ID. Returns its URL."""
    url = cluster.create_database()
    model = _create_model(setup.folder("fill"), url)
    columns = cluster.query(
        "select string_agg(quote_ident(column_name), ', ') from information_schema.columns "
        "where table_schema = 'public' and table_name = 'snippets' and column_name <> 'id'",
        url,
    )
    cluster.query(
        f"insert into snippets (id, {columns}) select ({FIRST_ID} + n)::text, {columns} "
        f"from snippets, generate_series(0, {rows - 1}) n where id = '{model}'",
        url,
    )
    cluster.query(f"insert into snippet_views (snippet_id, count) select id, {VIEWS} from snippets", url)
    cluster.query("truncate search_pending", url)  # nobody searches: their index is not to be made meanwhile
    cluster.query("vacuum analyze", url)
    cluster.query("checkpoint", url)
    return url


def fill_sqlite(data_dir, rows):
    """The same in a data folder of the embedded store."""
    model = _create_model(data_dir)
    with sqlite3.connect(data_dir / "snippets.db") as connection:
        columns = ", ".join(row[1] for row in connection.execute("pragma table_info(snippets)") if row[1] != "id")
        connection.execute(
            f"with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < {rows - 1}) "
            f"insert into snippets (id, {columns}) select cast({FIRST_ID} + n as text), {columns} "
            f"from snippets, numbers where id = ?",
            (model,),
        )
        connection.execute(
            "insert into bodies (snippet_id, version, body) select s.id, s.version, b.body from snippets s, bodies b "
            "where b.snippet_id = ? and s.id <> b.snippet_id",
            (model,),
        )
        connection.execute(f"insert into snippet_views (snippet_id, count) select id, {VIEWS} from snippets")
        connection.execute("delete from search_pending")
    connection.close()


def _create_model(data_dir, database=None):
    """Has snippetd make the schema, an account and one snippet, which the rows are then copies of. Returns its id."""
    with Snippetd(data_dir, database) as server:
        snippet = server.create_snippet(server.create_account())
    if len(snippet) != len(str(FIRST_ID)):
        raise RuntimeError(f"FIRST_ID no longer has the length of an id such as {snippet}")
    return snippet


@dataclasses.dataclass
class Pgbench:
    clients: int
    text: str


def fastest_pgbench(setup, run):
    """run(clients) → Sample. Tries as many clients as snippetd has connections to the database, and more."""
    rates = {clients: run(clients).rate for clients in sorted({SERVER_CONNECTIONS, 16, setup.connections})}
    tried = ", ".join(f"{rates[clients]:,.0f}/s with {clients}" for clients in rates)
    text = f"tried once with several numbers of clients it did {tried}, and the fastest is what is measured."
    return Pgbench(max(rates, key=rates.get), text)


def table(what, samples, pgbench):
    """samples: those of postgres, pgbench and sqlite."""
    names = {
        "postgres": "snippetd on PostgreSQL",
        "pgbench": f"pgbench, {pgbench.clients} clients",
        "sqlite": "snippetd on SQLite",
    }
    rows = []
    for key, name in names.items():
        own = samples[key]
        is_server, asks_postgres = "snippetd" in own[0].cpu, "postgres" in own[0].cpu
        rows.append([
            name,
            spread(own, rate).text(),
            ratio(own, samples["pgbench"], rate).text(2),
            spread(own, lambda sample: sample.cpu_us("snippetd")).text(1) if is_server else "",
            spread(own, lambda sample: sample.cpu_us("postgres")).text(1) if asks_postgres else "",
            spread(own, lambda sample: sample.p50_us).text() if is_server else "",
            spread(own, lambda sample: sample.p99_us).text() if is_server else "",
        ])
    headings = [what, "per second", "× pgbench's", "snippetd CPU µs", "PostgreSQL CPU µs", "p50 µs", "p99 µs"]
    return report.table(headings, rows)
