"""What the tests of clients have in common: a server with its account and token, and a way to run a program."""

import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from harness.client import Client
from harness.packages import install_packages

from snip import Snip

FOLDER = pathlib.Path(__file__).resolve().parent


@dataclass
class Run:
    status: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return self.out.decode()


@pytest.fixture
def home(tmp_path):
    """A home folder with nothing in it."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def run(home, slow_factor):
    """A function that runs a program, in an environment that knows nothing of this machine's user."""

    def go(*command, stdin=b"", seconds=20, **environment):
        assert shutil.which(command[0]), f"{command[0]} is missing: scripts/install-dependencies test"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "ASAN_OPTIONS") if name in os.environ}
        environment = {**kept, "LC_ALL": "C.UTF-8", "HOME": str(home), **environment}
        done = subprocess.run(
            [str(word) for word in command], input=stdin, capture_output=True, env=environment, cwd=home,
            timeout=seconds * slow_factor,
        )  # fmt: skip
        return Run(done.returncode, done.stdout, done.stderr)

    return go


@pytest.fixture(scope="module")
def ada_token(ada):
    """A token of the account `ada`."""
    return ada.post("/auth/tokens", {"name": "clients"}).json()["token"]


@pytest.fixture(scope="module")
def reader(server):
    """Somebody else, who follows links."""
    with Client(server) as client:
        yield client


@pytest.fixture(scope="session")
def npm_packages():
    install_packages(FOLDER)


@pytest.fixture
def texts(corpus):
    """The files of the corpus that are text, with what is in them."""
    found = {}
    for path in corpus:
        content = path.read_bytes()
        try:
            content.decode()
        except UnicodeDecodeError:
            continue
        if content and b"\0" not in content:
            found[path] = content
    assert len(found) > len(corpus) / 2
    return found


# snip.


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
