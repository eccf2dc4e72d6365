"""Starting processes, ending them by pid, and reading what they used from /proc."""

import os
import resource
import signal
import subprocess
import sys

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_running = []


def start(command, core=None, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
    """Starts a command, pinned to one core when one is given. Its pid is the command's own: taskset does not stay."""
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    # A session of its own keeps the terminal's Ctrl-C away from it: this process ends it, in order.
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
    )
    _running.append(process)
    return process


def stop(process, timeout=12):
    """SIGTERM, and SIGKILL when that is not enough."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            print(f"bench: pid {process.pid} still runs {timeout} s after SIGTERM, killing it", file=sys.stderr)
            process.kill()
            process.wait()
    if process in _running:
        _running.remove(process)


def stop_all():
    for process in reversed(list(_running)):
        stop(process)


def unwind_on_signals():
    """On the first Ctrl-C or SIGTERM the stack unwinds, which ends all that was started; further ones are ignored."""

    def end(number, _):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        sys.exit(f"bench: ended by {signal.Signals(number).name}")

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)


def output_of(command, core=None, timeout=300):
    """Runs a command to its end and returns its standard output."""
    process = start(command, core, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        stop(process)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {err.decode(errors='replace').strip()}")
    return out.decode()


def cpu_seconds(pid):
    """CPU time, user and system, of a process with all its threads and all its descendants, ended ones included."""
    parents, ticks = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry)] = int(fields[1])
        ticks[int(entry)] = sum(map(int, fields[11:15]))  # utime, stime, and those of children that were waited for
    if pid not in ticks:
        raise RuntimeError(f"process {pid} has ended")
    family = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in family} - family
        if not more:
            return sum(ticks[member] for member in family) / _TICKS_PER_SECOND
        family |= more


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{pid}/status has no VmRSS")


def raise_open_files_limit():
    """Lets this process and all that it starts open as many files as the system grants. Returns that number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
