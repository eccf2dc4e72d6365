"""Several instances on one database and one Redis."""

import contextlib
import os

import pytest

from harness.client import Client
from harness.server import Server

INSTANCES = 3


def pytest_configure(config):
    config.addinivalue_line("markers", "as_released: says nothing more about memory than others do, and takes long")


def pytest_collection_modifyitems(items):
    if not os.environ.get("SNIPPETD_SANITIZER"):
        return
    for item in items:
        if item.get_closest_marker("as_released"):
            item.add_marker(pytest.mark.skip(reason="only as released"))


@pytest.fixture
def instances(binary, postgres, redis):
    """A factory for instances (three, unless `count` says otherwise) on one database and one Redis, with the default
    limits or those in the flags."""
    with contextlib.ExitStack() as started:
        url = postgres.create_database()
        started.callback(postgres.recycle_database, url)

        def start(*flags, count=INSTANCES, rate_limits=True):
            flags = ("--redis", redis.url(), *flags)
            return [
                started.enter_context(Server(binary, url, flags=flags, rate_limits=rate_limits)) for _ in range(count)
            ]

        yield start


@pytest.fixture
def everywhere():
    """A function: the client's session on every server."""

    def spread(client, servers):
        clients = []
        for server in servers:
            one = Client(server)
            one.session = client.session
            clients.append(one)
        return clients

    return spread
