"""A strict reader of HTTP/1.1 answers on a bare socket, for tests that send what no HTTP library would send."""

import contextlib
import os
import re
import socket
import struct
import time

from .client import Headers, Response

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) [\t\x20-\x7e]*\Z")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?[ \t]*\Z")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?\Z")


class BadAnswer(AssertionError):
    """What came back is not an HTTP response, is one cut short, or did not come in time."""


class Closed(Exception):
    """The server closed the connection between two responses."""


class Connection:
    """One TCP connection. Everything received is read strictly as a sequence of HTTP/1.1 responses.

    timeout: seconds that one read may wait, multiplied by SNIPPETD_TIME_FACTOR.
    receive_buffer: the size of the kernel's receive buffer in bytes, to be a slow reader.
    source: the address that it connects from, such as 127.0.0.2, to be another client than the others.
    """

    def __init__(self, server, timeout=10, receive_buffer=None, source=None):
        self.timeout = timeout * TIME_FACTOR
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.settimeout(self.timeout)
        self.socket.connect((server.host, server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a RST, as a client that crashed or a firewall that lost its state."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        """Sends all of it, or as much as the server takes before it closes."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _more(self):
        """Reads once. Returns False at the end of the stream."""
        try:
            chunk = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        except TimeoutError:
            raise BadAnswer(f"no byte for {self.timeout:g} s; received before: {self._buffer[:300]!r}") from None
        self._buffer += chunk
        return bool(chunk)

    def _line(self):
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > 65536:
                raise BadAnswer(f"a line without an end: {self._buffer[:300]!r}")
            if not self._more():
                raise BadAnswer(f"closed inside a response, after {self._buffer[:300]!r}")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _take(self, count):
        pieces, have = [self._buffer], len(self._buffer)
        while have < count:
            self._buffer = b""
            if not self._more():
                raise BadAnswer(f"closed inside a response body, {have} of {count} bytes received")
            pieces.append(self._buffer)
            have += len(self._buffer)
        joined = b"".join(pieces)
        self._buffer = joined[count:]
        return joined[:count]

    def read(self, method="GET"):
        """The next final response to a request with this method; 1xx responses before it are skipped.

        Raises Closed when the server closes instead of starting one, BadAnswer for anything that is not right.
        """
        while True:
            if not self._buffer and not self._more():
                raise Closed
            response = self._read_one(method)
            if response.status >= 200:
                return response

    def _read_one(self, method):
        line = self._line()
        match = STATUS_LINE.match(line)
        if not match:
            raise BadAnswer(f"bad status line: {line[:300]!r}")
        status = int(match.group(1))
        fields = []
        while line := self._line():
            match = FIELD.match(line)
            if not match:
                raise BadAnswer(f"bad header line in a response: {line[:300]!r}")
            fields.append((match.group(1).decode(), (match.group(2) or b"").decode()))
        headers = Headers(fields)
        lengths, codings = headers.get_all("Content-Length"), headers.get_all("Transfer-Encoding")
        if len(lengths) + len(codings) > 1:
            raise BadAnswer(f"a response framed twice: {headers!r}")
        if status < 200 or status in (204, 304) or method == "HEAD":
            body = b""
        elif codings:
            if codings != ["chunked"]:
                raise BadAnswer(f"unknown transfer coding: {headers!r}")
            body = self._chunks()
        elif lengths and lengths[0].isdigit():
            body = self._take(int(lengths[0]))
        else:
            raise BadAnswer(f"a response without a length: {status} {headers!r}")
        return Response(status, headers, body)

    def _chunks(self):
        body = b""
        while True:
            line = self._line()
            match = CHUNK_SIZE.match(line)
            if not match:
                raise BadAnswer(f"bad chunk size: {line[:300]!r}")
            size = int(match.group(1), 16)
            if size == 0:
                while self._line():
                    pass
                return body
            body += self._take(size)
            if self._line():
                raise BadAnswer("a chunk longer than its size")

    def expect_end(self):
        """Fails unless the server closes without sending anything more."""
        if self._buffer or self._more():
            raise BadAnswer(f"more bytes where a close was due: {self._buffer[:300]!r}")

    def closed_by(self, seconds):
        """Reads and drops everything until the server closes. False when it does not within the time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except ConnectionResetError:
                return True
            except TimeoutError:
                return False
        return False


def open_connections(server, of=None):
    """How many connections the server still holds open (CLOSE_WAIT included): all that reach its own sockets, or those
    of `of`, clients' sockets. What others on this machine do with a port of the same number is not counted. While
    connections come and go anywhere on the machine, the kernel's table may leave one out or name it twice."""
    listening, held = f"0100007F:{server.port:04X}", ("01", "08")
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    # By the caller's address, so that each counts once.
    inode_of = {row[2]: row[9] for row in rows if row[1] == listening and row[3] in held}
    if of is not None:
        callers = {f"0100007F:{client.getsockname()[1]:04X}" for client in of}
        return len(callers & inode_of.keys())
    folder = f"/proc/{server.pid}/fd"
    own = {"0"}  # no file yet: not accepted
    for descriptor in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            own.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(f"{folder}/{descriptor}")))
    return sum(1 for inode in inode_of.values() if inode in own)
