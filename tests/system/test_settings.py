"""The contract's section "Build and run": commands, flags, environment, file, and what happens on a bad value."""

import json
import os
import pathlib
import re
import socket

import pytest

from harness import expect
from harness.client import Client
from harness.server import Server, run
from harness.waiting import until

PROJECT = pathlib.Path(__file__).resolve().parents[2]

# Each setting with a value that is not its default.
SETTINGS = {
    "listen": "127.0.0.1:4321",
    "data-dir": "/tmp/elsewhere",
    "database": "postgres://ada@db.example:5433/snippets",
    "threads": "3",
    "public-url": "https://paste.example",
    "trusted-proxies": "10.0.0.0/8",
    "rate-limit": "write=61/30s",
    "rate-limit-algorithm": "fixed-window",
    "rate-limit-on-failure": "closed",
    "cache": "off",
    "cache-ttl": "77s",
    "cache-near-size": "3MiB",
    "views": "sync",
    "views-flush": "7s",
    "jobs": "off",
    "max-body": "2MiB",
    "anonymous": "off",
    "signup": "off",
    "alert-webhook": "https://alerts.example/hook",
    "log-level": "debug",
    "log-format": "json",
}

# setting, value, a part of what is allowed
BAD_VALUES = [
    ("listen", "nohost", "HOST:PORT"),
    ("listen", "127.0.0.1:99999", "HOST:PORT"),
    ("database", "mysql://localhost/x", "postgres://"),
    ("redis", "localhost", "redis://"),
    ("threads", "0", "1"),
    ("threads", "many", "1"),
    ("public-url", "paste.example", "http"),
    ("trusted-proxies", "300.1.1.1/8", "10.0.0.0/8"),
    ("trusted-proxies", "10.0.0.0/99", "10.0.0.0/8"),
    ("rate-limit", "write=60", "write"),
    ("rate-limit", "writes=60/60s", "write"),
    ("rate-limit", "write=0/60s", "off"),
    ("rate-limit", "write=60/60", "off"),
    ("rate-limit-algorithm", "leaky-bucket", "sliding-window"),
    ("rate-limit-on-failure", "panic", "closed"),
    ("cache", "maybe", "off"),
    ("cache-ttl", "banana", "s"),
    ("cache-ttl", "300", "s"),
    ("cache-ttl", "-5s", "s"),
    ("cache-near-size", "64MB", "MiB"),
    ("views", "sometimes", "async"),
    ("views-flush", "10 seconds", "s"),
    ("jobs", "2", "off"),
    ("max-body", "1", "KiB"),
    ("max-body", "0", "KiB"),
    ("anonymous", "nobody", "off"),
    ("signup", "", "off"),
    ("alert-webhook", "ftp://x", "http"),
    ("log-level", "loud", "info"),
    ("log-format", "xml", "json"),
]


def toml(**settings):
    """A TOML file's text. Values are strings, numbers or lists, as a person would write them."""
    return "".join(f"{name.replace('_', '-')} = {json.dumps(value)}\n" for name, value in settings.items())


def effective(binary, *arguments, env=None):
    """What `snippetd config` prints, without comments."""
    done = run(binary, "config", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    return "\n".join(line.split("#")[0].rstrip() for line in done.stdout.splitlines() if line.split("#")[0].strip())


def variable(setting):
    return "SNIPPETD_" + setting.upper().replace("-", "_")


# --- Presets and scripts


def test_the_build_has_the_four_presets():
    presets = json.loads((PROJECT / "CMakePresets.json").read_text())["configurePresets"]
    assert {"release", "debug", "asan", "tsan"} <= {preset["name"] for preset in presets}


@pytest.mark.parametrize("script", ["run", "test"])
def test_run_and_test_are_executable(script):
    assert os.access(PROJECT / script, os.X_OK)


# --- Commands


def test_the_help_names_every_flag(binary):
    for arguments in (["--help"], ["serve", "--help"]):
        done = run(binary, *arguments)
        assert done.returncode == 0
        for setting in [*SETTINGS, "redis", "config"]:
            assert re.search(rf"--{setting}\b", done.stdout), setting
        for command in ("serve", "work", "migrate", "config"):
            assert re.search(rf"\b{command}\b", done.stdout), command


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["serve", "--no-such-flag", "x"], ["serve", "stray"], ["serve", "--cache-ttl"]]
)
def test_an_unknown_command_or_flag_exits_2(binary, arguments, tmp_path):
    done = run(binary, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert next(a for a in arguments if a != "serve") in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- Precedence


@pytest.fixture(scope="module")
def defaults(binary):
    return effective(binary)


@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_can_be_a_flag_a_variable_or_a_line_in_the_file(binary, defaults, setting, tmp_path):
    value = SETTINGS[setting]
    file = tmp_path / "snippetd.toml"
    file.write_text(toml(**{setting: value}))
    by_flag = effective(binary, f"--{setting}", value)
    assert by_flag != defaults, "the value changes nothing"
    assert effective(binary, env={variable(setting): value}) == by_flag
    assert effective(binary, "--config", str(file)) == by_flag


def test_a_flag_beats_the_environment_beats_the_file(binary, tmp_path):
    file = tmp_path / "snippetd.toml"
    file.write_text(toml(public_url="http://file.example"))
    config = ["--config", str(file)]
    env = {"SNIPPETD_PUBLIC_URL": "http://environment.example"}
    flag = ["--public-url", "http://flag.example"]
    for flags, environment, winner in [
        (config + flag, env, "flag"),
        (config + flag, {}, "flag"),
        (flag, env, "flag"),
        (config, env, "environment"),
        (config, {}, "file"),
    ]:
        with Server(binary, flags=flags, env=environment) as server:
            assert Client(server).create()["url"].startswith(f"http://{winner}.example/s/")


def test_a_file_takes_the_values_as_toml_writes_them(binary, tmp_path):
    file = tmp_path / "snippetd.toml"
    file.write_text(
        '# a comment\nlisten = ["127.0.0.1:0"]\nthreads = 2\nmax-body = "2KiB"\n'
        'rate-limit = ["write=3/1h", "signup=off"]\nanonymous = "off"\n'
    )
    with Server(binary, flags=["--config", str(file)], listen=None, rate_limits=True) as server:
        client = Client(server).signup()
        assert client.create(body="x" * 2048)
        assert client.post("/snippets", {"body": "x" * 2049}).status == 413
        assert client.post("/snippets", {"body": "x"}).status == 201
        expect.problem(client.post("/snippets", {"body": "x"}), 429, "rate_limited")


@pytest.mark.parametrize("text", ["no equals sign", 'cache-ttl = "unclosed', 'no-such-setting = "x"\n'])
def test_a_file_with_an_error_exits_2_and_names_it(binary, tmp_path, text):
    file = tmp_path / "snippetd.toml"
    file.write_text(text)
    done = run(binary, "serve", "--config", str(file))
    assert done.returncode == 2
    assert "snippetd.toml" in done.stderr


def test_a_file_that_is_missing_exits_2(binary, tmp_path):
    done = run(binary, "serve", "--config", str(tmp_path / "missing.toml"))
    assert done.returncode == 2
    assert "missing.toml" in done.stderr


# --- Units


@pytest.mark.parametrize("one, other", [("60000ms", "60s"), ("60s", "1m"), ("60m", "1h"), ("24h", "1d")])
def test_durations_take_ms_s_m_h_d(binary, one, other):
    assert effective(binary, "--cache-ttl", one) == effective(binary, "--cache-ttl", other) != effective(binary)


@pytest.mark.parametrize("one, other", [("1024KiB", "1MiB"), ("3072MiB", "3GiB")])
def test_sizes_take_kib_mib_gib(binary, one, other):
    assert (
        effective(binary, "--cache-near-size", one)
        == effective(binary, "--cache-near-size", other)
        != effective(binary)
    )


def test_the_defaults_are_those_of_the_contract(binary):
    assert effective(binary) == effective(
        binary,
        "--listen", "127.0.0.1:3000", "--data-dir", "./data", "--database", "sqlite:./data/snippets.db",
        "--threads", str(len(os.sched_getaffinity(0))), "--rate-limit", "write=60/60s",
        "--rate-limit", "anonymous=20/60s",
        "--rate-limit", "login=10/60s", "--rate-limit", "signup=10/60s", "--rate-limit-algorithm", "sliding-window",
        "--rate-limit-on-failure", "open", "--cache", "on", "--cache-ttl", "300s", "--cache-near-size", "64MiB",
        "--views", "async", "--views-flush", "10s", "--jobs", "on", "--max-body", "1MiB", "--anonymous", "on",
        "--signup", "on", "--log-level", "info", "--log-format", "text",
    )  # fmt: skip


# --- Bad values


def assert_refused(done, setting, value, allowed):
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    message = done.stderr
    assert re.search(setting, message.lower().replace("_", "-")), message
    assert value in message, message
    assert allowed in message, message
    assert "listening" not in message


@pytest.mark.parametrize("setting, value, allowed", BAD_VALUES)
def test_a_bad_value_exits_2_and_names_the_setting_the_value_and_what_is_allowed(
    binary, tmp_path, setting, value, allowed
):
    done = run(binary, "serve", f"--{setting}={value}", cwd=tmp_path)
    assert_refused(done, f"--{setting}", value, allowed)
    assert list(tmp_path.iterdir()) == [], "something was started"


@pytest.mark.parametrize("command", ["serve", "work", "migrate", "config"])
def test_a_bad_value_is_refused_by_every_command_and_from_every_source(binary, tmp_path, command):
    file = tmp_path / "snippetd.toml"
    file.write_text(toml(cache_ttl="banana"))
    assert_refused(run(binary, command, "--cache-ttl", "banana", cwd=tmp_path), "cache-ttl", "banana", "s")
    assert_refused(run(binary, command, env={"SNIPPETD_CACHE_TTL": "banana"}, cwd=tmp_path), "cache-ttl", "banana", "s")
    assert_refused(run(binary, command, "--config", str(file), cwd=tmp_path), "cache-ttl", "banana", "s")
    assert list(tmp_path.iterdir()) == [file]


def test_a_bad_value_is_refused_without_showing_a_secret(binary):
    done = run(binary, "serve", "--database", "mysql://ada:hunter22@localhost/x")
    assert done.returncode == 2
    assert "hunter22" not in done.stdout + done.stderr


# --- config


def test_config_prints_the_effective_settings_and_masks_secrets(binary, tmp_path):
    file = tmp_path / "snippetd.toml"
    file.write_text(toml(cache_ttl="77s"))
    done = run(
        binary, "config", "--config", str(file), "--database", "postgres://ada:hunter22@db.example:5433/snippets",
        "--alert-webhook", "https://bob:hunter44@alerts.example/hook",
        env={"SNIPPETD_THREADS": "3"},
    )  # fmt: skip
    assert done.returncode == 0
    for shown in ("77s", "db.example", "alerts.example", "snippets"):
        assert shown in done.stdout, shown
    assert re.search(r"^threads\W+3\b", done.stdout, re.MULTILINE), done.stdout
    for setting in SETTINGS:
        assert re.search(rf"^\W*{setting}\b", done.stdout, re.MULTILINE), setting
    for secret in ("hunter22", "hunter44"):
        assert secret not in done.stdout + done.stderr


def test_config_starts_nothing(binary, tmp_path):
    run(binary, "config", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- listen, data-dir, database


def test_listen_may_be_repeated_and_port_0_picks_a_free_one(binary):
    with Server(binary, flags=["--listen", "127.0.0.1:0"]) as server:
        until(lambda: len(server.addresses()) == 2, 5, "the second address in the log")
        ports = {port for _, port in server.addresses()}
        assert len(ports) == 2 and 0 not in ports
        for port in ports:
            assert Client(f"http://127.0.0.1:{port}").get("/healthz").status == 200


def test_ipv6_can_be_listened_on(binary):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Server(binary, listen="[::1]:0") as server:
        with socket.create_connection(("::1", server.port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_port_that_is_taken_by_another_program_is_an_error_at_start(binary, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run(binary, "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", str(tmp_path))
    assert done.returncode not in (0, -6, -11)
    assert str(port) in done.stderr


def test_a_port_that_is_taken_by_another_snippetd_is_an_error_at_start(binary, tmp_path):
    """With SO_REUSEPORT the system would let two processes share it, and callers would reach either."""
    with Server(binary) as server:
        done = run(binary, "serve", "--listen", f"127.0.0.1:{server.port}", "--data-dir", str(tmp_path))
        assert done.returncode not in (0, -6, -11)
        assert str(server.port) in done.stderr
        assert Client(server).get("/healthz").status == 200


def test_the_embedded_store_is_snippets_db_in_the_data_dir(binary, tmp_path):
    with Server(binary, data_dir=tmp_path / "made" / "on the way") as server:
        Client(server).create()
        assert (tmp_path / "made" / "on the way" / "snippets.db").exists()


def test_the_embedded_store_can_be_put_elsewhere(binary, tmp_path):
    with Server(binary, database=f"sqlite:{tmp_path}/elsewhere.db") as server:
        Client(server).create()
        assert (tmp_path / "elsewhere.db").exists()
        assert not (pathlib.Path(server.data_dir) / "snippets.db").exists()


def test_without_its_redis_the_service_starts_and_says_so(binary, tmp_path):
    with Server(binary, flags=["--redis", "redis://127.0.0.1:1/0"], data_dir=tmp_path) as server:
        server.wait_for_log("alert raised.*redis_down")
        assert Client(server).get("/readyz").json() == {"status": "degraded", "database": "ok", "redis": "down"}
        Client(server).create()


def test_a_database_that_cannot_be_reached_at_start_ends_in_a_clear_error(binary, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgres://ada:hunter22@127.0.0.1:{closed.getsockname()[1]}/x"
        done = run(binary, "migrate", "--database", url, "--data-dir", str(tmp_path))
    assert done.returncode not in (0, -6, -11)
    assert done.stderr.strip()
    assert "hunter22" not in done.stdout + done.stderr
