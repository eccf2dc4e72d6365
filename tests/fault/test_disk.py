"""The embedded store on a bad disk: a clear refusal at start; 503 for writes while it is full or the file is locked."""

import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import time

import pytest
from traffic import Caller, wait_for_views

from harness import expect
from harness.client import Client
from harness.server import Server, clean_environment
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
        expect.problem(response, 503, "unavailable")
        for _ in range(20):
            started = time.monotonic()
            response = ada.post("/snippets", {"body": "y" * 200_000})
            assert response.status == 503, response
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
        with Caller(server, ada.session) as caller:
            wait_for_views(caller, kept["id"], gets, 10 * slow_factor)
        assert server.stop() == 0
        with Server(binary, data_dir=data_dir) as again, Client(again) as client:
            assert [client.get(f"/s/{id}").json()["body"] for id in ids] == [f"{n}" * 3000 for n in range(20)]


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
        finally:
            other.execute("rollback")
            other.close()
        until(lambda: ada.post("/snippets", {"body": "x"}).status == 201, 10 * slow_factor, "creates to work again")
        with Caller(server, ada.session) as caller:
            wait_for_views(caller, kept["id"], 13, 10 * slow_factor)


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
