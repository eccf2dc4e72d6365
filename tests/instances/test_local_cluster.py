"""deploy/local-cluster, and the acceptance of the product against it: through nginx and on each instance."""

import itertools
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import uuid
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from harness import expect
from harness.client import Client
from harness.server import clean_environment
from harness.waiting import until

pytestmark = pytest.mark.as_released

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "deploy/local-cluster"
FLUSH_S = 1


def place(url):
    parts = urlsplit(url)
    return SimpleNamespace(url=url, host=parts.hostname, port=parts.port)


@pytest.fixture(scope="module")
def cluster(binary, slow_factor):
    """The places that the script prints, nginx first, and its process."""
    flags = ["--port", "0", "--binary", str(binary), "--", "--views-flush", f"{FLUSH_S}s"]
    command = [sys.executable, str(SCRIPT), *flags]
    environment = clean_environment({"SNIPPETD_TIME_FACTOR": os.environ.get("SNIPPETD_TIME_FACTOR", "1")})
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    places = []
    try:
        for line in process.stdout:
            if line.startswith("ready"):
                break
            found = re.fullmatch(r"(?:through nginx|instance \d+): (http://\S+)\n", line)
            if found:
                places.append(place(found[1]))
        assert len(places) == 4, "it did not start"
        yield places, process
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def clients(cluster):
    """One session, through nginx and on each instance."""
    places, _ = cluster
    first = Client(places[0]).signup()
    clients = [first]
    for one in places[1:]:
        clients.append(Client(one))
        clients[-1].session = first.session
    return clients


def test_70_creates_wherever_they_go_are_60_and_then_429(clients):
    until(lambda: time.time() % 60 < 45, 20, "the next minute")
    answers = [
        client.post("/snippets", {"body": "x"}, headers={"Idempotency-Key": str(uuid.uuid4())})
        for _, client in zip(range(70), itertools.cycle(clients))
    ]
    assert [answer.status for answer in answers] == [201] * 60 + [429] * 10
    for answer in answers[60:]:
        expect.problem(answer, 429, "rate_limited")
        assert int(answer.headers["Retry-After"]) >= 1


def test_the_second_read_is_a_hit_and_an_edit_shows_everywhere(clients):
    id = clients[0].create(body="first", visibility="public")["id"]
    for client in clients:
        client.get(f"/s/{id}")
        again = client.get(f"/s/{id}")
        assert "hit" in again.headers["Cache-Status"] and again.json()["body"] == "first"
    assert clients[0].patch(f"/snippets/{id}", {"body": "second"}).status == 200
    for client in clients:
        until(lambda: client.get(f"/s/{id}").json()["body"] == "second", 0.25, "the edit to show", 0.01)


def test_the_view_count_climbs_by_itself(clients, slow_factor):
    id = clients[0].create()["id"]
    for client in clients:
        for _ in range(5):
            assert client.get(f"/s/{id}").status == 200
    for client in clients:
        until(lambda: client.get(f"/s/{id}").json()["view_count"] >= 20, (FLUSH_S + 1) * slow_factor, "the count", 0.1)


def test_a_client_is_known_by_its_own_address_and_not_by_the_one_that_it_claims(cluster):
    with Client(cluster[0][0]) as client:
        answers = [
            client.post("/snippets", {"body": "x"}, headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(22)
        ]
    assert [answer.status for answer in answers].count(201) == 20


def test_sigterm_ends_all_that_it_started(cluster):
    places, process = cluster
    below = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    assert len(below) >= 6, "PostgreSQL, Redis, three instances, nginx"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert process.stdout.read().endswith("stopped\n")
    for pid in below:
        assert not os.path.exists(f"/proc/{pid}"), pid
