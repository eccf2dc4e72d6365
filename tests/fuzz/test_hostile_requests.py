"""Ten thousand hostile requests: each gets a correct 4xx or a closed connection, and the server is as well as before.

SNIPPETD_FUZZ_SEED chooses another storm, SNIPPETD_FUZZ_COUNT its size. A failure prints seed and number of the case;
hostile_requests.make_case(seed, number, target) makes it again.
"""

import collections
import os
import re
import threading
import time

import pytest
from hostile_cases import CLOSE, DRAIN, EITHER, KEEP, MAX_BODY, RESET, Target
from hostile_requests import make_case
from slow_clients import drive, slow_clients, verdict

from harness import expect
from harness.client import Client
from harness.server import Server
from harness.waiting import until
from harness.wire import BadAnswer, Closed, Connection, open_connections

SEED = os.environ.get("SNIPPETD_FUZZ_SEED", "20260501")
COUNT = int(os.environ.get("SNIPPETD_FUZZ_COUNT", "10000"))
SANITIZED = bool(os.environ.get("SNIPPETD_SANITIZER"))
WORKERS = 8
FAILURES_MAX = 25  # of one worker, which then stops

WARM_UP = COUNT // 4
GROWTH_MAX_KIB = 16 * 1024  # of resident memory, from the end of the warm-up to the end of the storm

SLOW_COPIES = 3
HEADER_TIMEOUT_MS = 2000
IDLE_TIMEOUT_MS = 3000

WORDS = {
    400: {"bad_request"},
    401: {"unauthenticated"},
    403: {"forbidden"},
    404: {"not_found"},
    405: {"method_not_allowed"},
    409: {"conflict", "idempotency_in_progress"},
    410: {"gone"},
    412: {"precondition_failed"},
    413: {"payload_too_large"},
    422: {"invalid", "idempotency_key_reused"},
    431: {"header_fields_too_large"},
}
# What an error must not show, beyond what harness.expect looks for.
INTERNAL = re.compile(r"exception|terminate|asio|beast|nullptr|errno|what\(\)|stack", re.IGNORECASE)
SANE_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


def check_response(response):
    """What holds for every response, whatever was asked."""
    status = response.status
    assert status < 500, f"status {status}: {response.body[:300]!r}"
    request_id = response.headers.get("X-Request-Id")
    assert request_id is not None, f"a {status} without X-Request-Id"
    assert SANE_REQUEST_ID.fullmatch(request_id), f"X-Request-Id {request_id[:200]!r}"
    assert request_id != "smuggled", "a request hidden in a body was answered"
    for name, value in response.headers:
        assert name.lower() != "x-injected", "a header was injected into the response"
        assert "injected" not in value or name.lower() == "x-request-id", f"{name}: {value}"


def check_problem(response, method):
    """What holds for every 4xx."""
    status = response.status
    is_page = response.headers["Content-Type"] == "text/html; charset=utf-8"  # for who prefers one
    if method == "HEAD":
        assert is_page or response.headers["Content-Type"].startswith("application/problem+json"), response
        return
    if is_page:
        said = re.sub(r"<[^>]*>", " ", response.text[response.text.index("<main") :])
        assert str(status) in said and INTERNAL.search(said) is None, said
        return
    document = expect.problem(response, status)
    assert document["error"] in WORDS.get(status, {document["error"]}), document
    assert re.fullmatch("[a-z_]+", document["error"]), document
    leak = INTERNAL.search(response.text)
    assert leak is None, f"a problem tells {leak.group()!r}: {document}"


def check_answer(right, response):
    """What this case makes right."""
    assert (
        response.status in right.statuses
    ), f"status {response.status}, right is {sorted(right.statuses)}: {response.body[:300]!r}"
    if response.status == 201 and right.body is not None:
        assert (
            response.json()["body"] == right.body
        ), f"stored {response.json()['body'][:200]!r} for {right.body[:200]!r}"
    if response.status == 422 and right.fields:
        # A name that is cut ends in an ellipsis.
        named = response.json()["fields"].keys()
        assert all(
            field in named or any(name[-1:] == "…" and field.startswith(name[:-1]) for name in named)
            for field in right.fields
        ), f"422 names {list(response.json()['fields'])}, not {right.fields}"


def read_checked(connection, method="GET"):
    response = connection.read(method)
    check_response(response)
    if response.status >= 400:
        check_problem(response, method)
    return response


def will_close(response):
    return "close" in response.headers.get("Connection", "").lower()


def run_case(connection, case, host):
    """Sends one case and checks all that comes back. Returns True when the connection can serve the next case."""
    sentinel_id = f"after-{case.number}"
    sentinel = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nX-Request-Id: {sentinel_id}\r\n\r\n".encode()
    pipelined = case.end == KEEP and case.number % 2 == 0
    connection.send(case.data + sentinel if pipelined else case.data)
    if case.end == RESET:
        connection.reset()
        return False
    if case.half_close:
        connection.half_close()

    last = None
    for right in case.answers:
        try:
            last = read_checked(connection, right.method)
        except Closed:
            assert right.may_close or (last is not None and will_close(last)), "closed without an answer"
            return False
        check_answer(right, last)

    if case.end == DRAIN or (case.half_close and case.end == EITHER):
        try:
            while True:
                read_checked(connection)
        except Closed:
            return False
    if case.end == CLOSE or will_close(last):
        connection.expect_end()
        return False
    # The connection must be in step: the next answer is the sentinel's.
    if not pipelined:
        connection.send(sentinel)
    try:
        after = read_checked(connection)
    except Closed:
        assert case.end == EITHER, "closed without saying so"
        return False
    assert after.status == 200, f"the next request on the connection got {after.status}"
    assert after.headers["X-Request-Id"] == sentinel_id, f"the next answer is to {after.headers['X-Request-Id']}"
    return True


class Storm:
    """The server under attack, and what was seen."""

    def __init__(self, server, target, slow_factor):
        self.server = server
        self.target = target
        self.slow_factor = slow_factor
        self.failures = collections.defaultdict(list)  # by family
        self.done = collections.Counter()
        self.slow = []
        self.slow_limit = (HEADER_TIMEOUT_MS / 1000 * 2 + IDLE_TIMEOUT_MS / 1000 + 2) * slow_factor

    def _work(self, numbers):
        connection, failed = None, 0
        for number in numbers:
            case = make_case(SEED, number, self.target)
            try:
                if connection is None:
                    connection = Connection(self.server)
                again = run_case(connection, case, self.target.host)
            except (AssertionError, Closed, OSError, ValueError, KeyError) as error:
                again, failed = False, failed + 1
                reason = str(error).partition("\n")[0] or repr(error)
                self.failures[case.family].append(f"case {number}: {reason}\n      sent {case.data[:400]!r}")
            self.done[case.family] += 1
            if not again:
                connection.close() if connection is not None else None
                connection = None
            if failed >= FAILURES_MAX or self.server.process.poll() is not None:
                break
        if connection is not None:
            connection.close()

    def run(self, first, end):
        threads = [threading.Thread(target=self._work, args=(range(first + n, end, WORKERS),)) for n in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def run_slow(self):
        self.slow = list(slow_clients(self.target.host, SLOW_COPIES))
        drive(self.slow, (self.server.host, self.server.port), self.slow_limit)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def settle(self):
        """Waits until the server has noticed that every client has gone."""
        until(
            lambda: open_connections(self.server) == 0,
            10 * self.slow_factor,
            "the server to close every connection",
        )


@pytest.fixture(scope="module")
def storm(binary, new_database, slow_factor):
    def milliseconds(value):
        return f"{int(value * slow_factor)}ms"

    flags = [
        "--max-body", f"{MAX_BODY // 1024}KiB",
        "--header-timeout", milliseconds(HEADER_TIMEOUT_MS),
        "--body-timeout", milliseconds(HEADER_TIMEOUT_MS),
        "--idle-timeout", milliseconds(IDLE_TIMEOUT_MS),
        "--cache-near-size", "1MiB",
    ]  # fmt: skip
    with Server(binary, new_database(), flags=flags) as server:
        with Client(server).signup() as ada, Client(server).signup() as bob, Client(server) as nobody:
            anonymous = nobody.create(body="anonymous")
            public = ada.create(body="hello\n", title="hello.txt", visibility="public")
            for n in range(3):
                ada.create(body=f"more {n}", visibility="public")
            target = Target(
                host=f"{server.host}:{server.port}",
                session=ada.session,
                token=ada.post("/auth/tokens", {"name": "storm"}).json()["token"],
                public_id=public["id"],
                edited_id=ada.create(body="to be edited")["id"],
                foreign_id=bob.create(body="bob's own", visibility="private")["id"],
                anonymous_id=anonymous["id"],
                edit_token=anonymous["edit_token"],
                cursor=ada.get("/snippets?limit=1").json()["next_cursor"],
            )
        storm = Storm(server, target, slow_factor)
        storm.pid = server.pid
        storm.run(0, WARM_UP)
        storm.settle()
        storm.descriptors_before, storm.rss_before = storm.descriptors(), server.rss_kib()
        slow = threading.Thread(target=storm.run_slow)
        started = time.monotonic()
        slow.start()
        storm.run(WARM_UP, COUNT)
        storm.seconds = time.monotonic() - started
        slow.join()
        yield storm


def test_every_answer_is_right(storm):
    if storm.failures:
        wrong = sum(map(len, storm.failures.values()))
        shown = [
            f"  {family}: {len(cases)}\n    " + "\n    ".join(cases[:3]) for family, cases in storm.failures.items()
        ]
        pytest.fail("\n".join([f"seed {SEED}: {wrong} wrong of {sum(storm.done.values())}:", *shown]), pytrace=False)
    assert sum(storm.done.values()) == COUNT
    assert len(storm.done) > 60, f"families seen: {sorted(storm.done)}"


def test_slow_senders_are_cut_off(storm):
    wrong = [f"{client.name}: {problem}" for client in storm.slow if (problem := verdict(client, storm.slow_limit))]
    if wrong:
        pytest.fail("\n  ".join([f"{len(wrong)} of {len(storm.slow)}:", *wrong]), pytrace=False)


def test_a_sender_within_the_time_is_served(storm):
    with Connection(storm.server) as connection:
        request = f"GET /healthz HTTP/1.1\r\nHost: {storm.target.host}\r\n\r\n".encode()
        for byte in range(0, len(request), 8):
            connection.send(request[byte : byte + 8])
            time.sleep(0.02)
        assert connection.read().status == 200


def test_the_server_lives_and_works(storm):
    server = storm.server
    assert server.process.poll() is None, f"ended with {server.process.returncode}:\n" + "\n".join(
        server.log_lines[-30:]
    )
    assert server.pid == storm.pid
    with Client(server) as client:
        assert client.get("/healthz").status == 200
        assert client.get("/readyz").json()["status"] == "ok"
        made = client.create(body="after the storm \N{RAINBOW}", title="calm.txt")
        assert client.get(f"/s/{made['id']}").json()["body"] == "after the storm \N{RAINBOW}"
        assert client.get(f"/s/{made['id']}/raw").body.decode() == "after the storm \N{RAINBOW}"


def test_nothing_was_stolen_or_changed(storm):
    with Client(storm.server) as client:
        public = client.get(f"/s/{storm.target.public_id}").json()
        assert (public["body"], public["title"]) == ("hello\n", "hello.txt")
        anonymous = client.get(f"/s/{storm.target.anonymous_id}").json()
        assert (anonymous["body"], anonymous["version"]) == ("anonymous", 1)


def test_no_descriptor_is_left_open(storm):
    storm.settle()
    left = until(
        lambda: storm.descriptors() <= storm.descriptors_before + 8,
        15 * storm.slow_factor,
        f"the descriptors to go back to {storm.descriptors_before} (now {storm.descriptors()})",
    )
    assert left


@pytest.mark.skipif(SANITIZED, reason="the sanitizer keeps freed memory in quarantine; its own leak check runs at exit")
def test_memory_does_not_grow(storm):
    grown = storm.server.rss_kib() - storm.rss_before
    assert grown < GROWTH_MAX_KIB, f"{grown} KiB more after {COUNT - WARM_UP} requests"


def test_the_log_cannot_be_forged(storm):
    # A line break that a request smuggles into the log would put its text at the start of a line.
    forged = [
        line for line in storm.server.log_lines if line.lstrip().startswith(("X-Injected", "Set-Cookie:", "<html>"))
    ]
    assert not forged, forged[:5]
    raw = [line for line in storm.server.log_lines if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line)]
    assert not raw, [line[:300] for line in raw[:5]]


def test_the_log_tells_of_no_failure(storm):
    bad = re.compile(
        r"AddressSanitizer|runtime error:|LeakSanitizer|terminate called|Assertion|\[(critical)\]", re.IGNORECASE
    )
    found = [line for line in storm.server.log_lines if bad.search(line)]
    assert not found, found[:5]


def test_hostile_paths_and_methods_make_no_new_metrics(storm):
    samples = storm.server.metrics()
    for label, most in (("method", 12), ("route", 60)):
        values = {found for key in samples for found in re.findall(rf'[{{,]{label}="((?:[^"\\]|\\.)*)"', key)}
        assert 0 < len(values) <= most, f"{len(values)} values of {label}: {sorted(values)[:80]}"


def test_it_ends_cleanly(storm):
    """Last: under a sanitizer a leak makes the exit code non-zero."""
    assert storm.server.stop() == 0, "\n".join(storm.server.log_lines[-40:])
