"""What Redis costs and what it brings: hot reads with it, reads that only it has, limiter decisions, commands, and two
instances beside one."""

import contextlib
import functools
import json
import re
import threading

from harness.redis import Redis

from . import report
from .references import Nginx
from .samples import Sample, alternate, cpu_us, rate, ratio, spread, watched
from .snippetd import SNIPPET, UNLIMITED, Snippetd

NGINX_RATE_WANTED = 1.3
COMMANDS_PER_READ_WANTED = 0.001
COMMANDS_PER_CREATE_WANTED = 2
TWO_INSTANCES_WANTED = 1.8
REFUSED = ("--rate-limit", "write=1/1h")


def measure(setup):
    with setup.postgres() as cluster, Redis() as redis, contextlib.ExitStack() as stack:
        url = cluster.create_database()

        def start(name, *flags, core=None, limits=UNLIMITED):
            flags = ["--threads", "1", "--redis", redis.url(), *flags]
            return stack.enter_context(
                Snippetd(setup.folder(f"redis-{name}"), url, core=core, flags=flags, limits=limits))

        hot = start("hot", core=setup.server_core)
        id = hot.create_snippet()
        path = f"/s/{id}/raw"
        token = hot.create_account()
        redis_only = start("redis-only", "--cache-near-size", "0", core=setup.server_core)
        refusing = start("refusing", limits=REFUSED, core=setup.server_core)
        pair = [start(f"pair-{core}", core=core) for core in (setup.server_core, setup.load_core)]
        nginx = stack.enter_context(
            Nginx(setup.bench, setup.folder("redis-nginx"), setup.server_core, setup.open_files))
        nginx.serve("raw", hot.response_bytes(path).partition(b"\r\n\r\n")[2])
        port = next(iter(nginx.ports.values()))

        body = setup.folder("redis") / "body.json"
        body.write_text(json.dumps(SNIPPET))
        nothing = setup.folder("redis") / "nothing.json"
        nothing.write_text("{}")  # refused for its content, after the limiter has decided and before the store is asked
        commands = {"hot": [], "create": []}
        measures = {
            "hot": functools.partial(_counted, hot, commands["hot"], _get(setup, hot.pid, hot.port, path)),
            "nginx": _get(setup, nginx.pid, port, "/raw"),
            "redis only": _get(setup, redis_only.pid, redis_only.port, path),
            "allowed": _decide(setup, hot, token, nothing, "422"),
            "refused": _decide(setup, refusing, token, nothing, "429"),
            "create": functools.partial(_counted, hot, commands["create"], _decide(setup, hot, token, body, "201")),
            "one": functools.partial(_beside, setup, pair[:1], path),
            "two": functools.partial(_beside, setup, pair, path),
        }
        refusing.request("POST", "/snippets", SNIPPET, {"Authorization": f"Bearer {token}"})
        samples = alternate(setup.rounds, measures)
    return _section(samples, commands, setup)


def _get(setup, pid, port, path):
    def run():
        answer = setup.hot_load.hot(port, path, setup.seconds, setup.load_core)
        return answer["requests"], answer["seconds"], answer["latency_us"]["p50"], answer["latency_us"]["p99"]

    return lambda: watched({"server": pid}, run)


def _decide(setup, server, token, body, status):
    """POSTs that all end in that status."""

    def run():
        answer = setup.load.post(server.port, setup.seconds, token, body, status, setup.load_core)
        return answer["requests"], answer["seconds"], answer["latency_us"]["p50"], answer["latency_us"]["p99"]

    return lambda: watched({"server": server.pid}, run)


def _counted(server, per_request, run):
    """The sample, with the Redis commands a request, heartbeats and all, put into the list."""
    before = _commands(server)
    sample = run()
    per_request.append((_commands(server) - before) / sample.requests)
    return sample


def _commands(server):
    text = server.request("GET", "/metrics").content.decode()
    return sum(map(float, re.findall(r"^snippetd_redis_commands_total\{.*\} (\S+)", text, re.MULTILINE)))


def _beside(setup, servers, path):
    """Each server with a load generator of its own on the server's own core: what a core brings, generator included."""
    answers = []

    def drive(server):
        answers.append(setup.load.read(server.port, path, setup.seconds, server.core))

    threads = [threading.Thread(target=drive, args=[server]) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    requests = sum(answer["requests"] for answer in answers)
    return Sample(requests, answers[0]["seconds"], {}, None, None)


def _per_core(sample):
    return sample.requests / sample.cpu["server"]


def _section(samples, commands, setup):
    hot, two = samples["hot"], ratio(samples["two"], samples["one"], rate)
    per = {name: spread(values, float) for name, values in commands.items()}
    aims = [
        report.at_least("hot read with Redis, raw: throughput against nginx", ratio(hot, samples["nginx"], rate),
                        NGINX_RATE_WANTED),
        report.less_than("Redis commands per hot read", per["hot"], COMMANDS_PER_READ_WANTED, "", 5),
        report.at_most("Redis commands per create", per["create"], COMMANDS_PER_CREATE_WANTED, "", 3),
        report.at_least("two instances of one worker against one", two, TWO_INSTANCES_WANTED),
    ]
    names = {
        "hot": "hot read, raw",
        "nginx": "nginx, the same body",
        "redis only": "read that only Redis has (`--cache-near-size 0`), raw",
        "allowed": "limiter decision, allowed (one command)",
        "refused": "limiter decision, refused (no command)",
        "create": "create",
    }
    rows = [
        [name, spread(samples[key], rate).text(), spread(samples[key], cpu_us).text(1),
         spread(samples[key], _per_core).text(), spread(samples[key], lambda sample: sample.p50_us).text(),
         spread(samples[key], lambda sample: sample.p99_us).text()]
        for key, name in names.items()
    ]
    rows += [[f"hot read, {count} instance{'s' if count == 'two' else ''} and as many generators on as many cores",
              spread(samples[count], rate).text(), "", "", "", ""] for count in ("one", "two")]
    note = (
        f"PostgreSQL and Redis beside, {setup.rounds} rounds of {setup.seconds:g} s. One worker on core "
        f"{setup.server_core}, the load generator on core {setup.load_core}, {setup.connections} connections; Redis "
        "and PostgreSQL run where the system puts them, so what needs them shares the two cores with them. A limiter "
        "decision is a POST that is refused for its content after the limiter, so it is a whole request. Commands "
        "are all that the instance sends, its heartbeat and the flushes of views too."
    )
    headings = ["with `--redis`", "requests/s", "CPU µs/request", "per core and s", "p50 µs", "p99 µs"]
    return report.Section("Redis and several instances", aims, note + "\n\n" + report.table(headings, rows))
