"""What the tests of the OpenAPI document need beside a server: the linter's packages."""

import pathlib

import pytest

from harness.packages import install_packages

FOLDER = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def linter():
    """The path of redocly."""
    install_packages(FOLDER)
    return FOLDER / "node_modules/.bin/redocly"
