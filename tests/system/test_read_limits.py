"""Reads cost too: what a crawler notices, and no person does. A client is the address that it comes from."""

import subprocess

import pytest

from harness import expect
from harness.client import Client
from harness.server import Server

PAGE = {"Accept": "text/html"}
MIB = 1024 * 1024


@pytest.fixture
def limited(fresh_server):
    """A function that starts a server with these policies."""

    def start(*policies, flags=()):
        given = [argument for policy in policies for argument in ("--rate-limit", policy)]
        return fresh_server(flags=[*flags, *given])

    return start


def make(server, count=1, **fields):
    """The ids of so many public snippets."""
    with Client(server, source="127.0.0.9") as client:
        return [client.create(visibility="public", **fields)["id"] for _ in range(count)]


def statuses(client, paths, **headers):
    return [client.get(path, headers=headers).status for path in paths]


def expect_refused(answer, policy, quota, window):
    expect.problem(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2 * window
    assert answer.headers["RateLimit-Policy"] == f'"{policy}";q={quota};w={window}'
    assert answer.headers["RateLimit"].startswith(f'"{policy}";r=0;t=')


def test_near_hits_are_free_and_what_is_not_near_costs(limited):
    server = limited("read=3/60s")
    first, *others = make(server, 5)
    with Client(server) as client, Client(server, source="127.0.0.2") as other:
        assert statuses(client, [f"/s/{first}"] * 20) == [200] * 20, "one was read, the others were near"
        assert statuses(client, [f"/s/{id}" for id in others]) == [200, 200, 429, 429]
        expect_refused(client.get(f"/s/{others[-1]}"), "read", 3, 60)
        assert statuses(client, [f"/s/{first}/raw", f"/s/{others[0]}"]) == [200, 200], "these are near now"
        assert client.get("/s/aaaaaaaaaaaa").status == 429, "what is not there costs a look"
        assert client.get(f"/s/{first}?utm_source=mail").status == 200, "whatever is hung on to the link"
        assert client.get(f"/s/{first}/raw?download=1").status == 200
        assert other.get(f"/s/{others[-1]}").status == 200
        assert statuses(client, ["/healthz", "/readyz", "/metrics", "/robots.txt", "/openapi.json"]) == [200] * 5


@pytest.mark.parametrize(
    "policy, free, paid",
    [
        ("list", "/explore?q=x", "/explore"),
        ("list", "/explore?tag=x", "/explore?limit=5"),
        ("search", "/explore", "/explore?q=x"),
        ("search", "/explore?limit=5", "/explore?language=python"),
        ("search", "/explore?q=", "/explore?tag=x"),
        ("list", "/s/{id}", "/users/{name}/feed.atom"),
        ("list", "/s/{id}", "/api/v3/users/{name}/gists"),
        ("read", "/explore", "/documents/{id}"),
        ("read", "/explore", "/snippets/{id}/revisions"),
        ("render", "/snippets/{id}/revisions", "/s/{id}/revisions"),
        ("render", "/snippets/{id}/revisions", "/s/{id}/qr.svg"),
        ("render", "/explore", "/"),
    ],
)
def test_each_kind_of_work_has_its_policy(limited, policy, free, paid):
    server = limited(f"{policy}=2/60s")
    with Client(server, source="127.0.0.9") as author, Client(server) as client:
        author.signup("ada")
        id = author.create(visibility="public")["id"]
        free, paid = (path.format(id=id, name="ada") for path in (free, paid))
        page = PAGE if policy == "render" else {}
        paid_statuses = [client.get(paid, headers=page).status for _ in range(3)]
        assert paid_statuses[2] == 429 and 429 not in paid_statuses[:2], paid_statuses
        assert 429 not in statuses(client, [free] * 5)


def test_an_export_has_its_policy(limited):
    server = limited("export=2/60s")
    with Client(server).signup() as client, Client(server) as nobody:
        assert statuses(nobody, ["/auth/export"] * 5) == [401] * 5, "which costs others at this address nothing"
        assert statuses(client, ["/auth/export"] * 3) == [200, 200, 429]
        expect_refused(client.get("/me/export.zip"), "export", 2, 60)


def test_bytes_are_paid_by_who_comes_next(limited):
    server = limited("egress=2/60s", flags=["--cache-near-size", "0"])
    (large,) = make(server, body="x" * MIB)
    with Client(server) as client, Client(server, source="127.0.0.2") as other:
        assert statuses(client, [f"/s/{large}/raw"] * 4) == [200, 200, 429, 429]
        answer = client.get("/explore")
        expect.problem(answer, 429, "rate_limited")
        assert "2MiB in 60 s" in answer.json()["detail"]
        assert answer.headers["RateLimit-Policy"] == f'"egress";q={2 * MIB};qu="content-bytes";w=60'
        assert other.get(f"/s/{large}/raw").status == 200
        assert client.head("/healthz").status == 200


def test_a_policy_in_shadow_counts_and_refuses_nobody(limited):
    server = limited("search=1/60s,shadow", "write=1/60s,shadow")
    with Client(server).signup() as client:
        assert statuses(client, ["/explore?q=x"] * 3) == [200] * 3
        for _ in range(3):
            answer = client.post("/snippets", {"body": "x"})
            assert answer.status == 201 and "RateLimit" not in answer.headers
    for policy, count in (("search", 2), ("write", 2)):
        assert server.metric("snippetd_ratelimit_decisions_total", policy=policy, decision="shadowed") == count
        assert server.metric("snippetd_ratelimit_decisions_total", policy=policy, decision="limited") == 0


def test_a_refused_reader_gets_a_page(limited):
    server = limited("render=1/60s")
    ids = make(server, 2)
    with Client(server) as client:
        assert statuses(client, [f"/s/{ids[0]}"], **PAGE) == [200]
        answer = client.get(f"/s/{ids[1]}", headers=PAGE)
        assert answer.status == 429 and answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["Retry-After"]


def test_behind_a_trusted_proxy_each_client_has_its_own(limited):
    server = limited("search=1/60s", flags=["--trusted-proxies", "127.0.0.1"])
    with Client(server) as proxy:
        for client in ("203.0.113.1", "203.0.113.2", "2001:db8::1"):
            assert statuses(proxy, ["/explore?q=x"] * 2, **{"X-Forwarded-For": client}) == [200, 429]
        assert statuses(proxy, ["/explore?q=x"], **{"X-Forwarded-For": "2001:db8::2"}) == [429], "the same subscriber"


def test_the_defaults_do_not_count_this_machine(limited):
    """A proxy that nobody has told of would be all its clients in one."""
    server = limited(flags=["--trusted-proxies", "127.0.0.1"])
    with Client(server) as client:
        assert statuses(client, ["/explore?q=x"] * 130) == [200] * 130
        remote = {"X-Forwarded-For": "203.0.113.1"}
        outcome = statuses(client, ["/explore?q=x"] * 130, **remote)
        assert outcome == [200] * 120 + [429] * 10, "which is a limit for others"


def test_reads_that_are_admitted_say_nothing_of_limits(limited):
    server = limited("read=100/60s", "list=100/60s")
    (id,) = make(server)
    with Client(server) as client:
        for path in (f"/s/{id}", f"/s/{id}/raw", "/explore", f"/snippets/{id}/revisions"):
            answer = client.get(path)
            assert answer.status == 200
            assert not {"ratelimit", "ratelimit-policy"} & {name.lower() for name, _ in answer.headers}


def test_writes_of_many_accounts_are_one_address_s(fresh_server):
    flags = ["--rate-limit", "write=2/60s", "--rate-limit", "signup=off", "--rate-limit", "login=off"]
    server = fresh_server(flags=flags, rate_limits=True)

    def writes(client, count):
        return [client.post("/snippets", {"body": "x"}).status for _ in range(count)]

    accounts = [Client(server).signup() for _ in range(6)]
    assert [writes(client, 2) for client in accounts[:5]] == [[201, 201]] * 5
    assert writes(accounts[0], 1) == [429]
    answer = accounts[5].post("/snippets", {"body": "x"})
    expect_refused(answer, "address", 10, 60)
    with Client(server, source="127.0.0.2") as elsewhere:
        elsewhere.login(accounts[4].username)
        assert writes(elsewhere, 1) == [429], "elsewhere it is the same account"
        elsewhere.login(accounts[5].username)
        assert writes(elsewhere, 1) == [201]
    for client in accounts:
        client.close()


def test_instances_enforce_one_limit(binary, new_database, mode, redis):
    if mode == "sqlite":
        pytest.skip("one instance has no other")
    database = new_database()
    flags = ["--redis", redis.url(), "--rate-limit", "search=10/1h", "--rate-limit", "list=640/1h"]
    with Server(binary, database, flags=flags) as one, Server(binary, database, flags=flags) as other:
        with Client(one) as here, Client(other) as there:
            outcome = [client.get("/explore?q=x").status for _ in range(8) for client in (here, there)]
            assert outcome == [200] * 10 + [429] * 6
            outcome = [client.get("/explore").status for _ in range(400) for client in (here, there)]
            admitted = outcome.count(200)
            assert 600 <= admitted <= 640 and set(outcome) == {200, 429}, "but for what one of them has left of a lease"


def test_some_addresses_have_a_rate_of_their_own(limited):
    server = limited("search=1/60s", flags=["--rate-limit-for", "127.0.1.0/24:search=3/60s,127.0.1.7:search=off"])
    for source, admitted in (("127.0.0.2", 1), ("127.0.1.2", 3), ("127.0.1.3", 3), ("127.0.1.7", 8)):
        with Client(server, source=source) as client:
            assert statuses(client, ["/explore?q=x"] * 8).count(200) == admitted, source
    with Client(server, source="127.0.1.2") as client:
        expect_refused(client.get("/explore?q=x"), "search", 3, 60)


def test_an_account_has_a_rate_of_its_own_wherever_it_comes_from(limited):
    flags = ["--rate-limit-for", "account:ada:search=3/60s", "--rate-limit-for", "account:ada:write=2/60s"]
    server = limited("search=1/60s", flags=flags)
    with Client(server).signup("ada") as here, Client(server, source="127.0.0.2") as there:
        there.login("ada")
        outcome = [client.get("/explore?q=x").status for _ in range(3) for client in (here, there)]
        assert outcome == [200] * 3 + [429] * 3
        outcome = [client.post("/snippets", {"body": "x"}) for client in (here, there, here)]
        assert [answer.status for answer in outcome] == [201, 201, 429]
        assert outcome[0].headers["RateLimit"].startswith('"write";r=1;')
    with Client(server, source="127.0.0.2").signup("ben") as other:
        assert statuses(other, ["/explore?q=x"] * 3) == [200, 429, 429]


def test_a_token_has_a_rate_of_its_own_apart_from_its_account(limited, binary, tmp_path):
    data = ["--data-dir", str(tmp_path)]
    with Server(binary, None, flags=data) as server, Client(server).signup("ada") as client:
        tokens = [client.post("/auth/tokens", {"name": name}).json() for name in ("bot", "plain")]
    flags = [*data, "--rate-limit", "write=1/60s", "--rate-limit-for", f"token:{tokens[0]['id']}:write=3/60s"]
    with Server(binary, None, flags=flags) as server, Client(server) as client:

        def writes(token, count):
            headers = {"Authorization": "Bearer " + token["token"]}
            return [client.post("/snippets", {"body": "x"}, headers=headers).status for _ in range(count)]

        assert writes(tokens[0], 4) == [201] * 3 + [429]
        assert writes(tokens[1], 2) == [201, 429]


def test_a_rate_of_its_own_holds_for_links_too(limited):
    flags = ["--cache-near-size", "0", "--rate-limit-for", "account:ada:read=4/60s"]
    server = limited("read=2/60s", flags=flags)
    ids = make(server, 1)
    with Client(server).signup("ada") as ada, Client(server, source="127.0.0.2") as nobody:
        assert statuses(ada, [f"/s/{ids[0]}"] * 5) == [200] * 4 + [429]
        assert statuses(nobody, [f"/s/{ids[0]}"] * 3) == [200] * 2 + [429]


def test_many_are_deleted_at_the_rate_of_who_does_it(limited):
    flags = ["--rate-limit-for", "account:ada:write=6/60s"]
    server = limited("write=3/60s", flags=flags)
    with Client(server).signup("ada") as ada:
        ids = [ada.create()["id"] for _ in range(3)]
        form = "&".join(f"id={id}" for id in ids) + "&sure=1"
        headers = {"Content-Type": "application/x-www-form-urlencoded", **PAGE}
        assert ada.post("/me/delete", body=form, headers=headers).status == 303
        assert ada.post("/snippets", {"body": "x"}).status == 429


@pytest.mark.parametrize(
    "wrong",
    ["account:a b:read=1/60s", "ada:read=1/60s", "10.0.0.0/8:read=1", "account:ada:views=1/60s", "read=1/60s"],
)
def test_what_is_no_rate_for_some_is_refused(binary, wrong):
    run = subprocess.run([binary, "config", "--rate-limit-for", wrong], capture_output=True, text=True)
    assert run.returncode == 2 and "rate-limit-for" in run.stderr, run.stderr


@pytest.mark.parametrize("wrong", ["shadow", "search=off,shadow", "egress=0/60s", "views=1/60s"])
def test_what_is_no_policy_is_refused(binary, wrong):
    run = subprocess.run([binary, "config", "--rate-limit", wrong], capture_output=True, text=True)
    assert run.returncode == 2 and "rate-limit" in run.stderr, run.stderr


def test_the_configuration_that_is_shown_can_be_read_again(binary, tmp_path):
    def config(*flags):
        return subprocess.run([binary, "config", *flags], capture_output=True, text=True, check=True).stdout

    others = ["--rate-limit-for", "10.0.0.0/8:read=7/60s,shadow,account:ada:write=off"]
    shown = config("--rate-limit", "read=5/60s,shadow", "--rate-limit", "egress=1/1h", *others)
    assert "read=5/60s,shadow" in shown and "egress=1/1h" in shown
    file = tmp_path / "snippetd.toml"
    file.write_text(shown)
    again = config("--config", str(file))
    assert [line.split("#")[0] for line in again.splitlines()] == [line.split("#")[0] for line in shown.splitlines()]
