"""What snippetd is compared with: nginx, H2O, lighttpd, and the bare epoll loop."""

import os
import time

from harness.postgres import free_port

from . import processes


class FileServer:
    """A web server with the files in `folder`/www, from one process; running inside the `with`.

    configuration: a template; what is filled in is the folder, and `values`. command: all but the configuration's path,
    which comes last.
    """

    def __init__(self, configuration, folder, core, command, **values):
        self.folder = folder
        self.core = core
        os.makedirs(folder / "www", exist_ok=True)
        self.file = folder / configuration.name
        self.file.write_text(configuration.read_text().format(folder=folder, **values))
        self.command = [*command, self.file]

    def __enter__(self):
        with open(self.folder / "error.log", "wb") as log:
            self.process = processes.start(self.command, self.core, stderr=log)
        time.sleep(0.3)
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.command[0]} does not start: " + (self.folder / "error.log").read_text())
        return self

    def __exit__(self, *_):
        processes.stop(self.process)

    def serve(self, name, content):
        (self.folder / "www" / name).write_bytes(content)

    @property
    def pid(self):
        return self.process.pid


class Nginx(FileServer):
    """On one port a file is sent by sendfile, on the other not; `/memory/NAME` is from memory (`return 200`)."""

    def __init__(self, bench, folder, core, open_files):
        self.ports = {"sendfile off": free_port(), "sendfile on": free_port()}
        super().__init__(bench / "nginx.conf", folder, core, ["nginx", "-p", folder, "-e", "stderr", "-c"],
                         open_files=open_files, port_sendfile_off=self.ports["sendfile off"],
                         port_sendfile_on=self.ports["sendfile on"])

    def serve(self, name, content):
        """From memory only what is there before the start."""
        super().serve(name, content)
        text = content.decode().replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}")
        (self.folder / f"memory-{name}.conf").write_text(f'location = /memory/{name} {{ return 200 "{text}"; }}\n')


class H2o(FileServer):
    def __init__(self, bench, folder, core, open_files):
        self.port = free_port()
        super().__init__(bench / "h2o.conf", folder, core, ["h2o", "-c"], port=self.port, open_files=open_files)


class Lighttpd(FileServer):
    def __init__(self, bench, folder, core, open_files):
        self.port = free_port()
        super().__init__(bench / "lighttpd.conf", folder, core, ["lighttpd", "-D", "-f"], port=self.port,
                         open_files=open_files)


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
