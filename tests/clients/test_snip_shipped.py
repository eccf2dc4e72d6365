"""What is shipped with `snip`, the manual page and completions for bash, zsh and fish, says what its `--help` says."""

import pathlib
import re
import shutil
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CLI = PROJECT / "cli"
COMMANDS = ("get", "list", "edit", "rm", "login", "logout", "stats")
EVERYWHERE = ("", *COMMANDS)  # sharing has no name


@pytest.fixture(scope="module")
def flags(snip_binary):
    """Of each command, sharing being "", the flags that --help lists, as sets of names for the same flag."""
    found = {}
    for command in EVERYWHERE:
        arguments = [snip_binary, command, "--help"] if command else [snip_binary, "--help"]
        text = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
        lines = re.findall(r"^  (-\S+)", text, re.MULTILINE)
        found[command] = {frozenset(line.split(",")) for line in lines}
        assert frozenset({"-h", "--help"}) in found[command]
    return found


def names(groups):
    return {name for group in groups for name in group}


def test_help_lists_the_commands(snip_binary):
    text = subprocess.run([snip_binary, "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.search(r"^Commands.*?:\n(.*?)\n  snip COMMAND", text, re.MULTILINE | re.DOTALL)[1]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS


# --- The manual page.


def manual_flags():
    """As `flags`; what `edit` takes from sharing is named there in a sentence."""
    found, common, place, mentioned = {command: set() for command in EVERYWHERE}, set(), None, set()
    for line in (CLI / "snip.1").read_text().splitlines():
        if line.startswith(".Sh"):
            place = "commands" if line == ".Sh COMMANDS" else None
        elif line == "The flags that share are:":
            place = ""
        elif line == "All commands have these:":
            place = "common"
        elif re.match(r"\.It Cm \w+", line):
            place = line.split()[2]
        elif line.startswith(".It Fl"):
            group = frozenset("-" + name for name in re.findall(r"\bFl (\S+)", line))
            (common if place == "common" else found[place]).add(group)
        elif line.startswith(".Fl") and place == "edit":
            mentioned |= {"-" + word for word in re.findall(r"[-\w]+", line[3:])}
    found["edit"] |= {group for group in found[""] if group & mentioned}
    return {
        # `list` has the long form of --quiet alone, and says so.
        command: groups | {group - {"-q"} if command == "list" else group for group in common}
        for command, groups in found.items()
    }


def test_the_manual_has_every_flag_and_no_other(flags):
    manual = manual_flags()
    for command in EVERYWHERE:
        assert manual[command] == flags[command], command


def test_the_manual_has_every_exit_code_of_help(snip_binary):
    text = subprocess.run([snip_binary, "--help"], capture_output=True, text=True, check=True).stdout
    codes = dict(re.findall(r"^  (\d)  (.*)$", text, re.MULTILINE))
    assert sorted(codes) == [str(code) for code in range(10)]
    assert dict(re.findall(r"^\.It (\d)\n(.*)$", (CLI / "snip.1").read_text(), re.MULTILINE)) == codes


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_is_well_formed():
    done = subprocess.run(["groff", "-mdoc", "-Tutf8", "-ww", CLI / "snip.1"], capture_output=True)
    assert done.returncode == 0 and done.stderr == b"" and len(done.stdout) > 5000


# --- bash.


def complete_in_bash(snip_binary, *words):
    """What bash offers in place of the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        f"source {CLI}/completion/snip.bash; COMP_WORDS=('{snip_binary}' {quoted}); COMP_CWORD={len(words)}; _snip; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=CLI)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("command", EVERYWHERE)
def test_bash_offers_every_flag_and_no_other(snip_binary, flags, command):
    before = [command] if command else []
    assert complete_in_bash(snip_binary, *before, "-") == names(flags[command])
    assert complete_in_bash(snip_binary, "-s", "http://h", "-v", *before, "-") == names(flags[command])


def test_bash_offers_commands_files_and_languages(snip_binary):
    assert set(COMMANDS) <= complete_in_bash(snip_binary, "")
    assert "main.cpp" in complete_in_bash(snip_binary, "mai")
    assert not set(COMMANDS) & complete_in_bash(snip_binary, "main.cpp", "")
    assert "python" in complete_in_bash(snip_binary, "-l", "py")
    assert complete_in_bash(snip_binary, "stats", "--by", "") == {"day", "hour"}


# --- zsh and fish, read as text: they need not be installed.

FLAG = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)(?=[\[,}])")


def test_zsh_has_every_flag_and_no_other(flags):
    text = (CLI / "completion/_snip").read_text()
    common = set(FLAG.findall(re.search(r"common=\((.*?)\n    \)", text, re.DOTALL)[1]))
    fields = set(FLAG.findall(re.search(r"fields=\((.*?)\n    \)", text, re.DOTALL)[1]))
    cases = text.split("case $command in", 1)[1]
    parts = re.split(r"^        ([a-z|]+|\*)\)", cases, flags=re.MULTILINE)[1:]
    found = {}
    for patterns, body in zip(parts[::2], parts[1::2]):
        for command in patterns.split("|"):
            own = set(FLAG.findall(body)) | (fields if "$fields" in body else set())
            command = "" if command == "*" else command
            quiet = {"--quiet"} if command == "list" else {"-q", "--quiet"}
            found[command] = common | own | quiet
    assert found == {command: names(groups) for command, groups in flags.items()}
    assert set(re.findall(r"^        '(\w+):", text, re.MULTILINE)) == set(COMMANDS)


def test_fish_has_every_flag_and_no_other(flags):
    found, commands = {command: set() for command in EVERYWHERE}, set()
    for line in (CLI / "completion/snip.fish").read_text().splitlines():
        if not line.startswith("complete "):
            continue
        condition = (re.search(r"-n ('[^']*'|\S+)", line) or ["", ""])[1].strip("'")
        rest = re.sub(r"-n ('[^']*'|\S+)|-d ('[^']*'|\S+)", "", line)
        if condition == "test -z (__snip_command)":
            commands.add(re.search(r"-a (\w+)", rest)[1])
            continue
        if condition == "not __snip_is list":
            places = set(EVERYWHERE) - {"list"}
        elif condition:
            places = {""} if "__snip_shares" in condition else set()
            named = re.search(r"__snip_is ([\w ]+)", condition)
            places |= set(named[1].split()) if named else set()
        else:
            places = set(EVERYWHERE)
        group = {"-" + short for short in re.findall(r" -s (\w)\b", rest)}
        group |= {"--" + long for long in re.findall(r" -l ([\w-]+)", rest)}
        for place in places:
            found[place] |= group
    assert found == {command: names(groups) for command, groups in flags.items()}
    assert commands == set(COMMANDS)


@pytest.mark.parametrize("shell, file", [("bash", "snip.bash"), ("zsh", "_snip"), ("fish", "snip.fish")])
def test_a_shell_can_read_its_completions(shell, file):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", CLI / "completion" / file], capture_output=True)
    assert done.returncode == 0 and done.stderr == b"", done.stderr


def test_the_languages_are_the_servers(snip_binary):
    done = subprocess.run([snip_binary, "--list-languages"], capture_output=True, text=True, check=True)
    table = (PROJECT / "src/model/languages.txt").read_text()
    rows = re.findall(r"^([^#\s|]+) \|", table, re.MULTILINE)
    assert len(rows) > 100 and done.stdout.split() == rows
