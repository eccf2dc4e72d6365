"""What a hostile request is, what is right to answer to it, and what such requests are made of."""

import json
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
