"""`snip` against a real server: what it prints, sends and keeps, and what it ends with."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import ssl
import stat
import subprocess
import termios
import time

import pytest

from harness import expect
from harness.client import PASSWORD, Client, unique_name
from harness.misbehaving import PASS, Misbehaving, answer, cut_answer, cut_request, refuse, slow_answer, unused_port
from harness.waiting import until

from snip import TIME_FACTOR, Snip, id_of

NOT_UTF8 = b"caf\xe9\n"


def file(snip, name, content="int x;\n"):
    path = snip.home / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def bodies_of(client):
    """The bodies of all snippets of an account, newest first."""
    found = expect.all_items(client, "/snippets?limit=100")
    return [client.get(f"/snippets/{item['id']}").json()["body"] for item in found]


# --- Sharing and reading.


def test_every_file_of_the_corpus_comes_back_byte_for_byte(snip, corpus):
    links = snip.ok(*corpus).splitlines()
    assert len(links) == len(corpus)
    for path, link in zip(corpus, links):
        assert snip.run("get", link).stdout == path.read_bytes(), path


def test_the_link_alone_is_printed(snip, server):
    done = snip.run(file(snip, "main.cpp"))
    assert (done.returncode, done.stderr) == (0, b"")
    link = done.stdout.decode()
    assert link == f"{server.url}/s/{id_of(link)}\n"


def test_standard_input_without_files_and_for_a_dash(snip, anonymous):
    for arguments in ([], ["-"]):
        link = snip.ok(*arguments, stdin="from a pipe")
        assert anonymous.get(f"/s/{id_of(link)}").json()["body"] == "from a pipe"


def test_the_title_is_the_files_name_and_the_server_guesses_the_language(snip, anonymous):
    read = anonymous.get(f"/s/{id_of(snip.ok(file(snip, 'main.py')))}").json()
    assert (read["title"], read["language"], read["visibility"]) == ("main.py", "python", "unlisted")
    titled = anonymous.get(f"/s/{id_of(snip.ok('-t', 'hello', file(snip, 'main.py')))}").json()
    assert (titled["title"], titled["language"]) == ("hello", "python")


def test_flags_reach_the_server(own, account):
    arguments = ["-l", "cpp", "-t", "title", "--private", "--expires", "7d", "--tag", "a", "--tag", "b", "--json"]
    snippet = json.loads(own.ok(*arguments, stdin="x"))
    assert (snippet["language"], snippet["title"], snippet["visibility"]) == ("cpp", "title", "private")
    assert snippet["tags"] == ["a", "b"] and snippet["owner"] == account.username
    lifetime = expect.timestamp(snippet["expires_at"]) - expect.timestamp(snippet["created_at"])
    assert lifetime == pytest.approx(7 * 86400, abs=1)
    assert json.loads(own.ok("--public", "-e", "never", "--json", stdin="x"))["visibility"] == "public"
    assert json.loads(own.ok("--unlisted", "--json", stdin="x"))["visibility"] == "unlisted"


def test_json_is_one_object_a_line(snip):
    lines = snip.ok("--json", file(snip, "a.c", "a\nb\n"), file(snip, "b.c")).splitlines()
    assert [json.loads(line)["title"] for line in lines] == ["a.c", "b.c"]


def test_an_unknown_language_is_told_and_becomes_text(snip, anonymous):
    done = snip.run("-l", "cpppp", stdin="x")
    assert done.returncode == 0 and b"cpppp" in done.stderr
    assert anonymous.get(f"/s/{id_of(done.stdout.decode())}").json()["language"] == "text"


def test_burning_is_for_one_reader(snip):
    link = snip.ok("--burn", stdin="once").strip()
    assert snip.ok("get", link) == "once"
    assert "410" in snip.fails(3, "get", link)


def test_one_bad_file_does_not_stop_the_others(snip):
    bad = file(snip, "bad.txt", NOT_UTF8)
    done = snip.run(file(snip, "a.c"), bad, snip.home / "missing.c", file(snip, "b.c"))
    assert done.returncode == 2  # the first failure's
    assert len(done.stdout.splitlines()) == 2
    first, second = [line for line in done.stderr.decode().splitlines() if line.startswith("snip: ")]
    assert str(bad) in first and "byte 3" in first
    assert "missing.c" in second


@pytest.mark.parametrize("content", [NOT_UTF8, b"a\0b", b""])
def test_what_no_snippet_may_hold_is_not_even_sent(snip, content):
    with Misbehaving() as proxy:
        path = file(snip, "bad", content)
        assert str(path) in snip.fails(2, "-s", proxy.url, path)
        assert proxy.requests == []


def test_a_file_that_cannot_be_read(snip):
    assert "missing" in snip.fails(9, snip.home / "missing")
    assert "directory" in snip.fails(9, snip.home)
    huge = snip.home / "huge"
    with open(huge, "wb") as sparse:
        sparse.truncate((64 << 20) + 1)
        sparse.write(b"x")
    assert "64 MiB" in snip.fails(2, huge)


def test_a_file_named_like_a_command(snip):
    file(snip, "get", "it")
    assert snip.ok("get", snip.ok("./get").strip()) == "it"
    assert snip.ok("get", snip.ok("--", "get").strip()) == "it"


def test_standard_output_that_cannot_be_written(snip):
    with open("/dev/full", "wb") as full:
        done = snip.run(stdin="x", stdout=full)
    assert done.returncode == 9 and b"standard output" in done.stderr


def test_getting_lines_a_file_and_json(snip):
    link = snip.ok("-t", "t", stdin="one\ntwo\nthree\n").strip()
    assert snip.ok("get", id_of(link)) == "one\ntwo\nthree\n"
    assert snip.ok("get", link + "/raw") == "one\ntwo\nthree\n"
    assert snip.ok("get", link + "#L2") == "two\n"
    assert snip.ok("get", id_of(link) + "#L2-L9") == "two\nthree\n"
    assert "no line 4" in snip.fails(2, "get", link + "#L4")
    assert snip.ok("get", "-o", "out.txt", link) == ""
    assert (snip.home / "out.txt").read_text() == "one\ntwo\nthree\n"
    assert json.loads(snip.ok("get", "--json", link))["title"] == "t"
    snip.fails(9, "get", "-o", "no/such/folder", link)


def test_a_private_snippet_is_its_owners(own, snip):
    link = own.ok("--private", stdin="mine").strip()
    assert own.ok("get", link) == "mine"
    assert json.loads(own.ok("get", "--json", link))["body"] == "mine"
    assert "404" in snip.fails(3, "get", link)
    assert "snip login" in snip.fails(2, "--private", stdin="x")


def test_the_clipboard_gets_the_links(snip):
    programs = snip.home / "bin"
    programs.mkdir()
    snip.script("bin/wl-copy", "exit 1\n")
    snip.script("bin/xclip", f"cat > {snip.home}/copied\nsleep 600 & echo $! > {snip.home}/pid\n")
    path = f"{programs}:{snip.environment['PATH']}"
    display = {"PATH": path, "DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}
    # A program that stays in the background, as xclip does, does not hold the pipe that the link goes to.
    links = snip.ok("--copy", file(snip, "a.c"), file(snip, "b.c"), env=display)
    os.kill(int((snip.home / "pid").read_text()), signal.SIGKILL)
    assert (snip.home / "copied").read_text() == links.rstrip("\n")
    without = snip.run("--copy", stdin="x", env={"PATH": "/nonexistent"})
    assert without.returncode == 1 and b"xclip" in without.stderr and without.stdout.startswith(b"http")


def test_the_browser_gets_the_link(snip):
    (snip.home / "bin").mkdir()
    snip.script("bin/xdg-open", f'echo "$1" > {snip.home}/part && mv {snip.home}/part {snip.home}/opened\n')
    link = snip.ok("--open", stdin="x", env={"PATH": f"{snip.home}/bin:{snip.environment['PATH']}"})
    opened = snip.home / "opened"
    until(opened.exists, 10 * TIME_FACTOR, "the browser")
    assert opened.read_text() == link
    assert snip.run("--open", stdin="x", env={"PATH": "/nonexistent"}).returncode == 1


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "--help", "javascript:alert(1)", "http://elsewhere.example/s/x",
            "{server}@elsewhere.example/s/x", "{server}/s/x;`id`", "{server}/s/x y", "x"]
)  # fmt: skip
def test_the_browser_gets_no_other_url_whatever_the_server_says(snip, url):
    (snip.home / "bin").mkdir()
    snip.script("bin/xdg-open", f"touch {snip.home}/opened\n")
    server = "http://snippets.invalid"
    created = {"url": url.format(server=server), "id": "abc"}
    with Misbehaving(afterwards=answer(201, json.dumps(created).encode())) as proxy:
        path = f"{snip.home}/bin:{snip.environment['PATH']}"
        done = snip.run("-s", server, "--open", stdin="x", env={"PATH": path, "http_proxy": proxy.url})
    assert done.returncode == 1 and b"not opened" in done.stderr
    assert not (snip.home / "opened").exists()


def test_the_qr_code_is_drawn_on_standard_error(snip):
    done = snip.run("--qr", stdin="x")
    assert done.returncode == 0 and done.stdout.count(b"\n") == 1
    lines = done.stderr.decode().splitlines()
    assert len({len(line) for line in lines}) == 1 and set("".join(lines)) == set("█▀▄ ")
    assert len(lines[0]) in (2 * len(lines) - 1, 2 * len(lines))  # a square of half blocks


# --- Lists, edits, deletions.


def test_a_list_elsewhere_than_on_a_terminal_is_separated_by_tabs(own):
    ids = [id_of(own.ok("-t", f"t{i}", "-l", "c", "--tag", f"tag{i % 2}", stdin=f"body{i}")) for i in range(3)]
    rows = [line.split("\t") for line in own.ok("list").splitlines()]
    assert [row[0] for row in rows] == ids[::-1]
    assert rows[0][2:] == ["unlisted", "0", "c", "t2"]
    assert len(own.ok("list", "-n", "2").splitlines()) == 2
    assert own.ok("list", "-q", "body1").split("\t")[0] == ids[1]
    assert own.ok("list", "--tag", "tag1").split("\t")[0] == ids[1]
    assert own.ok("list", "--language", "python") == ""
    assert [json.loads(line)["id"] for line in own.ok("list", "--json").splitlines()] == ids[::-1]


def test_a_list_follows_the_cursor(own, account):
    for i in range(103):
        account.create(body=str(i))
    assert len(own.ok("list").splitlines()) == 50
    assert len(set(own.ok("list", "-n", "0").splitlines())) == 103
    assert len(own.ok("list", "-n", "102").splitlines()) == 102


def test_a_list_needs_an_account(snip):
    assert "snip login" in snip.fails(4, "list")


@pytest.mark.parametrize("terminal", [False, True])
def test_a_title_cannot_act_on_the_terminal(own, terminal):
    item = {
        "id": "abc\x1b[2J",
        "title": "a\x1b]0;owned\x07\u009b31m\u202etab\tend",
        "language": "c\r",
        "visibility": "public",
        "view_count": 1,
        "created_at": "2001-09-09T01:46:40.123Z",
    }
    page = json.dumps({"items": [item], "next_cursor": None}).encode()
    with Misbehaving(afterwards=answer(200, page, {"Content-Type": "application/json"})) as proxy:
        out = on_terminal(own, "-s", proxy.url, "list")[1] if terminal else own.ok("-s", proxy.url, "list")
    out = out.replace("\r\n", "\n")
    assert out.count("a]0;owned31mtab") == 1
    assert not any(c in out for c in "\x1b\x07\r\u009b\u202e"), repr(out)
    assert terminal or out.count("\t") == 5


ESCAPES = "a\x1b]52;c;cm0=\x07\u009b31m\u202eb\rc\x7f\n\tä👩\u200d💻\r\n"
SHOWN = "a^[]52;c;cm0=^GM-^[31m<U+202E>b^Mc^?\n\tä👩\u200d💻\n"


def test_a_body_cannot_act_on_the_terminal(snip):
    link = snip.ok(stdin=ESCAPES).strip()
    code, shown = on_terminal(snip, "get", link)
    assert code == 0 and re.sub("\r+\n", "\n", shown).expandtabs() == SHOWN.expandtabs()
    # Elsewhere, and for those who ask for it, it is byte for byte what was shared.
    assert snip.run("get", link).stdout == ESCAPES.encode()
    snip.ok("get", link, "-o", "file")
    assert (snip.home / "file").read_bytes() == ESCAPES.encode()
    code, shown = on_terminal(snip, "get", "--raw", link)
    assert code == 0 and "\x1b]52;c;cm0=\x07\u009b31m\u202e" in shown


GO = "package main\n\nfunc f() {} // \x1b]0;owned\x07\n"
IN_COLOURS = "\x1b[2m// ^[]0;owned^G\x1b[0m\n\x1b[m"
TERMINAL = {"TERM": "xterm", "NO_COLOR": ""}


def test_code_is_in_colours_on_a_terminal_that_has_them(snip):
    link = snip.ok("-l", "go", stdin=GO).strip()
    code, shown = on_terminal(snip, "get", link, env=TERMINAL)
    assert code == 0 and re.sub("\r+\n", "\n", shown).endswith(IN_COLOURS) and "\x1b[35mpackage\x1b[0m" in shown
    unwanted, unknown = {**TERMINAL, "NO_COLOR": "1"}, {**TERMINAL, "TERM": "dumb"}
    without = [(unwanted, []), (unknown, []), (TERMINAL, ["--color", "never"])]
    for env, flags in without:
        shown = on_terminal(snip, "get", *flags, link, env=env)[1]
        assert re.sub("\r+\n", "\n", shown) == "package main\n\nfunc f() {} // ^[]0;owned^G\n"
    # Elsewhere it is byte for byte what was shared, unless colours are asked for.
    assert snip.run("get", link, env=TERMINAL).stdout == GO.encode()
    assert snip.ok("get", "--color", "always", link).endswith(IN_COLOURS)
    assert snip.ok("get", "--color=always", link + "#L3").startswith("\x1b[35mfunc\x1b[0m ")
    assert "--raw" in snip.fails(2, "get", "--raw", "--color", "always", link)
    assert "auto" in snip.fails(2, "get", "--color", "sometimes", link)


def test_output_of_a_terminal_has_its_colours_and_nothing_else(snip):
    link = snip.ok(stdin="\x1b[1;31mred\x1b[m\x1b[2J\x1b]0;owned\x07\n").strip()
    code, shown = on_terminal(snip, "get", link, env=TERMINAL)
    assert code == 0 and re.sub("\r+\n", "\n", shown) == "\x1b[0;1;31mred\x1b[0m\n\x1b[m"


def test_an_older_server_is_asked_for_the_text_alone(snip):
    link = snip.ok("-b", "-l", "go", stdin=GO).strip()
    assert snip.ok("get", "--color", "always", link).endswith(IN_COLOURS), "what burns is in colours too"
    assert "410" in snip.fails(3, "get", "--color", "always", link)
    missing = json.dumps({"error": "not_found", "title": "x", "detail": "There is no such page."}).encode()
    with Misbehaving(None, [answer(404, missing)], answer(200, b"a\x1b[2Jb\x1b[1mc")) as old:
        assert snip.ok("-s", old.url, "get", "--color", "always", "abc") == "a^[[2Jb\x1b[1mc\x1b[m"


def test_a_hostile_server_cannot_act_on_the_terminal_in_colours(snip):
    with Misbehaving(afterwards=answer(200, b"\x1b[31mred\x1b[2J\x1b]0;owned\x07\xc2\x9b31m")) as server:
        code, shown = on_terminal(snip, "-s", server.url, "get", "abc", env=TERMINAL)
    assert code == 0 and shown == "\x1b[31mred^[[2J^[]0;owned^GM-^[31m\x1b[m"


@pytest.mark.parametrize("terminal", [False, True])
def test_json_cannot_act_on_the_terminal(snip, terminal):
    link = snip.ok(stdin=ESCAPES).strip()
    out = on_terminal(snip, "get", "--json", link)[1] if terminal else snip.ok("get", "--json", link)
    assert json.loads(out)["body"] == ESCAPES
    assert not any(c in out for c in "\x1b\x07\x7f\u009b\u202e"), repr(out)


def test_an_error_cannot_act_on_the_terminal(snip):
    detail = "no\x1b]0;owned\x07\u009b31m\u202e\nsnip: all is well"
    body = {"error": "forbidden\x1b[2J", "detail": detail, "title": "x", "fields": {"a\x1b[2J": "b\u202e"}}
    with Misbehaving(afterwards=answer(403, json.dumps(body).encode())) as proxy:
        for arguments in (["get", "abc"], ["list"], ["rm", "abc"], ["stats", "abc"]):
            code, shown = on_terminal(snip, "-s", proxy.url, *arguments)
            assert code == 4 and not any(c in shown for c in "\x1b\x07\u009b\u202e"), repr(shown)
            assert len(shown.splitlines()) == 2, "a field's line, and no other that the server made"


def test_an_edit_in_the_editor(own, account):
    link = own.ok("-l", "python", stdin="one\n").strip()
    checks = f'test "$(stat -c %a "$1")" = 600 && echo "$1" > {own.home}/name'
    editor = own.script("editor", f'{checks} && echo two >> "$1"\n')
    assert own.ok("edit", link, env={"EDITOR": f"{editor}"}) == link + "\n"
    assert own.ok("get", link) == "one\ntwo\n"
    assert (own.home / "name").read_text().endswith(f"{id_of(link)}.py\n")
    assert list(own.temporary.iterdir()) == []


def test_an_editor_with_arguments_and_visual_first(own):
    link = own.ok(stdin="one\n").strip()
    own.ok("edit", link, env={"VISUAL": "sed -i 's/one/1 2/'", "EDITOR": "false"})
    assert own.ok("get", link) == "1 2\n"


def test_an_unchanged_text_is_not_sent(own, server):
    ident = id_of(own.ok(stdin="same"))
    with Misbehaving(server) as proxy:
        done = own.run("-s", proxy.url, "edit", ident, env={"EDITOR": "true"})
        assert (done.returncode, done.stdout) == (0, b"") and b"nothing is changed" in done.stderr
        assert [seen.method for seen in proxy.requests] == ["GET"]


def test_an_editor_that_fails(own):
    link = own.ok(stdin="x").strip()
    assert "`false` ended with 1" in own.fails(1, "edit", link, env={"EDITOR": "false"})
    assert list(own.temporary.iterdir()) == []


def test_an_edit_that_somebody_else_overtook_keeps_the_text(own):
    link = own.ok(stdin="base\n").strip()
    theirs = file(own, "theirs", "theirs\n")
    editor = own.script("editor", f'echo mine > "$1" && {own.program} edit --file {theirs} {link}\n')
    done = own.run("edit", link, env={"EDITOR": str(editor)})
    err = done.stderr.decode()
    assert done.returncode == 5 and "somebody else" in err
    kept = err.split("kept in ")[1].splitlines()[0]
    assert open(kept).read() == "mine\n"
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    assert own.ok("get", link) == "theirs\n"
    own.ok("edit", "--file", kept, link)
    assert own.ok("get", link) == "mine\n"


@pytest.mark.parametrize("code, behaviour", [(7, refuse(500, error="internal")), (2, refuse(422, error="invalid"))])
def test_an_edit_that_cannot_be_sent_keeps_the_text(own, server, code, behaviour):
    ident = id_of(own.ok(stdin="base"))
    editor = own.script("editor", 'echo mine > "$1"\n')
    with Misbehaving(server, [PASS, behaviour]) as proxy:
        err = own.fails(code, "-s", proxy.url, "edit", ident, env={"EDITOR": str(editor)})
    assert open(err.split("kept in ")[1].splitlines()[0]).read() == "mine\n"


def test_an_edit_from_a_pipe_that_cannot_be_sent_keeps_the_text(own, server):
    ident = id_of(own.ok(stdin="base"))
    with Misbehaving(server, [PASS, refuse(500, error="internal")]) as proxy:
        err = own.fails(7, "-s", proxy.url, "edit", "--file", "-", ident, stdin="mine")
    assert open(err.split("kept in ")[1].splitlines()[0]).read() == "mine"


def test_an_edit_that_is_no_text_is_kept_and_not_sent(own):
    link = own.ok(stdin="base").strip()
    editor = own.script("editor", 'printf "a\\0b" > "$1"\n')
    err = own.fails(2, "edit", link, env={"EDITOR": str(editor)})
    assert open(err.split("kept in ")[1].splitlines()[0], "rb").read() == b"a\0b"
    assert own.ok("get", link) == "base"


def test_an_edit_whose_answer_was_lost_is_done_once(own, server, account):
    ident = id_of(own.ok(stdin="base"))
    with Misbehaving(server, [PASS, cut_answer()]) as proxy:
        own.ok("-s", proxy.url, "edit", "--file", "-", ident, stdin="new")
        patches = [seen for seen in proxy.requests if seen.method == "PATCH"]
    assert len(patches) == 2 and len({seen.headers["If-Match"] for seen in patches}) == 1
    assert patches[0].headers["If-Match"].startswith('"v1-')
    now = account.get(f"/snippets/{ident}").json()
    assert (now["body"], now["version"]) == ("new", 2)


def test_an_edit_by_flags_needs_no_editor(own):
    link = own.ok("-t", "old", "--tag", "a", stdin="x").strip()
    arguments = ["-t", "new", "-l", "c", "--public", "-e", "1h", "--tag", ""]
    changed = json.loads(own.ok("edit", *arguments, "--json", link, env={"EDITOR": "false"}))
    assert (changed["title"], changed["language"], changed["visibility"]) == ("new", "c", "public")
    assert changed["tags"] == [] and changed["expires_at"] and changed["body"] == "x"
    assert json.loads(own.ok("edit", "-e", "never", "--json", link))["expires_at"] is None


def test_deleting(own):
    links = [own.ok(stdin=str(i)).strip() for i in range(2)]
    done = own.run("rm", links[0], "AAAAAAAAAAAA", id_of(links[1]))
    assert done.returncode == 3 and done.stdout == b"" and b"AAAAAAAAAAAA: " in done.stderr
    for link in links:
        own.fails(3, "get", link)


def test_a_deletion_whose_answer_was_lost_is_done(own, server):
    ident = id_of(own.ok(stdin="x"))
    with Misbehaving(server, [cut_answer()]) as proxy:
        assert own.ok("-s", proxy.url, "rm", ident) == ""
        assert len(proxy.requests) == 2


def test_what_belongs_to_others_is_not_permitted(own, snip):
    link = own.ok(stdin="x").strip()
    assert "snip login" in snip.fails(4, "rm", link)
    assert "snip login" in snip.fails(4, "edit", "-t", "t", link)


def test_stats(snip_binary, fresh_server, tmp_path):
    snip = Snip(snip_binary, tmp_path, fresh_server(flags=["--views-flush", "100ms"]).url)
    link = snip.ok(stdin="x").strip()
    snip.ok("get", link)

    def counted():
        return json.loads(snip.ok("stats", "--json", "--by", "hour", link))["view_count"] == 1

    until(counted, 30 * TIME_FACTOR, "the view to be counted")
    done = snip.run("stats", link)
    assert sum(int(row.split("\t")[1]) for row in done.stdout.decode().splitlines()) == 1
    assert b"1 views in all" in done.stderr


# --- Without an account.


def test_what_was_made_without_an_account_can_be_changed_from_where_it_was(snip, snip_binary, server, tmp_path):
    link = snip.ok(stdin="mine").strip()
    assert stat.S_IMODE(snip.edit_tokens.stat().st_mode) == 0o600
    assert stat.S_IMODE(snip.edit_tokens.parent.stat().st_mode) == 0o700
    elsewhere = Snip(snip_binary, tmp_path / "elsewhere", server.url)
    elsewhere.fails(4, "edit", "--file", "-", link, stdin="theirs")
    snip.ok("edit", "--file", "-", link, stdin="changed")
    assert snip.ok("get", link) == "changed"
    snip.ok("stats", link)
    snip.ok("rm", link)
    assert id_of(link) not in snip.edit_tokens.read_text()


def test_edit_tokens_are_bounded_and_none_is_lost_by_several_at_once(snip, server):
    old = [{"server": server.url, "id": f"id{i}", "token": "sne_x"} for i in range(998)]
    snip.edit_tokens.parent.mkdir(parents=True, mode=0o700)
    snip.edit_tokens.write_text(json.dumps({"tokens": old}))
    snip.edit_tokens.chmod(0o600)
    running = [snip.start(file(snip, f"{i}.c")) for i in range(6)]
    links = [process.communicate()[0].decode() for process in running]
    kept = [entry["id"] for entry in json.loads(snip.edit_tokens.read_text())["tokens"]]
    assert len(kept) == 1000 and kept[0] == "id4"
    assert {id_of(link) for link in links} <= set(kept)


def test_a_home_that_cannot_be_written_does_not_hide_the_link(snip):
    (snip.home / ".local").write_text("in the way")
    done = snip.run(stdin="x")
    assert done.returncode == 0 and done.stdout.startswith(b"http") and b"sne_" in done.stderr


# --- Accounts.


def test_login_and_logout(snip, server):
    name = unique_name()
    with Client(server).signup(name) as account:
        done = snip.run("login", "--username", name, stdin=PASSWORD + "\n")
        assert (done.returncode, done.stdout) == (0, b""), done.stderr
        assert PASSWORD.encode() not in done.stderr
        assert stat.S_IMODE(snip.config.stat().st_mode) == 0o600
        assert stat.S_IMODE(snip.config.parent.stat().st_mode) == 0o700
        stored = json.loads(snip.config.read_text())
        assert stored["server"] == server.url and list(stored["tokens"]) == [server.url]
        assert PASSWORD not in snip.config.read_text()
        tokens = expect.items(account.get("/auth/tokens"))
        assert [token["name"] for token in tokens] == [f"snip on {socket.gethostname()}"[:100]]
        # The server of the last login is the one to ask.
        snip.environment.pop("SNIPPETD_URL")
        link = snip.ok("--private", stdin="mine")
        assert snip.ok("list").startswith(id_of(link))
        # Another login replaces the token, there too.
        snip.ok("login", "-s", server.url, "--username", name, stdin=PASSWORD + "\n")
        assert len(expect.items(account.get("/auth/tokens"))) == 1
        snip.ok("logout")
        assert not snip.config.exists()
        assert expect.items(account.get("/auth/tokens")) == []


def test_login_on_a_terminal_does_not_show_the_password(snip, server):
    name = unique_name()
    with Client(server).signup(name):
        code, out = on_terminal(snip, "login", answers=[("Username", name), ("Password", PASSWORD)])
    assert code == 0, out
    assert name in out and PASSWORD not in out
    assert snip.config.exists()


@pytest.mark.parametrize(
    "arguments, secret", [(["--username", "ada"], PASSWORD), (["--token-stdin"], "snp_" + "x" * 43)]
)
def test_a_login_sends_nothing_unencrypted_to_another_machine_unless_told_to(snip, arguments, secret):
    # A name that is not loopback, which the proxy variable leads back here.
    with Misbehaving(afterwards=refuse(500, error="internal")) as proxy:
        environment = {"http_proxy": proxy.url}
        for host in ("snippets.invalid", "localhost.snippets.invalid", "127.0.0.1.snippets.invalid"):
            err = snip.fails(2, "login", "-s", f"http://{host}", *arguments, stdin=secret, env=environment)
            assert "unencrypted" in err and "--insecure" in err and secret not in err
        assert proxy.requests == []
        snip.fails(7, "login", "-s", "http://snippets.invalid", "--insecure", *arguments, stdin=secret, env=environment)
        assert len(proxy.requests) == 1
        assert secret in proxy.requests[0].body.decode() + proxy.requests[0].headers.get("Authorization", "")


def test_a_login_on_a_terminal_asks_for_no_password_that_it_would_not_send(snip):
    code, shown = on_terminal(snip, "login", "-s", "http://snippets.invalid")
    assert code == 2 and "Username" not in shown and "Password" not in shown


def test_what_stays_on_this_machine_does_not_go_through_a_proxy(snip, account):
    with Misbehaving() as proxy:
        environment = {"http_proxy": proxy.url, "all_proxy": proxy.url}
        snip.ok("login", "--username", account.username, stdin=PASSWORD, env=environment)
        snip.ok("list", env=environment)
        assert proxy.requests == []


def test_a_login_at_a_server_behind_https(snip, fresh_server):
    server = fresh_server(flags=["--public-url", "https://paste.example"])
    with Client(server).signup() as account:
        snip.ok("login", "-s", server.url, "--username", account.username, stdin=PASSWORD)
        assert len(expect.items(account.get("/auth/tokens"))) == 1


def test_a_login_that_cannot_be_stored_leaves_no_token_behind(snip, account):
    snip.config.parent.mkdir(parents=True)
    snip.config.mkdir(0o700)  # in the way
    snip.fails(9, "login", "--username", account.username, stdin=PASSWORD)
    assert expect.items(account.get("/auth/tokens")) == []


def test_a_wrong_password(snip, account):
    err = snip.fails(4, "login", "--username", account.username, stdin="wrong password")
    assert "username or the password" in err
    assert not snip.config.exists()


def test_a_login_without_a_terminal_says_how(snip):
    assert "--username" in snip.fails(2, "login")


def test_a_token_from_standard_input(snip, token, account):
    snip.ok("login", "--token-stdin", stdin=token + "\n")
    assert snip.ok("list") == ""
    assert token in snip.config.read_text()
    assert "revoke" in snip.run("logout").stderr.decode()
    assert not snip.config.exists()
    assert "snip login" in snip.fails(4, "login", "--token-stdin", stdin="snp_" + "x" * 40)
    snip.fails(2, "login", "--token-stdin", stdin="a password")


def test_a_logout_that_the_server_cannot_hear_of(snip, account, server):
    snip.ok("login", "--username", account.username, stdin=PASSWORD)
    with Misbehaving(server, afterwards=refuse(500, error="internal")) as proxy:
        text = snip.config.read_text().replace(server.url, proxy.url)
        snip.config.write_text(text)
        assert "/me/tokens" in snip.fails(7, "logout", "-s", proxy.url)
    assert not snip.config.exists()


@pytest.mark.parametrize("which", ["config", "edit_tokens"])
def test_secrets_that_others_can_read_are_refused(snip, which):
    link = snip.ok(stdin="x").strip()
    path = getattr(snip, which)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    path.chmod(0o640)
    assert f"chmod 600 {path}" in snip.fails(9, "edit", "-t", "t", link)


def test_a_stored_file_that_is_no_json(snip):
    snip.config.parent.mkdir(parents=True)
    snip.config.write_text("{")
    snip.config.chmod(0o600)
    assert str(snip.config) in snip.fails(9, "list")


# --- Where a token goes.


def test_a_token_goes_to_its_own_server_only(own, server, token):
    link = own.ok(stdin="x").strip()
    with Misbehaving(server) as other:
        assert own.ok("get", f"{other.url}/s/{id_of(link)}") == "x"
        own.fails(4, "rm", f"{other.url}/s/{id_of(link)}")
        assert len(other.requests) == 2
        assert all("Authorization" not in seen.headers and token not in repr(seen.headers) for seen in other.requests)
        own.ok("-s", other.url, "get", f"{other.url}/s/{id_of(link)}")
        assert other.requests[-1].headers["Authorization"] == f"Bearer {token}"


def test_a_stored_token_is_not_for_another_server(snip, account, server):
    snip.ok("login", "--username", account.username, stdin=PASSWORD)
    with Misbehaving(server) as other:
        snip.fails(4, "-s", other.url, "list")
        assert "Authorization" not in other.requests[0].headers


def test_a_redirect_of_a_read_leaves_the_token_behind(own, server):
    ident = id_of(own.ok(stdin="x"))
    with Misbehaving(server) as elsewhere:
        with Misbehaving(server, [answer(302, headers={"Location": f"{elsewhere.url}/s/{ident}/raw"})]) as proxy:
            assert own.ok("-s", proxy.url, "get", ident) == "x"
            assert "Authorization" in proxy.requests[0].headers
        assert len(elsewhere.requests) == 1 and "Authorization" not in elsewhere.requests[0].headers


def test_a_redirect_of_a_write_is_told_and_not_followed(own, server):
    with Misbehaving(server) as elsewhere:
        with Misbehaving(server, afterwards=answer(301, headers={"Location": elsewhere.url + "/snippets"})) as proxy:
            assert elsewhere.url in own.fails(1, "-s", proxy.url, stdin="x")
        assert elsewhere.requests == []


def test_a_token_in_the_clear_is_warned_of_once(own):
    # A name that is not loopback, which the proxy variable leads back here.
    created = {"url": "http://snippets.invalid/s/abc", "id": "abc"}
    with Misbehaving(afterwards=answer(201, json.dumps(created).encode())) as proxy:
        files = [file(own, "a.c"), file(own, "b.c")]
        done = own.run("-s", "http://snippets.invalid", *files, env={"http_proxy": proxy.url})
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2, done
    assert done.stderr.decode().count("unencrypted") == 1


# --- When things go wrong.


@pytest.mark.parametrize("status, told", [(429, "rate limited"), (503, "busy"), (409, "still running")])
def test_a_server_that_asks_to_wait_is_asked_again_with_the_same_key(own, server, account, status, told):
    with Misbehaving(server, [refuse(status, retry_after=1)]) as proxy:
        started = time.monotonic()
        done = own.run("-s", proxy.url, stdin="x")
        assert time.monotonic() - started >= 1
        keys = {seen.headers["Idempotency-Key"] for seen in proxy.requests}
        assert len(proxy.requests) == 2 and len(keys) == 1
    assert done.returncode == 0 and done.stdout.count(b"\n") == 1
    err = done.stderr.decode()
    assert err.startswith("snip: the server asks to wait 1 s (") and err.endswith("); trying again…\n"), err
    assert err.count("\n") == 1 and told in err
    assert bodies_of(account) == ["x"]


def test_a_date_to_wait_for(own, server):
    past = "Sun, 09 Sep 2001 01:46:40 GMT"
    with Misbehaving(server, [refuse(503, retry_after=past)]) as proxy:
        assert "wait 0 s" in own.run("-s", proxy.url, stdin="x").stderr.decode()
        assert len(proxy.requests) == 2


@pytest.mark.parametrize("anonymously", [False, True])
def test_a_cut_in_the_middle_of_the_upload(own, snip, server, account, anonymously):
    who, body = (snip if anonymously else own), "x" * 900_000
    with Misbehaving(server, [cut_request(1000), cut_request(100_000)]) as proxy:
        link = who.ok("-s", proxy.url, stdin=body)
        assert len(proxy.requests) == 3
        assert len({seen.headers["Idempotency-Key"] for seen in proxy.requests}) == 1
    assert who.ok("get", id_of(link)) == body
    assert anonymously or bodies_of(account) == [body]


def test_a_cut_in_the_middle_of_the_answer_makes_one_snippet(own, server, account):
    with Misbehaving(server, [cut_answer(0), cut_answer(20), cut_answer(600)]) as proxy:
        link = own.ok("-s", proxy.url, stdin="y" * 2000)
        assert len(proxy.requests) == 4
    assert [item["id"] for item in expect.all_items(account, "/snippets")] == [id_of(link)]


def test_a_cut_answer_without_an_account_makes_one_snippet_and_keeps_its_edit_token(snip, server):
    with Misbehaving(server, [cut_answer()]) as proxy:
        link = snip.ok("-s", proxy.url, stdin="x")
        snip.ok("-s", proxy.url, "edit", "--file", "-", id_of(link), stdin="z")
    assert snip.ok("get", id_of(link)) == "z"


def test_two_files_have_two_keys(own, server):
    with Misbehaving(server) as proxy:
        own.ok("-s", proxy.url, file(own, "a.c"), file(own, "b.c"))
        first, second = (seen.headers["Idempotency-Key"] for seen in proxy.requests)
    assert first != second and len(first) == 36


def test_nobody_there(snip):
    url = f"http://127.0.0.1:{unused_port()}"
    started = time.monotonic()
    err = snip.fails(8, "-s", url, "--retries", "2", stdin="x")
    assert time.monotonic() - started < 5 * TIME_FACTOR
    assert err.count("trying again") == 2
    last = err.splitlines()[-1]
    assert f"POST {url}/snippets" in last and "3 attempts" in last
    assert "running" in last and "SNIPPETD_URL" in last


def test_a_name_that_is_none(snip):
    err = snip.fails(8, "-s", "http://nowhere.invalid", "get", "abc")
    assert "1 attempt" in err and "name" in err


def test_a_certificate_that_is_not_trusted(own, server):
    certificate, key = own.home / "certificate.pem", own.home / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*command, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with Misbehaving(server, tls=tls) as proxy:
        err = own.fails(8, "-s", proxy.url, stdin="x")
        assert "1 attempt" in err and "certificate" in err and "SSL_CERT_FILE" in err
        assert proxy.requests == []
        own.ok("-s", proxy.url, stdin="x", env={"SSL_CERT_FILE": str(certificate)})


def test_a_server_that_never_answers(snip):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        err = snip.fails(8, "-s", url, "--timeout", "1", "get", "abc")
    assert time.monotonic() - started < 4 * TIME_FACTOR
    assert "--timeout" in err


def test_a_slow_answer_is_waited_for_as_long_as_bytes_flow(snip, server):
    made = Client(server).create(body="0123456789abcdef" * 1000)
    with Misbehaving(server, [slow_answer(3 * TIME_FACTOR)]) as proxy:
        out = snip.ok("-s", proxy.url, "--timeout", str(int(TIME_FACTOR)), "--retries", "0", "get", made["id"])
        assert out == made["body"] and len(proxy.requests) == 1


def test_a_wait_that_is_too_long_ends_at_once(snip, server):
    for status, code in ((429, 6), (503, 7)):
        with Misbehaving(server, afterwards=refuse(status, retry_after=3600)) as proxy:
            started = time.monotonic()
            err = snip.fails(code, "-s", proxy.url, stdin="x")
            assert time.monotonic() - started < 5 * TIME_FACTOR
            assert "3600 s" in err and len(proxy.requests) == 1


def test_a_server_that_is_always_busy(snip, server):
    with Misbehaving(server, afterwards=refuse(503)) as proxy:
        err = snip.fails(7, "-s", proxy.url, "--retries", "2", stdin="x")
        assert len(proxy.requests) == 3
    assert "3 attempts" in err and "Later" in err


def test_what_is_no_answer_of_the_service_is_said_so(snip):
    html = answer(502, b"<html>\x1b[31m", {"Content-Type": "text/html"})
    with Misbehaving(afterwards=html) as proxy:
        err = snip.fails(7, "-s", proxy.url, "--retries", "0", stdin="x")
        assert "502" in err and "text/html" in err and "proxy" in err and "\x1b" not in err
    for status, code in ((404, 3), (200, 1)):
        with Misbehaving(afterwards=answer(status, b"<html>", {"Content-Type": "text/html"})) as proxy:
            assert "--server" in snip.fails(code, "-s", proxy.url, stdin="x")


def test_the_servers_reasons_are_shown(snip):
    err = snip.fails(2, "-t", "t" * 201, stdin="x")
    assert "title: may have at most 200 characters" in err and "422" in err
    assert "A snippet may have 1MiB" in snip.fails(2, stdin="x" * 1_048_577)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nope"],
        ["--public", "--private"],
        ["-e", "soon"],
        ["get"],
        ["get", "not an id"],
        ["get", "http://h/t/abc"],
        ["get", "abc#L0"],
        ["-s", "localhost:1", "list"],
        ["stats", "abc", "--by", "week"],
    ],
)
def test_wrong_use(snip, arguments):
    snip.fails(2, *arguments)


def test_quiet_and_verbose(own, server):
    with Misbehaving(server, [refuse(429, retry_after=0)]) as proxy:
        assert own.run("-q", "-s", proxy.url, stdin="x").stderr == b""
    err = own.run("-v", stdin="x").stderr.decode()
    assert f"POST {server.url}/snippets" in err and "answered 201" in err


def test_a_signal_ends_it_and_leaves_nothing(own, server):
    with Misbehaving(server, afterwards=refuse(503, retry_after=30)) as proxy:
        process = own.start("-s", proxy.url, file(own, "a.c"))
        assert b"wait 30 s" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=10 * TIME_FACTOR)
    assert process.returncode == 130 and out == b""
    assert list(own.temporary.iterdir()) == []


def test_a_signal_keeps_an_edit_and_says_where(own, server):
    ident = id_of(own.ok(stdin="base"))
    editor = own.script("editor", 'echo mine > "$1"\n')
    with Misbehaving(server, [PASS], afterwards=refuse(503, retry_after=30)) as proxy:
        process = own.start("-s", proxy.url, "edit", ident, env={"EDITOR": str(editor)})
        assert b"wait 30 s" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10 * TIME_FACTOR)
    assert process.returncode == 128 + signal.SIGTERM
    assert open(err.decode().split("kept in ")[1].splitlines()[0]).read() == "mine\n"


# --- On a terminal.


def on_terminal(snip, *arguments, answers=(), stdin=None, stdout=None, env=None):
    """Runs it on a terminal of its own; returns the exit code and what the terminal shows. `answers` are pairs of what
    to wait for and what to type then."""
    controller, terminal = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    streams = {"stdin": stdin or terminal, "stdout": stdout or terminal, "stderr": terminal}
    process = snip.start(*arguments, env=env, preexec_fn=take_terminal, **streams)
    os.close(terminal)
    shown, left = b"", list(answers)
    while True:
        readable, _, _ = select.select([controller], [], [], 20 * TIME_FACTOR)
        if not readable:
            process.kill()
            process.wait()
            raise AssertionError(f"nothing more came after {shown!r}; {left} are unanswered")
        try:
            piece = os.read(controller, 65536)
        except OSError:  # nobody has the terminal any more
            break
        if not piece:
            break
        shown += piece
        if left and left[0][0].encode() in shown:
            os.write(controller, left.pop(0)[1].encode() + b"\n")
    os.close(controller)
    return process.wait(30 * TIME_FACTOR), shown.decode()


def test_progress_of_a_large_upload_is_shown_on_a_terminal_only(snip):
    large, small = file(snip, "large.c", "x" * 900_000), file(snip, "small.c")
    with open(snip.home / "links", "wb") as links:
        code, shown = on_terminal(snip, large, small, stdout=links)
    assert code == 0
    assert "sending " in shown and "large.c" in shown and "% of 8" in shown
    assert "small.c" not in shown
    assert shown.rstrip().endswith("\x1b[K")  # the line is taken away
    assert len((snip.home / "links").read_text().splitlines()) == 2
    with open(snip.home / "links", "wb") as links:
        assert on_terminal(snip, "-q", large, stdout=links) == (0, "")
    done = snip.run(large)
    assert done.returncode == 0 and done.stderr == b""


def test_a_list_on_a_terminal_is_a_table(own):
    link = own.ok("-t", "long " * 30, "-l", "c", stdin="x")
    code, shown = on_terminal(own, "list")
    header, row = shown.splitlines()
    assert code == 0 and header.split()[0] == "ID"
    assert row.startswith(id_of(link)) and row.endswith("…") and len(row) == 80


def test_reading_from_a_terminal_says_so(snip):
    code, shown = on_terminal(snip, answers=[("Ctrl-D", "typed\n\x04")])
    assert code == 0 and "/s/" in shown


# --- What is shipped with it.


def test_version_and_help(snip):
    assert snip.ok("--version").startswith("snip ")
    assert snip.ok("--help").startswith("Share") and "Exit codes:" in snip.ok("rm", "--help")
    assert subprocess.run([snip.program, "--help"], env={}, capture_output=True).returncode == 0
