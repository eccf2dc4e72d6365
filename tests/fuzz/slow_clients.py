"""Clients that send too slowly, stop half-way, or say nothing. One loop drives them all at once."""

import itertools
import select
import socket
import time
from dataclasses import dataclass, field

STATUSES = (b"400", b"408", b"413", b"431")


@dataclass
class SlowClient:
    """start goes out at once, then one piece of drip every interval seconds, while there are any."""

    name: str
    start: bytes
    drip: object = ()
    interval: float = 0.1
    served: int = 0  # how many 200 answers come before the time-out
    may_be_silent: bool = True  # the server may close without a 408
    received: bytes = b""
    closed_after: float | None = None
    problem: str | None = None
    socket: object = field(default=None, repr=False)


def slow_clients(host, copies):
    """One of each kind, `copies` times."""
    line = b"GET /healthz HTTP/1.1\r\nHost: " + host.encode() + b"\r\n"
    post = b"POST /snippets HTTP/1.1\r\nHost: " + host.encode() + b"\r\n"
    for _ in range(copies):
        yield SlowClient("says nothing", b"")
        yield SlowClient("one byte", b"G")
        yield SlowClient("half a request line", b"GET /hea")
        yield SlowClient("headers without an end", line + b"X-A: b\r\n", may_be_silent=False)
        yield SlowClient(
            "headers in drops", line, itertools.cycle([b"X", b"-", b"A", b":", b"b", b"\r", b"\n"]), may_be_silent=False
        )
        yield SlowClient("header lines in drops", line, itertools.cycle([b"X-A: b\r\n"]), 0.3, may_be_silent=False)
        yield SlowClient("empty lines for ever", b"", itertools.cycle([b"\r\n"]))
        yield SlowClient("body stops", post + b"Content-Length: 12\r\n\r\n" + b'{"bo', may_be_silent=False)
        yield SlowClient("body never starts", post + b"Content-Length: 12\r\n\r\n", may_be_silent=False)
        yield SlowClient(
            "body in drops", post + b"Content-Length: 5000\r\n\r\n", itertools.cycle([b" "]), may_be_silent=False
        )
        yield SlowClient(
            "continue, then nothing", post + b"Content-Length: 12\r\nExpect: 100-continue\r\n\r\n", may_be_silent=False
        )
        yield SlowClient("chunk size stops", post + b"Transfer-Encoding: chunked\r\n\r\nc", may_be_silent=False)
        yield SlowClient("chunk stops", post + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"bo', may_be_silent=False)
        yield SlowClient(
            "chunks in drops",
            post + b"Transfer-Encoding: chunked\r\n\r\n",
            itertools.cycle([b"1\r\n \r\n"]),
            may_be_silent=False,
        )
        yield SlowClient(
            "chunk size in drops",
            post + b"Transfer-Encoding: chunked\r\n\r\n",
            itertools.cycle([b"0"]),
            may_be_silent=False,
        )
        yield SlowClient(
            "chunk extension in drops",
            post + b"Transfer-Encoding: chunked\r\n\r\n1;",
            itertools.cycle([b"x"]),
            may_be_silent=False,
        )
        yield SlowClient(
            "trailers in drops",
            post + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"body":"x"}\r\n0\r\n',
            itertools.cycle([b"X: y\r\n"]),
            may_be_silent=False,
        )
        yield SlowClient("request, then nothing", line + b"\r\n", served=1)
        yield SlowClient("request, then half a second one", line + b"\r\n" + line, served=1)
        yield SlowClient(
            "pipelined requests, then drops", (line + b"\r\n") * 5 + line, itertools.cycle([b"a"]), served=5
        )


def drive(clients, address, limit):
    """Runs them until the server has closed each, at most `limit` seconds. Fills closed_after and received."""
    started = time.monotonic()
    poller = select.poll()
    by_descriptor = {}
    for client in clients:
        client.socket = socket.create_connection(address, timeout=10)
        client.socket.setblocking(False)
        client.drip = iter(client.drip)
        client.next_drop = started + client.interval
        by_descriptor[client.socket.fileno()] = client
        poller.register(client.socket, select.POLLIN)
        try:
            client.socket.sendall(client.start)
        except OSError as error:
            client.problem = f"could not send: {error}"

    def finish(client):
        client.closed_after = time.monotonic() - started
        poller.unregister(client.socket)
        del by_descriptor[client.socket.fileno()]
        client.socket.close()

    while by_descriptor and time.monotonic() - started < limit:
        for descriptor, _ in poller.poll(30):
            client = by_descriptor[descriptor]
            try:
                chunk = client.socket.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                chunk = b""
            client.received += chunk
            if not chunk:
                finish(client)
        now = time.monotonic()
        for client in list(by_descriptor.values()):
            if now >= client.next_drop:
                client.next_drop = now + client.interval
                piece = next(client.drip, b"")
                if piece:
                    try:
                        client.socket.send(piece)
                    except OSError:
                        pass  # what the server had to say is still to be read
    for client in by_descriptor.values():
        client.socket.close()


def verdict(client, limit):
    """None, or what is wrong with how the server treated this client."""
    if client.problem:
        return client.problem
    if client.closed_after is None:
        return f"still open after {limit:.1f} s; received {client.received[:200]!r}"
    answers = client.received.split(b"HTTP/1.1 ")[1:]
    statuses = [answer[:3] for answer in answers if not answer.startswith(b"100")]
    if statuses[: client.served] != [b"200"] * client.served:
        return f"the {client.served} requests before the silence got {statuses}"
    rest = statuses[client.served :]
    if len(rest) > 1 or any(status not in STATUSES for status in rest):
        return f"answered {rest}"
    if not rest and not client.may_be_silent:
        return "closed without a 408"
    return None
