"""What snippetd is compared with: nginx, and the bare epoll loop."""

import os
import time

from harness.postgres import free_port

from . import processes


class Nginx:
    """nginx serving the files in `folder`/www from one process; running inside the `with`."""

    def __init__(self, configuration, folder, core, open_files):
        self.ports = {"sendfile off": free_port(), "sendfile on": free_port()}
        self.folder = folder
        self.core = core
        os.makedirs(folder / "www", exist_ok=True)
        (folder / "nginx.conf").write_text(
            configuration.read_text().format(
                folder=folder,
                open_files=open_files,
                port_sendfile_off=self.ports["sendfile off"],
                port_sendfile_on=self.ports["sendfile on"],
            )
        )

    def __enter__(self):
        with open(self.folder / "error.log", "wb") as log:
            command = ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", "stderr"]
            self.process = processes.start(command, self.core, stderr=log)
        time.sleep(0.3)
        if self.process.poll() is not None:
            raise RuntimeError("nginx does not start: " + (self.folder / "error.log").read_text())
        return self

    def __exit__(self, *_):
        processes.stop(self.process)

    def serve(self, name, content):
        (self.folder / "www" / name).write_bytes(content)

    @property
    def pid(self):
        return self.process.pid


class EpollLoop:
    """The bare loop answering everything with `response`; running inside the `with`."""

    def __init__(self, binary, folder, name, response, core):
        self.port = free_port()
        self.core = core
        self.file = folder / f"{name}.response"
        self.file.write_bytes(response)
        self.binary = binary

    def __enter__(self):
        self.process = processes.start([self.binary, self.port, self.file], self.core)
        time.sleep(0.1)
        if self.process.poll() is not None:
            raise RuntimeError("the epoll loop does not start")
        return self

    def __exit__(self, *_):
        processes.stop(self.process)

    @property
    def pid(self):
        return self.process.pid
