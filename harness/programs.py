"""Where the suites look for programs: where scripts/path says, whatever PATH they were started with."""

import os
import pathlib
import re
import shutil

_SAID = pathlib.Path(__file__).resolve().parents[1] / "scripts/path"
SYSTEM_PATH = re.search(r"^PATH=(\S+)$", _SAID.read_text(), re.MULTILINE)[1]


def use_system_path():
    """From here on this process and what it starts know no other folders."""
    os.environ["PATH"] = SYSTEM_PATH


def system_program(name):
    """Its path. Asserts that it is installed."""
    path = shutil.which(name, path=SYSTEM_PATH)
    assert path, f"{name} is missing: scripts/install-dependencies build test"
    return path
