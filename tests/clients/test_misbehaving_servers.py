"""Other people's clients against a server that refuses, cuts the connection, or is not there: they end soon, with an
error, and print no link. (`snip` has more to say then: test_snip.py.)"""

import json
import pathlib
import re

import pytest

from harness.misbehaving import PASS, Misbehaving, cut_answer, cut_request, refuse, unused_port
from harness.packages import node

FOLDER = pathlib.Path(__file__).resolve().parent
LINK = re.compile(rb"/(s|raw)/[A-Za-z0-9]{12}|^[A-Za-z0-9]{12}$", re.MULTILINE)

FAULTS = {
    "429": lambda: refuse(429, retry_after=1),
    "503": lambda: refuse(503, retry_after=1),
    "cut in the request": cut_request,
    "cut in the answer": lambda: cut_answer(after_bytes=60),
}


@pytest.fixture
def file(home):
    path = home / "main.py"
    path.write_text("x = 1\n" * 1000)
    return path


def curl(run, url, file, home):
    return run("curl", "-sS", "-f", "-F", f"file=@{file}", url)


def curl_put(run, url, file, home):
    return run("curl", "-sS", "-f", "-T", file, f"{url}/upload/")


def pastebinit(run, url, file, home):
    folder = home / ".pastebin.d"
    folder.mkdir(exist_ok=True)
    shipped = (FOLDER.parents[1] / "deploy/pastebin.d/snippetd.conf").read_text()
    (folder / "snippetd.conf").write_text(shipped.replace("localhost:3000", url.removeprefix("http://"), 2))
    return run("pastebinit", "-b", url, "-i", file)


def gist(run, url, file, home):
    (home / (".gist." + re.sub(r"[^a-z0-9.-]", "", url.replace(":", ".")))).write_text("snp_any")
    return run("gist-paste", file, GITHUB_URL=url)


def haste(run, url, file, home):
    return run(node(), FOLDER / "haste.mjs", f"{url}/", stdin=json.dumps([str(file)]).encode(), HASTE_SECONDS="2")


CLIENTS = pytest.mark.parametrize("client", [curl, curl_put, pastebinit, gist, haste])


@pytest.fixture(autouse=True)
def packages(npm_packages):
    pass


@CLIENTS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_client_ends_with_an_error_and_no_link(run, server, file, home, client, fault):
    with Misbehaving(server, afterwards=FAULTS[fault]()) as proxy:
        done = client(run, proxy.url, file, home)
    assert done.status != 0, done
    assert not LINK.search(done.out), done
    assert done.out + done.err
    if fault in ("429", "503"):
        said = {"429": rb"429|TooManyRequests", "503": rb"503|ServiceUnavailable"}[fault]
        assert re.search(said, done.out + done.err), done


@CLIENTS
def test_a_client_ends_when_nobody_is_there(run, file, home, client):
    done = client(run, f"http://127.0.0.1:{unused_port()}", file, home)
    assert done.status != 0 and not LINK.search(done.out), done
    assert done.out + done.err


@pytest.mark.parametrize("fault", FAULTS)
def test_curls_own_retries_make_one_snippet_with_an_idempotency_key(run, server, ada, ada_token, file, fault):
    """`curl --retry` waits as Retry-After says; what was made before the answer was cut is not made twice."""
    title = f"{fault}.py"
    with Misbehaving(server, [FAULTS[fault](), FAULTS[fault](), PASS]) as proxy:
        done = run(
            "curl", "-sS", "--retry", "3", "--retry-all-errors", "-H", f"Idempotency-Key: {fault.replace(' ', '-')}",
            "-H", f"Authorization: Bearer {ada_token}", "-F", f"file=@{file};filename={title}", proxy.url,
        )  # fmt: skip
        assert len(proxy.requests) == 3
    assert done.status == 0, done
    made = [item for item in ada.get("/snippets?limit=100").json()["items"] if item["title"] == title]
    assert len(made) == 1 and done.text.strip().endswith(f"/s/{made[0]['id']}"), done
