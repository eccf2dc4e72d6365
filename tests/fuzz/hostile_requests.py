"""Hostile requests with what is right to answer to each, made from a seed.

make_case(seed, number, target) is a pure function: a case that failed can be made again from its seed and number.
Each family below knows by construction which statuses are right. Where the contract leaves room, the set has more
than one; a 5xx is never in it.
"""

import base64
import json
import random
import re
from dataclasses import dataclass, field

MAX_BODY = 64 * 1024  # the storm's --max-body
HEADER_LIMIT = 16 * 1024

KEEP = "keep"  # afterwards the connection serves the next request, unless the answer said `Connection: close`
CLOSE = "close"  # the server closes after the last answer
EITHER = "either"
DRAIN = "drain"  # any number of answers until the server closes
RESET = "reset"  # the client resets the connection and reads nothing


@dataclass(frozen=True)
class Target:
    """What the storm may aim at: ids and secrets of things that exist."""

    host: str  # HOST:PORT
    session: str
    token: str  # an API token of the same account
    public_id: str
    edited_id: str  # a snippet that the PATCH families change
    foreign_id: str  # another account's private snippet
    anonymous_id: str
    edit_token: str
    cursor: str  # a valid one for GET /snippets


@dataclass(frozen=True)
class Answer:
    statuses: frozenset
    method: str = "GET"
    may_close: bool = False  # closing without an answer is right too
    body: str | None = None  # what a 201 must have stored
    fields: tuple = ()  # members that a 422 must name


@dataclass(frozen=True)
class Case:
    family: str
    data: bytes
    answers: tuple
    end: str = KEEP
    half_close: bool = False
    number: int = field(default=0, compare=False)


def answer(*statuses, **options):
    return Answer(frozenset(statuses), **options)


# Which member of a create request must be what.

MALFORMED = "malformed"
UNCLEAR = "unclear"
VISIBILITIES = ("public", "unlisted", "private")
CREATE_MEMBERS = {"body", "title", "language", "visibility", "tags", "expires_in", "burn_after_reading", "is_public"}
PATCH_MEMBERS = CREATE_MEMBERS - {"burn_after_reading"}
YEAR = 366 * 24 * 3600


def parse_strictly(data):
    """The value of a JSON text by RFC 8259; MALFORMED, or UNCLEAR where the RFC leaves it to the parser."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return MALFORMED
    unclear = False

    def pairs(items):
        nonlocal unclear
        unclear |= len({name for name, _ in items}) < len(items)
        return dict(items)

    def refuse(_):
        raise ValueError

    try:
        value = json.loads(text, parse_constant=refuse, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        # Python refuses to read integers of more than 4300 digits.
        return UNCLEAR if re.search(r"\d{4000}", text) else MALFORMED
    if re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)):
        unclear = True
    return UNCLEAR if unclear else value


def has_control(text):
    return any(ord(c) < 0x20 or ord(c) == 0x7F for c in text)


def has_odd(text):
    """Characters of which the contract does not say whether they are control characters."""
    return any(0x80 <= ord(c) < 0xA0 or c in "\u2028\u2029\ufeff\u200e\u200f\u202e" for c in text)


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def judge_member(name, value):
    """'good', 'bad', 'large' or 'open' (the contract does not say) for one member of a create."""
    if name not in CREATE_MEMBERS:
        return "bad"
    if value is None:
        return "bad" if name == "body" else "open"
    if name == "body":
        if not isinstance(value, str) or not value or "\0" in value:
            return "bad"
        return "large" if len(value.encode()) > MAX_BODY else "good"
    if name == "title":
        if not isinstance(value, str) or len(value) > 200 or has_control(value):
            return "bad"
        return "good" if value.strip() and not has_odd(value) else "open"
    if name == "language":
        if not isinstance(value, str):
            return "bad"
        return "good" if re.fullmatch("[a-z+#]{1,32}", value) else "open"
    if name == "visibility":
        return "good" if value in VISIBILITIES else "bad"
    if name == "tags":
        if not isinstance(value, list) or len(value) > 10 or not all(isinstance(tag, str) for tag in value):
            return "bad"
        if any(not 1 <= len(tag) <= 32 or has_control(tag) for tag in value):
            return "bad"
        plain = all(re.fullmatch("[a-z0-9]+", tag) for tag in value) and len(set(value)) == len(value)
        return "good" if plain else "open"
    if name == "expires_in":
        if isinstance(value, float):
            return "open" if value >= 1 and value == int(min(value, 1e300)) else "bad"
        if not is_integer(value) or value < 1:
            return "bad"
        return "good" if value <= YEAR else "open"
    return "good" if isinstance(value, bool) else "bad"


def judge_create(data, may_be_private=True):
    """The right statuses for a create with this text as its body, and the snippet's body when it is stored."""
    value = parse_strictly(data)
    if value is MALFORMED:
        return {400}, None
    if value is UNCLEAR:
        return {201, 400, 413, 422}, None
    if not isinstance(value, dict):
        return {400, 422}, None
    verdicts = {judge_member(name, member) for name, member in value.items()}
    if "body" not in value:
        verdicts.add("bad")
    if {"visibility", "is_public"} <= value.keys():
        verdicts.add("open")
    statuses = set()
    if "bad" in verdicts:
        statuses.add(422)
    if "large" in verdicts:
        statuses.add(413)
    if not statuses:
        statuses = {201, 422} if "open" in verdicts else {201}
        if not may_be_private and "private" in (value.get("visibility"),):
            statuses = {201, 401, 403, 422}
        if not may_be_private and value.get("is_public") is False:
            statuses = {201, 401, 403, 422}
    if len(data) > MAX_BODY:
        statuses.add(413)
    return statuses, value.get("body")


def judge_patch(data):
    value = parse_strictly(data)
    if value is MALFORMED:
        return {400}
    if value is UNCLEAR:
        return {200, 400, 413, 422}
    if not isinstance(value, dict):
        return {400, 422}
    verdicts = {judge_member(name, member) if name in PATCH_MEMBERS else "bad" for name, member in value.items()}
    if "bad" in verdicts or "large" in verdicts:
        return ({422} if "bad" in verdicts else set()) | ({413} if "large" in verdicts else set())
    return {200, 422} if "open" in verdicts or not value else {200}


# Building requests.


def request(t, method="GET", path="/healthz", headers=(), body=None, version="HTTP/1.1", host=True):
    """The bytes of a request. headers: pairs of text (sent as Latin-1) or bytes."""

    def encode(text):
        return text if isinstance(text, bytes) else text.encode("latin-1")

    lines = [b" ".join((encode(method), encode(path), encode(version)))]
    if host:
        lines.append(b"Host: " + t.host.encode())
    lines += [encode(name) + b": " + encode(value) for name, value in headers]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(r, data, last=b"0\r\n\r\n"):
    pieces = b""
    while data:
        size = r.randint(1, max(1, min(len(data), 5000)))
        pieces += b"%x\r\n%s\r\n" % (size, data[:size])
        data = data[size:]
    return pieces + last


def cookie(t):
    return ("Cookie", f"session={t.session}")


def bearer(t):
    return ("Authorization", f"Bearer {t.token}")


def identity(t, r):
    """The headers of a write: an account by cookie or by token, or nobody."""
    return r.choice([[cookie(t)], [bearer(t)], []])


def json_case(t, r, family, method, path, headers, data, right):
    """A case with a well-framed body, by length or in chunks."""
    headers = [*headers, ("Content-Type", r.choice(["application/json", "text/plain", "application/octet-stream"]))]
    if r.random() < 0.25:
        head = request(t, method, path, [*headers, ("Transfer-Encoding", "chunked")])
        return Case(family, head + chunked(r, data), (right,))
    return Case(family, request(t, method, path, headers, data), (right,))


def create_case(t, r, family, data, statuses=None, body=None, fields=()):
    headers = identity(t, r)
    if statuses is None:
        statuses, body = judge_create(data, may_be_private=bool(headers))
    right = Answer(frozenset(statuses), method="POST", body=body if 201 in statuses else None, fields=fields)
    return json_case(t, r, family, "POST", "/snippets", headers, data, right)


def words(r, count):
    choice = ["lorem", "ipsum", "dolor", "größe", "片段", "😀", "if", "{}", "\\n"]
    return " ".join(r.choice(choice) for _ in range(count))


def document(r):
    """A valid create request."""
    value = {"body": words(r, r.randint(1, 40))}
    if r.random() < 0.6:
        value["title"] = words(r, r.randint(1, 5))
    if r.random() < 0.4:
        value["language"] = r.choice(["python", "cpp", "text", "rust"])
    if r.random() < 0.4:
        value["visibility"] = r.choice(VISIBILITIES)
    if r.random() < 0.4:
        value["tags"] = [f"tag{n}" for n in range(r.randint(0, 4))]
    if r.random() < 0.4:
        value["expires_in"] = r.choice([60, 3600, 86400])
    if r.random() < 0.3:
        value["burn_after_reading"] = r.choice([True, False])
    return value


def encode_json(r, value):
    return json.dumps(value, ensure_ascii=r.random() < 0.5).encode()


def random_bytes(r, low, high):
    return r.randbytes(r.randint(low, high))


def mutate(r, data, times):
    data = bytearray(data)
    for _ in range(times):
        if not data:
            break
        at = r.randrange(len(data))
        kind = r.randrange(7)
        if kind == 0:
            data[at] ^= 1 << r.randrange(8)
        elif kind == 1:
            del data[at]
        elif kind == 2:
            data.insert(at, r.randrange(256))
        elif kind == 3:
            data[at:at] = data[at : at + r.randint(1, 20)]
        elif kind == 4:
            del data[at : at + r.randint(1, 20)]
        elif kind == 5:
            data[at] = r.choice(b'{}[]",:\\\0\r\n 0e-\xff\xc0')
        else:
            other = r.randrange(len(data))
            data[at], data[other] = data[other], data[at]
    return bytes(data)


# The families. The weight is how often a family is taken.

FAMILIES = []


def family(weight):
    def add(function):
        FAMILIES.append((weight, function))
        return function

    return add


# JSON.

BROKEN_JSON = [
    b"", b" ", b"\n", b"{", b"}", b"[", b"]", b'"', b"{]", b"[}", b"{}{}", b"{} {}", b"[1,]", b"[,1]", b"[1,,2]",
    b"[1 2]", b'{"body"}', b'{"body":}', b'{"body":"x",}', b'{,"body":"x"}', b'{"body":"x"', b'{"body":"x"}}',
    b'{"body":"x"]', b'{body:"x"}', b"{'body':'x'}", b"{\"body\":'x'}", b'{"body":"x"};', b'{"body":"x"}//',
    b'{"body":"x"}/**/', b'/*c*/{"body":"x"}', b'{"body":x}', b'{"body":undefined}', b'{"body":NULL}', b'{"body":True}',
    b'{"body":nul}', b'{"body":"x","expires_in":NaN}', b'{"body":"x","expires_in":Infinity}',
    b'{"body":"x","expires_in":-Infinity}', b'{"body":"x","expires_in":01}', b'{"body":"x","expires_in":+1}',
    b'{"body":"x","expires_in":1.}', b'{"body":"x","expires_in":.5}', b'{"body":"x","expires_in":1e}',
    b'{"body":"x","expires_in":1e+}', b'{"body":"x","expires_in":0x10}', b'{"body":"x","expires_in":-}',
    b'{"body":"x","expires_in":--1}', b'{"body":"x","expires_in":1_000}', b'{"body":"x","expires_in":1,000}',
    b'{"body":"x","expires_in":0b1}', b'{"body":"\\x41"}', b'{"body":"\\u12"}', b'{"body":"\\u"}',
    b'{"body":"\\uZZZZ"}', b'{"body":"\\"}', b'{"body":"\\', b'{"body":"\\\'"}', b'{"body":"\\a"}', b'{"body":"\\0"}',
    b'{"body":"tab\there"}', b'{"body":"new\nline"}', b'{"body":"cr\rhere"}', b'{"body":"nul\0here"}',
    b'{"body":"x"\0}', b'\0{"body":"x"}', b'{"body":"x"}\0', b'{"body":"\x1f"}', b'\xef\xbb\xbf{"body":"x"}',
    b'\xff\xfe{\0"\0', b'{"body" "x"}', b'{"body"::"x"}', b'{"body":"x" "title":"y"}', b'{1:"x"}', b'{null:"x"}',
    b'{"body":"x"\x0b}', b'{"body":"x"\x0c}', b'\xa0{"body":"x"}', b'{"body":"x"\xc2\xa0}', b"body=x",
    b"body=x&title=y", b"<body>x</body>", b"%7B%22body%22%3A%22x%22%7D", b"---\nbody: x\n",
    b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"\x28\xb5\x2f\xfd", b"\x80\x04\x95", b"PK\x03\x04", b')]}\',\n{"body":"x"}',
    b"callback({})", b'{"body":"x"}\n{"body":"y"}', b"\x1e" + b'{"body":"x"}', b'{"body":"x"' * 200, b'{"body":' * 5000,
    b"[" * 30000, b'[{"a":' * 8000, b'"' * 999, b"\\" * 1000, b"{" * 50000, b"-" * 1000, b"tru", b"fals", b"nan", b"#",
    b"@", b"\x7f",
]

NOT_OBJECTS = [
    b"null", b"true", b"false", b"0", b"-0", b"1e5", b'""', b'"body"', b"[]", b"[{}]", b'[{"body":"x"}]', b"[[]]",
    b"12.5",
]

BAD_UTF8 = [
    b"\xff", b"\xfe", b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3\x28", b"\xe0\x80\x80",
    b"\xe0\x9f\xbf", b"\xe2\x82", b"\xe2\x28\xa1", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
    b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xc0\xae\xc0\xae\xc0\xaf",
]


@family(14)
def mutated_json(t, r):
    return create_case(t, r, "mutated JSON", mutate(r, encode_json(r, document(r)), r.randint(1, 4)))


@family(10)
def broken_json(t, r):
    data = r.choice(BROKEN_JSON)
    if parse_strictly(data) is not MALFORMED:
        raise AssertionError(f"not broken: {data[:80]!r}")
    return create_case(t, r, "broken JSON", data, {400})


@family(5)
def truncated_json(t, r):
    data = encode_json(r, document(r))
    return create_case(t, r, "truncated JSON", data[: r.randrange(len(data))], {400})


@family(2)
def no_object(t, r):
    return create_case(t, r, "JSON that is no object", r.choice(NOT_OBJECTS), {400, 422})


@family(6)
def invalid_utf8(t, r):
    bad = r.choice(BAD_UTF8)
    member = r.choice(["body", "title", "language", "tags", "name"])
    text = b"before " + bad + r.choice([b"", b" after"])
    if member == "tags":
        data = b'{"body":"x","tags":["' + bad + b'"]}'
    elif member == "name":
        data = b'{"body":"x","' + text + b'":1}'
    elif member == "body":
        data = b'{"body":"' + text + b'"}'
    else:
        data = b'{"body":"x","' + member.encode() + b'":"' + text + b'"}'
    return create_case(t, r, "invalid UTF-8", data, {400, 422})


@family(5)
def control_characters(t, r):
    code = r.choice([0, 0, 1, 8, 9, 10, 13, 27, 31, 127])
    escaped = "\\u%04x" % code
    member = r.choice(["title", "tags", "visibility", "body"])
    if member == "body":
        data, statuses = '{"body":"a\\u0000b"}', {422}
    elif member == "tags":
        data, statuses = '{"body":"x","tags":["a%sb"]}' % escaped, {422}
    else:
        data, statuses = '{"body":"x","%s":"a%sb"}' % (member, escaped), {422}
    return create_case(t, r, "control characters", data.encode(), statuses, fields=(member,))


@family(3)
def header_injection_by_title(t, r):
    title = r.choice(
        ["a\r\nX-Injected: yes", "a\nX-Injected: yes", "\r\n\r\n<html>", "a.txt\r\nSet-Cookie: session=injected"]
    )
    data = json.dumps({"body": "x", "title": title}).encode()
    return create_case(t, r, "CRLF in a title", data, {422}, fields=("title",))


@family(4)
def deep_nesting(t, r):
    depth = r.choice([33, 64, 100, 1000, 5000, 20000])
    kind = r.randrange(5)
    if kind == 0:
        data, statuses = b"[" * depth + b"]" * depth, {400, 422}
    elif kind == 1:
        data, statuses = b'{"a":' * (depth // 2) + b"1" + b"}" * (depth // 2), {400, 422}
    elif kind == 2:
        data, statuses = b'{"body":' + b"[" * depth + b"]" * depth + b"}", {400, 422}
    elif kind == 3:
        data, statuses = b'{"body":"x","tags":' + b"[" * depth + b"]" * depth + b"}", {400, 422}
    else:
        data, statuses = b'{"body":"x","tags":' + b"[" * depth, {400}
    return create_case(t, r, "deep nesting", data, statuses)


@family(3)
def duplicate_members(t, r):
    member, first, second = r.choice(
        [
            ("body", '"a"', '"b"'), ("body", '"a"', "1"), ("title", '"a"', "null"),
            ("visibility", '"public"', '"private"'), ("expires_in", "60", "61"), ("body", '"a"', '"a"'),
        ]
    )
    again = member if r.random() < 0.7 else "".join(f"\\u{ord(c):04x}" for c in member)
    data = f'{{"{member}":{first},"{again}":{second}' + ("" if member == "body" else ',"body":"x"') + "}"
    return create_case(t, r, "duplicate members", data.encode(), {201, 400, 401, 403, 422})


@family(5)
def odd_numbers(t, r):
    number = r.choice(
        [
            "0", "-0", "-1", "0.0", "0.5", "1.5", "1e-5", "1e400", "-1e400", "1e99999999999", "9" * 30, "-" + "9" * 30,
            "9" * 5000, "0." + "1" * 5000, "9223372036854775807", "9223372036854775808", "-9223372036854775808",
            "-9223372036854775809", "18446744073709551615", "18446744073709551616", "2147483648", "4294967296",
            "253402300800", "1E308", "4.9e-324", "1e18", "1e19", "-1e19", "1" + "0" * 300, "9223372036854775806",
        ]
    )
    value = float(number) if len(number) < 4000 else float("inf")
    right = {400, 422}
    if value >= 1 and value == int(min(value, 1e300)):
        right = {201, 400, 422}
    member = r.choice(["expires_in"] * 4 + ["body", "title", "tags", "burn_after_reading", "is_public"])
    if member != "expires_in":
        right = {400, 422}
    rest = "" if member == "body" else '"body":"x",'
    return create_case(t, r, "odd numbers", f'{{{rest}"{member}":{number}}}'.encode(), right)


@family(4)
def lone_surrogates(t, r):
    escape = r.choice(
        [
            "\\ud800", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800", "\\ud800x", "\\ud83d\\u0041", "\\uDBFF",
            "\\ud800\\n",
        ]
    )
    member = r.choice(["body", "title", "language", "tag", "name"])
    data = {
        "body": f'{{"body":"a{escape}"}}',
        "title": f'{{"body":"x","title":"{escape}"}}',
        "language": f'{{"body":"x","language":"{escape}"}}',
        "tag": f'{{"body":"x","tags":["{escape}"]}}',
        "name": f'{{"body":"x","{escape}":1}}',
    }[member]
    return create_case(t, r, "lone surrogates", data.encode(), {400, 422})


@family(6)
def wrong_types(t, r):
    value = document(r)
    member = r.choice(sorted(CREATE_MEMBERS))
    value[member] = r.choice(
        [
            None, True, False, 0, 1, -5, 1.5, "", "x", "true", "1", [], [1], [None], ["a", 1], [[]], {}, {"body": "x"},
            ["a"] * 11, ["a" * 33], [""], "public", "Public", "PRIVATE", "x" * 201, ["é" * 32], ["é" * 33],
        ]
    )
    return create_case(t, r, "wrong types", encode_json(r, value))


@family(4)
def unknown_members(t, r):
    name = r.choice(
        [
            "Body", "BODY", "bodyy", "id", "owner", "version", "view_count", "edit_token", "__proto__", "constructor",
            "", " ", "body ", "$where", "a" * 300, "öffentlich", "\r\nX-Injected: yes", "<script>", "isPublic",
            "expires_at",
        ]
    )
    value = {"body": "x", name: r.choice([1, "x", None, [], {}])}
    return create_case(t, r, "unknown members", encode_json(r, value), {422}, fields=(name,))


@family(3)
def sizes_at_the_edge(t, r):
    kind = r.randrange(8)
    if kind == 0:
        length = MAX_BODY + r.choice([-1, 0, 1, 2, 1000])
        return create_case(
            t, r, "sizes", json.dumps({"body": "a" * length}).encode(), {413} if length > MAX_BODY else {201}
        )
    if kind == 1:
        count = MAX_BODY // 2 + r.choice([0, 1])
        data = json.dumps({"body": "é" * count}, ensure_ascii=False).encode()
        return create_case(t, r, "sizes", data, {413} if count * 2 > MAX_BODY else {201})
    if kind == 2:
        length = 200 + r.choice([0, 1])
        data = encode_json(r, {"body": "x", "title": "😀" * length})
        return create_case(t, r, "sizes", data, {422} if length > 200 else {201})
    if kind == 3:
        data = encode_json(r, {"body": "x", "tags": [f"t{n}" for n in range(10 + r.choice([0, 1]))]})
        return create_case(t, r, "sizes", data)
    if kind == 4:
        data = encode_json(r, {f"m{n}": n for n in range(5000)})
        return create_case(t, r, "sizes", data, {413, 422})
    if kind == 5:
        return create_case(t, r, "sizes", encode_json(r, {"k" * 50000: 1, "body": "x"}), {413, 422})
    if kind == 6:
        return create_case(t, r, "sizes", b" " * 50000 + b'{"body":"x"}', {201, 413})
    return create_case(t, r, "sizes", b'{"body":"x","title":"' + b"\\u0041" * 9000 + b'"}', {422})


@family(2)
def far_too_large(t, r):
    length = r.choice([500_000, 800_000, 1_500_000])
    data = json.dumps({"body": "a" * length}).encode()
    head = [*identity(t, r)]
    right = (answer(413, method="POST", may_close=True),)
    if r.random() < 0.5:
        return Case("far too large", request(t, "POST", "/snippets", head, data), right, EITHER)
    start = request(t, "POST", "/snippets", [*head, ("Transfer-Encoding", "chunked")])
    return Case("far too large", start + chunked(r, data), right, EITHER)


@family(2)
def other_encodings(t, r):
    text = '{"body":"x"}'
    data = r.choice(
        [
            text.encode("utf-16"), text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32"),
            text.encode("utf-32-le"), text.encode("utf-7") + b"+", '{"body":"é"}'.encode("latin-1"),
        ]
    )
    return create_case(t, r, "other encodings", data, {400})


@family(6)
def mutated_patch(t, r):
    value = {}
    if r.random() < 0.7:
        value["body"] = words(r, 5)
    if r.random() < 0.5:
        value["title"] = words(r, 2)
    if r.random() < 0.3:
        value["tags"] = ["a", "b"]
    if r.random() < 0.2:
        value[r.choice(["burn_after_reading", "nonsense", "id", "version"])] = True
    data = encode_json(r, value)
    if r.random() < 0.7:
        data = mutate(r, data, r.randint(1, 3))
    statuses = judge_patch(data)
    right = Answer(frozenset(statuses), method="PATCH")
    return json_case(
        t, r, "mutated PATCH", "PATCH", f"/snippets/{t.edited_id}", [r.choice([cookie(t), bearer(t)])], data, right
    )


@family(4)
def bad_account_requests(t, r):
    path = r.choice(["/auth/signup", "/auth/login"])
    # Never a password of a valid length: a valid sign-up costs an Argon2 hash.
    data, statuses = r.choice(
        [
            (b'{"username":"ab","password":1}', {422}), (b'{"username":"ab","password":null}', {422}),
            (b'{"username":"ab"}', {422}), (b'{"password":"12345678"}', {422}), (b"{}", {422}), (b"[]", {400, 422}),
            (b'{"username":"ab","password":"', {400}), (b'{"username":["ab"],"password":"short"}', {422}),
            (b'{"username":"a\\u0000b","password":"short"}', {422}),
            (b'{"username":"a\\r\\nX-Injected: yes","password":"short"}', {422}),
            (b'{"username":"../../x","password":"short"}', {422}),
            (b'{"username":"\\ud800","password":"short"}', {400, 422}),
            (b'{"username":"a\xff","password":"short"}', {400, 422}),
            (json.dumps({"username": "a" * 5000, "password": "short"}).encode(), {422}),
            (json.dumps({"username": "ab", "password": "p" * 50000}).encode(), {413, 422}),
            (b'{"username":"ab","password":"short","admin":true}', {422}), (b'{"username":{},"password":{}}', {422}),
        ]
    )
    if path == "/auth/login" and statuses == {422}:
        statuses = {401, 422}  # a login may answer to any wrong pair alike
    if path == "/auth/login" and statuses == {413, 422}:
        statuses = {401, 413, 422}
    right = Answer(frozenset(statuses), method="POST")
    return json_case(t, r, "bad account requests", "POST", path, [], data, right)


@family(2)
def bad_token_requests(t, r):
    data, statuses = r.choice(
        [
            (b'{"name":1}', {422}), (b"{}", {422}), (b"[]", {400, 422}), (b'{"name":"a\\u0000"}', {422}), (b"{", {400}),
            (b'{"name":"a","expires_in":-1}', {422}), (b'{"name":"a","expires_in":"1"}', {422}),
            (b'{"name":"a","scope":"all"}', {422}), (b'{"name":"a","expires_in":0}', {422}),
            (b'{"name":"\xff"}', {400, 422}), (b'{"name":["a"]}', {422}),
        ]
    )
    right = Answer(frozenset(statuses), method="POST")
    return json_case(t, r, "bad token requests", "POST", "/auth/tokens", [cookie(t)], data, right)


@family(2)
def bad_fork_requests(t, r):
    data, statuses = r.choice(
        [
            (b"{", {400}), (b"[]", {400, 422}), (b'{"body":"x"}', {422}), (b"\xff", {400}), (b"null", {400, 422}),
            (b"x" * 1000, {400}),
        ]
    )
    right = Answer(frozenset(statuses), method="POST")
    return json_case(t, r, "bad fork requests", "POST", f"/snippets/{t.public_id}/fork", [cookie(t)], data, right)


@family(3)
def malformed_multipart(t, r):
    part = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n'
    content_type, data, statuses = r.choice(
        [
            ("multipart/form-data", part + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=", part + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=" + "b" * 500, part, {400, 415, 422}),
            ("multipart/form-data; boundary=B", part, {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"", {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", part[: r.randrange(len(part))], {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"--B\r\n\r\n\r\n--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"--B\r\n" * 5000 + b"--B--\r\n", {400, 413, 415, 422}),
            ("multipart/form-data; boundary=C", part + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", b"\xff" * 1000, {400, 415, 422}),
            ("multipart/form-data; boundary=B", part.replace(b"x\r\n", b"\xff\r\n") + b"--B--\r\n", {400, 415, 422}),
            ("multipart/form-data; boundary=B", part.replace(b"x\r\n", b"a\0b\r\n") + b"--B--\r\n", {400, 415, 422}),
            (
                "multipart/form-data; boundary=B",
                part.replace(b"a.txt", b"a\rX-Injected: 1") + b"--B--\r\n",
                {201, 400, 415, 422},
            ),
            (
                "multipart/form-data; boundary=B",
                part.replace(b"a.txt", b"../../etc/x") + b"--B--\r\n",
                {201, 400, 415, 422},
            ),
            ("multipart/form-data; boundary=B", part.replace(b"\r\n", b"\n") + b"--B--\n", {201, 400, 415, 422}),
            ("multipart/form-data; boundary=B", mutate(r, part + b"--B--\r\n", 4), {201, 400, 415, 422}),
        ]
    )
    headers = [*identity(t, r), ("Content-Type", content_type)]
    return Case(
        "malformed multipart", request(t, "POST", "/snippets", headers, data), (answer(*statuses, method="POST"),)
    )


# Headers.


@family(5)
def header_flood(t, r):
    size = r.choice([r.randint(20000, 60000), r.randint(20000, 60000), r.randint(1000, 12000)])
    line = r.choice(
        [b"a: b\r\n", b"X-Flood: " + b"y" * 50 + b"\r\n", b"Cookie: a=b\r\n", b"Accept: */*\r\n", b"X:\r\n", None]
    )
    lines = b""
    while len(lines) < size:
        lines += line or b"X-%d: %d\r\n" % (r.randrange(10**6), len(lines))
    data = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + lines + b"\r\n"
    if size > HEADER_LIMIT:
        return Case("header flood", data, (answer(431, may_close=True),), CLOSE)
    return Case("many headers", data, (answer(200, 431),), EITHER)


@family(4)
def giant_header(t, r):
    size = r.choice([17000, 20000, 65536, 200000])
    where = r.randrange(4)
    if where == 0:
        data = request(t, headers=[("X-Giant", "y" * size)])
    elif where == 1:
        data = request(t, headers=[("y" * size, "x")])
    elif where == 2:
        data = request(t, headers=[("Cookie", "session=" + "y" * size)])
    else:
        data = request(t, path="/s/" + "y" * size)
        return Case("giant target", data, (answer(400, 414, 431, may_close=True),), CLOSE)
    return Case("giant header", data, (answer(431, may_close=True),), CLOSE)


@family(5)
def bad_header_lines(t, r):
    line = r.choice(
        [
            b"NoColon", b": empty", b" Leading: x", b"Space : x", b"Tab\t: x", b"In valid: x", b"Bad\0Name: x",
            b"Bad\x01Name: x", b"B\xc3\xa4d: x", b"B(ad): x", b"B,ad: x", b'"Bad": x', b"B/ad: x", b"B@ad: x",
            b"B[]: x", b"B{}: x", b"\x7f: x", b"\0", b"Nul: a\0b", b"X: a\rX-Injected: yes", b"X: a\rb", b"\r",
            b"X\r: y", b"Content-Length : 5", b"Transfer-Encoding : chunked", b"Host\0: evil",
        ]
    )
    data = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + line + b"\r\n\r\n"
    return Case("bad header lines", data, (answer(400, may_close=True),), CLOSE)


@family(2)
def bare_line_feeds(t, r):
    data = r.choice(
        [
            b"GET /healthz HTTP/1.1\nHost: H\n\n", b"GET /healthz HTTP/1.1\r\nHost: H\nX-A: b\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nHost: H\r\nX-A: b\n\n", b"GET /healthz HTTP/1.1\r\nHost: H\r\nX-A: b\r\n\n",
            b"GET /healthz HTTP/1.1\nHost: H\r\n\r\n",
        ]
    ).replace(b"Host: H", b"Host: " + t.host.encode())
    return Case("bare line feeds", data, (answer(200, 400, may_close=True),), EITHER, half_close=True)


@family(2)
def folded_headers(t, r):
    line = r.choice([b"X-Folded: a\r\n b", b"X-Folded: a\r\n\tb", b"X-Folded:\r\n b", b"X-Folded: a\r\n \r\n b"])
    data = b"GET /healthz HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + line + b"\r\n\r\n"
    return Case("folded headers", data, (answer(200, 400, may_close=True),), EITHER)


@family(1)
def folded_framing(t, r):
    line = r.choice([b"Content-Length:\r\n 12", b"Transfer-Encoding:\r\n chunked", b"Content-Length: 1\r\n 2"])
    data = b"POST /snippets HTTP/1.1\r\nHost: " + t.host.encode() + b"\r\n" + line + b"\r\n\r\n" + b'{"body":"x"}'
    return Case("folded framing", data, (answer(201, 400, may_close=True),), DRAIN, half_close=True)


@family(4)
def odd_request_ids(t, r):
    value = r.choice(
        [
            b"a" * 5000, b"", b" ", b"a b", b"\xff\xfe", "ü".encode(), b"a\tb", b'"><script>', b"a,b", b"a;b",
            b"../../x", b"%0d%0aX-Injected: yes", b"\\r\\n", b"a" * 129, b"${jndi:x}", b"{}", b"'", b"\x80",
            b"id=1\x1b[31m",
        ]
    )
    right = answer(200, 400) if b"\x1b" in value else answer(200)
    data = request(t, headers=[("X-Request-Id", value)])
    if r.random() < 0.2:
        data = request(t, headers=[("X-Request-Id", "a"), ("X-Request-Id", value)])
    return Case("odd request ids", data, (right,), EITHER)


@family(3)
def bad_hosts(t, r):
    kind = r.randrange(3)
    if kind == 0:
        return Case("no Host", request(t, host=False), (answer(400, may_close=True),), CLOSE)
    if kind == 1:
        data = request(t, headers=[("Host", r.choice([t.host, "evil.example"]))])
        return Case("two Hosts", data, (answer(400, may_close=True),), CLOSE)
    host = r.choice(
        [
            "a b", "", "a/b", "user@host", "[::", "host:port", "host:99999999", "\xff", "a,b", '"><script>', "a\\b",
            "a#b", "a?b", "*", "..", "x" * 5000, "[::1]:80:80", "%0d%0a",
        ]
    )
    data = request(t, "POST", "/snippets", [("Host", host)], b'{"body":"x"}', host=False)
    return Case("bad Host", data, (answer(201, 400, method="POST", may_close=True),), EITHER)


@family(5)
def bad_cookies(t, r):
    value = r.choice(
        [
            "session=", "session", "=", ";", "session=x", "session=" + "A" * 43, "session=" + "A" * 4000,
            "session=\xff\xfe", 'session="', 'session=""', "session=a b", "session=../../x", "session=%00",
            "session=' OR 1=1 --", "session=null", "session=;session=", "Session=x", ";;;;", "a=b; session=x; c=d",
            "session=" + t.session[:-1], "session=" + t.session + "A", "session==" + t.session, "$Version=1; session=x",
            "session=" + t.session.swapcase(), "a" * 4000,
        ]
    )
    if r.random() < 0.5:
        data = request(t, "GET", r.choice(["/auth/me", "/snippets"]), [("Cookie", value)])
        return Case("bad cookies", data, (answer(401),))
    # No session cookie is nobody; one that is there and wrong is refused.
    names = [part.partition("=")[0].strip() for part in value.split(";")]
    dead = "session" in names and value not in ("session", "session=", 'session=""', "session=;session=", 'session="')
    right = answer(401, method="POST") if dead else answer(201, 401, method="POST")
    data = request(t, "POST", "/snippets", [("Cookie", value)], b'{"body":"x"}')
    return Case("bad cookies", data, (right,))


@family(5)
def bad_authorization(t, r):
    value = r.choice(
        [
            "Bearer", "Bearer ", "Bearer x", "Bearer snp_", "Bearer snp_" + "A" * 43, "Bearer snp_" + "A" * 5000,
            "Bearer \xff", "Bearer " + t.token[:-1], "Bearer " + t.token + "x", "Bearer " + t.token + " " + t.token,
            "bearer " + t.token[:-1], "Bearer " + t.session, "Bearer sne_x", "Bearer\t" + t.token[:-1],
            "Bearer a,Bearer b", "Bearer ' OR 1=1 --", "Bearer %00", "Bearer " + t.token.upper(),
        ]
    )
    method, path, body = r.choice(
        [
            ("GET", "/auth/me", None), ("GET", "/snippets", None), ("POST", "/snippets", b'{"body":"x"}'),
            ("PATCH", f"/snippets/{t.public_id}", b'{"title":"stolen"}'), ("DELETE", f"/snippets/{t.public_id}", None),
            ("POST", f"/snippets/{t.public_id}/fork", b""), ("GET", "/auth/tokens", None),
        ]
    )
    statuses = {401}
    if path.endswith(t.public_id):
        statuses = {401, 403, 404}
    if method == "POST" and path == "/snippets" and value in ("Bearer", "Bearer ", "Bearer sne_x"):
        statuses = {201, 400, 401}
    return Case(
        "bad Authorization",
        request(t, method, path, [("Authorization", value)], body),
        (Answer(frozenset(statuses), method=method),),
    )


@family(3)
def wrong_edit_tokens(t, r):
    token = r.choice(
        [
            "", "x", "sne_", "sne_" + "A" * 43, t.edit_token[:-1], t.edit_token + "A", "\xff", t.edit_token.upper(),
            "sne_" + "A" * 5000, t.token, "sne_%00", "' OR 1=1 --",
        ]
    )
    header = r.choice([("X-Edit-Token", token), ("Authorization", "Bearer " + token)])
    id = r.choice([t.anonymous_id, t.foreign_id] if token == t.token else [t.anonymous_id, t.foreign_id, t.public_id])
    method, body = r.choice([("PATCH", b'{"title":"stolen"}'), ("DELETE", None), ("PATCH", b'{"body":"stolen"}')])
    data = request(t, method, f"/snippets/{id}", [header], body)
    return Case("wrong edit tokens", data, (answer(401, 403, 404, method=method),))


@family(3)
def others_snippets(t, r):
    method, path, body = r.choice(
        [
            ("GET", f"/snippets/{t.foreign_id}", None), ("GET", f"/s/{t.foreign_id}", None),
            ("GET", f"/s/{t.foreign_id}/raw", None), ("PATCH", f"/snippets/{t.foreign_id}", b'{"body":"stolen"}'),
            ("DELETE", f"/snippets/{t.foreign_id}", None), ("GET", f"/snippets/{t.foreign_id}/revisions", None),
            ("GET", f"/snippets/{t.foreign_id}/revisions/1", None), ("POST", f"/snippets/{t.foreign_id}/fork", b""),
        ]
    )
    return Case("others' snippets", request(t, method, path, [cookie(t)], body), (answer(404, method=method),))


@family(4)
def bad_preconditions(t, r):
    junk = r.choice(
        [
            '"v99"', '"v0"', 'W/"v1"', "v1", '"', '""', '"v1', "W/", '"v-1"', '"v99999999999999999999999"', '"\xff"',
            ",", ", ,", '"a", "b", "c"', '"v1-raw"x', "'v1'", '"v%00"', '"' + "x" * 5000 + '"',
            ", ".join(['"x"'] * 1500), "W/*", "*, *",
        ]
    )
    if r.random() < 0.5:
        path = f"/s/{t.edited_id}" + r.choice(["", "/raw"])
        data = request(t, "GET", path, [("If-None-Match", junk)])
        return Case("bad If-None-Match", data, (answer(200, 304, 400),))
    data = request(
        t, "PATCH", f"/snippets/{t.public_id}", [cookie(t), ("If-Match", junk)], b'{"title":"changed by If-Match"}'
    )
    statuses = {400, 412}
    if junk in ("*, *", "v1"):
        statuses = {200, 400, 412}
    return Case("bad If-Match", data, (Answer(frozenset(statuses), method="PATCH"),))


@family(5)
def odd_headers(t, r):
    name, value, statuses = r.choice(
        [
            ("Accept", "*/*;q=9", {200}), ("Accept", "text/html;q=nan, */*;q=-1", {200, 406}),
            ("Accept", "," * 3000, {200}), ("Accept", "a/b;" * 1000, {200, 406}), ("Accept", "\xff", {200, 400, 406}),
            ("Accept", "text/html", {200}), ("Accept", "", {200}), ("Accept-Encoding", "gzip;q=x, *;q=2", {200}),
            ("Accept-Encoding", "identity;q=0, *;q=0", {200, 406}),
            ("Range", "bytes=0-99999999999999999999", {200, 206, 416}), ("Range", "bytes=-", {200, 416}),
            ("Range", "bytes=5-1", {200, 416}), ("Range", "bytes=" + ",".join(["0-0"] * 1500), {200, 206, 416}),
            ("If-Modified-Since", "yesterday", {200}), ("If-Modified-Since", "Thu, 99 Foo 99999 99:99:99 GMT", {200}),
            ("If-Unmodified-Since", "\xff", {200, 400, 412}), ("X-Forwarded-For", "1.2.3.4, " * 1000, {200}),
            ("X-Forwarded-For", "' OR 1=1 --", {200}), ("X-Forwarded-For", "::::::", {200}),
            ("Forwarded", 'for="[::', {200}), ("Connection", "keep-alive, close, upgrade, x", {200}),
            ("Connection", "", {200}), ("Connection", "Host, Content-Length, X-Request-Id", {200}),
            ("Upgrade", "h2c", {200}), ("Upgrade", "websocket", {200, 400, 426}),
            ("TE", "trailers, deflate;q=0.5", {200}), ("Max-Forwards", "-1", {200}),
            ("Content-Encoding", "gzip", {200, 415}), ("Content-Type", "application/json; charset=utf-7", {200}),
            ("Content-Type", "\xff/\xff", {200, 400}), ("Referer", "\xff", {200, 400}),
            ("User-Agent", "x" * 8000, {200}), ("User-Agent", "\x1b[2J\x1b[31m", {200, 400}),
            ("Sec-Fetch-Site", "cross-site", {200}), ("Origin", "http://evil.example", {200}),
            ("X-HTTP-Method-Override", "DELETE", {200}), ("X-Original-URL", "/auth/me", {200}),
            ("Proxy-Connection", "close", {200}), ("Trailer", "Content-Length", {200}),
            ("Keep-Alive", "timeout=-1, max=0", {200}), ("Date", "x", {200}), ("Idempotency-Key", "x" * 5000, {200}),
            ("HTTP2-Settings", "AAMAAABkAAQAAP__", {200}),
        ]
    )
    return Case(
        "odd headers", request(t, "GET", f"/s/{t.public_id}", [(name, value)]), (Answer(frozenset(statuses)),), EITHER
    )


@family(2)
def foreign_origins(t, r):
    header = r.choice(
        [
            ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", f"http://{t.host}.evil.example"),
            ("Origin", f"http://{t.host}@evil"), ("Origin", "\xff"), ("Origin", "http://"),
            ("Sec-Fetch-Site", "cross-site"), ("Origin", f"https://{t.host}/../x"),
        ]
    )
    data = request(t, "POST", "/snippets", [cookie(t), header], b'{"body":"forged"}')
    return Case("foreign origins", data, (answer(400, 403, method="POST"),))


@family(3)
def bad_idempotency_keys(t, r):
    key, statuses = r.choice(
        [
            (b"k" * 256, {400, 422}), (b"k" * 5000, {400, 422}), (b"a b", {400, 422}), (b"\xff", {400, 422}),
            ("ü".encode(), {400, 422}), (b"a\tb", {400, 422}), (b"", {201, 400, 422}), (b"a\x7fb", {400, 422}),
            (b"a\x01b", {400, 422}),
        ]
    )
    data = request(t, "POST", "/snippets", [bearer(t), ("Idempotency-Key", key)], b'{"body":"x"}')
    return Case("bad idempotency keys", data, (answer(*statuses, method="POST"),), EITHER)


@family(2)
def unknown_expectations(t, r):
    value = r.choice(["200-ok", "x", "100-continue, x", "\xff", "100-continue-not", "101-continue", "a=b;c=d"])
    data = request(t, "POST", "/snippets", [("Expect", value)], b'{"body":"x"}')
    return Case("unknown Expect", data, (answer(417, 400, method="POST", may_close=True),), EITHER)


@family(2)
def expected_continue(t, r):
    body = r.choice([b'{"body":"x"}', b"{", b'{"body":"\xff"}', b""])
    statuses, _ = judge_create(body)
    headers = [("Expect", r.choice(["100-continue", "100-Continue"]))]
    return Case(
        "Expect: 100-continue",
        request(t, "POST", "/snippets", headers, body),
        (Answer(frozenset(statuses), method="POST"),),
    )


# The request line.

KNOWN_PATHS = ["/healthz", "/readyz", "/metrics", "/explore", "/snippets", "/auth/me", "/auth/signup"]


@family(4)
def unknown_methods(t, r):
    method = r.choice(
        [
            "TRACE", "OPTIONS", "PUT", "PROPFIND", "BREW", "get", "Get", "GETT", "PURGE", "DEBUG", "TRACK", "MKCOL",
            "LINK", "X", "SEARCH", "M-SEARCH", "A" * 500, "!#$%&'*+-.^_`|~", "POST" * 5, "SOURCE", "QUERY", "CONNECT",
        ]
    )
    path = r.choice([*KNOWN_PATHS, f"/s/{t.public_id}", f"/snippets/{t.public_id}", "/nowhere"])
    statuses = {405, 400} if path != "/nowhere" else {404, 405, 400}
    if method == "OPTIONS":
        statuses |= {200, 204}
    return Case(
        "unknown methods",
        request(t, method, path),
        (Answer(frozenset(statuses), method="OTHER", may_close=len(method) > 100),),
        EITHER,
    )


@family(2)
def wrong_methods(t, r):
    method, path = r.choice(
        [
            ("DELETE", "/healthz"), ("POST", "/metrics"), ("PATCH", "/explore"), ("DELETE", "/snippets"),
            ("PATCH", f"/s/{t.public_id}"), ("DELETE", f"/s/{t.public_id}/raw"), ("PATCH", "/auth/me"),
            ("GET", "/auth/signup"), ("PUT", f"/snippets/{t.public_id}"), ("GET", f"/snippets/{t.public_id}/fork"),
            ("POST", f"/snippets/{t.public_id}/revisions/1"),
        ]
    )
    return Case(
        "wrong methods",
        request(t, method, path, [cookie(t)], b"" if method != "GET" else None),
        (answer(405, method=method),),
    )


@family(5)
def bad_request_lines(t, r):
    line = r.choice(
        [
            b"GET", b"GET ", b"GET /healthz", b"GET  HTTP/1.1", b"GET /healthz  HTTP/1.1", b" GET /healthz HTTP/1.1",
            b"GET\t/healthz\tHTTP/1.1", b"GET /healthz HTTP/1.1 x", b"GET /heal thz HTTP/1.1", b"GET /healthz HTTP",
            b"GET /healthz HTTP/", b"GET /healthz HTTP/1", b"GET /healthz HTTP/1.", b"GET /healthz HTTP/.1",
            b"GET /healthz HTTP/2.0", b"GET /healthz HTTP/2", b"GET /healthz HTTP/3", b"GET /healthz HTTP/0.9",
            b"GET /healthz HTTP/1.10", b"GET /healthz HTTP/11.1", b"GET /healthz HTTP/01.1", b"GET /healthz http/1.1",
            b"GET /healthz HTTP/1,1", b"GET /healthz HTTP/-1.1", b"GET /healthz HTTP/a.b", b"GET /healthz HTTP/1.1\x00",
            b"GET /healthz\0 HTTP/1.1", b"GET /\x01 HTTP/1.1", b"GET /\x7f HTTP/1.1", b"G\0T /healthz HTTP/1.1",
            b"G(T /healthz HTTP/1.1", b"\xff\xff /healthz HTTP/1.1", b"GET /healthz FTP/1.1", b"HTTP/1.1 200 OK",
            b"GET /a\rb HTTP/1.1", b"GET healthz HTTP/1.1", b"GET ? HTTP/1.1", b"GET \\healthz HTTP/1.1", b"/healthz",
            b"\0\0\0\0", b"GET /healthz HTTP/9999999999.1", b"GET /healthz XHTTP/1.1", b"GET:/healthz HTTP/1.1",
        ]
    )
    may_be_found = {404} if line.split(b" ")[1:2] in ([b"healthz"], [b"?"], [b"\\healthz"]) else set()
    data = line + b"\r\nHost: " + t.host.encode() + b"\r\n\r\n"
    return Case(
        "bad request lines",
        data,
        (Answer(frozenset({400} | may_be_found), method="OTHER", may_close=True),),
        EITHER,
        half_close=r.random() < 0.5,
    )


@family(2)
def other_versions(t, r):
    version, statuses = r.choice([("HTTP/1.0", {200}), ("HTTP/1.2", {200, 400}), ("HTTP/1.9", {200, 400})])
    return Case("other versions", request(t, version=version), (Answer(frozenset(statuses), may_close=False),), EITHER)


@family(3)
def odd_targets(t, r):
    target, statuses = r.choice(
        [
            ("*", {400, 404, 405}), (f"http://{t.host}/healthz", {200, 400}),
            ("http://evil.example/healthz", {200, 400, 404, 421}), ("https://[::/healthz", {400, 404}),
            ("http://", {400, 404}), ("http:///healthz", {200, 400, 404}), ("ftp://x/healthz", {200, 400, 404}),
            ("javascript:alert(1)", {400, 404}), ("example.com:80", {400, 404}), ("file:///etc/hostname", {400, 404}),
            ("/healthz#x", {200, 400, 404}), ("http://user:pass@x/healthz", {200, 400, 404}), ("://", {400, 404}),
            (":", {400, 404}), ("//", {400, 404}), ("///", {400, 404}), ("http://x:99999999/healthz", {200, 400, 404}),
        ]
    )
    return Case("odd targets", request(t, path=target), (Answer(frozenset(statuses), may_close=True),), EITHER)


@family(1)
def connect_method(t, r):
    target = r.choice([t.host, "evil.example:443", "/healthz", "*", ":0"])
    return Case(
        "CONNECT", request(t, "CONNECT", target), (answer(400, 404, 405, method="OTHER", may_close=True),), EITHER
    )


# Paths and queries.


@family(12)
def path_tricks(t, r):
    id = t.public_id
    path = r.choice(
        [
            "/../etc/hostname", "/..%2f..%2fetc/hostname", "/%2e%2e/%2e%2e/etc/hostname", "/s/../healthz",
            "/s/%2e%2e/healthz", "/./healthz", "/%2e/healthz", "//healthz", "/healthz/", "/healthz/.", "/healthz/..",
            "/healthz%00", "/healthz%00.txt", "/healthz%20", "/healthz%0a", "/healthz%0d%0aX-Injected:%20yes",
            f"/s/{id}%00", f"/s/{id}%0d%0aX-Injected:%20yes%0d%0a%0d%0a", f"/s/{id}%2fraw", f"/s%2f{id}",
            f"/s/{id}/raw/", f"/s/{id}//raw", f"/s//{id}", f"/s/{id}/./raw", f"/s/{id}/../{id}", f"//s/{id}",
            f"/S/{id}", f"/s/{id};v=1", f"/s/{id}/RAW", f"/s/{id}%20", f"/s/%20{id}", f"/s/{id}%", f"/s/{id}%4",
            f"/s/{id}%zz", f"/s/{id}%u0041", "/s/%", "/s/%ff", "/s/%c0%ae%c0%ae", "/s/%c0%af", "/s/%ed%a0%80",
            "/s/%f8%88%80%80%80", "/s/", "/s", "/s/%2f", "/s/%5c..%5c", "/s/..\\..\\x", "/s/'", "/s/%27%20OR%201=1--",
            "/s/%27;drop%20table%20x", "/s/{id}", "/s/$(id)", "/s/`id`", "/s/${x}", "/s/%24%7Bjndi:x%7D", "/s/<script>",
            "/s/%3Cscript%3E", "/s/" + "a" * 300, "/s/" + "a" * 7000, "/s/" + "%41" * 2500, "/" + "a/" * 3000,
            "/" + "../" * 2000, "/s/" + "%00" * 100, "/" + "%2e%2e%2f" * 500, f"/snippets/{id}/revisions/",
            f"/snippets/{id}/revisions/0", f"/snippets/{id}/revisions/-1", f"/snippets/{id}/revisions/abc",
            f"/snippets/{id}/revisions/99999999999999999999999", f"/snippets/{id}/revisions/9223372036854775808",
            f"/snippets/{id}/revisions/1e3", f"/snippets/{id}/revisions/1%00", f"/snippets/{id}/revisions/%2b1",
            f"/snippets/{id}/revisions/0x1", f"/snippets/{id}/revisions/1.0", f"/snippets/{id}/revisions/2147483648",
            "/snippets/%00", "/snippets/%ff", "/snippets/%ff/revisions", "/snippets/" + "a" * 5000,
            f"/snippets/{id}/../../healthz", "/.git/config", "/.env", "/data/snippets.db", "/snippets.db",
            "/favicon.ico%00", "/auth", "/auth/", "/auth/../healthz", "/auth/tokens/x%00", "/cgi-bin/x",
            "/index.php?x=/etc/hostname", "/\xe4", "/s/\xff\xfe", f"/s/{id}\xff", "/s/{}|^", '/s/"', "/%", "/%0",
            "/%00", "/%0d%0a", "/s/%E2%80%AE", "/explore/", "/explore%2f", "/metrics%00",
        ]
    )
    signed_in = [cookie(t)] if r.random() < 0.5 or path.startswith(("/snippets", "/auth/tokens")) else []
    statuses = {400, 404}
    if "/revisions/" in path:
        statuses = {400, 404, 422}
    if path.startswith("/auth/tokens/"):
        statuses = {400, 404, 405}
    if path in ("/healthz/", "/explore/", f"/s/{id}/raw/", f"/snippets/{id}/revisions/", "/s/"):
        statuses |= {301, 308}
    return Case(
        "path tricks",
        request(t, path=path, headers=signed_in),
        (Answer(frozenset(statuses), may_close=any(ord(c) > 126 for c in path)),),
        EITHER,
    )


@family(2)
def escaped_paths(t, r):
    path = r.choice(
        [
            "/%68ealthz", "/%68%65%61%6c%74%68%7a", f"/s/{t.public_id[:-1]}%{ord(t.public_id[-1]):02x}", "/healthz?",
            "/healthz??", "/healthz?%", "/healthz?%00", "/healthz?a=" + "b" * 5000, "/healthz?" + "a&" * 2000,
            "/healthz?\xff", "/healthz?/../x", "/healthz?x=%zz",
        ]
    )
    return Case("escaped paths", request(t, path=path), (answer(200, 400, 404, may_close="\xff" in path),), EITHER)


@family(3)
def unknown_ids(t, r):
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    id = "".join(r.choice(alphabet) for _ in range(r.choice([1, 8, len(t.public_id), len(t.public_id), 40])))
    method, path = r.choice(
        [
            ("GET", f"/s/{id}"), ("HEAD", f"/s/{id}"), ("GET", f"/s/{id}/raw"), ("GET", f"/snippets/{id}"),
            ("GET", f"/snippets/{id}/revisions"), ("GET", f"/snippets/{id}/revisions/1"),
        ]
    )
    return Case("unknown ids", request(t, method, path, [cookie(t)]), (answer(404, method=method),))


@family(6)
def bad_lists(t, r):
    limit = r.choice(
        [
            "0", "-1", "101", "1000000", "99999999999999999999", "abc", "", "1.5", "1e1", "0x10", "%31%30x", "+5",
            "%00", "%ff", " 5".replace(" ", "%20"), "١",
        ]
    )
    path = r.choice(["/snippets", "/explore"])
    if path == "/explore":
        return Case(
            "bad limits",
            request(t, path=f"/explore?limit={limit.encode().decode('latin-1')}"),
            (answer(200, 400, 422),),
            EITHER,
        )
    # "+5" is " 5" in a form-encoded query; an empty value may count as none given.
    statuses = {200, 400, 422} if limit in ("", "+5", "١") else {422, 400} if limit in ("%00", "%ff") else {422}
    return Case(
        "bad limits",
        request(t, path=f"/snippets?limit={limit.encode().decode('latin-1')}", headers=[cookie(t)]),
        (Answer(frozenset(statuses)),),
        EITHER,
    )


@family(6)
def bad_cursors(t, r):
    kind = r.randrange(4)
    if kind == 0:
        cursor = base64.urlsafe_b64encode(random_bytes(r, 1, 60)).decode().rstrip("=")
    elif kind == 1:
        cursor = "".join(f"%{byte:02x}" for byte in random_bytes(r, 1, 40))
    elif kind == 2:
        cursor = "".join(f"%{byte:02x}" for byte in mutate(r, t.cursor.encode(), r.randint(1, 3)))
    else:
        cursor = r.choice(
            [
                "%00", "%ff", "a", "null", "-1", "0", "A" * 5000, "%27%20OR%201=1--", "../x", "%0d%0aX-Injected:%20yes",
                t.cursor + "A", t.cursor[:-1], t.cursor * 2,
            ]
        )
    path = r.choice(["/snippets", "/explore"])
    # A changed cursor may by luck be a cursor.
    statuses = {200, 400, 422} if kind == 2 or cursor in (t.cursor[:-1], t.cursor + "A") else {400, 422}
    return Case(
        "bad cursors", request(t, path=f"{path}?cursor={cursor}", headers=[cookie(t)]), (Answer(frozenset(statuses)),)
    )


@family(5)
def odd_filters(t, r):
    name = r.choice(["q", "tag", "language", "unknown", "%71", "q%00", ""])
    value = r.choice(
        [
            "%00", "a%00b", "%ff", "%c0%80", "%ed%a0%80", "%", "%%", "%25", "_", "%5c", "%27", "%22", "%27%22%3b--",
            "a" * 5000, "*", "(", "%5B", "NEAR(", "a%20AND", "%22%22", "%F0%9F%98%80", "%0d%0aX-Injected:%20yes", "+",
            "%E2%80%AE", "{}", "\\", "%5c%25", "NOT", "-", "a*b*c*", "a:b", "^a",
        ]
    )
    path = r.choice(["/snippets", "/snippets", "/explore"])
    return Case(
        "odd filters", request(t, path=f"{path}?{name}={value}", headers=[cookie(t)]), (answer(200, 400, 422),), EITHER
    )


# Framing.

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


WEIGHTS = [weight for weight, _ in FAMILIES]
FUNCTIONS = [function for _, function in FAMILIES]


def make_case(seed, number, target):
    # Every family comes up early, so that a short run is a fair sample.
    r = random.Random(f"{seed}:{number}")
    function = FUNCTIONS[number] if number < len(FUNCTIONS) else r.choices(FUNCTIONS, WEIGHTS)[0]
    case = function(target, r)
    return Case(case.family, case.data, case.answers, case.end, case.half_close, number)
