"""The embedded store on a bad disk: a clear refusal at start; 507 for writes while it is full, 503
while the file is locked."""

import os
import pathlib
import re
import resource
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest
from traffic import Caller, wait_for_views

from harness import expect
from harness.client import Client
from harness.server import Server, clean_environment, run
from harness.waiting import until

MIB = 1024 * 1024


def refused_start(binary, slow_factor, data_dir, wrapper=()):
    """Starts the server on this folder, which must refuse. Returns what it says."""
    process = subprocess.run(
        [*wrapper, str(binary), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data_dir)],
        env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        timeout=15 * slow_factor,
    )  # fmt: skip
    assert process.returncode in range(1, 126), f"ended with {process.returncode}: {process.stderr}"
    for sign_of_a_crash in ("terminate called", "AddressSanitizer", "runtime error:", "core dumped"):
        assert sign_of_a_crash not in process.stderr
    return process.stderr


def test_data_dir_is_a_file(binary, slow_factor, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert str(file) in refused_start(binary, slow_factor, file)
    assert str(file) in refused_start(binary, slow_factor, file / "below")
    assert file.read_text() == "not a folder"


def test_data_dir_cannot_be_written(binary, slow_factor, tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o555)
    wrapper = []
    if os.geteuid() == 0:
        # Permissions do not stop root, unless it gives up the capability to pass over them.
        wrapper = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]
    assert str(folder) in refused_start(binary, slow_factor, folder, wrapper)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", ["noise", "header and noise", "text"])
def test_database_is_no_database(binary, slow_factor, tmp_path, content):
    noise = bytes((n * 197 + 31) % 256 for n in range(20000))
    data = {"noise": noise, "header and noise": b"SQLite format 3\0" + noise, "text": b"dear diary\n" * 100}[content]
    file = tmp_path / "snippets.db"
    file.write_bytes(data)
    assert "snippets.db" in refused_start(binary, slow_factor, tmp_path)
    assert file.read_bytes() == data, "a file that is no database of ours was changed"


def test_database_is_damaged(binary, slow_factor, tmp_path):
    """A file that lost its second half: refused at start, or served with 503 where it is damaged. Never a crash."""
    with Server(binary, data_dir=tmp_path) as server, Client(server).signup() as client:
        ids = [client.create(body=f"{n} " * 500)["id"] for n in range(200)]
        assert server.stop() == 0
    file = tmp_path / "snippets.db"
    os.truncate(file, file.stat().st_size // 2)
    try:
        server = Server(binary, data_dir=tmp_path).__enter__()
    except RuntimeError as error:
        assert "snippets.db" in str(error)
        assert server_code(error) in range(1, 126), error
        return
    try:
        with Client(server) as client:
            statuses = {client.get(f"/s/{id}").status for id in ids} | {client.post("/snippets", {"body": "x"}).status}
        assert statuses <= {200, 201, 404, 503}, statuses
        assert server.process.poll() is None
    finally:
        server.__exit__(None, None, None)


def server_code(error):
    """The exit code in the message of a Server that did not start."""
    return int(str(error).partition("ended with ")[2].split()[0])


def not_ready(client):
    response = client.get("/readyz")
    assert (response.status, response.json()["database"]) == (503, "down"), response
    assert response.headers["Retry-After"]
    assert client.get("/healthz").status == 200


def client_is_ready(client, slow_factor):
    return until(lambda: client.get("/readyz").status == 200, 10 * slow_factor, "/readyz to be 200 again")


def active_alerts(server):
    return {
        re.search(r'alert="(\w+)"', sample)[1]
        for sample, value in server.metrics().items()
        if sample.startswith("snippetd_alerts_active{") and value == 1
    }


def server_alerts(server):
    """The alerts that the log tells of, in the order of their changes."""
    return re.findall(r"alert (?:raised|resolved).*\balert=(\w+)", server.log)


def alert_changes(server, alert):
    return re.findall(rf"alert (raised|resolved).*\balert={alert}\b", server.log)


class FileSizeLimit:
    """A disk that is full because no file may grow beyond a size; writing gets EFBIG."""

    # The signal must be ignored, as it is under most service managers; otherwise the kernel ends the process.
    wrapper = ["/bin/bash", "-c", 'trap "" XFSZ; exec "$@"', "bash"]

    def __init__(self, folder):
        self.folder = folder

    def fill(self, server):
        largest = max(file.stat().st_size for file in self.folder.iterdir())
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    def empty(self, server):
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self):
        pass


class SmallDisk:
    """A file system of its own that another file fills; writing gets ENOSPC."""

    wrapper = []

    def __init__(self, folder):
        self.folder = folder
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
        self.ballast = folder / "ballast"

    def fill(self, server):
        with open(self.ballast, "wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def empty(self, server):
        self.ballast.unlink()

    def close(self):
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture(params=[FileSizeLimit, SmallDisk])
def disk(request, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = request.param(folder)
    yield disk
    disk.close()


def test_disk_full(binary, slow_factor, disk):
    data_dir = disk.folder / "data" if isinstance(disk, SmallDisk) else disk.folder
    flags = ["--views-flush", "200ms"]
    with Server(binary, data_dir=data_dir, flags=flags, wrapper=disk.wrapper) as server, Client(server).signup() as ada:
        kept = ada.create(body="kept", visibility="public")
        ids = [ada.create(body=f"{n}" * 3000)["id"] for n in range(20)]
        gets = 0
        disk.fill(server)

        def refused():
            response = ada.post("/snippets", {"body": "y" * 100_000})
            return response if response.status != 201 else None

        # What is left of the last page may still take a few.
        response = until(refused, 20 * slow_factor, "a create to be refused", interval=0)
        expect.problem(response, 507, "insufficient_storage")
        not_ready(ada)
        assert active_alerts(server) == {"disk_full"}
        for _ in range(20):
            started = time.monotonic()
            response = ada.post("/snippets", {"body": "y" * 200_000})
            assert response.status == 507, response
            assert time.monotonic() - started < 1.0 * slow_factor
            read = ada.get(f"/s/{kept['id']}")
            gets += 1
            assert (read.status, read.json()["body"]) == (200, "kept")
        assert [ada.get(f"/snippets/{id}").status for id in ids] == [200] * 20, "reads from the store go on"
        assert ada.get("/healthz").status == 200
        assert server.process.poll() is None

        disk.empty(server)
        until(
            lambda: ada.post("/snippets", {"body": "z" * 100_000}).status == 201,
            10 * slow_factor,
            "creates to work again",
        )
        client_is_ready(ada, slow_factor)
        assert alert_changes(server, "disk_full") == ["raised", "resolved"]
        assert active_alerts(server) == set()
        with Caller(server, ada.session) as caller:
            wait_for_views(caller, kept["id"], gets, 10 * slow_factor)
        assert server.stop() == 0
        assert set(server_alerts(server)) == {"disk_full"}
        with Server(binary, data_dir=data_dir) as again, Client(again) as client:
            assert [client.get(f"/s/{id}").json()["body"] for id in ids] == [f"{n}" * 3000 for n in range(20)]


def test_a_disk_that_fills_up_while_nothing_is_written(binary, slow_factor, tmp_path):
    """Nobody has to lose a write before it is noticed."""
    disk = SmallDisk(tmp_path)
    try:
        data_dir = tmp_path / "data"
        with Server(binary, data_dir=data_dir) as server, Client(server) as client:
            assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "redis": "ok"}
            disk.fill(server)
            not_ready(client)
            assert active_alerts(server) == {"disk_full"}
            disk.empty(server)
            client_is_ready(client, slow_factor)
            assert client.post("/snippets", {"body": "x" * 100_000}).status == 201
            assert server_alerts(server) == ["disk_full", "disk_full"]
        # What begins with a full disk says so, whether it can serve what is there or not.
        disk.fill(server)
        try:
            with Server(binary, data_dir=data_dir) as again, Client(again) as client:
                not_ready(client)
                assert active_alerts(again) == {"disk_full"}
        except RuntimeError as error:
            assert "the disk is full" in str(error)
        assert re.search("disk is full|No space left", refused_start(binary, slow_factor, tmp_path / "new"))
    finally:
        disk.close()


def test_who_asks_often_whether_it_is_ready_does_not_load_the_disk(binary, tmp_path):
    with Server(binary, data_dir=tmp_path) as server, Client(server) as client:
        started = time.monotonic()
        for _ in range(300):
            assert client.get("/readyz").status == 200
        took = time.monotonic() - started
        assert 1 <= server.metric("snippetd_db_statements_total", statement="ping") <= took + 2


def test_a_damaged_file_is_told_of(binary, slow_factor, tmp_path):
    """Its pages are checked after the start; what is served meanwhile is what can be read."""
    with Server(binary, data_dir=tmp_path) as server, Client(server).signup() as client:
        for n in range(50):
            client.create(body=f"{n} " * 500)
        assert server.stop() == 0
    file = tmp_path / "snippets.db"
    sound = file.read_bytes()
    # Of a table that nobody reads here: what is served does not come across it.
    connection = sqlite3.connect(file)
    (root,) = connection.execute("select rootpage from sqlite_master where name = 'idempotency_records'").fetchone()
    (size,) = connection.execute("pragma page_size").fetchone()
    connection.close()
    damaged = bytearray(sound)
    damaged[(root - 1) * size : (root - 1) * size + 64] = b"\xff" * 64
    file.write_bytes(damaged)
    with Server(binary, data_dir=tmp_path) as server, Client(server) as client:
        server.wait_for_log(r"alert raised.*\balert=database_corrupt", 10)
        not_ready(client)
        assert active_alerts(server) == {"database_corrupt"}
        # Somebody mends it.
        with open(file, "r+b") as mended:
            mended.seek((root - 1) * size)
            mended.write(sound[(root - 1) * size : root * size])
        until(lambda: client.get("/readyz").status == 200, 15 * slow_factor, "/readyz to be 200 again")
        assert alert_changes(server, "database_corrupt") == ["raised", "resolved"]
        assert server.stop() == 0


def test_a_statement_that_finds_damage_is_told_of(binary, slow_factor, tmp_path):
    with Server(binary, data_dir=tmp_path) as server, Client(server).signup() as client:
        server.wait_for_log("listening")
        ids = [client.create(body=f"{n} " * 300_000, visibility="private")["id"] for n in range(20)]
        # More than a connection keeps in its memory, and all of it in the file itself.
        other = sqlite3.connect(tmp_path / "snippets.db", timeout=10)
        until(lambda: other.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0, 10, "a checkpoint")
        other.close()
        file = tmp_path / "snippets.db"
        with open(file, "r+b") as damaged:
            damaged.seek(16 * 4096)
            damaged.write(b"\xff" * (file.stat().st_size - 16 * 4096))
        statuses = {client.get(f"/s/{id}").status for id in ids}
        assert 503 in statuses and statuses <= {200, 404, 503}, statuses
        not_ready(client)
        assert "database_corrupt" in active_alerts(server)
        assert alert_changes(server, "database_corrupt") == ["raised"]
        assert server.process.poll() is None


def test_a_slow_reader_does_not_leave_a_large_log(binary, slow_factor, tmp_path):
    """While something reads an old state, the write-ahead log must grow; then it is cut."""
    log = tmp_path / "snippets.db-wal"
    kept = 8 * MIB
    with Server(binary, data_dir=tmp_path) as server, Client(server).signup() as client:
        reader = sqlite3.connect(tmp_path / "snippets.db", isolation_level=None)
        reader.execute("begin")
        reader.execute("select count(*) from snippets").fetchone()
        for _ in range(22):
            client.create(body="x" * MIB)
        assert log.stat().st_size > 2 * kept, "the reader holds it"
        assert client.get("/readyz").status == 200, "nobody is hurt by it"
        reader.execute("commit")
        until(lambda: log.stat().st_size <= kept, 10 * slow_factor, "the log to be cut")
        reader.close()
        for _ in range(3):
            client.create(body="x" * MIB)
        assert log.stat().st_size <= kept + 4 * MIB


def test_two_processes_on_one_folder(binary, slow_factor, tmp_path):
    """Neither would know of the other's edits: the second one does not start, and says why."""
    with Server(binary, data_dir=tmp_path) as server, Client(server) as client:
        made = client.create(body="kept")
        said = refused_start(binary, slow_factor, tmp_path)
        assert f"process {server.pid}" in said and "snippets.db" in said
        # The same file by another name.
        link = tmp_path / "link"
        link.symlink_to(tmp_path, target_is_directory=True)
        assert f"process {server.pid}" in refused_start(binary, slow_factor, link)
        assert client.get(f"/s/{made['id']}").status == 200
        # There is nothing to migrate, so a script that does it before every restart may go on.
        done = run(binary, "migrate", "--data-dir", tmp_path)
        assert done.returncode == 0, done.stderr
        page = client.get(f"/s/{client.create(body='# text', language='markdown')['id']}", {"Accept": "text/html"})
        assert page.status == 200, "a process of its own renders it, which must not keep the lock"
        server.kill()
        with Server(binary, data_dir=tmp_path) as again, Client(again) as other:
            assert other.get(f"/s/{made['id']}").status == 200


def test_processes_that_share_a_redis_share_a_folder(binary, slow_factor, tmp_path, redis):
    flags = ["--redis", redis.url()]
    with Server(binary, data_dir=tmp_path, flags=flags) as one, Server(binary, data_dir=tmp_path, flags=flags) as two:
        id = Client(one).create(body="kept")["id"]
        assert Client(two).get(f"/s/{id}").status == 200
        assert "another snippetd" in refused_start(binary, slow_factor, tmp_path), "it would know of no edits"


def test_a_migration_waits_for_nobody_and_is_not_made_under_another_process(binary, tmp_path):
    with Server(binary, data_dir=tmp_path) as server:
        store = sqlite3.connect(tmp_path / "snippets.db", timeout=10)
        with store:
            store.execute("delete from schema_migrations where version = (select max(version) from schema_migrations)")
        store.close()
        done = run(binary, "migrate", "--data-dir", tmp_path)
        assert done.returncode == 1
        assert f"process {server.pid}" in done.stderr


def test_a_backup_as_the_readme_says_while_writes_run(binary, slow_factor, tmp_path):
    """Every snippet that was acknowledged before it began is in it, and it is sound; a server starts on it."""
    readme = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
    command = re.search(r"^    (.*sqlite3 data/snippets\.db .*)$", readme, re.MULTILINE)[1]
    data_dir = tmp_path / "data"
    with Server(binary, data_dir=data_dir) as server, Client(server).signup() as client:
        with Traffic(server, client) as traffic:
            before = [client.create(body=f"{n} " * 5000)["id"] for n in range(100)]
            for round in range(3):
                done = subprocess.run(
                    ["bash", "-euc", command], cwd=tmp_path, capture_output=True, text=True, timeout=60 * slow_factor
                )
                assert done.returncode == 0, done.stderr
                (copy,) = [file for file in tmp_path.iterdir() if file.suffix == ".db"]
                assert copy.stat().st_mode & 0o077 == 0, "it holds what people have made private"
                store = sqlite3.connect(copy)
                assert store.execute("pragma integrity_check").fetchone() == ("ok",)
                store.close()
                restored = tmp_path / f"restored-{round}"
                restored.mkdir()
                copy.rename(restored / "snippets.db")
            assert traffic.written > 0
    with Server(binary, data_dir=restored) as server, Client(server) as client:
        assert [client.get(f"/s/{id}").status for id in before] == [200] * len(before)


class Traffic:
    """Somebody who writes all the while."""

    def __init__(self, server, client):
        self.server, self.session, self.written, self.over = server, client.session, 0, threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        with Client(self.server) as client:
            client.session = self.session
            while not self.over.is_set():
                self.written += client.post("/snippets", {"body": "x" * 20_000}).status == 201

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_locked_by_another_process(binary, slow_factor, tmp_path):
    """Somebody holds the write lock, as a backup or a person with sqlite3 does: 503 in time, then on as before."""
    with Server(binary, data_dir=tmp_path, flags=["--views-flush", "200ms"]) as server, Client(server).signup() as ada:
        kept = ada.create(body="kept", visibility="public")
        for _ in range(10):
            ada.get(f"/s/{kept['id']}")
        other = sqlite3.connect(pathlib.Path(server.data_dir) / "snippets.db", isolation_level=None, timeout=10)
        other.execute("begin immediate")
        try:
            for _ in range(3):
                started = time.monotonic()
                response = ada.post("/snippets", {"body": "x"})
                took = time.monotonic() - started
                expect.problem(response, 503, "unavailable")
                assert took < 1.0 * slow_factor, f"503 took {took:.2f} s"
                assert ada.get(f"/s/{kept['id']}").status == 200
            assert ada.get(f"/snippets/{kept['id']}").status == 200, "reads need no lock"
            not_ready(ada)
            server.wait_for_log(r"alert raised.*\balert=database_down", 15)
            assert active_alerts(server) == {"database_down"}
        finally:
            other.execute("rollback")
            other.close()
        until(lambda: ada.post("/snippets", {"body": "x"}).status == 201, 10 * slow_factor, "creates to work again")
        with Caller(server, ada.session) as caller:
            wait_for_views(caller, kept["id"], 13, 10 * slow_factor)
        assert client_is_ready(ada, slow_factor)
        assert server_alerts(server) == ["database_down", "database_down"]


def test_restart_after_the_log_file_was_lost(binary, tmp_path):
    """An orderly stop leaves everything in the database file itself, so that copying that one file is a backup."""
    with Server(binary, data_dir=tmp_path) as server, Client(server) as client:
        made = client.create(body="kept")
        assert server.stop() == 0
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "snippets.db", copy / "snippets.db")
    with Server(binary, data_dir=copy) as server, Client(server) as client:
        assert client.get(f"/s/{made['id']}").json()["body"] == "kept"
