"""Many clients that read one link after the other, in a process of their own: what they read is much, and must take
nothing of the time of the process that measures."""

import asyncio
import os
import subprocess
import sys

WARM = 20  # answers, before it counts as under way


class Readers:
    """`count` clients of a server, that go through the paths from different places; a context manager. They are under
    way inside the `with`. All answers must be 200, or 503, which a busy machine makes of them."""

    def __init__(self, server, paths, count):
        self._command = [sys.executable, "-m", "harness.readers", server.host, str(server.port), str(count), *paths]

    def __enter__(self):
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._process = subprocess.Popen(self._command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"under way\n"
        return self

    def __exit__(self, exception_type, *_):
        self._process.stdin.close()
        said = self._process.stdout.read().decode()
        code = self._process.wait()
        self._process.stdout.close()
        assert exception_type or code == 0, said


async def _read(host, port, paths, answers):
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
    while True:
        for path in paths:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert head.split()[1] in ("200", "503"), head
            length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
            await reader.readexactly(int(length.partition(":")[2]))
            answers[0] += 1
            if answers[0] == WARM:
                print("under way", flush=True)


async def _run(host, port, count, paths):
    answers = [0]
    reading = [
        asyncio.ensure_future(_read(host, port, paths[i % len(paths):] + paths[: i % len(paths)], answers))
        for i in range(count)
    ]
    told = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # the end of it ends this
    done, _ = await asyncio.wait([told, *reading], return_when=asyncio.FIRST_COMPLETED)
    for one in done:
        one.result()
    for one in reading:
        one.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
