"""Real files in many languages: each made into a snippet and read back byte for byte, before and after a restart."""

import json

import pytest

from harness import expect
from harness.client import Client
from harness.server import Server

# What the language of a file name is called, where names do not differ between highlighters.
LANGUAGES = {
    ".go": {"go"}, ".rs": {"rust"}, ".java": {"java"}, ".php": {"php"}, ".swift": {"swift"}, ".dart": {"dart"},
    ".hs": {"haskell"}, ".kt": {"kotlin"}, ".ts": {"typescript"}, ".rb": {"ruby"}, ".py": {"python"}, ".c": {"c"},
    ".cs": {"csharp", "cs", "c#"}, ".yaml": {"yaml"}, ".toml": {"toml"}, ".html": {"html", "xml"}, ".lua": {"lua"},
    ".scala": {"scala"}, ".ex": {"elixir"}, ".erl": {"erlang"}, ".clj": {"clojure"}, ".jl": {"julia"}, ".vue": {"vue"},
    ".graphql": {"graphql"}, ".zig": {"zig"}, ".nix": {"nix"}, ".d": {"d"}, ".elm": {"elm"}, ".cmake": {"cmake"},
    ".svelte": {"svelte"}, ".bash": {"bash", "shell", "sh"}, ".cpp": {"cpp", "c++"}, ".sql": {"sql"},
    ".md": {"markdown"},
}  # fmt: skip


def text_files(corpus):
    """What the contract lets a snippet be: valid UTF-8 without NUL, not empty, at most 1 MiB."""
    files = {}
    for path in corpus:
        data = path.read_bytes()
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if 0 < len(data) <= 1024 * 1024 and b"\x00" not in data:
            files[path] = data
    assert files
    return files


@pytest.fixture(scope="module")
def shelf(binary, new_database, corpus):
    """A server, an account, and the whole corpus as snippets: a list of (path, bytes, the answer of the create)."""
    with Server(binary, new_database()) as server:
        client = Client(server).signup()
        made = []
        for number, (path, data) in enumerate(text_files(corpus).items()):
            # JSON may write a character as itself or as an escape; every other file takes the other way.
            body = json.dumps({"title": path.name, "body": data.decode()}, ensure_ascii=number % 2 == 0)
            response = client.post("/snippets", body=body)
            assert response.status == 201, (path, response)
            made.append((path, data, response.json()))
        yield server, client, made


def assert_all_come_back(server, client, made):
    reader = Client(server)
    for path, data, created in made:
        for _ in range(2):  # From the store and from the cache.
            raw = reader.get(f"/s/{created['id']}/raw")
            assert raw.status == 200 and raw.body == data, path
            shared = reader.get(f"/s/{created['id']}")
            assert shared.status == 200 and shared.json()["body"].encode() == data, path
            assert shared.json()["title"] == path.name
        owned = client.get(f"/snippets/{created['id']}")
        assert owned.json()["body"].encode() == data, path
        revision = client.get(f"/snippets/{created['id']}/revisions/1")
        assert revision.json()["body"].encode() == data, path


def test_the_corpus_is_used_whole_where_it_is_there(corpus):
    assert len(corpus) == len(text_files(corpus)), "the corpus has files that are not text"


def test_every_file_comes_back_byte_for_byte(shelf):
    server, client, made = shelf
    for path, data, created in made:
        assert created["body"].encode() == data, path
    assert_all_come_back(server, client, made)


def test_every_file_comes_back_byte_for_byte_after_a_restart(shelf):
    server, client, made = shelf
    assert server.stop() == 0
    server.restart()
    again = Client(server)
    again.session = client.session
    assert_all_come_back(server, again, made)
    client.host, client.port = again.host, again.port
    client.close()


def test_the_language_is_guessed_from_every_title_that_tells_it(shelf):
    _, _, made = shelf
    known = [(path, created["language"]) for path, _, created in made if path.suffix in LANGUAGES]
    assert known
    wrong = [(path.name, language) for path, language in known if language not in LANGUAGES[path.suffix]]
    assert not wrong


def test_every_file_is_found_by_its_title(shelf):
    server, client, made = shelf
    listed = {item["id"]: item["title"] for item in expect.all_items(client, "/snippets?limit=100")}
    assert listed == {created["id"]: path.name for path, _, created in made}
