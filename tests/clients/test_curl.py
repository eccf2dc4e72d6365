"""curl alone, as it is used with 0x0, rustypaste, ix.io, sprunge, clbin and transfer.sh."""

import html
import re
import shlex

import pytest

LINK = re.compile(r"http://127\.0\.0\.1:\d+/s/[A-Za-z0-9]{12}\n")


def curl(run, *arguments, **options):
    done = run("curl", "--silent", "--show-error", *arguments, **options)
    assert done.status == 0, done
    return done.text


WAYS = {
    "a file": lambda url, path: ["-F", f"file=@{path}", f"{url}/"],
    "a field": lambda url, path: ["-F", f"f:1=<{path}", f"{url}/"],
    "a body": lambda url, path: ["--data-binary", f"@{path}", f"{url}/upload"],
    "a put": lambda url, path: ["-T", path, f"{url}/upload/"],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_file_comes_back_byte_for_byte(run, server, reader, texts, way):
    for path, content in texts.items():
        link = curl(run, *WAYS[way](server.url, path))
        assert LINK.fullmatch(link), link
        assert reader.get(link.strip().removeprefix(server.url) + "/raw").body == content, path


def test_every_file_is_read_byte_for_byte(run, server, ada, texts):
    for path, content in texts.items():
        made = ada.create(body=content.decode(), title=path.name)
        assert run("curl", "--silent", made["url"] + "/raw").out == content, path


def test_what_burns_is_read_once_by_its_link(run, server, ada):
    for way in ("", "/raw"):
        link = ada.create(body="the secret", burn_after_reading=True)["url"] + way
        assert "the secret" not in curl(run, "-A", "Mozilla/5.0", link)
        assert "the secret" not in curl(run, "-I", link)
        assert "the secret" in curl(run, link)
        assert run("curl", "--silent", "-w", "%{http_code}", "-o", "/dev/null", link).text == "410"


def test_a_file_name_that_curl_escapes(run, server, reader, tmp_path):
    path = tmp_path / 'a"b.py'
    path.write_text("x = 1\n")
    link = curl(run, "-F", 'file=@"' + str(path).replace('"', '\\"') + '"', f"{server.url}/")
    assert reader.get(link.strip().removeprefix(server.url)).json()["title"] == 'a"b.py'


def test_what_a_pipe_brings(run, server):
    for field in ("file", "f", "f:1", "sprunge", "clbin"):
        link = curl(run, "-F", f"{field}=<-", server.url, stdin=b"from a pipe\n")
        assert curl(run, f"{link.strip()}/raw") == "from a pipe\n"


@pytest.mark.parametrize("path", ["/upload", "/upload/"])
def test_what_a_pipe_brings_by_put(run, server, path):
    link = curl(run, "-T", "-", server.url + path, stdin=b"from a pipe\n")
    assert curl(run, f"{link.strip()}/raw") == "from a pipe\n"


def test_the_file_name_makes_the_title_and_the_language(run, server, reader, home):
    (home / "prog.rs").write_text("fn main() {}\n")
    for arguments in (["-F", f"file=@{home}/prog.rs", server.url], ["-T", home / "prog.rs", f"{server.url}/upload/"]):
        snippet = reader.get(curl(run, *arguments).strip().removeprefix(server.url)).json()
        assert (snippet["title"], snippet["language"]) == ("prog.rs", "rust")


def test_0x0_from_the_first_upload_to_its_end(run, server):
    answer = curl(run, "-i", "-F", "file=<-", "-F", "expires=24", "-F", "secret=", server.url, stdin=b"x")
    fields = dict(line.split(": ", 1) for line in answer.split("\r\n")[1:] if ": " in line)
    link = answer.rsplit("\r\n", 1)[1].strip()
    assert fields["X-Token"] and int(fields["X-Expires"]) > 0
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    token = ["-F", f"token={fields['X-Token']}"]
    assert curl(run, *status, *token, "-F", "expires=1", link) == "202"
    assert curl(run, *token, "-F", "delete=", link) == ""
    assert curl(run, *status, link) == "404"


def test_with_a_token_it_is_ones_own(run, server, ada_token, ada):
    header = f"Authorization: Bearer {ada_token}"
    link = curl(run, "-H", header, "-F", "file=<-", "-F", "visibility=private", server.url, stdin=b"mine")
    assert curl(run, "-H", header, f"{link.strip()}/raw") == "mine"
    assert curl(run, "-o", "/dev/null", "-w", "%{http_code}", link.strip()) == "404"
    assert link.strip().rsplit("/", 1)[1] in [item["id"] for item in ada.get("/snippets").json()["items"]]


def test_a_large_file_with_expect_100_continue(run, server, home):
    (home / "large.txt").write_text("line\n" * 200_000)
    link = curl(run, "-H", "Expect: 100-continue", "--data-binary", f"@{home}/large.txt", f"{server.url}/upload")
    assert run("curl", "-s", f"{link.strip()}/raw").out == (home / "large.txt").read_bytes()


def test_a_refusal_says_why_and_fails_with_f(run, server):
    done = run("curl", "-sS", "-f", "-F", "file=<-", server.url, stdin=b"\xff\xfe")
    assert done.status == 22 and b"422" in done.err
    assert "file is required" in curl(run, "-F", "other=x", server.url)


def test_what_is_wrong_is_said_in_a_line(run, server, ada):
    gone = f"{server.url}/s/AAAAAAAAAAAA"
    for arguments, wanted in (
        (["-F", "file=", server.url], r"Some values are not allowed: \w+ may not be empty\.\n"),
        (["--data-binary", "@/dev/null", f"{server.url}/upload"], r"Some values are not allowed: body may .*\.\n"),
        (["-F", "file=x", "-F", "expires=zzz", server.url], r"Some values are not allowed: expires is .*\.\n"),
        (["-F", "delete=", gone], r"[^{}\n]+\.\n"),
        (["-H", "Authorization: Bearer wrong", "-F", "file=x", server.url], r"[^{}\n]+\.\n"),
    ):
        answer = curl(run, *arguments)
        assert re.fullmatch(wanted, answer), answer
    # A program says so, or is another one.
    for arguments in (["-H", "Accept: application/json"], ["-A", "requests/2"]):
        assert curl(run, *arguments, "-F", "file=", server.url).startswith('{"type":"about:blank"')
    assert curl(run, "-d", "{}", f"{server.url}/snippets").startswith('{"type":"about:blank"'), "the API's own"


def test_what_the_page_for_terminals_shows_works(run, server, tmp_path):
    page = curl(run, "-H", "Accept: text/html", f"{server.url}/terminal")
    commands = [html.unescape(command) for command in re.findall(r'<code id="way-[^"]*">(.*?)</code>', page)]
    assert len(commands) == 14 and all(server.url in command for command in commands if "curl" in command)
    for name in ("main.go", "notes.md", "values"):
        (tmp_path / name).write_text("text of " + name)
    shared = [command for command in commands if command.startswith("curl -F")]
    assert len(shared) == 3
    for command in shared:
        link = run("sh", "-c", f"cd {tmp_path} && " + command.replace("curl ", "curl -sS ")).text
        assert LINK.fullmatch(link), (command, link)
    function = next(command for command in commands if command.startswith("paste()")).replace("curl ", "curl -sS ")
    assert LINK.fullmatch(run("sh", "-c", f"{function}; echo piped | paste").text)
    link = curl(run, "-F", f"file=@{tmp_path}/main.go", server.url).strip()
    read = [command.replace("ID", link[-12:]) for command in commands if "/s/ID" in command and "curl" in command]
    assert curl(run, *shlex.split(read[0])[1:]) == "text of main.go"
    assert curl(run, "--output-dir", str(tmp_path / "got"), "--create-dirs", *shlex.split(read[1])[1:]) == ""
    assert (tmp_path / "got" / "main.go").read_text() == "text of main.go"
    assert '"title":"main.go"' in curl(run, *shlex.split(read[2])[1:])
