"""The contract's section "Conventions": JSON, errors, X-Request-Id, times, HEAD, unknown members, cross-site writes.

Rate limit headers are in test_rate_limits.py, 405 for every route in test_http.py.
"""

import json
import re
import time
import uuid

import pytest

from harness import expect
from harness.client import PASSWORD, Client
from harness.server import Server
from harness.waiting import until


# --- JSON in and out, UTF-8


def test_json_goes_in_and_comes_out_as_utf_8(ada):
    text = "naïve – 漢字 🐘\n"
    response = ada.post("/snippets", {"body": text, "title": "Größe 🐘"})
    assert response.status == 201, response
    assert response.headers["Content-Type"].split(";")[0] == "application/json"
    assert response.json()["body"] == text
    assert response.json()["title"] == "Größe 🐘"
    assert json.loads(response.body.decode("utf-8")) == response.json()


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/octet-stream",
        "nonsense",
    ],
)
def test_a_body_is_parsed_as_json_whatever_its_content_type(ada, content_type):
    response = ada.post("/snippets", body='{"body":"x"}', headers={"Content-Type": content_type})
    assert response.status == 201, response
    assert response.json()["body"] == "x"


def test_a_multipart_body_is_not_parsed_as_json(ada):
    response = ada.post(
        "/snippets", body='{"body":"x"}', headers={"Content-Type": "multipart/form-data; boundary=limit"}
    )
    assert 400 <= response.status < 500, response
    expect.problem(response, response.status)


# --- Errors


def anonymous_expired(server):
    """The id of a snippet that has expired."""
    client = Client(server)
    snippet = client.create(expires_in=1)
    until(lambda: client.get(f"/s/{snippet['id']}").status == 410, 10, "the snippet to expire")
    return snippet["id"]


def test_bad_request_is_400(ada):
    expect.problem(ada.post("/snippets", body='{"body":'), 400, "bad_request")


def test_unauthenticated_is_401(anonymous):
    expect.problem(anonymous.get("/auth/me"), 401, "unauthenticated")
    expect.problem(anonymous.get("/snippets"), 401, "unauthenticated")


def test_forbidden_is_403(ada, bob):
    snippet = ada.create()
    expect.problem(bob.patch(f"/snippets/{snippet['id']}", {"body": "y"}), 403, "forbidden")


def test_not_found_is_404(ada):
    expect.problem(ada.get("/s/AAAAAAAAAAAA"), 404, "not_found")
    expect.problem(ada.get("/no/such/page"), 404, "not_found")


def test_method_not_allowed_is_405_with_allow(ada):
    response = ada.request("PUT", "/snippets", json={"body": "x"})
    expect.problem(response, 405, "method_not_allowed")
    assert {"GET", "HEAD", "POST"} <= set(re.split(r",\s*", response.headers["Allow"]))


def test_conflict_is_409(ada):
    response = ada.post("/auth/signup", {"username": ada.username, "password": PASSWORD})
    expect.problem(response, 409, "conflict")


def test_gone_is_410(server):
    expect.problem(Client(server).get(f"/s/{anonymous_expired(server)}"), 410, "gone")


def test_precondition_failed_is_412(ada):
    snippet = ada.create()
    response = ada.patch(f"/snippets/{snippet['id']}", {"body": "y"}, headers={"If-Match": '"v99"'})
    expect.problem(response, 412, "precondition_failed")


def test_payload_too_large_is_413(ada):
    expect.problem(ada.post("/snippets", {"body": "x" * (1024 * 1024 + 1)}), 413, "payload_too_large")


def test_invalid_is_422_and_says_why_per_field(ada):
    document = expect.problem(ada.post("/snippets", {"body": "", "visibility": "everyone", "tags": 7}), 422, "invalid")
    assert {"body", "visibility", "tags"} <= set(document["fields"])


def test_a_reused_idempotency_key_is_422(ada):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    ada.create(headers, body="one")
    expect.problem(ada.post("/snippets", {"body": "two"}, headers), 422, "idempotency_key_reused")


def test_rate_limited_is_429_with_retry_after(fresh_server):
    server = fresh_server(flags=["--rate-limit", "write=1/60s"])
    client = Client(server).signup()
    client.create()
    expect.problem(client.post("/snippets", {"body": "x"}), 429, "rate_limited")


def test_unavailable_is_503_with_retry_after_within_a_second(binary, postgres, slow_factor):
    with Server(binary, postgres.create_database()) as server:
        client = Client(server).signup()
        postgres.pause()
        try:
            asked = time.monotonic()
            response = client.post("/snippets", {"body": "x"})
            took = time.monotonic() - asked
        finally:
            postgres.resume()
        expect.problem(response, 503, "unavailable")
        assert took < 1.2 * slow_factor, f"the answer took {took:.2f} s"


def test_every_error_has_the_five_members_and_shows_nothing_internal(ada, server):
    """expect.problem() looks for SQL, paths, names of source files and backends in every error of the whole suite."""
    hostile = ["'; drop table snippets; --", "../../etc/passwd", "%27%20or%201=1", "\\", '"', "9" * 400]
    for word in hostile:
        quoted = word.replace(" ", "%20").replace('"', "%22").replace("\\", "%5C")
        expect.problem(ada.get(f"/snippets?cursor={quoted}"), 422, "invalid")
        expect.problem(ada.get(f"/snippets?limit={quoted}"), 422, "invalid")
        response = ada.get(f"/s/{quoted}")
        expect.problem(response, 404, "not_found")
        response = ada.post("/auth/login", {"username": word, "password": word + "password"})
        expect.problem(response, (401, 422))


def test_someone_elses_private_snippet_is_404_and_not_403(ada, bob):
    snippet = ada.create(visibility="private")
    for method in ("GET", "PATCH", "DELETE"):
        response = bob.request(method, f"/snippets/{snippet['id']}", json={"body": "y"} if method == "PATCH" else None)
        expect.problem(response, 404, "not_found")
    expect.problem(bob.get(f"/s/{snippet['id']}"), 404, "not_found")


# --- X-Request-Id


def answers_of_every_kind(client):
    """(what, a function from headers to a Response) for answers from all corners of the service."""
    snippet = client.create()
    path = f"/s/{snippet['id']}"
    etag = client.get(path).headers["ETag"]
    return [
        ("200", lambda headers: client.get(path, headers)),
        ("cached 200", lambda headers: client.get(path, headers)),
        ("raw", lambda headers: client.get(path + "/raw", headers)),
        ("HEAD", lambda headers: client.head(path, headers)),
        ("304", lambda headers: client.get(path, {**headers, "If-None-Match": etag})),
        ("201", lambda headers: client.post("/snippets", {"body": "x"}, headers)),
        ("204", lambda headers: client.delete(f"/snippets/{client.create()['id']}", headers)),
        ("400", lambda headers: client.post("/snippets", body="{", headers=headers)),
        ("404 snippet", lambda headers: client.get("/s/AAAAAAAAAAAA", headers)),
        ("404 route", lambda headers: client.get("/nowhere", headers)),
        ("405", lambda headers: client.request("PUT", "/snippets", headers=headers)),
        ("413", lambda headers: client.post("/snippets", {"body": "x" * 2_000_000}, headers)),
        ("422", lambda headers: client.post("/snippets", {}, headers)),
        ("healthz", lambda headers: client.get("/healthz", headers)),
        ("readyz", lambda headers: client.get("/readyz", headers)),
        ("metrics", lambda headers: client.get("/metrics", headers)),
    ]


def test_every_response_carries_its_own_request_id(ada):
    seen = []
    for what, ask in answers_of_every_kind(ada):
        assert len(ask({}).headers.get_all("X-Request-Id")) == 1, what
        seen.append(ask({}).headers["X-Request-Id"])
        assert re.fullmatch(r"[!-~]{8,200}", seen[-1]), (what, seen[-1])
    assert len(set(seen)) == len(seen)


def test_a_sane_request_id_of_the_caller_comes_back(ada):
    for what, ask in answers_of_every_kind(ada):
        mine = str(uuid.uuid4())
        assert ask({"X-Request-Id": mine}).headers.get_all("X-Request-Id") == [mine], what


@pytest.mark.parametrize("insane", ["x" * 1000, 'two words "quoted"', "<script>", "tab\there", ""])
def test_an_insane_request_id_of_the_caller_is_replaced(ada, insane):
    response = ada.get("/healthz", {"X-Request-Id": insane})
    assert response.status == 200
    assert response.headers["X-Request-Id"] not in ("", insane)


# --- Times


def test_times_are_rfc_3339_utc_with_milliseconds(server, slow_factor):
    before = time.time()
    client = Client(server).signup()
    snippet = client.create(expires_in=3600)
    edited = client.patch(f"/snippets/{snippet['id']}", {"body": "y"}).json()
    token = client.post("/auth/tokens", {"name": "ci", "expires_in": 3600}).json()
    me = client.get("/auth/me").json()
    revision = expect.items(client.get(f"/snippets/{snippet['id']}/revisions"))[0]
    after = time.time()
    for moment in (
        snippet["created_at"],
        edited["updated_at"],
        token["created_at"],
        me["created_at"],
        revision["created_at"],
    ):
        assert before - 0.01 <= expect.timestamp(moment) <= after + 0.01
    for moment in (snippet["expires_at"], token["expires_at"]):
        assert before + 3600 - 0.01 <= expect.timestamp(moment) <= after + 3600.01


# --- HEAD


def test_head_works_where_get_does(ada):
    snippet = ada.create(visibility="public")
    ada.patch(f"/snippets/{snippet['id']}", {"body": "y"})
    id = snippet["id"]
    paths = [
        "/auth/me", "/auth/tokens", "/snippets", f"/snippets/{id}", f"/snippets/{id}/revisions",
        f"/snippets/{id}/revisions/1", "/explore", f"/s/{id}", f"/s/{id}/raw", "/healthz", "/readyz", "/metrics",
    ]  # fmt: skip
    for path in paths:
        got = ada.get(path)
        head = ada.head(path)
        assert got.status == head.status == 200, (path, got, head)
        assert head.body == b""
        assert head.headers["Content-Type"] == got.headers["Content-Type"], path
        if path != "/metrics":
            assert head.headers["Content-Length"] == str(len(got.body)), path
        tags = [answer.headers.get("ETag", "").split("-")[0] for answer in (got, head)]  # a view may come in between
        assert tags[0] == tags[1], path
    for path, status in [("/s/AAAAAAAAAAAA", 404), ("/nowhere", 404)]:
        head = ada.head(path)
        assert (head.status, head.body) == (status, b""), path


# --- Unknown members


@pytest.mark.parametrize(
    "path, document",
    [
        ("/snippets", {"body": "x", "titel": "a typing error"}),
        ("/auth/signup", {"username": "somebody", "password": "correct horse", "usrename": "x"}),
        ("/auth/login", {"username": "somebody", "password": "correct horse", "remember": True}),
        ("/auth/tokens", {"name": "ci", "expires": 60}),
    ],
)
def test_an_unknown_member_is_refused_by_name(ada, path, document):
    unknown = list(document)[-1]
    expect.invalid(ada.post(path, document), unknown)


def test_an_unknown_member_of_an_edit_is_refused_by_name_and_nothing_changes(ada):
    snippet = ada.create(title="before")
    expect.invalid(ada.patch(f"/snippets/{snippet['id']}", {"title": "after", "colour": "red"}), "colour")
    assert ada.get(f"/snippets/{snippet['id']}").json()["title"] == "before"


@pytest.mark.parametrize("member", ["id", "owner", "version", "view_count", "created_at", "url"])
def test_members_that_the_service_sets_are_refused_on_input(ada, member):
    expect.invalid(ada.post("/snippets", {"body": "x", member: "1"}), member)


# --- Cross-site writes with a cookie


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda headers: "+".join(f"{k}={v}" for k, v in headers.items()))
def test_a_cookie_authenticated_write_from_a_foreign_site_is_403(ada, foreign):
    snippet = ada.create(body="before")
    id = snippet["id"]
    expect.problem(ada.post("/snippets", {"body": "planted"}, foreign), 403, "forbidden")
    expect.problem(ada.patch(f"/snippets/{id}", {"body": "after"}, foreign), 403, "forbidden")
    expect.problem(ada.delete(f"/snippets/{id}", foreign), 403, "forbidden")
    expect.problem(ada.post(f"/snippets/{id}/fork", headers=foreign), 403, "forbidden")
    expect.problem(ada.post("/auth/tokens", {"name": "planted"}, foreign), 403, "forbidden")
    expect.problem(ada.post("/auth/logout", headers=foreign), 403, "forbidden")
    assert ada.get(f"/snippets/{id}").json()["body"] == "before"
    assert ada.get("/auth/me").status == 200


def test_a_cookie_authenticated_write_from_the_own_site_works(ada, server):
    for own in (
        {"Origin": server.url, "Sec-Fetch-Site": "same-origin"},
        {"Origin": server.url},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        assert ada.post("/snippets", {"body": "x"}, own).status == 201, own


def test_the_own_origin_is_that_of_the_public_url(fresh_server):
    server = fresh_server(flags=["--public-url", "https://paste.example"])
    client = Client(server).signup()
    assert client.post("/snippets", {"body": "x"}, {"Origin": "https://paste.example"}).status == 201
    expect.problem(client.post("/snippets", {"body": "x"}, {"Origin": "http://paste.example"}), 403, "forbidden")


def test_a_token_authenticated_write_may_come_from_anywhere(ada, server):
    token = ada.post("/auth/tokens", {"name": "ci"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for foreign in FOREIGN:
        assert Client(server).post("/snippets", {"body": "x"}, {**bearer, **foreign}).status == 201, foreign


def test_reading_may_come_from_anywhere(ada):
    snippet = ada.create()
    for foreign in FOREIGN:
        assert ada.get(f"/s/{snippet['id']}", foreign).status == 200, foreign
