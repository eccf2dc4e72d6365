"""Burn after reading: exactly one reader gets it, ever, under any concurrency and over all instances; then 410."""

import time

import pytest

from harness import expect
from harness.burst import burst, request_bytes
from harness.client import Client
from harness.server import Server

SECRET = "read me once"
ON_PURPOSE = {"Accept": "application/json"}


def burning(client, **fields):
    return client.create(body=SECRET, burn_after_reading=True, **fields)


def reader(server):
    """Somebody who asks for what they get by name, and so on purpose."""
    client = Client(server)
    client.headers = dict(ON_PURPOSE)
    return client


def readers(snippet, count):
    """Requests for the JSON, the raw body and the download, in turns."""
    paths = [f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw", f"/s/{snippet['id']}/raw?download=1"]
    return [request_bytes("GET", paths[number % 3], headers=ON_PURPOSE) for number in range(count)]


def assert_exactly_one_got_it(answers):
    assert sorted(answer.status for answer in answers) == [200] + [410] * (len(answers) - 1)
    assert sum(SECRET in answer.text for answer in answers) == 1
    for answer in answers:
        if answer.status == 410:
            expect.problem(answer, 410, "gone")


def test_a_create_says_burn_after_reading_only_when_true(ada):
    assert burning(ada)["burn_after_reading"] is True
    assert "burn_after_reading" not in ada.create()
    assert "burn_after_reading" not in ada.create(burn_after_reading=False)


@pytest.mark.parametrize("suffix", ["", "/raw"])
@pytest.mark.parametrize("visibility", ["public", "unlisted"])
def test_the_first_reader_gets_the_body_and_the_second_410(server, ada, suffix, visibility):
    snippet = burning(ada, visibility=visibility)
    first = reader(server).get(f"/s/{snippet['id']}{suffix}")
    assert first.status == 200
    assert (first.json()["body"] if suffix == "" else first.text) == SECRET
    assert "no-store" in first.headers["Cache-Control"] and "private" in first.headers["Cache-Control"]
    assert "hit" not in first.headers.get("Cache-Status", "")
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        for headers in ({}, {"If-None-Match": first.headers.get("ETag", '"v1"')}, {"If-None-Match": "*"}):
            expect.problem(reader(server).get(path, headers), 410, "gone")


@pytest.mark.parametrize("condition", ["*", '"v1"', '"v1-raw"'])
def test_a_conditional_request_never_burns_it_unread(server, ada, condition):
    """A 304 would use the one reading up without showing the body."""
    snippet = burning(ada)
    response = reader(server).get(f"/s/{snippet['id']}", {"If-None-Match": condition})
    if response.status == 200:
        assert response.json()["body"] == SECRET
    else:
        assert reader(server).get(f"/s/{snippet['id']}").json()["body"] == SECRET


def test_500_concurrent_readers_get_exactly_one_body(fresh_server):
    server = fresh_server(flags=["--threads", "4"])
    snippet = burning(Client(server))
    assert_exactly_one_got_it(burst(server, readers(snippet, 500)))


def test_many_burning_snippets_are_each_read_once(server, ada):
    for _ in range(10):
        assert_exactly_one_got_it(burst(server, readers(burning(ada), 20)))


def test_over_two_instances_exactly_one_reader_gets_the_body(binary, postgres):
    database = postgres.create_database()
    with Server(binary, database) as one, Server(binary, database) as two:
        author = Client(one)
        for _ in range(5):
            assert_exactly_one_got_it(burst([one, two], readers(burning(author), 60)))


def test_it_is_still_gone_after_a_restart(fresh_server):
    server = fresh_server()
    snippet = burning(Client(server))
    assert reader(server).get(f"/s/{snippet['id']}").status == 200
    server.restart()
    expect.problem(reader(server).get(f"/s/{snippet['id']}"), 410, "gone")


def test_a_reading_is_durable_before_it_is_answered(fresh_server):
    """Killed right after the body was sent, it is gone all the same."""
    server = fresh_server()
    snippet = burning(Client(server))
    assert reader(server).get(f"/s/{snippet['id']}").status == 200
    server.kill()
    server.restart()
    expect.problem(reader(server).get(f"/s/{snippet['id']}"), 410, "gone")


def test_it_stays_410_after_the_reaper_has_been_there(fresh_server):
    server = fresh_server(flags=["--reaper-interval", "100ms"])
    snippet = burning(Client(server))
    reader(server).get(f"/s/{snippet['id']}")
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        expect.problem(reader(server).get(f"/s/{snippet['id']}"), 410, "gone")


def test_head_does_not_burn_it(server, ada):
    snippet = burning(ada)
    for path in (f"/s/{snippet['id']}", f"/s/{snippet['id']}/raw"):
        for _ in range(3):
            response = reader(server).head(path)
            assert response.status == 200, response
    assert reader(server).get(f"/s/{snippet['id']}").json()["body"] == SECRET
    assert reader(server).head(f"/s/{snippet['id']}").status == 410


def test_the_owners_own_route_does_not_burn_it(server, ada):
    snippet = burning(ada)
    for _ in range(3):
        assert ada.get(f"/snippets/{snippet['id']}").json()["body"] == SECRET
    assert snippet["id"] in [item["id"] for item in expect.items(ada.get("/snippets"))]
    assert reader(server).get(f"/s/{snippet['id']}").json()["body"] == SECRET


def test_after_the_reading_the_owner_has_it_no_more_either(server, ada):
    snippet = burning(ada)
    reader(server).get(f"/s/{snippet['id']}")
    for method, path in [("GET", ""), ("GET", "/revisions"), ("PATCH", ""), ("POST", "/fork")]:
        body = b'{"body":"again"}' if method == "PATCH" else None
        response = ada.request(method, f"/snippets/{snippet['id']}{path}", body=body)
        expect.problem(response, 410, "gone")
    assert snippet["id"] not in ada.get("/snippets?limit=100").text


def test_no_other_route_shows_it_to_anyone_else(server, ada, bob):
    snippet = burning(ada, visibility="public", title="burning")
    id = snippet["id"]
    for other in (bob, reader(server)):
        for method, path in [("GET", f"/snippets/{id}"), ("GET", f"/snippets/{id}/revisions"),
                             ("GET", f"/snippets/{id}/revisions/1"), ("POST", f"/snippets/{id}/fork"),
                             ("GET", "/explore"), ("GET", "/explore?q=burning")]:  # fmt: skip
            response = other.request(method, path)
            assert SECRET not in response.text and id not in response.text.replace(path, ""), (method, path)
            if path.startswith("/snippets"):
                assert response.status in (401, 403, 404), response
    assert reader(server).get(f"/s/{id}").json()["body"] == SECRET


def test_a_private_one_is_not_burnt_by_strangers(ada, bob, anonymous):
    snippet = burning(ada, visibility="private")
    for stranger in (bob, anonymous):
        expect.problem(stranger.get(f"/s/{snippet['id']}"), 404, "not_found")
        expect.problem(stranger.get(f"/s/{snippet['id']}/raw"), 404, "not_found")
    assert ada.get(f"/snippets/{snippet['id']}").json()["body"] == SECRET


def test_an_edited_one_burns_with_all_its_versions(server, ada):
    snippet = burning(ada)
    assert ada.patch(f"/snippets/{snippet['id']}", {"body": SECRET + " twice"}).status == 200
    assert reader(server).get(f"/s/{snippet['id']}/raw").text == SECRET + " twice"
    for path in ("", "/revisions", "/revisions/1", "/revisions/2"):
        expect.problem(ada.get(f"/snippets/{snippet['id']}{path}"), 410, "gone")


# Who asks on purpose.

WAYS = ("/s/{}", "/s/{}/raw", "/s/{}/raw?download=1", "/documents/{}", "/raw/{}", "/raw/{}.txt", "/api/v3/gists/{}",
        "/api/v3/gists/{}/raw/a.txt")  # fmt: skip
CHROME = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"}
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def browser(dest, mode, site, accept="*/*", **more):
    return {**CHROME, "Accept": accept, "Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode, "Sec-Fetch-Site": site, **more}


NOT_ON_PURPOSE = {
    "nothing said": {},  # Synapse
    "anything": {"Accept": "*/*"},  # Zulip, and most libraries
    "a library": {"User-Agent": "python-requests/2.32.3", "Accept": "*/*"},
    "axios": {"User-Agent": "axios/1.7.9", "Accept": "application/json, text/plain, */*"},
    "Mastodon": {"Accept": "application/activity+json, application/ld+json, text/html;q=0.1"},
    "a bot of a name": {"User-Agent": "Slackbot-LinkExpanding 1.0", "Accept": "*/*"},
    "a bot called like a program": {"User-Agent": "Mozilla/5.0 (compatible; curl/8)", "Accept": "*/*"},
    "a page": {"Accept": "text/html"},
    "a page by curl": {"User-Agent": "curl/8.14.1", "Accept": "text/html"},
    "a page or text": {"Accept": "text/plain, text/html;q=0.5"},
    "nothing of ours": {"Accept": "image/png"},
    "JSON, but not at all": {"Accept": "application/json;q=0, */*"},
    "a click": browser("document", "navigate", "same-origin", HTML),
    "a click elsewhere": browser("document", "navigate", "cross-site", HTML),
    "an address that was typed": browser("document", "navigate", "none", HTML),
    "a picture": browser("image", "no-cors", "cross-site", "image/avif,image/webp,image/*,*/*;q=0.8"),
    "a script": browser("script", "no-cors", "same-origin"),
    "a frame": browser("iframe", "navigate", "cross-site", HTML),
    "a prefetch": browser("empty", "no-cors", "same-origin", **{"Sec-Purpose": "prefetch"}),
    "a prefetch that names JSON": {"Accept": "application/json", "Sec-Purpose": "prefetch;prerender"},
    "an older prefetch": {"Accept": "text/plain", "Purpose": "prefetch"},
    "an older prefetch of Firefox": {"Accept": "application/json", "X-Moz": "prefetch"},
    "a navigation that names JSON": browser("document", "navigate", "none", "application/json"),
    "a picture that names text": {"Accept": "text/plain", "Sec-Fetch-Dest": "image"},
    "another site's script": browser("empty", "cors", "cross-site", "application/json"),
    "another site's script by no-cors": browser("empty", "no-cors", "cross-site", "text/plain"),
}  # fmt: skip
PURPOSEFUL = {
    "JSON by name": {"Accept": "application/json"},
    "text by name": {"Accept": "text/plain"},
    "both": {"Accept": "text/plain;q=0.5, application/json"},
    "GitHub's": {"Accept": "application/vnd.github.v3+json"},
    "curl": {"User-Agent": "curl/8.14.1", "Accept": "*/*"},
    "Wget": {"User-Agent": "Wget/1.25.0", "Accept": "*/*"},
    "HTTPie": {"User-Agent": "HTTPie/3.2.4", "Accept": "*/*"},
    "snip": {"User-Agent": "snip/1.0.0"},
    "this site's script": browser("empty", "cors", "same-origin", "application/json"),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_does_not_ask_on_purpose_never_gets_the_text(ada, nobody, way):
    snippet = burning(ada, title="a.txt")
    path = way.format(snippet["id"])
    for who, headers in NOT_ON_PURPOSE.items():
        for method in ("GET", "HEAD"):
            answer = nobody.request(method, path, headers=headers)
            assert answer.status in (200, 403), (who, answer)
            assert SECRET not in answer.text and "a.txt" not in answer.text, who
            assert "no-store" in answer.headers["Cache-Control"], who
            is_page = answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert is_page == (answer.status == 200)
            assert is_page or "html" not in headers.get("Accept", ""), who
            if method == "GET":
                assert f"/s/{snippet['id']}/reveal" in answer.text, "it says how"
                assert "burn=1" in answer.text, who
    got = nobody.get(path, {"Accept": "text/plain"})
    assert got.status == 200 and SECRET in got.text
    expect.problem(nobody.get(path, {"Accept": "text/plain"}), 410, "gone")


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_on_purpose_gets_it_once(ada, nobody, way):
    for who, headers in PURPOSEFUL.items():
        path = way.format(burning(ada, title="a.txt")["id"])
        assert nobody.head(path, headers).status == 200, who
        got = nobody.get(path, headers)
        assert got.status == 200 and SECRET in got.text, (who, got)
        expect.problem(nobody.get(path, headers), 410, "gone")


@pytest.mark.parametrize("way", WAYS)
def test_a_parameter_that_no_link_has_asks_on_purpose(ada, nobody, way):
    path = way.format(burning(ada, title="a.txt")["id"])
    path += ("&" if "?" in path else "?") + "burn=1"
    for headers in (browser("document", "navigate", "none", HTML), browser("image", "no-cors", "cross-site"),
                    {"Accept": "text/html"}, {"Purpose": "prefetch"}):  # fmt: skip
        assert SECRET not in nobody.get(path, headers).text
    assert SECRET not in nobody.get(path.replace("burn=1", "burn=0")).text
    assert SECRET in nobody.get(path, {"Accept": "*/*"}).text
    expect.problem(nobody.get(path), 410, "gone")


def test_a_post_burns_in_the_form_that_is_asked_for(ada, nobody):
    for headers, content_type in (({"Accept": "application/json"}, "application/json"), ({}, "text/plain"),
                                  ({"Accept": "text/html"}, "text/html")):  # fmt: skip
        path = f"/s/{burning(ada)['id']}/reveal"
        got = nobody.post(path, headers=headers)
        assert got.status == 200 and got.headers["Content-Type"].split(";")[0] == content_type
        assert SECRET in got.text and "no-store" in got.headers["Cache-Control"]
        expect.problem(nobody.post(path), 410, "gone")


# Around what is done beside the loop, and what is large for a connection.
@pytest.mark.parametrize("size", [1, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 1024 * 1024 - 1])
@pytest.mark.parametrize("how", ["POST reveal JSON", "POST reveal text", "POST reveal page", "GET JSON", "GET raw",
                                 "GET haste", "GET gist"])
def test_of_any_size_all_of_it_is_shown(ada, nobody, how, size):
    body = ("line\n" * (size // 5 + 1))[:size]
    id = ada.create(body=body, burn_after_reading=True)["id"]
    method, where = how.split(" ", 1)
    if where.startswith("reveal"):
        accept = {"JSON": "application/json", "text": "text/plain", "page": "text/html"}[where.split()[1]]
        shown = nobody.post(f"/s/{id}/reveal", headers={"Accept": accept})
    else:
        path = {"JSON": f"/s/{id}", "raw": f"/s/{id}/raw", "haste": f"/documents/{id}", "gist": f"/api/v3/gists/{id}"}
        shown = nobody.get(path[where], {"Accept": "application/json"})
    assert shown.status == 200, shown
    if where in ("JSON", "reveal JSON"):
        assert shown.json()["body"] == body
    elif where in ("raw", "reveal text"):
        assert shown.text == body
    elif where == "haste":
        assert shown.json()["data"] == body
    elif where == "gist":
        assert next(iter(shown.json()["files"].values()))["content"] == body
    else:
        assert shown.text.count("line") >= body.count("line")
    assert nobody.get(f"/s/{id}/raw", {"Accept": "application/json"}).status == 410


def test_frames_and_descriptions_for_other_sites_have_nothing_of_it(ada, nobody):
    snippet = burning(ada, visibility="public", title="a.txt")
    for headers in ({}, *PURPOSEFUL.values()):
        expect.problem(nobody.get(f"/s/{snippet['id']}/embed", headers), 404, "not_found")
        for form in ("json", "xml"):
            expect.problem(nobody.get(f"/oembed?url={snippet['url']}&format={form}", headers), 404, "not_found")
    assert SECRET in nobody.get(f"/s/{snippet['id']}", ON_PURPOSE).text


def test_nothing_that_is_listed_burns_and_hidden_ones_take_no_place(server, nobody):
    author = Client(server).signup()
    shown = author.create(title="shown", visibility="public")["id"]
    hidden = [burning(author, visibility="public", title=f"{n}")["id"] for n in range(55)]
    gists = nobody.get(f"/api/v3/users/{author.username}/gists?per_page=1")
    assert [gist["id"] for gist in gists.json()] == [shown] and "Link" not in gists.headers
    assert [gist["id"] for gist in author.get("/api/v3/gists?per_page=1").json()] == [shown]
    feed = nobody.get(f"/users/{author.username}/feed.atom").text
    explored = nobody.get("/explore?limit=100").text + nobody.get("/explore?limit=100", {"Accept": "text/html"}).text
    assert shown in feed and shown in explored
    assert not any(id in feed or id in explored for id in hidden)


# Whose it was.


@pytest.mark.parametrize("path", ["/s/{}", "/s/{}/raw", "/documents/{}", "/api/v3/gists/{}", "/snippets/{}/revisions"])
def test_that_a_private_one_is_gone_is_told_to_its_owner_alone(server, ada, bob, nobody, path):
    id = burning(ada, visibility="private")["id"]
    never = "A" * 12
    assert ada.get(f"/s/{id}", ON_PURPOSE).json()["body"] == SECRET
    for _ in range(2):
        for stranger in (bob, nobody):
            answer = stranger.get(path.format(id), ON_PURPOSE)
            expect.problem(answer, 404, "not_found")
            unknown = stranger.get(path.format(never), ON_PURPOSE)
            assert answer.body == unknown.body
            assert answer.headers.get("Cache-Status") == unknown.headers.get("Cache-Status")
        expect.problem(ada.get(path.format(id), ON_PURPOSE), 410, "gone")
