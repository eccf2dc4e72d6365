"""The server under measurement."""

import http.client
import json
import os
import shlex
import socket
import time

from harness.postgres import free_port
from harness.server import RATE_LIMITS_OFF

from . import ROOT, processes

UNLIMITED = ("--rate-limit", "write=1000000/1s")  # decided, and never refused
BINARY = ROOT / "build" / "release" / "bin" / "snippetd"
SNIPPET = {"title": "measured.txt", "body": "".join(f"line {n:4} of a snippet of 1 KB.\n" for n in range(32))}
assert len(SNIPPET["body"]) == 1024


def forget_settings():
    """A developer's settings, from the environment, are not what is measured."""
    for name in [name for name in os.environ if name.startswith("SNIPPETD_")]:
        del os.environ[name]


class Snippetd:
    """`snippetd serve` on a free port of 127.0.0.1; running inside the `with`.

    log: "default" leaves the log level alone, which includes the access log; "warn" is --log-level warn. Either way
    standard error is /dev/null: what is measured is making and writing the lines, not a disk or a terminal.
    limits: the flags of the rate limits.
    """

    def __init__(self, data_dir, database=None, log="warn", core=None, flags=(), limits=RATE_LIMITS_OFF, binary=BINARY):
        self.port = free_port()
        self.command = [binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", data_dir]
        self.command += limits
        if database:
            self.command += ["--database", database]
        if log != "default":
            self.command += ["--log-level", log]
        self.command += flags
        self.core = core

    def __enter__(self):
        self.process = processes.start(self.command, self.core)
        deadline = time.monotonic() + 15
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                processes.stop(self.process)
                raise RuntimeError("snippetd does not start; to see why: " + shlex.join(map(str, self.command)))
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        processes.stop(self.process)

    @property
    def pid(self):
        return self.process.pid

    def _ready(self):
        try:
            return self.request("GET", "/readyz").status == 200
        except OSError:
            return False

    def request(self, method, path, content=None, headers=None, text=None):
        """The response, with its body already read into `.content`. content: sent as JSON; text: as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, text if content is None else json.dumps(content), headers or {})
        response = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response

    def create(self, path, content, headers=None):
        """POSTs what must answer 201."""
        response = self.request("POST", path, content, headers)
        if response.status != 201:
            raise RuntimeError(f"POST {path}: {response.status} {response.content.decode(errors='replace')}")
        return response

    def create_account(self, name="bench"):
        """A new account's API token."""
        signup = self.create("/auth/signup", {"username": name, "password": "correct horse"})
        cookie = signup.getheader("Set-Cookie").partition(";")[0]
        return json.loads(self.create("/auth/tokens", {"name": "bench"}, {"Cookie": cookie}).content)["token"]

    def create_snippet(self, token=None):
        """The id of a new 1 KB snippet: anonymous, or of the token's account."""
        headers = {"Authorization": f"Bearer {token}"} if token else None
        return json.loads(self.create("/snippets", SNIPPET, headers).content)["id"]

    def response_bytes(self, path, fields=""):
        """What GET puts on the wire, to the byte, once the near cache has it. fields: of the header, with CRLFs."""
        self.request("GET", path)
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}Connection: close\r\n\r\n".encode())
            received = b"".join(iter(lambda: wire.recv(65536), b""))
        head, separator, body = received.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        return b"\r\n".join(lines) + separator + body
