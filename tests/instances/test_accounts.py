"""What the instances keep together of accounts: a change of password, and a deletion."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import expect
from harness.client import PASSWORD, Client
from harness.waiting import until

ELSEWHERE = 0.25  # seconds until a deletion shows on the instances that have not taken it
BELIEVED = 1.0  # seconds that another instance may still believe a session that has been ended


def delete(client):
    return client.request("DELETE", "/auth/me", json={"password": PASSWORD})


def test_a_change_of_password_ends_sessions_everywhere(instances, everywhere, slow_factor):
    servers = instances(rate_limits=False)
    client = Client(servers[0]).signup()
    others = everywhere(Client(servers[0]).login(client.username), servers)
    copies = everywhere(client, servers)  # what a thief has of this session's cookie
    for other in others + copies:
        assert other.get("/auth/me").status == 200
    assert client.post("/auth/password", {"current": PASSWORD, "new": "battery staple"}).status == 200
    # Believed or not, what would outlive the session is not made.
    for copy in copies:
        expect.problem(copy.post("/auth/tokens", {"name": "a thief's"}), 401, "unauthenticated")
    expect.problem(copies[0].get("/auth/me"), 401, "unauthenticated")
    expect.problem(others[0].get("/auth/me"), 401, "unauthenticated")
    for other in others[1:] + copies[1:]:
        until(lambda: other.get("/auth/me").status == 401, BELIEVED * slow_factor + 0.1, "the session to end")
    for one in everywhere(client, servers):
        assert one.get("/auth/me").status == 200
        assert one.get("/auth/tokens").json()["items"] == []


def test_links_of_a_deleted_account_are_gone_on_every_instance(instances, everywhere, redis, slow_factor):
    servers = instances(rate_limits=False)
    clients = everywhere(Client(servers[0]).signup(), servers)
    ids = [clients[0].create(visibility=one)["id"] for one in ("public", "unlisted") for _ in range(60)]
    readers = [Client(server) for server in servers]
    for reader in readers:
        for id in ids:
            assert reader.get(f"/s/{id}").status == 200
            assert reader.get(f"/s/{id}").headers["Cache-Status"] == "snippetd-near; hit"
    assert delete(clients[0]).status == 204
    for id in ids:
        expect.problem(readers[0].get(f"/s/{id}"), 404, "not_found")
        assert redis.call("EXISTS", f"snippet:{{{id}}}") == 0
    for reader in readers:
        for id in ids:
            until(lambda: reader.get(f"/s/{id}").status == 404, ELSEWHERE * slow_factor, "the link to go", 0.005)
    for client in clients:
        until(lambda: client.get("/auth/me").status == 401, BELIEVED * slow_factor + 0.1, "the session to end")


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_created_meanwhile_does_not_survive_nor_hold_up_the_deletion(instances, everywhere, count):
    """Creates without a pause, with the very session that asks for the deletion."""
    servers = instances(rate_limits=False, count=count)
    client = Client(servers[0]).signup()
    for _ in range(100):
        client.create()
    others = everywhere(client, [servers[-1], servers[len(servers) // 2], servers[-1]])
    over = threading.Event()

    def create_until_refused(one):
        ids = []
        while not over.is_set():
            response = one.post("/snippets", {"body": "x"})
            if response.status != 201:
                return ids, response.status
            ids.append(response.json()["id"])
        return ids, None

    with ThreadPoolExecutor(len(others)) as pool:
        running = [pool.submit(create_until_refused, one) for one in others]
        try:
            assert delete(client).status == 204
            results = [future.result(30) for future in running]
        finally:
            over.set()
    for ids, status in results:
        assert status == 401
        for id in ids:
            expect.problem(Client(servers[0]).get(f"/s/{id}"), 404, "not_found")
    Client(servers[-1]).signup(client.username)


def test_with_redis_away_the_deletion_goes_on_and_shows_elsewhere(instances, everywhere, redis, slow_factor):
    servers = instances(rate_limits=False, count=2)
    clients = everywhere(Client(servers[0]).signup(), servers)
    ids = [clients[0].create()["id"] for _ in range(30)]
    for client in clients:
        for id in ids:
            client.get(f"/s/{id}")
    redis.pause()
    try:
        assert delete(clients[0]).status == 204
        for id in ids:
            expect.problem(Client(servers[0]).get(f"/s/{id}"), 404, "not_found")
        reader = Client(servers[1])
        for id in ids:
            until(lambda: reader.get(f"/s/{id}").status == 404, (ELSEWHERE + 0.5) * slow_factor, "it to go", 0.01)
    finally:
        redis.resume()
