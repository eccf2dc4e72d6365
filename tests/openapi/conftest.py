"""What the tests of the OpenAPI document need beside a server: the linter."""

import pathlib

import pytest

from harness.packages import install_packages, node

FOLDER = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def linter():
    """The command that runs redocly."""
    install_packages(FOLDER)
    return [node(), FOLDER / "node_modules/.bin/redocly"]
