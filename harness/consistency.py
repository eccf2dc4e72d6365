"""Writers and readers on several instances, and the judgement over all that they saw.

Writers edit, hide (make private), show again and delete snippets on random instances; each snippet has one writer, who
goes on when his last write has been answered, so its versions have an order. Readers read all of them on all instances.
Everybody notes when he asked and when he was answered (one clock for all processes), and `judge` looks at the notes
afterwards: nothing is thrown away, and no reader waits for a writer.

As a script it is one such process; `Traffic` starts several.
"""

import base64
import bisect
import json
import pickle
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple, Optional

ANSWER_MAX = 15  # seconds


class Write(NamedTuple):
    """A write as its writer saw it. `answered` is None when its outcome is not known."""

    id: str
    instance: int
    asked: float
    answered: Optional[float]
    version: int
    visible: bool


class Read(NamedTuple):
    """`version` is what was served, None when there was nothing to be served (404, 410)."""

    id: str
    instance: int
    asked: float
    answered: float
    version: Optional[int]


class Wire:
    """A keep-alive connection that costs little: requests of one shape, answers with Content-Length."""

    _LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)

    def __init__(self, port):
        self._port = port
        self._socket = None

    def ask(self, request):
        """Status, head and body. Raises OSError; the next call connects anew."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_MAX)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            data = b""
            while b"\r\n\r\n" not in data:
                data += self._receive()
            head, _, body = data.partition(b"\r\n\r\n")
            length = self._LENGTH.search(head)
            while length and len(body) < int(length[1]):
                body += self._receive()
            return int(head[9:12]), head, body
        except OSError:
            self.close()
            raise

    def _receive(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        return data

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _request(method, path, session=None, value=None):
    body = b"" if value is None else json.dumps(value).encode()
    cookie = f"Cookie: session={session}\r\n" if session else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{cookie}"
    if body:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


_VERSION = re.compile(rb'\r\netag: "v(\d+)-raw"', re.IGNORECASE)


class _Party:
    def __init__(self, ports, seed):
        self.random = random.Random(seed)
        self.wires = [Wire(port) for port in ports]
        self.notes = []
        self.errors = Counter()

    def ask(self, instance, request):
        """(status, head, body), or None when there is no answer or the service is not available."""
        try:
            answer = self.wires[instance].ask(request)
        except OSError as error:
            self.errors[type(error).__name__] += 1
            return None
        if answer[0] >= 500:
            self.errors[answer[0]] += 1
            return None
        return answer


class _Reader(_Party):
    def run(self, ids, stop):
        requests = [(id, _request("GET", f"/s/{id}/raw")) for id in ids]
        while not stop.is_set():
            id, request = self.random.choice(requests)
            instance = self.random.randrange(len(self.wires))
            asked = time.monotonic()
            answer = self.ask(instance, request)
            answered = time.monotonic()
            if answer is None:
                continue
            if answer[0] == 200:
                version = int(_VERSION.search(answer[1])[1])
            else:
                assert answer[0] in (404, 410), answer
                version = None
            self.notes.append(Read(id, instance, asked, answered, version))


class _Writer(_Party):
    """Edits snippets of his own in turn. Now and then one is hidden or shown, and one in `deleted` ends deleted."""

    PAUSE = 0.01

    def run(self, session, ids, stop):
        self.session = session
        self.versions = {id: (1, True) for id in ids}
        while not stop.is_set() and self.versions:
            self.write_one(self.random.choice(sorted(self.versions)))
            time.sleep(self.random.uniform(0, 2 * self.PAUSE))

    def write_one(self, id):
        version, visible = self.versions[id]
        kind = self.random.random()
        if kind < 0.004:
            request, visible = _request("DELETE", f"/snippets/{id}", self.session), False
        elif kind < 0.15:
            visible = not visible
            value = {"visibility": "unlisted" if visible else "private"}
            request = _request("PATCH", f"/snippets/{id}", self.session, value)
        else:
            request = _request("PATCH", f"/snippets/{id}", self.session, {"body": f"{id} {version} {kind}"})
        deletes = kind < 0.004
        instance = self.random.randrange(len(self.wires))
        asked = time.monotonic()
        answer = self.ask(instance, request)
        answered = time.monotonic()
        if answer is None:
            self.notes.append(Write(id, instance, asked, None, version + 1, visible))
            self.find_out(id, instance)
        elif deletes:
            assert answer[0] in (204, 404), answer
            self.notes.append(Write(id, instance, asked, answered, sys.maxsize, False))
            del self.versions[id]
        else:
            assert answer[0] == 200, answer
            version = json.loads(answer[2])["version"]
            self.notes.append(Write(id, instance, asked, answered, version, visible))
            self.versions[id] = (version, visible)

    def find_out(self, id, instance):
        """What has become of a write that was not answered, from the store."""
        begun = time.monotonic()
        while time.monotonic() - begun < ANSWER_MAX:
            time.sleep(0.05)
            answer = self.ask(instance, _request("GET", f"/snippets/{id}", self.session))
            if answer and answer[0] == 200:
                value = json.loads(answer[2])
                self.versions[id] = (value["version"], value["visibility"] != "private")
                return
            if answer and answer[0] == 404:
                break
        self.versions.pop(id, None)


def _main():
    plan = json.loads(base64.b64decode(sys.argv[1]))
    stop = threading.Event()
    parties, threads = [], []
    for number in range(plan["parties"]):
        seed = f"{plan['seed']}/{number}"
        if plan["role"] == "reader":
            party = _Reader(plan["ports"], seed)
            arguments = (plan["ids"], stop)
        else:
            party = _Writer(plan["ports"], seed)
            arguments = (plan["session"], plan["ids"][number :: plan["parties"]], stop)
        parties.append(party)
        threads.append(threading.Thread(target=party.run, args=arguments))
        threads[-1].start()
    print("started", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    notes = [tuple(note) for party in parties for note in party.notes]
    errors = sum((party.errors for party in parties), Counter())
    sys.stdout.buffer.write(pickle.dumps((notes, dict(errors))))


class Traffic:
    """Readers and writers in processes of their own, from `with` to `stop`."""

    def __init__(self, servers, ids, session, readers=8, processes=2, writers=3, seed=1):
        ports = [server.port for server in servers]
        common = {"ports": ports, "ids": ids, "session": session}
        self._plans = [
            {**common, "role": "reader", "parties": readers // processes, "seed": f"{seed}r{number}"}
            for number in range(processes)
        ]
        self._plans.append({**common, "role": "writer", "parties": writers, "seed": f"{seed}w"})
        self._processes = []

    def __enter__(self):
        for plan in self._plans:
            argument = base64.b64encode(json.dumps(plan).encode()).decode()
            process = subprocess.Popen(
                [sys.executable, __file__, argument], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._processes.append(process)
            assert process.stdout.readline() == b"started\n"
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.wait()

    def stop(self):
        """Returns (writes, reads, errors by kind)."""
        for process in self._processes:
            process.stdin.close()
        writes, reads, errors = [], [], Counter()
        for process, plan in zip(self._processes, self._plans):
            notes, failed = pickle.loads(process.stdout.read())
            assert process.wait() == 0
            if plan["role"] == "reader":
                reads += [Read(*note) for note in notes]
            else:
                writes += [Write(*note) for note in notes]
            errors.update(failed)
        return writes, reads, errors


@dataclass
class Judgement:
    violations: list = field(default_factory=list)  # sentences
    stalest_ms: float = 0.0  # on an instance that had not taken the edit
    judged: int = 0


def judge(writes, reads, bound):
    """Holds every read against what had been acknowledged when it was asked.

    On the instance that took a write nobody is served an older state from the acknowledgement on; on the others from
    `bound` seconds after it. Older is: a lower version, or any version of what was hidden or deleted, or nothing where
    there is something again. What has not been acknowledged, but asked for before the answer, may be seen.
    """
    judgement = Judgement()
    by_id = defaultdict(list)
    for write in sorted(writes, key=lambda write: write.asked):
        by_id[write.id].append(write)
    for id in {read.id for read in reads}:
        by_id[id].insert(0, Write(id, -1, 0.0, 0.0, 1, True))
    asked = {id: [write.asked for write in history] for id, history in by_id.items()}
    for read in reads:
        judgement.judged += 1
        history = by_id[read.id]
        newest = bisect.bisect_right(asked[read.id], read.answered) - 1
        seen = next((at for at in range(newest, -1, -1) if _explains(history[at], read)), None)
        if seen is None:
            judgement.violations.append(f"nobody has written what was served: {read}")
            continue
        newer = [write for write in history[seen + 1 : newest + 1] if write.answered and write.answered < read.asked]
        if not newer:
            continue
        late = read.asked - newer[0].answered
        own = [write for write in newer if write.instance == read.instance]
        if own:
            judgement.violations.append(f"on the instance that took the write: {read} after {own[0]}")
            continue
        judgement.stalest_ms = max(judgement.stalest_ms, late * 1000)
        if late > bound:
            judgement.violations.append(f"{late * 1000:.0f} ms late: {read} after {newer[0]}")
    return judgement


def _explains(write, read):
    if read.version is None:
        return not write.visible
    return write.visible and write.version == read.version


if __name__ == "__main__":
    _main()
