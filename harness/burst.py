"""Many requests at the same moment, each on a connection of its own."""

import contextlib
import http.client
import itertools
import json as json_module
import os
import socket

from .client import Headers, Response
from .descriptors import descriptors

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))


def request_bytes(method, path, json=None, body=None, headers=None, host="127.0.0.1"):
    """One HTTP/1.1 request that asks the server to close the connection afterwards."""
    if json is not None:
        body = json_module.dumps(json)
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {path} HTTP/1.1"]
    fields = {"Host": host, "Connection": "close", **(headers or {})}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def burst(servers, requests, timeout=30):
    """Opens one connection per request, sends all requests at once, then reads all answers, in order.

    `servers` is one server or a list of them, which take turns. Returns a list of Response, with None where the
    connection was closed without an answer.
    """
    servers = servers if isinstance(servers, list) else [servers]
    with contextlib.ExitStack() as opened:
        opened.enter_context(descriptors(len(requests) + 256, least=len(requests) + 256))
        connections = []
        for _, server in zip(requests, itertools.cycle(servers)):
            connection = socket.create_connection((server.host, server.port), timeout=timeout * TIME_FACTOR)
            connections.append(opened.enter_context(connection))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for connection, data in zip(connections, requests):
            connection.sendall(data)
        return [_read(connection, data) for connection, data in zip(connections, requests)]


def _read(connection, request):
    answer = http.client.HTTPResponse(connection, method=request.split(b" ", 1)[0].decode())
    try:
        answer.begin()
        return Response(answer.status, Headers(answer.getheaders()), answer.read())
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    finally:
        answer.close()
