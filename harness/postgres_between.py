"""What operators put before PostgreSQL, and beside it: a pooler and a standby."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile

from .postgres import TIME_FACTOR, Postgres, free_port
from .waiting import until


class Standby(Postgres):
    """A hot standby of a running cluster, made with pg_basebackup, as a context manager."""

    def __init__(self, primary):
        super().__init__(fsync=False)
        self.primary = primary

    def _initialise(self):
        owner = self._owner()
        if owner:
            os.chown(self.folder, owner["user"], owner["group"])
        done = subprocess.run(
            [f"{self.bin}/pg_basebackup", "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "snippetd"]
            + ["-D", self.data, "-R", "-c", "fast", "-X", "stream", "--no-sync"],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=120 * TIME_FACTOR, **owner,
        )  # fmt: skip
        assert done.returncode == 0, f"pg_basebackup ended with {done.returncode}:\n{done.stdout}"


class PgBouncer:
    """PgBouncer with pool_mode=transaction before a running cluster, as a context manager.

    It reaches the cluster by `over`, a port of this machine, or directly.
    """

    def __init__(self, cluster, pool_size, over=None):
        self.cluster = cluster
        self.over = over or cluster.port
        self.port = free_port()
        self.pool_size = pool_size
        self.folder = tempfile.mkdtemp(prefix="snippetd-pgbouncer-")
        self._process = None

    def url(self, database_url):
        """The way to that database of the cluster through the pooler."""
        return database_url.replace(f":{self.cluster.port}/", f":{self.port}/")

    def __enter__(self):
        lines = [
            "[databases]",
            f"* = host=127.0.0.1 port={self.over} user=snippetd",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            "auth_type = any",
            "pool_mode = transaction",
            f"default_pool_size = {self.pool_size}",
            "max_client_conn = 500",
            "max_prepared_statements = 0" if self._version() >= (1, 21) else "",
        ]
        path = os.path.join(self.folder, "pgbouncer.ini")
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        owner = {}
        if os.geteuid() == 0:  # it refuses to run as root
            user = pwd.getpwnam("postgres")
            owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        try:
            with open(os.path.join(self.folder, "log"), "wb") as log:
                self._process = subprocess.Popen(
                    [self._program(), path], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, **owner
                )
            until(self._listens, 10 * TIME_FACTOR, "PgBouncer to take connections", interval=0.02)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10 * TIME_FACTOR)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _program():
        found = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        assert os.path.exists(found), "PgBouncer is not installed"
        return found

    def _version(self):
        said = subprocess.run([self._program(), "--version"], capture_output=True, text=True, check=True).stdout
        return tuple(int(part) for part in said.split()[1].split(".")[:2])

    def _listens(self):
        if self._process.poll() is not None:
            with open(os.path.join(self.folder, "log"), errors="replace") as log:
                raise RuntimeError(f"PgBouncer ended at start:\n{log.read()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False
