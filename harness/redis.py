"""A private Redis server in a scratch folder. It uses nothing of the machine's own service."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from .postgres import free_port
from .waiting import until

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))

_running = set()


@atexit.register
def _stop_what_still_runs():
    for server in list(_running):
        server.close()


class RedisError(Exception):
    """An error reply."""


class Redis:
    """A server as a context manager; it is running inside the `with`. Nothing is kept on disk.

    settings: further lines of its configuration, such as "requirepass secret".
    """

    def __init__(self, settings=(), password=None):
        self.port = free_port()
        self.password = password
        self.settings = ["save \"\"", "appendonly no", *settings]
        if password:
            self.settings.append(f"requirepass {password}")
        self.folder = tempfile.mkdtemp(prefix="snippetd-redis-")
        self._process = None

    def __enter__(self):
        _running.add(self)
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.kill()
        finally:
            _running.discard(self)
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database=0):
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}127.0.0.1:{self.port}/{database}"

    def start(self):
        """Starts the server, on the same port every time, and waits until it answers."""
        path = os.path.join(self.folder, "redis.conf")
        with open(path, "w") as settings:
            settings.write("\n".join(["bind 127.0.0.1", f"port {self.port}", f"dir {self.folder}", *self.settings, ""]))
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            self._process = subprocess.Popen(["redis-server", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def ready():
            if self._process.poll() is not None:
                with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
                    raise RuntimeError(f"Redis ended at start:\n{log.read()}")
            try:
                return self.call("PING") == "PONG"
            except RedisError:
                return False  # it is still loading

        until(ready, 30 * TIME_FACTOR, "Redis to answer", interval=0.02)
        return self

    def kill(self):
        """Ends the server at once, as `kill -9` does: nothing is said to its clients."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()

    def save(self):
        """What the server holds now, for `rewind`."""
        self.call("SAVE")
        with open(os.path.join(self.folder, "dump.rdb"), "rb") as dump:
            return dump.read()

    def rewind(self, saved):
        """Ends the server at once and starts it with what it held when that was saved."""
        self.kill()
        with open(os.path.join(self.folder, "dump.rdb"), "wb") as dump:
            dump.write(saved)
        self.start()

    def pause(self):
        """Freezes the server: connections stay open, nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def call(self, *words):
        """The reply to one command on a connection of its own: str, int, None or a list of these."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5 * TIME_FACTOR) as wire:
            stream = wire.makefile("rwb")
            if self.password:
                _send(stream, ["AUTH", self.password])
                _receive(stream)
            _send(stream, words)
            return _receive(stream)

    def keys(self, pattern):
        return sorted(self.call("KEYS", pattern))

    def commands(self):
        """How many commands the server has run since it started, by name."""
        counts = {}
        for line in self.call("INFO", "commandstats").splitlines():
            if line.startswith("cmdstat_"):
                name, _, rest = line[len("cmdstat_"):].partition(":")
                counts[name] = int(rest.partition("calls=")[2].partition(",")[0])
        return counts


def _send(stream, words):
    encoded = [str(word).encode() for word in words]
    stream.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
    stream.flush()


def _receive(stream):
    line = stream.readline()
    if not line:
        raise ConnectionError("Redis has closed the connection")
    kind, rest = line[:1], line[1:-2].decode()
    if kind == b"+":
        return rest
    if kind == b"-":
        raise RedisError(rest)
    if kind == b":":
        return int(rest)
    if kind == b"$":
        if int(rest) < 0:
            return None
        return stream.read(int(rest) + 2)[:-2].decode(errors="replace")
    return None if int(rest) < 0 else [_receive(stream) for _ in range(int(rest))]
