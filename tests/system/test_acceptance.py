"""The acceptance check, end to end, with the real curl: what the first user will try."""

import json
import re
import shutil
import subprocess
import time
import uuid
from collections import Counter

import pytest

from harness.client import Client
from harness.held_up import writes_held_up
from harness.waiting import until

CURL = shutil.which("curl")


class Curl:
    """Runs curl with one cookie jar against one server."""

    def __init__(self, server, folder):
        assert CURL, "curl is not installed"
        self.server = server
        self.folder = folder
        self.jar = str(folder / "jar.txt")

    def __call__(self, path, *arguments):
        """Returns (status, header fields as one text, body)."""
        head = self.folder / "head.txt"
        done = subprocess.run(
            [CURL, "-s", "-S", "-b", self.jar, "-c", self.jar, "-D", str(head), "-w", r"\n%{http_code}",
             *arguments, self.server.url + path],
            capture_output=True,
            text=True,
            timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), head.read_text(), body


@pytest.fixture
def curl(mode, fresh_server, tmp_path):
    # The default of 10 s is waited for once, on the default store.
    flush = [] if mode == "sqlite" else ["--views-flush", "1s"]
    return Curl(fresh_server(rate_limits=True, flags=flush), tmp_path)


def field(head, name):
    found = re.findall(rf"(?im)^{name}: (.*?)\r?$", head)
    assert found, f"no {name} in {head}"
    return found[-1]


def test_the_acceptance_check_of_the_requirements(curl, slow_factor):
    # Log in.
    account = ["-d", '{"username":"ada","password":"correct horse"}']
    assert curl("/auth/signup", "-XPOST", *account)[0] == 201
    assert curl("/auth/login", "-XPOST", *account)[0] == 200

    # A snippet, read twice: the second time from the cache.
    status, head, body = curl("/snippets", "-XPOST", "-H", f"Idempotency-Key: {uuid.uuid4()}", "-d", '{"body":"hello"}')
    assert status == 201
    id = json.loads(body)["id"]
    assert field(head, "Location") == f"/s/{id}"
    # Two requests of one curl share a connection.
    done = subprocess.run(
        [CURL, "-s", "-D", "-", curl.server.url + f"/s/{id}", curl.server.url + f"/s/{id}"],
        capture_output=True,
        text=True,
    )
    assert re.findall(r"(?im)^cache-status: (.*?)\r?$", done.stdout) == ["snippetd; fwd=miss", "snippetd-near; hit"]

    # An edit: the next GET shows it.
    assert curl(f"/snippets/{id}", "-XPATCH", "-d", '{"body":"edited"}')[0] == 200
    assert curl(f"/s/{id}/raw")[2] == "edited"

    # Several GETs: the view count climbs within about 10 s.
    views = 3
    for _ in range(5):
        status, _, _ = curl(f"/s/{id}")
        assert status == 200
        views += 1
    climbed = lambda: json.loads(curl(f"/snippets/{id}")[2])["view_count"] == views  # noqa: E731
    until(climbed, 11 * slow_factor, f"{views} views", interval=0.5)


def test_70_creates_in_a_row_are_60_times_201_and_10_times_429(curl):
    until(lambda: time.time() % 60 < 50, 12, "enough of this minute to be left")
    assert curl("/auth/signup", "-XPOST", "-d", '{"username":"ada","password":"correct horse"}')[0] == 201
    statuses = Counter()
    for _ in range(70):
        status, head, body = curl("/snippets", "-XPOST", "-H", f"Idempotency-Key: {uuid.uuid4()}", "-d", '{"body":"x"}')
        statuses[status] += 1
        if status == 429:
            assert json.loads(body)["error"] == "rate_limited"
            assert 1 <= int(field(head, "Retry-After")) <= 120
    assert statuses == {201: 60, 429: 10}


def test_no_read_waits_for_a_counter(fresh_server, slow_factor):
    """A read is answered, and counted, while no counter can be written."""
    server = fresh_server(flags=["--views-flush", "200ms"])
    author = Client(server).signup()
    id = author.create()["id"]
    reader = Client(server)
    with writes_held_up(server):
        for number in range(50):
            started = time.monotonic()
            assert reader.get(f"/s/{id}").status == 200
            assert time.monotonic() - started < 0.5 * slow_factor
        assert server.metric("snippetd_views_recorded_total") == 50
        assert author.get(f"/snippets/{id}").json()["view_count"] == 0
    until(lambda: author.get(f"/snippets/{id}").json()["view_count"] == 50, 10 * slow_factor, "50 stored views", 0.1)
