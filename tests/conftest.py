"""Fixtures of the Python suites. What they use lives in harness/, beside this folder.

Environment: SNIPPETD_BINARY (the program under test), SNIPPETD_TEST_MODES (sqlite,postgres; either or both),
SNIPPETD_TIME_FACTOR (multiplies every time-out; for sanitizer builds), SNIPPETD_CORPUS (a folder of sample files).
"""

import contextlib
import os
import pathlib
import signal
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from harness.client import Client  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.programs import use_system_path  # noqa: E402
from harness.redis import Redis  # noqa: E402
from harness.server import Server  # noqa: E402

use_system_path()

# A run that is told to end stops what it has started, as it does on Ctrl-C.
signal.signal(signal.SIGTERM, signal.default_int_handler)

MODES = os.environ.get("SNIPPETD_TEST_MODES", "sqlite,postgres").split(",")


def pytest_collection_modifyitems(config, items):
    """With PostgreSQL alone, only what depends on the store: all else has run with SQLite, or is going to."""
    if "sqlite" not in MODES:
        others = [item for item in items if "mode" not in item.fixturenames]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if "mode" in item.fixturenames]


@pytest.fixture(scope="session")
def binary():
    """The path of snippetd."""
    path = pathlib.Path(os.environ.get("SNIPPETD_BINARY", PROJECT / "build/release/bin/snippetd")).resolve()
    assert path.exists(), f"{path} does not exist; build it or set SNIPPETD_BINARY"
    return path


@pytest.fixture(scope="session")
def slow_factor():
    """Multiplies every time-out; above 1 for builds under a sanitizer."""
    return float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))


@pytest.fixture(scope="session")
def postgres():
    """A private PostgreSQL, started when the first test asks for it."""
    with Postgres(fsync=False) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def shared_redis():
    """A private Redis, started when the first test asks for it. Ask for `redis`, which is empty."""
    with Redis() as server:
        yield server


@pytest.fixture
def redis(shared_redis):
    """A Redis with nothing in it."""
    shared_redis.call("FLUSHALL")
    return shared_redis


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    """The store: 'sqlite' or 'postgres'. Every test that uses it, directly or not, runs once on each."""
    return request.param


@pytest.fixture(scope="module")
def new_database(mode, request):
    """A function that returns what Server takes as `database` for an empty store of this mode."""
    if mode == "sqlite":
        yield lambda: None
        return
    postgres = request.getfixturevalue("postgres")
    given = set()

    def give():
        url = postgres.create_database()
        given.add(url)
        return url

    yield give
    for url in given:
        postgres.recycle_database(url)


@pytest.fixture(scope="module")
def server(binary, new_database):
    """One running server for the module, with the rate limits off."""
    with Server(binary, new_database()) as running:
        yield running


@pytest.fixture
def fresh_server(binary, mode, new_database, request):
    """A factory: fresh_server(flags=[…]) starts a server of the test's own on an empty store, stopped afterwards."""
    with contextlib.ExitStack() as started:

        def start(flags=(), **options):
            if "database" not in options:
                options["database"] = new_database()
                if mode == "postgres":
                    started.callback(request.getfixturevalue("postgres").recycle_database, options["database"])
            return started.enter_context(Server(binary, flags=flags, **options))

        yield start


@pytest.fixture(scope="module")
def ada(server):
    """A signed-in account."""
    with Client(server).signup() as client:
        yield client


@pytest.fixture(scope="module")
def bob(server):
    """Another signed-in account."""
    with Client(server).signup() as client:
        yield client


@pytest.fixture(scope="module")
def anonymous(server):
    """A caller without an account."""
    with Client(server) as client:
        yield client


@pytest.fixture(scope="session")
def corpus():
    """Sample source files in many languages, or the project's own sources where there is no such folder."""
    folder = pathlib.Path(os.environ.get("SNIPPETD_CORPUS", PROJECT.parent / "shared/corpus"))
    if not folder.exists():
        folder = PROJECT / "src"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert files, f"{folder} has no files to make snippets of"
    return files
