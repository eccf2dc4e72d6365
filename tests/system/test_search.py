"""Search ignores the case of every letter, the same on every store, in the list, the pages and for explore."""

from urllib.parse import quote, urlencode

import pytest

from harness.client import Client
from harness.waiting import until

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


@pytest.fixture
def indexed_server(fresh_server, slow_factor):
    """A server, and what waits until all that has been written is in its index."""
    server = fresh_server(flags=["--index-after", "100ms", "--rate-limit", "write=off"])

    def wait():
        put = server.metric("snippetd_db_statements_total", statement="index_list")
        Client(server).create()  # so that it looks again, twice
        until(
            lambda: (
                server.metric("snippetd_db_statements_total", statement="index_list") > put + 1
                and server.metric("snippetd_search_unindexed") == 0
            ),
            20 * slow_factor,
            "the index to have all",
        )

    return server, wait


def found(client, **query):
    page = client.get(f"/snippets?{urlencode(query)}").json()
    return {item["id"] for item in page["items"]}


def created_apart(client, **fields):
    """In a millisecond of its own: of one, the ids say what is first."""
    made = client.create(**fields)
    until(lambda: client.create(body="after it")["created_at"] > made["created_at"], 5, "the clock to go on")
    return made


def test_what_is_in_the_index_is_found_like_what_is_not(indexed_server):
    server, wait = indexed_server
    with Client(server).signup() as ada:
        shown = {"visibility": "public", "language": "cpp"}
        made = [
            created_apart(ada, title=f"Größe {i}", body=f"函数 number {i}\nπ = 3", tags=[f"t{i % 3}"], **shown)["id"]
            for i in range(12)
        ]
        other = ada.create(body="nothing of it", language="c")["id"]
        for is_indexed in (False, True):
            if is_indexed:
                wait()
            assert found(ada, q="GRÖSSE 1") == {made[11], made[10], made[1]}
            assert found(ada, q="函数", limit=3) == set(made[-3:])
            assert found(ada, q="Π", tag="t2") == {made[11], made[8], made[5], made[2]}
            assert found(ada, language="c") == {other}
            assert found(ada, q="number 12") == set()
            page = ada.get(f"/me?q={quote('r 7')}", {"Accept": "text/html"}).text
            assert made[7] in page and made[8] not in page
        ada.patch(f"/snippets/{made[7]}", {"body": "changed"})
        ada.patch(f"/snippets/{made[6]}", {"visibility": "private"})
        ada.delete(f"/snippets/{made[5]}")
        for is_indexed in (False, True):
            if is_indexed:
                wait()
            assert found(ada, q="number 7") == set() and found(ada, q="chang") == {made[7]}
            assert found(ada, q="number 6") == {made[6]} and found(ada, q="number 5") == set()
            assert found(ada, q="number", visibility="public", limit=100) == {*made[:5], *made[8:]}


def test_pages_of_a_search_go_on_while_the_index_takes_in_what_is_written(indexed_server):
    server, wait = indexed_server
    with Client(server).signup() as ada:
        made = [ada.create(body=f"wanted {i}", tags=["a"]) for i in range(25)]
        made.sort(key=lambda one: (one["created_at"], one["id"]))
        seen, cursor = [], ""
        while True:
            page = ada.get(f"/snippets?q=wanted&limit=4&cursor={cursor}").json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
            if len(seen) == 8:
                wait()
        assert seen == [one["id"] for one in made[::-1]]
