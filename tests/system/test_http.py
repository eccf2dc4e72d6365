"""HTTP/1.1 as it is spoken on the wire: framing, limits, time-outs, connections, request ids in the access log."""

import contextlib
import http.client
import json
import re
import socket
import time

import pytest

from harness import expect
from harness.burst import request_bytes
from harness.client import TIME_FACTOR, Client, Headers, Response, raw
from harness.server import Server
from harness.waiting import until

ROUTES = [
    ("/auth/signup", {"POST"}),
    ("/auth/login", {"POST"}),
    ("/auth/logout", {"POST"}),
    ("/auth/me", {"GET", "HEAD", "DELETE"}),
    ("/auth/tokens", {"GET", "HEAD", "POST"}),
    ("/auth/tokens/AAAAAAAAAAAA", {"DELETE"}),
    ("/snippets", {"GET", "HEAD", "POST"}),
    ("/snippets/AAAAAAAAAAAA", {"GET", "HEAD", "PATCH", "DELETE"}),
    ("/snippets/AAAAAAAAAAAA/revisions", {"GET", "HEAD"}),
    ("/snippets/AAAAAAAAAAAA/revisions/1", {"GET", "HEAD"}),
    ("/snippets/AAAAAAAAAAAA/fork", {"POST"}),
    ("/explore", {"GET", "HEAD"}),
    ("/s/AAAAAAAAAAAA", {"GET", "HEAD", "POST"}),
    ("/s/AAAAAAAAAAAA/raw", {"GET", "HEAD"}),
    ("/healthz", {"GET", "HEAD"}),
    ("/readyz", {"GET", "HEAD"}),
    ("/metrics", {"GET", "HEAD"}),
]


@pytest.fixture(scope="module")
def plain(binary):
    """One running server on the embedded store. How HTTP is framed does not depend on the store."""
    with Server(binary) as running:
        yield running


@pytest.fixture
def small(binary):
    """A factory for servers with small limits: small("--idle-timeout", "300ms")."""
    with contextlib.ExitStack() as started:
        yield lambda *flags, **options: started.enter_context(Server(binary, flags=flags, **options))


class Wire:
    """One connection on which a test writes bytes and reads whole answers."""

    def __init__(self, server, timeout=10):
        self.socket = socket.create_connection((server.host, server.port), timeout=timeout * TIME_FACTOR)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read_head(self):
        """The status and the header fields of the next answer, its body left unread."""
        line = self.reader.readline()
        assert line, "the connection was closed instead of answered"
        status = int(line.split()[1])
        fields = http.client.parse_headers(self.reader)
        return status, Headers(fields.items())

    def read(self, method="GET"):
        """The next answer, with a body by Content-Length."""
        status, headers = self.read_head()
        body = b""
        if method != "HEAD" and status >= 200 and status not in (204, 304):
            body = self.reader.read(int(headers["Content-Length"]))
        return Response(status, headers, body)

    def closed(self):
        """Waits for the server to close the connection; False when it sends something instead or stays silent."""
        try:
            return self.reader.read(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


def statuses(answer):
    """The status codes in a byte string of answers whose bodies contain no status line."""
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3})", answer)]


def ask(server, data, timeout=5):
    """Sends bytes and returns the only answer, with a check that the server closes the connection after it."""
    with Wire(server, timeout) as wire:
        wire.send(data)
        response = wire.read()
        assert wire.closed(), response
        return response


# --- Methods


@pytest.mark.parametrize("path, methods", ROUTES)
def test_a_method_that_a_route_does_not_have_is_405_with_allow(plain, path, methods):
    with Client(plain) as client:
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "BREW"} - methods:
            response = client.request(method, path, body=b"{}" if method != "GET" else None)
            expect.problem(response, 405, "method_not_allowed")
            allowed = set(re.split(r",\s*", response.headers["Allow"]))
            assert allowed - {"OPTIONS"} == methods, (method, path)


def test_head_has_the_headers_of_get_and_no_body_and_the_connection_goes_on(plain):
    snippet = Client(plain).create(body="hello")
    with Wire(plain) as wire:
        wire.send(f"HEAD /s/{snippet['id']}/raw HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        head = wire.read("HEAD")
        assert (head.status, head.headers["Content-Length"]) == (200, "5")
        wire.send(f"GET /s/{snippet['id']}/raw HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert wire.read().body == b"hello"


# --- Bodies


def chunked(*chunks, trailer=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailer + b"\r\n"


def post_chunked(body):
    return b"POST /snippets HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body


@pytest.mark.parametrize(
    "body",
    [
        chunked(b'{"body":"chunked"}'),
        chunked(*[bytes([byte]) for byte in b'{"body":"chunked"}']),
        chunked(b'{"body":"chunked"}', trailer=b"Checksum: 1\r\n"),
        b'12;name=value\r\n{"body":"chunked"}\r\n0\r\n\r\n',
        b'12 ; a = "\\"\t\\\xff" ;b\r\n{"body":"chunked"}\r\n0;c="d"\r\nA:\r\nB: \xff\r\n\r\n',
    ],
    ids=["one chunk", "a byte a chunk", "with a trailer", "with an extension", "with all there is"],
)
def test_a_chunked_body_is_read_and_the_connection_goes_on(plain, body):
    with Wire(plain) as wire:
        wire.send(post_chunked(body))
        assert wire.read().json()["body"] == "chunked"
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert wire.read().status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nxx\r\n0\r\n\r\n", b"-1\r\n\r\n", b"fffffffffffffffff\r\nx", b"2\r\nxxxx\r\n0\r\n\r\n",
        # What is complete and wrong is not waited for.
        b"zz\r\n", b"z", b"\r\n", b'2;a="b\r\n{}\r\n0\r\n\r\n', b"2;\r\n", b"2;a=b \r\n", b"2\n", b"2;a\n", b"2x",
        b'2;a="\n"\r\n{}\r\n0\r\n\r\n', b'2;a="\0"\r\n{}\r\n0\r\n\r\n', b'2;a="\0', b'2;a="\x7f"\r\n{}\r\n0\r\n\r\n',
        b"2\r\n{}\n", b"2\r\n{}0\r\n",
        b"2\r\n{}\r\n0\r\nA: b\r\n c\r\n\r\n", b"2\r\n{}\r\n0\r\nA: b\r\n\tc", b"2\r\n{}\r\n0\r\nA:\r\n b\r\n\r\n",
        b"2\r\n{}\r\n0\r\nno colon\r\n", b"2\r\n{}\r\n0\r\nA: \0", b"2\r\n{}\r\n0\r\nA: b\nB: c",
        b'2\r\n{}\r\n0;a="\r\n',
    ],
)  # fmt: skip
def test_a_malformed_chunk_is_400_and_the_connection_is_closed(plain, body):
    response = ask(plain, post_chunked(body))
    expect.problem(response, (400, 413))


def test_a_body_in_many_small_segments_is_read(plain):
    request = request_bytes("POST", "/snippets", json={"body": "slowly"})
    with Wire(plain) as wire:
        for byte in request:
            wire.send(bytes([byte]))
        assert wire.read().json()["body"] == "slowly"


def test_expect_100_continue_is_answered_before_the_body_is_sent(plain):
    body = b'{"body":"expected"}'
    with Wire(plain) as wire:
        wire.send(
            b"POST /snippets HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert wire.read_head()[0] == 100
        wire.send(body)
        response = wire.read()
        assert (response.status, response.json()["body"]) == (201, "expected")


def test_expect_100_continue_with_the_body_sent_at_once_works(plain):
    body = b'{"body":"expected"}'
    with Wire(plain) as wire:
        wire.send(
            b"POST /snippets HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )
        status = wire.read_head()[0]
        if status == 100:
            status = wire.read_head()[0]
        assert status == 201


def test_expect_100_continue_with_a_body_that_is_too_large_is_413_at_once(plain):
    with Wire(plain) as wire:
        wire.send(b"POST /snippets HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n")
        response = wire.read()
        expect.problem(response, 413, "payload_too_large")


def test_an_unknown_expectation_is_417(plain):
    with Wire(plain) as wire:
        wire.send(b"POST /snippets HTTP/1.1\r\nHost: h\r\nExpect: a-pony\r\nContent-Length: 2\r\n\r\n{}")
        assert wire.read().status == 417


# --- Connections


def test_a_connection_serves_many_requests(plain):
    with Wire(plain) as wire:
        for _ in range(50):
            wire.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            response = wire.read()
            assert response.status == 200
            assert response.headers.get("Connection", "keep-alive").lower() == "keep-alive"


def test_errors_of_the_application_keep_the_connection(plain):
    with Wire(plain) as wire:
        for request, status in [
            (request_bytes("GET", "/nowhere"), 404),
            (request_bytes("PUT", "/snippets", body="{}"), 405),
            (request_bytes("POST", "/snippets", body="{"), 400),
            (request_bytes("POST", "/snippets", body="{}"), 422),
            (request_bytes("GET", "/healthz"), 200),
        ]:
            wire.send(request.replace(b"Connection: close\r\n", b""))
            assert wire.read().status == status


def test_connection_close_is_honoured(plain):
    response = ask(plain, b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert response.status == 200
    assert response.headers["Connection"].lower() == "close"


def test_pipelined_requests_are_answered_in_order(plain):
    client = Client(plain)
    ids = [client.create(body=f"number {number}")["id"] for number in range(20)]
    with Wire(plain) as wire:
        wire.send(b"".join(f"GET /s/{id}/raw HTTP/1.1\r\nHost: h\r\n\r\n".encode() for id in ids))
        assert [wire.read().text for _ in ids] == [f"number {number}" for number in range(20)]


def test_pipelined_requests_of_all_kinds_are_answered_in_order(plain):
    create = request_bytes("POST", "/snippets", json={"body": "x"}).replace(b"Connection: close\r\n", b"")
    get = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    missing = b"GET /s/AAAAAAAAAAAA HTTP/1.1\r\nHost: h\r\n\r\n"
    with Wire(plain) as wire:
        wire.send(create + get + post_chunked(chunked(b'{"body":"y"}')) + missing + create + get)
        assert [wire.read().status for _ in range(6)] == [201, 200, 201, 404, 201, 200]


def test_a_header_that_arrives_in_two_segments_is_read_the_same_wherever_it_is_cut(plain):
    """Behind another request, and of several KiB, so that it is moved in memory between the segments."""
    first = b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-Request-Id: first\r\n\r\n"
    second = b"GET /s/unknown?x=1 HTTP/1.1\r\nHost: example.org\r\nX-Filler: %s\r\nX-Request-Id: second\r\n\r\n" % (
        b"f" * 6000
    )
    cuts = [*range(1, 60), 1000, 2048, 4096, 5000, *range(len(second) - 40, len(second))]
    with Wire(plain) as wire:
        for cut in cuts:
            wire.send(first + second[:cut])
            assert wire.read().headers["X-Request-Id"] == "first", cut
            wire.send(second[cut:])
            response = wire.read()
            assert (response.status, response.headers["X-Request-Id"]) == (404, "second"), cut


@pytest.mark.parametrize("cut", [None, 1, 2, 3], ids=["whole", "cut after CR", "cut after a line", "cut in the second"])
def test_empty_lines_before_a_request_are_passed_over(plain, cut):
    """RFC 9112 section 2.2; behind a body, too, where old clients send one."""
    get = b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    with Wire(plain) as wire:
        for _ in range(2):
            for piece in [get] if cut is None else [get[:cut], get[cut:]]:
                wire.send(piece)
            assert wire.read().status == 200
        wire.send(b'POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n{"body":"x"}' + get)
        assert [wire.read().status, wire.read().status] == [201, 200]


def test_empty_lines_without_an_end_are_refused(plain):
    expect.problem(ask(plain, b"\r\n" * 100), 400, "bad_request")
    expect.problem(ask(plain, b"\r" * 100), 400, "bad_request")


def test_http_1_0_closes_after_the_answer(plain):
    snippet = Client(plain).create(body="old")
    answer = raw(plain.host, plain.port, f"GET /s/{snippet['id']}/raw HTTP/1.0\r\nHost: h\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == b"200"
    assert b"chunked" not in head.lower()
    assert body == b"old"


def test_http_1_0_with_keep_alive_keeps_the_connection_and_says_so(plain):
    with Wire(plain) as wire:
        for _ in range(2):
            wire.send(b"GET /healthz HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
            response = wire.read()
            assert response.status == 200
            assert response.headers["Connection"].lower() == "keep-alive"


def test_over_the_connection_cap_a_caller_is_answered_503_and_not_left_hanging(small):
    server = small("--max-connections", "5")
    held = [socket.create_connection((server.host, server.port)) for _ in range(5)]
    try:
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        with Wire(server) as wire:
            response = wire.read()
            expect.problem(response, 503, "unavailable")
            assert wire.closed()
        held.pop().close()
        until(lambda: Client(server).get("/healthz").status == 200, 5 * TIME_FACTOR, "room for one more")
    finally:
        for connection in held:
            connection.close()


# --- Time-outs


def seconds_until_closed(wire):
    """How long the server keeps the connection open, and what it sent meanwhile."""
    started = time.monotonic()
    received = b""
    try:
        received = wire.reader.read()
    except ConnectionResetError:
        pass
    return time.monotonic() - started, received


def test_an_idle_connection_is_closed_without_a_word(small, slow_factor):
    server = small("--idle-timeout", "300ms")
    with Wire(server) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert wire.read().status == 200
        seconds, received = seconds_until_closed(wire)
    assert 0.2 <= seconds <= 3 * slow_factor
    assert received == b""


def test_a_header_that_does_not_end_is_408(small, slow_factor):
    server = small("--header-timeout", "300ms")
    with Wire(server) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: ")
        seconds, received = seconds_until_closed(wire)
    assert statuses(received) == [408]
    assert 0.2 <= seconds <= 3 * slow_factor


def test_a_header_that_trickles_is_408_all_the_same(small, slow_factor):
    server = small("--header-timeout", "500ms")
    with Wire(server) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: ")
        wire.socket.settimeout(0.05)
        started = time.monotonic()
        received = b""
        while time.monotonic() - started < 10 * slow_factor:
            try:
                wire.socket.sendall(b"x")
                chunk = wire.socket.recv(4096)
                received += chunk
                if not chunk:
                    break
            except socket.timeout:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        seconds = time.monotonic() - started
    assert seconds <= 3 * slow_factor, "every byte put the time-out off"
    assert statuses(received) in ([408], []), received


def test_a_body_that_does_not_end_is_408(small, slow_factor):
    server = small("--body-timeout", "300ms")
    with Wire(server) as wire:
        wire.send(b'POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"body":')
        seconds, received = seconds_until_closed(wire)
    assert statuses(received) == [408]
    assert 0.2 <= seconds <= 3 * slow_factor


# --- Targets


def test_percent_encoding_in_a_path_is_decoded(plain):
    snippet = Client(plain).create(body="encoded")
    encoded = "".join(f"%{byte:02x}" for byte in snippet["id"].encode())
    for path in (f"/s/{encoded}/raw", f"/%73/{snippet['id']}/raw", f"/s/{encoded.upper()}/r%61w"):
        response = Client(plain).get(path)
        assert (response.status, response.body) == (200, b"encoded"), path


def test_percent_encoding_in_a_query_is_decoded(plain):
    client = Client(plain).signup()
    client.create(title="two words é+1&x=y")
    client.create(title="another")
    for query in ("two%20words", "two+words", "%C3%A9", "%c3%a9%2B1", "1%26x%3Dy"):
        assert [item["title"] for item in expect.items(client.get(f"/snippets?q={query}"))] == [
            "two words é+1&x=y"
        ], query


@pytest.mark.parametrize(
    "path", ["/s/%zz", "/s/%2", "/s/%", "/s/%00", "/s/%ff", "/snippets?q=%zz", "/snippets?q=%ff", "/snippets?q=%00"]
)
def test_a_malformed_percent_encoding_is_refused(plain, path):
    client = Client(plain).signup() if "?" in path else Client(plain)
    response = client.get(path)
    expect.problem(response, (400, 404, 422))


@pytest.mark.parametrize(
    "target, host, base",
    [
        ("http://one.example/snippets", "two.example", "http://one.example"),
        ("HTTP://one.example:81/snippets", "two.example:82", "http://one.example:81"),
        ("http://one.example:/snippets", "two.example", "http://one.example"),
        ("/snippets", "two.example", "http://two.example"),
        ("/snippets", "two.example:", "http://two.example"),
        ("/snippets", "[::1]:", "http://[::1]"),
    ],
)
def test_links_begin_with_the_host_of_the_target_or_else_of_the_field(plain, target, host, base):
    """RFC 9112 section 3.2.2; a port may be empty (RFC 3986 section 3.2.3)."""
    with Wire(plain) as wire:
        wire.send(f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 12\r\n\r\n".encode() + b'{"body":"x"}')
        made = wire.read().json()
        assert made["url"] == f"{base}/s/{made['id']}"


@pytest.mark.parametrize("host", ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host:\r\n", "Host: a:b\r\n"])
def test_a_target_in_absolute_form_excuses_no_host(plain, host):
    expect.problem(ask(plain, f"GET http://a/healthz HTTP/1.1\r\n{host}\r\n".encode()), 400, "bad_request")


def test_an_encoded_slash_does_not_part_a_path(plain):
    snippet = Client(plain).create()
    expect.problem(Client(plain).get(f"/s/{snippet['id']}%2Fraw"), 404, "not_found")
    for path in ("/s/..%2fhealthz", "/s/%2e%2e/healthz", "/s/../healthz", "//healthz", "/healthz/"):
        assert Client(plain).get(path).status in (400, 404), path


# --- Limits


def get_with_header_of(size):
    """A request whose request line and header fields together have `size` bytes, the closing empty line included."""
    frame = b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Filler: %s\r\n\r\n"
    return frame % (b"f" * (size - len(frame) + 2))


def test_headers_of_just_under_16_kib_are_read(plain):
    assert ask(plain, get_with_header_of(16 * 1024 - 256)).status == 200


@pytest.mark.parametrize("size", [16 * 1024 + 256, 64 * 1024])
def test_headers_over_16_kib_are_431(plain, size):
    response = ask(plain, get_with_header_of(size))
    expect.problem(response, 431, "header_fields_too_large")


def test_many_small_headers_over_16_kib_are_431(plain):
    fields = b"".join(b"X-%d: y\r\n" % number for number in range(3000))
    response = ask(plain, b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n")
    expect.problem(response, 431, "header_fields_too_large")


def test_a_request_line_over_16_kib_is_refused(plain):
    response = ask(plain, b"GET /s/" + b"x" * 20000 + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    expect.problem(response, (414, 431))


def test_a_declared_body_over_the_limit_is_413_before_it_is_sent(plain):
    response = ask(plain, b"POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n")
    expect.problem(response, 413, "payload_too_large")


def test_a_chunked_body_over_the_limit_is_413(small):
    server = small("--max-body", "1KiB")
    piece = b"x" * 1024
    data = [post_chunked(b'a\r\n{"body":"x\r\n')] + [b"400\r\n" + piece + b"\r\n"] * 1000 + [b"0\r\n\r\n"]
    answer = raw(server.host, server.port, data)
    assert statuses(answer) == [413]


# --- Malformed requests


@pytest.mark.parametrize(
    "data",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /healthz\r\nHost: h\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello tls\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: h\r\nSpace : before\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n",
        b"GET /heal thz HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET healthz HTTP/1.1\r\nHost: h\r\n\r\n",
        b"POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: abc\r\n\r\n{}",
        b"POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /snippets HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
        post_chunked(chunked(b"{}")).replace(b"Host: h\r\n", b"Host: h\r\nContent-Length: 2\r\n"),
    ],
    ids=[
        "no Host", "two Hosts", "no version", "two blanks", "TLS", "a field without colon", "a blank before the colon",
        "NUL in a field", "a blank in the target", "a target without slash", "a length of letters", "a negative length",
        "two lengths", "a length beyond all numbers", "length and chunked",
    ],
)  # fmt: skip
def test_a_malformed_request_is_400_and_the_connection_is_closed(plain, data):
    expect.problem(ask(plain, data), 400, "bad_request")


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /\r\n", b"GET / HTTP\r\n", b"GET / HTTP/1.1 \r\n", b"GET / HTTP/1.1 x\r\n", b"GET /a b HTTP/1.1\r\n",
        b"GET  /\r\n",
        b"GET healthz HTTP/1.1\r\n", b"GET / HTTP/2.0\r\n", b"GET\r\n", b"/\r\n", b" GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\n",
        b"GET /\x01 HTTP/1.1\r\n", b"GET http://u@a/ HTTP/1.1\r\n", b"\x16\x03\x01",
        b"GET / HTTP/1.1\r\nno colon\r\n", b"GET / HTTP/1.1\r\nHost: h\n", b"GET / HTTP/1.1\r\nA : b\r\n",
        b"GET / HTTP/1.1\r\nA: \0",
        b"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\nB: c", b"GET / HTTP/1.1\r\n Host: h\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\nA: b\r\n",
    ],
)  # fmt: skip
def test_a_line_that_is_complete_and_malformed_is_not_waited_for(plain, beginning):
    expect.problem(ask(plain, beginning), 400, "bad_request")


def test_an_unknown_http_version_is_refused(plain):
    for version in ("HTTP/2.0", "HTTP/3.0", "HTTP/1.9x", "HTPP/1.1"):
        response = ask(plain, f"GET /healthz {version}\r\nHost: h\r\n\r\n".encode())
        assert response.status in (400, 505), version


def test_an_unknown_transfer_encoding_is_refused(plain):
    response = ask(plain, b"POST /snippets HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\nxx")
    assert response.status in (400, 501)


def test_after_a_malformed_request_nothing_of_the_connection_is_served(plain):
    answer = raw(plain.host, plain.port, b"GET /healthz\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
    assert statuses(answer) == [400]


# --- The access log


def test_every_request_has_one_line_in_the_access_log(small):
    server = small()
    client = Client(server)
    snippet = client.create()
    for method, path, status in [
        ("GET", f"/s/{snippet['id']}", 200),
        ("GET", f"/s/{snippet['id']}", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/snippets", 405),
    ]:
        mark = server.log_mark()
        request_id = client.request(method, path).headers["X-Request-Id"]
        line = server.wait_for_log(re.escape(request_id), since=mark).string
        assert method in line and path in line and re.search(rf"\b{status}\b", line), line
    client.get("/healthz", {"X-Request-Id": "the-last-request"})
    server.wait_for_log("the-last-request")
    assert len([line for line in server.log_lines if request_id in line]) == 1


def test_a_request_that_cannot_be_parsed_is_in_the_access_log_too(small):
    server = small()
    response = ask(server, b"GET /healthz\r\n\r\n")
    server.wait_for_log(re.escape(response.headers["X-Request-Id"]))


def test_the_json_log_has_one_object_a_line(small):
    server = small("--log-format", "json")
    client = Client(server)
    response = client.get("/s/AAAAAAAAAAAA?x=%22quoted%22", {"User-Agent": 'a "quoted" \\ agent'})
    request_id = response.headers["X-Request-Id"]
    line = json.loads(server.wait_for_log(re.escape(request_id)).string)
    values = list(line.values())
    assert request_id in values
    assert "GET" in values
    assert any(isinstance(value, str) and value.startswith("/s/AAAAAAAAAAAA") for value in values)
    assert 404 in values
    server.stop()
    documents = [json.loads(line) for line in server.log_lines]
    assert all(isinstance(document["message"], str) for document in documents)
    assert f"listening on {server.url}" in [document["message"] for document in documents]


def test_a_caller_cannot_forge_a_log_line(small):
    server = small()
    client = Client(server)
    client.get("/s/%0aFORGED%0d%0aFORGED", {"User-Agent": "FORGED\tagent"})
    client.get("/healthz?x=%0AFORGED", {"X-Request-Id": "the-last-request"})
    server.wait_for_log("the-last-request")
    assert not [line for line in server.log_lines if line.startswith("FORGED")]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_in_a_log_acts_on_the_terminal_of_who_reads_it(small, log_format):
    server = small("--log-format", log_format)
    path = "/s/a\u009b31m\u202eb\u2066\u200e\u061c".encode() + b"\x9b\xff"
    response = ask(server, b"GET " + path + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    line = server.wait_for_log(re.escape(response.headers["X-Request-Id"])).string
    assert r"/s/a\u009b31m\u202eb\u2066\u200e\u061c\ufffd\ufffd" in line
    assert line.isascii() and line.isprintable()


def test_the_log_level_hides_what_is_below_it(small):
    server = small("--log-level", "info")
    Client(server).get("/healthz", {"X-Request-Id": "at-info"})
    server.wait_for_log("at-info")
    assert not re.search(r"\bdebug\b", server.log, re.IGNORECASE)
    server = small(log_level="debug")
    Client(server).get("/s/AAAAAAAAAAAA", {"X-Request-Id": "at-debug"})
    server.wait_for_log(r"(?i)\bdebug\b")
