"""Resident memory: just started, and holding 10,000 idle keep-alive connections."""

import contextlib
import socket
import time

from . import processes, report
from .samples import Spread
from .snippetd import Snippetd

CONNECTIONS = 10_000
OWN_FILES = 200  # open files of the driver and of the server besides the connections
IDLE_MB_WANTED = 25
CONNECTIONS_MB_WANTED = 100
MB = 1e6


def measure(setup):
    count = min(CONNECTIONS, setup.open_files - OWN_FILES)
    rows = []
    with setup.postgres() as cluster:
        stores = {"SQLite": None, "PostgreSQL": cluster.create_database()}
        for store, database in stores.items():
            with Snippetd(setup.folder(f"memory-{store}"), database=database, log="default") as server:
                time.sleep(2)  # whatever it does right after the start is done
                idle = processes.resident_bytes(server.pid) / MB
                path = f"/s/{server.create_snippet()}/raw"
                server.request("GET", path)
                before = processes.resident_bytes(server.pid) / MB
                with contextlib.ExitStack() as stack:
                    _open(stack, server.port, path, count)
                    time.sleep(1)
                    more = processes.resident_bytes(server.pid) / MB - before
                rows.append([store, idle, more])
    aims = []
    for store, idle, more in rows:
        aims.append(report.less_than(f"memory after the start, {store}", Spread([idle]), IDLE_MB_WANTED, " MB", 1))
        what = f"memory of {count:,} idle connections, {store}"
        aims.append(report.less_than(what, Spread([more]), CONNECTIONS_MB_WANTED, " MB", 1))
    cells = [[store, f"{idle:.1f}", f"{more:.1f}", f"{more * MB / count / 1024:.1f}"] for store, idle, more in rows]
    headings = ["resident memory", "after the start, MB", f"{count:,} connections more, MB", "a connection, KiB"]
    note = (
        "Default settings. 1 MB is 10⁶ bytes. Each connection has read the snippet once and is kept open. What the "
        "kernel "
        "keeps for sockets is not in a process's resident memory."
    )
    if count < CONNECTIONS:
        note += f" **The limit of open files allows only {count:,} connections here.**"
    return report.Section("Memory", aims, note + "\n\n" + report.table(headings, cells))


def _open(stack, port, path, count):
    """Opens that many connections and reads the snippet once on each."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    for number in range(count):
        wire = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        wire.sendall(request)
        received = wire.recv(65536)
        if not received.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"connection {number + 1} of {count} was answered {received[:100]!r}")
