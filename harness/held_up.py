"""A store in which no write can finish, held up from outside as by a long transaction of somebody else."""

import contextlib
import sqlite3
import subprocess

from .postgres import binary_folder

LOCK_ALL = """do $$ declare name text; begin
    for name in select tablename from pg_tables where schemaname = current_schema() loop
        execute format('lock table %I in share row exclusive mode', name);
    end loop;
end $$;"""


@contextlib.contextmanager
def writes_held_up(server):
    """Inside the `with`, writes to the server's store wait; reads go on."""
    hold = _postgres if (server.database or "").startswith("postgres") else _sqlite
    with hold(server):
        yield


@contextlib.contextmanager
def _sqlite(server):
    with contextlib.closing(
        sqlite3.connect(f"{server.data_dir}/snippets.db", timeout=10, isolation_level=None)
    ) as database:
        database.execute("begin immediate")
        try:
            yield
        finally:
            database.execute("rollback")


@contextlib.contextmanager
def _postgres(server):
    session = subprocess.Popen(
        [f"{binary_folder()}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", server.database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        session.stdin.write(f"begin;\n{LOCK_ALL}\nselect 'locked';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "locked\n"
        yield
    finally:
        session.stdin.close()  # The session ends, and with it the transaction.
        session.wait(10)
        session.stdout.close()
