"""The contract's export: everything that an account has, as an archive that is made while it is sent."""

import base64
import contextlib
import http.client
import io
import json
import os
import random
import socket
import time
import zipfile

import pytest

from harness import expect
from harness.burst import request_bytes
from harness.client import PASSWORD, Client
from harness.waiting import until


def export(client):
    response = client.get("/auth/export")
    assert response.status == 200, response
    archive = zipfile.ZipFile(io.BytesIO(response.body))
    assert archive.testzip() is None
    return archive


def listing(archive):
    return json.loads(archive.read("snippets.json"))


def files(archive):
    """Bodies by the id that each file's name begins with; without old versions."""
    names = [name for name in archive.namelist() if name != "snippets.json" and not name.startswith("revisions/")]
    return {name[:12]: archive.read(name).decode() for name in names}


@pytest.fixture
def author(server):
    return Client(server).signup()


def test_it_is_a_zip_to_be_downloaded(author):
    author.create()
    response = author.get("/auth/export")
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == f'attachment; filename="snippets-{author.username}.zip"'
    assert "no-store" in response.headers["Cache-Control"]
    assert response.body[:4] == b"PK\x03\x04"


def test_every_snippet_is_a_file_of_exactly_its_body(author):
    bodies = ["x", "a\r\nb\n", "漢字 ä €", "\t", "<script>", "0" * 100_000]
    made = {author.create(body=body, title=f"title {number}")["id"]: body for number, body in enumerate(bodies)}
    for visibility in ("public", "private"):
        made[author.create(body=visibility, visibility=visibility)["id"]] = visibility
    made[author.create(body="burns", burn_after_reading=True)["id"]] = "burns"
    made[author.create(body="expires", expires_in=3600)["id"]] = "expires"
    edited = author.create(body="first")["id"]
    author.patch(f"/snippets/{edited}", {"body": "second"})
    made[edited] = "second"
    assert files(export(author)) == made
    assert files(export(author)) == made, "an export burns nothing"


def test_the_listing_is_last_and_has_all_metadata_without_bodies(author):
    made = [author.create(title="One.py", tags=["a", "b"], body="secret body", visibility=one)
            for one in ("public", "unlisted", "private")]  # fmt: skip
    archive = export(author)
    assert archive.namelist()[-1] == "snippets.json"
    document = listing(archive)
    assert document["username"] == author.username
    expect.timestamp(document["exported_at"])
    assert [item["id"] for item in document["items"]] == [item["id"] for item in expect.all_items(author, "/snippets")]
    by_id = {item["id"]: item for item in document["items"]}
    for snippet in made:
        item = by_id[snippet["id"]]
        assert item.pop("file") in archive.namelist()
        del snippet["body"]
        assert item == snippet
    assert b"secret body" not in archive.read("snippets.json")
    assert {item.filename for item in archive.infolist()} == {"snippets.json"} | {
        item["file"] for item in listing(archive)["items"]}  # fmt: skip


@pytest.mark.parametrize(
    "fields, name",
    [
        ({"title": "main.py"}, "{}-main.py"),
        ({"title": "notes", "language": "markdown"}, "{}-notes.md"),
        ({"title": ""}, "{}.txt"),
        ({"title": "", "language": "python"}, "{}.py"),
        ({"title": "../../etc/passwd"}, "{}-_.._etc_passwd.txt"),
        ({"title": "/etc/passwd"}, "{}-_etc_passwd.txt"),
        ({"title": "C:\\a*b?.txt"}, "{}-C__a_b_.txt"),
        ({"title": "Straße 漢"}, "{}-Straße 漢.txt"),
        ({"title": "evil\u202etxt.exe"}, "{}-evil_txt.exe"),
        ({"title": "..."}, "{}.txt"),
        ({"title": "trailing. "}, "{}-trailing.txt"),
    ],
)
def test_names_are_the_title_made_harmless(author, fields, name):
    id = author.create(**fields)["id"]
    assert export(author).namelist() == [name.format(id), "snippets.json"]


def test_names_are_unique_and_fit_into_a_file_system(author):
    for title in ("same.txt", "same.txt", "SAME.txt", "漢" * 200, "漢" * 200, "x" * 195 + ".cpp", "snippets.json"):
        author.create(title=title)
    names = export(author).namelist()
    assert len(names) == len({name.lower() for name in names}) == 8
    assert all(len(name.encode()) <= 200 and "/" not in name for name in names), names
    assert sum(name.endswith(".cpp") for name in names) == 1


def test_old_versions_are_in_it(author):
    snippet = author.create(body="one", title="a.py")
    for body in ("two", "three"):
        author.patch(f"/snippets/{snippet['id']}", {"body": body})
    archive = export(author)
    old = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("revisions/")}
    assert old == {f"revisions/{snippet['id']}/v1.py": "one", f"revisions/{snippet['id']}/v2.py": "two"}
    assert files(archive)[snippet["id"]] == "three"


def test_an_account_without_snippets_has_an_empty_listing(author):
    archive = export(author)
    assert archive.namelist() == ["snippets.json"]
    assert listing(archive)["items"] == []


def test_more_than_a_page_is_whole_and_each_once(author):
    made = {author.create(body=f"body {number}")["id"]: f"body {number}" for number in range(230)}
    archive = export(author)
    assert files(archive) == made
    assert len(archive.namelist()) == 231
    assert [item["id"] for item in listing(archive)["items"]] == [
        item["id"] for item in expect.all_items(author, "/snippets?limit=100")]  # fmt: skip


def noise(size, seed=1):
    """Text that does not become much smaller."""
    return base64.b64encode(random.Random(seed).randbytes(size * 3 // 4)).decode()


@contextlib.contextmanager
def slow_export(server, client):
    """An export of which the reader has taken the head alone."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect((server.host, server.port))
        connection.sendall(request_bytes("GET", "/auth/export", headers={"Cookie": f"session={client.session}"}))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        yield answer


@pytest.mark.skipif(bool(os.environ.get("SNIPPETD_SANITIZER")), reason="its memory says nothing")
def test_a_slow_reader_holds_a_piece_and_no_more(server, author):
    for number in range(40):
        author.create(body=noise(500_000, number))
    export(author)
    before = server.rss_kib()
    with contextlib.ExitStack() as readers:
        for _ in range(8):
            readers.enter_context(slow_export(server, author))
        time.sleep(2)
        held = server.rss_kib() - before
        assert author.clone().get("/auth/me").status == 200
    # All of it would be 15 MiB for each reader.
    assert held < 40 * 1024, f"{held} KiB"


def test_a_reader_who_goes_away_leaves_nothing_behind(server, author, slow_factor):
    for _ in range(30):
        author.create(body="x" * 300_000)
    for _ in range(10):
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            request = f"GET /auth/export HTTP/1.1\r\nHost: x\r\nCookie: session={author.session}\r\n\r\n"
            connection.sendall(request.encode())
            assert connection.recv(100)
    until(lambda: len(files(export(author))) == 30, 10 * slow_factor, "an export afterwards")


def test_head_says_what_a_get_would(author):
    author.create()
    response = author.head("/auth/export")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["Content-Type"] == "application/zip"
    assert author.get("/auth/me").status == 200


def test_it_is_no_view(author):
    id = author.create()["id"]
    export(author)
    assert author.get(f"/snippets/{id}").json()["view_count"] == 0


# --- Privacy


def test_it_has_nothing_of_anybody_else(server, author, bob):
    mine = author.create(body="mine")["id"]
    theirs = bob.create(body="theirs", visibility="public")["id"]
    anonymous = Client(server).create(body="nobody's")
    archive = export(author)
    assert files(archive) == {mine: "mine"}
    for other in (theirs, anonymous["id"], anonymous["edit_token"]):
        assert other.encode() not in archive.read("snippets.json")


def test_it_has_no_secrets(author):
    author.post("/auth/tokens", {"name": "ci"})
    author.create()
    text = export(author).read("snippets.json").decode()
    for word in ("argon2", "snp_", "sne_", "hash", "token", author.session):
        assert word not in text


def test_what_has_expired_is_not_in_it(author, slow_factor):
    id = author.create(expires_in=1)["id"]
    until(lambda: author.get(f"/snippets/{id}").status == 410, 5 * slow_factor, "it to expire")
    assert files(export(author)) == {}


def test_it_needs_an_account(anonymous):
    expect.problem(anonymous.get("/auth/export"), 401, "unauthenticated")


def test_a_token_may_export(server, author):
    id = author.create(visibility="private")["id"]
    token = author.post("/auth/tokens", {"name": "ci"}).json()["token"]
    client = Client(server)
    client.headers = {"Authorization": f"Bearer {token}"}
    assert list(files(export(client))) == [id]


def test_when_the_account_is_deleted_meanwhile_the_rest_is_missing_and_the_archive_whole(server, author):
    for number in range(40):
        author.create(body=noise(300_000, number))
    with slow_export(server, author) as answer:
        assert author.request("DELETE", "/auth/me", json={"password": PASSWORD}).status == 204
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert archive.testzip() is None
    assert 0 < len(files(archive)) < 40
    assert {item["id"] for item in listing(archive)["items"]} == set(files(archive))


def test_an_export_under_way_does_not_keep_the_service_from_ending(fresh_server):
    server = fresh_server()
    client = Client(server).signup()
    for number in range(40):
        client.create(body=noise(300_000, number))
    with slow_export(server, client):
        assert server.stop() == 0
