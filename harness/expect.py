"""Assertions about answers that many tests make."""

import datetime
import re

RFC3339_MS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# What an error must never show: SQL, the names of backends, source files, paths.
INTERNAL = re.compile(
    r"\b(select|insert|update|delete)\s+\S+\s+(from|into|set|where)\b|insert into|sqlite|postgres|soci|psql|libpq"
    r"|boost|std::|\.[ch]pp\b|0x[0-9a-f]{6,}|(^|[\s\"'(])/(home|root|tmp|usr|var|work|build)/",
    re.IGNORECASE,
)


def problem(response, status, error=None):
    """Asserts that the response is an RFC 9457 problem with this status and `error` word, and returns its JSON."""
    statuses = status if isinstance(status, tuple) else (status,)
    assert response.status in statuses, response
    assert response.headers["Content-Type"].split(";")[0] == "application/problem+json", response
    document = response.json()
    for member in ("type", "title", "status", "error", "detail"):
        assert member in document, document
    for member in ("type", "title", "error", "detail"):
        assert isinstance(document[member], str) and document[member], document
    assert document["status"] == response.status, document
    if error is not None:
        errors = error if isinstance(error, tuple) else (error,)
        assert document["error"] in errors, document
    assert not INTERNAL.search(response.text), response.text
    if response.status == 422 and document["error"] == "invalid":
        assert document["fields"], document
        assert all(isinstance(why, str) and why for why in document["fields"].values()), document
    if response.status == 405:
        assert response.headers["Allow"], response
    if response.status in (429, 503):
        assert re.fullmatch(r"[1-9]\d*", response.headers["Retry-After"]), response
    return document


def invalid(response, field):
    """Asserts a 422 `invalid` that names the field."""
    document = problem(response, 422, "invalid")
    assert field in document["fields"], document
    return document


def timestamp(text):
    """Asserts RFC 3339 in UTC with milliseconds, and returns it as seconds since the epoch."""
    assert isinstance(text, str) and RFC3339_MS.fullmatch(text), text
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def items(response):
    """The items of a list answer."""
    assert response.status == 200, response
    document = response.json()
    assert isinstance(document["items"], list), document
    return document["items"]


def all_items(client, path):
    """All items of a list, following next_cursor to the end."""
    separator = "&" if "?" in path else "?"
    found, cursor = [], None
    for _ in range(1000):
        response = client.get(path + (f"{separator}cursor={cursor}" if cursor else ""))
        found += items(response)
        cursor = response.json()["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError(f"{path} does not come to an end after 1000 pages")
