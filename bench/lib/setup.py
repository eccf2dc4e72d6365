"""What every measure is given: programs, built and installed, a scratch folder, and the options."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

from harness.postgres import binary_folder

from . import ROOT, processes
from .database import Cluster
from .load import Load, Wrk
from .snippetd import BINARY

BENCH = ROOT / "bench"
BUILT = ROOT / "build" / "bench"

class Setup:
    def __init__(self, options):
        if not BINARY.exists():
            sys.exit(f"bench: there is no {BINARY.relative_to(ROOT)}; build it first: cmake --preset release && "
                     "cmake --build build/release")
        self.rounds = options.rounds
        self.seconds = options.seconds
        self.connections = options.connections
        self.charts = {}  # name: SVG, of measures that draw one
        self.server_core, self.load_core = map(int, options.cores.split(","))
        if not {self.server_core, self.load_core} <= os.sched_getaffinity(0) or self.server_core == self.load_core:
            sys.exit(f"bench: hot reads need two cores that this process may use, not {options.cores} (--cores)")

        install_what_is_missing()
        self.bench = BENCH
        self.epoll_loop = build("epoll_loop")
        self.load = Load(build("load"), self.connections)
        self.open_load = build("open_load")
        self.hot_load = Wrk(None, self.connections) if options.generator == "wrk" else self.load
        self.open_files = processes.raise_open_files_limit()

        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="snippetd-bench-", dir=options.scratch))
        self.scratch.chmod(0o755)  # PostgreSQL's user has to pass through
        tempfile.tempdir = str(self.scratch)  # where the cluster makes its folder

    def folder(self, name):
        path = self.scratch / name
        path.mkdir(exist_ok=True)
        return path

    def postgres(self):
        return Cluster()

    def machine(self):
        """What the figures depend on, without anything that changes from day to day."""
        facts = [
            f"{os.cpu_count()} cores ({_first('model name.*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())})",
            f"{platform.system()} {platform.release()}",
            "snippetd at commit " + _output("git", "-C", ROOT, "describe", "--always", "--dirty"),
            "nginx " + _first(r"nginx/(\S+)", _output("nginx", "-v")),
            "PostgreSQL " + _first(r"\) (\S+)", _output(binary_folder() + "/postgres", "--version")),
            "g++ " + _output("g++", "-dumpfullversion"),
            "scratch folder on " + _output("stat", "-f", "-c", "%T", tempfile.tempdir.rpartition("/")[0]),
        ]
        return "; ".join(facts) + "."


def _output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip() if done.returncode == 0 else "?"


def _first(pattern, text):
    found = re.search(pattern, text)
    return found[1].strip() if found else "?"


def install_what_is_missing():
    """Nothing of what these packages start is used."""
    subprocess.run([ROOT / "scripts/install-dependencies", "bench"], check=True, stdout=sys.stderr)


def build(name):
    """Compiles NAME.cpp when it is newer than the program made from it. Returns the program's path."""
    source, program = BENCH / f"{name}.cpp", BUILT / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BUILT.mkdir(parents=True, exist_ok=True)
        print(f"bench: building {name}", file=sys.stderr)
        subprocess.run(["g++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-o", program, source], check=True)
    return program
