"""View counting: asynchronous on the way in, exactly once into the store, in batches, and flushed at shutdown."""

import signal
import time

import pytest

from harness.burst import burst, request_bytes
from harness.client import Client
from harness.held_up import writes_held_up
from harness.server import Server
from harness.waiting import until


def stored_count(client, id):
    """The exact view count as stored."""
    return client.get(f"/snippets/{id}").json()["view_count"]


def wait_for_count(client, id, count, slow_factor, seconds=5):
    until(lambda: stored_count(client, id) >= count, seconds * slow_factor, f"{count} stored views")
    assert stored_count(client, id) == count


@pytest.fixture(scope="module")
def quick(binary, new_database):
    """A server that flushes the counts every 200 ms."""
    with Server(binary, new_database(), flags=["--views-flush", "200ms", "--threads", "4"]) as running:
        yield running


@pytest.fixture(scope="module")
def author(quick):
    return Client(quick).signup()


# --- What is a view


def test_every_get_of_the_link_and_of_raw_is_one_view(quick, author, slow_factor):
    id = author.create()["id"]
    readers = [Client(quick) for _ in range(8)]
    for reader in readers:
        for _ in range(3):
            reader.get(f"/s/{id}")
            reader.get(f"/s/{id}/raw")
        reader.get(f"/s/{id}/raw?download=1")
    wait_for_count(author, id, 8 * 7, slow_factor)


def test_a_304_is_a_view(quick, author, slow_factor):
    id = author.create()["id"]
    reader = Client(quick)
    etag = reader.get(f"/s/{id}/raw").headers["ETag"]
    for _ in range(5):
        assert reader.get(f"/s/{id}/raw", {"If-None-Match": etag}).status == 304
    wait_for_count(author, id, 6, slow_factor)


def test_a_preview_of_the_link_is_not_a_view(quick, author, slow_factor):
    id = author.create()["id"]
    reader = Client(quick)
    for _ in range(3):
        assert reader.get(f"/s/{id}/picture.png").status == 200
        assert reader.get(f"/s/{id}/picture.png?lines=1").status == 200
    reader.get(f"/s/{id}")
    wait_for_count(author, id, 1, slow_factor)


def test_head_is_not_a_view(quick, author, slow_factor):
    id = author.create()["id"]
    reader = Client(quick)
    for path in (f"/s/{id}", f"/s/{id}/raw"):
        for _ in range(5):
            assert reader.head(path).status == 200
    reader.get(f"/s/{id}")
    wait_for_count(author, id, 1, slow_factor)


def test_other_routes_are_not_views(quick, author, slow_factor):
    id = author.create(visibility="public")["id"]
    for _ in range(3):
        author.get(f"/snippets/{id}")
        author.get(f"/snippets/{id}/revisions/1")
        author.get("/explore")
    Client(quick).get(f"/s/{id}")
    wait_for_count(author, id, 1, slow_factor)


def test_the_owners_reads_by_link_are_views_of_a_private_snippet_too(quick, author, slow_factor):
    id = author.create(visibility="private")["id"]
    for _ in range(4):
        assert author.get(f"/s/{id}").status == 200
        assert Client(quick).get(f"/s/{id}").status == 404
    wait_for_count(author, id, 4, slow_factor)


def test_concurrent_views_are_all_counted(quick, author, slow_factor):
    id = author.create()["id"]
    for _ in range(3):
        answers = burst(quick, [request_bytes("GET", f"/s/{id}")] * 200)
        assert {answer.status for answer in answers} == {200}
    wait_for_count(author, id, 600, slow_factor)


# --- What a view does not change


def test_views_change_neither_version_nor_text_nor_the_time_of_the_last_edit(quick, author, slow_factor):
    snippet = author.create()
    reader = Client(quick)
    before = reader.get(f"/s/{snippet['id']}")
    wait_for_count(author, snippet["id"], 1, slow_factor)
    after = reader.get(f"/s/{snippet['id']}")
    assert after.headers["Last-Modified"] == before.headers["Last-Modified"]
    raw = reader.get(f"/s/{snippet['id']}/raw")
    until(lambda: stored_count(author, snippet["id"]) == 3, 5 * slow_factor, "three stored views")
    assert reader.get(f"/s/{snippet['id']}/raw").headers["ETag"] == raw.headers["ETag"]
    assert author.get(f"/snippets/{snippet['id']}").json() == {
        **snippet,
        "view_count": stored_count(author, snippet["id"]),
    }


def test_an_edit_keeps_the_count(quick, author, slow_factor):
    id = author.create()["id"]
    for _ in range(3):
        Client(quick).get(f"/s/{id}")
    wait_for_count(author, id, 3, slow_factor)
    assert author.patch(f"/snippets/{id}", {"body": "y"}).json()["view_count"] == 3
    assert stored_count(author, id) == 3


# --- When a count shows


def test_a_cached_read_shows_a_count_that_is_at_most_a_flush_and_a_second_old(quick, author, slow_factor):
    id = author.create()["id"]
    readers = [Client(quick) for _ in range(12)]
    for reader in readers:
        for _ in range(2):
            last = reader.get(f"/s/{id}")
    assert last.headers["Cache-Status"].endswith("hit")
    sent = 24
    reader = readers[0]

    def shown():
        nonlocal sent
        sent += 1
        return reader.get(f"/s/{id}").json()["view_count"] >= 24

    until(shown, (0.2 + 1 + 0.5) * slow_factor, "the cached read to show 24 views", interval=0.05)
    wait_for_count(author, id, sent, slow_factor)


# --- Batches


def test_a_flush_is_one_statement_however_many_snippets(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "1s", "--threads", "4"])
    author = Client(server).signup()
    ids = [author.create()["id"] for _ in range(100)]
    started = time.monotonic()
    for _ in range(3):
        burst(server, [request_bytes("GET", f"/s/{id}") for id in ids])
    until(lambda: server.metric("snippetd_views_applied_total") == 300, 10 * slow_factor, "all views to be applied")
    flushes = (time.monotonic() - started) / 1.0 + 1
    statements = server.metric("snippetd_db_statements_total", statement="apply_views")
    assert 1 <= statements <= flushes, f"{statements:.0f} statements in {flushes:.1f} flushes"
    assert server.metric("snippetd_view_batches_total") == statements
    assert all(stored_count(author, id) == 3 for id in ids)


def test_no_flush_is_made_when_there_is_nothing_to_flush(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "100ms"])
    author = Client(server).signup()
    id = author.create()["id"]
    Client(server).get(f"/s/{id}")
    wait_for_count(author, id, 1, slow_factor)
    batches = server.metric("snippetd_view_batches_total")
    end = time.monotonic() + 0.5
    until(lambda: time.monotonic() > end, 1, "several flush intervals")
    assert server.metric("snippetd_view_batches_total") == batches == 1


def test_recorded_pending_and_applied_are_counted(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "1s"])
    id = Client(server).create()["id"]
    for _ in range(10):
        Client(server).get(f"/s/{id}")
    metrics = server.metrics()
    assert metrics["snippetd_views_recorded_total"] == 10
    assert metrics["snippetd_views_applied_total"] + metrics["snippetd_views_pending"] == 10
    until(lambda: server.metric("snippetd_views_applied_total") == 10, 5 * slow_factor, "the flush")
    assert server.metric("snippetd_views_pending") == 0
    assert server.metric("snippetd_views_recorded_total") == 10


# --- Shutdown


@pytest.mark.parametrize("flush", ["200ms", "1h"])
def test_no_view_is_lost_or_counted_twice_at_sigterm(fresh_server, flush):
    server = fresh_server(flags=["--views-flush", flush])
    author = Client(server).signup()
    ids = [author.create()["id"] for _ in range(10)]
    for _ in range(20):
        for id in ids:
            assert Client(server).get(f"/s/{id}").status == 200
    assert server.stop() == 0
    server.restart()
    after = Client(server)
    after.session = author.session
    assert [stored_count(after, id) for id in ids] == [20] * 10


def test_views_that_come_during_a_slow_flush_are_flushed_at_sigterm_too(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "100ms"])
    author = Client(server).signup()
    id = author.create()["id"]
    reader = Client(server)
    with writes_held_up(server):
        reader.get(f"/s/{id}")
        flushing = time.monotonic() + 0.3
        until(lambda: time.monotonic() > flushing, 1, "a flush to be under way")
        for _ in range(9):
            reader.get(f"/s/{id}")
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_log("shutting down")
    assert server.process.wait(10 * slow_factor) == 0
    server.restart()
    after = Client(server)
    after.session = author.session
    assert stored_count(after, id) == 10


def test_views_of_a_snippet_that_is_deleted_before_the_flush_do_no_harm(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "300ms"])
    author = Client(server).signup()
    deleted, kept = author.create()["id"], author.create()["id"]
    for id in (deleted, kept):
        Client(server).get(f"/s/{id}")
    author.delete(f"/snippets/{deleted}")
    wait_for_count(author, kept, 1, slow_factor)
    until(lambda: server.metric("snippetd_views_pending") == 0, 5 * slow_factor, "nothing to be pending")


# --- The other modes


def test_views_sync_writes_the_store_in_the_request(fresh_server):
    server = fresh_server(flags=["--views", "sync"])
    author = Client(server).signup()
    id = author.create()["id"]
    for number in range(1, 6):
        Client(server).get(f"/s/{id}" + ("/raw" if number % 2 else ""))
        assert stored_count(author, id) == number
    Client(server).head(f"/s/{id}")
    assert stored_count(author, id) == 5


def test_views_off_counts_nothing(fresh_server):
    server = fresh_server(flags=["--views", "off", "--views-flush", "100ms"])
    author = Client(server).signup()
    id = author.create()["id"]
    for _ in range(5):
        assert Client(server).get(f"/s/{id}").status == 200
    assert server.metric("snippetd_views_recorded_total") == 0
    server.restart()
    after = Client(server)
    after.session = author.session
    assert stored_count(after, id) == 0
