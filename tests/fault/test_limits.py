"""What one client, or ten thousand, may cost: connections, memory, slow readers; and the orderly end under load."""

import contextlib
import os
import re
import time

import pytest
from traffic import Caller, Gone, Record, Traffic, check_record, repeat_unknown_creates, view_count

from harness import expect
from harness.client import Client
from harness.descriptors import descriptors
from harness.server import Server
from harness.waiting import until
from harness.wire import BadAnswer, Closed, Connection, open_connections

SANITIZED = bool(os.environ.get("SNIPPETD_SANITIZER"))
RELEASE_ONLY = pytest.mark.skipif(SANITIZED, reason="the sanitizer's own memory is not the server's")

IDLE_RSS_MAX_KIB = 25_000_000 // 1024
IDLE_CONNECTIONS = 10_000
IDLE_CONNECTIONS_MAX_KIB = 100_000_000 // 1024


def ask(connection, path="/healthz"):
    connection.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection.read()


@pytest.fixture
def many():
    """How many connections make a crowd: ten thousand, or as many as this machine allows the test and its server."""
    wanted = 2000 if SANITIZED else IDLE_CONNECTIONS
    # The server wants room for half as many again: three quarters may be streams.
    with descriptors(wanted * 3 // 2 + 500, least=2000) as allowed:
        yield min(wanted, (allowed - 500) * 2 // 3)


@pytest.fixture
def connect():
    """Opens a connection to a server. All are closed when the test ends, however it ends."""
    with contextlib.ExitStack() as opened:
        yield lambda server, **options: opened.enter_context(Connection(server, **options))


# The cap on connections.


def test_connections_over_the_cap_get_503(binary, connect, slow_factor):
    cap, more = 50, 15
    with Server(binary, flags=["--max-connections", cap]) as server:
        until(lambda: open_connections(server) == 0, 5 * slow_factor, "no connection to be open")
        inside, outside = [], []
        for _ in range(cap + more):
            started = time.monotonic()
            connection = connect(server)
            response = ask(connection)
            assert time.monotonic() - started < 1.0 * slow_factor
            if response.status == 200:
                inside.append(connection)
                continue
            expect.problem(response, 503, "unavailable")
            assert "X-Request-Id" in response.headers
            connection.expect_end()
            outside.append(connection)
        assert (len(inside), len(outside)) == (cap, more)
        assert all(ask(connection).status == 200 for connection in inside), "those inside are served as before"

        inside.pop().close()

        def served():
            with Connection(server) as connection:
                return ask(connection).status == 200

        until(served, 5 * slow_factor, "a place to be free again")
        for connection in inside + outside:
            connection.close()
        assert server.stop() == 0


def test_a_crowd_over_the_cap_that_says_nothing_is_turned_away(binary, connect, slow_factor):
    """Those over the cap are closed although they send nothing; they cannot pile up."""
    with Server(binary, flags=["--max-connections", 20, "--header-timeout", "2s"]) as server:
        inside = [connect(server) for _ in range(20)]
        assert all(ask(connection).status == 200 for connection in inside)
        crowd = [connect(server) for _ in range(100)]
        assert all(connection.closed_by(10 * slow_factor) for connection in crowd)
        assert all(ask(connection).status == 200 for connection in inside)


# Memory.


@RELEASE_ONLY
def test_idle_memory(binary):
    with Server(binary) as server, Client(server) as client:
        assert client.get("/healthz").status == 200
        assert server.rss_kib() < IDLE_RSS_MAX_KIB, f"{server.rss_kib()} KiB"


def idle_connections(connect, server, count):
    connections = []
    for _ in range(count):
        connection = connect(server)
        connections.append(connection)
        assert ask(connection).status == 200
    return connections


@RELEASE_ONLY
def test_memory_of_ten_thousand_idle_connections(binary, connect, many):
    with Server(binary, flags=["--idle-timeout", "10m"]) as server:
        with Client(server) as client:
            client.get("/healthz")
        before = server.rss_kib()
        connections = idle_connections(connect, server, many)
        clients = [connection.socket for connection in connections]
        until(lambda: open_connections(server, of=clients) == many, 5, "all connections to be open")
        more = server.rss_kib() - before
        assert more < IDLE_CONNECTIONS_MAX_KIB * many / IDLE_CONNECTIONS, f"{more} KiB for {many} connections"


@RELEASE_ONLY
def test_ten_thousand_open_pages_get_one_message_each_per_flush(binary, connect, many, slow_factor):
    flags = ["--max-connections", many * 3 // 2, "--views-flush", "1s"]
    with Server(binary, flags=flags) as server, Client(server) as client:
        id = client.create()["id"]
        client.get(f"/s/{id}")
        request = f"GET /s/{id}/live HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        pages = [connect(server).socket for _ in range(many)]
        heard = [b""] * many
        for page in pages:
            page.sendall(request)
            page.setblocking(False)

        def counts():
            """What each page has been told, after reading what has come."""
            for i, page in enumerate(pages):
                try:
                    heard[i] += page.recv(65536)
                except BlockingIOError:
                    pass
            return [[int(number) for number in re.findall(rb"data: (\d+)", text)] for text in heard]

        def all_know(count):
            return all(told and told[-1] == count for told in counts())

        until(lambda: all_know(1), 20 * slow_factor, "every page to know of the first view")
        before, batches = counts(), server.metric("snippetd_view_batches_total")
        for _ in range(50):
            client.get(f"/s/{id}")
        until(lambda: all_know(51), 20 * slow_factor, "every page to know of all views")
        batches = server.metric("snippetd_view_batches_total") - batches
        more = [len(told) - len(earlier) for told, earlier in zip(counts(), before)]
        assert min(more) >= 1 and max(more) <= batches, f"{min(more)} to {max(more)} messages for {batches} flushes"


def test_many_idle_connections_stay_usable(binary, connect, many, slow_factor):
    with Server(binary, flags=["--idle-timeout", "10m"]) as server:
        connections = idle_connections(connect, server, many)
        started = time.monotonic()
        with Client(server) as client:
            assert client.post("/snippets", {"body": "x"}).status == 201
        assert time.monotonic() - started < 1.0 * slow_factor
        assert all(ask(connection).status == 200 for connection in connections)
        for connection in connections:
            connection.close()
        until(lambda: open_connections(server) == 0, 20 * slow_factor, "the server to notice that all are gone")


def test_idle_connections_are_closed(binary, connect, slow_factor):
    with Server(binary, flags=["--idle-timeout", f"{int(1000 * slow_factor)}ms"]) as server:
        connections = idle_connections(connect, server, 50)
        assert all(connection.closed_by(10 * slow_factor) for connection in connections)


# Slow readers.


def test_slow_readers_stall_nobody_and_are_cut(binary, connect, slow_factor):
    body = "0123456789abcdef" * 65536  # 1 MiB
    patience_ms = int(2000 * slow_factor)
    # The time-outs that may bound a write: the one for an idle connection and the one for a body.
    flags = ["--body-timeout", f"{patience_ms}ms", "--idle-timeout", f"{patience_ms}ms", "--threads", "1"]
    with Server(binary, flags=flags) as server, Client(server) as client:
        id = client.create(body=body)["id"]
        request = f"GET /s/{id}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        slow = [connect(server, receive_buffer=4096) for _ in range(40)]
        for connection in slow:
            connection.send(request * 8)
        for _ in range(100):
            started = time.monotonic()
            assert client.get("/healthz").status == 200
            assert client.get(f"/s/{id}/raw").body == body.encode()
            assert time.monotonic() - started < 1.0 * slow_factor
        with Connection(server) as quick:
            quick.send(request)
            assert quick.read().body == body.encode()
        until(
            lambda: open_connections(server, of=[connection.socket for connection in slow]) == 0,
            patience_ms / 1000 * 3 + 10 * slow_factor,
            "the slow readers to be cut off",
        )
        received = []
        for connection in slow:
            got = 0
            try:
                while chunk := connection.socket.recv(1 << 20):
                    got += len(chunk)
            except ConnectionResetError:
                pass
            received.append(got)
        assert max(received) < 8 * len(body), "a slow reader got everything, so nothing was slow"
        assert server.stop() == 0


def test_memory_of_slow_readers_is_bounded(binary, connect, slow_factor):
    """Pipelined requests for a large body whose answers nobody takes do not pile up in the server."""
    body = "0123456789abcdef" * 65536
    with Server(binary, flags=["--cache-near-size", "8MiB"]) as server, Client(server) as client:
        id = client.create(body=body)["id"]
        client.get(f"/s/{id}/raw")
        before = server.rss_kib()
        slow = [connect(server, receive_buffer=4096) for _ in range(20)]
        for connection in slow:
            connection.send(f"GET /s/{id}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 200)
        clients = [connection.socket for connection in slow]
        until(lambda: open_connections(server, of=clients) == len(slow), 5 * slow_factor, "all connections to be open")
        time.sleep(1)  # time to do the wrong thing
        more = server.rss_kib() - before
        for connection in slow:
            connection.close()
        # 20 × 200 answers are 4 GiB. One body in flight for each connection is 20 MiB.
        assert more < (400 if SANITIZED else 100) * 1024, f"{more} KiB more"


# The orderly end.


def test_sigterm_during_traffic(fresh_server, slow_factor):
    server = fresh_server(flags=["--views-flush", "10m"])
    with Client(server).signup() as client:
        session = client.session
        large = client.create(body="0123456789abcdef" * 60000)
    record = Record()
    traffic = Traffic(server, session, "sigterm", record, creators=3, editors=2, readers=3, orderly=True)
    until(lambda: record.count("create") > 50 and record.count("read") > 50, 20 * slow_factor, "traffic")

    # A large answer that is under way when the signal comes.
    download = Connection(server, receive_buffer=4096)
    download.send(f"GET /s/{large['id']}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert download.socket.recv(100, 2)  # MSG_PEEK: it has begun
    started = time.monotonic()
    server.process.terminate()
    assert download.read().body == large["body"].encode(), "the answer under way is finished"
    download.close()
    code = server.process.wait(10 * slow_factor)
    took = time.monotonic() - started
    traffic.join()
    assert code == 0, "\n".join(server.log_lines[-20:])
    assert took < 10 * slow_factor
    assert not record.wrong, record.wrong[:5]

    server.restart()
    with Caller(server, session) as caller:
        repeat_unknown_creates(record, caller, 10 * slow_factor)
        check_record(record, caller)
        for id, answered in record.views_answered.items():
            if id in record.bodies:
                assert view_count(caller, id) >= answered, "the last flush takes every view that was answered"
        assert view_count(caller, large["id"]) == 1


def test_sigterm_closes_idle_connections_at_once(binary, connect, slow_factor):
    with Server(binary) as server:
        connections = idle_connections(connect, server, 100)
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 3 * slow_factor
        for connection in connections:
            with pytest.raises(Closed):
                connection.read()


def test_sigterm_takes_no_new_connection(binary, slow_factor):
    """While an answer is under way, a new caller is refused instead of left waiting."""
    with Server(binary) as server, Client(server) as client:
        id = client.create(body="0123456789abcdef" * 60000)["id"]
        download = Connection(server, receive_buffer=4096)
        download.send(f"GET /s/{id}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert download.socket.recv(100, 2)
        server.process.terminate()

        def refused():
            caller = Caller(server, timeout=2)
            try:
                return caller.get("/healthz").status == 503
            except Gone:
                return True
            except BadAnswer:
                return False
            finally:
                caller.close()

        until(refused, 3 * slow_factor, "new callers to be refused")
        assert len(download.read().body) == 960000
        download.close()
        assert server.process.wait(10 * slow_factor) == 0


def test_sigterm_does_not_wait_for_ever_for_a_slow_reader(binary, slow_factor):
    with Server(binary, flags=["--shutdown-timeout", "1s"]) as server, Client(server) as client:
        id = client.create(body="0123456789abcdef" * 60000)["id"]
        slow = Connection(server, receive_buffer=4096)
        slow.send(f"GET /s/{id}/raw HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 20)
        assert slow.socket.recv(100, 2)
        started = time.monotonic()
        assert server.stop(timeout=10) == 0
        assert time.monotonic() - started < 10 * slow_factor
        slow.close()
