"""PostgreSQL under what operators meet: readers, commits that hang, floods, poolers, few rights, cut connections."""

import contextlib
import os
import pathlib
import random
import signal
import subprocess
import threading
import time
import uuid

import pytest

from harness import expect
from harness.client import Client
from harness.postgres import Postgres
from harness.postgres_between import PgBouncer, Standby
from harness.server import Server, clean_environment, run
from harness.slow_wire import SlowWire
from harness.waiting import until

LONG = bool(os.environ.get("SNIPPETD_TEST_LONG"))
BACK_WITHIN = 10  # seconds after the cause is gone, without a restart
POOL = 8  # connections, the default of --database-connections


@pytest.fixture(scope="module")
def cluster():
    with Postgres(fsync=False) as postgres:
        yield postgres


@pytest.fixture
def url(cluster):
    return cluster.create_database()


def name_of(url):
    return url.rpartition("/")[2]


def backends(cluster, url, condition="true"):
    """How many of a database's sessions, the asking one apart, are in a state."""
    return int(
        cluster.query(
            f"select count(*) from pg_stat_activity where datname = '{name_of(url)}' "
            f"and backend_type = 'client backend' and {condition}"
        )
    )


def alerts(server):
    return [line for line in server.log.splitlines() if "database_down" in line]


@contextlib.contextmanager
def repeating(clients, call):
    """Calls call(client) with each client in a thread of its own, again and again; yields the list of all statuses."""
    statuses, ended, problems = [], threading.Event(), []

    def repeat(client):
        try:
            while not ended.is_set():
                statuses.append(call(client).status)
        except Exception as error:  # pylint: disable=broad-except
            problems.append(error)

    threads = [threading.Thread(target=repeat, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
    assert not problems, problems[:3]


def answered_within(seconds, call, *arguments, status=200):
    started = time.monotonic()
    response = call(*arguments)
    took = time.monotonic() - started
    assert response.status == status, response
    assert took < seconds, f"{arguments} took {took:.2f} s"
    return response


# --- connections that lead to a server that only reads


def ready_status(client):
    return client.get("/readyz").status


def assert_down_and_back(server, ada, mend, slow_factor):
    """Writes are refused and readiness says so, until mend() is called; told once each way, with the reason."""
    until(lambda: ready_status(ada) == 503, 5 * slow_factor, "/readyz to tell of the reader")
    assert ada.get("/readyz").json()["database"] == "down"
    for _ in range(20):
        expect.problem(ada.post("/snippets", {"body": "x"}), 503, "unavailable")
        assert ready_status(ada) == 503
    server.wait_for_log("cannot connect to the database.*read-only")
    until(lambda: len(alerts(server)) == 1, 5 * slow_factor, "the alert")
    mend()
    until(lambda: ready_status(ada) == 200, BACK_WITHIN * slow_factor, "/readyz to be 200 again")
    until(lambda: ada.post("/snippets", {"body": "x"}).status == 201, BACK_WITHIN * slow_factor, "a create")
    until(lambda: len(alerts(server)) == 2, 5 * slow_factor, "the alert's end")


def test_a_server_that_is_made_read_only(binary, cluster, url, slow_factor):
    """By its configuration, as providers do when a disk is full: the sessions that stand are read-only at once."""
    with Server(binary, url) as server, Client(server).signup() as ada:

        def set_read_only(word):
            cluster.query(f"alter system set default_transaction_read_only = {word}")
            cluster.query("select pg_reload_conf()")

        set_read_only("on")
        try:
            assert_down_and_back(server, ada, lambda: set_read_only("off"), slow_factor)
        finally:
            set_read_only("off")


def test_a_database_that_is_made_read_only(binary, cluster, url, slow_factor):
    """New sessions are read-only, and the ones that stand are not."""
    with Server(binary, url) as server, Client(server).signup() as ada:
        database = name_of(url)
        cluster.query(f'alter database "{database}" set default_transaction_read_only = on')
        assert ada.post("/snippets", {"body": "x"}).status == 201
        cluster.end_sessions(url)
        mend = f'alter database "{database}" reset default_transaction_read_only'
        assert_down_and_back(server, ada, lambda: cluster.query(mend), slow_factor)


def test_a_forwarder_that_leads_to_a_standby_for_a_while(binary, cluster, url, slow_factor):
    with Standby(cluster) as standby, SlowWire(cluster.port) as wire:
        through = url.replace(f":{cluster.port}/", f":{wire.port}/")
        with Server(binary, through) as server, Client(server).signup() as ada:
            wire.move_to(standby.port)
            assert_down_and_back(server, ada, lambda: wire.move_to(cluster.port), slow_factor)


def test_of_several_servers_the_one_that_takes_writes(binary, cluster, url):
    """Whatever their order in the URL; and a standby alone is no store."""
    with Standby(cluster) as standby:
        both = url.replace(f"127.0.0.1:{cluster.port}", f"127.0.0.1:{standby.port},127.0.0.1:{cluster.port}")
        with Server(binary, both) as server, Client(server) as client:
            assert client.post("/snippets", {"body": "x"}).status == 201
        alone = url.replace(f":{cluster.port}/", f":{standby.port}/")
        refused = run(binary, "migrate", "--database", alone)
        assert refused.returncode not in (0, 2) and "read-only" in refused.stderr, refused


# --- shares


@pytest.fixture
def hanging_commits(cluster):
    """A function after which no commit ends: the standby that has to confirm it is not there. A second one mends it."""

    def set_standbys(names):
        cluster.query(f"alter system set synchronous_standby_names = '{names}'")
        cluster.query("select pg_reload_conf()")

    yield lambda: set_standbys("nobody"), lambda: set_standbys("")
    set_standbys("")


def test_commits_that_hang_take_nothing_else_with_them(binary, cluster, url, hanging_commits, slow_factor):
    hang, mend = hanging_commits
    with Server(binary, url, flags=["--cache", "off"]) as server, Client(server).signup() as ada:
        mine = ada.create(body="mine", visibility="public")["id"]
        writers = [ada.clone() for _ in range(8)]
        hang()
        with repeating(writers, lambda client: client.post("/snippets", {"body": "x"})) as statuses:
            # The last commits before the server has read its configuration may end.
            until(lambda: statuses.count(503) >= 16, 20 * slow_factor, "writers to be refused")
            most, before = 0, len(statuses)
            for _ in range(20):
                answered_within(0.6 * slow_factor, ada.get, f"/s/{mine}/raw")
                answered_within(0.6 * slow_factor, ada.get, "/snippets")
                answered_within(0.6 * slow_factor, ada.get, "/snippets?q=mine")
                ready = answered_within(0.6 * slow_factor, ada.get, "/readyz").json()
                assert ready["status"] == ready["database"] == "degraded", ready
                most = max(most, backends(cluster, url))
            # What nobody waits for any more is given up: there are never more sessions than connections.
            assert most <= POOL, f"{most} sessions"
        assert set(statuses[before:]) == {503}, statuses
        assert not alerts(server), server.log
        mend()
        until(lambda: ada.post("/snippets", {"body": "x"}).status == 201, BACK_WITHIN * slow_factor, "a create")
        until(lambda: ada.get("/readyz").json()["status"] == "ok", BACK_WITHIN * slow_factor, "/readyz")


def fill_for_slow_searches(cluster, url, username):
    """Enough text that a search which finds nothing takes longer than a request may."""
    cluster.query(
        "insert into snippets (id, owner_id, title, body, language, visibility, tags, version, created_at, updated_at,"
        " burn_after_reading, edit_token_hash, forked_from, title_folded, body_folded)"
        f" select 'filler' || i, (select id from accounts where username = '{username}'), '', 'x', 'text', 'private',"
        " '[]', 1, i, i, 0, '', '', '', repeat(md5(i::text), 6000) from generate_series(1, 3000) i",
        url,
    )


def test_a_flood_of_searches_takes_nothing_else_with_it(binary, cluster, url, slow_factor):
    with Server(binary, url, flags=["--cache", "off"]) as server, Client(server).signup() as ada:
        mine = ada.create(body="mine", visibility="public")["id"]
        fill_for_slow_searches(cluster, url, ada.username)
        searchers = [ada.clone() for _ in range(16)]
        with repeating(searchers, lambda client: client.get("/snippets?q=nowhere")) as statuses:
            until(lambda: len(statuses) >= 16, 20 * slow_factor, "searches to be answered")
            most = 0
            for _ in range(10):
                answered_within(0.7 * slow_factor, ada.get, f"/s/{mine}/raw")
                answered_within(0.7 * slow_factor, ada.get, "/snippets?limit=5")
                answered_within(0.7 * slow_factor, ada.post, "/snippets", {"body": "x"}, status=201)
                ready = answered_within(0.7 * slow_factor, ada.get, "/readyz").json()
                assert ready["status"] == "ok", ready
                most = max(most, backends(cluster, url, "state = 'active' and query like '%strpos%'"))
            assert most <= 1, f"{most} searches at a time"
        assert set(statuses) <= {200, 503}, set(statuses)
        assert 503 in statuses, "the searches are too fast to show anything"
        # And nobody goes on to look for what nobody waits for.
        until(lambda: backends(cluster, url, "state = 'active' and query like '%strpos%'") == 0, 0.7 * slow_factor,
              "the last search to be given up")  # fmt: skip


# --- connections that are cut, and connections that cannot be made


def test_all_connections_cut_at_once_cost_at_most_the_writes_under_way(binary, cluster, url, slow_factor):
    with Server(binary, url, flags=["--cache", "off"]) as server, Client(server).signup() as ada:
        ids = [ada.create(body=f"body {i}", visibility="public")["id"] for i in range(10)]
        clients = [ada.clone() for _ in range(6)]
        unknown = []

        def any_request(client):
            kind = random.randrange(4)
            if kind == 0:
                key = {"Idempotency-Key": str(uuid.uuid4())}
                response = client.post("/snippets", {"body": "x"}, key)
                while response.status == 503 and len(unknown) < 99:  # nobody knows what has become of it; the key does
                    unknown.append(key)
                    response = client.post("/snippets", {"body": "x"}, key)
                return response
            if kind == 1:
                return client.get("/snippets?limit=2")
            return client.get(f"/s/{random.choice(ids)}/raw")

        killed = 0
        with repeating(clients, any_request) as statuses:
            for _ in range(10):
                before = len(statuses)
                until(lambda: len(statuses) > before + 30, 10 * slow_factor, "requests to go on")
                killed += cluster.end_sessions(url)
        assert killed >= 30, killed
        assert set(statuses) <= {200, 201}, {status: statuses.count(status) for status in set(statuses)}
        # Only writes that were under way, of which there are at most three at a time.
        assert len(unknown) <= 3 * 10, len(unknown)
        made = int(cluster.query("select count(*) from snippets where body = 'x'", url))
        assert made == statuses.count(201), f"{made} rows of {statuses.count(201)} creates"
        assert not alerts(server), "nobody has to hear of what has healed already"


def test_why_no_connection_can_be_made_is_logged_once(binary, cluster, url, slow_factor):
    with Server(binary, url) as server, Client(server).signup() as ada:
        database = name_of(url)
        cluster.query(f'alter database "{database}" connection limit 0')  # for all but superusers
        cluster.query('create role "few" login; grant all on schema public to few', url)
        few = url.replace("snippetd@", "few@")
        refused = run(binary, "migrate", "--database", few)
        assert refused.returncode not in (0, 2) and "too many connections" in refused.stderr, refused
        cluster.query(f'alter database "{database}" allow_connections off')
        cluster.end_sessions(url)
        line = "cannot connect to the database.*not currently accepting connections"
        server.wait_for_log(line)
        until(lambda: ready_status(ada) == 503, 5 * slow_factor, "/readyz to be 503")
        until(lambda: len(alerts(server)) == 1, 5 * slow_factor, "the alert")
        cluster.query(f'alter database "{database}" allow_connections on connection limit -1')
        until(lambda: ready_status(ada) == 200, BACK_WITHIN * slow_factor, "/readyz to be 200 again")
        server.wait_for_log("all connections to the database stand")
        assert sum("not currently accepting" in text for text in server.log.splitlines()) == 1, server.log
        assert len(alerts(server)) == 2, alerts(server)


# --- PgBouncer


def test_behind_pgbouncer_in_transaction_mode(binary, cluster, url, slow_factor):
    """Three instances, four times as many connections as sessions, every kind of statement, and no 5xx."""
    with PgBouncer(cluster, pool_size=2) as pooler, contextlib.ExitStack() as stack:
        through = pooler.url(url)
        migrated = run(binary, "migrate", "--database", through)
        assert migrated.returncode == 0, migrated
        flags = ["--cache", "off", "--views-flush", "200ms", "--reaper-interval", "200ms"]
        servers = [stack.enter_context(Server(binary, through, flags=flags)) for _ in range(3)]
        accounts = [stack.enter_context(Client(server).signup()) for server in servers]
        problems, done = [], []

        def live(number):
            r = random.Random(number)
            account = accounts[number % 3]
            here, there = (Client(servers[(number + i) % 3]) for i in range(2))
            here.session = there.session = account.session

            def expect_status(status, response):
                done.append(response.status)
                assert response.status == status, response
                return response

            try:
                for i in range(12):
                    body = f"{number} {i} " + "text " * r.choice((1, 10, 5000))
                    key = {"Idempotency-Key": f"{number}-{i}"}
                    document = {"body": body, "visibility": "public", "tags": [f"t{number}"]}
                    made = expect_status(201, here.post("/snippets", document, key)).json()
                    assert expect_status(201, there.post("/snippets", document, key)).json()["id"] == made["id"]
                    assert expect_status(200, there.get(f"/s/{made['id']}/raw")).text == body
                    expect_status(200, there.patch(f"/snippets/{made['id']}", {"body": body + "!"}))
                    assert expect_status(200, here.get(f"/snippets/{made['id']}")).json()["body"] == body + "!"
                    found = expect_status(200, here.get(f"/snippets?q={number}%20{i}%20text&tag=t{number}")).json()
                    assert made["id"] in [item["id"] for item in found["items"]]
                    expect_status(200, there.get(f"/snippets/{made['id']}/revisions"))
                    expect_status(404, there.get("/s/AAAAAAAAAAAA"))
                    token = expect_status(201, here.post("/auth/tokens", {"name": "t"})).json()
                    expect_status(204, here.delete(f"/auth/tokens/{token['id']}"))
                    if i % 2:
                        expect_status(204, here.delete(f"/snippets/{made['id']}"))
                    else:
                        expect_status(200, here.get("/explore"))
            except Exception as error:  # pylint: disable=broad-except
                problems.append(f"{number}: {error!r}")
            finally:
                here.close()
                there.close()

        threads = [threading.Thread(target=live, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems, problems[:3]
        assert len(done) > 700 and max(done) < 500, len(done)
        assert backends(cluster, url) <= 2
        # Six clients read each of their snippets once by its link; half of the snippets are there.
        until(lambda: cluster.query("select sum(count) from snippet_views", url) == "36", 10 * slow_factor, "the views")
        for server in servers:
            assert "a statement failed" not in server.log, server.log


def test_commits_that_hang_behind_pgbouncer_leave_reads_alone(binary, cluster, url, hanging_commits, slow_factor):
    """A request to give up a statement finds its session through the pooler too."""
    hang, mend = hanging_commits
    with PgBouncer(cluster, pool_size=4) as pooler, Server(binary, pooler.url(url), flags=["--cache", "off"]) as server:
        with Client(server).signup() as ada:
            mine = ada.create(body="mine", visibility="public")["id"]
            hang()
            # The last commits before the server has read its configuration may end.
            until(lambda: ada.post("/snippets", {"body": "x"}).status == 503, 20 * slow_factor, "a create that hangs")
            for _ in range(4):
                assert ada.post("/snippets", {"body": "x"}).status == 503
                answered_within(0.6 * slow_factor, ada.get, f"/s/{mine}/raw")
            until(lambda: backends(cluster, url, "wait_event = 'SyncRep'") == 0, 2 * slow_factor, "no session to hang")
            mend()
            until(lambda: ada.post("/snippets", {"body": "x"}).status == 201, BACK_WITHIN * slow_factor, "a create")


# --- rights, migrations, notices


def test_a_role_with_no_more_rights_than_it_needs(binary, cluster, url):
    owner = run(binary, "migrate", "--database", url)
    assert owner.returncode == 0, owner
    cluster.query(
        """create role "limited" login;
           revoke create on schema public from public;
           grant usage on schema public to limited;
           grant select, insert, update, delete on all tables in schema public to limited""",
        url,
    )
    limited = url.replace("snippetd@", "limited@")
    with Server(binary, limited) as server, Client(server).signup() as ada:
        made = ada.create(body="x")
        assert ada.patch(f"/snippets/{made['id']}", {"body": "y"}).status == 200
        assert ada.get(f"/s/{made['id']}/raw").text == "y"
        assert ada.delete(f"/snippets/{made['id']}").status == 204
        assert ada.get("/readyz").json()["status"] == "ok"
    cluster.query("delete from schema_migrations where version = (select max(version) from schema_migrations)", url)
    refused = run(binary, "serve", "--listen", "127.0.0.1:0", "--database", limited)
    assert refused.returncode not in (0, 2) and "snippetd migrate" in refused.stderr, refused


MIGRATIONS = pathlib.Path(__file__).resolve().parents[2] / "src/store/migrations/postgres"


def old_schema(cluster, url, rows):
    """A database as it was before texts were kept folded, with snippets in it."""
    script = "create table schema_migrations (version integer primary key, name text not null, applied_at bigint);"
    for version, path in enumerate(sorted(MIGRATIONS.glob("*.sql"))[:4], 1):
        script += path.read_text() + f"insert into schema_migrations values ({version}, '{path.stem}', 1);"
    cluster.query(
        f"""{script}
            insert into snippets (id, title, body, language, visibility, tags, version, created_at, updated_at,
                                  burn_after_reading, edit_token_hash, forked_from)
            select 'old' || i, 'TITLE ' || i, 'BODY ' || i, 'text', 'public', '[]', 1, i, i, 0, '', ''
            from generate_series(1, {rows}) i""",
        url,
    )


def folded(cluster, url):
    return int(cluster.query("select count(*) from snippets where body_folded <> ''", url))


@contextlib.contextmanager
def migrating(binary, url):
    process = subprocess.Popen(
        [str(binary), "migrate", "--database", url], env=clean_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def last_row_held_up(cluster, url):
    """Whoever changes the row with the highest id waits until this ends."""
    cluster.query(
        """create function wait() returns trigger language plpgsql as
               $$ begin perform pg_advisory_xact_lock(42); return new; end $$;
           create trigger wait before update on snippets for each row
               when (new.id = 'old999') execute function wait()""",
        url,
    )
    psql = subprocess.Popen(
        [f"{cluster.bin}/psql", "-X", "-q", "-A", "-t", "-d", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    psql.stdin.write("select pg_advisory_lock(42);\n\\echo held\n")
    psql.stdin.flush()
    while psql.stdout.readline().strip() != "held":
        assert psql.poll() is None
    try:
        yield
    finally:
        psql.stdin.close()
        psql.wait(10)
        psql.stdout.close()


def test_an_upgrade_that_is_killed_goes_on_where_it_was(binary, cluster, url, slow_factor):
    """Rows are filled in by pieces that are committed, and what the service of before creates meanwhile in the end."""
    rows = 2500
    old_schema(cluster, url, rows)
    with last_row_held_up(cluster, url):
        with migrating(binary, url) as process:
            until(lambda: folded(cluster, url) > 0, 20 * slow_factor, "a piece to be committed")
            # The old release creates meanwhile, and longer than a request's statement may take nothing happens.
            cluster.query(
                "insert into snippets (id, title, body, language, visibility, tags, version, created_at, updated_at,"
                " burn_after_reading, edit_token_hash, forked_from)"
                " values ('0new', '', 'NEW', 'text', 'public', '[]', 1, 1, 1, 0, '', '')",
                url,
            )
            until(lambda: backends(cluster, url, "wait_event_type = 'Lock'") == 1, 10 * slow_factor, "it to wait")
            process.send_signal(signal.SIGKILL)
            process.wait()
        before = folded(cluster, url)
        assert 0 < before < rows
        assert cluster.query("select max(version) from schema_migrations", url) == "4"
        waiting = "wait_event_type = 'Lock'"
        until(lambda: backends(cluster, url, waiting) == 0 or cluster.end_sessions(url), 5, "its end")
    again = run(binary, "migrate", "--database", url)
    assert again.returncode == 0, again
    assert folded(cluster, url) == rows + 1
    assert cluster.query("select body_folded from snippets where id = '0new'", url) == "new"
    assert cluster.query("select title_folded, body_folded from snippets where id = 'old7'", url) == "title 7|body 7"


@pytest.mark.skipif(not LONG, reason="./test --long")
def test_an_upgrade_of_a_large_table_holds_nobody_up(binary, cluster, url, slow_factor):
    """Killed again and again, while the service of before writes: nobody waits for longer than a piece takes."""
    rows = 100_000
    old_schema(cluster, url, rows)
    slowest, kills = 0.0, 0
    while True:
        with migrating(binary, url) as process:
            started = time.monotonic()
            while process.poll() is None and (kills >= 3 or time.monotonic() - started < 1.5):
                asked = time.monotonic()
                cluster.query("update snippets set updated_at = updated_at + 1 where id = 'old500'", url)
                slowest = max(slowest, time.monotonic() - asked)
            if process.returncode is not None:
                break
            kills += 1
    assert process.returncode == 0 and kills > 0, (process, kills)
    assert folded(cluster, url) == rows
    assert slowest < 2 * slow_factor, f"a write took {slowest:.2f} s"


def test_two_that_upgrade_at_once_wait_for_each_other(binary, cluster, url, slow_factor):
    old_schema(cluster, url, 1200)
    with contextlib.ExitStack() as stack:
        with last_row_held_up(cluster, url):
            first = stack.enter_context(migrating(binary, url))
            until(lambda: backends(cluster, url, "wait_event_type = 'Lock'") == 1, 20 * slow_factor, "one to wait")
            second = stack.enter_context(migrating(binary, url))
            line = second.stderr.readline()
            while line and "another instance migrates the database" not in line:
                line = second.stderr.readline()
            assert line, "the second one says that it waits"
        for process in (first, second):
            assert process.wait(30 * slow_factor) == 0
    assert folded(cluster, url) == 1200


def test_what_the_server_says_goes_to_the_log(binary, cluster, url):
    """And what a function of the database says may quote anything, so of that not the words."""
    with Server(binary, url, flags=["--log-format", "json"]) as server, Client(server) as client:
        cluster.query(
            """create function tell() returns trigger language plpgsql as
                   $$ begin raise warning 'secret: %', new.title; return new; end $$;
               create trigger tell before insert on snippets for each row execute function tell()""",
            url,
        )
        assert client.post("/snippets", {"title": "quoted", "body": "x"}).status == 201
        server.wait_for_log('"the database says".*"WARNING"')
        assert "quoted" not in server.log
        assert all(line.startswith("{") for line in server.log.splitlines() if line), server.log
