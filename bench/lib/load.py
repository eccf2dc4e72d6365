"""The load generators: this folder's own (load.cpp), and wrk to check it against."""

import json
import re

from . import processes


class Load:
    """binary: the built load.cpp; connections: how many, each with one request in flight."""

    def __init__(self, binary, connections):
        self.binary = binary
        self.connections = connections

    def hot(self, port, path, seconds, core, accept=None):
        """The same GET over and over, by a generator that keeps one core busy. Returns load's JSON.

        accept: the field Accept; with it compressed answers are taken too, as browsers do.
        """
        return self._run("hot", port, [seconds, path, *([accept] if accept else [])], core)

    def read(self, port, path, seconds, core):
        """As `hot`, by a generator that sleeps while it waits: it may share its core."""
        return self._run("read", port, [seconds, path], core)

    def post(self, port, seconds, token, body_file, status, core):
        """POST /snippets for a while, each to be answered with that status."""
        return self._run("create", port, [seconds, token, body_file], core, wanted={status})

    def once(self, port, first_id, count):
        """GET /s/ID, each of the ids exactly once."""
        answer = self._run("once", port, [first_id, count])
        if answer["requests"] != count:
            raise RuntimeError(f"{count} ids were to be read, {answer['requests']} were")
        return answer

    def missing(self, port, first_id, count):
        """The same of ids that are not there."""
        return self._run("once", port, [first_id, count], wanted={"404"})

    def create(self, port, seconds, token, body_file, may_refuse=False):
        """POST /snippets for a while. may_refuse: 503 is an answer too, for more than can be done."""
        wanted = {"201", "503"} if may_refuse else {"201"}
        return self._run("create", port, [seconds, token, body_file], wanted=wanted)

    def start_slices(self, slice_seconds, file, mode, port, *arguments):
        """Starts a load of that mode ("read", "create") that runs beside others. file: where its output goes."""
        return Slices([self.binary, "--slices", slice_seconds, mode, port, self.connections, *arguments], file)

    def _run(self, mode, port, arguments, core=None, wanted=frozenset({"200"})):
        command = [self.binary, mode, port, self.connections, *arguments]
        answer = json.loads(processes.output_of(command, core))
        if not set(answer["status"]) <= wanted:
            raise RuntimeError(f"every status was to be {' or '.join(wanted)}, but they are {answer['status']}")
        return answer


class Slices:
    """A running load that reports each slice of its time."""

    def __init__(self, command, file):
        self._file = file
        with open(file, "wb") as out:
            self._process = processes.start(command, stdout=out, stderr=out)

    def finish(self, timeout):
        """Waits for the end and returns load's JSON about each slice."""
        try:
            self._process.wait(timeout)
        finally:
            processes.stop(self._process)
        lines = self._file.read_text().splitlines()
        if self._process.returncode != 0:
            raise RuntimeError(f"load ended with {self._process.returncode}: {lines[-1] if lines else ''}")
        return [json.loads(line) for line in lines[:-1]]


class Wrk(Load):
    """The same measure by wrk. It sleeps while it waits and spends more CPU per request than a fast server does."""

    def hot(self, port, path, seconds, core, accept=None):
        if accept:
            raise RuntimeError("pages are measured with --generator load")
        seconds = max(1, round(seconds))  # wrk takes whole seconds
        url = f"http://127.0.0.1:{port}{path}"
        command = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}", "--latency", url]
        text = processes.output_of(command, core)
        if "Non-2xx" in text or "Socket errors" in text:
            raise RuntimeError(f"wrk met errors:\n{text}")
        count, took = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
        found = {percent: re.search(rf"{percent}%\s+([\d.]+)(\w+)", text) for percent in (50, 99)}
        latency = {f"p{percent}": _microseconds(match) for percent, match in found.items()}
        return {"requests": int(count), "seconds": float(took), "hits": None, "latency_us": latency}


def _microseconds(match):
    return float(match[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[match[2]]
