"""Callers of a test's own; the module's are in ../conftest.py."""

import pytest

from harness.client import Client


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
