"""Processes whose wall clock is wrong, by libfaketime. Their steady clock is as it is."""

import atexit
import functools
import glob
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from .server import clean_environment


def _library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert found, "libfaketime is not installed (the package `faketime`)"
    return found[0]


@functools.cache
def _steady_timers():
    """The library of `steady_timers.cpp`, made once."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="snippetd-clocks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "steady_timers.so"
    source = pathlib.Path(__file__).with_name("steady_timers.cpp")
    subprocess.run(["g++", "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)


def _environment():
    already = clean_environment().get("LD_PRELOAD")
    return {
        "LD_PRELOAD": ":".join(filter(None, [already, _steady_timers(), _library()])),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def is_sanitized(binary):
    """A sanitizer wants to be the first library of its process, and so does libfaketime: there no clock is wrong."""
    program = binary.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def skip_if_sanitized(binary):
    if is_sanitized(binary):
        pytest.skip("libfaketime does not go with a sanitizer")


def off_by(offset):
    """The environment of a process whose clock is off by `+25h`, `-2h` or the like."""
    return {**_environment(), "FAKETIME": offset}


class SettableClock:
    """A clock that can be set while the process runs."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set("+0s")
        self.environment = {
            **_environment(),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
        }

    def set(self, offset):
        """From now on the process's clock is off by `+2h` or the like."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.replace(self.file)
