"""What the suites of clients share."""

import os
import pathlib

import pytest

from harness.client import Client

from snip import Snip


@pytest.fixture(scope="session")
def snip_binary(binary):
    """The path of snip: SNIP_BINARY, or the one beside snippetd."""
    path = pathlib.Path(os.environ.get("SNIP_BINARY", binary.parent / "snip")).resolve()
    assert path.exists(), f"{path} does not exist; build it or set SNIP_BINARY"
    return path


@pytest.fixture
def snip(snip_binary, server, tmp_path):
    """snip of somebody without an account."""
    return Snip(snip_binary, tmp_path / "home", server.url)


@pytest.fixture
def account(server):
    """A fresh account, signed in."""
    with Client(server).signup() as client:
        yield client


@pytest.fixture
def token(account):
    response = account.post("/auth/tokens", {"name": "test"})
    assert response.status == 201, response
    return response.json()["token"]


@pytest.fixture
def own(snip_binary, server, tmp_path, token):
    """snip of `account`."""
    return Snip(snip_binary, tmp_path / "own", server.url, token)
