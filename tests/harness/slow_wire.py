"""A TCP proxy on 127.0.0.1 that can hold what passes through it, or cut it."""

import contextlib
import selectors
import socket
import threading
import time


class SlowWire:
    """Hands bytes on between clients and 127.0.0.1:`port`; a context manager.

    `delay`, in seconds, is added to what the server says; it may be changed while the proxy runs. While `cut` is set,
    nothing gets through and connections are closed at once.
    """

    def __init__(self, port, delay=0.0):
        self.delay = delay
        self.cut = False
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._held = []  # (when, socket, bytes), in the order of arrival
        self._ending = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._thread.start()
        return self

    def lead_to(self, port):
        """From now on to another server; connections to the one before are closed."""
        self._target = ("127.0.0.1", port)
        self._closing = True

    def __exit__(self, *_):
        self._ending = True
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _run(self):
        while not self._ending:
            for key, _ in self._selector.select(0.005):
                if key.data is None:
                    self._accept()
                elif key.fileobj.fileno() >= 0:  # not closed in this turn
                    self._hand_on(key.fileobj, *key.data)
            if self.cut or self._closing:
                self._closing = False
                self._close_all()
            now = time.monotonic()
            while self._held and self._held[0][0] <= now:
                _, to, data = self._held.pop(0)
                with contextlib.suppress(OSError):
                    to.sendall(data)

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
        self._selector.register(client, selectors.EVENT_READ, (server, False))
        self._selector.register(server, selectors.EVENT_READ, (client, True))

    def _hand_on(self, from_, to, answers):
        try:
            data = from_.recv(65536)
        except OSError:
            data = b""
        if not data:
            for end in (from_, to):
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(end)
                end.close()
            return
        self._held.append((time.monotonic() + (self.delay if answers else 0), to, data))
        self._held.sort(key=lambda held: held[0])
