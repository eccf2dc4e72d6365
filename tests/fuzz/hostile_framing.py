"""Where a request ends: lengths, chunks, and whole connections that are none."""

from hostile_cases import (
    CLOSE, DRAIN, EITHER, RESET, Answer, Case, answer, bearer, chunked, cookie, document, encode_json, family, mutate,
    random_bytes, request,
)

SMALL = b'{"body":"x"}'


@family(6)
def bad_content_lengths(t, r):
    value = r.choice(
        [
            b"-1", b"+12", b"1 2", b"12,13", b"0x0c", b"12.0", b"1e1", b"", b"a", b"12a", b"18446744073709551616",
            b"99999999999999999999999999", b"12;q=1", b"12\0", b"\xd9\xa1", b"12,", b",12", b"--12", b"12 x", b"0-",
            b"'12'", b"1_2", b"-0", b"12\x0b",
        ]
    )
    data = (
        b"POST /snippets HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\nContent-Length: " + value + b"\r\n\r\n" + SMALL
    )
    statuses = {400, 413} if len(value) > 15 else {400}
    return Case("bad Content-Length", data, (Answer(frozenset(statuses), method="POST", may_close=True),), CLOSE)


@family(2)
def huge_content_lengths(t, r):
    value = r.choice(
        [
            b"9223372036854775807", b"18446744073709551615", b"9223372036854775808", b"1000000000000", b"4294967296",
            b"2147483648", b"10000000",
        ]
    )
    expect = r.choice([b"", b"Expect: 100-continue\r\n"])
    data = (
        b"POST /snippets HTTP/1.1\r\nHost: "
        + t.host.encode()
        + b"\r\nContent-Length: "
        + value
        + b"\r\n"
        + expect
        + b"\r\n"
        + SMALL
    )
    return Case("huge Content-Length", data, (answer(400, 413, method="POST", may_close=True),), CLOSE)


@family(3)
def two_content_lengths(t, r):
    a, b = r.choice(
        [
            ("12", "13"), ("12", "0"), ("0", "12"), ("12", "12"), ("12", "+12"), ("12, 12", None), ("012", None),
            ("12", "-1"),
        ]
    )
    headers = [("Content-Length", a)] + ([("Content-Length", b)] if b is not None else [])
    data = request(t, "POST", "/snippets", headers) + SMALL
    if (a, b) in (("12", "12"), ("12, 12", None), ("012", None)):
        return Case("equal Content-Lengths", data, (answer(201, 400, method="POST", may_close=True),), EITHER)
    return Case("two Content-Lengths", data, (answer(400, method="POST", may_close=True),), CLOSE)


@family(3)
def short_content_length(t, r):
    body = encode_json(r, document(r))
    cut = r.randint(1, len(body) - 1)
    data = request(t, "POST", "/snippets", [("Content-Length", str(cut))]) + body
    rest = answer(400, method="OTHER", may_close=True)
    return Case("short Content-Length", data, (answer(400, method="POST"), rest), CLOSE, half_close=True)


@family(3)
def long_content_length(t, r):
    body = encode_json(r, document(r))
    data = request(t, "POST", "/snippets", [("Content-Length", str(len(body) + r.randint(1, 1000)))]) + body
    return Case("long Content-Length", data, (answer(400, 408, method="POST", may_close=True),), CLOSE, half_close=True)


@family(6)
def bad_chunks(t, r):
    body = r.choice(
        [
            b"zz\r\n" + SMALL, b"-1\r\n" + SMALL, b"-c\r\n" + SMALL, b"+c\r\n" + SMALL, b"0xc\r\n" + SMALL,
            b"\r\n" + SMALL, b" \r\n", b"c \r\n\0" + SMALL + b"\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n" + SMALL,
            b"10000000000000000\r\n" + SMALL, b"fffffffffffffffff\r\n", b"c\r\n" + SMALL + b"XX0\r\n\r\n",
            b"c\r\n" + SMALL + b"0\r\n\r\n", b"5\r\n" + SMALL + b"\r\n0\r\n\r\n", b"d\r\n" + SMALL + b"\r\n0\r\n\r\n",
            b"c;\0\r\n" + SMALL + b"\r\n0\r\n\r\n", b"{}\r\n", SMALL, b"\0\0\0\0\r\n",
            b"0000000000000000000000000000000000000000000000000000g\r\n", b"c\n\n" + SMALL, b"x" * 20000,
            b'c;a="\n"\r\n' + SMALL + b"\r\n0\r\n\r\n", b'c;a="b\r\n' + SMALL,
            b'c;a="\0"\r\n' + SMALL + b"\r\n0\r\n\r\n",
            b"c\r\n" + SMALL + b"\r\n0\r\nA: b\r\n c\r\n\r\n", b"c\r\n" + SMALL + b"\r\n0\r\nA\r\n\r\n",
        ]
    )
    data = request(t, "POST", "/snippets", [("Transfer-Encoding", "chunked")]) + body
    return Case("bad chunks", data, (answer(400, 413, method="POST", may_close=True),), CLOSE, half_close=True)


@family(2)
def huge_chunks(t, r):
    size = r.choice(
        [b"ffffffffffffffff", b"7fffffffffffffff", b"8000000000000000", b"ffffffff", b"80000000", b"1000000"]
    )
    data = request(t, "POST", "/snippets", [("Transfer-Encoding", "chunked")]) + size + b"\r\n" + SMALL
    return Case(
        "huge chunks", data, (answer(400, 413, method="POST", may_close=True),), CLOSE, half_close=r.random() < 0.5
    )


@family(3)
def odd_but_valid_chunks(t, r):
    first = r.choice([b"c", b"C", b"00c", b"000000000000000c"])
    extension = r.choice([b"", b";a", b";a=b", b';a="b c"', b";a=b;c=d"])
    trailers = r.choice(
        [
            b"", b"X-Trailer: a\r\n", b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n",
            b"X-Injected: yes\r\n", b"Host: evil\r\n",
        ]
    )
    body = first + extension + b"\r\n" + SMALL + b"\r\n0\r\n" + trailers + b"\r\n"
    statuses = {201} if not trailers or trailers.startswith(b"X-") else {201, 400}
    data = request(t, "POST", "/snippets", [("Transfer-Encoding", r.choice(["chunked", "Chunked", "CHUNKED"]))]) + body
    return Case(
        "odd but valid chunks",
        data,
        (Answer(frozenset(statuses), method="POST", may_close=statuses != {201}, body="x"),),
        EITHER,
    )


@family(2)
def chunk_floods(t, r):
    kind = r.randrange(4)
    if kind == 0:
        body = b"c;" + b"x" * r.choice([20000, 100000]) + b"\r\n" + SMALL + b"\r\n0\r\n\r\n"
    elif kind == 1:
        body = b"c\r\n" + SMALL + b"\r\n0\r\n" + b"X-Trailer: y\r\n" * r.choice([3000, 10000]) + b"\r\n"
    elif kind == 2:
        body = b"c\r\n" + SMALL + b"\r\n0\r\nX-Trailer: " + b"y" * 100000 + b"\r\n\r\n"
    else:
        body = b"".join(b"1;e=%s\r\n%c\r\n" % (b"x" * 500, byte) for byte in SMALL * 20) + b"0\r\n\r\n"
    data = request(t, "POST", "/snippets", [("Transfer-Encoding", "chunked")]) + body
    return Case("chunk floods", data, (answer(201, 400, 413, 431, method="POST", may_close=True),), EITHER)


@family(4)
def bad_transfer_encodings(t, r):
    value = r.choice(
        [
            b"chunked, chunked", b"gzip, chunked", b"identity", b"xchunked", b"chunked\x0b", b"chunked;q=1",
            b"chunked, identity", b"", b"chunk", b"gzip", b'"chunked"', b"chunked\0", b",chunked,x", b"cow", b"\xff",
            b"chunked chunked", b"gzip\r\nTransfer-Encoding: chunked", b"identity\r\nTransfer-Encoding: chunked",
            b"chunked\r\nTransfer-Encoding: identity",
        ]
    )
    data = (
        b"POST /snippets HTTP/1.1\r\nHost: "
        + t.host.encode()
        + b"\r\nTransfer-Encoding: "
        + value
        + b"\r\n\r\n"
        + chunked(r, SMALL)
    )
    return Case(
        "bad Transfer-Encoding", data, (answer(400, 411, 415, method="POST", may_close=True),), CLOSE, half_close=True
    )


@family(5)
def smuggling(t, r):
    """A second request hidden in the body under one reading of the framing. It must never be answered."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\nX-Request-Id: smuggled\r\n\r\n"
    host = b"Host: " + t.host.encode() + b"\r\n"
    te, cl = b"Transfer-Encoding: chunked\r\n", b"Content-Length: %d\r\n"
    kind = r.randrange(6)
    if kind == 0:  # by length one request, by chunks two
        body = chunked(r, SMALL) + hidden
        head = host + r.choice([cl + te, te + cl]) % len(body)
    elif kind == 1:  # by chunks one request, by length two
        body = chunked(r, SMALL + hidden)
        head = host + r.choice([cl + te, te + cl]) % 4
    elif kind == 2:
        body = chunked(r, SMALL) + hidden
        head = (
            host
            + b"Transfer-Encoding: %s\r\n" % r.choice([b"xchunked", b"chunked\x0b", b"x, chunked, y"])
            + cl % len(body)
        )
    elif kind == 3:
        body = SMALL + hidden
        head = host + b"Content-Length: %d\r\nContent-Length: %d\r\n" % r.choice(
            [(len(SMALL), len(body)), (len(body), len(SMALL))]
        )
    elif kind == 4:
        body = chunked(r, SMALL) + hidden
        head = (
            host
            + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: %s\r\n" % r.choice([b"identity", b"x"])
            + cl % len(body)
        )
    else:
        body = SMALL + hidden
        head = host + b"X: y\rContent-Length: %d\r\n" % len(body) + b"Content-Length: %d\r\n" % len(SMALL)
    data = b"POST /snippets HTTP/1.1\r\n" + head + b"\r\n" + body
    statuses = {201, 400} if kind in (0, 1) else {400}
    return Case("smuggling", data, (Answer(frozenset(statuses), method="POST", may_close=True),), CLOSE)


@family(2)
def unneeded_bodies(t, r):
    method, path, status = r.choice(
        [
            ("GET", "/healthz", 200),
            ("HEAD", "/healthz", 200),
            ("GET", f"/s/{t.public_id}", 200),
            ("GET", "/nowhere", 404),
        ]
    )
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: smuggled\r\n\r\n"
    if r.random() < 0.5:
        data = request(t, method, path, body=hidden)
    else:
        data = request(t, method, path, [("Transfer-Encoding", "chunked")]) + chunked(r, hidden)
    return Case("unneeded bodies", data, (answer(status, 400, 413, method=method),), EITHER)


# Whole connections.


@family(4)
def truncated_requests(t, r):
    whole = request(t, "POST", "/snippets", [cookie(t), ("X-A", "b")], encode_json(r, document(r)))
    return Case(
        "truncated requests",
        whole[: r.randrange(1, len(whole))],
        (answer(400, 408, method="POST", may_close=True),),
        CLOSE,
        half_close=True,
    )


@family(2)
def truncated_chunks(t, r):
    whole = request(t, "POST", "/snippets", [("Transfer-Encoding", "chunked")]) + chunked(
        r, encode_json(r, document(r))
    )
    cut = r.randrange(1, len(whole) - 1)
    return Case(
        "truncated chunks", whole[:cut], (answer(400, 408, method="POST", may_close=True),), CLOSE, half_close=True
    )


@family(5)
def garbage_after_a_request(t, r):
    garbage = r.choice(
        [
            b"\0\0\0\0\r\n\r\n", b"\xff" * 200 + b"\r\n\r\n", b"GARBAGE\r\n\r\n", b"{}\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n", b"GET /\x01 HTTP/1.1\r\n\r\n", b" \r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", random_bytes(r, 5, 300) + b"\r\n\r\n",
        ]
    )
    count = r.randint(1, 5)
    answers = (answer(200),) * count + (answer(400, 431, method="OTHER", may_close=True),)
    return Case("garbage after a request", request(t) * count + garbage, answers, CLOSE, half_close=True)


@family(3)
def long_pipelines(t, r):
    good, bad = request(t), request(t, path="/nowhere")
    broken = request(t, "POST", "/snippets", [], b"{")
    kinds = [r.randrange(3) for _ in range(r.randint(5, 40))]
    data = b"".join((good, bad, broken)[kind] for kind in kinds)
    answers = tuple((answer(200), answer(404), answer(400, method="POST"))[kind] for kind in kinds)
    return Case("long pipelines", data, answers)


@family(5)
def no_http_at_all(t, r):
    data = r.choice(
        [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
            bytes.fromhex("16030100c8010000c40303") + random_bytes(r, 100, 200), b"SSH-2.0-OpenSSH_9.2\r\n",
            b"GET /\r\n", b"GET /healthz\r\n\r\n",
            b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\r\n\r\n\x00\r\nQUIT\n" + bytes(20), b"EHLO x\r\n", b"*1\r\n$4\r\nPING\r\n", b"stats\r\n", b"\0" * 100,
            b"\r\n" * 50, b"\n" * 1000, b"\xff" * 5000, b"RTSP/1.0 OPTIONS\r\n\r\n", b"<policy-file-request/>\0",
            b"\x04\x01\0\x50\x7f\0\0\1\0", b"\x05\x01\x00", bytes(range(256)) * 4, random_bytes(r, 1, 2000),
            random_bytes(r, 1, 2000), b"A" * 100000, b"GET / HTTP/1.1" * 500,
        ]
    )
    return Case(
        "no HTTP at all", data, (answer(400, 408, 414, 431, method="OTHER", may_close=True),), CLOSE, half_close=True
    )


@family(12)
def mutated_requests(t, r):
    """Nearly valid requests with some bytes changed anywhere. Whatever comes back must be HTTP and no 5xx."""
    base = r.choice(
        [
            request(t),
            request(t, path=f"/s/{t.public_id}", headers=[("If-None-Match", '"v1"'), ("Accept", "text/html")]),
            request(t, "POST", "/snippets", [cookie(t)], encode_json(r, document(r))),
            request(t, "GET", "/snippets?limit=10&q=a", [cookie(t)]),
            request(t, "POST", "/snippets", [("Transfer-Encoding", "chunked")]) + chunked(r, SMALL),
            request(t, "PATCH", f"/snippets/{t.edited_id}", [bearer(t), ("If-Match", "*")], b'{"title":"m"}'),
            request(t, "GET", "/explore?cursor=" + t.cursor),
        ]
    )
    data = mutate(r, base, r.randint(1, 6))
    if r.random() < 0.3:
        data += mutate(r, base, r.randint(1, 3))
    return Case("mutated requests", data, (), DRAIN, half_close=True)


@family(4)
def resets(t, r):
    whole = request(t, "POST", "/snippets", [cookie(t)], encode_json(r, document(r)))
    data = r.choice(
        [whole, whole[: r.randrange(len(whole))], request(t) * 20, b"", request(t, path=f"/s/{t.public_id}")]
    )
    return Case("resets", data, (), RESET)
