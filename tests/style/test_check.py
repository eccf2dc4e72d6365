"""A bad example for each rule of check.py, and good ones that look like it."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("check", HERE / "check.py")
check = importlib.util.module_from_spec(spec)
sys.modules["check"] = check  # dataclasses looks there
spec.loader.exec_module(check)


def write(root, files):
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
    return check.Project(root)


def findings(root, rule, files):
    return [(finding.path, finding.line) for finding in check.RULES[rule](write(root, files))]


def cpp(body, path="src/api/example.cpp"):
    return {path: body}


def scripts(**files):
    """The files, and a list of packages."""
    return {"scripts/install-dependencies": "build=(\n    g++ curl\n)\ntest=(openssl)\n", **files}


# (rule, files, where)
BAD = [
    # The stages do not know each other, drivers no domain, http nothing but base.
    ("include-direction", {"src/limiter/a.cpp": '#include "store/store.hpp"\n'}, ("src/limiter/a.cpp", 1)),
    ("include-direction", {"src/limiter/a.hpp": '#pragma once\n#include "sql/pool.hpp"\n'}, ("src/limiter/a.hpp", 2)),
    ("include-direction", {"src/sql/a.cpp": '#include "model/snippet.hpp"\n'}, ("src/sql/a.cpp", 1)),
    ("include-direction", {"src/http/a.cpp": '\n#include "application/routes.hpp"\n'}, ("src/http/a.cpp", 2)),
    ("include-direction", {"src/base/a.cpp": '#include "http/request.hpp"\n'}, ("src/base/a.cpp", 1)),
    ("include-direction", {"src/api/a.cpp": '#include "app/site.hpp"\n'}, ("src/api/a.cpp", 1)),
    ("include-direction", {"src/api/a.cpp": '#include "settings/settings.hpp"\n'}, ("src/api/a.cpp", 1)),
    ("include-direction", {"src/settings/a.cpp": '#include "app/site.hpp"\n'}, ("src/settings/a.cpp", 1)),
    ("include-direction", {"src/api/a.cpp": '#include "sql/pool.hpp"\n'}, ("src/api/a.cpp", 1)),
    ("include-direction", {"src/main.cpp": '#include "store/store.hpp"\n'}, ("src/main.cpp", 1)),
    ("include-direction", {"src/newcomer/a.cpp": "\n"}, ("src/newcomer/a.cpp", 1)),
    ("vendor-header", {"src/api/a.cpp": "#include <boost/beast/http/field.hpp>\n"}, ("src/api/a.cpp", 1)),
    ("vendor-header", {"src/http/a.cpp": "#include <boost/beast/src.hpp>\n"}, ("src/http/a.cpp", 1)),
    ("vendor-header", {"src/store/store.hpp": "#include <soci/soci.h>\n"}, ("src/store/store.hpp", 1)),
    ("vendor-header", {"src/api/a.cpp": "#include <libpq-fe.h>\n"}, ("src/api/a.cpp", 1)),
    ("vendor-header", {"src/api/a.cpp": "#include <sodium.h>\n"}, ("src/api/a.cpp", 1)),
    ("vendor-header", {"src/app/serve.cpp": "#include <curl/curl.h>\n"}, ("src/app/serve.cpp", 1)),
    ("vendor-header", {"src/app/a.cpp": "#include <CLI/CLI.hpp>\n"}, ("src/app/a.cpp", 1)),
    ("vendor-header", {"src/base/log.hpp": "#include <spdlog/async.h>\n"}, ("src/base/log.hpp", 1)),
    ("vendor-header", {"src/api/a.cpp": "#include <prometheus/metric_family.h>\n"}, ("src/api/a.cpp", 1)),
    ("vendor-header", {"src/base/a.cpp": "#include <sys/epoll.h>\n"}, ("src/base/a.cpp", 1)),
    ("vendor-header", {"src/settings/table.cpp": "#include <toml++/toml.h>\n"}, ("src/settings/table.cpp", 1)),
    # The mode is decided once.
    ("mode-decided-once", {"src/app/site.cpp": "\nif (settings.redis.empty()) f();\n"}, ("src/app/site.cpp", 2)),
    ("mode-decided-once", {"src/app/site.cpp": 'a = s.database.starts_with("sqlite:");\n'}, ("src/app/site.cpp", 1)),
    ("mode-decided-once", {"src/app/site.cpp": "if (is_sqlite(settings)) f();\n"}, ("src/app/site.cpp", 1)),
    ("mode-decided-once", {"src/app/site.cpp": 'f(settings_.redis != "");\n'}, ("src/app/site.cpp", 1)),
    ("mode-decided-once", {"src/app/jobs.hpp": "redis::Clients* clients_;\n"}, ("src/app/jobs.hpp", 1)),
    ("mode-decided-once", {"src/api/a.hpp": "f(cache::RedisCache* cache);\n"}, ("src/api/a.hpp", 1)),
    ("mode-decided-once", {"src/api/a.cpp": "if (!redis_) return;\n"}, ("src/api/a.cpp", 1)),
    ("mode-decided-once", {"src/app/a.cpp": "if (backends.redis && watch) f();\n"}, ("src/app/a.cpp", 1)),
    ("mode-decided-once", {"src/app/a.cpp": "f(shared->redis ? a : b);\n"}, ("src/app/a.cpp", 1)),
    ("mode-decided-once", {"src/api/a.cpp": "reads_ = redis && reads;\n"}, ("src/api/a.cpp", 1)),
    ("pragma-once", {"src/base/a.hpp": "#include <string>\n"}, ("src/base/a.hpp", 1)),
    ("pragma-once", {"src/base/a.hpp": "// #pragma once\nint a();\n"}, ("src/base/a.hpp", 1)),
    ("own-header-first",
     {"src/base/a.hpp": "#pragma once\n", "src/base/a.cpp": '#include <string>\n#include "base/a.hpp"\n'},
     ("src/base/a.cpp", 1)),
    ("unused-header", {"src/base/a.hpp": "#pragma once\n", "src/base/a.cpp": '#include "base/a.hpp"\n'},
     ("src/base/a.hpp", 1)),
    ("unused-header", {"src/base/a.hpp": "#pragma once\n", "tests/unit/base/a_test.cpp": '#include "base/a.hpp"\n'},
     ("src/base/a.hpp", 1)),
    ("unused-header", {"tests/support/a.hpp": "#pragma once\n"}, ("tests/support/a.hpp", 1)),
    ("namespace-of-folder", {"src/cache/a.cpp": "namespace snippetd::store {\n}\n"}, ("src/cache/a.cpp", 1)),
    ("using-namespace-in-header", {"src/base/a.hpp": "#pragma once\nusing namespace std;\n"}, ("src/base/a.hpp", 2)),
    ("banned-call", cpp("void f() { std::this_thread::sleep_for(kPause); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("\nint f() { return usleep(1); }\n"), ("src/api/example.cpp", 2)),
    ("banned-call", cpp("int f() { return std::rand(); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("void f(char* to) { std::strcpy(to, from); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("void f(char* to) { sprintf(to, format); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("int f() { return std::atoi(text); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("auto f() { return std::from_chars(begin, end, number); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("bool f(char c) { return (c & 0xC0) == 0x80; }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("auto f() { return std::gmtime(&now); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("auto f() { return std::getenv(name); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("auto f() { return std::system(command); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("void f() { std::exit(1); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("void f() { std::thread{g}.detach(); }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("void f() { out << 1 << std::endl; }\n"), ("src/api/example.cpp", 1)),
    ("banned-call", cpp("std::regex pattern{text};\n"), ("src/api/example.cpp", 1)),
    ("co-await-temporary", cpp("co_await f([x] { return x; });\n"), ("src/api/example.cpp", 1)),
    ("co-await-temporary", cpp("co_await f(a,\n          [this] { g(); });\n"), ("src/api/example.cpp", 1)),
    ("co-await-temporary", cpp("auto x = co_await f({.a = 1});\n"), ("src/api/example.cpp", 1)),
    ("co-await-temporary", cpp("\nauto x = co_await f(a, {1, 2});\n"), ("src/api/example.cpp", 2)),
    ("co-await-temporary", cpp("co_return co_await f(Options{1}, b);\n"), ("src/api/example.cpp", 1)),
    ("co-await-temporary", cpp("co_await f(std::vector<int>{1});\n"), ("src/api/example.cpp", 1)),
    ("co-await-temporary", cpp("co_await f(g(store::Position{}));\n"), ("src/api/example.cpp", 1)),
    ("co-await-in-conditional", cpp("auto x = c ? co_await f() : T();\n"), ("src/api/example.cpp", 1)),
    ("co-await-in-conditional", cpp("auto x = c ? T() : co_await f();\n"), ("src/api/example.cpp", 1)),
    ("co-await-in-braces", cpp("Options o{co_await a(), co_await b()};\n"), ("src/api/example.cpp", 1)),
    ("coroutine-lambda-in-place", cpp("spawn(io, [this, x]() -> base::Awaitable<void> { co_await g(); }());\n"),
     ("src/api/example.cpp", 1)),
    ("todo-without-reference", cpp("// TODO: faster\n"), ("src/api/example.cpp", 1)),
    ("todo-without-reference", {"bench/run": "\n# FIXME later\n"}, ("bench/run", 2)),
    ("commented-out-code", cpp("void f() {\n    // store.close();\n}\n"), ("src/api/example.cpp", 2)),
    ("commented-out-code", cpp("// return 1;\n"), ("src/api/example.cpp", 1)),
    ("npm-runs-no-scripts", {"cmake/a.cmake": "COMMAND ${npm} ci --no-audit\n"}, ("cmake/a.cmake", 1)),
    ("npm-runs-no-scripts", {"harness/a.py": 'run(["npm", "ci", "--no-audit"])\n'}, ("harness/a.py", 1)),
    ("npm-runs-no-scripts", {"harness/a.py": '[system_program("npm"), "ci", "--no-fund"],\n'},
     ("harness/a.py", 1)),
    ("npm-runs-no-scripts", {"scripts/a": "\nnpm install esbuild\n"}, ("scripts/a", 2)),
    ("line-length", cpp("\n// " + "x" * 118 + "\n"), ("src/api/example.cpp", 2)),
    ("white-space", cpp("int a;\n\tint b;\n"), ("src/api/example.cpp", 2)),
    ("white-space", cpp("int a; \n"), ("src/api/example.cpp", 1)),
    ("white-space", cpp("int a;\r\n"), ("src/api/example.cpp", 1)),
    ("white-space", cpp("int a;"), ("src/api/example.cpp", 1)),
    ("white-space", {"docs/a.md": "text\n\n"}, ("docs/a.md", 3)),
    ("file-name", {"src/api/readShared.cpp": "\n"}, ("src/api/readShared.cpp", 1)),
    ("document-exists", cpp("\n// docs/decisions/0099-none.md says why\n"), ("src/api/example.cpp", 2)),
    ("excerpt-exists", {"docs/a.md": "So (`src/a.lua`):\n\n    b\n    a\n", "src/a.lua": "a\n  b\n"}, ("docs/a.md", 3)),
    ("excerpt-exists", {"docs/a.md": "So (`src/b.lua`):\n\n    …\n    a\n", "src/a.lua": "a\n"}, ("docs/a.md", 3)),
    ("excerpt-exists", {"docs/a.md": "\n**12** (`README.md`)\n", "README.md": "It does 1.12 and 12.5.\n"},
     ("docs/a.md", 2)),
    ("named-in-document", {"docs/a.md": "\n`base/b.hpp`\n", "src/base/a.hpp": "\n"}, ("docs/a.md", 2)),
    ("named-in-document", {"README.md": "`src/none/`\n", "src/base/a.hpp": "\n"}, ("README.md", 1)),
    ("named-in-document", {"docs/a.md": "`Cache::find()`\n", "src/a.hpp": "Cache\n", "src/b.hpp": "find\n"},
     ("docs/a.md", 1)),
    ("named-in-document",
     {"docs/a.md": "`Cache::find` (`base/a.cpp`)\n", "src/base/a.cpp": "\n", "src/base/b.hpp": "Cache find\n"},
     ("docs/a.md", 1)),
    ("named-in-document", {"docs/a.md": "`kWaitMax`\n", "src/a.hpp": "kWait\n"}, ("docs/a.md", 1)),
    ("named-in-document", {"docs/a.md": "`answer_now`\n", "src/a.hpp": "// answer now\n"}, ("docs/a.md", 1)),
    ("skipped-test", {"tests/unit/a_test.cpp": "TEST(A, B) {\n    GTEST_SKIP();\n}\n"}, ("tests/unit/a_test.cpp", 2)),
    ("skipped-test", {"tests/unit/a_test.cpp": "TEST(A, DISABLED_B) {}\n"}, ("tests/unit/a_test.cpp", 1)),
    ("skipped-test", {"tests/system/test_a.py": "def test_a():\n    pytest.skip()\n"}, ("tests/system/test_a.py", 2)),
    ("skipped-test", {"tests/system/test_a.py": "@pytest.mark.skip\ndef test_a():\n    pass\n"},
     ("tests/system/test_a.py", 1)),
    ("skipped-test", {"tests/system/test_a.py": "@pytest.mark.skipif(slow)\ndef test_a():\n    pass\n"},
     ("tests/system/test_a.py", 1)),
    # Interpreters and programs. What a person's machine has besides is no part of the project.
    ("interpreter", {"bench/run": "#!/usr/bin/env python3\n"}, ("bench/run", 1)),
    ("interpreter", {"scripts/a": "#!/usr/local/bin/bash\n"}, ("scripts/a", 1)),
    ("interpreter", {"web/a.mjs": "", "tests/browser/a.mjs": "#!/usr/bin/env node\n"}, ("tests/browser/a.mjs", 1)),
    ("program-decided", {"tests/system/test_a.py": 'subprocess.run(\n    ["node", "a.mjs"])\n'},
     ("tests/system/test_a.py", 1)),
    ("program-decided", {"tests/clients/test_a.py": 'x = 1\nrun("npx", "a")\n'}, ("tests/clients/test_a.py", 2)),
    ("program-decided", {"tests/a.mjs": 'execFileSync("python3", [])\n'}, ("tests/a.mjs", 1)),
    ("program-decided", {"cmake/a.cmake": "find_program(NODE NAMES node nodejs REQUIRED)\n"}, ("cmake/a.cmake", 1)),
    ("program-decided", {"cmake/a.cmake": "add_custom_command(\n    COMMAND npm ci)\n"}, ("cmake/a.cmake", 2)),
    ("program-decided", {"test": "#!/usr/bin/env bash\ncd a && python3 b\n"}, ("test", 2)),
    ("program-decided", {"test": '#!/usr/bin/env bash\na="$(LC_ALL=C pip3 list)"\n'}, ("test", 2)),
    ("program-installed", scripts(run="#!/usr/bin/env bash\nif true; then jq . a; fi\n"), ("run", 2)),
    ("program-installed", scripts(run='#!/bin/sh\n# a\na=$(b=c rg "$(cat "d e")")\n'), ("run", 3)),
    ("program-installed", scripts(run="#!/bin/sh\ncat a | \\\n    jq .\n"), ("run", 3)),
    ("program-installed", scripts(**{"tests/system/test_a.py": 'subprocess.run(["lsof", "-i"])\n'}),
     ("tests/system/test_a.py", 1)),
    ("program-installed", scripts(**{"tests/support/a.hpp": 'start_child({"memcached", "-p"});\n'}),
     ("tests/support/a.hpp", 1)),
    ("program-installed", scripts(**{"README.md": "# a\n\n    curl a\n    for i in 1; do openssl b; done\n"}),
     ("README.md", 4)),
    ("layout", {".clang-format": "BasedOnStyle: Google\n", **cpp("int  a ;\n")}, ("src/api/example.cpp", 1)),
]

# (rule, files) without a finding.
GOOD = [
    ("include-direction", {"src/store/a.cpp": '#include "sql/pool.hpp"\n#include "model/snippet.hpp"\n'}),
    ("include-direction", {"src/app/a.cpp": '#include "store/store.hpp"\n#include "application/routes.hpp"\n'}),
    ("include-direction", {"src/main.cpp": '#include "app/serve.hpp"\n'}),
    ("mode-decided-once", {"src/app/assemble.cpp": "if (settings.redis.empty() && is_sqlite(settings)) f();\n"}),
    ("mode-decided-once", {"src/settings/settings.cpp": "if (settings.database.empty()) f();\n"}),
    ("mode-decided-once", {"src/redis/clients.hpp": "struct Release { redis::Clients* clients; };\n"}),
    ("mode-decided-once", {"src/app/a.cpp": "f(parse_endpoint(settings.redis)); // if (redis) there is one\n"}),
    ("mode-decided-once", {"src/app/a.cpp": "if (redis.up() && redis_->up()) f(redis_state());\n"}),
    ("vendor-header", {"src/settings/file.cpp": "#include <toml++/toml.h>\n"}),
    ("vendor-header", {"src/http/boost_implementation.cpp": "#include <boost/beast/src.hpp>\n"}),
    ("vendor-header", {"src/store/snippet_row.hpp": "#include <soci/soci.h>\n"}),
    ("vendor-header", {"src/base/secret.cpp": "#include <sodium.h>\n"}),
    ("vendor-header", {"src/http/a.hpp": "#include <boost/beast/http/field.hpp>\n#include <sys/epoll.h>\n"}),
    ("pragma-once", {"src/base/a.hpp": "// What it is.\n#pragma once\n"}),
    ("own-header-first",
     {"src/base/a.hpp": "#pragma once\n", "src/base/a.cpp": '#include "base/a.hpp"\n\n#include <string>\n'}),
    ("unused-header", {"src/base/a.hpp": "#pragma once\n", "src/base/b.cpp": '#include "base/a.hpp"\n'}),
    ("namespace-of-folder", {"src/base/log.cpp": "namespace snippetd::log {\n}\n"}),
    ("using-namespace-in-header", {"src/base/a.hpp": "#pragma once\n// using namespace is not for headers\n"}),
    ("banned-call", {"src/app/site.cpp": "void f() { std::this_thread::sleep_for(kPause); }\n"}),
    ("banned-call", cpp('// sleep(1) would block\nconst char* text = "rand()";  // std::endl\nint i = brand();\n')),
    ("banned-call", cpp("std::mt19937 random; boost::asio::detached_t d; asio::co_spawn(io, f(), asio::detached);\n")),
    ("co-await-temporary", cpp("std::vector<int> ids{1};\nco_await f(std::move(ids), a[1], b(2));\n")),
    ("co-await-temporary", cpp("co_await timer.async_wait(token);\nauto g = [x] { return x; };\n")),
    ("co-await-temporary", cpp("if (co_await f(x)) {\n    g({1, 2});\n}\n")),
    ("co-await-in-conditional", cpp("auto x = co_await f();\nauto y = c ? x : T();\nco_await g();\n")),
    ("co-await-in-braces", cpp("{\n    co_await a();\n    co_await b();\n}\n")),
    ("coroutine-lambda-in-place", cpp("auto f = [this]() -> base::Awaitable<void> { co_await g(); };\nf();\n")),
    ("coroutine-lambda-in-place", cpp("spawn(io, [](int x) -> base::Awaitable<void> { co_await g(x); }(1));\n")),
    ("todo-without-reference", cpp("// TODO(#12): faster\n")),
    ("commented-out-code", cpp("// Closes it (see close);\n// what is left goes first; then more\n/// find(id);\n")),
    ("npm-runs-no-scripts", {"cmake/a.cmake": "COMMAND ${npm} ci --ignore-scripts\n", "docs/a.md": "npm ci: fails\n"}),
    ("line-length", {"docs/a.md": "| " + "x" * 200 + " |\n", **cpp("// " + "é" * 117 + "\n")}),
    ("white-space", cpp("int a;\n")),
    ("file-name", {"src/store/migrations/sqlite/0001_initial.sql": "\n", "bench/README.md": "\n"}),
    ("document-exists", {"docs/decisions/0001-layout.md": "\n", **cpp("// docs/decisions/0001-layout.md\n")}),
    ("excerpt-exists",
     {"docs/a.md": "So (`src/a.lua`):\n\n    a\n    …\n        c\n\nEnd.\n", "src/a.lua": "a\nb\nc\n"}),
    ("excerpt-exists", {"docs/a.md": "**1,234 ms**\n(`README.md`)\n", "README.md": "It takes 1,234 ms.\n"}),
    ("named-in-document",
     {"docs/a.md": "`find` in `base/a.cpp`\n", "src/base/a.cpp": "\n", "src/base/a.hpp": "find\n"}),
    ("named-in-document", {"docs/a.md": "`base/a.hpp`, `src/base/`, `Cache::find()`, `URL/a.json`, `kWait`\n",
                           "src/base/a.hpp": "class Cache { find(kWait); };\n"}),
    ("skipped-test", {"tests/unit/a_test.cpp": 'TEST(A, B) { GTEST_SKIP() << "no clock"; }\n'}),
    ("skipped-test", {"tests/system/test_a.py": 'pytest.skip(f"{why}")\n'}),
    ("skipped-test", {"tests/system/test_a.py": '@pytest.mark.skipif(slow, reason="slow")\ndef test_a():\n    pass\n'}),
    ("skipped-test", {"tests/system/test_a.py": '@pytest.mark.skip("a reason")\ndef test_a():\n    pass\n'}),
    ("interpreter", {"bench/run": "#!/usr/bin/python3\n", "run": "#!/usr/bin/env bash\n", "src/a.sql": "# !/bin/x\n",
                     "src/views/a.lua": "#!lua flags=allow-oom\n"}),
    ("program-decided", {"tests/clients/test_a.py": 'run(node(), "a.mjs")\nsubprocess.run(["/usr/bin/python3"])\n'}),
    ("program-decided", {"cmake/a.cmake": "add_custom_command(COMMAND ${npm} ci)\n"}),
    ("program-decided", {"test": "#!/bin/sh\n# python3 a\nb 'python3 c' \"python3 d\"\ne=(f\n    npm g)\n"}),
    ("program-installed",
     scripts(run="#!/bin/sh\njq() {\n    cat\n}\njq\ncase $a in\n    rg | fd) curl b ;;\nesac\n")),
    ("program-installed", scripts(**{"tests/system/test_a.py": 'subprocess.run(["openssl"])\nredis.call("GET")\n'})),
    ("program-installed", scripts(**{"README.md": "jq is not needed:\n\n    curl a | sort  # then jq\n"})),
    ("layout", {".clang-format": "BasedOnStyle: Google\n", **cpp("int a;\n")}),
]


def needs(rule):
    if rule == "layout" and check.find_clang_format() is None:
        pytest.skip(f"clang-format {check.CLANG_FORMAT_RELEASE} is not installed")


@pytest.mark.parametrize("rule, files, where", BAD, ids=[f"{i}-{case[0]}" for i, case in enumerate(BAD)])
def test_finds(tmp_path, rule, files, where):
    needs(rule)
    assert findings(tmp_path, rule, files) == [where]


@pytest.mark.parametrize("rule, files", GOOD, ids=[f"{i}-{case[0]}" for i, case in enumerate(GOOD)])
def test_accepts(tmp_path, rule, files):
    needs(rule)
    assert findings(tmp_path, rule, files) == []


def test_every_rule_has_examples():
    assert {case[0] for case in BAD} == set(check.RULES)
    assert {case[0] for case in GOOD} == set(check.RULES)


def test_every_rule_says_what_it_is_for():
    assert all(function.__doc__ for function in check.RULES.values())


def test_literals_and_comments_are_blanked_and_lines_stay():
    code = check.blank_comments_and_literals(
        'a("x // y"); // z\nb = \'"\'; /* one\ntwo */ c = 1\'000; R"sql(select "a"\n)sql"; d = 0x1\'0; e = \'\\\'\';')
    assert code.count("\n") == 3
    assert "z" not in code and "two" not in code and "select" not in code and "y" not in code
    assert "1'000" in code and "0x1'0" in code and "e =" in code


def test_findings_are_printed_and_end_with_1(tmp_path, capsys):
    write(tmp_path, {"src/base/a.cpp": "int a; \n", "build/release/b.cpp": "\t\n", "src/__pycache__/c.py": "\t\n"})
    (tmp_path / ".clang-format").write_text("DisableFormat: true\n")
    assert check.main(["--root", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "src/base/a.cpp:1: [white-space] blanks at the end of the line"
    assert lines[-1] == f"{len(check.RULES)} rules, 1 files, 1 findings"


def git(root, *arguments):
    subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)


def test_in_a_checkout_only_what_git_tracks_is_looked_at(tmp_path):
    write(tmp_path, {"src/base/a.cpp": "int a;\n", "jar.txt": "a\tb\n", "docs/mine.md": "\t\n", "tests/gone.py": ""})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "src", "tests")
    (tmp_path / "tests/gone.py").unlink()  # what is removed is tracked until that is committed
    assert [file.path for file in check.Project(tmp_path).files] == ["src/base/a.cpp"]
    git(tmp_path, "add", "docs")
    assert [file.path for file in check.Project(tmp_path).files] == ["docs/mine.md", "src/base/a.cpp"]


def test_in_another_users_checkout_too(tmp_path, monkeypatch):
    write(tmp_path, {"src/base/a.cpp": "int a;\n", "jar.txt": "a\tb\n"})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "src")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert [file.path for file in check.Project(tmp_path).files] == ["src/base/a.cpp"]


def test_without_git_all_files_are_looked_at(tmp_path):
    write(tmp_path, {"src/base/a.cpp": "int a;\n", "jar.txt": "a\tb\n", "elsewhere/b.txt": "\t\n"})
    assert [file.path for file in check.Project(tmp_path).files] == ["jar.txt", "src/base/a.cpp"]


def test_a_clean_tree_ends_with_0(tmp_path, capsys):
    write(tmp_path, {"src/base/a.cpp": "int a;\n", ".clang-format": "BasedOnStyle: Google\n"})
    assert check.main(["--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith(f"{len(check.RULES)} rules, 1 files, 0 findings\n")


def test_an_empty_tree_is_a_mistake(tmp_path):
    with pytest.raises(SystemExit) as ended:
        check.main(["--root", str(tmp_path)])
    assert ended.value.code == 2
