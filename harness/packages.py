"""The npm packages that a folder of tests names in its package-lock.json, and the Node that they all run on."""

import fcntl
import functools
import os
import pathlib
import platform
import subprocess

from .programs import SYSTEM_PATH, system_program

NODE_FOLDER = pathlib.Path(__file__).resolve().parent / "node"
NODE_PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


def install_packages(folder):
    """Installs them when they are missing or older than the lock file. Asserts that it went well."""
    wanted, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    with wanted.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # suites run beside each other
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            _install(folder)
            installed.touch()


def _install(folder):
    # npm runs on the Node that its first line finds, which has to be the system's.
    done = subprocess.run(
        [system_program("npm"), "ci", "--ignore-scripts", "--include=optional", "--no-audit", "--no-fund"],
        cwd=folder, env={**os.environ, "PATH": SYSTEM_PATH}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"npm ci:\n{done.stdout}{done.stderr}"


@functools.cache
def node():
    """The path of the Node that node/package-lock.json names: the same release on every machine."""
    name = NODE_PLATFORMS.get(platform.machine())
    assert name, f"the suites have no Node for {platform.machine()}, only for {', '.join(NODE_PLATFORMS)}"
    install_packages(NODE_FOLDER)
    path = NODE_FOLDER / f"node_modules/node-{name}/bin/node"
    assert path.exists(), f"the packages lack {path}"
    return path
