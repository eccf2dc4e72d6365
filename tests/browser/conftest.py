"""What the browser tests need beside a server: their packages, and a way to run a file of them."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from harness.packages import install_packages, node
from harness.waiting import until

FOLDER = pathlib.Path(__file__).resolve().parent
CHROMIUM = os.environ.get("SNIPPETD_CHROMIUM", "/usr/bin/chromium")


@pytest.fixture(scope="session")
def packages():
    """The packages of package-lock.json."""
    install_packages(FOLDER)


def _processes_that_name(text):
    """The processes, other than this one, whose command line has this text."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if text.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass  # it has ended
    return found


def _kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@pytest.fixture
def run_file(packages, slow_factor):
    """A function that runs one file of tests with Node and returns (exit status, output). No browser outlives it."""
    if not pathlib.Path(CHROMIUM).exists():
        pytest.fail("there is no Chromium here: scripts/install-dependencies build test")

    def run(file, environment, timeout):
        # Chromium keeps everything in there, which tells its processes from all others. (The path of a socket in it
        # has room for little more than a hundred characters.)
        scratch = tempfile.mkdtemp(prefix="snippetd-browser-")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SNIPPETD_")},
            "SNIPPETD_CHROMIUM": CHROMIUM,
            "SNIPPETD_TIME_FACTOR": str(slow_factor),
            "TMPDIR": scratch,
            "HOME": scratch,
            "XDG_CONFIG_HOME": scratch,
            "FORCE_COLOR": "0",
            **environment,
        }
        process = subprocess.Popen(
            [node(), "--test-reporter=spec", "--test", file],
            cwd=FOLDER, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=timeout * slow_factor)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            status = f"no end after {timeout * slow_factor:g} s"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            try:
                until(lambda: not _processes_that_name(scratch), 3 * slow_factor, "Chromium to end")
            except AssertionError:
                _kill(_processes_that_name(scratch))
            shutil.rmtree(scratch, ignore_errors=True)
        return status, output

    return run
