"""The longest turn of a worker's loop while texts of 1 MiB are written, read and shown by every face: as long everybody
else on that worker waits."""

import json
import urllib.parse

from . import report
from .samples import Spread
from .snippetd import Snippetd

BODY_BYTES = 1024 * 1024 - 64
WANTED_MS = 2
LINE = "for (std::size_t i = 0; i < lines.size(); ++i) { total += lines[i].size(); }  // \"quoted\"\n"
TEXT = (LINE * (BODY_BYTES // len(LINE) + 1))[:BODY_BYTES]
FORM = "application/x-www-form-urlencoded"


def measure(setup):
    rows, worst = [], []
    for name, work in WORKS.items():
        with Snippetd(setup.folder("turns-" + name.replace(" ", "-")), flags=["--threads", "1"]) as server:
            caller = _Caller(server)
            before = [_longest_ms(server)]
            for _ in range(setup.rounds):
                work(caller)
            longest = _longest_ms(server)
        rows.append([name, f"{before[0]:.2f}", f"{longest:.2f}"])
        worst.append(longest)
    table = report.table(["1 MiB", "ms before it", "longest turn, ms"], rows)
    note = (f"{setup.rounds} times each, one after the other, on a process of its own with one worker; turns are "
            "measured by the process (`snippetd_loop_longest_turn_seconds`).")
    aims = [report.at_most("longest turn of a loop with texts of 1 MiB", Spread([max(worst)]), WANTED_MS, " ms", 1)]
    return report.Section("Turns of a loop", aims, f"{note}\n\n{table}")


def _longest_ms(server):
    for line in server.request("GET", "/metrics").content.decode().splitlines():
        if line.startswith("snippetd_loop_longest_turn_seconds "):
            return float(line.split()[1]) * 1000
    raise RuntimeError("/metrics does not say how long the longest turn was")


class _Caller:
    """An account on the server, with its cookie."""

    def __init__(self, server):
        self.server = server
        answer = server.request("POST", "/auth/signup", {"username": "turns", "password": "correct horse"})
        self.cookie = answer.getheader("Set-Cookie").split(";")[0]

    def call(self, method, path, content=None, text=None, wanted=(200, 201, 303), **headers):
        fields = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = self.server.request(method, path, content, fields, text)
        if answer.status not in wanted:
            raise RuntimeError(f"{method} {path} answers {answer.status}: {answer.content[:200]}")
        return answer

    def create(self, **fields):
        return json.loads(self.call("POST", "/snippets", {"body": TEXT, **fields}).content)["id"]

    def once(self, **fields):
        """The same snippet each time."""
        if not hasattr(self, "id"):
            self.id = self.create(**fields)
        return self.id


def _edit(caller):
    caller.number = getattr(caller, "number", 0) + 1
    caller.call("PATCH", f"/snippets/{caller.once()}", {"body": TEXT[:-8] + f"{caller.number:8}"})


def _compare(caller):
    _edit(caller)
    caller.call("GET", f"/s/{caller.id}/revisions?from={caller.number}&to={caller.number + 1}", Accept="text/html")


WORKS = {
    "create, JSON": lambda caller: caller.create(),
    "create, form": lambda caller: caller.call("POST", "/", text=urllib.parse.urlencode({"body": TEXT}),
                                               Content_Type=FORM, Accept="text/html"),
    "create, gist": lambda caller: caller.call("POST", "/api/v3/gists", {"files": {"a.cpp": {"content": TEXT}}}),
    "create, haste": lambda caller: caller.call("POST", "/documents", text=TEXT),
    "create, upload": lambda caller: caller.call("POST", "/upload?title=a.cpp", text=TEXT, Content_Type="text/plain"),
    "edit, JSON": _edit,
    "fork": lambda caller: caller.call("POST", f"/snippets/{caller.once()}/fork"),
    "export": lambda caller: (caller.once(), caller.call("GET", "/auth/export")),
    "read, JSON": lambda caller: caller.call("GET", f"/s/{caller.create()}"),
    "read, raw": lambda caller: caller.call("GET", f"/s/{caller.create()}/raw"),
    "read, gist": lambda caller: caller.call("GET", f"/api/v3/gists/{caller.create()}"),
    "read, haste": lambda caller: caller.call("GET", f"/documents/{caller.create()}"),
    "page": lambda caller: caller.call("GET", f"/s/{caller.create(title='a.cpp')}", Accept="text/html",
                                       Accept_Encoding="br"),
    "page, Markdown": lambda caller: caller.call("GET", f"/s/{caller.create(title='README.md')}", Accept="text/html"),
    "page of the editor": lambda caller: caller.call("GET", f"/s/{caller.once()}/edit", Accept="text/html"),
    "page, changes": _compare,
}
