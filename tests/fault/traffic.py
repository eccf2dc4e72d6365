"""Writers and readers that remember what the server has acknowledged, and checks that it is still true later."""

import collections
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass

from harness.waiting import until
from harness.wire import BadAnswer, Closed, Connection


class Gone(Exception):
    """The connection was refused, or closed before the first byte of the answer.

    sent: whether the request, or a part of it, had gone out.
    """

    def __init__(self, sent):
        super().__init__(f"no answer; the request was {'sent' if sent else 'not sent'}")
        self.sent = sent


class Caller:
    """One connection that sends each request exactly once: no retry behind the test's back.

    Raises Gone when there is no answer and BadAnswer when an answer is cut short.
    """

    def __init__(self, server, session=None, timeout=10):
        self.server, self.session, self.timeout = server, session, timeout
        self.connection = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, method, path, document=None, headers=()):
        body = b"" if document is None else json.dumps(document).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.server.host}:{self.server.port}"]
        if self.session is not None:
            lines.append(f"Cookie: session={self.session}")
        lines += [f"{name}: {value}" for name, value in headers]
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        sent = False
        try:
            if self.connection is None:
                self.connection = Connection(self.server, self.timeout)
            sent = True
            self.connection.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            response = self.connection.read(method)
        except (Closed, ConnectionError) as error:
            self.close()
            raise Gone(sent) from error
        except BaseException:
            self.close()
            raise
        if "close" in response.headers.get("Connection", "").lower():
            self.close()
        return response

    def get(self, path):
        return self.call("GET", path)


@dataclass
class Attempt:
    """A create of which nobody knows whether it was carried out."""

    key: str
    document: dict


class Record:
    """What was sent and what was acknowledged, by all threads together."""

    def __init__(self):
        self.lock = threading.Lock()
        self.bodies = {}  # id → the acknowledged body
        self.unknown_bodies = {}  # id → the body of an edit without an answer
        self.deleted = set()
        self.unknown_deletes = set()
        self.unknown_creates = []
        self.views_sent = collections.Counter()
        self.views_answered = collections.Counter()
        self.answers = collections.Counter()  # (what, status) → how often
        self.wrong = []  # what must not have come back
        self.unread = collections.deque()  # ids that no reader has taken yet

    def count(self, kind):
        return sum(number for (what, status), number in self.answers.items() if what == kind and status < 300)

    def note(self, kind, response, good):
        """Counts the answer. Returns True when it is a success; a status that is neither good nor 503 is wrong."""
        with self.lock:
            self.answers[kind, response.status] += 1
            if response.status in good:
                return True
            if response.status != 503 or "Retry-After" not in response.headers:
                self.wrong.append((kind, response))
            return False


class Traffic:
    """Threads that create, edit, delete and read until stop(), or until the server is gone.

    Each has a connection and a random generator of its own. A body tells which create or edit it comes from.
    orderly: the server ends by SIGTERM, so connections may close but no answer may be cut short. Otherwise it ends by
    SIGKILL or not at all, and a connection that closes while it lives is wrong.
    """

    def __init__(self, server, session, seed, record, creators=2, editors=2, readers=2, orderly=False):
        self.server, self.session, self.record, self.orderly = server, session, record, orderly
        self._stop = threading.Event()
        jobs = [self._create] * creators + [self._edit] * editors + [self._read] * readers
        self._threads = [
            threading.Thread(target=self._guard, args=(job, random.Random(f"{seed}:{n}"))) for n, job in enumerate(jobs)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        self.join()

    def join(self):
        for thread in self._threads:
            thread.join()

    def _guard(self, job, r):
        with Caller(self.server, self.session) as caller:
            while not self._stop.is_set():
                try:
                    job(caller, r)
                except (Gone, BadAnswer) as error:
                    cut = isinstance(error, BadAnswer)
                    if self.orderly:
                        if cut:
                            self.record.wrong.append((job.__name__, error))
                        return
                    if self._ended():
                        return
                    self.record.wrong.append((job.__name__, error))

    def _ended(self):
        """Whether the process is gone, or will be in a moment."""
        deadline = time.monotonic() + 2
        while self.server.process.poll() is None:
            if time.monotonic() > deadline or self._stop.is_set():
                return False
            time.sleep(0.01)
        return True

    @staticmethod
    def _text(r, marker):
        return marker + "\n" + "".join(r.choice('abc äöü 片\n\t"\\') for _ in range(r.choice([1, 50, 500, 5000])))

    def _create(self, caller, r):
        marker = uuid.UUID(int=r.getrandbits(128)).hex
        attempt = Attempt(key=f"key-{marker}", document={"title": marker, "body": self._text(r, marker)})
        try:
            made = send_create(caller, attempt)
        except (Gone, BadAnswer) as error:
            if isinstance(error, BadAnswer) or error.sent:
                with self.record.lock:
                    self.record.unknown_creates.append(attempt)
            raise
        if self.record.note("create", made, {201}):
            with self.record.lock:
                self.record.bodies[made.json()["id"]] = attempt.document["body"]
                self.record.unread.append(made.json()["id"])
        else:
            with self.record.lock:
                self.record.unknown_creates.append(attempt)
            time.sleep(0.02)

    def _edit(self, caller, r):
        """Makes a snippet and edits it some times; deletes every third."""
        made = caller.call("POST", "/snippets", {"body": "first"})
        if not self.record.note("create", made, {201}):
            time.sleep(0.02)
            return
        id = made.json()["id"]
        with self.record.lock:
            self.record.bodies[id] = "first"
        for number in range(r.randint(1, 6)):
            body = self._text(r, f"edit {number} of {id}")
            with self.record.lock:
                self.record.unknown_bodies[id] = body
            edited = caller.call("PATCH", f"/snippets/{id}", {"body": body})
            if not self.record.note("edit", edited, {200}):
                time.sleep(0.02)
                return
            with self.record.lock:
                self.record.bodies[id] = body
                del self.record.unknown_bodies[id]
        if r.randrange(3) == 0:
            with self.record.lock:
                self.record.unknown_deletes.add(id)
            if self.record.note("delete", caller.call("DELETE", f"/snippets/{id}"), {204}):
                with self.record.lock:
                    self.record.unknown_deletes.discard(id)
                    self.record.deleted.add(id)
                    del self.record.bodies[id]

    def _read(self, caller, r):
        """Reads each snippet in one short burst and never again, so that a batch counted twice shows in its count."""
        try:
            id = self.record.unread.popleft()
        except IndexError:
            if self.server.process.poll() is not None:
                raise Gone(False)
            time.sleep(0.002)
            return
        for _ in range(r.randint(1, 5)):
            with self.record.lock:
                self.record.views_sent[id] += 1
            read = caller.get(f"/s/{id}/raw")
            if self.record.note("read", read, {200}):
                with self.record.lock:
                    self.record.views_answered[id] += 1
                    if read.body.decode() != self.record.bodies[id]:
                        self.record.wrong.append(("read", f"{id} has another body than was acknowledged"))


def send_create(caller, attempt):
    return caller.call("POST", "/snippets", attempt.document, [("Idempotency-Key", attempt.key)])


def check_record(record, caller, ids=None):
    """Every acknowledged create, edit and delete is there, and no snippet has more views than GETs were sent.

    What was unknown is looked up and becomes known. ids: which to check; all by default.
    """
    for id in list(record.bodies) if ids is None else ids:
        found = caller.get(f"/snippets/{id}")
        if id in record.unknown_deletes and found.status == 404:
            record.unknown_deletes.discard(id)
            record.deleted.add(id)
            del record.bodies[id]
            continue
        assert found.status == 200, f"{id} was acknowledged and is lost: {found!r}"
        snippet = found.json()
        right = [record.bodies[id], *([record.unknown_bodies.pop(id)] if id in record.unknown_bodies else [])]
        assert snippet["body"] in right, f"{id} holds {snippet['body'][:80]!r}, acknowledged was {right[0][:80]!r}"
        record.bodies[id] = snippet["body"]
        record.unknown_deletes.discard(id)
        sent = record.views_sent[id]
        assert snippet["view_count"] <= sent, f"{id} has {snippet['view_count']} views of {sent} GETs"
    for id in record.deleted:
        assert caller.get(f"/snippets/{id}").status == 404, f"{id} was deleted and is back"


def repeat_unknown_creates(record, caller, patience):
    """Repeats each with its key: it succeeds, and there is exactly one row of it."""
    while record.unknown_creates:
        attempt = record.unknown_creates.pop()

        def made():
            response = send_create(caller, attempt)
            # 409: the first try may still be running in the database.
            return response if response.status not in (409, 503) else None

        response = until(made, patience, f"a repeated create with {attempt.key} to succeed", interval=0.1)
        assert response.status == 201, response
        marker = attempt.document["title"]
        items = caller.get(f"/snippets?q={marker}").json()["items"]
        assert len(items) == 1, f"{len(items)} rows for one idempotency key: {items}"
        id = response.json()["id"]
        assert items[0]["id"] == id
        assert caller.get(f"/snippets/{id}").json()["body"] == attempt.document["body"]
        record.bodies[id] = attempt.document["body"]


def view_count(caller, id):
    """As the store has it. The owner's GET counts no view."""
    response = caller.get(f"/snippets/{id}")
    assert response.status == 200, response
    return response.json()["view_count"]


def wait_for_views(caller, id, count, patience):
    """The count arrives and is not passed: nothing is lost, nothing comes twice."""
    until(lambda: view_count(caller, id) >= count, patience, f"{count} views of {id} to be stored", interval=0.05)
    deadline = time.monotonic() + 1  # some flush intervals, in which a batch would be applied again
    while time.monotonic() < deadline:
        found = view_count(caller, id)
        assert found == count, f"{found} views of {count} GETs"
        time.sleep(0.1)
