"""The contract's section "Accounts": sign-up, login, sessions, tokens, and what is stored of secrets."""

import pathlib
import subprocess
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import PASSWORD, Client, unique_name
from harness.postgres import binary_folder
from harness.server import Server
from harness.waiting import until


def session_cookie(response, name="session"):
    """The cookie of that name that a response sets, with its attributes."""
    cookies = [SimpleCookie(line) for line in response.headers.get_all("Set-Cookie")]
    found = [jar[name] for jar in cookies if name in jar]
    assert len(found) == 1, response
    return found[0]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# --- Sign-up


def test_signup_makes_an_account_and_sets_the_cookie(server):
    name = unique_name()
    client = Client(server)
    response = client.post("/auth/signup", {"username": name, "password": PASSWORD})
    assert response.status == 201, response
    document = response.json()
    assert set(document) == {"id", "username", "created_at"}
    assert document["username"] == name
    assert isinstance(document["id"], str) and document["id"]
    assert client.get("/auth/me").json() == document


def test_the_session_cookie_is_http_only_lax_for_all_paths_and_30_days(server):
    cookie = session_cookie(Client(server).post("/auth/signup", {"username": unique_name(), "password": PASSWORD}))
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == str(30 * 24 * 3600)
    assert not cookie["secure"]
    assert not cookie["domain"]


def test_nobody_else_can_set_the_session_cookie_when_the_public_url_is_https(fresh_server):
    server = fresh_server(flags=["--public-url", "https://paste.example"])
    name = unique_name()
    for path in ("/auth/signup", "/auth/login"):
        response = Client(server).post(path, {"username": name, "password": PASSWORD})
        cookie = session_cookie(response, "__Host-session")
        # What the prefix asks for (RFC 6265bis section 4.1.3.2), and what the cookie has anyway.
        assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]
        assert cookie["httponly"] and cookie["samesite"].lower() == "lax"
        assert "session=" not in response.headers["Set-Cookie"].replace("__Host-session=", "")
    client = Client(server).login(name)
    assert client.get("/auth/me").json()["username"] == name
    assert client.post("/auth/password", {"current": PASSWORD, "new": PASSWORD}).status == 200
    assert client.get("/auth/me").status == 200
    assert session_cookie(client.post("/auth/logout"), "__Host-session")["max-age"] == "0"


def test_a_session_of_before_https_stays_and_nothing_new_is_taken_under_the_old_name(
    binary, new_database, tmp_path
):
    database = new_database()
    with Server(binary, database, data_dir=tmp_path) as server:
        before = Client(server).signup()
        other = Client(server).login(before.username)
    with Server(binary, database, data_dir=tmp_path, flags=["--public-url", "https://paste.example"]) as server:
        plain = {"Cookie": f"session={before.session}"}
        assert Client(server).get("/auth/me", plain).json()["username"] == before.username
        new = Client(server).signup()
        as_plain, as_host = {"Cookie": f"session={new.session}"}, {"Cookie": f"__Host-session={new.session}"}
        assert Client(server).get("/auth/me", as_host).json()["username"] == new.username
        # A neighbour below the same domain can set `session`, and no session of its own works there.
        expect.problem(Client(server).get("/auth/me", as_plain), 401, "unauthenticated")
        expect.problem(Client(server).get("/auth/me", {"Cookie": f"__Host-session={before.session}"}), 401,
                       "unauthenticated")  # fmt: skip
        both = {"Cookie": f"session={before.session}; __Host-session={new.session}"}
        assert Client(server).get("/auth/me", both).json()["username"] == new.username
        # Signing in replaces the old one, and removes it from the browser.
        entered = Client(server).post("/auth/login", {"username": before.username, "password": PASSWORD}, plain)
        assert session_cookie(entered)["max-age"] == "0" and session_cookie(entered, "__Host-session").value
        expect.problem(Client(server).get("/auth/me", plain), 401, "unauthenticated")
        # Logging out ends both.
        cookies = f"session={other.session}; __Host-session={new.session}"
        assert Client(server).post("/auth/logout", headers={"Cookie": cookies}).status == 204
        for cookie in (f"session={other.session}", f"__Host-session={new.session}"):
            expect.problem(Client(server).get("/auth/me", {"Cookie": cookie}), 401, "unauthenticated")


def test_browsers_are_told_to_stay_with_https_when_the_public_url_is_https(fresh_server, server):
    secure = fresh_server(flags=["--public-url", "https://paste.example"])
    for path in ("/", "/auth/me", "/s/AAAAAAAAAAAA", "/healthz", "/nothing/here", "/%zz"):
        assert Client(secure).get(path).headers["Strict-Transport-Security"] == "max-age=31536000", path
        assert "Strict-Transport-Security" not in Client(server).get(path).headers, path


@pytest.mark.parametrize("name", ["{}ab", "{}_-9", "{}" + "x" * 24])
def test_a_username_of_2_to_32_of_the_allowed_characters_is_taken(server, name):
    name = (name.format(unique_name("u").replace("-", "")) + "x" * 32)[:32]
    assert Client(server).post("/auth/signup", {"username": name, "password": PASSWORD}).status == 201


def test_a_username_of_two_characters_is_taken(fresh_server):
    assert Client(fresh_server()).post("/auth/signup", {"username": "a1", "password": PASSWORD}).status == 201


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "x" * 33,
        "two words",
        "dot.ted",
        "ümlaut",
        "sla/sh",
        "new\nline",
        "at@home",
        "nul\x00",
        " ada",
        "ada ",
        7,
        None,
        ["ada"],
    ],
)
def test_any_other_username_is_refused(anonymous, name):
    expect.invalid(anonymous.post("/auth/signup", {"username": name, "password": PASSWORD}), "username")


def test_a_username_that_is_taken_is_a_conflict(server, ada):
    expect.problem(
        Client(server).post("/auth/signup", {"username": ada.username, "password": PASSWORD}), 409, "conflict"
    )


def test_usernames_are_unique_without_case(server, ada):
    response = Client(server).post("/auth/signup", {"username": ada.username.upper(), "password": PASSWORD})
    expect.problem(response, (409, 422), ("conflict", "invalid"))


@pytest.mark.parametrize(
    "password", ["12345678", "x" * 256, "пароль-8", "€" * 256, " " * 8, 'quotes " and \\']
)
def test_a_password_of_8_to_256_characters_is_taken_and_logs_in(server, password):
    client = Client(server).signup(password=password)
    Client(server).login(client.username, password)
    response = Client(server).post("/auth/login", {"username": client.username, "password": password[:-1] + "?"})
    assert response.status == 401


@pytest.mark.parametrize(
    "password", ["", "1234567", "é" * 7, "x" * 257, "€" * 257, "control\x00characters", 12345678, None]
)
def test_any_other_password_is_refused(anonymous, password):
    expect.invalid(anonymous.post("/auth/signup", {"username": unique_name(), "password": password}), "password")


def test_username_and_password_are_both_needed(anonymous):
    for path in ("/auth/signup", "/auth/login"):
        document = expect.problem(anonymous.post(path, {}), 422, "invalid")
        assert set(document["fields"]) == {"username", "password"}


def test_signup_off_refuses_signup_and_lets_accounts_log_in(binary, new_database, tmp_path):
    database = new_database()
    with Server(binary, database, data_dir=tmp_path) as server:
        name = Client(server).signup().username
    with Server(binary, database, data_dir=tmp_path, flags=["--signup", "off"]) as server:
        response = Client(server).post("/auth/signup", {"username": unique_name(), "password": PASSWORD})
        expect.problem(response, 403, "forbidden")
        Client(server).login(name).create()


def test_of_two_signups_for_one_name_at_the_same_time_one_succeeds(server):
    document = {"username": unique_name(), "password": PASSWORD}
    answers = burst(server, [request_bytes("POST", "/auth/signup", json=document) for _ in range(6)])
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409, 409]


# --- Login and sessions


def test_login_answers_like_signup_and_opens_a_new_session(server):
    first = Client(server)
    signup = first.post("/auth/signup", {"username": unique_name(), "password": PASSWORD})
    second = Client(server)
    login = second.post("/auth/login", {"username": signup.json()["username"], "password": PASSWORD})
    assert login.status == 200, login
    assert login.json() == signup.json()
    assert session_cookie(login)["max-age"] == str(30 * 24 * 3600)
    assert first.session != second.session
    assert first.get("/auth/me").status == second.get("/auth/me").status == 200


def test_a_wrong_password_and_an_unknown_name_are_the_same_401(server, ada):
    wrong = Client(server).post("/auth/login", {"username": ada.username, "password": "wrong horse"})
    unknown = Client(server).post("/auth/login", {"username": unique_name(), "password": "wrong horse"})
    documents = [expect.problem(response, 401, "unauthenticated") for response in (wrong, unknown)]
    assert documents[0] == documents[1]
    for response in (wrong, unknown):
        assert response.headers.get_all("Set-Cookie") == []


@pytest.mark.parametrize("password", ["wrong horse", "wrong ho\u0308rse"])  # the second has two spellings to try
def test_a_login_failure_takes_as_long_for_an_unknown_name_as_for_a_wrong_password(server, ada, password):
    client = Client(server)

    def seconds(name):
        started = time.perf_counter()
        assert client.post("/auth/login", {"username": name, "password": password}).status == 401
        return time.perf_counter() - started

    pairs = [(seconds(ada.username), seconds(unique_name())) for _ in range(7)]
    wrong, unknown = map(min, zip(*pairs))  # what else the machine does only adds
    # Without the hash, an unknown name would be answered in about a hundredth of the time.
    assert 0.5 < unknown / wrong < 2, f"wrong password {wrong:.4f} s, unknown name {unknown:.4f} s"


def test_logout_is_204_and_the_session_is_dead_on_every_connection(server):
    client = Client(server).signup()
    copies = [client.clone() for _ in range(12)]
    for copy in copies:
        assert copy.get("/auth/me").status == 200
    response = client.post("/auth/logout")
    assert (response.status, response.body) == (204, b"")
    for copy in copies:
        expect.problem(copy.get("/auth/me"), 401, "unauthenticated")
        expect.problem(copy.post("/snippets", {"body": "x"}), 401, "unauthenticated")


def test_logout_ends_this_session_only(server):
    client = Client(server).signup()
    other = Client(server).login(client.username)
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    client.post("/auth/logout")
    assert other.get("/auth/me").status == 200
    assert Client(server).get("/auth/me", bearer(token)).status == 200


def test_logout_removes_the_cookie(server):
    client = Client(server).signup()
    cookie = session_cookie(client.post("/auth/logout"))
    assert cookie["max-age"] == "0" or "1970" in cookie["expires"]
    assert cookie["path"] == "/"


def test_me_is_401_without_a_live_session(server, ada):
    for headers in ({}, {"Cookie": "session="}, {"Cookie": "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
                    {"Cookie": f"other={ada.session}"}, bearer("snp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                    bearer(ada.session), {"Authorization": "Basic YWRhOmNvcnJlY3QgaG9yc2U="}):  # fmt: skip
        expect.problem(Client(server).get("/auth/me", headers), 401, "unauthenticated")


def test_the_session_cookie_is_found_among_others(server, ada):
    response = Client(server).get("/auth/me", {"Cookie": f"theme=dark; session={ada.session}; x=y"})
    assert response.json()["username"] == ada.username


def test_a_dead_cookie_or_a_wrong_token_on_a_write_is_401_and_not_an_anonymous_write(server):
    for headers in ({"Cookie": "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, bearer("snp_wrong")):
        expect.problem(Client(server).post("/snippets", {"body": "x"}, headers), 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/auth/login", "/auth/signup", "/login", "/signup"])
def test_a_new_login_ends_the_session_that_it_replaces(server, path):
    browser = Client(server).signup()
    replaced, others = browser.clone(), [Client(server).login(browser.username) for _ in range(2)]
    assert replaced.get("/auth/me").status == 200
    name = browser.username if path.endswith("login") else unique_name()
    wrong = {"username": name, "password": "short" if path.endswith("signup") else "wrong horse"}
    right = {"username": name, "password": PASSWORD}
    if path.startswith("/auth"):
        assert browser.post(path, wrong).status in (401, 422)
        assert replaced.get("/auth/me").status == 200, "what fails replaces nothing"
        assert browser.post(path, right).status in (200, 201)
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        assert browser.post(path, body=urlencode(wrong), headers=form).status in (401, 422)
        assert replaced.get("/auth/me").status == 200, "what fails replaces nothing"
        assert browser.post(path, body=urlencode(right), headers=form).status == 303
    assert browser.session != replaced.session
    assert browser.get("/auth/me").json()["username"] == name
    for connection in [replaced.clone() for _ in range(4)]:
        expect.problem(connection.get("/auth/me"), 401, "unauthenticated")
    for other in others:
        assert other.get("/auth/me").status == 200


# --- Tokens


@pytest.mark.parametrize("asked", [{}, {"expires_in": None}, {"expires_in": 3600}])
def test_a_token_makes_none_that_outlives_it(server, ada, slow_factor, asked):
    maker = ada.post("/auth/tokens", {"name": "brief", "expires_in": 2}).json()
    client = Client(server)
    made = client.post("/auth/tokens", {"name": "longer", **asked}, bearer(maker["token"]))
    assert made.status == 201
    assert made.json()["expires_at"] == maker["expires_at"]
    grandchild = client.post("/auth/tokens", {"name": "x"}, bearer(made.json()["token"])).json()
    assert grandchild["expires_at"] == maker["expires_at"]
    tokens = [maker["token"], made.json()["token"], grandchild["token"]]
    for token in tokens:
        until(lambda: client.get("/auth/me", bearer(token)).status == 401, 5 * slow_factor, "the token to expire")


def test_a_token_may_make_a_shorter_one(server, ada):
    maker = ada.post("/auth/tokens", {"name": "long", "expires_in": 3600}).json()
    made = Client(server).post("/auth/tokens", {"name": "short", "expires_in": 60}, bearer(maker["token"])).json()
    lifetime = expect.timestamp(made["expires_at"]) - expect.timestamp(made["created_at"])
    assert lifetime == pytest.approx(60, abs=0.002)


def test_a_revoked_token_takes_what_it_made_with_it(server):
    owner = Client(server).signup()
    maker = owner.post("/auth/tokens", {"name": "leaked"}).json()
    other = owner.post("/auth/tokens", {"name": "other"}).json()
    made = Client(server).post("/auth/tokens", {"name": "hidden"}, bearer(maker["token"])).json()
    assert made["expires_at"] is None
    for token in (maker, made, other):
        assert Client(server).get("/auth/me", bearer(token["token"])).status == 200
    assert owner.delete(f"/auth/tokens/{maker['id']}").status == 204
    for token in (maker, made):
        expect.problem(Client(server).get("/auth/me", bearer(token["token"])), 401, "unauthenticated")
    assert [token["name"] for token in owner.get("/auth/tokens").json()["items"]] == ["other"]
    assert Client(server).get("/auth/me", bearer(other["token"])).status == 200


@pytest.mark.parametrize(
    "expires, seconds",
    [("", None), ("never", None), ("60", 60), ("7s", 7), ("7m", 420), ("7h", 25200), ("7d", 604800), ("2w", 1209600)],
)
def test_the_form_for_tokens_reads_durations(server, expires, seconds):
    client = Client(server).signup()
    form = urlencode({"name": "x", "expires": expires})
    assert client.post("/me/tokens", body=form, headers=FORM).status == 200
    token = client.get("/auth/tokens").json()["items"][0]
    if seconds is None:
        assert token["expires_at"] is None
    else:
        lifetime = expect.timestamp(token["expires_at"]) - expect.timestamp(token["created_at"])
        assert lifetime == pytest.approx(seconds, abs=0.002)


@pytest.mark.parametrize(
    "expires", ["junk", "7dd", "7 d", "d", "-7d", "1.5h", "0", "0d", "99999999999999999999w", b"\xff"]
)
def test_the_form_for_tokens_makes_none_that_lives_otherwise_than_asked(server, expires):
    client = Client(server).signup()
    form = urlencode({"name": "x", "expires": expires})
    page = client.post("/me/tokens", body=form, headers=FORM)
    assert page.status == 422 and "The expiry is" in page.text and "snp_" not in page.text.replace("snp_…", "")
    assert client.get("/auth/tokens").json()["items"] == []


def test_a_token_is_made_and_authenticates(server, ada):
    response = ada.post("/auth/tokens", {"name": "laptop"})
    assert response.status == 201, response
    document = response.json()
    assert set(document) == {"id", "name", "token", "created_at", "expires_at"}
    assert document["name"] == "laptop"
    assert document["token"].startswith("snp_") and len(document["token"]) >= 4 + 22
    assert document["expires_at"] is None
    assert Client(server).get("/auth/me", bearer(document["token"])).json()["username"] == ada.username
    snippet = Client(server).create(bearer(document["token"]), body="by token")
    assert snippet["owner"] == ada.username


def test_tokens_are_listed_without_secrets(server):
    client = Client(server).signup()
    made = [client.post("/auth/tokens", {"name": f"token {number}"}).json() for number in range(3)]
    response = client.get("/auth/tokens")
    listed = {item["id"]: item for item in expect.items(response)}
    assert set(listed) == {token["id"] for token in made}
    for token in made:
        assert "token" not in listed[token["id"]]
        assert listed[token["id"]]["name"] == token["name"]
        assert listed[token["id"]]["created_at"] == token["created_at"]
        assert token["token"] not in response.text and token["token"][4:] not in response.text


def test_a_deleted_token_is_dead_on_every_connection(server, ada):
    token = ada.post("/auth/tokens", {"name": "short"}).json()
    connections = [Client(server) for _ in range(12)]
    for connection in connections:
        assert connection.get("/auth/me", bearer(token["token"])).status == 200
    response = ada.delete(f"/auth/tokens/{token['id']}")
    assert (response.status, response.body) == (204, b"")
    for connection in connections:
        expect.problem(connection.get("/auth/me", bearer(token["token"])), 401, "unauthenticated")
    expect.problem(ada.delete(f"/auth/tokens/{token['id']}"), 404, "not_found")


def test_a_token_expires(server, ada, slow_factor):
    token = ada.post("/auth/tokens", {"name": "brief", "expires_in": 1}).json()
    assert expect.timestamp(token["expires_at"]) - expect.timestamp(token["created_at"]) == pytest.approx(1, abs=0.002)
    client = Client(server)
    until(lambda: client.get("/auth/me", bearer(token["token"])).status == 401, 5 * slow_factor, "the token to expire")
    assert time.time() >= expect.timestamp(token["expires_at"])
    expect.problem(client.post("/snippets", {"body": "x"}, bearer(token["token"])), 401, "unauthenticated")


def test_tokens_of_another_account_can_neither_be_seen_nor_deleted(server, ada, bob):
    token = ada.post("/auth/tokens", {"name": "mine"}).json()
    assert token["id"] not in bob.get("/auth/tokens").text
    expect.problem(bob.delete(f"/auth/tokens/{token['id']}"), 404, "not_found")
    assert Client(server).get("/auth/me", bearer(token["token"])).status == 200


def test_tokens_need_an_account(anonymous):
    expect.problem(anonymous.post("/auth/tokens", {"name": "x"}), 401, "unauthenticated")
    expect.problem(anonymous.get("/auth/tokens"), 401, "unauthenticated")
    expect.problem(anonymous.delete("/auth/tokens/AAAAAAAA"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", None),
        ("name", 5),
        ("name", ""),
        ("expires_in", 0),
        ("expires_in", -5),
        ("expires_in", "60"),
        ("expires_in", 1.5),
    ],
)
def test_a_token_with_wrong_members_is_refused(ada, field, value):
    expect.invalid(ada.post("/auth/tokens", {"name": "ci", field: value}), field)


def test_a_token_without_a_name_is_refused(ada):
    expect.invalid(ada.post("/auth/tokens", {}), "name")


# --- Secrets at rest


def everything_stored(server, mode):
    """Every byte of the store."""
    if mode == "sqlite":
        return b"".join(path.read_bytes() for path in pathlib.Path(server.data_dir).rglob("*") if path.is_file())
    dump = [f"{binary_folder()}/pg_dump", "--inserts", server.database]
    return subprocess.run(dump, capture_output=True, check=True).stdout


def test_passwords_are_argon2id_and_session_token_and_edit_secrets_are_stored_only_as_hashes(fresh_server, mode):
    server = fresh_server()
    password = "a very secret horse"
    client = Client(server).signup(password=password)
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    edit_token = Client(server).create()["edit_token"]
    replayable = Client(server).create({"Idempotency-Key": "key-of-an-anonymous-create"})["edit_token"]
    client.create(body="this body is stored in the clear")
    stored = everything_stored(server, mode)
    assert b"this body is stored in the clear" in stored, "the test looks at the wrong place"
    assert b"$argon2id$" in stored
    for secret in (password, client.session, token, token[4:], edit_token, edit_token[4:], replayable, replayable[4:]):
        assert secret.encode() not in stored, secret


def test_secrets_are_not_logged(fresh_server):
    server = fresh_server(log_level="debug")
    client = Client(server).signup(password="a very secret horse")
    token = client.post("/auth/tokens", {"name": "ci"}).json()["token"]
    edit_token = Client(server).create()["edit_token"]
    Client(server).get("/auth/me", bearer(token))
    Client(server).get("/healthz", {"X-Request-Id": "the-last-request"})
    server.wait_for_log("the-last-request")
    for secret in ("a very secret horse", client.session, token, edit_token):
        assert secret not in server.log
