"""The contract's change of password: what it asks for, what it ends, and what it leaves alone."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import PASSWORD, Client
from harness.waiting import until

NEW = "battery staple"


def change(client, current=PASSWORD, new=NEW):
    return client.post("/auth/password", {"current": current, "new": new})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def login(server, name, password):
    return Client(server).post("/auth/login", {"username": name, "password": password})


def away_from_a_minutes_end():
    """Windows may begin at full minutes; a test that counts to 10 keeps clear of that moment."""
    until(lambda: time.time() % 60 < 45, 17, "the next minute")


def test_a_change_is_204_and_the_new_password_opens_the_account(server):
    client = Client(server).signup()
    response = change(client)
    assert (response.status, response.body) == (204, b"")
    expect.problem(login(server, client.username, PASSWORD), 401, "unauthenticated")
    assert login(server, client.username, NEW).status == 200


def test_this_session_goes_on_and_all_others_end_on_every_connection(server):
    client = Client(server).signup()
    others = [Client(server).login(client.username) for _ in range(3)]
    copies = [other.clone() for other in others for _ in range(4)]
    for copy in copies + [client]:
        assert copy.get("/auth/me").status == 200
    assert change(client).status == 204
    for copy in copies:
        expect.problem(copy.get("/auth/me"), 401, "unauthenticated")
        expect.problem(copy.post("/snippets", {"body": "x"}), 401, "unauthenticated")
    for copy in [client.clone() for _ in range(4)]:
        assert copy.get("/auth/me").json()["username"] == client.username


def test_sessions_of_others_and_tokens_stay(server, bob):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    assert change(client).status == 204
    assert bob.get("/auth/me").status == 200
    assert Client(server).get("/auth/me", bearer(token)).status == 200


def test_with_a_token_it_ends_all_sessions(server):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    by_token = Client(server)
    by_token.headers = bearer(token)
    assert change(by_token).status == 204
    expect.problem(client.get("/auth/me"), 401, "unauthenticated")
    assert by_token.get("/auth/me").status == 200


@pytest.mark.parametrize("wrong", ["wrong horse", "", "x", "x" * 5000, NEW, PASSWORD.upper()])
def test_a_wrong_current_password_is_403_and_changes_nothing(server, wrong):
    client = Client(server).signup()
    other = Client(server).login(client.username)
    document = expect.problem(change(client, current=wrong), 403, "forbidden")
    assert "current password" in document["detail"]
    assert client.get("/auth/me").status == other.get("/auth/me").status == 200
    assert login(server, client.username, PASSWORD).status == 200


@pytest.mark.parametrize("password", ["", "1234567", "é" * 7, "x" * 257, "€" * 257, 12345678, None])
def test_a_new_password_that_signup_would_refuse_is_refused(server, password):
    client = Client(server).signup()
    expect.invalid(change(client, new=password), "new")
    assert login(server, client.username, PASSWORD).status == 200


def test_all_that_is_wrong_is_told_at_once(server, ada):
    document = expect.problem(ada.post("/auth/password", {"password": PASSWORD}), 422, "invalid")
    assert set(document["fields"]) == {"current", "new", "password"}
    expect.problem(ada.post("/auth/password", body="[]"), 400, "bad_request")
    expect.problem(ada.post("/auth/password", body="{"), 400, "bad_request")


def test_the_same_password_again_is_a_change_too(server):
    client = Client(server).signup()
    other = Client(server).login(client.username)
    assert change(client, new=PASSWORD).status == 204
    expect.problem(other.get("/auth/me"), 401, "unauthenticated")
    assert login(server, client.username, PASSWORD).status == 200


def test_it_needs_an_account(anonymous):
    expect.problem(change(anonymous), 401, "unauthenticated")


@pytest.mark.parametrize("elsewhere", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_cannot_have_it_changed(server, elsewhere):
    client = Client(server).signup()
    response = client.post("/auth/password", {"current": PASSWORD, "new": NEW}, elsewhere)
    expect.problem(response, 403, "forbidden")
    assert login(server, client.username, PASSWORD).status == 200


def test_it_is_charged_per_account_name_as_login_is(fresh_server):
    server = fresh_server(flags=["--trusted-proxies", "127.0.0.1"], rate_limits=True)
    away_from_a_minutes_end()
    addresses = (f"10.0.{number}.1" for number in range(100))
    client = Client(server).signup()
    statuses = []
    for _ in range(12):
        client.headers = {"X-Forwarded-For": next(addresses)}
        statuses.append(change(client, current="wrong horse").status)
    assert statuses == [403] * 10 + [429] * 2, "from as many addresses"
    other = Client(server)
    other.headers = {"X-Forwarded-For": next(addresses)}
    response = other.post("/auth/login", {"username": client.username, "password": PASSWORD})
    expect.problem(response, 429, "rate_limited")
    # The other account is not.
    other.signup()
    assert change(other).status == 204


def test_it_is_charged_per_address_as_login_is(fresh_server):
    server = fresh_server(flags=["--rate-limit", "signup=off"], rate_limits=True)
    clients = [Client(server).signup() for _ in range(12)]
    away_from_a_minutes_end()
    assert [change(client).status for client in clients] == [204] * 10 + [429] * 2


def test_of_two_changes_at_the_same_time_one_counts(server):
    client = Client(server).signup()
    new = [f"new password {number}" for number in range(6)]
    cookie = {"Cookie": f"session={client.session}"}
    answers = burst(server, [
        request_bytes("POST", "/auth/password", json={"current": PASSWORD, "new": one}, headers=cookie) for one in new
    ])  # fmt: skip
    statuses = [answer.status for answer in answers]
    assert sorted(statuses) == [204] + [403] * 5
    opens = [login(server, client.username, one).status for one in new]
    assert [status == 204 for status in statuses] == [status == 200 for status in opens]


def test_a_login_with_the_old_password_at_the_same_time_does_not_outlive_the_change(server, slow_factor):
    for _ in range(3):
        client = Client(server).signup()
        document = {"username": client.username, "password": PASSWORD}
        with ThreadPoolExecutor(8) as pool:
            logins = [pool.submit(burst, server, [request_bytes("POST", "/auth/login", json=document)] * 2)
                      for _ in range(6)]  # fmt: skip
            time.sleep(0.05 * slow_factor)
            assert change(client).status == 204
            answers = [answer for future in logins for answer in future.result()]
        assert {answer.status for answer in answers} <= {200, 401}
        for answer in answers:
            if answer.status == 200:
                session = answer.headers["Set-Cookie"].split(";")[0]
                response = Client(server).get("/auth/me", {"Cookie": session})
                expect.problem(response, 401, "unauthenticated")


def test_no_password_is_logged(fresh_server):
    server = fresh_server(log_level="debug")
    client = Client(server).signup(password="the old secret horse")
    assert change(client, "the old secret horse", "the new secret horse").status == 204
    expect.problem(change(client, "a guessed secret horse", "another secret horse"), 403, "forbidden")
    Client(server).get("/healthz", {"X-Request-Id": "the-last-request"})
    server.wait_for_log("the-last-request")
    assert "secret horse" not in server.log
