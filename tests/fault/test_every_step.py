"""Whichever step of an operation fails, or is the last of its process: it is done as a whole or not at all, nobody is
served another state than the stored one, and it can be repeated."""

import contextlib
import http.client
import io
import zipfile

import pytest

from harness.client import Client, unique_name
from harness.fail_points import FailPoints
from harness.server import Server, run
from harness.waiting import until

# What happens beside the requests would take part in the counting.
ALONE = ("--views", "off", "--jobs", "off")
STEPS_MAX = 200


class Site:
    """A server whose steps fail, perhaps with another one beside it, and an account on them."""

    def __init__(self, server, points, beside=None):
        self.server, self.points, self.beside = server, points, beside
        self.client = Client(server, timeout=10).signup()
        self.session = self.client.session

    def attempt(self, operation):
        """The operation's response; None when the process died of it."""
        try:
            return operation(self.client)
        except (OSError, http.client.HTTPException):
            return None

    def mend(self):
        """Starts the process again if it has died. A client of what runs now."""
        self.client.close()
        if self.server.process.poll() is not None:
            self.server.kill()
            self.server.start()
        self.client = Client(self.server, timeout=10)
        self.client.session = self.session
        return self.client

    def stored(self, id):
        """Version and body as the store has them; None when it has no such snippet. A burnt one is gone."""
        response = self.client.get(f"/snippets/{id}")
        assert response.status in (200, 404, 410), response
        snippet = response.json() if response.status == 200 else None
        return snippet and (snippet["version"], snippet["body"])

    def check_served(self, id):
        """Everybody is served what is stored, here at once, elsewhere by the bound."""
        stored = self.stored(id)

        def served_by(server):
            with Client(server, timeout=10) as reader:
                response = reader.get(f"/s/{id}")
            assert response.status in (200, 404, 410), response
            snippet = response.json() if response.status == 200 else None
            return snippet and (snippet["version"], snippet["body"])

        assert served_by(self.server) == stored
        if self.beside:
            until(lambda: served_by(self.beside) == stored, 2 * self.beside_factor, "the other instance to follow")
        return stored

    beside_factor = 1


def snippet(site, **fields):
    """One that every server has in its cache."""
    id = site.client.create(body="old", visibility="public", **fields)["id"]
    for server in filter(None, (site.server, site.beside)):
        with Client(server) as reader:
            reader.get(f"/s/{id}")
    return id


def create(site, attempt):
    key = {"Idempotency-Key": unique_name("key")}
    before = {item["id"] for item in site.client.get("/snippets?limit=100").json()["items"]}
    response = attempt(lambda client: client.post("/snippets", {"body": "text"}, key))
    client = site.mend()
    # Whatever has become of it: asked again it is there, once.
    again = client.post("/snippets", {"body": "text"}, key)
    assert again.status == 201, again
    if response is not None and response.status == 201:
        assert again.body == response.body
    now = {item["id"] for item in client.get("/snippets?limit=100").json()["items"]}
    assert now - before == {again.json()["id"]}
    assert site.check_served(again.json()["id"]) == (1, "text")
    assert client.delete(f"/snippets/{again.json()['id']}").status == 204
    return response, 201


def fork(site, attempt):
    id = snippet(site)
    key = {"Idempotency-Key": f"fork-of-{id}"}
    response = attempt(lambda client: client.post(f"/snippets/{id}/fork", headers=key))
    client = site.mend()
    again = client.post(f"/snippets/{id}/fork", headers=key)
    assert again.status == 201, again
    forks = [item for item in client.get("/snippets?limit=100").json()["items"] if item.get("forked_from") == id]
    assert [item["id"] for item in forks] == [again.json()["id"]]
    return response, 201


def edit(site, attempt):
    id = snippet(site)
    response = attempt(lambda client: client.patch(f"/snippets/{id}", {"body": "new"}))
    client = site.mend()
    stored = site.check_served(id)
    assert stored in ((1, "old"), (2, "new"))
    if response is not None and response.status == 200:
        assert stored == (2, "new")
    revisions = client.get(f"/snippets/{id}/revisions").json()["items"]
    assert [item["version"] for item in revisions] == list(range(stored[0], 0, -1))
    assert client.patch(f"/snippets/{id}", {"body": "new"}).status == 200
    assert site.check_served(id) == (2, "new")
    return response, 200


def delete(site, attempt):
    id = snippet(site)
    response = attempt(lambda client: client.delete(f"/snippets/{id}"))
    client = site.mend()
    stored = site.check_served(id)
    assert stored in (None, (1, "old"))
    if response is not None and response.status == 204:
        assert stored is None
    assert client.delete(f"/snippets/{id}").status == (204 if stored else 404)
    assert site.check_served(id) is None
    return response, 204


def burn(site, attempt):
    id = site.client.create(body="old", burn_after_reading=True)["id"]
    response = attempt(lambda client: client.get(f"/s/{id}?burn=1"))
    client = site.mend()
    # It may be gone unread, and is never read twice.
    again = client.get(f"/s/{id}?burn=1")
    assert again.status in (200, 410), again
    if response is not None and response.status == 200:
        assert again.status == 410
    assert client.get(f"/s/{id}?burn=1").status == 410
    return response, 200


def delete_account(site, attempt):
    site.client.close()
    site.client = Client(site.server, timeout=10).signup()
    site.session = site.client.session
    name = site.client.username
    ids = [snippet(site) for _ in range(3)]
    response = attempt(lambda client: client.request("DELETE", "/auth/me", json={"password": "correct horse"}))
    site.mend()
    with Client(site.server, timeout=10) as again:
        if again.post("/auth/login", {"username": name, "password": "correct horse"}).status == 200:
            assert response is None or response.status != 204
            deleted = again.request("DELETE", "/auth/me", json={"password": "correct horse"})
            assert deleted.status == 204, deleted
        for server in filter(None, (site.server, site.beside)):
            with Client(server, timeout=10) as reader:
                until(lambda: all(reader.get(f"/s/{id}").status in (404, 410) for id in ids), 2 * site.beside_factor,
                      "all links to lead nowhere")
        again.signup(name)  # the name is free
        site.session = again.session
    site.mend()
    return response, 204


OPERATIONS = [create, fork, edit, delete, burn, delete_account]


def try_every_step(site, operation, group, action):
    """How many steps the operation has."""
    for step in range(1, STEPS_MAX):
        happened = []

        def attempt(request):
            site.points.order(group, step, action)
            response = site.attempt(request)
            if action == "die" and response is None:
                until(lambda: site.server.process.poll() is not None, 10, "the process to be gone")
            happened.append(site.points.withdraw())
            return response

        response, done = operation(site, attempt)
        if not happened[0]:
            assert response.status == done, response
            return step - 1
        if action == "die":
            assert response is None
        else:
            assert response.status in (done, 503), response
    raise AssertionError(f"{STEPS_MAX} steps were not all")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.__name__)
def test_on_sqlite(operation, binary, tmp_path):
    points = FailPoints(tmp_path)
    with Server(binary, flags=ALONE, env=points.env) as server:
        site = Site(server, points)
        for action in ("fail", "die"):
            # Before and after at least one transaction.
            assert try_every_step(site, operation, "sqlite-write", action) >= 2


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.__name__)
def test_on_postgresql_and_redis_beside_another_instance(operation, binary, postgres, redis, tmp_path, slow_factor):
    points = FailPoints(tmp_path)
    flags = ("--redis", redis.url(), "--views", "off")
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)
        beside = started.enter_context(Server(binary, url, flags=flags))
        server = started.enter_context(Server(binary, url, flags=(*flags, "--jobs", "off"), env=points.env))
        site = Site(server, points, beside)
        site.beside_factor = slow_factor
        for action in ("fail", "die"):
            assert try_every_step(site, operation, "postgres-write", action) >= 2
        # Without the server of the cache an operation goes on; the others are told by the outbox.
        for action in ("fail", "die"):
            steps = try_every_step(site, operation, "redis-requests", action)
            assert steps >= 2 or operation in (create, fork, burn)


def test_an_export_is_whole_or_torn(binary, tmp_path):
    points = FailPoints(tmp_path)
    with Server(binary, flags=ALONE, env=points.env) as server, Client(server, timeout=10).signup() as client:
        ids = [client.create(body=f"text {number}")["id"] for number in range(3)]
        assert client.patch(f"/snippets/{ids[0]}", {"body": "edited"}).status == 200
        torn = 0
        for step in range(1, STEPS_MAX):
            points.order("sqlite-read", step, "fail")
            try:
                response = client.get("/auth/export")
            except (OSError, http.client.HTTPException):
                torn += 1
                assert points.withdraw()
                client.close()
                continue
            happened = points.withdraw()
            if response.status == 503 and happened:
                continue
            assert response.status == 200, response  # perhaps it has read once more
            names = zipfile.ZipFile(io.BytesIO(response.body)).namelist()
            assert len(names) == 5 and f"revisions/{ids[0]}/v1.txt" in names
            if not happened:
                break
        assert torn >= 3


@pytest.mark.parametrize("action", ["fail", "die"])
def test_a_migration_goes_on_where_it_was(action, binary, tmp_path):
    points = FailPoints(tmp_path)
    for step in range(1, STEPS_MAX):
        folder = tmp_path / f"{step}"
        points.order("migration", step, action)
        cut = run(binary, "migrate", "--data-dir", folder, env=points.env)
        if not points.withdraw():
            break
        assert cut.returncode == (1 if action == "fail" else -9), cut.stderr
        again = run(binary, "migrate", "--data-dir", folder)
        assert again.returncode == 0, again.stderr
    assert cut.returncode == 0, cut.stderr
    assert step > 5
    with Server(binary, data_dir=folder) as server, Client(server).signup() as client:
        client.create(body="works")


def test_a_migration_of_postgresql_goes_on_where_it_was(binary, postgres, tmp_path):
    points = FailPoints(tmp_path)
    for step in range(1, STEPS_MAX):
        url = postgres.create_database()
        try:
            points.order("migration", step, "die" if step % 2 else "fail")
            cut = run(binary, "migrate", "--database", url, env=points.env)
            if not points.withdraw():
                break
            assert cut.returncode in (1, -9), cut.stderr
            again = run(binary, "migrate", "--database", url)
            assert again.returncode == 0, again.stderr
        finally:
            postgres.recycle_database(url)
    assert cut.returncode == 0, cut.stderr
    assert step > 5
