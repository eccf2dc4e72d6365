"""Hot reads of one 1 KB snippet: snippetd, nginx and the bare epoll loop on one core, the load generator on another."""

import contextlib
import functools

from . import report
from .references import EpollLoop, Nginx
from .samples import alternate, cpu_us, rate, ratio, spread, watched
from .snippetd import Snippetd

NGINX_RATE_WANTED = 1.3
EPOLL_CPU_WANTED = 1.35
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
        nginx = Nginx(setup.bench / "nginx.conf", setup.folder("nginx"), setup.server_core, setup.open_files)
        stack.enter_context(nginx)

        headline_id = ids["warn"]
        pages = {"raw": f"/s/{headline_id}/raw", "JSON": f"/s/{headline_id}"}
        measures = {}
        for page, path in pages.items():
            response = servers["warn"].response_bytes(path)
            nginx.serve(page, response.partition(b"\r\n\r\n")[2])
            loop = EpollLoop(setup.epoll_loop, setup.folder("epoll"), page, response, setup.server_core)
            stack.enter_context(loop)
            for log, server in servers.items():
                own_path = path.replace(headline_id, ids[log])
                measures[page, log] = functools.partial(_read, setup, server, server.port, own_path, cached=True)
            measures[page, "loop"] = functools.partial(_read, setup, loop, loop.port, path)
        sending = _faster_way_to_send(setup, nginx)
        for page in pages:
            measures[page, "nginx"] = functools.partial(_read, setup, nginx, nginx.ports[sending], f"/{page}")

        order = [(page, server) for page in pages for server in ("warn", "nginx", "default", "loop")]
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
        names = {**LOGS, "nginx": f"nginx, {sending}", "loop": "bare epoll loop"}
        rows = []
        for key, name in names.items():
            own = samples[page, key]
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
            against_nginx, against_loop = ratio(own, nginx, rate), ratio(own, loop, cpu_us)
            aims.append(report.at_least(f"{what}: throughput against nginx", against_nginx, NGINX_RATE_WANTED))
            aims.append(report.at_most(f"{what}: CPU against the epoll loop", against_loop, EPOLL_CPU_WANTED))
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
