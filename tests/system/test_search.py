"""Search ignores the case of every letter, the same on every store, in the list, the pages and for explore."""

from urllib.parse import quote

import pytest

LETTERS = [
    ("Straße", "STRASSE"),
    ("Zażółć GĘŚLĄ", "zażółć gęślą"),
    ("Привет, мир", "ПРИВЕТ"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("cafe\u0301", "CAFÉ"),
    ("ıssız", "ıSSıZ"),
    ("100%_\\", "%_\\"),
]


@pytest.mark.parametrize(("text", "wanted"), LETTERS)
@pytest.mark.parametrize("field", ["title", "body"])
def test_a_search_ignores_case(author, field, text, wanted):
    snippet = author.create(visibility="public", **{"body": "x", field: f"a {text} b"})
    author.create(visibility="public", body="something else")
    found = author.get(f"/snippets?q={quote(wanted)}").json()["items"]
    assert [item["id"] for item in found] == [snippet["id"]]
    page = author.get(f"/explore?q={quote(wanted)}", {"Accept": "text/html"})
    assert page.status == 200 and snippet["id"] in page.text


def test_two_characters_are_enough(author):
    snippet = author.create(body="дом и МИР")
    assert [item["id"] for item in author.get(f"/snippets?q={quote('ир')}").json()["items"]] == [snippet["id"]]
    assert author.get(f"/snippets?q={quote('дм')}").json()["items"] == []
