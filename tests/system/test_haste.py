"""The interface of haste-server."""

import pytest

from harness import expect
from harness.client import Client
from harness.waiting import until

TEXT = "#!/usr/bin/env python3\nprint('ä')\r\n"


@pytest.fixture
def key(nobody):
    response = nobody.post("/documents", body=TEXT, headers={"Content-Type": "text/plain"})
    assert response.status == 200
    return response.json()["key"]


def test_a_document_is_a_snippet(nobody, key):
    snippet = nobody.get(f"/s/{key}").json()
    assert (snippet["body"], snippet["language"], snippet["visibility"]) == (TEXT, "python", "unlisted")


def test_reading_it(nobody, key):
    response = nobody.get(f"/documents/{key}")
    assert response.status == 200 and response.headers["Content-Type"] == "application/json"
    assert response.json() == {"key": key, "data": TEXT}
    raw = nobody.get(f"/raw/{key}")
    assert raw.body == TEXT.encode() and raw.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert raw.headers["X-Content-Type-Options"] == "nosniff"


def test_an_extension_chooses_the_language_and_is_ignored_otherwise(nobody, key):
    assert nobody.get(f"/documents/{key}.rs").json() == {"key": key, "data": TEXT}
    assert nobody.get(f"/raw/{key}.tar.gz").body == TEXT.encode()
    for path, location in ((key, ""), (f"{key}.rs", "?language=rust"), (f"{key}.nothing", "?language=text")):
        response = nobody.get(f"/{path}")
        assert (response.status, response.headers["Location"]) == (303, f"/s/{key}{location}")


def test_what_is_no_key_is_as_unknown_as_before(nobody):
    for path in ("/nothing", "/short.py", "/AAAAAAAAAAAA/x"):
        expect.problem(nobody.get(path), 404, "not_found")
        expect.problem(nobody.delete(path), 404, "not_found")


def test_a_forms_field_data(nobody):
    boundary = "x"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="data"\r\n\r\n{TEXT}\r\n--{boundary}--\r\n'
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    key = nobody.post("/documents", body=body, headers=headers).json()["key"]
    assert nobody.get(f"/raw/{key}").body == TEXT.encode()
    empty = body.replace('"data"', '"date"')
    expect.invalid(nobody.post("/documents", body=empty, headers=headers), "data")


def test_errors_have_the_message_that_its_clients_show(nobody):
    for response in (nobody.get("/documents/AAAAAAAAAAAA"), nobody.get("/raw/no"), nobody.post("/documents", body=""),
                     nobody.get("/documents/a%zz")):  # fmt: skip
        problem = response.json()
        assert response.status in (400, 404, 422)
        assert problem["message"] == problem["detail"]


def test_who_made_it_without_an_account_can_edit_it(nobody):
    made = nobody.post("/documents", body="x").json()
    headers = {"X-Edit-Token": made["edit_token"]}
    assert nobody.patch(f"/snippets/{made['key']}", {"body": "y"}, headers).status == 200
    assert nobody.get(f"/raw/{made['key']}").text == "y"


def test_a_private_snippet_is_its_owners_only(nobody, ada):
    key = ada.create(visibility="private")["id"]
    for path in (f"/documents/{key}", f"/raw/{key}", f"/raw/{key}.py"):
        expect.problem(nobody.get(path), 404, "not_found")
        assert ada.get(path).status == 200
        assert ada.get(path).headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/documents/{}", "/raw/{}", "/api/v3/gists/{}"])
def test_one_reader_gets_what_burns(nobody, path):
    key = nobody.create(body="once", burn_after_reading=True)["id"]
    assert nobody.head(path.format(key), {"Accept": "application/json"}).status == 200
    assert "once" in nobody.get(path.format(key), {"If-None-Match": "*", "Accept": "application/json"}).text
    expect.problem(nobody.get(path.format(key)), 410, "gone")


@pytest.mark.parametrize("path", ["/documents/{}", "/raw/{}", "/api/v3/gists/{}", "/s/{}/embed"])
def test_the_fields_of_a_link_and_304(nobody, path):
    key = nobody.create()["id"]
    path = path.format(key)
    first, second = nobody.get(path), nobody.get(path)
    assert second.headers["Cache-Status"] == "snippetd-near; hit"
    assert second.headers["Cache-Control"] == "public, no-cache" and second.headers["Last-Modified"]
    assert first.headers["ETag"] == second.headers["ETag"]
    same = nobody.get(path, {"If-None-Match": first.headers["ETag"]})
    assert (same.status, same.body, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert nobody.head(path).headers["Content-Length"] == str(len(first.body))


@pytest.mark.parametrize("path", ["/documents/{}", "/raw/{}", "/api/v3/gists/{}", "/s/{}/embed"])
def test_an_edit_shows_in_the_next_read(ada, nobody, path):
    key = ada.create(body="before")["id"]
    before = nobody.get(path.format(key))
    assert "before" in before.text
    assert ada.patch(f"/snippets/{key}", {"body": "after"}).status == 200
    after = nobody.get(path.format(key), {"If-None-Match": before.headers["ETag"]})
    assert after.status == 200 and "after" in after.text


def test_each_way_of_reading_counts_a_view(fresh_server, slow_factor):
    with Client(fresh_server(flags=["--views-flush", "100ms"])).signup() as client:
        key = client.create()["id"]
        for path in ("/documents/{}", "/raw/{}", "/api/v3/gists/{}", "/s/{}/embed"):
            assert client.get(path.format(key)).status == 200
            assert client.head(path.format(key)).status == 200

        def count():
            return client.get(f"/snippets/{key}").json()["view_count"]

        until(lambda: count() == 4, 10 * slow_factor, "four views")
        assert client.get(f"/oembed?url=http://{client.host}:{client.port}/s/{key}").status == 200
        assert client.get(f"/s/{key}").status == 200
        until(lambda: count() >= 5, 10 * slow_factor, "a fifth")
        assert count() == 5
