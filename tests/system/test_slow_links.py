"""Slow links are served as long as bytes flow, in both directions; who only holds a connection is not."""

import contextlib
import io
import random
import socket
import time
import zipfile

import pytest

from harness.client import Client
from harness.server import Server
from harness.waiting import until
from harness.wire import Connection, open_connections

TIMEOUT = 1.0  # seconds, times slow_factor: that long a body or an answer may stand still
LONGER = 1.6  # that many time-outs is what takes its time


@pytest.fixture(scope="module")
def timeout(slow_factor):
    return TIMEOUT * slow_factor


@pytest.fixture(scope="module")
def slow(binary, timeout):
    flags = ["--body-timeout", f"{int(timeout * 1000)}ms", "--linger-timeout", "1h", "--max-body", "8MiB"]
    with Server(binary, flags=flags) as running:
        yield running


def evenly(count, seconds):
    """Counts to `count` in steps of one, over that time."""
    started = time.monotonic()
    for number in range(count):
        yield number
        time.sleep(max(0, started + seconds * (number + 1) / count - time.monotonic()))


def read_evenly(connection, size, seconds):
    """All that comes until the end of the stream or `size` bytes, no faster than `size` bytes in `seconds`."""
    started, got = time.monotonic(), b""
    while len(got) < size:
        piece = connection.socket.recv(min(16384, size - len(got)))
        if not piece:
            break
        got += piece
        time.sleep(max(0, started + seconds * len(got) / size - time.monotonic()))
    return got


def post(body, length=None):
    head = f"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_slow_upload_is_taken(slow, timeout, chunked):
    with Connection(slow) as connection:
        framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 20000"
        connection.send(f"POST /upload HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n".encode())
        for _ in evenly(20, LONGER * timeout):
            connection.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n" if chunked else b"x" * 1000)
        connection.send(b"0\r\n\r\n" if chunked else b"")
        response = connection.read("POST")
        assert response.status == 201
    path = response.headers["Location"]
    assert Client(slow).get(f"{path}/raw").body == b"x" * 20000


@pytest.mark.parametrize("closes", [False, True], ids=["kept", "closed"])
def test_a_slow_reader_gets_the_whole_answer(slow, timeout, closes):
    """More than the kernel holds for a peer."""
    body = random.Random(1).randbytes(3 << 20).hex()
    id = Client(slow).create(body=body)["id"]
    fields = "Connection: close\r\n" if closes else ""
    with Connection(slow, receive_buffer=65536) as connection:
        connection.send(f"GET /s/{id}/raw HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode())
        answer = read_evenly(connection, len(body), LONGER * timeout)
        while b"\r\n\r\n" + body.encode() not in answer:
            piece = connection.socket.recv(65536)
            assert piece, f"ended after {len(answer)} of {len(body)} bytes"
            answer += piece


def large_export(server):
    """An account, and the least that its export has."""
    client = Client(server).signup()
    for number in range(4):
        client.create(body=random.Random(number).randbytes(200_000).hex(), title=f"{number}.txt")
    return client, 4 * 200_000


def check_export(answer):
    """What was sent in chunks, until the connection closed, is a whole archive."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and b"chunked" in head
    content = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        assert size, "the answer ends without its last chunk"
        if int(size, 16) == 0:
            break
        content += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 5


def test_a_slow_reader_that_has_closed_its_side_gets_the_whole_export(slow, timeout):
    client, size = large_export(slow)
    with Connection(slow, receive_buffer=4096) as connection:
        cookie = f"Cookie: session={client.session}\r\nConnection: close\r\n\r\n"
        connection.send(f"GET /auth/export HTTP/1.1\r\nHost: h\r\n{cookie}".encode())
        connection.half_close()
        answer = read_evenly(connection, size, LONGER * timeout)
        while piece := connection.socket.recv(65536):
            answer += piece
    check_export(answer)


def test_a_reader_that_has_closed_its_side_gets_every_answer(slow):
    client, _ = large_export(slow)
    id = client.create(body="x" * 300_000)["id"]
    cookie = f"Host: h\r\nCookie: session={client.session}\r\n\r\n"
    paths = ["/healthz", f"/s/{id}/raw", "/auth/me", f"/snippets/{id}", "/auth/export", "/healthz"]
    with Connection(slow) as connection:
        connection.send("".join(f"GET {path} HTTP/1.1\r\n{cookie}" for path in paths).encode())
        connection.half_close()
        assert [connection.read().status for _ in paths] == [200] * len(paths)
        connection.expect_end()


# Who is too slow.


@pytest.mark.parametrize("burst", [0, 500_000], ids=["from the beginning", "after a burst"])
def test_a_body_in_drops_is_408(slow, timeout, burst):
    """However much has come fast before."""
    with Connection(slow) as connection:
        connection.send(post(b"x" * burst, burst + 1_000_000))
        started = time.monotonic()
        connection.socket.settimeout(timeout / 10)
        answer = b""
        while time.monotonic() < started + 20 * timeout:
            connection.send(b"x")
            with contextlib.suppress(TimeoutError):
                answer = connection.socket.recv(4096)
                break
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert 0.9 * timeout <= time.monotonic() - started < 6 * timeout


def test_an_answer_in_drops_is_cut(binary, timeout):
    with Server(binary, flags=["--body-timeout", f"{int(timeout * 500)}ms"]) as server:
        id = Client(server).create(body="x" * 1_000_000)["id"]
        with Connection(server, receive_buffer=4096) as connection:
            connection.send(f"GET /s/{id}/raw HTTP/1.1\r\nHost: h\r\n\r\n".encode() * 8)
            assert connection.socket.recv(1)
            until(lambda: open_connections(server) == 1, 5, "the reader to be the only one")

            def is_cut():
                connection.socket.recv(1)
                return open_connections(server) == 0

            until(is_cut, 20 * timeout, "the reader to be cut", interval=timeout / 20)


# After a refusal.


def test_a_sender_that_looks_late_finds_the_refusal(slow):
    """Who sends all before reading takes longer than a moment, on a slow link."""
    with Connection(slow) as connection:
        connection.socket.sendall(post(b"", 100_000_000))
        for _ in evenly(13, 2.6):
            connection.socket.sendall(b"x" * 2000)
        response = connection.read("POST")
        assert (response.status, response.headers["Connection"]) == (413, "close")
        connection.socket.sendall(b"x" * 2000)


def seconds_until_cut(server, piece, interval):
    """How long what a sender goes on to send after a refusal is read, and how much it is."""
    with Connection(server) as connection:
        connection.socket.sendall(post(b"", 1_000_000_000))
        started, sent = time.monotonic(), 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, socket.timeout):
            while time.monotonic() < started + 60:
                connection.socket.sendall(piece)
                sent += len(piece)
                time.sleep(interval)
        return time.monotonic() - started, sent


def test_a_sender_that_never_looks_is_cut(binary, slow, timeout):
    seconds, sent = seconds_until_cut(slow, b"x" * 1_000_000, 0)
    assert 60_000_000 < sent < 100_000_000
    with Server(binary, flags=["--linger-timeout", f"{int(timeout * 500)}ms"]) as server:
        seconds, sent = seconds_until_cut(server, b"x" * 1000, timeout / 100)
        assert 0.4 * timeout < seconds < 10 * timeout
    seconds, sent = seconds_until_cut(slow, b"x", timeout / 10)
    assert 0.9 * timeout < seconds < 10 * timeout, "drops do not count"
