"""What the tests of the OpenAPI document need beside a server: the linter's packages."""

import pathlib
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def linter():
    """The path of redocly, installed from package-lock.json when it is missing or older than that."""
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=FOLDER, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"npm ci:\n{done.stdout}{done.stderr}"
        installed.touch()
    return FOLDER / "node_modules/.bin/redocly"
