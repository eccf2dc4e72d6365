"""How deploy/local-cluster ends when it is interrupted or something is wrong, and what it keeps with --data."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from harness.client import Client
from harness.postgres import children_of
from harness.server import clean_environment

pytestmark = pytest.mark.as_released

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "deploy/local-cluster"


@pytest.fixture
def start(binary, slow_factor):
    """A factory: start(flags…) runs the script as a terminal does, as the leader of its own process group."""
    environment = clean_environment({"SNIPPETD_TIME_FACTOR": str(slow_factor)})
    with contextlib.ExitStack() as started:

        def run(*flags, port=0):
            command = [sys.executable, SCRIPT, "--instances", "2", "--port", str(port), "--binary", binary, *flags]
            process = subprocess.Popen(
                [str(word) for word in command],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True,
            )
            started.callback(process.wait, 60)
            started.callback(process.terminate)
            return process

        yield run


def nginx_of(process):
    """Waits until all is ready. Returns the URL of nginx."""
    url = None
    for line in process.stdout:
        found = re.fullmatch(r"through nginx: (\S+)\n", line)
        url = found[1] if found else url
        if line.startswith("ready"):
            return url
    raise AssertionError("it did not start")


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()


def test_a_terminals_ctrl_c_reaches_the_script_alone_and_all_ends_in_order(start):
    process = start()
    nginx_of(process)
    below = children_of(process.pid)
    assert len(below) == 5
    assert process.pid not in [os.getpgid(pid) for pid in below]
    for _ in range(2):  # who is impatient presses it twice
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    assert process.stdout.read() == "stopped\n"
    assert not [pid for pid in below if os.path.exists(f"/proc/{pid}")]


@pytest.mark.parametrize(
    "program, name", [("postgres", "PostgreSQL"), ("redis", "Redis"), ("snippetd", "instance 1"), ("nginx", "nginx")]
)
def test_the_death_of_one_ends_all_and_is_told(start, binary, program, name):
    process = start()
    nginx_of(process)
    below = children_of(process.pid)
    victims = [pid for pid in below if (binary.name if program == "snippetd" else program) in name_of(pid)]
    os.kill(min(victims), signal.SIGKILL)
    assert process.wait(60) == 1
    assert process.stdout.read().startswith(f"local-cluster: {name} has ended with -9")
    assert not [pid for pid in below if os.path.exists(f"/proc/{pid}")]


def test_what_does_not_start_is_told_with_its_reason(start):
    process = start("--", "--no-such-flag")
    assert process.wait(60) == 1
    told = process.stdout.read()
    assert told.startswith("local-cluster: instance 1 does not start") and '"--no-such-flag" is not a flag' in told


def test_a_port_that_is_taken_is_told_before_anything_starts(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(port=port)
        assert process.wait(60) == 1
        assert process.stdout.read().startswith(f"local-cluster: nginx cannot have port {port}")


def test_what_is_kept_is_there_in_the_next_run(start):
    # Not pytest's own folder: the user who runs PostgreSQL cannot look into it.
    with contextlib.ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="snippetd-kept-")
        stack.callback(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        first = start("--data", folder)
        with Client(nginx_of(first)) as client:
            id = client.create(body="kept")["id"]
            assert client.post("/snippets", {"body": "x" * 2_000_000}).status == 413, "the instance's answer"
            assert client.get(f"/s/{id}").status == 200
        first.terminate()
        assert first.wait(60) == 0
        second = start("--data", folder)
        with Client(nginx_of(second)) as client:
            assert client.get(f"/s/{id}").json()["body"] == "kept"
        second.terminate()
        assert second.wait(60) == 0
