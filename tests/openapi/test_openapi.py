"""The OpenAPI document and the running service, held against each other.

Every exchange of this file goes through a recorder (document.py), which fails when an answer's status, content or
header fields are not documented. The last tests fail when something is documented that no test before them has seen; so
they need all of them. What is refused is provoked on every route, whether the document says so or not: a new route's
refusals need a line here only in INVALID, and only when it takes a form.
"""

import base64
import contextlib
import html
import json
import os
import re
import resource
import secrets
import subprocess

import pytest
from document import FORM, JSON, MULTIPART, Document, RecordingClient, Seen, check

from harness.burst import burst, request_bytes
from harness.client import PASSWORD, Client, Headers, Response, unique_name
from harness.held_up import writes_held_up
from harness.postgres import Postgres
from harness.server import Server, parse_metrics

POLICIES = ("write", "anonymous", "login", "signup")
PAGE = {"Accept": "text/html", "Accept-Encoding": "gzip"}
UNKNOWN = "unknown"  # leads nowhere, whatever it stands for
BASIC = {"Authorization": "Basic " + base64.b64encode(f"nobody:{PASSWORD}".encode()).decode()}


def limits(quota):
    return [argument for policy in POLICIES for argument in ("--rate-limit", f"{policy}={quota}/60s")]


# --- Servers and callers


@pytest.fixture(scope="module")
def server(binary, new_database):
    """One with limits that nobody meets, so that answers say what is left of them."""
    with Server(binary, new_database(), flags=limits(100000), rate_limits=True) as running:
        yield running


@pytest.fixture(scope="module")
def document(server):
    with Client(server) as client:
        return Document(client.get("/openapi.json").json())


@pytest.fixture(scope="module")
def seen(document):
    return Seen()


@pytest.fixture(scope="module")
def connect(document, seen):
    """A function that gives a recording client of a server."""
    with contextlib.ExitStack() as clients:
        yield lambda to: clients.enter_context(RecordingClient(to, document, seen))


@pytest.fixture(scope="module")
def ada(server, connect):
    return connect(server).signup()


@pytest.fixture(scope="module")
def bob(server, connect):
    return connect(server).signup()


@pytest.fixture
def nobody(server, connect):
    return connect(server)


@pytest.fixture
def eve(server, connect):
    """An account of the test's own."""
    return connect(server).signup()


@pytest.fixture(scope="module")
def program(server, connect):
    """An account that the examples' password does not open, known by a token, which logging out does not end."""
    client = connect(server).signup(password="another horse")
    client.headers["Authorization"] = f"Bearer {client.call('createToken', body={'name': 'test'}).json()['token']}"
    return client


def call(client, operation, first=UNKNOWN, **request):
    """Calls an operation with its own example of a body, unless another one is given; `first` is in its path."""
    if operation.takes_body() and "body" not in request:
        media_type = next(iter(operation.content))
        request.update(body=next(iter(operation.examples(media_type).values())), media_type=media_type)
    client.session = client.session if "Authorization" not in client.headers else None
    place, *others = operation.named("path").values() or [None]
    if place and place["name"] == "username" and len(first) == 12:
        first = client.username
    if operation.id == "describeEmbed":
        link = f"http://{client.host}:{client.port}/s/{first}"
        request["query"] = {"url": link, **(request.get("query") or {})}
    if {"basic": []} in operation.said["security"] and "Authorization" not in client.headers:
        request["headers"] = {**BASIC, **(request.get("headers") or {})}
    refused = "If-Match" in (request.get("headers") or {})
    if operation.id == "deleteTokensForm" and "Authorization" in client.headers and not refused:
        # Or it would be the last thing that this token does.
        request["headers"] = {**(request.get("headers") or {}), "Authorization": "Bearer snp_of_nobody"}
    return client.call(operation.id, [first, *(other["example"] for other in others)], **request)


def everywhere(document, status, provoke):
    """Calls provoke(operation) for every operation. Those that document the status have to answer with it, the others
    with something else, which the recorder finds documented or not."""
    assert any(status in operation.responses for operation in document.operations.values())
    for operation in document.operations.values():
        response = provoke(operation)
        if status in operation.responses:
            assert response and response.status == status, f"{operation} is not {status} but {response}"


# --- The document by itself


def test_a_linter_finds_nothing(document, linter, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document.source))
    done = subprocess.run(
        [*linter, "lint", "--config", os.path.join(os.path.dirname(__file__), "redocly.yaml"), "--format", "json",
         file],
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, report["problems"]
    assert done.returncode == 0, done.stderr


def test_examples_are_what_their_schemas_say(document):
    schemas = document.source["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema.get("type") != "object" or schema["examples"], f"{name} has no example"
        for example in schema.get("examples", []):
            document.validate(example, schema, name)
    for operation in document.operations.values():
        for media_type, media in operation.content.items():
            for name, example in operation.examples(media_type).items():
                document.validate(example, media["schema"], f"{operation}, {name}")
        for status, response in operation.responses.items():
            for media_type, media in response.get("content", {}).items():
                shown = [example["value"] for example in media.get("examples", {}).values()]
                shown += [media["example"]] if "example" in media else []
                assert shown or not media_type.endswith("json"), f"{operation}: {status} has no example"
                for example in shown:
                    document.validate(example, media["schema"], f"{operation}, {status}")
        for parameter in operation.parameters:
            if "example" in parameter:
                document.validate(parameter["example"], parameter["schema"], f"{operation}, {parameter['name']}")


def test_objects_have_no_members_that_are_not_documented(document):
    for name, schema in document.source["components"]["schemas"].items():
        if schema.get("type") == "object" and name != "OpenApi":
            assert schema.get("additionalProperties", True) is not True, f"{name} is open"


def test_its_numbers_and_links_are_those_of_the_process(binary, server):
    flags = ["--max-body", "5KiB", "--public-url", "https://paste.example", "--rate-limit", "write=7/9s"]
    with Server(binary, flags=flags, rate_limits=True) as other, Client(other) as client:
        told = client.get("/openapi.json").json()
    assert told["servers"] == [{"url": "https://paste.example"}]
    assert told["components"]["schemas"]["SnippetInput"]["properties"]["body"]["maxLength"] == 5 * 1024
    assert "`write`: 7 in 9 s" in told["info"]["description"]
    with Client(server) as client:
        assert client.get("/openapi.json").json()["servers"] == [{"url": server.url}]


def test_other_methods_are_refused_with_the_documented_ones(server, document):
    with Client(server) as client:
        for path in document.source["paths"]:
            target = re.sub(r"\{\w+\}", "A" * 12, path)
            fits = [operation for operation in document.operations.values() if operation.fits(target)]
            methods = {operation.method for operation in fits}
            response = client.request("PROPFIND", target)
            assert response.status == 405, (path, response)
            allowed = set(response.headers["Allow"].split(", "))
            assert allowed == methods | ({"HEAD", "OPTIONS"} if "GET" in methods else {"OPTIONS"}), path
            asked = client.request("OPTIONS", target)
            assert (asked.status, set(asked.headers["Allow"].split(", "))) == (204, allowed), path


# --- What is answered when all is well


def read_twice(client, name, path, headers=None, query=None):
    """In full, and once more with the entity tag of what has come; anew when a view was counted in between."""
    for _ in range(3):
        full = client.call(name, path, headers=headers, query=query)
        assert full.status == 200, full
        again = client.call(name, path, headers={**(headers or {}), "If-None-Match": full.headers["ETag"]}, query=query)
        if again.status == 304:
            return full
    raise AssertionError(again)


def test_links(ada, nobody, document, seen):
    snippet = ada.create(title="a.py", visibility="public", body="print(1)\n")
    assert read_twice(nobody, "readLink", snippet["id"]).json()["body"] == "print(1)\n"
    assert "html" in read_twice(nobody, "readLink", snippet["id"], PAGE).headers["Content-Type"]
    assert read_twice(nobody, "readRaw", snippet["id"]).text == "print(1)\n"
    assert "a.py" in read_twice(nobody, "readRaw", snippet["id"], query={"download": 1}).headers["Content-Disposition"]
    assert "\x1b[" in read_twice(nobody, "readAnsi", snippet["id"]).text
    for name in ("readRaw", "readDocumentRaw"):
        whole = nobody.call(name, snippet["id"])
        part = {"Range": "bytes=1-", "If-Range": whole.headers["ETag"]}
        assert nobody.call(name, snippet["id"], headers=part).text == "rint(1)\n"
        hidden = nobody.create(body="hidden")["id"]  # and not listed by search engines
        assert nobody.call(name, hidden, headers={"Range": "bytes=-3"}).text == "den"
        assert nobody.call(name, snippet["id"], headers={"Range": "bytes=9-"}).status == 416
    part = nobody.call("readRaw", snippet["id"], headers={"Range": "bytes=0-4"}, query={"download": 1})
    assert part.status == 206 and part.text == "print"
    large = ada.create(visibility="public", body="a line\n" * 200)
    for name in ("readLink", "readRaw", "readDocumentRaw"):
        for coding in ("br", "gzip"):
            encoded = nobody.call(name, large["id"], headers={"Accept-Encoding": coding})
            assert encoded.headers["Content-Encoding"] == coding, encoded
    assert nobody.head(f"/s/{snippet['id']}").status == nobody.head(f"/s/{snippet['id']}/raw").status == 200
    private = ada.create(visibility="private", body="mine")
    assert ada.call("readLink", private["id"]).json()["body"] == ada.call("readRaw", private["id"]).text == "mine"
    assert nobody.call("readQrCode", snippet["id"]).status == 200
    read_twice(nobody, "readPicture", snippet["id"])
    lines = {"lines": "1", "theme": "light"}
    assert ada.call("readPicture", private["id"], query=lines).headers["Content-Type"] == "image/png"
    assert nobody.call("readPicture", nobody.create(body="漢字")["id"]).status == 303

    ada.create(visibility="public")
    first = nobody.call("explore", query={"limit": 1}).json()
    second = nobody.call("explore", query={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert first["items"][0]["id"] != second["items"][0]["id"]
    assert nobody.call("explore", headers=PAGE).status == 200
    before = {"limit": 1, "before": second["next_cursor"] or first["next_cursor"]}
    for query in (before, {"q": "x"}, {"tag": "x"}, {"language": "python"}, {"sort": "views"}, {"sort": "oldest"}):
        assert nobody.call("explore", headers=PAGE, query=query).status == 200
        if query.get("sort") != "views":
            assert nobody.call("listSnippetsOf", ada.username, headers=PAGE, query=query).status == 200
    first = nobody.call("listSnippetsOf", ada.username, query={"limit": 1}).json()
    query = {"limit": 1, "cursor": first["next_cursor"], "sort": "newest"}
    assert nobody.call("listSnippetsOf", ada.username, query=query).status == 200
    assert nobody.call("listSnippetsOf", "nobody-of-this-name").status == 404
    assert nobody.call("listSnippetsOf", ada.username, query={"limit": 0}).status == 422

    # It goes on for an hour: its first event is enough.
    nobody.get("/healthz")
    connection = nobody._connection
    path = f"/s/{snippet['id']}/live"
    connection.request("GET", path)
    answer = connection.getresponse()
    event = answer.readline() + answer.readline()
    assert event.startswith(b"event: views\ndata: "), event
    check(document, seen, "GET", path, {}, None, Response(answer.status, Headers(answer.getheaders()), event))
    nobody.close()


def test_snippets_are_made_as_the_examples_say(ada, nobody, document):
    for body in document.operations["createSnippet"].examples(JSON).values():
        assert ada.call("createSnippet", body=body).status == 201
        made = nobody.call("createSnippet", body=body)
        assert made.status == 201 and made.json()["edit_token"].startswith("sne_")
        edit_token = made.json()["edit_token"]
        for header in ({"X-Edit-Token": edit_token}, {"Authorization": f"Bearer {edit_token}"}):
            assert nobody.call("readSnippet", made.json()["id"], headers=header).status == 200
    assert ada.call("createSnippet", body={"body": "x", "is_public": False}).json()["visibility"] == "private"
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first = ada.call("createSnippet", body={"body": "once"}, headers=key)
    again = ada.call("createSnippet", body={"body": "once"}, headers=key)
    assert first.body == again.body and again.headers["Idempotency-Replayed"] == "true"
    assert ada.call("createSnippet", body={"body": "other"}, headers=key).json()["error"] == "idempotency_key_reused"

    original = first.json()["id"]
    key = {"Idempotency-Key": secrets.token_hex(8)}
    for body in document.operations["forkSnippet"].examples(JSON).values():
        assert ada.call("forkSnippet", original, body=body, headers=key).json()["forked_from"] == original
        assert ada.call("forkSnippet", original, body=body, headers=key).headers["Idempotency-Replayed"] == "true"
    assert ada.call("forkSnippet", original).status == 201


def test_snippets_are_listed_and_filtered(eve):
    wanted = eve.create(title="needle", tags=["green"], language="python", visibility="private")["id"]
    eve.create(title="hay", tags=["red"], language="cpp")
    for query in ({"q": "needle"}, {"tag": "green"}, {"language": "python"}, {"visibility": "private"}):
        assert [item["id"] for item in eve.call("listSnippets", query=query).json()["items"]] == [wanted], query
    oldest = eve.call("listSnippets", query={"limit": 1, "sort": "oldest"}).json()
    newest = eve.call("listSnippets", query={"limit": 1}).json()
    assert newest["items"] != oldest["items"]
    assert newest["items"][0]["title"] == "hay"
    older = eve.call("listSnippets", query={"cursor": newest["next_cursor"]}).json()
    assert [item["id"] for item in older["items"]] == [wanted] and older["next_cursor"] is None
    eve.create(burn_after_reading=True)
    eve.call("forkSnippet", wanted)
    copy, burning = eve.call("listSnippets", query={"limit": 2}).json()["items"]
    assert copy["forked_from"] == wanted and burning["burn_after_reading"] is True


def test_snippets_are_managed(ada, document):
    snippet = ada.create(body="first", tags=["one"])["id"]
    for body in document.operations["editSnippet"].examples(JSON).values():
        assert ada.call("editSnippet", snippet, body=body).status == 200
    current = ada.call("readSnippet", snippet).headers["ETag"]
    assert ada.call("editSnippet", snippet, body={"is_public": False}, headers={"If-Match": current}).status == 200
    newest = ada.call("listRevisions", snippet, query={"limit": 1})
    last = newest.json()["items"][0]["version"]
    assert newest.headers["Link"].endswith(f'?limit=1&before={last}>; rel="next"'), newest
    older = ada.call("listRevisions", snippet, query={"before": last}).json()["items"]
    assert [item["version"] for item in older] == list(range(last - 1, 0, -1))
    assert ada.call("listRevisions", snippet, query={"limit": 0}).status == 422
    versions = ada.call("listRevisions", snippet).json()["items"]
    assert [version["version"] for version in versions] == [4, 3, 2, 1]
    assert ada.call("readRevision", [snippet, 1]).json()["body"] == "first"
    for by, count in (("hour", 48), ("day", 90)):
        assert len(ada.call("readStats", snippet, query={"by": by}).json()["points"]) == count
    current = ada.call("readSnippet", snippet).headers["ETag"]
    assert ada.call("deleteSnippet", snippet, headers={"If-Match": current}).status == 204


def test_accounts(server, connect, document):
    eve = connect(server).signup()
    assert eve.call("logIn", body={"username": eve.username, "password": PASSWORD}).status == 200
    assert eve.call("readAccount").json()["username"] == eve.username
    eve.create()
    assert eve.call("exportAccount").body.startswith(b"PK")
    for body in document.operations["createToken"].examples(JSON).values():
        made = eve.call("createToken", body=body)
        assert made.status == 201
    assert eve.call("readAccount", headers={"Authorization": f"Bearer {made.json()['token']}"}).status == 200
    assert [token["id"] for token in eve.call("listTokens").json()["items"]] == [made.json()["id"]]
    assert eve.call("deleteToken", made.json()["id"]).status == 204
    change = {"current": PASSWORD, "new": "battery staple", "revoke_tokens": True}
    assert eve.call("changePassword", body=change).status == 200
    assert eve.call("logOut").status == 204
    eve.login(password="battery staple")
    assert eve.call("deleteAccount", body={"password": "battery staple"}).status == 204


def test_uploads(ada, nobody, document):
    for caller in (ada, nobody):
        for name in ("uploadText", "putText", "putFile"):
            path = "main.py" if name == "putFile" else ()
            said = {"title": "a.py", "language": "c", "visibility": "public", "tags": "a", "expires": "7d", "burn": "1"}
            key = {"Idempotency-Key": secrets.token_hex(8)}
            for accept in ({}, {"Accept": JSON}):
                made = caller.call(name, path, query=said, body="x = 1\n", headers={**key, **accept})
                assert made.status == 201 and made.headers["X-Expires"], made
                assert ("X-Token" in made.headers) == (caller is nobody)
            assert made.headers["Idempotency-Replayed"] == "true"
        for form in document.operations["composeForm"].examples(FORM).values():
            for media_type in (FORM, MULTIPART):
                made = caller.call("composeForm", body={**form, "expires": "24"}, media_type=media_type)
                assert made.status == 200 and made.headers["Content-Type"].startswith("text/plain"), made
    other = {"secret": "", "name:1": "a.rb", "format": "text", "private": "0", "newline": "1", "read:1": "1"}
    for field in ("file", "f", "f:1", "sprunge", "clbin", "oneshot"):
        assert nobody.call("composeForm", body={field: "x", **other}).status == 200
    key = {"Idempotency-Key": secrets.token_hex(8)}
    for accept, status in (({}, 200), ({}, 200), ({"Accept": JSON}, 201)):
        made = nobody.call("composeForm", body={"f:1": "x", "expires": "1"}, headers={**key, **accept})
        assert made.status == status
    token, snippet = made.headers["X-Token"], made.json()["id"]
    for media_type in (FORM, MULTIPART):
        managed = nobody.call("manageUpload", snippet, body={"token": token, "expires": "24"}, media_type=media_type)
        assert managed.status == 202, managed
    asked = {"Accept": JSON, "If-Match": "*"}
    assert nobody.call("manageUpload", snippet, body={"token": token, "expires": "2"}, headers=asked).status == 202
    assert nobody.call("manageUpload", snippet, body={"token": token, "delete": ""}).status == 200
    assert "basename" in nobody.call("readPastebinitConfiguration").text


def test_haste(ada, nobody):
    key = {"Idempotency-Key": secrets.token_hex(8)}
    for _ in range(2):
        made = nobody.call("createDocument", body="print(1)\n", headers=key)
        assert made.status == 200 and made.json()["edit_token"], made
    assert made.headers["Idempotency-Replayed"] == "true"
    assert "edit_token" not in ada.call("createDocument", body="x").json()
    key = made.json()["key"]
    assert read_twice(nobody, "readDocument", key + ".py").json() == {"key": key, "data": "print(1)\n"}
    assert read_twice(nobody, "readDocumentRaw", key).text == "print(1)\n"
    assert nobody.call("openDocument", key + ".py").headers["Location"] == f"/s/{key}?language=python"


def test_gists(ada, eve, nobody, document):
    for body in document.operations["createGist"].examples(JSON).values():
        key = {"Idempotency-Key": secrets.token_hex(8)}
        for _ in range(2):
            made = eve.call("createGist", body=body, headers=key)
            assert made.status == 201
        assert made.headers["Idempotency-Replayed"] == "true"
    gist = made.json()["id"]
    assert read_twice(nobody, "readGist", gist).json()["files"].keys() == body["files"].keys()
    assert read_twice(nobody, "readGistFile", [gist, "main.py"]).text == body["files"]["main.py"]["content"]
    assert nobody.call("createGist", body=body).json()["owner"] is None
    for name in ("patchGist", "editGist"):
        for change in document.operations[name].examples(JSON).values():
            assert eve.call(name, gist, body=change).status == 200
        current = eve.call("readGist", gist).headers["ETag"]
        change = {"description": name, "public": True}
        assert eve.call(name, gist, body=change, headers={"If-Match": current}).status == 200
    eve.call("createGist", body={**body, "description": None})
    for name, path in (("listGists", ()), ("listGistsOf", eve.username)):
        first = eve.call(name, path, query={"per_page": 1, "page": 1})
        cursor = re.search(r"cursor=([^&>]+)", first.headers["Link"])[1]
        second = eve.call(name, path, query={"cursor": cursor})
        assert [item["id"] for item in second.json()] == [gist] and "Link" not in second.headers
    current = eve.call("readGist", gist).headers["ETag"]
    assert eve.call("deleteGist", gist, headers={"If-Match": current}).status == 204
    basic = "Basic " + base64.b64encode(f"{eve.username}:{PASSWORD}".encode()).decode()
    examples = document.operations["authorize"].examples(JSON).values()
    for body in ({"note": "x", "note_url": "https://tool.example"}, *examples):
        assert nobody.call("authorize", body=body, headers={"Authorization": basic}).json()["note"] == body["note"]
    for _ in range(98):
        eve.call("createToken", body={"name": "x"})
    assert nobody.call("authorize", body=body, headers={"Authorization": basic}).status == 409


# What may read a snippet up, as (operation, the rest of its path).
READS = {"readLink": (), "readRaw": (), "readAnsi": (), "readDocument": (), "readDocumentRaw": (), "readGist": (),
         "readGistFile": ("a.py",)}  # fmt: skip


def test_what_burns_asks_first(ada, nobody):
    for name, rest in READS.items():
        path = [ada.create(title="a.py", burn_after_reading=True)["id"], *rest]
        for headers in (PAGE, {"Accept": "text/html"}):
            asked = nobody.call(name, path, headers=headers)
            assert asked.status == 200 and asked.headers["Content-Type"].startswith("text/html")
        assert nobody.call(name, path, headers={"Accept": "image/png"}).status == 403
        assert nobody.call(name, path, query={"burn": 1}, headers={"Accept": "*/*"}).status == 200
        assert nobody.call(name, path).status == 410
    for headers in ({}, {"Accept": "application/json"}):
        burning = ada.create(burn_after_reading=True)["id"]
        assert nobody.call("revealForm", burning, headers=headers).status == 200


def test_elsewhere(ada, nobody):
    snippet = ada.create(visibility="public", title="a.py")
    query = {"url": snippet["url"], "format": "json", "maxwidth": 300, "maxheight": 200}
    assert nobody.call("describeEmbed", query=query).json()["author_name"] == ada.username
    assert ada.username in nobody.call("describeEmbed", query={**query, "format": "xml"}).text
    assert nobody.call("describeEmbed", query={**query, "format": "yaml"}).status == 501
    assert "a.py" in read_twice(nobody, "readEmbed", snippet["id"]).text
    compressed = nobody.head(f"/s/{snippet['id']}/embed", {"Accept-Encoding": "br"})
    assert compressed.headers["Content-Encoding"] == "br"
    assert snippet["url"] in read_twice(nobody, "readFeed", ada.username).text


def test_operation(nobody):
    for name in ("readHealth", "readReadiness", "readMetrics", "readRobots"):
        assert nobody.call(name).status == 200
    assert read_twice(nobody, "readOpenApi", ()).json()["openapi"] == "3.1.0"
    compressed = nobody.head("/openapi.json", {"Accept-Encoding": "br"})
    assert compressed.headers["Content-Encoding"] == "br" and int(compressed.headers["Content-Length"]) < 40_000


def test_pages_of_snippets(ada, bob, document):
    assert ada.call("composePage", headers=PAGE).status == 200
    assert "curl -F file=@main.go http://" in ada.call("terminalPage", headers={"Accept": "text/html"}).text
    assert ada.call("terminalPage", headers=PAGE).status == 200
    assert ada.call("terminalPage").text == ada.call("composePage").text
    for media_type in (FORM, MULTIPART):
        for form in document.operations["composeForm"].examples(media_type).values():
            made = ada.call("composeForm", body=form, media_type=media_type, headers=PAGE)
            assert made.status == 303, made
    burns = ada.call("composeForm", body={"body": "x", "burn": "1"}, headers=PAGE).headers["Location"]
    assert ada.call("madePage", burns.split("/")[2], headers=PAGE).status == 200
    sent = ada.call("composeForm", body={"body": "", "file": "text"}, media_type=MULTIPART, headers=PAGE)
    snippet = sent.headers["Location"].removeprefix("/s/")
    assert ada.call("readRaw", snippet).text == "text"
    stranger = ada.fresh()
    assert "edit=sne_" in stranger.call("composeForm", body={"body": "x"}, headers=PAGE).headers["Set-Cookie"]
    for page in ("editPage", "deletePage", "forkPage", "revisionsPage", "statsPage"):
        assert ada.call(page, snippet, headers=PAGE).status == 200
    assert ada.call("madePage", snippet, headers=PAGE).headers["Location"] == f"/s/{snippet}"
    for text in document.operations["preview"].examples("application/json").values():
        assert "<h1" in ada.call("preview", body=text).json()["html"]
    for media_type in (FORM, MULTIPART):
        for form in document.operations["previewForm"].examples(media_type).values():
            form = {**form, "title": "One"}
            assert ada.call("previewForm", body=form, media_type=media_type, headers=PAGE).status == 200
    edited = {"id": snippet, "version": "1", "body": "# A", "language": "markdown", "expires": "keep", "burn": "1"}
    assert ada.call("previewForm", body=edited, media_type=FORM, headers=PAGE).status == 200
    sent = {"body": "", "file": "# A", "language": "markdown"}
    assert ada.call("previewForm", body=sent, media_type=MULTIPART, headers=PAGE).status == 200
    for form in document.operations["editForm"].examples(FORM).values():
        assert ada.call("editForm", snippet, body={**form, "id": snippet}).status == 303
    for view in ("inline", "split"):
        query = {"from": 1, "to": 2, "view": view, "context": "all", "before": 9}
        shown = ada.call("revisionsPage", snippet, headers=PAGE, query=query)
        assert shown.status == 200
    assert ada.call("revisionsPage", snippet, headers=PAGE, query={"before": 0}).status == 422
    assert ada.call("revisionPage", [snippet, 1], headers=PAGE).status == 200
    assert ada.call("readRevisionRaw", [snippet, 1]).text == "text"
    assert ada.call("restoreForm", [snippet, 1], body={"version": "1"}).status == 412
    assert ada.call("restoreForm", [snippet, 1], body={"version": "2"}).status == 303
    for by in ("hour", "day"):
        assert ada.call("statsPage", snippet, headers=PAGE, query={"by": by}).status == 200
    assert bob.call("forkForm", snippet).status == 303
    assert ada.call("revealForm", snippet).status == 303
    burning = ada.create(burn_after_reading=True)["id"]
    assert bob.call("readLink", burning, headers=PAGE).status == 200
    assert bob.call("revealForm", burning, headers=PAGE).status == 200
    assert ada.call("deleteForm", snippet, headers={"If-Match": "*"}).status == 303


def test_pages_of_accounts(server, connect, document):
    name = unique_name()
    eve = connect(server)
    for page in ("logInPage", "signUpPage"):
        assert "/me/tokens" in eve.call(page, query={"next": "/me/tokens"}).text
        assert eve.call(page, headers=PAGE).status == 200
    entrance = {"username": name, "password": PASSWORD, "next": "/me"}
    for form in ("signUpForm", "logInForm"):
        entered = eve.call(form, body=entrance)
        assert entered.status == 303 and entered.headers["Location"] == "/me" and eve.session
    kept, other = (eve.create(title=title)["id"] for title in ("kept", "other"))
    for query in ({"limit": 1}, {"q": "x"}, {"tag": "x"}, {"language": "x"}, {"visibility": "public"}, {"cursor": ""},
                  {"before": ""}, {"sort": "oldest"}):
        assert eve.call("mePage", headers=PAGE, query=query).status == 200
    assert eve.call("deleteSelectedForm", body={"id": [other]}, headers=PAGE).status == 200
    assert eve.call("deleteSelectedForm", body={"id": [other], "sure": "1"}).status == 303
    assert [item["id"] for item in eve.call("listSnippets").json()["items"]] == [kept]
    for page in ("tokensPage", "accountPage"):
        assert eve.call(page, headers=PAGE).status == 200
    assert eve.call("exportPage").status == 200
    for form in document.operations["createTokenForm"].examples(FORM).values():
        assert "snp_" in eve.call("createTokenForm", body=form).text
        assert eve.call("createTokenForm", body=form, headers=PAGE).status == 200
    token = eve.call("listTokens").json()["items"][0]["id"]
    assert eve.call("deleteTokenForm", token).status == 303
    assert eve.call("deleteTokensForm").status == 303
    change = {"username": name, "current": PASSWORD, "new": "battery staple", "revoke_tokens": "1"}
    assert eve.call("changePasswordForm", body=change, headers=PAGE).status == 200
    assert eve.call("logOutForm").status == 303
    eve.login(name, "battery staple")
    proof = {"username": name, "password": "battery staple", "sure": "1"}
    assert eve.call("deleteAccountForm", body=proof).status == 303


def test_other_pages(nobody, document):
    read_twice(nobody, "docsPage", (), PAGE)
    read_twice(nobody, "docsChapter", "snippets", PAGE)
    assert "curl -F file=@" in nobody.call("composePage").text
    page = nobody.call("composePage", headers={"Accept": "text/html"}).text
    files = set(re.findall(r'/assets/([^"]+)', page))
    assert len(files) > 4
    for file in files:
        assert nobody.call("readAsset", file).status == 200
    touch_icon = next(file for file in files if file.endswith(".png"))
    assert nobody.call("readAsset", touch_icon).headers["Content-Type"] == "image/png"
    style = next(file for file in files if file.endswith(".css"))
    assert nobody.call("readAsset", style, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert nobody.call("readFavicon", headers={"Accept-Encoding": "gzip"}).status == 200


def test_pages_of_an_account_lead_nobody_to_log_in(nobody, document):
    for operation in document.operations.values():
        nobody.session = None
        answer = call(nobody, operation)
        if 303 in operation.responses and operation.needs_account():
            assert answer.status == 303 and answer.headers["Location"].startswith("/login"), (operation, answer)


def test_304_what_one_has(program, document):
    snippet = program.create()["id"]

    def provoke(operation):
        if operation.method == "GET" and not operation.is_endless():
            place = "snippets" if operation.id == "docsChapter" else snippet
            return call(program, operation, place, headers={"If-None-Match": "*"})

    everywhere(document, 304, provoke)


# --- What is refused


def test_400_what_is_malformed(program, document):
    def provoke(operation):
        if JSON in operation.content:
            return call(program, operation, body=b"{")
        if FORM in operation.content:
            return call(program, operation, body=b"x", media_type="text/plain")
        return call(program, operation, "a%zz")

    everywhere(document, 400, provoke)


@pytest.fixture(scope="module")
def strict_server(binary):
    """One that wants accounts, which nobody can make, and takes small snippets only."""
    flags = ["--anonymous", "off", "--signup", "off", "--max-body", "1KiB"]
    with Server(binary, flags=flags) as running:
        yield running


def test_401_who_is_not_known(strict_server, connect, document):
    caller = connect(strict_server)
    caller.headers["Authorization"] = "Bearer snp_wrong"
    everywhere(document, 401, lambda operation: call(caller, operation))


def test_403_what_is_not_allowed(strict_server, connect, ada, bob, program, document):
    snippet = ada.create()["id"]
    burning = ada.create(title="a.py", burn_after_reading=True)["id"]

    def provoke(operation):
        if operation.id in READS:
            return program.call(operation.id, [burning, *READS[operation.id]], headers={"Accept": "image/png"})
        if operation.method == "GET":
            return None if operation.is_endless() else call(program, operation, snippet)
        return call(bob, operation, snippet, headers={"Sec-Fetch-Site": "cross-site"})

    everywhere(document, 403, provoke)
    caller = connect(strict_server)
    for name in ("signUp", "signUpForm"):
        assert call(caller, document.operations[name]).status == 403
    assert bob.call("editSnippet", snippet, body={"title": "x"}).status == 403
    assert ada.call("changePassword", body={"current": "wrong horse", "new": "battery staple"}).status == 403
    assert bob.call("forkSnippet", burning).status == 403


def test_404_what_is_not_there(ada, program, document):
    everywhere(document, 404, lambda operation: call(program, operation))
    private = ada.create(visibility="private")["id"]
    for operation in document.operations.values():
        answer = call(program, operation, private)
        if operation.is_about_snippet() and operation.id != "readQrCode":
            assert answer.status == 404, (operation, answer)


def test_410_what_is_gone(program, nobody, document):
    gone = program.create(burn_after_reading=True)["id"]
    assert nobody.call("readLink", gone, query={"burn": 1}).status == 200
    everywhere(document, 410, lambda operation: call(program, operation, gone))


def test_412_what_has_changed_meanwhile(program, document):
    asset = re.search(r'/assets/([^"]+)', program.get("/", {"Accept": "text/html"}).text)[1]

    def provoke(operation):
        places = {"readAsset": asset, "docsChapter": "snippets"}
        burns = operation.id == "madePage"
        place = places.get(operation.id) or program.create(burn_after_reading=burns)["id"]
        return call(program, operation, place, headers={"If-Match": '"v99"'})

    everywhere(document, 412, provoke)


def test_413_what_is_too_large(strict_server, connect, document):
    def provoke(operation):
        if operation.takes_body():
            media_type = next(iter(operation.content))
            return call(connect(strict_server), operation, body=b"x" * 80_000, media_type=media_type)

    everywhere(document, 413, provoke)


# What is wrong with a form.
INVALID = {
    "composeForm": {"body": ""},
    "editForm": {"version": "1", "body": ""},
    "previewForm": {"body": "", "language": "markdown"},
    "logInForm": {"username": "?", "password": PASSWORD},
    "signUpForm": {"username": "?", "password": PASSWORD},
    "createTokenForm": {"name": ""},
    "changePasswordForm": {"current": PASSWORD, "new": "short"},
    "deleteAccountForm": {"password": PASSWORD},
    "manageUpload": {"expires": "soon"},
    "createDocument": b"",
}


def test_422_what_is_invalid(program, document):
    def provoke(operation):
        snippet = UNKNOWN if operation.is_endless() else program.create()["id"]
        if JSON in operation.content:
            return call(program, operation, snippet, body={"unknown": 1})
        body = {"body": INVALID[operation.id]} if operation.id in INVALID else {}
        # A format that nobody knows is 501, as its specification has it.
        query = {name: "?" for name in operation.named("query") if name != "format"}
        return call(program, operation, snippet, query=query, **body)

    everywhere(document, 422, provoke)


def at_the_bounds(schema):
    """(value, whether it is allowed) around each bound of the schema."""
    types = schema.get("type", [])
    yield None, "null" in types
    yield {}, False
    for value in schema.get("enum", []):
        yield value, True
    if "enum" in schema:
        yield "other", False
    if "maxLength" in schema:
        least, most = schema.get("minLength", 0), schema["maxLength"]
        yield from (("x" * length, least <= length <= most) for length in {least, most, most + 1, max(least - 1, 0)})
    if "maximum" in schema:
        least, most = schema["minimum"], schema["maximum"]
        yield from ((value, least <= value <= most) for value in (least - 1, least, most, most + 1))
    if "maxItems" in schema:
        yield from (([f"{n}" for n in range(count)], count <= schema["maxItems"]) for count in (0, 10, 11))
        yield from (([value], allowed) for value, allowed in at_the_bounds(schema["items"]))


def test_bodies_are_taken_as_far_as_their_schemas_say(program, document):
    snippet = program.create()["id"]
    for operation in document.operations.values():
        if JSON not in operation.content:
            continue
        schema = document.resolve(operation.content[JSON]["schema"])
        smallest = next(iter(operation.examples(JSON).values()))
        for name, inner in schema.get("properties", {}).items():
            for value, allowed in at_the_bounds(document.resolve(inner)):
                answer = call(program, operation, snippet, body={**smallest, name: value})
                shown = f"{operation}, {name}: {str(value)[:40]!r} is {'' if allowed else 'not '}allowed, but {answer}"
                assert (answer.status not in (413, 422)) == allowed, shown
            less = {member: value for member, value in smallest.items() if member != name}
            answer = call(program, operation, snippet, body=less)
            required = name in schema.get("required", [])
            assert (answer.status == 422) == required, f"{operation} without {name}: {answer}"


def test_429_what_is_too_often(binary, connect, document):
    with Server(binary, flags=limits(1), rate_limits=True) as limited:

        def provoke(operation):
            for _ in range(2):
                answer = call(connect(limited), operation)
            return answer

        everywhere(document, 429, provoke)


def test_409_what_is_taken(ada, eve, document):
    taken = {"username": ada.username, "password": PASSWORD}
    assert eve.call("signUp", body=taken).status == eve.call("signUpForm", body=taken).status == 409
    for _ in range(100):
        assert eve.call("createToken", body={"name": "x"}).status == 201
    assert eve.call("createToken", body={"name": "x"}).status == 409
    assert eve.call("createTokenForm", body={"name": "x"}).status == 409


@pytest.fixture(scope="module")
def shaky(binary, mode):
    """A server and its PostgreSQL, which may be stopped, whatever the mode is: the embedded store is never away."""
    with Postgres(fsync=False) as cluster, Server(binary, cluster.create_database()) as running:
        yield running, cluster


def statuses_at_once(server, client, operation, first, bodies, keys=False):
    """Sends requests all at once, checks what comes back, and gives the statuses."""
    path = re.sub(r"\{\w+\}", first, operation.path)
    headers = {"Cookie": f"session={client.session}"}

    def request(body):
        key = {"Idempotency-Key": secrets.token_hex(8)} if keys else {}
        if isinstance(body, dict):
            return request_bytes(operation.method, path, json=body, headers={**headers, **key})
        return request_bytes(operation.method, path, body=body, headers={"Content-Type": FORM, **headers, **key})

    answers = burst(server, [request(body) for body in bodies])
    for answer in answers:
        check(client.document, client.seen, operation.method, path, headers, None, answer)
    return {answer.status for answer in answers}


def test_409_what_others_are_doing(shaky, connect, document):
    server, _ = shaky
    client = connect(server).signup()
    snippet = client.create()["id"]
    making, gist = document.operations["createSnippet"], {"files": {"a": {"content": "x"}}}
    bodies = {"createSnippet": {"body": "x"}, "forkSnippet": {}, "uploadText": "x", "putText": "x", "putFile": "x",
              "createDocument": "x", "createGist": gist, "composeForm": "f=x"}  # fmt: skip
    for name, body in bodies.items():
        operation = document.operations[name]
        # The connection that is used next has its statement ready then: only carrying it out waits for others.
        for _ in range(3):
            assert statuses_at_once(server, client, making, snippet, [{"body": "x"}], keys=True) == {201}
        with writes_held_up(server):
            assert statuses_at_once(server, client, operation, snippet, [body], keys=True) == {409}

    def title(text):
        return {"title": text}

    def description(text):
        return {"description": text}

    for name, change in {"editSnippet": title, "patchGist": description, "editGist": description}.items():
        editing, statuses = document.operations[name], set()
        for attempt in range(20):
            edits = [change(f"{attempt}, {number}") for number in range(60)]
            statuses |= statuses_at_once(server, client, editing, snippet, edits)
            if 409 in statuses:
                break
        assert 409 in statuses, f"many edits at once were answered with {statuses} only: {name}"


def test_503_when_the_store_is_away(shaky, connect, document):
    server, cluster = shaky
    client = connect(server)
    cluster.stop()

    def provoke(operation):
        client.session = secrets.token_urlsafe(32)  # nobody knows yet that it opens nothing
        return call(client, operation, "AAAAAAAAAAAA")

    everywhere(document, 503, provoke)


def test_507_when_the_disk_is_full(binary, connect, document):
    """Of the embedded store, whatever the mode is."""
    # The signal of a file that grows too large is ignored, as it is under most service managers.
    with Server(binary, wrapper=["/bin/bash", "-c", 'trap "" XFSZ; exec "$@"', "bash"]) as server:
        client = connect(server).signup()
        snippet = client.create()["id"]
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        for operation in document.operations.values():
            if 507 in operation.responses:
                response = call(client, operation, snippet)
                assert response.status == 507, f"{operation} is not 507 but {response}"


# --- What people paste


def test_the_lines_to_paste_work(binary, mode):
    if mode != "sqlite":
        pytest.skip("says nothing about the store")
    with Server(binary) as server, Client(server) as nobody:
        document = Document(nobody.get("/openapi.json").json())
        chapters = dict.fromkeys(re.findall(r'href="(/docs/\w+)"', nobody.get("/docs").text))
        page = "".join(nobody.get(chapter).text for chapter in chapters)
        command = r'<h2 id="(\w+)">.*?<pre class="curl"><code id="curl-\1">(.*?)</code></pre>'
        shown = dict(re.findall(command, page, re.DOTALL))
        assert shown.keys() == document.operations.keys()
        for name, line in shown.items():
            status = paste(server, html.unescape(line), with_account=name not in ("signUp", "signUpForm"))
            assert status < 400 and status in document.operations[name].responses, (name, line, status)


def paste(server, line, with_account):
    """The status that a line of the documentation is answered with, for an account as its examples have it."""
    with Client(server) as ada:
        for password in (PASSWORD, "battery staple"):
            if ada.post("/auth/login", {"username": "ada", "password": password}).status == 200:
                ada.request("DELETE", "/auth/me", json={"password": password})
        variables = {}
        if with_account:
            ada.signup("ada")
            token = ada.post("/auth/tokens", {"name": "x"}).json()
            other = ada.post("/auth/tokens", {"name": "y"}).json()
            variables = {"TOKEN": token["token"], "TOKEN_ID": other["id"], "ID": ada.create()["id"]}
    seconds_max = 1 if "/live" in line else 20
    script = f"curl() {{ command curl -s -o /dev/null -m {seconds_max} -w '%{{http_code}}' \"$@\"; }}\n{line}"
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert re.fullmatch(r"\d{3}", done.stdout), (line, done)
    return int(done.stdout)


# --- The other way round


def test_everything_that_is_documented_has_been_seen(server, document, seen):
    missing = []
    for operation in document.operations.values():
        name = operation.id
        for status, response in operation.responses.items():
            if status not in seen.statuses[name]:
                missing.append(f"{name} was never {status}")
                continue
            if status >= 400:
                continue
            for media_type in response.get("content", {}):
                if (status, media_type) not in seen.answers[name]:
                    missing.append(f"{name} was never {status} with {media_type}")
            for header in response["headers"]:
                if (status, header.lower()) not in seen.headers[name]:
                    missing.append(f"{name} was never {status} with the header field {header}")
        for place in ("query", "header"):
            for parameter in operation.named(place):
                if (place, parameter) not in seen.parameters[name]:
                    missing.append(f"{name} was never sent the parameter {parameter}")
        for media_type in operation.content:
            if media_type not in seen.bodies[name]:
                missing.append(f"{name} was never sent {media_type}")
    missing += [f"{schema} never had {name}" for schema, name in set(document.members()) - seen.members]
    assert not missing, "\n".join(missing)


def test_the_process_has_answered_no_other_routes(server, document):
    with Client(server) as client:
        samples = parse_metrics(client.get("/metrics").text)
    label = re.compile(r'snippetd_http_requests_total\{.*?\broute="([^"]*)"')
    routes = {found[1] for found in map(label.match, samples) if found}
    assert routes - {"unmatched"} == set(document.source["paths"])
