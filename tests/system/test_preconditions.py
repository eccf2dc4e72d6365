"""Conditional requests (RFC 9110 section 13), on reads and on writes, and what entity tags stand for."""

import email.utils
import re
import time
from urllib.parse import urlencode

import pytest

from harness import expect
from harness.client import Client
from harness.server import Server
from harness.waiting import until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Accept": "text/html"}
LONG_AGO = "Sun, 06 Nov 1994 08:49:37 GMT"
LATER = email.utils.formatdate(time.time() + 24 * 3600, usegmt=True)

# Each is false for a snippet that is there, at any version, whatever its representation.
FALSE = [
    {"If-Match": '"v99"'},
    {"If-Match": 'W/"v1"'},
    {"If-Match": "v1"},
    {"If-Match": ""},
    {"If-Unmodified-Since": LONG_AGO},
    {"If-Unmodified-Since": "Sunday, 06-Nov-94 08:49:37 GMT"},
    {"If-Unmodified-Since": "Sun Nov  6 08:49:37 1994"},
    {"If-Match": '"v99"', "If-Unmodified-Since": LATER},
]
FALSE_FOR_WRITES = [
    *FALSE,
    {"If-None-Match": "*"},
    {"If-None-Match": '"v1"'},
    {"If-None-Match": 'W/"v1-raw"'},
    {"If-None-Match": "v1"},
    {"If-Match": "*", "If-None-Match": "*"},
    {"If-Unmodified-Since": LATER, "If-None-Match": '"v0", "v1"'},
]
TRUE_FOR_WRITES = [
    {"If-Match": "*"},
    {"If-Match": '"v1"'},
    {"If-Match": '"v7", "v1-raw"'},
    {"If-Match": '"v1"', "If-Unmodified-Since": LONG_AGO},
    {"If-None-Match": '"v2"'},
    {"If-Unmodified-Since": LATER},
    {"If-Unmodified-Since": "soon"},
    {"If-Unmodified-Since": f"{LONG_AGO}, {LONG_AGO}"},
    {"If-Modified-Since": LATER},
]


def name(headers):
    return "+".join(f"{key}={value}" for key, value in headers.items())


def form(client, path, fields, headers):
    return client.post(path, body=urlencode(fields), headers={**FORM, "Origin": f"http://{client.host}:{client.port}",
                                                              **headers})  # fmt: skip


# Every way in which something that is there can be changed: method, path and body.
WRITES = {
    "edit": lambda c, id, h: c.patch(f"/snippets/{id}", {"body": "changed"}, h),
    "delete": lambda c, id, h: c.delete(f"/snippets/{id}", h),
    "gist patch": lambda c, id, h: c.patch(f"/api/v3/gists/{id}", {"description": "changed"}, h),
    "gist post": lambda c, id, h: c.post(f"/api/v3/gists/{id}", {"description": "changed"}, h),
    "gist delete": lambda c, id, h: c.delete(f"/api/v3/gists/{id}", h),
    "upload expires": lambda c, id, h: form(c, f"/s/{id}", {"expires": "1"}, h),
    "upload delete": lambda c, id, h: form(c, f"/s/{id}", {"delete": ""}, h),
    "page edit": lambda c, id, h: form(c, f"/s/{id}/edit", {"version": "1", "body": "changed", "title": ""}, h),
    "page delete": lambda c, id, h: form(c, f"/s/{id}/delete", {}, h),
    "pages delete": lambda c, id, h: form(c, "/me/delete", {"id": id, "sure": "1"}, h),
    "fork": lambda c, id, h: c.post(f"/snippets/{id}/fork", headers=h),
    "page fork": lambda c, id, h: form(c, f"/s/{id}/fork", {}, h),
}


@pytest.mark.parametrize("write", WRITES)
def test_no_write_is_carried_out_when_a_precondition_is_false(ada, write):
    before = ada.create(title="a.py", body="kept")
    listed = len(expect.items(ada.get("/snippets?limit=100")))
    for false in FALSE_FOR_WRITES:
        response = WRITES[write](ada, before["id"], false)
        assert response.status == 412, (write, false, response)
    assert ada.get(f"/snippets/{before['id']}").json() == before
    assert len(expect.items(ada.get("/snippets?limit=100"))) == listed


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("true", TRUE_FOR_WRITES, ids=name)
def test_a_write_is_carried_out_when_they_are_true(ada, write, true):
    if write == "pages delete" and "If-Match" in true:
        pytest.skip("it is about a list, which has no version")
    id = ada.create(title="a.py", body="x")["id"]
    assert WRITES[write](ada, id, true).status < 400


def test_what_is_made_is_not_there_before(ada, anonymous):
    for send in (
        lambda headers: ada.post("/snippets", {"body": "x"}, headers),
        lambda headers: anonymous.request("PUT", "/upload/a.py", body="x", headers=headers),
        lambda headers: anonymous.request("POST", "/documents", body="x", headers=headers),
        lambda headers: ada.post("/api/v3/gists", {"files": {"a": {"content": "x"}}}, headers),
        lambda headers: ada.post("/auth/tokens", {"name": "x"}, headers),
    ):
        for false in ({"If-Match": "*"}, {"If-Match": '"v1"'}, {"If-None-Match": "v1"}):
            expect.problem(send(false), 412, "precondition_failed")
        for true in ({"If-None-Match": "*"}, {"If-None-Match": '"v1"'}, {"If-Unmodified-Since": LONG_AGO}):
            assert send(true).status in (200, 201), true


def test_what_has_no_validators_is_there_all_the_same(server):
    client = Client(server).signup()
    token = client.post("/auth/tokens", {"name": "x"}).json()["id"]
    for path, body in ((f"/auth/tokens/{token}", None), ("/auth/me", {"password": "correct horse"})):
        for false in ({"If-Match": '"v1"'}, {"If-None-Match": "*"}):
            expect.problem(client.request("DELETE", path, json=body, headers=false), 412, "precondition_failed")
        assert client.request("DELETE", path, json=body, headers={"If-Match": "*"}).status == 204


def test_whoever_may_not_is_not_told_by_a_precondition(ada, bob):
    private = ada.create(visibility="private")["id"]
    for headers in FALSE_FOR_WRITES:
        expect.problem(bob.patch(f"/snippets/{private}", {"body": "y"}, headers), 404, "not_found")
        expect.problem(bob.get(f"/s/{private}", headers), 404, "not_found")


# --- Reads


READS = {
    "json": ("/s/{id}", {}),
    "raw": ("/s/{id}/raw", {}),
    "download": ("/s/{id}/raw?download=1", {}),
    "page": ("/s/{id}", PAGE),
    "page, gzip": ("/s/{id}", {**PAGE, "Accept-Encoding": "gzip"}),
    "embed": ("/s/{id}/embed", {}),
    "own": ("/snippets/{id}", {}),
    "haste": ("/documents/{id}", {}),
    "haste raw": ("/raw/{id}", {}),
    "gist": ("/api/v3/gists/{id}", {}),
    "gist file": ("/api/v3/gists/{id}/raw/a.py", {}),
    "feed": ("/users/{name}/feed.atom", {}),
}


@pytest.mark.parametrize("read", READS)
def test_reads_weigh_all_conditions(still_ada, read):
    path, headers = READS[read]
    id = still_ada.create(title="a.py", body="text", visibility="public")["id"]
    path = path.format(id=id, name=still_ada.username)
    for round in ("cold", "warm"):
        full = still_ada.get(path, headers)
        assert full.status == 200, full
        tag, date = full.headers["ETag"], full.headers["Last-Modified"]
        stale = email.utils.formatdate(email.utils.parsedate_to_datetime(date).timestamp() - 1, usegmt=True)
        known = [
            {"If-None-Match": tag}, {"If-None-Match": f"W/{tag}"}, {"If-None-Match": f'"x", {tag}'},
            {"If-None-Match": "*"}, {"If-None-Match": tag, "If-Modified-Since": stale},
            {"If-Modified-Since": date}, {"If-Modified-Since": LATER},
            {"If-Match": tag, "If-None-Match": tag}, {"If-Unmodified-Since": date, "If-Modified-Since": date},
        ]  # fmt: skip
        for condition in known:
            answer = still_ada.get(path, {**headers, **condition})
            assert (answer.status, answer.body) == (304, b""), (round, condition, answer)
            assert answer.headers["ETag"] == tag and "Content-Encoding" not in answer.headers, (round, condition)
            assert still_ada.head(path, {**headers, **condition}).status == 304, (round, condition)
        for condition in (
            {"If-None-Match": '"x"'}, {"If-None-Match": tag.strip('"')}, {"If-Match": tag}, {"If-Match": "*"},
            {"If-None-Match": '"x"', "If-Modified-Since": LATER}, {"If-Modified-Since": stale},
            {"If-Modified-Since": "soon"}, {"If-Unmodified-Since": date}, {"If-Unmodified-Since": "soon"},
            {"If-Range": '"x"', "Range": "bytes=0-0"},
        ):  # fmt: skip
            answer = still_ada.get(path, {**headers, **condition})
            assert (answer.status, answer.body) == (200, full.body), (round, condition, answer)
        for condition in [*FALSE, {"If-Match": f"W/{tag}"}, {"If-Unmodified-Since": stale}]:
            answer = still_ada.get(path, {**headers, **condition})
            assert answer.status == 412 and answer.body != full.body, (round, condition, answer)
            assert still_ada.head(path, {**headers, **condition}).status == 412, (round, condition)


def test_what_has_no_validators_is_read_whole(ada):
    for path in ("/explore", "/snippets", "/auth/me", "/healthz"):
        assert ada.get(path, {"If-None-Match": '"x"', "If-Modified-Since": LATER}).status == 200
        assert ada.get(path, {"If-Match": "*"}).status == 200
        expect.problem(ada.get(path, {"If-Match": '"x"'}), 412, "precondition_failed")


def test_a_false_precondition_burns_nothing(ada, anonymous):
    id = ada.create(body="once", burn_after_reading=True)["id"]
    for headers in FALSE:
        for path in (f"/s/{id}", f"/s/{id}/raw", f"/documents/{id}", f"/api/v3/gists/{id}"):
            expect.problem(anonymous.get(path, {"Accept": "application/json", **headers}), 412, "precondition_failed")
        assert form(anonymous, f"/s/{id}/reveal", {}, {**PAGE, **headers}).status == 412
    assert "once" in form(anonymous, f"/s/{id}/reveal", {}, {**PAGE, "If-Match": '"v1"'}).text


# --- Equal tags mean equal bytes


@pytest.fixture(scope="module")
def quick(binary, new_database):
    with Server(binary, new_database(), flags=["--views-flush", "100ms", "--threads", "2"]) as running:
        yield running


COUNTING = {name: READS[name] for name in ("json", "page", "page, gzip", "own")}


@pytest.mark.parametrize("read", COUNTING)
def test_a_strong_tag_names_the_count_that_is_shown(quick, read, slow_factor):
    path, headers = COUNTING[read]
    client = Client(quick).signup()
    path = path.format(id=client.create(visibility="public")["id"])
    bodies = {}

    def seen():
        answer = client.get(path, headers)
        assert bodies.setdefault(answer.headers["ETag"], answer.body) == answer.body
        assert not answer.headers["ETag"].startswith("W/")
        if read == "own":
            client.get(path.replace("/snippets/", "/s/"))
        return len(bodies) >= 3

    until(seen, 15 * slow_factor, "the count to change twice")


@pytest.mark.parametrize("read", ["json", "page", "embed", "own", "gist", "feed"])
def test_a_strong_tag_names_the_base_of_links(still_ada, read):
    path, headers = READS[read]
    path = path.format(id=still_ada.create(visibility="public")["id"], name=still_ada.username)
    one = still_ada.get(path, {**headers, "Host": "one.example"})
    other = still_ada.get(path, {**headers, "Host": "other.example"})
    assert one.body != other.body and one.headers["ETag"] != other.headers["ETag"]
    assert still_ada.get(path, {**headers, "Host": "other.example", "If-None-Match": one.headers["ETag"]}).status == 200


def test_views_in_between_do_not_stop_an_edit(quick, slow_factor):
    author, reader = Client(quick).signup(), Client(quick)
    id = author.create()["id"]
    tag = reader.get(f"/s/{id}").headers["ETag"]
    until(lambda: reader.get(f"/s/{id}").headers["ETag"] != tag, 5 * slow_factor, "a view to be counted")
    assert author.patch(f"/snippets/{id}", {"body": "two"}, {"If-Match": tag}).status == 200
    expect.problem(author.patch(f"/snippets/{id}", {"body": "three"}, {"If-Match": tag}), 412, "precondition_failed")
    assert author.patch(f"/snippets/{id}", {"body": "three"}, {"If-Match": '"v2"'}).status == 200
    assert re.fullmatch(r'"v3-c\d+-[0-9a-f]{8}"', reader.get(f"/s/{id}").headers["ETag"])
