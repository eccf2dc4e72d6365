#!/usr/bin/python3
"""The part of the style that a machine can hold. Prints `file:line: [rule] message` for each finding, then
`N rules, M files, K findings`; exits 1 when there is any finding.

    check.py                the project around this file
    check.py --root DIR     another tree
    check.py --rules        the rules, one a line

In a git checkout only what git tracks is looked at: what a person keeps beside it is nobody's business.

A rule is a function over the project that yields findings. test_check.py has a bad example for each.
"""

import argparse
import bisect
import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

FOLDERS = ("src", "cli", "tests", "harness", "bench", "deploy", "cmake", "scripts", "docs", ".ci")
SUFFIXES = {"", ".cpp", ".hpp", ".py", ".mjs", ".sql", ".lua", ".cmake", ".txt", ".json", ".md", ".conf"}
LEFT_OUT = {"__pycache__", ".pytest_cache", "node_modules", "LICENSE"}
COLUMNS_MAX = 120

# Who may include whom: base <- model, sql, redis <- the stages (limiter cache store views auth) <- use_cases <-
# exchange
# <- the faces (api ui conventions openapi) <- application <- app; base <- http <- exchange;
# base <- highlight <- picture <- pages.
# The stages never include each other, nor do the faces; http knows a Service and no route; sql and redis know no word
# of the domain.
STAGES = {"limiter", "cache", "store", "views", "auth"}
FACES = {"api", "ui", "conventions", "openapi"}
ASKED = {"base", "model", "http", "use_cases", "exchange"}  # what every face needs
MAY_INCLUDE = {
    "base": set(),
    "model": {"base"},
    "sql": {"base"},
    "redis": {"base"},
    "http": {"base"},
    "limiter": {"base", "model", "redis"},
    "cache": {"base", "model", "redis"},
    "store": {"base", "model", "sql"},
    "views": {"base", "model", "redis"},
    "auth": {"base", "model"},
    "highlight": {"base"},
    "picture": {"base", "highlight"},
    "pages": {"base", "model", "highlight", "picture", "http/codings.hpp"},  # kept pages are in all codings
    "use_cases": {"base", "model"} | STAGES,
    "exchange": {"base", "model", "http", "pages", "use_cases"} | STAGES,
    "api": ASKED,
    "ui": ASKED | {"pages", "cache"},
    "conventions": ASKED | {"pages"},
    "openapi": ASKED | {"pages"},
    "application": ASKED | FACES | {"pages", "cache"},
    "settings": {"base", "model", "sql", "redis", "http", "limiter", "views"},  # the enums and names of who uses them
    "app": ASKED | STAGES | {"sql", "redis", "pages", "openapi", "application", "settings"},
    "": {"app", "base", "pages", "settings"},  # main.cpp
}

# Whose headers may be included where: what is replaced one day is replaced in one place.
VENDORS = [
    (r"boost/json", r"(?!src/use_cases/).*"),  # what is asked and answered is typed there
    (r"boost/(asio/impl|beast)/src\.hpp", r"src/http/boost_implementation\.cpp"),
    (r"boost/beast/", r"src/http/"),
    (r"boost/url/(encode|pct_string_view|grammar)", r"src/base/percent\.cpp"),
    (r"(soci/|libpq-fe\.h|sqlite3\.h)", r"src/sql/.*\.cpp|src/store/.*\.cpp|src/store/snippet_row\.hpp"),
    (r"sodium", r"src/(base/secret|auth/passwords)\.cpp"),
    (r"hiredis/", r"src/redis/pipeline\.cpp"),
    (r"(openssl/|boost/asio/ssl)", r"src/redis/.*\.cpp"),
    (r"curl/", r"src/app/webhook\.cpp"),
    (r"CLI/", r"src/settings/"),
    (r"toml\+\+/", r"src/settings/file\.cpp"),
    (r"spdlog/", r"src/base/log\.cpp"),
    (r"prometheus/", r"src/base/metrics\.cpp"),
    (r"archive", r"src/base/zip_writer\.cpp"),
    (r"sys/epoll\.h", r"src/http/"),
    (r"ctemplate/", r"src/pages/template\.cpp"),
    (r"md4c", r"src/pages/markdown\.cpp"),
    (r"git2", r"src/pages/(diff|changed_words|libgit2)\.cpp"),
    (r"qrencode", r"src/pages/qr\.cpp"),
    (r"brotli/", r"src/(http/codings|highlight/grammars)\.cpp"),
    (r"oniguruma", r"src/highlight/regex\.cpp"),
    (r"utf8proc", r"src/(base/(fold_case|precis|shows_nothing)|picture/font)\.cpp"),
    (r"(ft2build|png)\.h", r"src/picture/.*\.cpp"),
    (r"zlib", r"src/(pages/assets|http/codings|cache/packing)\.cpp"),
]

# (what, where it is allowed all the same, why not)
BANNED_CALLS = [
    (r"\b(sleep_for|sleep_until)\s*\(", r"src/(app/(site|redis_fleet|assemble)|sql/connection)\.cpp",
     "a worker serves nobody; use base::Timer"),
    (r"\b(sleep|usleep|nanosleep)\s*\(", None, "a worker serves nobody; use base::Timer"),
    (r"\bs?rand\s*\(", None, "not random enough for anything here; use base/secret.hpp or <random>"),
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", None, "no bounds; use std::string and fmt::format"),
    (r"\b(atoi|atol|atof|strtol|strtoul)\s*\(", None, "errors pass for values; use base::parse_number"),
    (r"\bstd::from_chars\s*\(", r"src/(base/(numbers|units)\.|app/|settings/|http/)",
     "the rest of the text is easily forgotten; use base::parse_number"),
    (r"&\s*0xC0\b", r"src/base/(utf8|fold_case)\.cpp", "there is one decoder of UTF-8; use base/utf8.hpp"),
    (r"\b(gmtime|localtime|asctime|ctime)\s*\(", None, "not thread-safe; use base/clock.hpp"),
    (r"\bgetenv\s*\(", r"src/main\.cpp|src/app/service_manager\.cpp", "settings come from the settings table"),
    (r"\b(system|popen)\s*\(", None, "starts a shell"),
    (r"\bstd::(exit|abort|terminate|quick_exit)\s*\(", r"src/base/assert\.cpp",
     "skips the drain; return to main instead"),
    (r"\.detach\s*\(\s*\)", r"src/redis/resolver\.cpp", "a thread that nobody joins outlives what it uses"),
    (r"\bstd::(endl|cout|cerr|clog)\b", None, "unbuffered or unordered; use base/log.hpp"),
    (r"\bstd::regex\b", None, "recursion as deep as the input is long"),
]


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str


class File:
    """A file with its text and, for C++, `code`: the same text with comments and the inside of literals blanked."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.name = path.rsplit("/", 1)[-1]
        self.suffix = pathlib.PurePosixPath(path).suffix
        self.is_cpp = self.suffix in (".cpp", ".hpp")
        self.is_header = self.suffix == ".hpp"
        self.in_src = path.startswith("src/")
        parts = path.split("/")
        self.folder = parts[1] if self.in_src and len(parts) > 2 else ""
        self.code = blank_comments_and_literals(text) if self.is_cpp else text
        self._starts = [0]
        for line in self.lines[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    def at(self, offset, message):
        return Finding(self.path, self.line_of(offset), message)

    def includes(self):
        """(line, header, whether in quotes) of each #include."""
        for number, line in enumerate(self.lines, 1):
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if found:
                yield number, found[2], found[1] == '"'


LITERALS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)"|"(?:[^"\\\n]|\\.)*"'
    r"|\b\d[\w.']*|'(?:[^'\\\n]|\\.)+'",
    re.DOTALL,
)


def blank_comments_and_literals(text):
    def blank(found):
        token = found[0]
        if token[0].isdigit():
            return token
        kept = {0, len(token) - 1} if token[0] in "\"'R" else set()
        return "".join(c if c == "\n" or i in kept else " " for i, c in enumerate(token))

    # Includes in quotes stay as they are: they are no literals.
    return LITERALS.sub(blank, text)


def closing(code, opening):
    """The offset of the bracket that closes the one at `opening`, or the end of the text."""
    depth = 0
    for offset in range(opening, len(code)):
        if code[offset] in "([{":
            depth += 1
        elif code[offset] in ")]}":
            depth -= 1
            if depth == 0:
                return offset
    return len(code)


class Project:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        paths = sorted(self._paths())
        self.paths = {path.relative_to(self.root).as_posix() for path in paths}  # whatever is in them
        self.files = [File(path.relative_to(self.root).as_posix(), path.read_bytes().decode("utf-8"))
                      for path in paths if self._counts(path)]
        self.notes = []

    def _paths(self):
        if (self.root / ".git").exists():
            # The checkout may be another user's, which git refuses without being told that it is meant.
            command = ["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-z"]
            listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
            return [self.root / name for name in listed if name]
        return [*self.root.glob("*"), *(path for folder in FOLDERS for path in (self.root / folder).rglob("*"))]

    def _counts(self, path):
        parts = path.relative_to(self.root).parts
        if len(parts) > 1 and parts[0] not in FOLDERS:
            return False
        left_out = LEFT_OUT & set(parts) or path.name.startswith(".")
        return path.is_file() and path.suffix in SUFFIXES and not left_out

    def cpp(self):
        return [file for file in self.files if file.is_cpp]

    def src(self):
        return [file for file in self.files if file.is_cpp and file.in_src]


RULES = {}


def rule(function):
    RULES[function.__name__.replace("_", "-")] = function
    return function


# --- Includes.


@rule
def include_direction(project):
    """Dependencies point one way."""
    for file in project.src():
        allowed = MAY_INCLUDE.get(file.folder)
        if allowed is None:
            yield Finding(file.path, 1, f"src/{file.folder}/ is not in the table of folders in tests/style/check.py")
            continue
        for line, header, quoted in file.includes():
            folder = header.split("/")[0]
            if quoted and folder != file.folder and not {folder, header} & allowed:
                names = ", ".join(sorted(allowed)) or "nothing"
                yield Finding(file.path, line, f"includes {header}; {file.folder or 'main.cpp'} may include {names}")


# How a mode is asked for: by the settings, or by whether what only one mode has is there.
MODE_ASKED = re.compile(
    r"\b(?:is_sqlite|is_postgres|is_postgresql|has_redis)\s*\("
    r"|[.>](?:redis|database)\s*(?:[=!]=|\.(?:empty|size|starts_with|find|substr)\b)"
    r"|\b(?:redis::Clients|RedisCache|RedisWatch|RedisFleet)\s*(?:const\s*)?\*"
    r"|\b(?:if|while)\s*\(\s*!?\s*(?:\w+(?:\.|->))*redis\w*\s*(?:\)|&&|\|\|)"
    r"|[=(,{&|!]\s*!?\s*(?:\w+(?:\.|->))*redis\w*\s*(?:\?|&&|\|\|)")


@rule
def mode_decided_once(project):
    """Only app/assemble asks which store there is and whether there is Redis; all others get what fits."""
    for file in project.src():
        # The settings are read and shown; the driver looks after its own connections.
        if re.match(r"src/(app/assemble\w*\.[ch]pp$|settings/|redis/)", file.path):
            continue
        for found in MODE_ASKED.finditer(file.code):
            yield file.at(found.start(), f"`{found[0].strip()}` asks for the mode: let app/assemble make what fits it")


@rule
def vendor_header(project):
    """A library is known in few places."""
    for file in project.src():
        for line, header, quoted in file.includes():
            if quoted:
                continue
            for headers, places in VENDORS:
                if re.match(headers, header):
                    if not re.match(places, file.path):
                        yield Finding(file.path, line, f"<{header}> may be included only in {places}")
                    break


@rule
def pragma_once(project):
    """Every header starts with it."""
    for file in project.cpp():
        if file.is_header and not re.match(r"\s*#pragma once\s*$", file.code.lstrip().split("\n")[0]):
            yield Finding(file.path, 1, "a header starts with #pragma once")


@rule
def own_header_first(project):
    """A .cpp includes its own header first, which shows that the header needs nothing before it."""
    paths = {file.path for file in project.files}
    for file in project.src():
        own = file.path[:-4] + ".hpp"
        if file.is_header or own not in paths:
            continue
        first = next(file.includes(), None)
        if first is None or first[1] != own[len("src/"):]:
            yield Finding(file.path, first[0] if first else 1, f"the first include must be {own[len('src/'):]}")


@rule
def unused_header(project):
    """Somebody includes each header: in src/ another file of src/ than its own .cpp, in tests/ any other."""
    users = {}
    for file in project.cpp():
        for _, header, quoted in file.includes():
            if quoted:
                users.setdefault(header, set()).add(file.path)
    for file in project.cpp():
        if not file.is_header:
            continue
        top, _, name = file.path.partition("/")
        others = {path for path in users.get(name, set()) if path != file.path[:-4] + ".cpp" and path != file.path}
        if top == "src":
            others = {path for path in others if path.startswith("src/")}
        if not others:
            yield Finding(file.path, 1, "nobody includes this header but its own .cpp" +
                          (" and tests" if top == "src" else ""))


# --- C++.


@rule
def namespace_of_folder(project):
    """Namespaces follow folders."""
    for file in project.src():
        declared = re.findall(r"^namespace (snippetd[\w:]*)", file.code, re.MULTILINE)
        is_log = file.path in ("src/base/log.hpp", "src/base/log.cpp")
        expected = "snippetd::log" if is_log else f"snippetd::{file.folder}"
        if file.folder and declared and expected not in declared:
            yield Finding(file.path, 1, f"declares {declared[0]}; its folder says {expected}")


@rule
def using_namespace_in_header(project):
    """What a header opens, everyone has open."""
    for file in project.cpp():
        if file.is_header:
            for found in re.finditer(r"\busing\s+namespace\b", file.code):
                yield file.at(found.start(), "no `using namespace` in a header")


@rule
def banned_call(project):
    """Calls that have no place in the service."""
    for file in project.src():
        for pattern, places, why in BANNED_CALLS:
            if places and re.match(places, file.path):
                continue
            for found in re.finditer(pattern, file.code):
                yield file.at(found.start(), f"`{found[0].strip().rstrip('(')}`: {why}")


def awaited(file):
    """(offset, text) of each operand of co_await: up to the end of its statement, argument or bracket."""
    for found in re.finditer(r"\bco_await\b", file.code):
        offset = start = found.end()
        while offset < len(file.code) and file.code[offset] not in ";,)]}":
            offset = closing(file.code, offset) + 1 if file.code[offset] in "([{" else offset + 1
        yield found.start(), file.code[start:offset]


@rule
def co_await_temporary(project):
    """g++ 12 destroys some temporaries of a co_await expression twice: lambdas and braced values want a name first."""
    for file in project.cpp():
        for offset, operand in awaited(file):
            # Only what is an argument: the inside of a lambda's body is another function.
            arguments = re.search(r"[(,]\s*(\[|[A-Za-z_][\w:]*(<[^<>;]*>)?\s*\{|\{)", operand)
            if not arguments:
                continue
            kind = "a lambda" if arguments[1] == "[" else "a braced value"
            yield file.at(offset, f"{kind} within a co_await expression: name it before (g++ 12 destroys it twice)")


@rule
def co_await_in_conditional(project):
    """`c ? co_await f() : T{}` goes wrong with g++ 12."""
    for file in project.cpp():
        for found in re.finditer(r"\?[^;{}]*?\bco_await\b", file.code):
            yield file.at(found.start(), "co_await in a conditional expression: use if (g++ 12 destroys it twice)")


@rule
def co_await_in_braces(project):
    """`Opt o{co_await a(), co_await b()}` goes wrong with g++ 12."""
    for file in project.cpp():
        for found in re.finditer(r"\{[^{};]*\bco_await\b[^{};]*\bco_await\b[^{};]*\}", file.code):
            yield file.at(found.start(), "two co_await in one braced list: await them one by one (g++ 12)")


CAPTURING_COROUTINE = re.compile(
    r"\[[^\[\]]+\]\s*(\([^()]*\))?\s*(mutable\s*)?->\s*[\w:]*[Aa]waitable\s*<[^;{]*?>\s*\{")


@rule
def coroutine_lambda_in_place(project):
    """A lambda's captures die with it, and the coroutine goes on."""
    for file in project.cpp():
        for found in CAPTURING_COROUTINE.finditer(file.code):
            end = closing(file.code, found.end() - 1)
            if file.code[end + 1:].lstrip().startswith("("):
                yield file.at(found.start(), "a capturing coroutine lambda, called in place: its captures die at once")


# --- Any text.


@rule
def todo_without_reference(project):
    """What is left to do is an issue; a comment may point to it: `TODO(#12): …`."""
    for file in project.files:
        if file.path.startswith("tests/style/") or file.suffix == ".md":
            continue
        for found in re.finditer(r"\b(TODO|FIXME|XXX)\b(?!\s*\(#\d+\))", file.text):
            yield file.at(found.start(), f"{found[1]} without a reference: write {found[1]}(#ISSUE) or do it")


CODE_IN_COMMENT = re.compile(
    r"\s*//(?!/)\s*([\w:.>\[\]*&-]+\(.*\);|return\b.*;|#include .*|\w[\w:<>]* \w+ = .*;)\s*$")


@rule
def commented_out_code(project):
    """git keeps what was."""
    for file in project.cpp():
        for number, line in enumerate(file.lines, 1):
            if CODE_IN_COMMENT.match(line):
                yield Finding(file.path, number, "commented-out code")


@rule
def npm_runs_no_scripts(project):
    """Who installs a package does not let it run what it likes on this machine."""
    for file in project.files:
        if file.path.startswith("tests/style/"):
            continue
        for number, line in enumerate(file.lines, 1):
            installs = re.search(r"""(\bnpm["',)]*|\$\{npm\})\s+["']?(ci|install|i)\b(?!:)""", line)
            if installs and "--ignore-scripts" not in line:
                yield Finding(file.path, number, "npm runs install scripts: add --ignore-scripts")


@rule
def line_length(project):
    """Beyond it nobody reads two files side by side. Tables of Markdown are free, and steps of the browser's tests."""
    for file in project.files:
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS_MAX and file.suffix not in (".md", ".mjs"):
                yield Finding(file.path, number, f"{len(line)} columns; at most {COLUMNS_MAX}")


@rule
def white_space(project):
    """No tabs, no blanks at the end of a line, one line feed at the end of a file, no carriage returns."""
    for file in project.files:
        for number, line in enumerate(file.lines, 1):
            if "\t" in line:
                yield Finding(file.path, number, "a tab")
            if "\r" in line:
                yield Finding(file.path, number, "a carriage return")
            elif line != line.rstrip():
                yield Finding(file.path, number, "blanks at the end of the line")
        if file.text and (not file.text.endswith("\n") or file.text.endswith("\n\n")):
            yield Finding(file.path, len(file.lines), "a file ends with exactly one line feed")


@rule
def file_name(project):
    """snake_case for code."""
    for file in project.files:
        is_code = file.suffix in (".cpp", ".hpp", ".py", ".lua", ".sql")
        if is_code and not re.fullmatch(r"[a-z0-9_]+\.[a-z]+", file.name):
            yield Finding(file.path, 1, "file names are snake_case")


@rule
def document_exists(project):
    """A document that the code points to is there."""
    for file in project.files:
        if file.path.startswith("tests/style/") or file.path.split("/")[0] not in ("src", "tests", "harness", "cmake"):
            continue
        for found in re.finditer(r"\bdocs/[\w/.-]+\.md\b", file.text):
            if not (project.root / found[0]).is_file():
                yield file.at(found.start(), f"{found[0]} does not exist")


# --- Documents.

EXCERPT = re.compile(r"`([\w/.-]+)`\):\n\n((?:(?: {4}.*)?\n)+)")
FIGURE = re.compile(r"\*\*(\d[\d.,]*(?: m?s)?)\*\*\s\(`([\w/.-]+)`\)")


def documents(project):
    return [file for file in project.files if file.suffix == ".md"]


@rule
def excerpt_exists(project):
    """What a document shows as lines of a file, or as a figure of another document, stands there. `…` leaves out."""
    files = {file.path: file for file in project.files}
    for file in documents(project):
        for found in EXCERPT.finditer(file.text):
            there = [line.strip() for line in files[found[1]].lines] if found[1] in files else []
            for wanted in (line.strip() for line in found[2].split("\n")):
                if wanted in there:
                    there = there[there.index(wanted) + 1:]
                elif wanted not in ("", "…"):
                    yield file.at(found.start(2), f"{found[1]} does not have, or not in this order: {wanted}")
                    break
        for found in FIGURE.finditer(file.text):
            said = files[found[2]].text if found[2] in files else ""
            if not re.search(rf"(?<![\d.,]){re.escape(found[1])}(?!\d|[.,]\d)", said):
                yield file.at(found.start(), f"{found[2]} does not say {found[1]}")


NAMED_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:cpp|hpp|lua|sql|py|mjs|ts|md|cmake|json|html))")
PLACEHOLDER = re.compile(r"build/|(?:.*/)?[A-Z]{3,}[/_]")  # URL/, NNNN_name; what is built
NAMED_BESIDE = re.compile(r"`(?:\w+::)*(\w+)(?:\(\))?`(?:\s\(|\sin\s)`([\w/.-]+\.[ch]pp)`")
NAMED_MEMBER = re.compile(r"(?:\w+::)+\w+")
NAMED_ALONE = re.compile(r"k[A-Z]\w+|[A-Z][a-z]+\w*[A-Z]\w*|[a-z]+(?:_[a-z]+)+")


@rule
def named_in_document(project):
    """A file, folder, class, function or constant that a document names in backticks is there, and where it is said."""
    ends = {path[at:] for path in project.paths for at in [0, *(found.end() for found in re.finditer("/", path))]}
    ends |= {path[:found.end()] for path in ends for found in re.finditer("/", path)}
    words = [set(re.findall(r"\w+", file.text)) for file in project.files if file.suffix != ".md"]
    every = set().union(*words)
    for file in documents(project):
        for found in re.finditer(r"(?<!`)`([^`\n]+)`(?!`)", file.text):
            name = found[1].removesuffix("()")
            if NAMED_PATH.fullmatch(name):
                there = name in ends or PLACEHOLDER.match(name)
            elif NAMED_MEMBER.fullmatch(name):
                there = any(set(name.split("::")[-2:]) <= of_file for of_file in words)
            else:
                there = name in every or not NAMED_ALONE.fullmatch(name)
            if not there:
                yield file.at(found.start(), f"`{name}` is nowhere")
        for found in NAMED_BESIDE.finditer(file.text):
            stem = re.sub(r"\.[ch]pp$", ".", found[2])
            texts = [one.text for one in project.files if f"/{one.path}".rfind(f"/{stem}") >= 0 and one.is_cpp]
            if texts and not any(re.search(rf"\b{found[1]}\b", text) for text in texts):
                yield file.at(found.start(), f"`{found[1]}` is not in {found[2]}")


# --- Tests.


@rule
def skipped_test(project):
    """A test that does not run says why."""
    for file in project.files:
        if not file.path.startswith("tests/") or file.path.startswith("tests/style/"):
            continue
        if file.is_cpp:
            for found in re.finditer(r"\bGTEST_SKIP\(\)\s*(?!\s*<<)", file.code):
                yield file.at(found.start(), 'GTEST_SKIP() without a reason: GTEST_SKIP() << "why"')
            for found in re.finditer(r"\bDISABLED_\w*", file.code):
                yield file.at(found.start(), f"{found[0]}: a disabled test is dead code")
        elif file.suffix == ".py":
            yield from skipped_in_python(file)


def skipped_in_python(file):
    for found in re.finditer(r"\bpytest\.(skip|xfail)\s*\(", file.text):
        arguments = file.text[found.end():closing(file.text, found.end() - 1)]
        if not re.search(r"[\"']", arguments):
            yield file.at(found.start(), f"pytest.{found[1]} without a reason")
    for found in re.finditer(r"\bpytest\.mark\.(skip|skipif|xfail)\b(\s*\()?", file.text):
        arguments = file.text[found.end():closing(file.text, found.end() - 1)] if found[2] else ""
        positional = found[1] == "skip" and re.match(r"\s*[\"']", arguments)
        if not positional and not re.search(r"\breason\s*=", arguments):
            yield file.at(found.start(), f"pytest.mark.{found[1]} without a reason")


# --- Programs.

# The first line of what can be started. Another interpreter than the distribution's is another on every machine.
INTERPRETERS = {"#!/usr/bin/env bash", "#!/bin/sh", "#!/usr/bin/python3"}

# What every Debian has: the shell's own words, and the packages without which there is no Debian.
EVERYWHERE = set(
    "[ : alias break case cd command continue declare do done echo elif else esac eval exec exit export false fi for "
    "function if in let local printf pwd read return select set shift source test then time trap true type ulimit "
    "umask until unset wait while "
    "apt-cache apt-get awk basename bash cat chmod chown chrt cp cut date df dirname dpkg dpkg-query env find flock "
    "grep gzip head hostname id install ionice kill ln ls md5sum mkdir mktemp mount mv nproc rm sed seq setpriv "
    "setsid sh sha256sum sleep sort stat sync tail tar taskset tee timeout touch tr umount uname uniq unshare wc "
    "xargs".split())
# Asked for where they are used, and done without.
EVERYWHERE |= {"sudo", "systemctl"}
# The package of scripts/install-dependencies that brings a program.
PACKAGE_OF = {
    "cmake": "cmake", "ctest": "cmake", "c++": "g++", "g++": "g++", "ninja": "ninja-build", "curl": "curl",
    "uuidgen": "uuid-runtime", "node": "nodejs", "npm": "npm", "clang-format": "clang-format-14",
    "python3": "python3", "redis-server": "redis-server", "redis-cli": "redis-server", "psql": "postgresql-client",
    "pgbouncer": "pgbouncer",
    "sqlite3": "sqlite3", "nginx": "nginx-light", "pgrep": "procps", "ps": "procps", "chromium": "chromium",
    "pastebinit": "pastebinit", "gist-paste": "gist", "ruby": "gist", "groff": "groff-base", "openssl": "openssl",
    "git": "git", "wrk": "wrk", "valgrind": "valgrind", "callgrind_control": "valgrind", "strace": "strace",
    "h2o": "h2o",
}
# Those that many machines have twice: they are named by their path, or by the one function that knows which it is.
DECIDED = {
    "node": "harness.packages.node(), or ${node} in CMake", "nodejs": "harness.packages.node()",
    "npm": "harness.packages.install_packages(), or ${npm} in CMake", "npx": "harness.packages.install_packages()",
    "python": "/usr/bin/python3", "python3": "/usr/bin/python3",
    "pip": "a package of Debian", "pip3": "a package of Debian",
}

# Where a program is named: what starts one in Python, JavaScript, C++ and CMake.
STARTED = re.compile(
    r"""(?:\b(?:subprocess\.run|Popen|check_call|check_output|which|system_program|_output|execFile\w*|spawn\w*)"""
    r"""\(\s*\[?\s*"""
    r"""|(?<![\w.])run\(\s*|\bcommand\s*=\s*\[\s*|\bstart_(?:child|process)\(\{\s*)["'](\w[\w.+-]*)["']""")
STARTED_BY_CMAKE = re.compile(r"(?:\bCOMMAND|\bfind_program\(\s*\w+(?:\s+NAMES)?)\s+(?!\$)([\w.+-]+)")


def groups_of_packages(project):
    """{group: packages} of scripts/install-dependencies."""
    script = next((file.text for file in project.files if file.path == "scripts/install-dependencies"), "")
    lists = re.findall(r"^(\w+)=\(([^()]*)\)$", script, re.MULTILINE)
    return {name: set(words.split()) for name, words in lists}


def shell_code(text):
    """The script at the same length, without comments, lists and what is quoted. Commands in double quotes stay."""
    out, contexts, at = list(text), ["code"], 0

    def blank(end, filler=" "):
        nonlocal at
        end = end or len(text)  # what is not closed goes on to the end
        out[at:end] = [c if c == "\n" and filler == " " else filler for c in text[at:end]]
        at = end

    while at < len(text):
        rest = text[at:at + 2]
        if rest[0] == "\\":
            out[at:at + 2] = " " * len(rest)  # a line that is continued is one line
            at += 2
        elif contexts[-1] == "list":
            if rest[0] == ")":
                contexts.pop()
            blank(at + 1)
        elif contexts[-1] == "double" and rest != "$(":
            if rest[0] == '"':
                contexts.pop()
            blank(at + 1, '"')
        elif rest == "$(" and text[at + 2:at + 3] != "(":
            contexts.append("code")
            at += 2
        elif rest == "$(":
            blank(text.find("))", at) + 2, '"')
        elif rest == "${":
            blank(text.find("}", at) + 1, '"')
        elif rest[0] == "'":
            blank(text.find("'", at + 1) + 1, '"')
        elif rest[0] == '"':
            contexts.append("double")
            blank(at + 1, '"')
        elif rest[0] == "#" and (at == 0 or text[at - 1].isspace()):
            blank(text.find("\n", at) if "\n" in text[at:] else len(text))
        elif rest == "=(":
            contexts.append("list")
            at += 1
        else:
            if rest[0] == "(":
                contexts.append("code")
            elif rest[0] == ")" and len(contexts) > 1:
                contexts.pop()
            at += 1
    # The patterns of `case` are no commands.
    return re.sub(r"(?:\bin\s|;;)[^()]*?\)", lambda found: re.sub(r"[^\n]", " ", found[0]), "".join(out))


COMMAND = re.compile(
    r"(?:^|[;|&(])\s*(?:(?:then|else|elif|do|if|while|until|exec|time|!|\{)\s+)*(?:\w+\+?=[^\s(]*[ \t]+)*"
    r"([A-Za-z][\w.+-]*)(?=[\s;|&)]|\Z)", re.MULTILINE)


def shell_commands(text):
    """(offset, word) of the first word of each simple command, as far as one sees without a shell."""
    code = shell_code(text)
    functions = set(re.findall(r"^\s*(\w+)\(\)", code, re.MULTILINE))
    return [(found.start(1), found[1]) for found in COMMAND.finditer(code) if found[1] not in functions]


def is_shell(file):
    return bool(re.match(r"#!.*\b(ba)?sh\n", file.text))


@rule
def interpreter(project):
    """What can be started names the distribution's interpreter, not whichever lies in PATH."""
    for file in project.files:
        if file.suffix == ".lua":  # nobody starts it: Redis reads there what the script is
            continue
        if file.text.startswith("#!") and file.lines[0] not in INTERPRETERS:
            yield Finding(file.path, 1, f"{file.lines[0]}: one of {', '.join(sorted(INTERPRETERS))}")


@rule
def program_decided(project):
    """Which Node and which Python is used is said in one place, and PATH is not asked."""
    for file in project.files:
        if file.path.startswith("tests/style/"):
            continue
        if is_shell(file):
            named = shell_commands(file.text)
        elif file.suffix in (".cmake", ".txt"):
            named = ((found.start(), found[1]) for found in STARTED_BY_CMAKE.finditer(file.text))
        elif file.suffix == ".md":
            continue
        else:
            named = ((found.start(), found[1]) for found in STARTED.finditer(file.text))
        for offset, name in named:
            if name in DECIDED and file.path != "harness/packages.py":
                yield file.at(offset, f"`{name}` is whichever lies in PATH: {DECIDED[name]}")


@rule
def program_installed(project):
    """scripts/install-dependencies brings every program that is used: for the README's lines, its group `build`."""
    groups = groups_of_packages(project)
    for file in project.files:
        wanted = set().union(*groups.values())
        if file.path.startswith("tests/style/"):
            continue
        if is_shell(file):
            named = shell_commands(file.text)
        elif file.path == "README.md":
            # A person has no more than what ./run installs.
            wanted = groups.get("build", set())
            indented = [line if line.startswith("    ") else " " * len(line) for line in file.lines]
            named = shell_commands("\n".join(indented))
        elif file.path.startswith(("tests/", "harness/", "bench/", "deploy/")) and not file.suffix == ".md":
            named = ((found.start(), found[1]) for found in STARTED.finditer(file.text))
        else:
            continue
        for offset, name in named:
            if name in EVERYWHERE or PACKAGE_OF.get(name) in wanted:
                continue
            yield file.at(offset, f"`{name}`: no package of scripts/install-dependencies is known to bring it")


# --- Layout.

# Other releases lay out differently. 14 is Debian 12's.
CLANG_FORMAT_RELEASE = "14"


def find_clang_format():
    for name in (f"clang-format-{CLANG_FORMAT_RELEASE}", "clang-format"):
        program = shutil.which(name)
        if program:
            version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"\bversion {CLANG_FORMAT_RELEASE}\.", version):
                return program
    return None


@rule
def layout(project):
    """clang-format decides; nobody argues."""
    program = find_clang_format()
    if program is None:
        project.notes.append(f"clang-format {CLANG_FORMAT_RELEASE} is not installed: layout is not checked")
        return
    paths = [str(project.root / file.path) for file in project.cpp()]
    if not paths:
        return
    done = subprocess.run([program, "--dry-run", "--style=file", *paths], capture_output=True, text=True)
    places = {}
    for path, line in re.findall(r"^(.*?):(\d+):\d+: \w+: code should be clang-formatted", done.stderr, re.MULTILINE):
        places.setdefault(pathlib.Path(path).relative_to(project.root).as_posix(), []).append(int(line))
    for path, lines in places.items():
        yield Finding(path, lines[0], f"clang-format would change it here (and in {len(lines) - 1} more places)")
    if done.returncode != 0:
        yield Finding(".clang-format", 1, done.stderr.strip().split("\n")[0])


def check(project):
    """(rule, finding) of every rule."""
    return [(name, finding) for name, function in RULES.items() for finding in function(project)]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2], help="the tree to check")
    parser.add_argument("--rules", action="store_true", help="print the rules and exit")
    options = parser.parse_args(arguments)
    if options.rules:
        for name, function in RULES.items():
            print(f"{name}: {function.__doc__}")
        return 0
    project = Project(options.root)
    if not project.files:
        parser.error(f"there is nothing to check in {options.root}")
    findings = check(project)
    for name, finding in findings:
        print(f"{finding.path}:{finding.line}: [{name}] {finding.message}")
    for note in project.notes:
        print(note)
    print(f"{len(RULES)} rules, {len(project.files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
