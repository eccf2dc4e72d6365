"""The contract's change of password: what it asks for, what it ends, and what it leaves alone."""

import ctypes
import sqlite3
import subprocess
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import PASSWORD, Client
from harness.postgres import binary_folder
from harness.server import Server
from harness.waiting import until

NEW = "battery staple"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def change(client, current=PASSWORD, new=NEW):
    return client.post("/auth/password", {"current": current, "new": new})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def login(server, name, password):
    return Client(server).post("/auth/login", {"username": name, "password": password})


def away_from_a_minutes_end():
    """Windows may begin at full minutes; a test that counts to 10 keeps clear of that moment."""
    until(lambda: time.time() % 60 < 45, 17, "the next minute")


def test_after_a_change_the_new_password_opens_the_account(server):
    client = Client(server).signup()
    response = change(client)
    assert response.status == 200
    assert response.json() == {"tokens_revoked": 0, "tokens_remaining": 0}
    expect.problem(login(server, client.username, PASSWORD), 401, "unauthenticated")
    assert login(server, client.username, NEW).status == 200


def test_the_sessions_secret_is_new_and_all_others_end_on_every_connection(server):
    client = Client(server).signup()
    copied = client.clone()  # what a thief has
    others = [Client(server).login(client.username) for _ in range(3)]
    copies = [other.clone() for other in others + [copied] for _ in range(4)]
    for copy in copies + [client]:
        assert copy.get("/auth/me").status == 200
    response = change(client)
    assert response.status == 200 and client.session != copied.session
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "Path=/;" in cookie and "Max-Age=2592000" in cookie
    for copy in copies:
        expect.problem(copy.get("/auth/me"), 401, "unauthenticated")
        expect.problem(copy.post("/snippets", {"body": "x"}), 401, "unauthenticated")
    for copy in [client.clone() for _ in range(4)]:
        assert copy.get("/auth/me").json()["username"] == client.username


def test_sessions_of_others_and_tokens_stay(server, bob):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    client.post("/auth/tokens", {"name": "laptop", "expires_in": 3600})
    response = change(client)
    assert response.status == 200 and response.json() == {"tokens_revoked": 0, "tokens_remaining": 2}
    assert bob.get("/auth/me").status == 200
    assert Client(server).get("/auth/me", bearer(token)).status == 200


def test_tokens_end_when_that_is_asked_for(server, bob):
    client = Client(server).signup()
    tokens = [client.post("/auth/tokens", {"name": "ci"}).json()["token"] for _ in range(3)]
    bobs = bob.post("/auth/tokens", {"name": "bob's"}).json()["token"]
    for token in tokens:
        assert Client(server).get("/auth/me", bearer(token)).status == 200
    response = client.post("/auth/password", {"current": PASSWORD, "new": NEW, "revoke_tokens": True})
    assert response.status == 200 and response.json() == {"tokens_revoked": 3, "tokens_remaining": 0}
    for token in tokens:
        expect.problem(Client(server).get("/auth/me", bearer(token)), 401, "unauthenticated")
    assert client.get("/auth/tokens").json()["items"] == []
    assert Client(server).get("/auth/me", bearer(bobs)).status == 200


def test_whether_tokens_end_is_true_or_false(server):
    client = Client(server).signup()
    for wrong in ("true", 1, None):
        body = {"current": PASSWORD, "new": NEW, "revoke_tokens": wrong}
        expect.invalid(client.post("/auth/password", body), "revoke_tokens")
    assert client.post("/auth/password", {"current": PASSWORD, "new": NEW, "revoke_tokens": False}).status == 200


def test_with_a_token_it_ends_all_sessions_and_begins_none(server):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    by_token = Client(server)
    by_token.headers = bearer(token)
    response = change(by_token)
    assert response.status == 200 and response.json()["tokens_remaining"] == 1
    assert response.headers.get_all("Set-Cookie") == []
    expect.problem(client.get("/auth/me"), 401, "unauthenticated")
    assert by_token.get("/auth/me").status == 200


@pytest.mark.parametrize("revokes", [False, True])
def test_the_page_says_how_many_tokens_live_on_and_offers_to_revoke_them(server, revokes):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    old = client.clone()
    form = {"current": PASSWORD, "new": NEW, **({"revoke_tokens": "1"} if revokes else {})}
    page = client.post("/me/password", body=urlencode(form), headers={**FORM, "Accept": "text/html"})
    assert page.status == 200
    assert client.get("/auth/me").status == 200 and client.session != old.session
    assert old.get("/auth/me").status == 401
    assert ("1 token still opens the account" in page.text) == (not revokes)
    assert ('action="/me/tokens/revoke"' in page.text) == (not revokes)
    if not revokes:
        assert Client(server).get("/auth/me", bearer(token)).status == 200
        assert client.post("/me/tokens/revoke", body="", headers=FORM).status == 303
    assert Client(server).get("/auth/me", bearer(token)).status == 401


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
    assert change(client, new=PASSWORD).status == 200
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
    assert change(other).status == 200


def test_it_is_charged_per_address_as_login_is(fresh_server):
    server = fresh_server(flags=["--rate-limit", "signup=off"], rate_limits=True)
    clients = [Client(server).signup() for _ in range(12)]
    away_from_a_minutes_end()
    assert [change(client).status for client in clients] == [200] * 10 + [429] * 2


def test_of_two_changes_at_the_same_time_one_counts(server):
    client = Client(server).signup()
    new = [f"new password {number}" for number in range(6)]
    cookie = {"Cookie": f"session={client.session}"}
    answers = burst(server, [
        request_bytes("POST", "/auth/password", json={"current": PASSWORD, "new": one}, headers=cookie) for one in new
    ])  # fmt: skip
    statuses = [answer.status for answer in answers]
    # One that comes in late finds its session ended.
    assert sorted(statuses)[0] == 200 and set(statuses) <= {200, 401, 403} and statuses.count(200) == 1
    opens = [login(server, client.username, one).status for one in new]
    assert [status == 200 for status in statuses] == [status == 200 for status in opens]


def test_a_login_with_the_old_password_at_the_same_time_does_not_outlive_the_change(server, slow_factor):
    for _ in range(3):
        client = Client(server).signup()
        document = {"username": client.username, "password": PASSWORD}
        with ThreadPoolExecutor(8) as pool:
            logins = [pool.submit(burst, server, [request_bytes("POST", "/auth/login", json=document)] * 2)
                      for _ in range(6)]  # fmt: skip
            time.sleep(0.05 * slow_factor)
            assert change(client).status == 200
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
    assert change(client, "the old secret horse", "the new secret horse").status == 200
    expect.problem(change(client, "a guessed secret horse", "another secret horse"), 403, "forbidden")
    Client(server).get("/healthz", {"X-Request-Id": "the-last-request"})
    server.wait_for_log("the-last-request")
    assert "secret horse" not in server.log


# --- How a password is spelled (RFC 8265).


@pytest.mark.parametrize("first, then", [("NFC", "NFD"), ("NFD", "NFC")])
def test_how_a_keyboard_composes_letters_does_not_matter(server, first, then):
    password = "Grüße für Zoë"
    client = Client(server).signup(password=unicodedata.normalize(first, password))
    Client(server).login(client.username, unicodedata.normalize(then, password))
    as_first, as_then = unicodedata.normalize(first, password + "!"), unicodedata.normalize(then, password + "!")
    assert change(client, unicodedata.normalize(then, password), as_first).status == 200
    Client(server).login(client.username, as_then)
    proof = {"password": as_then}
    assert client.request("DELETE", "/auth/me", json=proof).status == 204


def test_every_space_is_a_space_and_case_and_width_matter(server):
    client = Client(server).signup(password="a\u00a0b\u2003c\u3000d!")
    Client(server).login(client.username, "a b c d!")
    for other in ("A b c d!", "a b c d\uff01", "a  b c d!", "abcd!!!!"):
        assert login(server, client.username, other).status == 401


@pytest.mark.parametrize("password", ["1234567\t", "12345678\x00", "12345678\x1b", "12345678\u009b", "e\u0301" * 7])
def test_control_characters_are_refused_and_characters_are_counted_as_they_are_compared(server, password):
    client = Client(server).signup()
    expect.invalid(change(client, new=password), "new")
    expect.invalid(Client(server).post("/auth/signup", {"username": "x-" + client.username[:20], "password": password}),
                   "password")  # fmt: skip
    assert change(client, new="e\u0301" * 256).status == 200


def argon2id(password):
    """A hash as the service made it of whatever came in, before passwords were prepared."""
    sodium = ctypes.CDLL("libsodium.so.23")
    out, text = ctypes.create_string_buffer(128), password.encode()
    assert sodium.crypto_pwhash_str(out, text, ctypes.c_ulonglong(len(text)), ctypes.c_ulonglong(2),
                                    ctypes.c_size_t(19 * 1024 * 1024)) == 0  # fmt: skip
    return out.value.decode()


def set_hash(database, folder, name, hashed):
    statement = f"update accounts set password_hash = '{hashed}' where username = '{name}'"
    if database is None:
        with sqlite3.connect(folder / "snippets.db") as connection:
            assert connection.execute(statement).rowcount == 1
        connection.close()
    else:
        subprocess.run([f"{binary_folder()}/psql", "-qc", statement, database], check=True)


@pytest.mark.parametrize(
    "old", [unicodedata.normalize("NFD", "Grüße für Zoë"), "non\u00a0breaking", "a\u0308" * 4, "with\x1bcontrol"]
)
def test_a_password_of_before_still_opens_its_account_and_then_in_any_spelling(binary, new_database, tmp_path, old):
    database = new_database()
    with Server(binary, database, data_dir=tmp_path) as server:
        name = Client(server).signup().username
    set_hash(database, tmp_path, name, argon2id(old))
    prepared = unicodedata.normalize("NFC", old.replace("\u00a0", " "))
    has_other_spellings = prepared != old and len(prepared) >= 8
    with Server(binary, database, data_dir=tmp_path) as server:
        assert login(server, name, old + "!").status == 401
        if has_other_spellings:
            assert login(server, name, prepared).status == 401, "its hash does not say so yet"
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda _: login(server, name, old).status, range(4)))
        assert statuses == [200] * 4, "also when all of them hash it anew"
        client = Client(server).login(name, old)
        if has_other_spellings:
            Client(server).login(name, prepared)
        assert change(client, current=old).status == 200
