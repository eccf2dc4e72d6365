"""Who pipelines many requests at once does not have them all answered before everybody else."""

import os
import re
import signal

import pytest

from harness.client import TIME_FACTOR, Client
from harness.server import Server
from harness.waiting import until
from harness.wire import Connection

ASK = "HEAD {} HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nX-Request-Id: {}\r\n\r\n"


@pytest.mark.parametrize(
    "path, connections, requests",
    [("/", 20, 50), ("/s/{id}", 10, 1000), ("/s/{id}/revisions", 20, 50)],
    ids=["a page", "a hot read", "from the store"],
)
def test_a_lone_request_is_answered_before_floods_are_through(binary, path, connections, requests):
    """With one worker, which finds the lone request behind all others, and whose log has the order of the answers."""
    with Server(binary, flags=["--threads", "1"]) as server:
        path = path.format(id=Client(server).create(title="x.md", body="# x\n" * 200)["id"])
        floods, lone = [Connection(server) for _ in range(connections)], Connection(server)
        for connection in [*floods, lone]:
            connection.send(ASK.format(path, "first").encode())
            assert connection.read("HEAD").status == 200
        os.kill(server.pid, signal.SIGSTOP)
        for flood in floods:
            flood.send(ASK.format(path, "flood").encode() * requests)
        lone.send(ASK.format(path, "lone").encode())
        os.kill(server.pid, signal.SIGCONT)
        assert lone.read("HEAD").headers["X-Request-Id"] == "lone"
        for flood in floods:
            for _ in range(requests):
                assert flood.read("HEAD").headers["X-Request-Id"] == "flood"
            flood.close()
        lone.close()

        def order():
            found = re.findall(r"request_id=(flood|lone)", server.log)
            return found if len(found) == connections * requests + 1 else None

        behind = connections * requests - until(order, 10 * TIME_FACTOR, "the access log").index("lone")
        assert behind > connections * requests / 2, f"only {behind} of the floods' answers came after the lone one"
