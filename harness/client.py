"""An HTTP client for tests: one kept-alive connection, the cookie `session`, and answers that are easy to check."""

import http.client
import itertools
import json as json_module
import os
import select
import socket
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))
PASSWORD = "correct horse"

_numbers = itertools.count(1)


def unique_name(prefix="user"):
    """A username that no other test of this run, nor an earlier run on the same store, uses."""
    return f"{prefix}-{os.getpid():x}-{next(_numbers)}"


class Headers:
    """Header fields without regard to case. get() joins repeated fields with a comma; get_all() keeps them apart."""

    def __init__(self, pairs):
        self.pairs = [(name, value) for name, value in pairs]

    def get_all(self, name):
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.get_all(name)
        return ", ".join(values) if values else default

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(f"no header field {name}; there are {[key for key, _ in self.pairs]}")
        return value

    def __contains__(self, name):
        return self.get(name) is not None

    def __iter__(self):
        return iter(self.pairs)

    def __repr__(self):
        return repr(self.pairs)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json_module.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.headers!r} {self.body[:400]!r}>"


class Client:
    """Speaks to one server. Not for two threads at once; clone() gives another connection with the same session.

    source: the address that it connects from, such as 127.0.0.2, to be another client than the others.
    """

    def __init__(self, server_or_url, timeout=30, source=None):
        url = server_or_url if isinstance(server_or_url, str) else server_or_url.url
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.timeout = timeout * TIME_FACTOR
        self.source = source
        self.session = None
        self.session_cookie = "session"
        self.username = None
        self.headers = {}
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def clone(self):
        other = Client(f"http://{self.host}:{self.port}", self.timeout / TIME_FACTOR, self.source)
        other.session, other.session_cookie = self.session, self.session_cookie
        other.username, other.headers = self.username, dict(self.headers)
        return other

    def request(self, method, path, body=None, json=None, headers=None):
        """Sends one request. `json` is encoded; `body` (bytes or text) is sent as it is.

        A header whose value is None is left out. A kept-alive connection that the server has closed since the last
        answer is opened again; nothing is ever sent twice.
        """
        if json is not None:
            body = json_module.dumps(json, ensure_ascii=False)
        if isinstance(body, str):
            body = body.encode()
        fields = {**self.headers}
        if self.session is not None:
            fields["Cookie"] = f"{self.session_cookie}={self.session}"
        fields.update(headers or {})
        fields = {name: value for name, value in fields.items() if value is not None}
        if self._connection is not None and self._was_closed():
            self.close()
        try:
            return self._exchange(method, path, body, fields)
        except BaseException:
            self.close()
            raise

    def _was_closed(self):
        """Whether the server has ended the connection: between requests, there is nothing else that it may send."""
        readable, _, _ = select.select([self._connection.sock], [], [], 0)
        return bool(readable)

    def _exchange(self, method, path, body, fields):
        if self._connection is None:
            source = (self.source, 0) if self.source else None
            self._connection = http.client.HTTPConnection(self.host, self.port, self.timeout, source_address=source)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = self._connection
        connection.putrequest(
            method,
            path,
            skip_host=any(name.lower() == "host" for name in fields),
            skip_accept_encoding=True,
        )
        for name, value in fields.items():
            connection.putheader(name, value)
        lengths = ("content-length", "transfer-encoding")
        if not any(name.lower() in lengths for name in fields):
            if body is not None or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        response = Response(answer.status, Headers(answer.getheaders()), answer.read())
        if answer.will_close:
            self.close()
        self._keep_cookie(response)
        return response

    def _keep_cookie(self, response):
        for line in response.headers.get_all("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                if name in ("session", "__Host-session") and (morsel.value or name == self.session_cookie):
                    self.session, self.session_cookie = morsel.value or None, name

    # What tests do most.

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def head(self, path, headers=None):
        return self.request("HEAD", path, headers=headers)

    def post(self, path, json=None, headers=None, body=None):
        return self.request("POST", path, json=json, headers=headers, body=body)

    def patch(self, path, json=None, headers=None, body=None):
        return self.request("PATCH", path, json=json, headers=headers, body=body)

    def delete(self, path, headers=None):
        return self.request("DELETE", path, headers=headers)

    def signup(self, name=None, password=PASSWORD):
        """Makes an account and keeps its session. Returns self."""
        name = name or unique_name()
        response = self.post("/auth/signup", {"username": name, "password": password})
        assert response.status == 201, response
        assert self.session, response
        self.username = name
        return self

    def login(self, name=None, password=PASSWORD):
        """Opens a session of an account. Returns self."""
        name = name or self.username
        response = self.post("/auth/login", {"username": name, "password": password})
        assert response.status == 200, response
        self.username = name
        return self

    def create(self, headers=None, **fields):
        """Makes a snippet (body "x" unless given) and returns its JSON."""
        response = self.post("/snippets", {"body": "x", **fields}, headers)
        assert response.status == 201, response
        return response.json()


def raw(host, port, data, timeout=5):
    """Sends bytes on a new connection and returns all bytes that come back until the server closes or falls silent.

    `data` may be a list of byte strings, which are sent one by one. Silence is `timeout` seconds without a byte.
    """
    pieces = [data] if isinstance(data, (bytes, bytearray)) else data
    received = bytearray()
    with socket.create_connection((host, port), timeout=timeout * TIME_FACTOR) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            pass  # The server may answer and close before it has read everything.
        while True:
            try:
                chunk = connection.recv(65536)
            except (socket.timeout, ConnectionResetError):
                break
            if not chunk:
                break
            received += chunk
    return bytes(received)
