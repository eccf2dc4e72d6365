"""Several instances on one Redis and one store behave as one service: the rate limits."""

import itertools
import random
import re
import time
from collections import Counter

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.waiting import until

def away_from_a_minutes_end(needed):
    until(lambda: time.time() % 60 < 60 - needed, needed + 2, "the next minute")


def assert_every_counter_expires(redis):
    keys = redis.keys("ratelimit:*")
    assert keys
    for key in keys:
        assert redis.call("PTTL", key) > 0, f"{key} stays for ever"


def test_of_70_creates_spread_over_the_instances_60_are_201_and_10_are_429(instances, everywhere, redis):
    servers = instances()
    away_from_a_minutes_end(15)
    clients = everywhere(Client(servers[0]).signup(), servers)
    answers = [
        client.post("/snippets", {"body": "x"}) for _, client in zip(range(70), itertools.cycle(clients))
    ]
    assert [answer.status for answer in answers] == [201] * 60 + [429] * 10
    for number, answer in enumerate(answers[:60]):
        assert re.search(r"r=(\d+)", answer.headers["RateLimit"])[1] == str(59 - number)
    assert_every_counter_expires(redis)
    account = clients[0].get("/auth/me").json()["id"]
    assert [key for key in redis.keys("ratelimit:*") if key.startswith(f"ratelimit:{{{account}}}:")]


@pytest.mark.as_released
def test_of_concurrent_creates_by_20_accounts_exactly_60_each_are_admitted(instances, redis, slow_factor):
    servers = instances("--rate-limit", "signup=off")
    accounts = [Client(servers[0]).signup() for _ in range(20)]
    requests = [
        request_bytes("POST", "/snippets", json={"body": "x"}, headers={"Cookie": f"session={account.session}"})
        for account in accounts
        for _ in range(250)
    ]
    owners = [number for number in range(20) for _ in range(250)]
    order = list(range(len(requests)))
    random.Random(7).shuffle(order)
    away_from_a_minutes_end(30 * slow_factor if slow_factor < 2 else 50)
    answers = burst(servers, [requests[at] for at in order])
    admitted = Counter(owners[at] for at, answer in zip(order, answers) if answer.status == 201)
    limited = Counter(owners[at] for at, answer in zip(order, answers) if answer.status == 429)
    uncounted = [server.metric("snippetd_ratelimit_decisions_total", decision="failed_open") for server in servers]
    told = [line for server in servers for line in server.log_lines if " request " not in line]
    assert uncounted == [0] * len(servers), "\n".join(told)
    name = "snippetd_ratelimit_decisions_total"
    assert sum(server.metric(name, policy="write", decision="allowed") for server in servers) == 20 * 60
    assert admitted == {number: 60 for number in range(20)}
    # On a busy machine not all can be decided within a second: these are refused too, and told so.
    undecided = [(owners[at], answer) for at, answer in zip(order, answers) if answer and answer.status == 503]
    for _, answer in undecided:
        expect.problem(answer, 503, "unavailable")
    assert limited + Counter(owner for owner, _ in undecided) == {number: 190 for number in range(20)}
    assert sum(server.metric(name, policy="write", decision="failed_closed") for server in servers) == len(undecided)
    assert_every_counter_expires(redis)


@pytest.mark.as_released
@pytest.mark.parametrize("algorithm", ["sliding-window", "fixed-window"])
def test_retry_after_is_true_on_every_instance(instances, everywhere, algorithm, slow_factor):
    servers = instances("--rate-limit", "write=3/3s", "--rate-limit-algorithm", algorithm)
    clients = everywhere(Client(servers[0]).signup(), servers)
    until(lambda: time.time() % 3 < 0.3, 5, "the start of a window", interval=0.005)
    assert [client.post("/snippets", {"body": "x"}).status for client in clients] == [201] * 3
    asked = time.monotonic()
    refusals = [client.post("/snippets", {"body": "x"}) for client in clients]
    refused = time.monotonic()
    assert [answer.status for answer in refusals] == [429] * 3
    promised = {int(answer.headers["Retry-After"]) for answer in refusals}
    assert max(promised) - min(promised) <= 1, "they disagree by more than the time between two of them"
    while clients[1].post("/snippets", {"body": "x"}).status != 201:
        assert time.monotonic() - refused < max(promised) + 3
        time.sleep(0.01)
    admitted = time.monotonic()
    assert admitted - refused <= max(promised) + 0.1 * slow_factor
    assert admitted - asked > min(promised) - 1


def test_a_client_over_its_limit_that_goes_on_hammering_costs_no_redis_commands(instances, everywhere, redis):
    servers = instances("--rate-limit", "write=3/1h")
    clients = everywhere(Client(servers[0]).signup(), servers)
    for _ in range(5):
        for client in clients:
            client.post("/snippets", {"body": "x"})
    before = redis.commands()
    for _ in range(100):
        for client in clients:
            answer = client.post("/snippets", {"body": "x"})
            expect.problem(answer, 429, "rate_limited")
            assert 1 <= int(answer.headers["Retry-After"]) <= 7200
    after = redis.commands()
    assert after.get("evalsha", 0) == before["evalsha"]


def test_an_admitted_create_costs_one_redis_command(instances, redis):
    server = instances()[0]
    client = Client(server).signup()
    client.post("/snippets", {"body": "x"})
    before = server.metric("snippetd_redis_commands_total", command="evalsha")
    for _ in range(20):
        assert client.post("/snippets", {"body": "x"}).status == 201
    assert server.metric("snippetd_redis_commands_total", command="evalsha") == before + 20


def test_hot_reads_cost_no_redis_commands(instances, redis):
    server = instances("--views", "off")[0]
    client = Client(server).signup()
    id = client.create(visibility="public")["id"]
    client.get(f"/s/{id}")
    before = server.metric("snippetd_redis_commands_total", command="evalsha")
    for _ in range(100):
        assert client.get(f"/s/{id}").status == 200
    assert server.metric("snippetd_redis_commands_total", command="evalsha") == before


def test_a_script_that_redis_has_forgotten_is_sent_again(instances, redis):
    server = instances()[0]
    client = Client(server).signup()
    for _ in range(3):
        assert client.post("/snippets", {"body": "x"}).status == 201
        redis.call("SCRIPT", "FLUSH")
    assert client.post("/snippets", {"body": "x"}).headers["RateLimit"].startswith('"write";r=56;')
    assert server.metric("snippetd_ratelimit_decisions_total", decision="failed_open") == 0
