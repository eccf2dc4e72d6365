"""A cached page beside the cached JSON of the same snippet: what a browser costs, and what a program does."""

import functools

from . import report
from .samples import alternate, cpu_us, rate, ratio, spread, watched
from .snippetd import Snippetd

CPU_WANTED = 1.3
SLICES = 4
ACCEPT = {"JSON": None, "page, brotli": "text/html,application/xhtml+xml,*/*;q=0.8"}


def measure(setup):
    with Snippetd(setup.folder("page"), log="warn", core=setup.server_core, flags=["--threads", "1"]) as server:
        path = f"/s/{server.create_snippet()}"
        measures = {name: functools.partial(_read, setup, server, path, accept) for name, accept in ACCEPT.items()}
        sizes = {name: _answer_bytes(server, path, accept) for name, accept in ACCEPT.items()}
        samples = alternate(setup.rounds * SLICES, measures)
    json, page = (samples[name] for name in ACCEPT)
    rows = []
    for name, own in samples.items():
        rows.append([name, f"{sizes[name]:,}", spread(own, rate).text(), ratio(own, json, rate).text(2),
                     spread(own, cpu_us).text(1), ratio(own, json, cpu_us).text(2)])
    table = report.table(["cached read", "bytes", "requests/s", "× JSON's", "CPU µs/request", "× JSON's"], rows)
    note = f"{setup.rounds * SLICES} rounds of {setup.seconds / SLICES:g} s; one worker, one 1 KB snippet."
    aims = [report.at_most("cached page: CPU against the cached JSON", ratio(page, json, cpu_us), CPU_WANTED)]
    return report.Section("Pages", aims, f"{note}\n\n{table}")


def _read(setup, server, path, accept):
    def run():
        answer = setup.hot_load.hot(server.port, path, setup.seconds / SLICES, setup.load_core, accept)
        if answer["hits"] < answer["requests"] - 2 * setup.connections:
            raise RuntimeError(f"only {answer['hits']} of {answer['requests']} reads were cache hits")
        return answer["requests"], answer["seconds"], answer["latency_us"]["p50"], answer["latency_us"]["p99"]

    return watched({"server": server.pid}, run)


def _answer_bytes(server, path, accept):
    fields = f"Accept: {accept}\r\nAccept-Encoding: gzip, br\r\n" if accept else ""
    return len(server.response_bytes(path, fields))
