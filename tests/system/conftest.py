"""Callers of a test's own; the module's are in ../conftest.py."""

import pytest

from harness.client import Client
from harness.server import Server


@pytest.fixture
def author(server):
    """A fresh account, signed in."""
    with Client(server).signup() as client:
        yield client


@pytest.fixture
def nobody(server):
    """Somebody without an account, on a connection of their own."""
    with Client(server) as client:
        yield client


@pytest.fixture(scope="module")
def still(binary, new_database):
    """A server that counts no views: the tags of what shows a count stay as they are between two reads."""
    with Server(binary, new_database(), flags=["--views", "off"]) as running:
        yield running


@pytest.fixture(scope="module")
def still_ada(still):
    """A signed-in account there."""
    with Client(still).signup() as client:
        yield client
