"""The contract's deletion of an account: with everything that is its own, and nothing that is somebody else's."""

import contextlib
import pathlib
import sqlite3
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import expect
from harness.client import PASSWORD, Client, unique_name
from harness.held_up import writes_held_up
from harness.postgres import binary_folder
from harness.server import Server
from harness.waiting import until

# All tables in which something of an account may be.
TABLES = ("accounts", "sessions", "api_tokens", "snippets", "revisions", "snippet_views", "snippet_view_hours",
          "idempotency_records")  # fmt: skip


def delete(client, password=PASSWORD):
    return client.request("DELETE", "/auth/me", json={"password": password})


def rows(server, statement):
    """The first column of what a query on the server's store gives."""
    if server.database is None:
        with contextlib.closing(sqlite3.connect(f"{server.data_dir}/snippets.db", timeout=10)) as database:
            return [str(row[0]) for row in database.execute(statement)]
    psql = [f"{binary_folder()}/psql", "-X", "-A", "-t", "-d", server.database, "-c", statement]
    return subprocess.run(psql, capture_output=True, check=True, text=True).stdout.split()


def left_over(server):
    return {table: rows(server, f"select count(*) from {table}")[0] for table in TABLES}


def everything_stored(server):
    """Every byte of the store."""
    if server.database is None:
        return b"".join(path.read_bytes() for path in pathlib.Path(server.data_dir).rglob("*") if path.is_file())
    dump = [f"{binary_folder()}/pg_dump", "--inserts", server.database]
    return subprocess.run(dump, capture_output=True, check=True).stdout


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# --- What goes


def test_it_is_204_and_the_cookie_is_cleared(server):
    client = Client(server).signup()
    session = client.session
    response = delete(client)
    assert (response.status, response.body) == (204, b"")
    assert "Max-Age=0" in response.headers["Set-Cookie"] and client.session is None
    expect.problem(Client(server).get("/auth/me", {"Cookie": f"session={session}"}), 401, "unauthenticated")
    response = Client(server).post("/auth/login", {"username": client.username, "password": PASSWORD})
    expect.problem(response, 401, "unauthenticated")


def test_nothing_of_it_is_left_in_the_store(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "100ms"])
    client = Client(server).signup()
    client.post("/auth/tokens", {"name": "ci"})
    Client(server).login(client.username)
    for visibility in ("public", "unlisted", "private"):
        id = client.create({"Idempotency-Key": f"key {visibility}".replace(" ", "-")}, visibility=visibility)["id"]
        client.patch(f"/snippets/{id}", {"body": "second"})
        client.get(f"/s/{id}")
    client.create(expires_in=3600)
    client.create(burn_after_reading=True)
    fork = client.post(f"/snippets/{id}/fork", headers={"Idempotency-Key": "fork"})
    assert fork.status == 201
    until(lambda: client.get(f"/snippets/{id}").json()["view_count"] == 1, 5 * slow_factor, "the views to be drained")
    before = left_over(server)
    assert all(count != "0" for count in before.values()), before
    assert delete(client).status == 204
    assert left_over(server) == dict.fromkeys(TABLES, "0")


def test_an_expired_snippet_that_is_still_there_goes_too(fresh_server, slow_factor):
    server = fresh_server(flags=["--reaper-interval", "1h"])
    client = Client(server).signup()
    id = client.create(expires_in=1)["id"]
    until(lambda: client.get(f"/snippets/{id}").status == 410, 5 * slow_factor, "it to expire")
    assert delete(client).status == 204
    assert left_over(server) == dict.fromkeys(TABLES, "0")


def test_all_links_are_gone_also_those_in_caches(server):
    client = Client(server).signup()
    ids = [client.create(visibility=one)["id"] for one in ("public", "unlisted") for _ in range(40)]
    readers = [Client(server) for _ in range(4)]
    for reader in readers:
        for id in ids:
            assert reader.get(f"/s/{id}").status == 200
            assert reader.get(f"/s/{id}", {"Accept": "text/html"}).status == 200
    assert readers[0].get(f"/s/{ids[0]}").headers["Cache-Status"].endswith("hit")
    assert delete(client).status == 204
    for reader in readers:
        for id in ids:
            expect.problem(reader.get(f"/s/{id}"), (404, 410))
            expect.problem(reader.get(f"/s/{id}/raw", {"If-None-Match": '"v1-raw"'}), (404, 410))
            assert reader.get(f"/s/{id}", {"Accept": "text/html"}).status in (404, 410)
    listed = {item["id"] for item in expect.all_items(readers[0], "/explore?limit=100")}
    assert not listed & set(ids)


def test_sessions_and_tokens_are_dead_on_every_connection(server):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    copies = [client.clone() for _ in range(6)] + [Client(server).login(client.username) for _ in range(3)]
    for copy in [Client(server) for _ in range(6)]:
        copy.headers = bearer(token)
        copies.append(copy)
    for copy in copies:
        assert copy.get("/auth/me").status == 200
    assert delete(client).status == 204
    for copy in copies:
        expect.problem(copy.get("/auth/me"), 401, "unauthenticated")
        expect.problem(copy.post("/snippets", {"body": "x"}), 401, "unauthenticated")
        expect.problem(copy.post("/auth/tokens", {"name": "x"}), 401, "unauthenticated")


def test_the_name_is_free_again_and_opens_nothing_of_before(server):
    client = Client(server).signup()
    secret = client.create({"Idempotency-Key": "the-same"}, body="of the old account", visibility="private")
    assert delete(client).status == 204
    again = Client(server).signup(client.username)
    assert expect.items(again.get("/snippets")) == []
    expect.problem(again.get(f"/snippets/{secret['id']}"), 404, "not_found")
    made = again.create({"Idempotency-Key": "the-same"}, body="of the new account")
    assert made["id"] != secret["id"] and made["body"] == "of the new account"


def test_an_account_without_snippets_goes_as_well(server):
    client = Client(server).signup()
    assert delete(client).status == 204
    Client(server).signup(client.username)


def test_a_token_may_delete_its_account(server):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    id = client.create()["id"]
    by_token = Client(server)
    by_token.headers = bearer(token)
    assert delete(by_token).status == 204
    for one in (client, by_token):
        expect.problem(one.get("/auth/me"), 401, "unauthenticated")
    expect.problem(Client(server).get(f"/s/{id}"), 404, "not_found")


def test_what_it_wrote_is_stored_nowhere_afterwards(fresh_server, mode):
    if mode == "sqlite":
        pytest.skip(reason="free pages of a file keep what was in them until they are used again")
    server = fresh_server()
    client = Client(server).signup(unique_name("vanishing"))
    client.create({"Idempotency-Key": "a"}, body="vanishing body", title="vanishing title", tags=["vanishing"])
    source = client.create(body="vanishing fork")["id"]
    client.post(f"/snippets/{source}/fork", headers={"Idempotency-Key": "b"})
    assert b"vanishing" in everything_stored(server)
    assert delete(client).status == 204
    assert b"vanishing" not in everything_stored(server)


# --- What stays


def test_what_others_have_stays_their_forks_included(server, bob):
    client = Client(server).signup()
    source = client.create(body="forked", visibility="unlisted")["id"]
    fork = bob.post(f"/snippets/{source}/fork").json()
    other = bob.create({"Idempotency-Key": unique_name("key")}, body="bob's")
    anonymous = Client(server).create(body="nobody's")
    assert delete(client).status == 204
    assert bob.get("/auth/me").status == 200
    assert bob.get(f"/snippets/{fork['id']}").json()["forked_from"] == source
    for one, body in ((fork, "forked"), (other, "bob's"), (anonymous, "nobody's")):
        assert Client(server).get(f"/s/{one['id']}").json()["body"] == body
    expect.problem(bob.get(f"/snippets/{source}"), 404, "not_found")


# --- Who may


@pytest.mark.parametrize("wrong", ["wrong horse", "", "x" * 5000, PASSWORD.upper()])
def test_a_wrong_password_is_403_and_deletes_nothing(server, wrong):
    client = Client(server).signup()
    other = Client(server).login(client.username)
    id = client.create()["id"]
    expect.problem(delete(client, wrong), 403, "forbidden")
    assert client.get("/auth/me").status == other.get("/auth/me").status == 200
    assert Client(server).get(f"/s/{id}").status == 200


def test_another_accounts_password_is_a_wrong_one(server):
    client = Client(server).signup()
    Client(server).signup(password="another horse")
    expect.problem(delete(client, "another horse"), 403, "forbidden")


def test_the_password_is_needed(server, ada):
    expect.invalid(ada.request("DELETE", "/auth/me", json={}), "password")
    expect.invalid(ada.request("DELETE", "/auth/me", json={"password": 7}), "password")
    expect.invalid(ada.request("DELETE", "/auth/me", json={"password": PASSWORD, "x": 1}), "x")
    expect.problem(ada.delete("/auth/me"), 400, "bad_request")
    assert ada.get("/auth/me").status == 200


def test_it_needs_an_account(anonymous):
    expect.problem(delete(anonymous), 401, "unauthenticated")


@pytest.mark.parametrize("elsewhere", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_cannot_delete_it(server, elsewhere):
    client = Client(server).signup()
    response = client.request("DELETE", "/auth/me", json={"password": PASSWORD}, headers=elsewhere)
    expect.problem(response, 403, "forbidden")
    assert client.get("/auth/me").status == 200


def test_guesses_are_charged_as_logins_are(fresh_server):
    server = fresh_server(rate_limits=True)
    client = Client(server).signup()
    statuses = [delete(client, "wrong horse").status for _ in range(12)]
    assert statuses[:9] == [403] * 9 and statuses[-1] == 429
    expect.problem(delete(client), 429, "rate_limited")


# --- Large accounts, interruptions, races


def test_a_large_account_is_deleted_by_one_request(server, slow_factor):
    client = Client(server).signup()
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda one: [one.create()["id"] for _ in range(70)], [client.clone() for _ in range(8)]))
    ids = [id for some in ids for id in some]
    client.timeout = 60 * slow_factor
    assert delete(client).status == 204
    reader = Client(server)
    for id in ids[:: 20]:
        expect.problem(reader.get(f"/s/{id}"), 404, "not_found")
    assert rows(server, "select count(*) from snippets where owner_id not in (select id from accounts)") == ["0"]


def test_what_is_created_meanwhile_does_not_survive(server, slow_factor):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    for _ in range(120):
        client.create()
    stop = threading.Event()

    def create_on(one):
        ids, statuses = [], set()
        while not stop.is_set():
            response = one.post("/snippets", {"body": "x"}, {"Idempotency-Key": unique_name("key")})
            statuses.add(response.status)
            if response.status == 201:
                ids.append(response.json()["id"])
        return ids, statuses

    creators = [client.clone(), client.clone()]
    by_token = Client(server)
    by_token.headers = bearer(token)
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(create_on, one) for one in [*creators, by_token]]
        try:
            until(lambda: Client(server).get("/healthz").status == 200, 5, "some creates")
            response = delete(client)
        finally:
            ended = threading.Timer(0.3, stop.set)
            ended.start()
        results = [future.result() for future in running]
    assert response.status == 204, response
    reader = Client(server)
    for ids, statuses in results:
        assert statuses <= {201, 401}, statuses
        assert 401 in statuses
        for id in ids:
            expect.problem(reader.get(f"/s/{id}"), 404, "not_found")
    for table, column in (("snippets", "owner_id"), ("idempotency_records", "account_id"), ("sessions", "account_id")):
        lost = f"select count(*) from {table} where {column} is not null and {column} not in (select id from accounts)"
        assert rows(server, lost) == ["0"], table


def test_edits_meanwhile_bring_nothing_back(server):
    client = Client(server).signup()
    ids = [client.create()["id"] for _ in range(150)]
    stop = threading.Event()

    def edit_on(one, mine):
        statuses = set()
        while not stop.is_set():
            for id in mine:
                statuses.add(one.patch(f"/snippets/{id}", {"body": unique_name()}).status)
                one.get(f"/s/{id}")
        return statuses

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(edit_on, client.clone(), ids[number::3]) for number in range(3)]
        try:
            assert delete(client).status == 204
            reader = Client(server)
            for id in ids:
                expect.problem(reader.get(f"/s/{id}"), 404, "not_found")
        finally:
            stop.set()
        for future in running:
            assert future.result() <= {200, 404, 401}
    for id in ids:
        expect.problem(Client(server).get(f"/s/{id}"), 404, "not_found")


def test_of_two_deletions_at_the_same_time_both_end_well(server):
    client = Client(server).signup()
    for _ in range(60):
        client.create()
    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(lambda one: delete(one).status, [client.clone(), client.clone()]))
    assert statuses in ([204, 204], [204, 401]), statuses
    Client(server).signup(client.username)


def test_when_the_store_does_not_answer_it_is_503_and_a_retry_goes_on(fresh_server, slow_factor):
    server = fresh_server()
    client = Client(server).signup()
    other = Client(server).login(client.username)
    ids = [client.create()["id"] for _ in range(60)]
    with writes_held_up(server):
        response = delete(client)
        expect.problem(response, 503, "unavailable")
        assert client.session, "the session that asked is still good"
    until(lambda: delete(client).status == 204, 20 * slow_factor, "the retry", 0.2)
    for id in ids:
        expect.problem(Client(server).get(f"/s/{id}"), 404, "not_found")
    expect.problem(other.get("/auth/me"), 401, "unauthenticated")


def test_a_deletion_that_a_crash_cuts_is_finished_by_a_retry(binary, new_database, tmp_path, slow_factor):
    with Server(binary, new_database(), data_dir=tmp_path) as server:
        client = Client(server).signup()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: [one.create() for _ in range(60)], [client.clone() for _ in range(8)]))
        count = "select count(*) from snippets"

        def ask():
            with contextlib.suppress(OSError, EOFError, Exception):
                delete(client.clone())

        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: int(rows(server, count)[0]) < 480, 10 * slow_factor, "it to begin", 0.001)
        server.kill()
        asking.join()
        server.start()
        again = Client(server)
        again.session = client.session
        response = delete(again)
        # It may have been finished in the moment of the crash.
        assert response.status == 204 or (response.status == 401 and rows(server, count) == ["0"]), response
        assert left_over(server) == dict.fromkeys(TABLES, "0")
