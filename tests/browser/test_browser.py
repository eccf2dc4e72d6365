"""Real pages in a real browser: every *.test.mjs in this folder, on the real binary, in both modes."""

import contextlib
import os
import pathlib

import pytest

from harness.postgres import free_port
from harness.server import Server

FOLDER = pathlib.Path(__file__).resolve().parent
FILES = sorted(path.name for path in FOLDER.glob("*.test.mjs"))

# What differs from a server without limits: windows so short that a test sees them end.
FLAGS = {"refused.test.mjs": ("--rate-limit", "write=2/4s", "--rate-limit", "login=3/4s", "--rate-limit", "signup=off")}
SECONDS_MAX = 300  # of a file; on a machine with nothing else to do the longest takes about 90
ONLY_EMBEDDED = {"lighthouse.test.mjs"}


def test_there_are_files():
    assert FILES


@pytest.mark.parametrize("file", FILES)
def test_in_the_browser(file, mode, fresh_server, run_file, corpus, request):
    if file in ONLY_EMBEDDED and mode != "sqlite":
        pytest.skip("says nothing about the store")
    if file == "lighthouse.test.mjs" and os.environ.get("SNIPPETD_SANITIZER"):
        pytest.skip("how fast it is says something as released only")
    redis = ("--redis", request.getfixturevalue("redis").url()) if mode == "postgres" else ()
    flags = ("--views-flush", "1s", *redis)
    with contextlib.ExitStack() as stack:
        server = fresh_server(flags=(*flags, *FLAGS.get(file, ())), rate_limits=file in FLAGS)
        environment = {
            "SNIPPETD_URL": server.url,
            "SNIPPETD_MODE": mode,
            "SNIPPETD_LONG": os.environ.get("SNIPPETD_TEST_LONG", "0"),
            "SNIPPETD_FILES": os.pathsep.join(str(path) for path in corpus),
        }
        if file == "refused.test.mjs":
            # Writes need a Redis that is not there.
            nowhere = ("--redis", f"redis://127.0.0.1:{free_port()}/0", "--rate-limit-on-failure", "closed")
            busy = stack.enter_context(Server(server.binary, flags=nowhere, rate_limits=True))
            environment["SNIPPETD_BUSY_URL"] = busy.url
        status, output = run_file(file, environment, SECONDS_MAX)
        assert status == 0, f"{file} on {mode}: {status}\n{output}"
