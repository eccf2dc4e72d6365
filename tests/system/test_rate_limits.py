"""Rate limits: the four policies, their headers, whom they count, both algorithms, and the truth of Retry-After.

What is counted is told by `limited`, with the counters in the process and in Redis; what requests are charged runs on
both stores.
"""

import contextlib
import itertools
import re
import time

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import PASSWORD, Client, unique_name
from harness.server import Server
from harness.waiting import until


@pytest.fixture(params=["process", "redis"])
def limited(binary, request):
    """A factory for servers on the embedded store with the default limits, or those in the flags.

    Each of them counts for itself, with counters in the process or in a Redis database of its own.
    """
    with contextlib.ExitStack() as started:
        numbers = itertools.count()

        def start(*flags):
            if request.param == "redis":
                flags = (*flags, "--redis", request.getfixturevalue("redis").url(next(numbers)))
            return started.enter_context(Server(binary, flags=flags, rate_limits=True))

        yield start


def limit(*policies):
    return [argument for policy in policies for argument in ("--rate-limit", policy)]


def away_from_a_minutes_end():
    """Windows may begin at full minutes; a test that counts to 60 keeps clear of that moment."""
    until(lambda: time.time() % 60 < 50, 12, "the next minute")


def assert_headers(response, policy, quota, window, remaining=None):
    assert response.headers["RateLimit-Policy"] == f'"{policy}";q={quota};w={window}'
    match = re.fullmatch(rf'"{policy}";r=(\d+);t=(\d+)', response.headers["RateLimit"])
    assert match, response.headers["RateLimit"]
    if remaining is not None:
        assert int(match[1]) == remaining, response.headers["RateLimit"]
    assert int(match[2]) <= 2 * window
    return int(match[1]), int(match[2])


def create(client, headers=None):
    return client.post("/snippets", {"body": "x"}, headers)


# --- The policies


def test_of_70_creates_in_a_row_60_are_201_and_10_are_429_with_retry_after(fresh_server):
    away_from_a_minutes_end()
    client = Client(fresh_server(rate_limits=True)).signup()
    answers = [create(client, {"Idempotency-Key": unique_name()}) for _ in range(70)]
    assert [answer.status for answer in answers] == [201] * 60 + [429] * 10
    for number, answer in enumerate(answers):
        assert_headers(answer, "write", 60, 60, max(0, 59 - number))
    for answer in answers[60:]:
        expect.problem(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["Retry-After"]) <= 120
    assert len(expect.all_items(client, "/snippets?limit=100")) == 60


def test_creating_without_an_account_is_limited_to_20_a_minute_per_address(limited):
    away_from_a_minutes_end()
    server = limited()
    answers = [create(Client(server)) for _ in range(25)]
    assert [answer.status for answer in answers] == [201] * 20 + [429] * 5
    for number, answer in enumerate(answers):
        assert_headers(answer, "anonymous", 20, 60, max(0, 19 - number))
    expect.problem(answers[-1], 429, "rate_limited")
    create_by_account = create(Client(server).signup())
    assert create_by_account.status == 201
    assert_headers(create_by_account, "write", 60, 60, 59)


def test_signup_is_limited_to_10_a_minute_per_address(limited):
    away_from_a_minutes_end()
    client = Client(limited())
    answers = [client.post("/auth/signup", {"username": "x", "password": PASSWORD}) for _ in range(12)]
    assert [answer.status for answer in answers] == [422] * 10 + [429] * 2
    assert_headers(answers[0], "signup", 10, 60, 9)
    expect.problem(answers[-1], 429, "rate_limited")


def test_login_is_limited_to_10_a_minute_per_address(limited):
    away_from_a_minutes_end()
    client = Client(limited())
    answers = [client.post("/auth/login", {"username": unique_name(), "password": PASSWORD}) for _ in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert_headers(answers[0], "login", 10, 60, 9)
    expect.problem(answers[-1], 429, "rate_limited")


def test_login_is_limited_per_account_name_too(limited):
    away_from_a_minutes_end()
    server = limited("--trusted-proxies", "127.0.0.0/8")
    name = Client(server).signup().username

    def login(number, password):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        return Client(server).post("/auth/login", {"username": name, "password": password}, headers).status

    assert [login(number, "wrong horse") for number in range(10)] == [401] * 10
    assert login(10, PASSWORD) == 429, "an eleventh guess from an eleventh address got through"
    other = Client(server).post(
        "/auth/login", {"username": unique_name(), "password": PASSWORD}, {"X-Forwarded-For": "192.0.2.11"}
    )
    assert other.status == 401


def test_create_edit_delete_and_fork_are_charged_to_write(fresh_server):
    server = fresh_server(rate_limits=True, flags=limit("write=8/1h"))
    client = Client(server).signup()
    snippet = create(client).json()
    steps = [
        lambda: client.patch(f"/snippets/{snippet['id']}", {"body": "y"}),
        lambda: client.post(f"/snippets/{snippet['id']}/fork"),
        lambda: client.delete(f"/snippets/{snippet['id']}"),
        lambda: client.patch(f"/snippets/{snippet['id']}", {"body": "y"}),
        lambda: client.post("/snippets", {"body": ""}),
    ]
    for number, step in enumerate(steps):
        assert_headers(step(), "write", 8, 3600, 6 - number)
    for _ in range(2):
        create(client)
    for step in (*steps, lambda: create(client)):
        expect.problem(step(), 429, "rate_limited")


def test_editing_by_edit_token_is_charged_to_anonymous(limited):
    client = Client(limited(*limit("anonymous=3/1h")))
    snippet = create(client).json()
    token = {"X-Edit-Token": snippet["edit_token"]}
    assert_headers(client.patch(f"/snippets/{snippet['id']}", {"body": "y"}, token), "anonymous", 3, 3600, 1)
    assert_headers(client.delete(f"/snippets/{snippet['id']}", token), "anonymous", 3, 3600, 0)
    expect.problem(create(client), 429, "rate_limited")


def test_a_replay_costs_a_token(limited):
    client = Client(limited(*limit("write=3/1h"))).signup()
    answers = [create(client, {"Idempotency-Key": "the-same"}) for _ in range(4)]
    assert [answer.status for answer in answers] == [201, 201, 201, 429]


def test_reading_is_not_limited(limited):
    server = limited(*limit("write=1/1h", "anonymous=1/1h"))
    client = Client(server).signup()
    snippet = create(client).json()
    for path in (
        f"/s/{snippet['id']}",
        f"/s/{snippet['id']}/raw",
        f"/snippets/{snippet['id']}",
        "/snippets",
        "/explore",
        "/auth/me",
    ):
        for _ in range(5):
            response = client.get(path)
            assert response.status == 200
            assert "RateLimit" not in response.headers and "Retry-After" not in response.headers


# --- Whom a policy counts


def test_each_account_has_its_own_limit(limited):
    server = limited(*limit("write=2/1h", "signup=off"))
    one, two = Client(server).signup(), Client(server).signup()
    assert [create(one).status for _ in range(3)] == [201, 201, 429]
    assert [create(two).status for _ in range(3)] == [201, 201, 429]


def test_all_sessions_and_tokens_of_an_account_share_its_limit(limited):
    server = limited(*limit("write=3/1h"))
    one = Client(server).signup()
    two = Client(server).login(one.username)
    three = Client(server)
    three.headers = {"Authorization": "Bearer " + one.post("/auth/tokens", {"name": "ci"}).json()["token"]}
    assert [create(client).status for client in (one, two, three, one, two, three)] == [201, 201, 201, 429, 429, 429]


def test_x_forwarded_for_is_believed_from_trusted_proxies_only(limited):
    server = limited(*limit("anonymous=2/1h"))
    answers = [create(Client(server), {"X-Forwarded-For": f"192.0.2.{number}"}).status for number in range(4)]
    assert answers == [201, 201, 429, 429], "without --trusted-proxies the field was believed"
    server = limited(*limit("anonymous=2/1h"), "--trusted-proxies", "10.0.0.0/8,127.0.0.0/8")
    for number in range(3):
        answers = [create(Client(server), {"X-Forwarded-For": f"192.0.2.{number}"}).status for _ in range(3)]
        assert answers == [201, 201, 429]


def test_the_client_is_the_last_address_that_is_not_a_trusted_proxy(limited):
    server = limited(*limit("anonymous=2/1h"), "--trusted-proxies", "10.0.0.0/8,127.0.0.1/32")
    spoofed = [
        create(Client(server), {"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.7, 10.1.2.3"}).status
        for number in range(3)
    ]
    assert spoofed == [201, 201, 429], "what the client itself put in front was believed"
    two_fields = create(Client(server), {"X-Forwarded-For": "198.51.100.7"})
    assert two_fields.status == 429
    assert create(Client(server), {"X-Forwarded-For": "198.51.100.8, 10.1.2.3"}).status == 201


@pytest.mark.parametrize("field", ["nonsense", "", "192.0.2.1:1234:5", ",,,", "unknown", "192.0.2.1, nonsense"])
def test_a_malformed_x_forwarded_for_opens_no_new_limit(limited, field):
    server = limited(*limit("anonymous=2/1h"), "--trusted-proxies", "127.0.0.1/32")
    statuses = [create(Client(server), {"X-Forwarded-For": field}).status for _ in range(3)]
    assert statuses == [201, 201, 429]


def test_ipv6_addresses_count_by_their_64_bit_prefix(limited):
    server = limited(*limit("anonymous=2/1h"), "--trusted-proxies", "127.0.0.1/32")
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:0db8:0001:0002:1:2:3:4", "2001:db8:1:3::1"]
    assert [create(Client(server), {"X-Forwarded-For": address}).status for address in addresses] == [
        201,
        201,
        429,
        201,
    ]


def test_the_limit_holds_for_the_whole_process_with_4_threads(fresh_server):
    away_from_a_minutes_end()
    server = fresh_server(rate_limits=True, flags=["--threads", "4"])
    client = Client(server).signup()
    headers = {"Cookie": f"session={client.session}"}
    answers = burst(server, [request_bytes("POST", "/snippets", json={"body": "x"}, headers=headers)] * 150)
    statuses = [answer.status for answer in answers]
    assert (statuses.count(201), statuses.count(429)) == (60, 90)
    remaining = sorted(int(re.search(r"r=(\d+)", answer.headers["RateLimit"])[1]) for answer in answers)
    assert remaining == [0] * 90 + list(range(60))


# --- Settings


def test_a_policy_can_be_set_and_the_others_keep_their_defaults(limited):
    server = limited(*limit("write=7/90s"))
    client = Client(server)
    assert_headers(client.post("/auth/signup", {"username": "x", "password": PASSWORD}), "signup", 10, 60)
    assert_headers(create(client), "anonymous", 20, 60)
    assert_headers(create(client.signup()), "write", 7, 90)


def test_a_policy_that_is_off_limits_nothing_and_has_no_headers(limited):
    client = Client(limited(*limit("write=off"))).signup()
    for _ in range(70):
        response = create(client)
        assert response.status == 201
        assert "RateLimit" not in response.headers and "RateLimit-Policy" not in response.headers


# --- Time


def first_admitted(client):
    """Asks until a request is let through. Returns (the least and the most it can have taken, Retry-After)."""
    asked = time.monotonic()
    refusal = create(client)
    refused = time.monotonic()
    assert refusal.status == 429, refusal
    promised = int(refusal.headers["Retry-After"])
    while True:
        sent = time.monotonic()
        response = create(client)
        if response.status == 201:
            return sent - refused, time.monotonic() - asked, promised
        assert response.status == 429
        # A refused request is not charged, so asking again and again does not put the moment off.
        assert int(response.headers["Retry-After"]) <= promised
        assert sent - refused < promised + 3, "Retry-After was not true, or refused requests are charged"
        time.sleep(0.01)


@pytest.mark.parametrize("algorithm", ["sliding-window", "fixed-window"])
def test_retry_after_is_true(limited, algorithm, slow_factor):
    """Waiting that long admits a lone client, one second less does not."""
    server = limited(*limit("write=3/2s"), "--rate-limit-algorithm", algorithm)
    client = Client(server).signup()
    until(lambda: time.time() % 2 < 0.3, 5, "the start of a window", interval=0.005)
    assert [create(client).status for _ in range(3)] == [201, 201, 201]
    earliest, latest, promised = first_admitted(client)
    assert earliest <= promised + 0.1 * slow_factor, f"Retry-After was {promised}, it took {earliest:.2f} s"
    assert latest > promised - 1, f"Retry-After was {promised}, {latest:.2f} s were enough"


def admitted_in_a_row(client):
    count = 0
    while create(client).status == 201:
        count += 1
    return count


def test_the_fixed_window_gives_back_the_whole_limit_at_once(limited):
    client = Client(limited(*limit("write=8/2s"), "--rate-limit-algorithm", "fixed-window")).signup()
    assert admitted_in_a_row(client) in range(8, 17)
    first_admitted(client)
    assert admitted_in_a_row(client) == 7


def test_the_sliding_window_is_the_default_and_gives_the_limit_back_bit_by_bit(limited):
    client = Client(limited(*limit("write=8/2s"))).signup()
    until(lambda: time.time() % 2 < 0.3, 4, "the start of a window", interval=0.005)
    refused = time.monotonic()
    assert admitted_in_a_row(client) == 8
    while True:
        sent = time.monotonic()
        if create(client).status == 201:
            break
        refused = sent
        time.sleep(0.01)
    count = 1 + admitted_in_a_row(client)
    # One request becomes free every quarter of a second, and none was when the last one was refused.
    assert count <= 1 + (time.monotonic() - refused) / 0.25


# --- Metrics


def test_decisions_are_counted_by_policy(limited):
    server = limited(*limit("write=3/1h", "signup=off"))
    client = Client(server).signup()
    for _ in range(5):
        create(client)
    create(Client(server))
    name = "snippetd_ratelimit_decisions_total"
    assert server.metric(name, policy="write", decision="allowed") == 3
    assert server.metric(name, policy="write", decision="limited") == 2
    assert server.metric(name, policy="anonymous", decision="allowed") == 1
    assert server.metric(name, decision="failed_open") == 0
