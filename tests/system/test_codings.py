"""What a link reads, compressed for who takes that and in parts for who asks for one."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.client import Client
from harness.codings import decoded

TEXT = "".join(f"line {n} of a text that is worth compressing\n" for n in range(2000))


@pytest.fixture
def id(ada):
    return ada.create(title="text.txt", visibility="public", body=TEXT)["id"]


@pytest.mark.parametrize("path", ["", "/raw"])
@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_who_takes_a_coding_gets_it(anonymous, id, path, coding):
    plain = anonymous.get(f"/s/{id}{path}")
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"]
    for _ in range(2):
        answer = anonymous.get(f"/s/{id}{path}", {"Accept-Encoding": coding})
        assert answer.headers["Content-Encoding"] == coding
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert len(answer.body) < len(TEXT) / 3
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        if path == "/raw":
            assert decoded(answer).decode() == TEXT
        else:
            assert json.loads(decoded(answer))["body"] == TEXT
        assert answer.headers["ETag"] != plain.headers["ETag"], "other bytes, another tag"


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_the_json_is_the_same_but_for_the_count(ada, anonymous, coding):
    id = ada.create(title='odd "title" 漢字', visibility="public", body=TEXT, tags=["a", "b"], expires_in=3600)["id"]
    plain = anonymous.get(f"/s/{id}").json()
    encoded = json.loads(decoded(anonymous.get(f"/s/{id}", {"Accept-Encoding": coding})))
    assert encoded["view_count"] >= plain["view_count"]
    assert {**encoded, "view_count": 0} == {**plain, "view_count": 0}


@pytest.mark.parametrize("path", ["", "/raw"])
def test_a_tag_is_of_one_coding(anonymous, id, path):
    tags = {}
    for coding in ("identity", "gzip", "br"):
        answer = anonymous.get(f"/s/{id}{path}", {"Accept-Encoding": coding})
        tags[coding] = answer.headers["ETag"]
        assert not tags[coding].startswith("W/")
    assert len(set(tags.values())) == 3
    raw_only = path == "/raw"  # the tag of JSON changes with the count
    for coding in tags if raw_only else ():
        for other, tag in tags.items():
            answer = anonymous.get(f"/s/{id}{path}", {"Accept-Encoding": coding, "If-None-Match": tag})
            assert answer.status == (304 if coding == other else 200), (coding, other)
            if answer.status == 304:
                assert answer.headers["ETag"] == tag and not answer.body
                assert "Content-Encoding" not in answer.headers


def test_a_head_says_what_a_get_would(anonymous, id):
    for coding in ("identity", "gzip", "br"):
        get = anonymous.get(f"/s/{id}/raw", {"Accept-Encoding": coding})
        head = anonymous.request("HEAD", f"/s/{id}/raw", headers={"Accept-Encoding": coding})
        for name in ("ETag", "Content-Encoding", "Content-Length", "Content-Type", "Vary"):
            assert head.headers.get(name) == get.headers.get(name), (coding, name)


def test_an_edit_is_seen_at_once_in_every_coding(ada, anonymous, id):
    for coding in ("gzip", "br"):
        anonymous.get(f"/s/{id}/raw", {"Accept-Encoding": coding})
    tag = anonymous.get(f"/s/{id}", {"Accept-Encoding": "gzip"}).headers["ETag"]
    changed = ada.patch(f"/snippets/{id}", {"body": TEXT.upper()}, {"If-Match": tag})
    assert changed.status == 200, "the tag of what came compressed is of this version"
    for path in ("", "/raw"):
        for coding in ("identity", "gzip", "br"):
            text = decoded(anonymous.get(f"/s/{id}{path}", {"Accept-Encoding": coding})).decode()
            assert (text if path else json.loads(text)["body"]) == TEXT.upper()


def test_what_is_small_or_refused_stays_as_it_is(ada, anonymous, id):
    small = ada.create(visibility="public", body="x" * 1023)["id"]
    assert "Content-Encoding" not in anonymous.get(f"/s/{small}/raw", {"Accept-Encoding": "gzip, br"}).headers
    for refused in ("", "identity", "gzip;q=0, br;q=0", "zstd", "*"):
        answer = anonymous.get(f"/s/{id}/raw", {"Accept-Encoding": refused})
        assert answer.body.decode() == TEXT, refused


def test_a_text_of_the_largest_size(ada, anonymous):
    body = "".join(f"{n:07}\n" for n in range(131072))
    assert len(body) == 1 << 20
    id = ada.create(visibility="public", body=body)["id"]
    for coding in ("gzip", "br"):
        assert decoded(anonymous.get(f"/s/{id}/raw", {"Accept-Encoding": coding})).decode() == body
        assert json.loads(decoded(anonymous.get(f"/s/{id}", {"Accept-Encoding": coding})))["body"] == body


def test_of_many_at_a_time_each_gets_it(server, ada):
    id = ada.create(visibility="public", body=TEXT)["id"]

    def read(_):
        with Client(server) as client:
            return decoded(client.get(f"/s/{id}/raw", {"Accept-Encoding": "gzip"})).decode()

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(read, range(32))) == {TEXT}


def test_a_private_and_a_burning_one(ada, anonymous):
    private = ada.create(visibility="private", body=TEXT)["id"]
    answer = ada.get(f"/s/{private}/raw", {"Accept-Encoding": "gzip"})
    assert decoded(answer).decode() == TEXT
    assert anonymous.get(f"/s/{private}/raw", {"Accept-Encoding": "gzip"}).status == 404
    burning = ada.create(body=TEXT, burn_after_reading=True)["id"]
    answer = anonymous.get(f"/s/{burning}/raw?burn=1", {"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert answer.status == 200 and decoded(answer).decode() == TEXT, "who burns it gets all of it"
    assert anonymous.get(f"/s/{burning}/raw?burn=1").status == 410


@pytest.mark.parametrize("path", ["/s/{}/raw", "/raw/{}"])
def test_a_part_is_given_to_who_asks(anonymous, id, path):
    whole = anonymous.get(path.format(id))
    assert whole.headers["Accept-Ranges"] == "bytes"
    half = len(TEXT) // 2
    for coding in ("identity", "gzip"):
        part = anonymous.get(path.format(id), {"Range": f"bytes={half}-", "If-Range": whole.headers["ETag"],
                                               "Accept-Encoding": coding})
        assert part.status == 206
        assert part.headers["Content-Range"] == f"bytes {half}-{len(TEXT) - 1}/{len(TEXT)}"
        assert whole.body[:half] + part.body == whole.body
        assert part.headers["ETag"] == whole.headers["ETag"]
    beyond = anonymous.get(path.format(id), {"Range": f"bytes={len(TEXT)}-"})
    assert beyond.status == 416 and beyond.headers["Content-Range"] == f"bytes */{len(TEXT)}"
    assert beyond.json()["error"] == "range_not_satisfiable"


def test_a_part_of_what_has_changed_is_all_of_it(ada, anonymous, id):
    tag = anonymous.get(f"/s/{id}/raw").headers["ETag"]
    ada.patch(f"/snippets/{id}", {"body": TEXT.upper()})
    answer = anonymous.get(f"/s/{id}/raw", {"Range": "bytes=100-", "If-Range": tag})
    assert answer.status == 200 and answer.body.decode() == TEXT.upper()


def test_a_download_goes_on_where_it_broke_off(server, id, tmp_path):
    file = tmp_path / "text"
    file.write_text(TEXT[:1000])
    subprocess.run(["curl", "-sS", "--fail", "-C", "-", "-o", file, f"{server.url}/s/{id}/raw"], check=True)
    assert file.read_text() == TEXT


def test_curl_takes_it_compressed(server, id):
    for coding in ("gzip", "br"):
        accept = f"Accept-Encoding: {coding}"
        command = ["curl", "-sS", "--fail", "--compressed", "-H", accept, f"{server.url}/s/{id}/raw"]
        assert subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode() == TEXT
