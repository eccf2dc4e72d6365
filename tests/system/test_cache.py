"""The cache as a reader sees it: hits and misses, validators, and never anything older than the last edit."""

import concurrent.futures
import email.utils
import time

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.server import Server
from harness.waiting import until

MISS = "snippetd; fwd=miss"
HIT = "snippetd-near; hit"


def cache_status(response):
    assert response.status in (200, 304), response
    return response.headers["Cache-Status"]


def connections(server, count=24):
    """Enough connections to reach every worker of a server with four threads."""
    return [Client(server) for _ in range(count)]


@pytest.fixture(scope="module")
def four_threads(binary, new_database):
    with Server(binary, new_database(), flags=["--threads", "4"]) as running:
        yield running


@pytest.fixture(scope="module")
def editor(four_threads):
    return Client(four_threads).signup()


# --- Hit and miss


@pytest.mark.parametrize("suffix", ["", "/raw"])
def test_the_first_read_is_a_miss_and_the_second_a_hit(server, ada, suffix):
    snippet = ada.create()
    reader = Client(server)
    answers = [reader.get(f"/s/{snippet['id']}{suffix}") for _ in range(4)]
    assert [cache_status(answer) for answer in answers] == [MISS, HIT, HIT, HIT]
    assert len({answer.body for answer in answers}) == 1


def test_json_and_raw_share_one_entry(server, ada):
    snippet = ada.create()
    reader = Client(server)
    assert cache_status(reader.get(f"/s/{snippet['id']}")) == MISS
    assert cache_status(reader.get(f"/s/{snippet['id']}/raw")) == HIT


def test_hits_misses_and_negative_hits_are_counted(fresh_server):
    server = fresh_server(flags=["--threads", "1"])
    snippet = Client(server).create()

    def counted():
        return [
            server.metric("snippetd_cache_requests_total", result=result)
            for result in ("miss", "near_hit", "negative_hit")
        ]

    assert counted() == [0, 0, 0]
    reader = Client(server)
    for _ in range(5):
        reader.get(f"/s/{snippet['id']}")
    assert counted() == [1, 4, 0]
    for _ in range(5):
        assert reader.get("/s/AAAAAAAAAAAA").status == 404
    assert counted() == [2, 4, 4]


def test_unknown_ids_are_not_asked_of_the_store_again(fresh_server):
    server = fresh_server(flags=["--threads", "1"])
    reader = Client(server)
    reader.get("/s/AAAAAAAAAAAA")
    before = server.metric("snippetd_db_statements_total")
    for _ in range(20):
        assert reader.get("/s/AAAAAAAAAAAA").status == 404
    assert server.metric("snippetd_db_statements_total") == before


def test_hits_do_not_reach_the_store(fresh_server):
    server = fresh_server(flags=["--threads", "1", "--views-flush", "1h"])
    snippet = Client(server).create()
    reader = Client(server)
    reader.get(f"/s/{snippet['id']}")
    before = server.metric("snippetd_db_statements_total")
    for _ in range(50):
        assert cache_status(reader.get(f"/s/{snippet['id']}")) == HIT
    assert server.metric("snippetd_db_statements_total") == before


def test_concurrent_misses_for_one_id_are_one_load(fresh_server):
    server = fresh_server(flags=["--threads", "2", "--views-flush", "1h"])
    snippet = Client(server).create(body="x" * 1000)
    before = server.metric("snippetd_db_statements_total")
    answers = burst(server, [request_bytes("GET", f"/s/{snippet['id']}")] * 200)
    assert [answer.status for answer in answers] == [200] * 200
    # One load a worker, and room for statements that have nothing to do with it.
    assert server.metric("snippetd_db_statements_total") - before <= 6


def test_concurrent_misses_for_different_ids_are_gathered(fresh_server):
    server = fresh_server(flags=["--threads", "2", "--views-flush", "1h"])
    author = Client(server)
    ids = [author.create()["id"] for _ in range(200)]
    before = server.metric("snippetd_db_statements_total")
    answers = burst(server, [request_bytes("GET", f"/s/{id}") for id in ids])
    assert [answer.json()["id"] for answer in answers] == ids
    assert server.metric("snippetd_db_statements_total") - before < 150


# --- Settings


def test_cache_off_asks_the_store_every_time(fresh_server):
    server = fresh_server(flags=["--cache", "off"])
    snippet = Client(server).create()
    reader = Client(server)
    for suffix in ("", "/raw", ""):
        assert "hit" not in cache_status(reader.get(f"/s/{snippet['id']}{suffix}"))
    assert server.metric("snippetd_cache_requests_total", result="near_hit") == 0


def test_a_near_size_of_0_turns_the_near_cache_off(fresh_server):
    server = fresh_server(flags=["--cache-near-size", "0"])
    snippet = Client(server).create()
    reader = Client(server)
    for _ in range(3):
        assert cache_status(reader.get(f"/s/{snippet['id']}")) == MISS


def test_an_entry_is_forgotten_after_the_cache_ttl(fresh_server, slow_factor):
    server = fresh_server(flags=["--cache-ttl", "1s", "--threads", "1"])
    snippet = Client(server).create()
    reader = Client(server)
    loaded = time.monotonic()
    reader.get(f"/s/{snippet['id']}")
    assert cache_status(reader.get(f"/s/{snippet['id']}")) == HIT
    until(lambda: cache_status(reader.get(f"/s/{snippet['id']}")) == MISS, 4 * slow_factor, "a miss")
    assert time.monotonic() - loaded >= 0.85, "the TTL has at most 10 % jitter"


def test_the_near_cache_is_bounded_by_bytes(fresh_server):
    server = fresh_server(flags=["--cache-near-size", "1MiB", "--threads", "1"])
    author = Client(server)
    ids = [author.create(body="x" * 65536)["id"] for _ in range(64)]
    reader = Client(server)
    for id in ids:
        reader.get(f"/s/{id}/raw")
    hits = sum(cache_status(reader.get(f"/s/{id}/raw")) == HIT for id in ids)
    assert hits <= 16, f"{hits} entries of 64 KiB were in 1 MiB"


# --- Never older than the last edit


def test_an_edit_is_visible_at_once_on_every_connection(four_threads, editor):
    snippet = editor.create(body="version 1")
    readers = connections(four_threads)
    for number in range(2, 12):
        for reader in readers:  # Every worker has the old version in its cache.
            reader.get(f"/s/{snippet['id']}")
            reader.get(f"/s/{snippet['id']}/raw")
        edited = editor.patch(f"/snippets/{snippet['id']}", {"body": f"version {number}"}).json()
        for reader in readers:
            assert reader.get(f"/s/{snippet['id']}/raw").text == f"version {number}"
            document = reader.get(f"/s/{snippet['id']}").json()
            assert (document["version"], document["updated_at"]) == (number, edited["updated_at"])


def test_a_delete_is_visible_at_once_on_every_connection(four_threads, editor):
    for _ in range(5):
        snippet = editor.create()
        readers = connections(four_threads)
        assert all(reader.get(f"/s/{snippet['id']}").status == 200 for reader in readers)
        assert editor.delete(f"/snippets/{snippet['id']}").status == 204
        assert {reader.get(f"/s/{snippet['id']}").status for reader in readers} == {404}
        assert {reader.get(f"/s/{snippet['id']}/raw").status for reader in readers} == {404}


def test_a_change_to_private_is_visible_at_once_on_every_connection(four_threads, editor):
    snippet = editor.create(body="for now", visibility="public")
    readers = connections(four_threads)
    for _ in range(5):
        etags = {reader.get(f"/s/{snippet['id']}/raw").headers["ETag"] for reader in readers}
        assert len(etags) == 1
        assert editor.patch(f"/snippets/{snippet['id']}", {"visibility": "private"}).status == 200
        for reader in readers:
            for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
                response = reader.get(path, {"If-None-Match": etags.copy().pop()})
                assert response.status == 404 and "for now" not in response.text
        assert editor.patch(f"/snippets/{snippet['id']}", {"visibility": "public"}).status == 200
        for reader in readers:
            assert reader.get(f"/s/{snippet['id']}").status == 200


def test_readers_during_edits_never_see_a_version_go_back(four_threads, editor):
    """Every reader sees versions that only grow, and after the edit is acknowledged never an older one."""
    snippet = editor.create(body="1")
    path = f"/s/{snippet['id']}"
    readers = connections(four_threads, 8)
    seen = [0] * len(readers)
    for number in range(2, 40):
        for index, reader in enumerate(readers):
            reader.get(path)
        burst(four_threads, [request_bytes("GET", path)] * 8)
        assert editor.patch(f"/snippets/{snippet['id']}", {"body": str(number)}).status == 200
        for index, reader in enumerate(readers):
            version = reader.get(path).json()["version"]
            assert version == number and version >= seen[index]
            seen[index] = version


def test_an_edit_by_another_connection_while_loads_are_under_way_leaves_nothing_old_behind(four_threads, editor):
    for _ in range(10):
        snippet = editor.create(body="old")
        reads = [request_bytes("GET", f"/s/{snippet['id']}/raw")] * 40
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            reading = pool.submit(burst, four_threads, reads)
            assert editor.patch(f"/snippets/{snippet['id']}", {"body": "new"}).status == 200
            for reader in connections(four_threads, 8):
                assert reader.get(f"/s/{snippet['id']}/raw").text == "new"
            assert {answer.text for answer in reading.result()} <= {"old", "new"}
        for reader in connections(four_threads):
            assert reader.get(f"/s/{snippet['id']}/raw").text == "new"


def test_an_expired_snippet_is_never_served_from_the_cache(four_threads, editor, slow_factor):
    snippet = editor.create(expires_in=2)
    expires_at = expect.timestamp(snippet["expires_at"])
    readers = connections(four_threads, 12)
    etag = readers[0].get(f"/s/{snippet['id']}").headers["ETag"]
    gone = 0
    deadline = time.monotonic() + 20 * slow_factor
    while gone < len(readers):
        assert time.monotonic() < deadline
        gone = 0
        for number, reader in enumerate(readers):
            headers = {"If-None-Match": etag} if number % 2 else {}
            sent = time.time()
            response = reader.get(f"/s/{snippet['id']}" + ("/raw" if number % 3 == 0 else ""), headers)
            received = time.time()
            if response.status == 410:
                assert received >= expires_at - 0.001
                gone += 1
            else:
                assert response.status in (200, 304)
                assert sent <= expires_at + 0.002, f"served {sent - expires_at:.4f} s after it expired"


def test_an_expiry_that_an_edit_sets_counts_for_what_is_cached(four_threads, editor, slow_factor):
    snippet = editor.create()
    readers = connections(four_threads, 12)
    for reader in readers:
        reader.get(f"/s/{snippet['id']}")
    assert editor.patch(f"/snippets/{snippet['id']}", {"expires_in": 1}).status == 200
    for reader in readers:
        until(lambda: reader.get(f"/s/{snippet['id']}").status == 410, 5 * slow_factor, "the expiry")


# --- Validators


def test_if_none_match_is_answered_304_from_the_cache_and_from_the_store(still, still_ada):
    snippet = still_ada.create(body="hello")
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        full = Client(still).get(path)
        etag = full.headers["ETag"]
        for matching in (etag, f"W/{etag}", f'"other", {etag}', f'{etag},"other"', "*"):
            response = Client(still).get(path, {"If-None-Match": matching})
            assert (response.status, response.body) == (304, b""), matching
            for name in ("ETag", "Cache-Control", "Last-Modified"):
                assert response.headers[name] == full.headers[name], name
            assert "Cache-Status" in response.headers
        for other in ('"other"', f'"{etag}"', etag.strip('"'), 'W/"other"'):
            assert Client(still).get(path, {"If-None-Match": other}).status == 200, other
        assert Client(still).head(path, {"If-None-Match": etag}).status == 304


def test_a_miss_may_be_a_304_too(fresh_server):
    server = fresh_server()
    snippet = Client(server).create()
    etag = Client(server).get(f"/s/{snippet['id']}/raw").headers["ETag"]
    server.restart()
    response = Client(server).get(f"/s/{snippet['id']}/raw", {"If-None-Match": etag})
    assert response.status == 304
    assert cache_status(response) == MISS


def test_json_and_raw_have_different_etags(server, ada):
    snippet = ada.create()
    json, raw = Client(server).get(f"/s/{snippet['id']}"), Client(server).get(f"/s/{snippet['id']}/raw")
    assert json.headers["ETag"] != raw.headers["ETag"]
    assert Client(server).get(f"/s/{snippet['id']}", {"If-None-Match": raw.headers["ETag"]}).status == 200
    assert Client(server).get(f"/s/{snippet['id']}/raw", {"If-None-Match": json.headers["ETag"]}).status == 200


@pytest.mark.parametrize(
    "edit",
    [
        {"body": "y"},
        {"title": "t"},
        {"tags": ["a"]},
        {"visibility": "public"},
        {"language": "rust"},
        {"expires_in": 1000},
    ],
)
@pytest.mark.parametrize("suffix", ["", "/raw"])
def test_the_etag_changes_with_every_edit_and_with_nothing_else(still, still_ada, suffix, edit):
    snippet = still_ada.create()
    path = f"/s/{snippet['id']}{suffix}"
    reader = Client(still)
    etags = {reader.get(path).headers["ETag"] for _ in range(3)}
    assert len(etags) == 1
    assert still_ada.patch(f"/snippets/{snippet['id']}", edit).status == 200
    assert reader.get(path).headers["ETag"] not in etags
    assert reader.get(path, {"If-None-Match": etags.pop()}).status == 200


def test_last_modified_is_the_time_of_the_last_edit(server, ada):
    snippet = ada.create()
    edited = ada.patch(f"/snippets/{snippet['id']}", {"body": "y"}).json()
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        value = Client(server).get(path).headers["Last-Modified"]
        assert value == email.utils.formatdate(int(expect.timestamp(edited["updated_at"])), usegmt=True)


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
def test_what_a_link_may_read_is_public_no_cache(server, ada, visibility):
    snippet = ada.create(visibility=visibility)
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        for reader in (ada, Client(server)):
            assert reader.get(path).headers["Cache-Control"] == "public, no-cache"


def test_private_is_private_no_store_and_never_cached(server, ada):
    snippet = ada.create(visibility="private")
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        for _ in range(3):
            response = ada.get(path)
            assert response.headers["Cache-Control"] == "private, no-store"
            assert "hit" not in response.headers.get("Cache-Status", "")


def test_what_the_owner_reads_by_the_own_route_is_not_for_shared_caches(ada):
    snippet = ada.create(visibility="private")
    for path in (f"/snippets/{snippet['id']}", "/snippets", "/auth/me"):
        assert "public" not in ada.get(path).headers.get("Cache-Control", "")


def test_the_owners_read_of_a_public_snippet_leaks_nothing_of_the_owner(server, ada):
    """The same bytes for everyone: a shared cache may keep them."""
    snippet = ada.create(visibility="public")
    mine = ada.get(f"/s/{snippet['id']}")
    theirs = Client(server).get(f"/s/{snippet['id']}")
    assert mine.body == theirs.body
    assert mine.headers.get_all("Set-Cookie") == []
