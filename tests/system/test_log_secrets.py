"""What a failed statement was given stays out of the log, and out of the answer.

Every failure here is a real one, of a server whose tables were made to refuse. What is bound to a statement carries the
harness's marker; that no log of any server of the suites has it, nor a password or a hash of one, is also what
Server._finish looks for.
"""

import concurrent.futures
import contextlib
import resource
import sqlite3
import subprocess

import pytest

from harness.client import Client
from harness.server import PLANTED, SECRETS, Server, clean_environment
from harness.waiting import until

FIELDS = {"title": f"title {PLANTED}", "body": f"body {PLANTED} 'quoted'", "tags": [PLANTED]}
PASSWORD = f"password {PLANTED}"


def assert_told_nothing(server, answers, statement, code):
    """The log names the statement and the code; neither it nor an answer says more."""
    server.wait_for_log(rf"a statement failed.* statement={statement} code={code}")
    for answer in answers:
        assert answer.status == 503, answer
        assert not SECRETS.search(answer.text) and statement not in answer.text and "SQL" not in answer.text, answer
    assert not SECRETS.search(server.log), server.log
    for internal in ("insert into", ":body", "DETAIL", "CONTEXT"):
        assert internal not in server.log, server.log


def change_schema(server, script):
    if server.database:
        postgres, url = server.cluster, server.database
        postgres.query(script, url)
    else:
        with contextlib.closing(sqlite3.connect(f"{server.data_dir}/snippets.db")) as connection:
            connection.executescript(script)


@pytest.fixture
def own_server(fresh_server, mode, request):
    server = fresh_server(log_level="debug")
    server.cluster = request.getfixturevalue("postgres") if mode == "postgres" else None
    return server


def writes(server):
    """One create by a session, one by a token, one by nobody; an edit and a fork."""
    with Client(server).signup() as ada, Client(server) as nobody:
        mine = ada.create(visibility="private", **FIELDS)
        token = ada.post("/auth/tokens", {"name": PLANTED}).json()["token"]
        yield
        yield [
            ada.post("/snippets", FIELDS),
            ada.post("/snippets", FIELDS, {"Idempotency-Key": PLANTED}),
            nobody.post("/snippets", FIELDS, {"Authorization": f"Bearer {token}"}),
            ada.patch(f"/snippets/{mine['id']}", {**FIELDS, "body": PLANTED * 2}),
        ]


def refused_writes(server, script):
    steps = writes(server)
    next(steps)
    change_schema(server, script)
    return next(steps)


def test_a_constraint(own_server, mode):
    answers = refused_writes(own_server, "create unique index one_title on snippets (title)")
    assert_told_nothing(own_server, answers[:3], "create_snippet", "23505" if mode == "postgres" else "2067")


def test_a_trigger(own_server, mode):
    """A trigger that quotes, where the database lets it, what it refuses."""
    if mode == "sqlite":
        script = """
            create trigger refuse_new before insert on snippets begin select raise(abort, 'no such luck'); end;
            create trigger refuse_edits before update on snippets begin select raise(abort, 'no such luck'); end;
        """
    else:
        script = """
            create function refuse() returns trigger language plpgsql as
                $$ begin raise notice 'see %', new; raise exception 'refused: %', new.title; end $$;
            create trigger refuse before insert or update on snippets for each row execute function refuse();
        """
    answers = refused_writes(own_server, script)
    code = "P0001" if mode == "postgres" else "1811"
    assert_told_nothing(own_server, answers, "create_snippet", code)
    assert_told_nothing(own_server, answers, "update_snippet", code)


def test_a_value_that_does_not_fit(own_server, mode):
    """PostgreSQL quotes it even in the primary message."""
    if mode == "sqlite":
        script = "create trigger odd before insert on snippets begin select json(new.title); end"
        code = "1"
    else:
        script = """
            create function odd() returns trigger language plpgsql as $$ begin return new.title::bigint; end $$;
            create trigger odd before insert on snippets for each row execute function odd();
        """
        code = "22P02"
    assert_told_nothing(own_server, refused_writes(own_server, script)[:3], "create_snippet", code)


def test_secrets_of_accounts(own_server, mode):
    """Passwords, sessions and tokens, by what is stored of them."""
    with Client(own_server).signup() as ada, Client(own_server) as other:
        refuse = {
            "sqlite": "create trigger {0} before {1} on {2} begin select raise(abort, 'no'); end;",
            "postgres": "create trigger {0} before {1} on {2} for each row execute function refuse();",
        }[mode]
        if mode == "postgres":
            change_schema(
                own_server,
                "create function refuse() returns trigger language plpgsql as "
                "$$ begin raise exception 'refused: %', new; end $$",
            )
        for table, event in (("accounts", "insert"), ("accounts", "update"), ("sessions", "insert"),
                             ("api_tokens", "insert")):  # fmt: skip
            change_schema(own_server, refuse.format(f"refuse_{table}_{event}", event, table))
        answers = [
            other.post("/auth/signup", {"username": "grace", "password": PASSWORD}),
            other.post("/auth/login", {"username": ada.username, "password": "correct horse"}),
            ada.post("/auth/tokens", {"name": PLANTED}),
            ada.post("/auth/password", {"current": "correct horse", "new": PASSWORD}),
        ]
        code = "P0001" if mode == "postgres" else "1811"
        for statement in ("create_account", "create_session", "create_token", "set_password"):
            assert_told_nothing(own_server, answers, statement, code)


@pytest.fixture
def locked(request, mode, own_server):
    """PostgreSQL with rows that another session has locked until the test ends."""
    if mode != "postgres":
        pytest.skip("SQLite has no locks of rows")
    cluster, url = own_server.cluster, own_server.database
    holders = []

    def lock(table):
        script = f"begin; select from {table} for update; select pg_sleep(600)"
        command = [f"{cluster.bin}/psql", "-X", "-q", "-d", url, "-c", script]
        pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        holders.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, **pipes))
        asleep = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
        until(lambda: cluster.query(asleep, url) == "1", 5, "the lock")

    yield lock
    cluster.query("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'", url)
    for holder in holders:
        holder.communicate(timeout=10)


def test_a_lock_timeout(own_server, locked):
    """A new snippet's owner is looked at, which waits for whoever changes the row."""
    with Client(own_server).signup() as ada:
        locked("accounts")
        assert_told_nothing(own_server, [ada.post("/snippets", FIELDS)], "create_snippet", "55P03")


def test_a_session_that_is_cut(own_server, locked):
    """The one that waits for the lock is ended by the administrator."""
    with Client(own_server).signup() as ada, concurrent.futures.ThreadPoolExecutor(1) as threads:
        locked("accounts")
        cut = (
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where wait_event_type = 'Lock' and query like '%insert into snippets%' and pid <> pg_backend_pid()"
        )
        answer = threads.submit(ada.post, "/snippets", FIELDS)
        until(lambda: own_server.cluster.query(cut, own_server.database) == "1", 5, "a session that waits")
        assert_told_nothing(own_server, [answer.result(10)], "create_snippet", "(57P01|08)")


def test_a_full_disk(binary, tmp_path):
    # Without the signal, a write beyond the limit fails as on a full disk.
    wrapper = ["/bin/bash", "-c", 'trap "" XFSZ; exec "$@"', "bash"]
    with Server(binary, data_dir=tmp_path, log_level="debug", wrapper=wrapper) as server:
        with Client(server).signup() as ada:
            largest = max(file.stat().st_size for file in tmp_path.iterdir())
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
            answer = ada.post("/snippets", {**FIELDS, "body": PLANTED * 20000})
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            server.wait_for_log("a statement failed")
            assert answer.status == 507 and not SECRETS.search(answer.text + server.log)


def test_a_database_url_that_is_not_understood(binary):
    """libpq quotes what it does not understand, which may be a piece of the password."""
    for url in (f"postgres://ada:x/{PLANTED}@127.0.0.1/db", f"postgres://ada:%zz{PLANTED}@127.0.0.1/db"):
        done = subprocess.run(
            [str(binary), "migrate", "--database", url],
            env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode != 0
        assert "not a connection URI" in done.stderr and PLANTED not in done.stdout + done.stderr, done.stderr
