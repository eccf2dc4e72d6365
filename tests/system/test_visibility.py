"""Two accounts: neither can read, list, edit, fork or delete the other's private snippets, by any route."""

import pytest

from harness import expect
from harness.client import Client

SECRET = "the-secret-body-that-nobody-else-may-see"


@pytest.fixture(scope="module")
def private(ada):
    """A private snippet of ada's with three versions, tags, and something to search for."""
    snippet = ada.create(body=SECRET, title=SECRET, tags=["secret-tag"], visibility="private")
    ada.patch(f"/snippets/{snippet['id']}", {"body": SECRET + " 2"})
    return ada.patch(f"/snippets/{snippet['id']}", {"body": SECRET + " 3"}).json()


@pytest.fixture(params=["another account", "another account's token", "no account", "a made-up edit token"])
def stranger(request, server, bob):
    """Everyone who is not the owner."""
    client = Client(server)
    if request.param == "another account":
        client = bob.clone()
    elif request.param == "another account's token":
        token = bob.post("/auth/tokens", {"name": "ci"}).json()["token"]
        client.headers = {"Authorization": f"Bearer {token}"}
    elif request.param == "a made-up edit token":
        client.headers = {"X-Edit-Token": "sne_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    client.has_account = request.param.startswith("another account")
    return client


def refused(response, client):
    """Not found; or, without an account on a route that needs one, 401: what does not depend on the snippet."""
    assert SECRET not in response.text
    expect.problem(response, 404 if client.has_account else (401, 403, 404))


@pytest.mark.parametrize(
    "method, suffix, body",
    [
        ("GET", "", None),
        ("PATCH", "", b'{"body":"taken over"}'),
        ("PATCH", "", b'{"visibility":"public"}'),
        ("PATCH", "", b"{}"),
        ("DELETE", "", None),
        ("POST", "/fork", None),
        ("GET", "/revisions", None),
        ("GET", "/revisions/1", None),
        ("GET", "/revisions/2", None),
        ("GET", "/revisions/3", None),
        ("GET", "/revisions/4", None),
        ("GET", "/stats", None),
        ("GET", "/stats?by=hour", None),
    ],
)
def test_a_stranger_gets_404_by_every_route_under_snippets(private, stranger, ada, method, suffix, body):
    refused(stranger.request(method, f"/snippets/{private['id']}{suffix}", body=body), stranger)
    assert ada.get(f"/snippets/{private['id']}").json() == private


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"If-None-Match": '"v3"'},
        {"If-None-Match": "*"},
        {"If-None-Match": '"v3-raw"'},
        {"Accept": "text/html"},
        {"Range": "bytes=0-5"},
    ],
)
@pytest.mark.parametrize("suffix", ["", "/raw", "/raw?download=1"])
def test_a_stranger_gets_404_by_the_link(private, stranger, ada, condition, suffix):
    path = f"/s/{private['id']}{suffix}"
    assert ada.get(path).status == 200  # Whatever the owner's own read leaves in a cache is not for others.
    for _ in range(2):
        response = stranger.get(path, condition)
        assert response.status == 404, response
        assert SECRET not in response.text and "ETag" not in response.headers
    assert stranger.head(path, condition).status == 404
    assert ada.get(path).status == 200


def test_a_stranger_with_if_match_is_not_told_whether_the_version_is_right(private, bob):
    for tag in ('"v3"', '"v1"', "*"):
        response = bob.patch(f"/snippets/{private['id']}", {"body": "y"}, {"If-Match": tag})
        expect.problem(response, 404, "not_found")


def test_a_private_snippet_looks_like_one_that_never_existed(private, stranger):
    missing = "A" * len(private["id"])
    for method, path in [("GET", "/s/{}"), ("GET", "/s/{}/raw"), ("GET", "/snippets/{}"), ("DELETE", "/snippets/{}"),
                         ("PATCH", "/snippets/{}"), ("POST", "/snippets/{}/fork"), ("GET", "/snippets/{}/revisions"),
                         ("GET", "/snippets/{}/revisions/1"), ("GET", "/snippets/{}/stats")]:  # fmt: skip
        body = b'{"body":"y"}' if method == "PATCH" else None
        theirs, none = (stranger.request(method, path.format(id), body=body) for id in (private["id"], missing))
        assert theirs.status == none.status, (method, path)
        assert theirs.text.replace(private["id"], missing) == none.text, (method, path)
        names = [sorted(name.lower() for name, _ in response.headers) for response in (theirs, none)]
        assert names[0] == names[1], (method, path)


def test_a_stranger_cannot_list_or_find_it(private, stranger):
    paths = ["/explore"]
    if stranger.has_account:
        paths += ["/snippets", f"/snippets?q={SECRET}", "/snippets?tag=secret-tag"]
    for path in paths:
        for item in expect.all_items(stranger, path):
            assert item["id"] != private["id"] and SECRET not in item["title"], path


def test_a_stranger_who_knows_the_idempotency_key_does_not_get_the_answer(ada, bob, server):
    headers = {"Idempotency-Key": "a key that leaked".replace(" ", "-")}
    original = ada.create(headers, body=SECRET, visibility="private")
    for other in (bob, Client(server)):
        copy = other.create(headers, body=SECRET, visibility="unlisted")
        assert copy["id"] != original["id"]
        assert copy["owner"] != ada.username


def test_the_owner_still_reads_edits_forks_and_deletes_it(ada):
    snippet = ada.create(visibility="private", body=SECRET)
    id = snippet["id"]
    assert ada.get(f"/s/{id}").json()["body"] == SECRET
    assert ada.get(f"/s/{id}/raw").text == SECRET
    assert ada.get(f"/snippets/{id}/revisions/1").json()["body"] == SECRET
    assert ada.patch(f"/snippets/{id}", {"body": "edited"}).status == 200
    assert ada.post(f"/snippets/{id}/fork").status == 201
    assert ada.delete(f"/snippets/{id}").status == 204


def test_the_owners_token_reads_the_private_link_too(ada, server):
    snippet = ada.create(visibility="private", body=SECRET)
    token = ada.post("/auth/tokens", {"name": "reader"}).json()["token"]
    response = Client(server).get(f"/s/{snippet['id']}", {"Authorization": f"Bearer {token}"})
    assert response.json()["body"] == SECRET


# --- Revisions that were private stay hidden


def visible_versions(client, id):
    return [item["version"] for item in expect.items(client.get(f"/snippets/{id}/revisions"))]


def test_revisions_that_were_private_stay_hidden_when_the_snippet_becomes_public(ada, stranger):
    id = ada.create(body=SECRET, title=SECRET, visibility="private")["id"]
    ada.patch(f"/snippets/{id}", {"body": SECRET + " 2"})
    ada.patch(f"/snippets/{id}", {"body": "for all to see", "title": "open", "visibility": "public"})
    assert visible_versions(ada, id) == [3, 2, 1]
    assert visible_versions(stranger, id) == [3]
    for version in (1, 2):
        response = stranger.get(f"/snippets/{id}/revisions/{version}")
        expect.problem(response, 404, "not_found")
        assert SECRET not in response.text
        assert ada.get(f"/snippets/{id}/revisions/{version}").status == 200
    assert SECRET not in stranger.get(f"/snippets/{id}/revisions").text
    assert stranger.get(f"/snippets/{id}/revisions/3").json()["body"] == "for all to see"


def test_revisions_that_were_public_are_shown_and_those_that_were_private_are_not(ada, stranger):
    id = ada.create(body="open 1", visibility="public")["id"]
    ada.patch(f"/snippets/{id}", {"body": SECRET, "visibility": "private"})
    for version in (1, 2):
        refused(stranger.get(f"/snippets/{id}/revisions/{version}"), stranger)
    ada.patch(f"/snippets/{id}", {"body": "open 3", "visibility": "unlisted"})
    assert visible_versions(stranger, id) == [3, 1]
    assert stranger.get(f"/snippets/{id}/revisions/1").json()["body"] == "open 1"
    expect.problem(stranger.get(f"/snippets/{id}/revisions/2"), 404, "not_found")


def test_a_version_that_was_published_by_visibility_alone_hides_the_private_one_before_it(ada, bob):
    """Publishing without another change makes a version of its own, so it is the new one that strangers see."""
    id = ada.create(body="now open", visibility="private")["id"]
    published = ada.patch(f"/snippets/{id}", {"visibility": "public"}).json()
    assert published["version"] == 2
    assert visible_versions(bob, id) == [2]
    expect.problem(bob.get(f"/snippets/{id}/revisions/1"), 404, "not_found")


def test_a_fork_carries_the_current_version_only(ada, bob):
    id = ada.create(body=SECRET, visibility="private")["id"]
    ada.patch(f"/snippets/{id}", {"body": "open", "visibility": "public"})
    fork = bob.post(f"/snippets/{id}/fork").json()
    assert fork["body"] == "open"
    assert visible_versions(bob, fork["id"]) == [1]


def test_a_fork_of_what_became_private_says_no_more_than_the_id(ada, bob):
    """forked_from stays for the fork's owner, and leads a stranger to a 404."""
    original = ada.create(body="open", visibility="public")
    fork = bob.post(f"/snippets/{original['id']}/fork").json()
    ada.patch(f"/snippets/{original['id']}", {"visibility": "private", "body": SECRET})
    again = bob.get(f"/snippets/{fork['id']}")
    assert SECRET not in again.text
    expect.problem(bob.get(f"/s/{original['id']}"), 404, "not_found")
