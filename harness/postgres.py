"""A private PostgreSQL cluster in a scratch folder. It uses nothing of the machine's own service."""

import atexit
import contextlib
import glob
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from .waiting import until

MEMORY_WANTED = 2 * 1024**3
TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))

_running = set()
_numbers = itertools.count(1)


@atexit.register
def _stop_what_still_runs():
    for cluster in list(_running):
        cluster.close()


def binary_folder():
    """The folder of the newest installed PostgreSQL server's programs."""
    folders = [path for path in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(path + "/initdb")]
    assert folders, "no PostgreSQL server is installed (looked for /usr/lib/postgresql/*/bin/initdb)"
    return max(folders, key=lambda path: int(path.split("/")[-2]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children_of(pid):
    """The direct children of a process, by pid."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                after_name = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == pid:
            found.append(int(entry))
    return found


class Postgres:
    """A cluster as a context manager; it is running inside the `with`."""

    def __init__(self, fsync=True, settings=()):
        self.bin = binary_folder()
        self.port = free_port()
        self.settings = [f"fsync={'on' if fsync else 'off'}", "max_connections=200", *settings]
        # A cluster that need not survive a power loss lives in memory where there is enough of it.
        in_memory = not fsync and os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > MEMORY_WANTED
        self.folder = tempfile.mkdtemp(prefix="snippetd-postgres-", dir="/dev/shm" if in_memory else None)
        self.data = os.path.join(self.folder, "data")
        self._paused = []
        self._recycled = []
        self._postmaster = None

    def __enter__(self):
        _running.add(self)
        try:
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self._postmaster is not None:
                self.stop()
        finally:
            _running.discard(self)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _owner(self):
        """PostgreSQL refuses to run as root, so root hands over to the system user `postgres`."""
        if os.geteuid() != 0:
            return {}
        owner = pwd.getpwnam("postgres")
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def _initialise(self):
        owner = self._owner()
        if owner:
            os.chown(self.folder, owner["user"], owner["group"])
        done = subprocess.run(
            [
                f"{self.bin}/initdb",
                "-D",
                self.data,
                "-U",
                "snippetd",
                "--auth=trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120 * TIME_FACTOR,
            **owner,
        )
        assert done.returncode == 0, f"initdb ended with {done.returncode}:\n{done.stdout}"

    def start(self):
        """Starts the server, on the same port every time, and waits until it takes connections."""
        settings = [item for setting in self.settings for item in ("-c", setting)]
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            self._postmaster = subprocess.Popen(
                [
                    f"{self.bin}/postgres",
                    "-D",
                    self.data,
                    "-p",
                    str(self.port),
                    "-h",
                    "127.0.0.1",
                    "-k",
                    self.folder,
                    *settings,
                ],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._owner(),
            )

        def ready():
            if self._postmaster.poll() is not None:
                raise RuntimeError(f"PostgreSQL ended at start:\n{self.server_log()}")
            return self.query("select 1") == "1"

        until(ready, 30 * TIME_FACTOR, "PostgreSQL to take connections", interval=0.05)
        return self

    def server_log(self):
        with open(os.path.join(self.folder, "server.log"), errors="replace") as log:
            return log.read()

    def url(self, dbname="postgres"):
        return f"postgres://snippetd@127.0.0.1:{self.port}/{dbname}"

    def create_database(self):
        """The URL of an empty database that nobody else uses."""
        if self._recycled:
            return self._recycled.pop()
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.query(f'create database "{name}"', self.url("postgres"))
        return self.url(name)

    def recycle_database(self, url):
        """Empties a database that nobody uses any more; create_database() gives it out again, faster than a new one."""
        if url in self._recycled:
            return
        self.query("drop schema public cascade; create schema public", url)
        self._recycled.append(url)

    def query(self, sql, url=None):
        """Runs statements and returns the rows as text: one line a row, columns separated by |."""
        done = subprocess.run(
            [
                f"{self.bin}/psql",
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                url or self.url("postgres"),
                "-c",
                sql,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60 * TIME_FACTOR,
        )
        assert done.returncode == 0, f"psql: {done.stderr}"
        return done.stdout.rstrip("\n")

    def end_sessions(self, url):
        """Ends all sessions with that database; how many these were."""
        name = url.rpartition("/")[2]
        ended = self.query(
            f"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{name}' "
            "and backend_type = 'client backend'"
        )
        return int(ended)

    @contextlib.contextmanager
    def read_only(self, url):
        """Inside, all sessions with that database may only read, as on a standby that has taken the writer's place."""
        name = url.rpartition("/")[2]
        self.query(f'alter database "{name}" set default_transaction_read_only = on')
        self.end_sessions(url)
        try:
            yield
        finally:
            self.query(f'alter database "{name}" reset default_transaction_read_only')
            self.end_sessions(url)

    def stop(self, mode="fast"):
        """Stops the server: 'fast' ends the sessions cleanly, 'immediate' is as if it had crashed."""
        self.resume()
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        postmaster, self._postmaster = self._postmaster, None
        postmaster.send_signal(signals[mode])
        try:
            postmaster.wait(30 * TIME_FACTOR)
        except subprocess.TimeoutExpired:
            for pid in [postmaster.pid, *children_of(postmaster.pid)]:
                _signal(pid, signal.SIGKILL)
            postmaster.wait()

    def pause(self):
        """Freezes the server: connections stay open, nothing answers."""
        # The postmaster first, so that it starts no child that is missed.
        self._paused = [self._postmaster.pid]
        _signal(self._postmaster.pid, signal.SIGSTOP)
        self._paused += children_of(self._postmaster.pid)
        for pid in self._paused[1:]:
            _signal(pid, signal.SIGSTOP)

    def resume(self):
        """Lets a paused server go on."""
        for pid in reversed(self._paused):
            _signal(pid, signal.SIGCONT)
        self._paused = []


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
