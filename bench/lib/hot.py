"""Hot reads of one 1 KB snippet: snippetd, other servers and the bare epoll loop on one core, the load generator on
another."""

import contextlib
import functools
import shutil

from . import report
from .references import EpollLoop, H2o, Lighttpd, Nginx
from .samples import alternate, cpu_us, rate, ratio, spread, watched
from .snippetd import Snippetd

# Of throughput, at least.
WANTED = {"nginx": 1.35, "nginx memory": 1.1, "H2O": 1.1, "lighttpd": 1.1}
# Of the loop's CPU, at most.
EPOLL_CPU_WANTED = {"warn": 1.1, "default": 1.2}
LOGS = {"warn": "snippetd, `--log-level warn`", "default": "snippetd, default log"}
HEADLINE = ("raw", "warn")
SLICES = 4  # a machine may change its speed within seconds: many short intervals instead of few long ones
BUSY_PERCENT_LEAST = 85  # below it a server did not get its core, and its throughput says little


def measure(setup):
    with contextlib.ExitStack() as stack:
        servers = {}
        for log in LOGS:
            data = setup.folder(f"hot-{log}")
            server = Snippetd(data, log=log, core=setup.server_core, flags=["--threads", "1"])
            servers[log] = stack.enter_context(server)
        ids = {log: server.create_snippet() for log, server in servers.items()}
        place = (setup.server_core, setup.open_files)
        nginx = Nginx(setup.bench, setup.folder("nginx"), *place)
        others = {"lighttpd": Lighttpd(setup.bench, setup.folder("lighttpd"), *place)}
        if shutil.which("h2o"):  # Debian 13 has none
            others["H2O"] = H2o(setup.bench, setup.folder("h2o"), *place)

        headline_id = ids["warn"]
        pages = {"raw": f"/s/{headline_id}/raw", "JSON": f"/s/{headline_id}"}
        measures = {}
        for page, path in pages.items():
            response = servers["warn"].response_bytes(path)
            for server in (nginx, *others.values()):
                server.serve(page, response.partition(b"\r\n\r\n")[2])
            loop = EpollLoop(setup.epoll_loop, setup.folder("epoll"), page, response, setup.server_core)
            stack.enter_context(loop)
            for log, server in servers.items():
                own_path = path.replace(headline_id, ids[log])
                measures[page, log] = functools.partial(_read, setup, server, server.port, own_path, cached=True)
            measures[page, "loop"] = functools.partial(_read, setup, loop, loop.port, path)
        for server in (nginx, *others.values()):
            stack.enter_context(server)
        sending = _faster_way_to_send(setup, nginx)
        memory_port = nginx.ports["sendfile off"]
        for page in pages:
            measures[page, "nginx"] = functools.partial(_read, setup, nginx, nginx.ports[sending], f"/{page}")
            measures[page, "nginx memory"] = functools.partial(_read, setup, nginx, memory_port, f"/memory/{page}")
            for name, server in others.items():
                measures[page, name] = functools.partial(_read, setup, server, server.port, f"/{page}")

        servers_in_turn = ("warn", "nginx", "H2O", "default", "loop", "lighttpd", "nginx memory")
        order = [(page, server) for page in pages for server in servers_in_turn if (page, server) in measures]
        samples = alternate(setup.rounds * SLICES, {name: measures[name] for name in order})
    return _section(samples, pages, sending, setup)


def _read(setup, server, port, path, cached=False):
    def run():
        answer = setup.hot_load.hot(port, path, setup.seconds / SLICES, setup.load_core)
        # All but the first reads and those at the end of a TTL must come from the near cache.
        if cached and answer["hits"] is not None and answer["hits"] < answer["requests"] - 2 * setup.connections:
            raise RuntimeError(f"only {answer['hits']} of {answer['requests']} hot reads were cache hits")
        return answer["requests"], answer["seconds"], answer["latency_us"]["p50"], answer["latency_us"]["p99"]

    return watched({"server": server.pid}, run)


def _faster_way_to_send(setup, nginx):
    ways = {way: functools.partial(_read, setup, nginx, port, "/raw") for way, port in nginx.ports.items()}
    samples = alternate(2, ways)
    return max(samples, key=lambda way: spread(samples[way], rate).median)


def _busy_percent(sample):
    return sample.cpu["server"] / sample.seconds * 100


def _section(samples, pages, sending, setup):
    aims, tables = [], []
    for page in pages:
        nginx, loop = samples[page, "nginx"], samples[page, "loop"]
        names = {**LOGS, "nginx": f"nginx, {sending}", "nginx memory": "nginx, from memory (`return 200`)",
                 "H2O": "H2O", "lighttpd": "lighttpd", "loop": "bare epoll loop"}
        rows = []
        for key, name in names.items():
            own = samples.get((page, key))
            if own is None:
                continue
            rows.append([
                name,
                spread(own, rate).text(),
                ratio(own, nginx, rate).text(2),
                spread(own, cpu_us).text(1),
                ratio(own, loop, cpu_us).text(2),
                spread(own, _busy_percent).text(0),
                spread(own, lambda sample: sample.p50_us).text(),
                spread(own, lambda sample: sample.p99_us).text(),
            ])
        headings = [f"hot read, {page}", "requests/s", "× nginx's", "CPU µs/request", "× the loop's", "core busy %",
                    "p50 µs", "p99 µs"]
        tables.append(report.table(headings, rows))
        for log in LOGS:
            what = f"hot read, {page}, {LOGS[log].removeprefix('snippetd, ')}"
            if (page, log) == HEADLINE:
                what = f"**{what}**"
            own = samples[page, log]
            against = WANTED if log == "warn" else {"nginx": WANTED["nginx"]}
            for other, wanted in against.items():
                if (page, other) not in samples:
                    continue
                against_other = ratio(own, samples[page, other], rate)
                name = {"nginx": "nginx, from a file", "nginx memory": "nginx, from memory"}.get(other, other)
                aims.append(report.at_least(f"{what}: throughput against {name}", against_other, wanted))
            against_loop = ratio(own, loop, cpu_us)
            aims.append(report.at_most(f"{what}: CPU against the epoll loop", against_loop, EPOLL_CPU_WANTED[log]))
    note = (
        f"{setup.rounds * SLICES} rounds of {setup.seconds / SLICES:g} s. One worker on core {setup.server_core}, the "
        "load "
        f"generator on core {setup.load_core}, {setup.connections} connections with one request in flight each. The "
        "headline is the raw read with `--log-level warn`, because nginx runs with `access_log off`; the default log "
        "is "
        f"shown beside it. nginx: one process, `open_file_cache`, {sending} (the faster one here). The loop answers "
        "with "
        "snippetd's own bytes, headers included."
    )
    least_busy = min(spread(own, _busy_percent).median for own in samples.values())
    if least_busy < BUSY_PERCENT_LEAST:
        note += (
            f"\n\n**A server had its core for only {least_busy:.0f} % of the time: the machine did other work, or the "
            "load generator was the slower side. Trust the CPU per request, not the throughput.**"
        )
    return report.Section("Hot reads", aims, "\n\n".join([note, *tables]))
