"""Texts up to --max-body are kept like small ones, with any number of threads, and are worked on beside the loops.

Views and jobs are off, so that every statement is one of a request.
"""

import base64
import concurrent.futures
import random

import pytest

from harness.client import Client
from harness.server import Server
from harness.waiting import until

MISS, HIT, REDIS_HIT = "snippetd; fwd=miss", "snippetd-near; hit", "snippetd-redis; hit"
KIB = 1024
SIZES = [100 * KIB, 140 * KIB, 600 * KIB, 1024 * KIB]
QUIET = ["--views", "off", "--jobs", "off"]
PAGE = {"Accept": "text/html"}
CODINGS = ["br", "gzip", "identity"]


def dense(size):
    """Text that hardly compresses."""
    return base64.b64encode(random.Random(size).randbytes(size)).decode()[:size]


def controls(size):
    """Text of which each byte becomes six in JSON."""
    return "\x01" * size


@pytest.fixture(scope="module", params=[1, 2, 6])
def quiet_server(binary, request):
    with Server(binary, flags=[*QUIET, "--threads", str(request.param)]) as running:
        yield running


def connections(server, count=12):
    """Enough to reach every worker."""
    return [Client(server) for _ in range(count)]


def statements(server):
    return server.metric("snippetd_db_statements_total")


def done(server, work):
    """How many large texts have been worked on in this way."""
    return server.metric("snippetd_large_texts_total", work=work)


@pytest.mark.parametrize("size", SIZES)
def test_a_text_of_any_size_is_loaded_once(quiet_server, size):
    with Client(quiet_server) as author:
        body = dense(size)
        id = author.create(body=body)["id"]
    readers = connections(quiet_server)
    assert readers[0].get(f"/s/{id}/raw").headers["Cache-Status"] == MISS
    before = statements(quiet_server)
    for reader in readers:
        raw = reader.get(f"/s/{id}/raw")
        assert (raw.headers["Cache-Status"], raw.body) == (HIT, body.encode())
        document = reader.get(f"/s/{id}")
        assert (document.headers["Cache-Status"], document.json()["body"]) == (HIT, body)
        head = reader.head(f"/s/{id}")
        assert (head.headers["Cache-Status"], head.headers["Content-Length"]) == (HIT, str(len(document.body)))
        paste = reader.get(f"/documents/{id}")
        assert (paste.headers["Cache-Status"], paste.json()) == (HIT, {"data": body, "key": id})
        assert reader.head(f"/documents/{id}").headers["Content-Length"] == str(len(paste.body))
        gist = reader.get(f"/api/v3/gists/{id}")
        assert gist.headers["Cache-Status"] == HIT and list(gist.json()["files"].values())[0]["content"] == body
        assert reader.get(f"/s/{id}", PAGE).headers["Cache-Status"] == HIT
    assert statements(quiet_server) == before, "a read that was a hit has asked the store"


@pytest.mark.parametrize("size", SIZES)
def test_a_page_that_compresses_badly_is_rendered_once_for_each_coding(quiet_server, size):
    with Client(quiet_server) as author:
        id = author.create(body=dense(size))["id"]
    readers = connections(quiet_server)
    for coding in CODINGS:
        answer = readers[0].get(f"/s/{id}", {**PAGE, "Accept-Encoding": coding})
        assert answer.headers.get("Content-Encoding", "identity") == coding
    before = quiet_server.metric("snippetd_pages_rendered_total")
    bodies = {coding: set() for coding in CODINGS}
    for reader in readers:
        for coding in CODINGS:
            bodies[coding].add(reader.get(f"/s/{id}", {**PAGE, "Accept-Encoding": coding}).body)
    assert quiet_server.metric("snippetd_pages_rendered_total") == before
    assert [len(answers) for answers in bodies.values()] == [1, 1, 1]


def test_what_is_not_sent_is_not_made(quiet_server):
    with Client(quiet_server) as author:
        id = author.create(body=controls(1024 * KIB))["id"]
    reader = Client(quiet_server)
    entries, forms = done(quiet_server, "entry"), done(quiet_server, "json")
    head = reader.head(f"/s/{id}")
    length = int(head.headers["Content-Length"])
    assert length > 6 * 1024 * KIB
    for _ in range(25):
        assert int(reader.head(f"/s/{id}").headers["Content-Length"]) == length
        assert reader.get(f"/s/{id}", {"If-None-Match": head.headers["ETag"]}).status == 304
        assert reader.get(f"/s/{id}/raw", {"If-None-Match": '"v1-raw"'}).status == 304
        assert reader.head(f"/s/{id}/raw").headers["Content-Length"] == str(1024 * KIB)
        assert reader.head(f"/documents/{id}").status == 200
    assert len(reader.get(f"/s/{id}/raw").body) == 1024 * KIB
    assert done(quiet_server, "json") == forms, "JSON has been made that nobody was sent"
    assert done(quiet_server, "entry") == entries + 1, "made beside the loop, once"


def test_json_is_made_beside_the_loop_once_for_all_who_wait(quiet_server):
    with Client(quiet_server) as author:
        body = controls(1024 * KIB)
        id = author.create(body=body)["id"]
    readers = connections(quiet_server)
    readers[0].get(f"/s/{id}/raw")
    forms, before = done(quiet_server, "json"), statements(quiet_server)
    with concurrent.futures.ThreadPoolExecutor(len(readers)) as pool:
        answers = list(pool.map(lambda reader: reader.get(f"/s/{id}").body, readers))
    assert len(set(answers)) == 1 and len(answers[0]) > 6 * 1024 * KIB
    # Each worker may have asked before the first was done; what they get has been made once.
    assert forms + 1 <= done(quiet_server, "json") <= forms + 6
    made = done(quiet_server, "json")
    for reader in readers:
        assert reader.get(f"/s/{id}").body == answers[0]
    assert (done(quiet_server, "json"), statements(quiet_server)) == (made, before)


def test_an_edit_of_a_large_text_shows_at_once(quiet_server):
    with Client(quiet_server).signup() as author:
        id = author.create(body=dense(1024 * KIB))["id"]
        readers = connections(quiet_server)
        for reader in readers:
            reader.get(f"/s/{id}")
            reader.get(f"/s/{id}", PAGE)
        for body in (dense(600 * KIB), "short", dense(140 * KIB)):
            author.patch(f"/snippets/{id}", {"body": body})
            for reader in readers:
                assert reader.get(f"/s/{id}/raw").text == body
                assert reader.get(f"/s/{id}").json()["body"] == body
                assert body[:1000] in reader.get(f"/s/{id}", PAGE).text


def test_a_private_text_is_as_large(quiet_server):
    with Client(quiet_server).signup() as author:
        body = controls(200 * KIB)
        id = author.create(body=body, visibility="private")["id"]
        document = author.get(f"/s/{id}")
        assert document.json()["body"] == body
        assert author.head(f"/s/{id}").headers["Content-Length"] == str(len(document.body))
        assert author.get(f"/s/{id}/raw").text == body


def test_every_way_in_takes_a_large_text_beside_the_loop(quiet_server):
    with Client(quiet_server).signup() as author:
        body = dense(900 * KIB)
        requests = done(quiet_server, "request")
        ways = [
            author.create(body=body)["id"],
            author.post("/documents", body=body).json()["key"],
            author.post("/api/v3/gists", {"files": {"a.txt": {"content": body}}}).json()["id"],
            author.post("/upload", body=body, headers={"Accept": "application/json"}).json()["id"],
        ]
        assert done(quiet_server, "request") >= requests + len(ways)
        for id in ways:
            assert author.get(f"/s/{id}/raw").text == body
        author.patch(f"/snippets/{ways[0]}", {"body": "next"})
        assert author.get(f"/snippets/{ways[0]}/revisions/1").json()["body"] == body


# --- What the size of the cache says


@pytest.mark.parametrize("threads", ["1", "6"])
def test_four_of_the_largest_are_room_enough(binary, threads):
    flags = [*QUIET, "--threads", threads, "--cache-near-size", "4MiB"]
    with Server(binary, flags=flags) as server, Client(server) as client:
        assert "near cache is smaller" not in server.log
        id = client.create(body=dense(1024 * KIB))["id"]
        readers = connections(server)
        client.get(f"/s/{id}/raw")
        before = statements(server)
        for reader in readers:
            assert reader.get(f"/s/{id}/raw").headers["Cache-Status"] == HIT
            assert len(reader.get(f"/s/{id}").json()["body"]) == 1024 * KIB
        assert statements(server) == before


def test_the_start_says_when_the_cache_is_too_small_for_the_largest(binary):
    with Server(binary, flags=["--cache-near-size", "3MiB"]) as server:
        assert "near cache is smaller than four of the largest snippets" in server.log
    with Server(binary, flags=["--cache-near-size", "0"]) as server:
        assert "near cache is smaller" not in server.log, "nobody expects anything of none"


def test_memory_of_large_texts_is_bounded(binary):
    with Server(binary, flags=[*QUIET, "--threads", "4", "--cache-near-size", "16MiB"]) as server:
        with Client(server) as client:
            ids = [client.create(body=dense(1024 * KIB - n))["id"] for n in range(60)]
        reader = Client(server)
        for id in ids:
            reader.get(f"/s/{id}/raw")
        hits = sum(reader.get(f"/s/{id}/raw").headers["Cache-Status"] == HIT for id in reversed(ids))
        assert hits <= 8, f"{hits} texts of 1 MiB were in half of 16 MiB"


def test_redis_has_them_too(fresh_server, redis, slow_factor):
    """Those that do not become smaller are too large for it (docs/decisions/0028-memory-of-redis.md)."""
    server = fresh_server(flags=[*QUIET, "--redis", redis.url(), "--threads", "2"])
    texts = {}
    with Client(server) as client:
        until(lambda: server.metric("snippetd_redis_up") == 1, 10 * slow_factor, "Redis")
        for number in range(40):
            body = f"{number} and so on\n" * (900 * KIB // len(f"{number} and so on\n"))
            texts[client.create(body=body)["id"]] = body
        large = client.create(body=dense(1024 * KIB))["id"]
        for id in [*texts, large]:
            assert [client.get(f"/s/{id}/raw").headers["Cache-Status"] for _ in range(2)] == [MISS, HIT]
        assert redis.call("EXISTS", f"snippet:{{{large}}}") == 0
    server.restart()
    left = list(texts)

    def has_come_from_redis():
        # What is asked for before this Redis has proved to be the one in force comes from the store.
        id = left.pop()
        answer = client.get(f"/s/{id}")
        assert answer.json()["body"] == texts[id]
        return id if answer.headers["Cache-Status"] == REDIS_HIT else None

    with Client(server) as client:
        id = until(has_come_from_redis, 10 * slow_factor, "Redis to be believed", interval=0.1)
        assert client.get(f"/s/{id}/raw").headers["Cache-Status"] == HIT
