"""What one client makes the service hold is its own loss: bodies that never end, answers that nobody reads, connections
that say nothing. Clients are told apart by the address that they connect from."""

import collections
import concurrent.futures
import contextlib
import json
import re
import select
import subprocess
import time

import pytest

from harness import expect
from harness.client import PASSWORD, Client
from harness.server import TIME_FACTOR, Server
from harness.waiting import until
from harness.wire import Connection

GREEDY, OTHER = "127.0.0.2", "127.0.0.3"
MIB = 1024 * 1024


@pytest.fixture
def connect():
    """Opens a connection to a server. All are closed when the test ends, however it ends."""
    with contextlib.ExitStack() as opened:
        yield lambda server, **options: opened.enter_context(Connection(server, **options))


def post(path, length, fields=""):
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n{fields}\r\n".encode()


def status_of(connection):
    """The status of what has been answered by now; None for nothing."""
    readable, _, _ = select.select([connection.socket], [], [], 0.05 * TIME_FACTOR)
    return connection.read().status if readable else None


def begin_uploads(connect, server, count, fields="", source=GREEDY):
    """Uploads that lack their last byte. Returns how many of them were refused with 429."""
    refused = 0
    for _ in range(count):
        connection = connect(server, source=source)
        length = 6 * MIB
        connection.send(post("/snippets", length, fields))
        for _ in range(length // MIB):
            connection.send(b" " * (MIB - 1))
        refused += status_of(connection) == 429
    return refused


def lives_as_usual(server, **headers):
    """Whether somebody else signs up, logs in, writes a large text and reads it."""
    with Client(server, source=OTHER) as client:
        client.headers = headers
        name = client.signup().username
        client.login(name)
        made = client.create(body="x" * MIB)
        assert client.get(f"/s/{made['id']}/raw").body == b"x" * MIB


def test_unfinished_uploads_of_one_address_stop_nobody_else(binary, connect):
    with Server(binary) as server:
        refused = begin_uploads(connect, server, 43)
        assert refused >= 20, "a quarter of 512 MiB is room for 21"
        lives_as_usual(server)
        with Client(server, source=GREEDY) as client:
            client.signup()
            assert client.create(body="brief"), "and who sends them may do what is small"
        assert server.metric("snippetd_memory_refused_total", whose="client") == refused
        held, most = server.metric("snippetd_memory_held_bytes"), server.metric("snippetd_memory_max_bytes")
        assert 100 * MIB < held < most / 4 + MIB and most == 512 * MIB
    assert refused < 43


def test_behind_a_trusted_proxy_the_client_is_who_it_names(binary, connect):
    with Server(binary, flags=["--trusted-proxies", "127.0.0.0/8", "--memory-max", "64MiB"]) as server:
        assert begin_uploads(connect, server, 8, "X-Forwarded-For: 203.0.113.1\r\n", source=None) >= 5
        lives_as_usual(server, **{"X-Forwarded-For": "203.0.113.2"})
        one_subscriber = [f"X-Forwarded-For: 2001:db8:1:2::{n}\r\n" for n in range(4)]
        refused = sum(begin_uploads(connect, server, 1, fields, source=None) for fields in one_subscriber)
        assert refused == 2, "IPv6 by /64: two have room in a quarter of 64 MiB"


def test_many_addresses_together_leave_room_for_what_is_small(binary, connect):
    with Server(binary, flags=["--memory-max", "64MiB"]) as server:
        for n in range(5):
            begin_uploads(connect, server, 3, source=f"127.0.1.{n + 1}")
        with Client(server, source=OTHER) as client:
            problem = client.post("/snippets", body='{"body": "' + "x" * MIB + '"}')
            expect.problem(problem, 503, "unavailable")
            assert 1 <= int(problem.headers["Retry-After"]) <= 3
            client.signup()
            client.create(body="brief")


def test_a_refused_upload_is_told_why_and_when(binary, connect):
    with Server(binary, flags=["--memory-max", "32MiB"]) as server:
        begin_uploads(connect, server, 4)
        with Client(server, source=GREEDY) as client:
            answer = client.post("/snippets", body='{"body": "' + "x" * 5 * MIB + '"}')
            expect.problem(answer, 429, "rate_limited")
            assert 1 <= int(answer.headers["Retry-After"]) <= 3 and "from your address" in answer.json()["detail"]


def test_answers_that_nobody_reads_are_bounded(binary, connect):
    with Server(binary, flags=["--memory-max", "64MiB", "--rate-limit", "anonymous=off"]) as server:
        with Client(server) as client:
            id = client.create(body="<a line that grows as a page>\n" * (MIB // 30), language="text")["id"]
            page = len(client.get(f"/s/{id}", headers={"Accept": "text/html"}).body)
        before = server.rss_kib()
        request = f"GET /s/{id} HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n".encode()
        slow = [connect(server, source=GREEDY, receive_buffer=4096) for _ in range(300)]
        for connection in slow:
            connection.send(request)
        with Client(server, source=OTHER) as client:
            for _ in range(5):
                assert len(client.get(f"/s/{id}", headers={"Accept": "text/html"}).body) >= page
                lives_as_usual(server)
        if TIME_FACTOR == 1:
            more = (server.rss_kib() - before) * 1024
            assert more < 64 * MIB + 32 * MIB, f"{more / MIB:.0f} MiB for 300 readers of {page} bytes"


def test_answers_that_are_each_made_anew_are_bounded_for_who_does_not_read_them(binary, connect):
    """A version's text is no cache's: each answer is its own. In JSON it is six times as long."""
    with Server(binary, flags=["--memory-max", "64MiB"]) as server, Client(server) as client:
        client.signup()
        made = client.create(body="\x01" * MIB)
        assert client.patch(f"/snippets/{made['id']}", {"body": "changed"}).status == 200
        request = f"GET /snippets/{made['id']}/revisions/1 HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        for _ in range(30):
            connect(server, source=GREEDY, receive_buffer=4096).send(request)
        until(lambda: server.metric("snippetd_memory_refused_total", whose="client") > 0, 10, "some to be refused")
        assert server.metric("snippetd_memory_held_bytes") <= 64 * MIB / 4 + MIB
        lives_as_usual(server)


def test_one_address_that_takes_all_connections_makes_room_for_others(binary, connect):
    with Server(binary, flags=["--max-connections", 40, "--threads", 1]) as server:
        silent = [connect(server, source=GREEDY) for _ in range(60)]
        until(lambda: len([c for c in silent if c.closed_by(0.01)]) >= 20, 10, "those above the cap to be closed")
        for n in range(20):
            with Client(server, source=f"127.0.2.{n + 1}") as client:
                started = time.monotonic()
                assert client.get("/healthz").status == 200
                assert time.monotonic() - started < 2 * TIME_FACTOR
        metrics = server.metrics()
        assert metrics["snippetd_connections_max"] == 40
        assert metrics["snippetd_connections_turned_away_total"] >= 20
        assert metrics["snippetd_connections_displaced_total"] >= 1
        assert metrics["snippetd_connections_of_one_address"] >= 20


def test_streams_that_one_address_holds_make_room_for_others(binary, connect):
    with Server(binary, flags=["--max-connections", 12, "--threads", 1]) as server:
        with Client(server) as client:
            id = client.create()["id"]
        held = [connect(server, source=GREEDY) for _ in range(12)]
        for connection in held[:8]:
            connection.send(f"GET /s/{id}/live HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert b"200" in connection.socket.recv(4096)
        for connection in held[8:]:
            connection.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.read().status == 200
        crowd = [Client(server, source=f"127.0.3.{n + 1}") for n in range(6)]
        for client in crowd:
            assert client.get(f"/s/{id}").status == 200
        for client in crowd:
            assert client.get(f"/s/{id}").status == 200, "on the same connection"
            client.close()


def test_one_client_behind_a_proxy_leaves_others_the_last_streams(binary, connect):
    with Server(binary, flags=["--max-connections", 64, "--threads", 1, "--trusted-proxies", "127.0.0.0/8"]) as server:
        with Client(server) as client:
            id = client.create()["id"]

        def follow(who):
            connection = connect(server)
            request = f"GET /s/{id}/live HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {who}\r\n\r\n"
            connection.send(request.encode())
            return connection.socket.recv(4096)

        for _ in range(45):  # of 48
            assert b" 200 " in follow("198.51.100.7")
        refused = follow("198.51.100.7")
        assert b" 429 " in refused and b"Retry-After: 30\r\n" in refused
        for n in range(3):
            assert b" 200 " in follow(f"198.51.100.{n + 8}")


def test_searches_of_one_account_stop_nobody_else(binary, new_database):
    """A minute's quota of the largest snippets, and more searches in them than can be made."""
    with Server(binary, new_database(), flags=["--rate-limit", "write=off"]) as server:
        with Client(server, source=GREEDY) as author, Client(server, source=OTHER) as other:
            author.signup()
            text = "".join(chr(ord("a") + n % 23) + "0123456789\n" for n in range(MIB // 12))
            for _ in range(60):
                author.create(body=text, visibility="private")
            other.signup()
            mine = other.create()["id"]

            def search(client, end):
                while time.monotonic() < end:
                    client.get("/snippets?q=is%20nowhere")

            end = time.monotonic() + 3 * TIME_FACTOR
            with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(16) as threads:
                for _ in range(16):
                    threads.submit(search, stack.enter_context(author.clone()), end)
                answers = collections.Counter()
                while time.monotonic() < end:
                    answers["create", other.post("/snippets", {"body": "x"}).status] += 1
                    answers["list", other.get("/snippets").status] += 1
                    answers["own", other.get(f"/snippets/{mine}").status] += 1
                    answers["missing", other.get("/s/aaaaaaaaaaaa").status] += 1
                    answers["ready", other.get("/readyz").status] += 1
            expected = {("create", 201), ("list", 200), ("own", 200), ("missing", 404), ("ready", 200)}
            assert set(answers) == expected, answers
            assert min(answers.values()) >= 10, answers


def begin_log_in(connection, name, password=PASSWORD):
    body = json.dumps({"username": name, "password": password}).encode()
    connection.send(post("/auth/login", len(body), "Content-Type: application/json\r\n") + body)


def test_log_ins_of_one_client_stop_nobody_elses(binary, connect):
    """More at once than may wait: each takes some ten milliseconds of a core."""

    def refused():
        return server.metric("snippetd_queue_refused_total", queue="passwords", work="auth")

    with Server(binary) as server:
        with Client(server, source=OTHER).signup() as client:
            greedy = []
            while not refused():
                for _ in range(40):
                    greedy.append(connect(server, source=GREEDY, timeout=60))
                    begin_log_in(greedy[-1], client.username)
                assert len(greedy) < 2000
            assert client.login(client.username), "while they wait"
        outcome = collections.Counter(connection.read().status for connection in greedy)
        assert set(outcome) == {200, 503}, "more came than could wait, and it is told so"
        assert refused() == outcome[503]


def test_an_overload_that_lasts_is_an_alert_and_the_log_names_who_costs_most(binary, connect):
    with Server(binary) as server, Client(server, source=OTHER).signup() as client:
        greedy = {}
        for _ in range(100):
            connection = connect(server, source=GREEDY, timeout=60)
            greedy[connection.socket] = connection
            begin_log_in(connection, client.username)

        def is_told():
            # Whoever has an answer asks again, for a while.
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                for ready in select.select(list(greedy), [], [], 0.05)[0]:
                    assert greedy[ready].read().status in (200, 503)
                    begin_log_in(greedy[ready], client.username)
            return server.metric("snippetd_alerts_active", alert="overloaded") == 1

        until(is_told, 30, "the alert", interval=0)
        raised = [line for line in server.log_lines if '"alert":"overloaded"' in line or "alert=overloaded" in line]
        assert raised and GREEDY not in "".join(raised), "the alert goes to others"
        named = [line for line in server.log_lines if "a client that costs much" in line]
        assert named and GREEDY in named[0], named


def test_who_is_refused_and_asks_again_at_once_is_read_at_a_pace(binary, connect):
    pipelined = 40
    with Server(binary, flags=["--threads", "1"]) as server, Client(server, source=OTHER).signup() as other:
        body = json.dumps({"username": other.username, "password": PASSWORD}).encode()
        requests = (post("/auth/login", len(body)) + body) * pipelined
        link = f"/s/{other.create(visibility='public')['id']}/raw"
        assert other.get(link).status == 200
        flood = [connect(server, source=GREEDY).socket for _ in range(200)]
        owed = dict.fromkeys(flood, 0)
        received = dict.fromkeys(flood, b"")
        counts = collections.Counter()
        begin = time.monotonic()

        def take_answers(seconds, go_on):
            end = time.monotonic() + seconds * TIME_FACTOR
            while time.monotonic() < end and (go_on or any(owed.values())):
                for one in [one for one in flood if go_on and owed[one] == 0]:
                    one.sendall(requests)
                    owed[one] = pipelined
                for one in select.select(flood, [], [], 0.05)[0]:
                    received[one] += one.recv(1 << 20)
                    *heads, received[one] = received[one].split(b"HTTP/1.1 ")
                    if received[one].endswith(b"}"):  # the last answer is whole
                        heads.append(received[one])
                        received[one] = b""
                    for head in filter(None, heads):
                        status = int(head[:3])
                        counts[status] += 1
                        owed[one] -= 1
                        assert status == 200 or re.search(rb"\r\nRetry-After: [1-9]\d?\r\n", head), head

        def is_refused():
            take_answers(0.2, go_on=True)
            assert other.get(link).status == 200, "what is near is not queued, nor refused"
            return counts[503] > 5000

        until(is_refused, 60, "refusals", interval=0)
        assert server.metric("snippetd_connections_rested_total") > 0
        take_answers(60, go_on=False)
        assert not any(owed.values()), "every request was answered"
        assert set(counts) == {200, 503}, counts
        assert counts[503] <= 500 + 5000 * (time.monotonic() - begin), "a tenth of a processor is all that it takes"
        assert other.post("/snippets", {"body": "x"}).status == 201


def test_memory_that_the_largest_snippets_have_no_room_in_is_no_setting(binary):
    run = subprocess.run([binary, "config", "--memory-max", "15MiB", "--max-body", "2MiB"], capture_output=True)
    assert run.returncode == 2
    assert re.search(rb"memory-max: 15MiB is less than 8 times max-body, which is 2MiB", run.stderr), run.stderr
