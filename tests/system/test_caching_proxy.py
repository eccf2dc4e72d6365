"""nginx as a cache before the service, which asks whether what it has is current: the count climbs, edits show."""

import contextlib
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest

from harness.client import Client
from harness.server import Server
from harness.waiting import until

# After a second, by whole seconds, it asks again; `no-cache` would have it keep nothing at all.
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr crit;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=kept:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $http_host;
            proxy_cache kept;
            proxy_cache_key $request_uri$http_accept;
            proxy_ignore_headers Cache-Control Vary;
            proxy_cache_valid 200 1s;
            proxy_cache_revalidate on;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True


@pytest.fixture(scope="module")
def places(binary, tmp_path_factory):
    """The service, which counts views every three seconds, and nginx before it."""
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Server(binary, flags=["--views-flush", "3s"]) as server:
        configuration = folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port, upstream=server.url))
        process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(folder), "-c", str(configuration)])
        try:
            until(lambda: answers(port), 10, "nginx to listen")
            yield server, SimpleNamespace(url=f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_the_count_climbs_and_edits_show(places, slow_factor, accept):
    server, proxy = places
    with Client(server).signup() as author, Client(proxy) as reader:
        id = author.create(visibility="public", body="first text")["id"]
        states, bodies = set(), set()

        def read():
            answer = reader.get(f"/s/{id}", {"Accept": accept})
            assert answer.status == 200, answer
            states.add(answer.headers["X-Cache"])
            bodies.add(answer.body)
            return answer

        def climbed():
            read()
            return len(bodies) >= 2

        until(climbed, 11 * slow_factor, "the count to be seen to climb")
        # Between two flushes what nginx has is current, and is not sent again.
        until(lambda: read() and "REVALIDATED" in states, 11 * slow_factor, "nginx to keep what is current")
        assert author.patch(f"/snippets/{id}", {"body": "second text"}).status == 200
        changed = time.monotonic()
        until(lambda: "second text" in read().text, 5 * slow_factor, "the edit to be seen")
        assert time.monotonic() - changed < 3 * slow_factor
