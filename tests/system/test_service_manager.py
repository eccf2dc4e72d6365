"""What systemd is told (sd_notify(3)): when the service is ready, that it is not hung, and that it ends."""

import os
import signal
import socket

import pytest

from harness.client import Client
from harness.server import Server



class Manager:
    """Receives what the service says to its service manager."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.environment = {"NOTIFY_SOCKET": name.replace("\0", "@")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def hear(self, timeout):
        self.socket.settimeout(timeout)
        return self.socket.recv(4096).decode()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    name = str(tmp_path / "notify") if request.param == "path" else f"\0snippetd-test-{os.getpid()}"
    with Manager(name) as one:
        yield one


def test_it_is_told_when_the_service_is_ready_and_when_it_ends(binary, manager, slow_factor):
    with Server(binary, env=manager.environment) as server:
        assert manager.hear(10 * slow_factor) == "READY=1"
        assert Client(server).get("/readyz").status == 200
        server.process.send_signal(signal.SIGTERM)
        assert manager.hear(10 * slow_factor) == "STOPPING=1"
        assert server.process.wait(10 * slow_factor) == 0


def test_it_is_told_again_and_again_that_the_service_is_not_hung(binary, manager, slow_factor):
    environment = {**manager.environment, "WATCHDOG_USEC": "100000"}
    with Server(binary, env=environment) as server:
        heard = [manager.hear(10 * slow_factor) for _ in range(6)]
        assert sorted(set(heard)) == ["READY=1", "WATCHDOG=1"] and heard.count("READY=1") == 1
        server.process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(TimeoutError):
                for _ in range(100):  # what was on its way
                    manager.hear(1)
        finally:
            server.process.send_signal(signal.SIGCONT)
        assert manager.hear(10 * slow_factor) == "WATCHDOG=1"


def test_a_watchdog_of_hours_is_told_too(binary, manager, slow_factor):
    environment = {**manager.environment, "WATCHDOG_USEC": str(7200 * 1000 * 1000)}
    with Server(binary, env=environment):
        assert {manager.hear(10 * slow_factor) for _ in range(2)} == {"READY=1", "WATCHDOG=1"}


def test_a_watchdog_that_waits_for_another_process_is_not_told(binary, manager, slow_factor):
    environment = {**manager.environment, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    with Server(binary, env=environment):
        assert manager.hear(10 * slow_factor) == "READY=1"
        with pytest.raises(TimeoutError):
            manager.hear(0.5)


def test_a_manager_that_has_gone_costs_a_line_of_the_log(binary, tmp_path):
    with Server(binary, env={"NOTIFY_SOCKET": str(tmp_path / "nowhere")}) as server:
        assert Client(server).get("/readyz").status == 200
        server.wait_for_log("the service manager cannot be told")
