"""What may be sent where: long bodies where a text goes, short answers to nonsense, and no echo for nothing."""

import re
import urllib.parse

import pytest

from harness import expect
from harness.client import Client, raw

BRIEF = 8 * 1024
# Where a snippet's text goes.
WITH_TEXT = {
    ("post", "/"), ("post", "/snippets"), ("patch", "/snippets/{id}"), ("post", "/s/{id}/edit"),
    ("post", "/preview"), ("post", "/snippets/preview"),
    ("post", "/upload"), ("put", "/upload"), ("put", "/upload/{name}"), ("post", "/documents"),
    ("post", "/api/v3/gists"), ("patch", "/api/v3/gists/{id}"), ("post", "/api/v3/gists/{id}"),
}  # fmt: skip


def status_of_header_alone(server, method, path, length, fields=""):
    """The answer to a header that announces a body which never comes; None when the server waits for it."""
    request = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n{fields}\r\n"
    answer = raw(server.host, server.port, request.encode(), timeout=0.15)
    found = re.match(rb"HTTP/1.1 (\d+)", answer)
    return int(found[1]) if found else None


def test_only_routes_for_texts_take_more_than_8_kib(server):
    with Client(server) as client:
        paths = client.get("/openapi.json").json()["paths"]
    unsafe = {
        (method, path)
        for path, operations in paths.items()
        for method in operations
        if method in ("post", "put", "patch", "delete")
    }
    assert WITH_TEXT <= unsafe
    for method, path in sorted(unsafe - WITH_TEXT):
        real = re.sub(r"\{[^}]*\}", "abcdefghijkl", path)
        assert status_of_header_alone(server, method.upper(), real, BRIEF + 1) == 413, f"{method} {path}"
    for method, path in sorted(WITH_TEXT):
        real = re.sub(r"\{[^}]*\}", "abcdefghijkl", path)
        assert status_of_header_alone(server, method.upper(), real, BRIEF + 1) is None, f"{method} {path}"


def test_the_limit_of_a_log_in_is_exact_and_told_before_the_body_is_asked_for(server):
    with Client(server) as client:
        padding = BRIEF - len('{"a":""}')
        expect.problem(client.post("/auth/login", body='{"a":"' + "x" * padding + '"}'), 422, "invalid")
        expect.problem(client.post("/auth/login", body='{"a":"' + "x" * (padding + 1) + '"}'), 413, "payload_too_large")
    waits = "Expect: 100-continue\r\n"
    assert status_of_header_alone(server, "POST", "/auth/login", BRIEF + 1, waits) == 413
    assert status_of_header_alone(server, "POST", "/auth/login", BRIEF, waits) == 100


def test_a_chunked_body_is_bounded_alike(server):
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    head = b"POST /auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(server.host, server.port, head + 2 * chunk + b"0\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert raw(server.host, server.port, head + 3 * chunk + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("path", ["/snippets", "/api/v3/gists", "/auth/login", "/auth/signup"])
def test_at_most_20_complaints_are_made_whatever_is_wrong(server, path):
    many = {f"member {n}": n for n in range(400 if path.startswith("/auth") else 50_000)}
    with Client(server) as client:
        answer = client.post(path, many)
        problem = expect.problem(answer, 422, "invalid")
        assert 1 <= len(problem["fields"]) <= 20 and "first 20" in problem["detail"]
        assert len(answer.body) < 16 * 1024


@pytest.mark.parametrize("path", ["/snippets", "/api/v3/gists"])
def test_a_long_name_is_not_repeated(server, path):
    with Client(server) as client:
        for long in ({"ä" * 1_000_000: 1}, {"files": {"n" * 1_000_000: {"x" * 1_000_000: 1}}}):
            answer = client.post(path, long)
            expect.problem(answer, 422, "invalid")
            assert len(answer.body) < 16 * 1024
            answer.body.decode()


# --- Refused before it has been looked at

PAGE = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def refusing(fresh_server):
    """A server that lets one form in and refuses the next."""
    return fresh_server(flags=["--rate-limit", "anonymous=1/1h"], rate_limits=True)


@pytest.mark.parametrize("path", ["/", "/s/abcdefghijkl/edit"])
def test_a_refused_form_comes_back_when_it_is_of_ordinary_length(refusing, path):
    with Client(refusing) as client:
        client.post("/", body="body=first", headers=PAGE)
        text = "line of text\n" * 3000
        answer = client.post(path, body=urllib.parse.urlencode({"title": "kept", "body": text}), headers=PAGE)
        assert answer.status == 429
        assert text in answer.text and "kept" in answer.text


@pytest.mark.parametrize("path", ["/", "/s/abcdefghijkl/edit"])
def test_a_refused_form_that_is_long_costs_little(refusing, path):
    with Client(refusing) as client:
        client.post("/", body="body=first", headers=PAGE)
        requests = refusing.metric("snippetd_large_texts_total")
        answer = client.post(path, body="body=" + "%01" * 1_000_000, headers=PAGE)
        assert answer.status == 429
        assert len(answer.body) < 16 * 1024 and "your browser has it" in answer.text
        assert answer.headers["Retry-After"]
        assert refusing.metric("snippetd_large_texts_total") == requests, "it has been taken apart"
