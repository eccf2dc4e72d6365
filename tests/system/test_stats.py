"""The contract's statistics: views of one snippet over time, for who may edit it."""

import datetime

import pytest

from harness import expect
from harness.client import Client
from harness.server import Server
from harness.waiting import until

BUCKETS = {"hour": (48, 3600), "day": (90, 24 * 3600)}


@pytest.fixture(scope="module")
def quick(binary, new_database):
    """A server that flushes the counts every 200 ms."""
    with Server(binary, new_database(), flags=["--views-flush", "200ms"]) as running:
        yield running


@pytest.fixture(scope="module")
def author(quick):
    return Client(quick).signup()


def stats(client, id, by=None):
    response = client.get(f"/snippets/{id}/stats" + (f"?by={by}" if by else ""))
    assert response.status == 200, response
    return response.json()


def views(document):
    return sum(point["views"] for point in document["points"])


@pytest.mark.parametrize("by", ["hour", "day"])
def test_every_bucket_is_there_oldest_first_and_zeros_included(quick, author, by):
    id = author.create()["id"]
    before = datetime.datetime.now(datetime.timezone.utc).timestamp()
    document = stats(author, id, by)
    after = datetime.datetime.now(datetime.timezone.utc).timestamp()
    assert list(document) == ["id", "by", "view_count", "points"]
    assert (document["id"], document["by"], document["view_count"]) == (id, by, 0)
    count, seconds = BUCKETS[by]
    assert len(document["points"]) == count
    times = [expect.timestamp(point["time"]) for point in document["points"]]
    assert all(later - earlier == seconds for earlier, later in zip(times, times[1:]))
    assert times[-1] in (before // seconds * seconds, after // seconds * seconds), "the last one is that of now, in UTC"
    assert [point["views"] for point in document["points"]] == [0] * count
    assert all(list(point) == ["time", "views"] for point in document["points"])


def test_days_are_shown_unless_told(author):
    id = author.create()["id"]
    assert stats(author, id) == stats(author, id, "day")


@pytest.mark.parametrize("by", ["", "week", "Day", "hour,day", "1", "%FF"])
def test_another_bucket_is_422(author, by):
    id = author.create()["id"]
    expect.invalid(author.get(f"/snippets/{id}/stats?by={by}"), "by")


def test_views_show_in_the_bucket_of_now_as_in_the_count(quick, author, slow_factor):
    id, other = author.create()["id"], author.create()["id"]
    for _ in range(5):
        Client(quick).get(f"/s/{id}")
    Client(quick).get(f"/s/{other}/raw")
    until(lambda: stats(author, id)["view_count"] == 5, 5 * slow_factor, "the views to be drained")
    for by in BUCKETS:
        document = stats(author, id, by)
        assert views(document) == document["view_count"] == 5
        # The end of an hour or a day may come in between.
        assert sum(point["views"] for point in document["points"][-2:]) == 5
    until(lambda: views(stats(author, other)) == 1, 5 * slow_factor, "the other one's view")


def test_an_edit_keeps_the_history(quick, author, slow_factor):
    id = author.create()["id"]
    Client(quick).get(f"/s/{id}")
    until(lambda: views(stats(author, id)) == 1, 5 * slow_factor, "the view to be drained")
    author.patch(f"/snippets/{id}", {"body": "y", "visibility": "private"})
    assert views(stats(author, id, "hour")) == 1


def test_the_history_outlives_a_restart(binary, new_database, tmp_path):
    with Server(binary, new_database(), data_dir=tmp_path) as server:
        client = Client(server).signup()
        id = client.create()["id"]
        for _ in range(3):
            client.get(f"/s/{id}")
        server.restart()
        again = Client(server)
        again.session = client.session
        assert views(stats(again, id)) == views(stats(again, id, "hour")) == 3


def test_asking_is_no_view(author):
    id = author.create()["id"]
    for _ in range(3):
        assert views(stats(author, id)) == 0


def test_head_works(author):
    id = author.create()["id"]
    response = author.head(f"/snippets/{id}/stats")
    assert (response.status, response.body) == (200, b"")


# --- Who may ask


def test_nobody_in_particular_is_401_whether_it_exists_or_not(quick, author):
    id = author.create(visibility="public")["id"]
    for one in (id, "A" * 12):
        expect.problem(Client(quick).get(f"/snippets/{one}/stats"), 401, "unauthenticated")


def test_another_account_is_403_and_404_for_a_private_one(quick, author):
    other = Client(quick).signup()
    for visibility in ("public", "unlisted"):
        id = author.create(visibility=visibility)["id"]
        expect.problem(other.get(f"/snippets/{id}/stats"), 403, "forbidden")
    id = author.create(visibility="private")["id"]
    expect.problem(other.get(f"/snippets/{id}/stats"), 404, "not_found")


def test_the_edit_token_of_an_anonymous_snippet_opens_its_statistics(quick):
    made = Client(quick).create()
    client = Client(quick)
    client.headers = {"X-Edit-Token": made["edit_token"]}
    assert views(stats(client, made["id"])) == 0
    other = Client(quick).create()
    expect.problem(client.get(f"/snippets/{other['id']}/stats"), 403, "forbidden")


def test_a_token_of_the_account_opens_them(quick, author):
    id = author.create(visibility="private")["id"]
    token = author.post("/auth/tokens", {"name": "ci"}).json()["token"]
    client = Client(quick)
    client.headers = {"Authorization": f"Bearer {token}"}
    assert stats(client, id)["id"] == id


def test_what_is_not_there_is_404(author):
    id = author.create()["id"]
    author.delete(f"/snippets/{id}")
    for one in (id, "A" * 12, "x", "a b"):
        response = author.get(f"/snippets/{one.replace(' ', '%20')}/stats")
        expect.problem(response, 404, "not_found")
