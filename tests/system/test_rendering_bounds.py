"""What strangers have written is rendered within bounds: a document can fail, but not the process, nor anybody's page.

The families are those of cmark's and md4c's own pathological tests, and what else a parser or a renderer has been seen
to be quadratic in, at sizes up to --max-body.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import random
import re
import signal
import statistics
import time

import pytest

from harness.client import Client
from harness.server import TIME_FACTOR, Server
from harness.waiting import until

SANITIZED = bool(os.environ.get("SNIPPETD_SANITIZER"))
PAGE = {"Accept": "text/html", "Accept-Encoding": "br"}
PLAIN_PAGE = {"Accept": "text/html"}
KIB = 1024
MIB = 1024 * KIB

CPU_MAX_S = 0.25
TICK_S = 0.02  # what the system's accounts are rounded to, some times
# By what it makes: itself, what one document may take and, for code in colours, the grammars that are kept.
PROCESS_KIB_MAX = {"render-differences": 64 * KIB, "render-code": 112 * KIB, "render-pictures": 64 * KIB}
SERVER_KIB_MAX = 160 * KIB  # the whole service, whatever it has been asked before; it was gigabytes


def filled(text, size):
    return (text * (size // len(text) + 1))[:size]


def table(columns, rows):
    return "|a" * columns + "\n" + "|-" * columns + "\n" + "|x\n" * rows


FAMILIES = {
    "nested brackets": "[" * (128 * KIB) + "a" + "]" * (128 * KIB),
    "link openers": filled("[a", MIB),
    "link closers": filled("a]", MIB),
    "unfinished links": filled("[a](", 256 * KIB),
    "unfinished pictures": filled("![", 256 * KIB),
    "broken link titles": filled("[ (](", 256 * KIB),
    "unfinished destinations": filled("[x](<", 256 * KIB),
    "nested strong and emphasis": "*a **a " * 65000 + "b" + " a** a*" * 65000,
    "emphasis closers": filled("a_ ", 256 * KIB),
    "emphasis openers": filled("_a ", 256 * KIB),
    "mismatched emphasis": filled("*a_ ", 256 * KIB),
    "multiples of three": "a**b" + "c* " * 50000,
    "nested quotes": "> " * (128 * KIB) + "a",
    "quotes of growing depth": "".join(">" * depth + "a\n" for depth in range(700)),
    "deep lists": "".join("  " * depth + "* a\n" for depth in range(700)),
    "nested lists": "- " * (128 * KIB),
    "backticks": "".join("e" + "`" * count for count in range(1, 1400)),
    "instructions": "a" + filled("<?", MIB - 1),
    "declarations": "a" + filled("<!A ", 256 * KIB),
    "cdata": "a" + filled("<![CDATA[", 256 * KIB),
    "comments": "a" + filled("<!-- ", 256 * KIB),
    "tags": filled("<a ", 256 * KIB),
    "columns by rows": table(4000, 8000),
    "columns": "|a" * 100_000 + "\n" + "|-" * 100_000 + "\n",
    "references expanded": "[a]: /" + "x" * (64 * KIB) + "\n\n" + "[a] " * (16 * KIB),
    "many references": "".join(f"[a{number}]: u\n" for number in range(20000)) + "[a0] " * 20000,
    "bare links": filled("http://a.b ", MIB - 100),
    "bare addresses": filled("www.", 256 * KIB),
    "entities": filled("&a", 256 * KIB),
    "empty items": filled("- a\n", MIB),
    "fences": filled("```\n", 256 * KIB),
    "tabs": "a" + filled("\t", 256 * KIB),
    "notes": "".join(f"x[^{number}]\n\n[^{number}]: note\n\n" for number in range(20000)),
    "notes of notes": "[^0]\n\n" + "".join(f"[^{number}]: [^{number + 1}]\n" for number in range(40000)),
    "one note many times": filled("[^1] ", MIB - KIB) + "\n\n[^1]: x",
    "a long note": filled("[^1] ", 2000) + "\n\n[^1]: " + filled("x y\n    ", MIB // 2),
    "nested brackets of a note": "[" * (128 * KIB) + "^1]" + "]" * (128 * KIB) + "\n\n[^1]: x",
    "unfinished references": filled("[^a", MIB),
    "dollars that end nothing": filled("$a ", MIB - KIB) + "x$",
    "dollars around tags": filled("$a " * 4000 + "</ x$", MIB),
    "formulas": filled("$a$ ", MIB),
    "unfinished blocks of math": filled("$$a\n", MIB),
}


def processes_of(server):
    """The processes that the server has started."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        state, parent = stat[stat.rindex(")") + 2 :].split()[:2]
        if int(parent) == server.pid and state != "Z":
            found.append(int(entry.name))
    return found


def status_kib(pid, name):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0  # it has ended
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0


def cpu_of_processes(server):
    """Seconds of the processor that the server's processes have used, those that have ended included."""
    ticks = os.sysconf("SC_CLK_TCK")

    def fields(pid):
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        return stat[stat.rindex(")") + 2 :].split()

    total = sum(int(value) for value in fields(server.pid)[13:15])
    for pid in processes_of(server):
        try:
            total += sum(int(value) for value in fields(pid)[11:13])
        except OSError:
            pass
    return total / ticks


def documents(server, kind):
    """How many of the kind were made or tried. By itself, since colours of a page may come after its answer."""
    return server.metric("snippetd_documents_total", kind=kind)


def read_page(client, path, attempts=20):
    """The page, asked for again while it says that it is not ready yet."""
    for _ in range(attempts):
        answer = client.get(path, headers=PLAIN_PAGE)
        if answer.status == 200 and b"is still being rendered" not in answer.body:
            return answer
        assert answer.status in (200, 503), answer
        time.sleep(0.05)
    raise AssertionError(f"no page of {path}: {answer}")


@pytest.fixture(scope="module")
def server(binary):
    """Markdown and differences know nothing of the store."""
    with Server(binary, flags=("--threads", "2")) as running:
        yield running


@pytest.fixture
def client(server):
    with Client(server) as one:
        yield one


def create(client, body, **fields):
    return client.create(body=body, language=fields.pop("language", "markdown"), **fields)["id"]


def test_ordinary_markdown_is_rendered(client):
    answer = read_page(client, f"/s/{create(client, '# Title' + chr(10) * 2 + '- [x] *done*')}")
    assert b'<h1 id="md-title">Title</h1>' in answer.body and b"<em>done</em>" in answer.body


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pathological_document_costs_no_more_than_it_may(server, client, family):
    snippet = create(client, FAMILIES[family], title="README.md")
    read_page(client, f"/s/{create(client, 'warm')}")
    before = cpu_of_processes(server)
    answer = read_page(client, f"/s/{snippet}")
    used = cpu_of_processes(server) - before
    rendered = b'<div class="markdown"' in answer.body
    assert rendered != (b"Here is its source." in answer.body)
    assert b'<pre class="code"' in answer.body
    # Two starts of a process may come on top, which a sanitizer makes long.
    assert SANITIZED or used <= CPU_MAX_S + TICK_S + 0.1, f"{used} s of CPU"
    assert server.process.poll() is None
    if not SANITIZED:
        assert status_kib(server.pid, "VmHWM") < SERVER_KIB_MAX
        for pid in processes_of(server):
            with open(f"/proc/{pid}/cmdline") as file:
                assert status_kib(pid, "VmHWM") <= PROCESS_KIB_MAX[file.read().split("\0")[1]]


def test_a_document_that_failed_is_not_tried_again(server, client):
    path = f"/s/{create(client, FAMILIES['columns by rows'] + '!')}"
    first = read_page(client, path)
    if b"Here is its source." not in first.body:
        path = f"/s/{create(client, FAMILIES['bare links'])}"
        assert b"Here is its source." in read_page(client, path).body
    made = documents(server, "markdown")
    for _ in range(4):
        with Client(server) as other:
            assert b"Here is its source." in read_page(other, path).body
            other.get(path, headers={**PLAIN_PAGE, "Host": "another.example"})
    assert documents(server, "markdown") == made


def test_all_who_wait_for_one_document_have_it_made_once(server, client):
    path = f"/s/{create(client, FAMILIES['instructions'])}"
    made = documents(server, "markdown")

    def read(_):
        with Client(server) as other:
            return read_page(other, path).status

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert set(threads.map(read, range(8))) == {200}
    assert documents(server, "markdown") == made + 1


def random_lines(seed, size=MIB):
    source = random.Random(seed)
    return "".join(source.choices("abcdefgh\n\n", k=size))


def make_versions(client, first, second):
    with client.clone() as author:
        author.signup()
        snippet = create(author, first, language="text")
        assert author.patch(f"/snippets/{snippet}", json={"body": second}).status == 200
    return snippet


def read_difference(client, path):
    for _ in range(20):
        answer = client.get(path, headers=PLAIN_PAGE)
        if answer.status == 200:
            return answer
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0, answer
        time.sleep(0.05)
    raise AssertionError(f"no difference: {answer}")


def test_a_difference_costs_no_more_than_it_may_and_that_once(server, client):
    snippet = make_versions(client, random_lines(1), random_lines(2))
    path = f"/s/{snippet}/revisions?from=1&to=2"
    before = cpu_of_processes(server)
    answer = read_difference(client, path)
    used = cpu_of_processes(server) - before
    assert b"too different to be compared" in answer.body or b"the rest is left out" in answer.body
    assert SANITIZED or used <= CPU_MAX_S + TICK_S, f"{used} s of CPU"
    made = documents(server, "difference")
    for _ in range(3):
        assert read_difference(client, path).status == 200
    assert documents(server, "difference") == made


def test_a_large_text_with_a_small_change_is_compared(client):
    text = filled("A line that stays as it is.\n", MIB - 100)
    snippet = make_versions(client, text, text[: MIB // 2] + "\nA new line.\n" + text[MIB // 2 :])
    answer = read_difference(client, f"/s/{snippet}/revisions?from=1&to=2")
    assert b"A new line." in answer.body and b"too different" not in answer.body


def test_a_private_version_is_not_told_by_a_difference_that_is_kept(server, client):
    with client.clone() as author:
        author.signup()
        snippet = create(author, "secret\n", language="text", visibility="private")
        assert author.patch(f"/snippets/{snippet}", json={"body": "open\n", "visibility": "public"}).status == 200
        path = f"/s/{snippet}/revisions?from=1&to=2"
        assert b"secret" in read_difference(author, path).body
        assert client.get(path, headers=PLAIN_PAGE).status == 404


def test_heavy_documents_do_not_hold_up_other_pages(server, client):
    """Four differences of random texts and four documents that fail, at once: other new pages come meanwhile."""
    paths = [
        f"/s/{make_versions(client, random_lines(10 + n), random_lines(20 + n))}/revisions?from=1&to=2"
        for n in range(4)
    ]
    paths += [f"/s/{create(client, FAMILIES['bare links'] + str(n))}" for n in range(4)]
    others = [create(client, f"print({n})\n" * 50, language="python") for n in range(40)]
    durations = []

    def read(path):
        with Client(server) as other:
            return other.get(path, headers=PAGE).status

    with concurrent.futures.ThreadPoolExecutor(len(paths)) as threads:
        heavy = [threads.submit(read, path) for path in paths]
        for other in others:
            began = time.monotonic()
            assert client.get(f"/s/{other}", headers=PAGE).status == 200
            durations.append(time.monotonic() - began)
        assert {one.result() for one in heavy} <= {200, 503}
    assert statistics.median(durations) < 0.1 * TIME_FACTOR, durations
    assert max(durations) < 0.6 * TIME_FACTOR, durations


def test_a_process_that_is_killed_is_replaced(server, client):
    read_page(client, f"/s/{create(client, 'one')}")
    killed = 0
    for pid in processes_of(server):
        with contextlib.suppress(ProcessLookupError):  # one of an earlier test may be about to end
            os.kill(pid, signal.SIGKILL)
            killed += 1
    assert killed > 0
    assert b"<em>two</em>" in read_page(client, f"/s/{create(client, '*two*')}").body


def assert_they_have_what_they_need_alone(server):
    """Returns their number. One that ends meanwhile is an OSError."""
    found = processes_of(server)
    for pid in found:
        assert {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")} == {0, 1, 2, 3}
        assert os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(server.binary)
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert all(b"SAN_OPTIONS=" in variable for variable in environment.split(b"\0") if variable), environment
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert "Max core file size        0 " in limits
        assert SANITIZED or not re.search(r"Max address space +unlimited", limits)
    return len(found)


def test_a_process_has_nothing_that_is_not_needed(server, client):
    read_page(client, f"/s/{create(client, 'warm')}")
    until(lambda: assert_they_have_what_they_need_alone(server), 5 * TIME_FACTOR, "those of earlier tests to end")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_no_process_outlives_the_service(binary, end):
    with Server(binary) as server, Client(server) as client:
        assert processes_of(server) == [], "they are started when the first document is read"
        read_page(client, f"/s/{create(client, 'one')}")
        started = processes_of(server)
        assert started
        getattr(server, end)()
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in started), 5 * TIME_FACTOR, "the end of all")
