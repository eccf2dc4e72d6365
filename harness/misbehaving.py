"""A server that behaves badly in a chosen way, between a client and a real server.

    with Misbehaving(server, [refuse(429, retry_after=1), cut_answer(), PASS]) as proxy:
        …run a client against proxy.url…
    proxy.requests[0].headers["Idempotency-Key"]

Each request takes the next behaviour from the list; when it is used up, `afterwards`, which is to pass on. Each request
is on a connection of its own, as far as the client is concerned: answers say `Connection: close`.
"""

import contextlib
import http.client
import json as json_module
import os
import socket
import threading
import time
from dataclasses import dataclass, field

from .client import Headers

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))
TIMEOUT = 20 * TIME_FACTOR


@dataclass
class Seen:
    """A request as it came in. `body` is what had arrived when the connection was cut, for `cut_request`."""

    method: str
    path: str
    headers: Headers
    body: bytes = b""


@dataclass
class Behaviour:
    kind: str  # pass, answer, cut_request, cut_answer, slow_answer
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    after_bytes: int = 0
    seconds: float = 0


PASS = Behaviour("pass")


def refuse(status, retry_after=None, error=None, detail="Later."):
    """Answers as snippetd does with this status, without asking the real server."""
    word = error or {409: "idempotency_in_progress", 429: "rate_limited", 503: "unavailable"}.get(status, "internal")
    problem = {"type": "about:blank", "title": word, "status": status, "error": word, "detail": detail}
    headers = {"Content-Type": "application/problem+json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Behaviour("answer", status, headers, json_module.dumps(problem).encode())


def answer(status, body=b"", headers=None):
    """Answers with this, without asking the real server."""
    return Behaviour("answer", status, dict(headers or {}), body)


def cut_request(after_bytes=1):
    """Closes the connection once that much of the body has come; the real server sees nothing of the request."""
    return Behaviour("cut_request", after_bytes=after_bytes)


def cut_answer(after_bytes=20):
    """Passes the request on, and closes the connection after that many bytes of the answer."""
    return Behaviour("cut_answer", after_bytes=after_bytes)


def slow_answer(seconds):
    """Passes the request on, and sends the answer evenly over this time."""
    return Behaviour("slow_answer", seconds=seconds)


def unused_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Misbehaving:
    """Listens on a free port of 127.0.0.1. `server` (with host and port) is needed for what is passed on; `tls`, an
    ssl.SSLContext, makes it speak https."""

    def __init__(self, server=None, behaviours=(), afterwards=PASS, tls=None):
        self._tls = tls
        self.target = server
        self.requests = []
        self._behaviours = list(behaviours)
        self._afterwards = afterwards
        self._lock = threading.Lock()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    def __enter__(self):
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        # A connection wakes accept(), which closing alone does not.
        self._stopping = True
        with contextlib.suppress(OSError):
            socket.create_connection((self.host, self.port), timeout=1).close()
        self._acceptor.join(5)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    _stopping = False

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            if self._stopping:
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        connection.settimeout(TIMEOUT)
        with connection, contextlib.suppress(OSError, http.client.HTTPException):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb")
            line = reader.readline(65536).decode("latin-1").split()
            if len(line) != 3:
                return
            headers = Headers((name, value) for name, value in http.client.parse_headers(reader).items())
            seen = Seen(line[0], line[1], headers)
            with self._lock:
                self.requests.append(seen)
                behaviour = self._behaviours.pop(0) if self._behaviours else self._afterwards
            length = int(headers.get("Content-Length", "0"))
            if behaviour.kind == "cut_request":
                seen.body = reader.read(min(behaviour.after_bytes, length))
                self._reset(connection)
                return
            seen.body = reader.read(length)
            if behaviour.kind == "answer":
                self._send(connection, behaviour.status, behaviour.headers.items(), behaviour.body)
                return
            status, fields, body = self._pass_on(seen)
            if behaviour.kind == "cut_answer":
                self._send(connection, status, fields, body, behaviour.after_bytes)
                self._reset(connection)
                return
            self._send(connection, status, fields, body, over_seconds=behaviour.seconds)

    def _pass_on(self, seen):
        upstream = http.client.HTTPConnection(self.target.host, self.target.port, timeout=TIMEOUT)
        try:
            upstream.putrequest(seen.method, seen.path, skip_host=True, skip_accept_encoding=True)
            for name, value in seen.headers:
                if name.lower() != "connection":
                    upstream.putheader(name, value)
            upstream.endheaders(seen.body or None)
            response = upstream.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            upstream.close()

    @staticmethod
    def _send(connection, status, fields, body, at_most=None, over_seconds=0):
        own = ("content-length", "connection", "transfer-encoding")
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in fields if name.lower() not in own]
        if status != 204:
            lines.append(f"Content-Length: {len(body)}")
        lines.append("Connection: close")
        data = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        data = data if at_most is None else data[:at_most]
        pieces = max(1, int(over_seconds / 0.1))
        for piece in range(pieces):
            connection.sendall(data[len(data) * piece // pieces : len(data) * (piece + 1) // pieces])
            time.sleep(over_seconds / pieces)

    @staticmethod
    def _reset(connection):
        """Closes so that the other side sees a broken connection and no orderly end."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
