"""A TCP proxy on 127.0.0.1 that can hold what passes through it, cut it, or lead elsewhere."""

import contextlib
import selectors
import socket
import threading
import time


class SlowWire:
    """Hands bytes on between clients and 127.0.0.1:`port`; a context manager.

    `delay`, in seconds, is added to what the server says; it may be changed while the proxy runs. While `cut` is set,
    nothing gets through and connections are closed at once. `rate`, in bytes a second, is what the server's answers
    have to share, as on a link: each connection has its turn, and what does not fit waits at the server.
    """

    def __init__(self, port, delay=0.0, rate=None):
        self.delay = delay
        self.rate = rate
        self.cut = False
        self.accepted = 0  # connections so far
        self._room = 0.0  # bytes that the rate still lets pass now
        self._filled = time.monotonic()
        self._forgotten = set()
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._held = []  # (when, socket, bytes), in the order of arrival
        self._full = set()  # whose buffer is full: what leads there waits, and nothing else does
        self._ending = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending = True
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def lead_to(self, port):
        """New connections go to that port; those that stand stay where they are."""
        self._target = ("127.0.0.1", port)

    def move_to(self, port):
        """The same, and those that stand are closed."""
        self._target = ("127.0.0.1", port)
        self._closing = True

    def forget(self):
        """From now on nothing passes on the connections that stand, and neither end is told: what a NAT does."""
        self._forgotten.update(
            key.fileobj for key in list(self._selector.get_map().values()) if key.data is not None
        )

    def _refill(self):
        now = time.monotonic()
        if self.rate:
            self._room = min(self._room + (now - self._filled) * self.rate, self.rate * 0.01)
        self._filled = now

    def cut_for(self, seconds):
        self.cut = True
        time.sleep(seconds)
        self.cut = False

    def _run(self):
        while not self._ending:
            self._refill()
            full = bool(self.rate) and self._room <= 0
            if full or self._full:
                time.sleep(0.001)
            for key, _ in self._selector.select(0 if full or self._full else 0.005):
                if key.data is None:
                    self._accept()
                elif key.fileobj.fileno() >= 0:  # not closed in this turn
                    if not (full and key.data[1]) and key.data[0] not in self._full:
                        self._hand_on(key.fileobj, *key.data)
            if self.cut or self._closing:
                self._closing = False
                self._close_all()
            self._deliver()

    def _deliver(self):
        now = time.monotonic()
        self._full.clear()
        kept = []
        for when, to, data in self._held:
            if when > now or to in self._full:
                kept.append((when, to, data))
                continue
            try:
                sent = to.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                continue
            if sent < len(data):
                self._full.add(to)
                kept.append((when, to, data[sent:]))
        self._held = kept

    def _close_all(self):
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()
        self._held.clear()

    def _accept(self):
        client, _ = self._listener.accept()
        if self.cut:
            client.close()
            return
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        client.setblocking(False)
        server.setblocking(False)
        self.accepted += 1
        self._selector.register(client, selectors.EVENT_READ, (server, False))
        self._selector.register(server, selectors.EVENT_READ, (client, True))

    def _hand_on(self, from_, to, answers):
        try:
            data = from_.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            for end in (from_, to):
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(end)
                end.close()
                self._forgotten.discard(end)
            return
        if from_ in self._forgotten:
            return
        if answers:
            self._room -= len(data)
        self._held.append((time.monotonic() + (self.delay if answers else 0), to, data))
        self._held.sort(key=lambda held: held[0])
