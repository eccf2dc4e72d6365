"""One snippetd process under test, on a free port, with its standard error captured."""

import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

from .waiting import until

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))

RATE_LIMITS_OFF = tuple(
    argument for policy in ("write", "anonymous", "login", "signup") for argument in ("--rate-limit", f"{policy}=off")
)

LISTENING = re.compile(r"listening on http://([^\s\"]+):(\d+)")
SAMPLE = re.compile(r"^([A-Za-z_:][A-Za-z0-9_:]*(?:\{.*\})?)\s+(\S+)")
LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')

# What no log may have: what tests plant in texts that are nobody's business, the password of their accounts
# (client.PASSWORD), and what is stored of a password.
PLANTED = "planted-secret"
SECRETS = re.compile(PLANTED + r"|correct horse|\$argon2")

SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w*Sanitizer|runtime error:")
CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}

_started = set()


@atexit.register
def _kill_what_still_runs():
    for process in list(_started):
        if process.poll() is None:
            process.kill()
            process.wait()


def clean_environment(extra=None):
    """The caller's environment without any SNIPPETD_ setting, so that a developer's shell does not change a test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SNIPPETD_")}
    environment.update(extra or {})
    return environment


def run(binary, *arguments, env=None, cwd=None, timeout=60):
    """Runs `snippetd ARGUMENTS` to its end. Returns a CompletedProcess with text output."""
    return subprocess.run(
        [str(binary), *arguments],
        env=clean_environment(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout * TIME_FACTOR,
    )


def parse_metrics(text):
    """Prometheus text as a dict of 'name{label="value"}' to float."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if match:
            samples[match.group(1)] = float(match.group(2))
    return samples


def sum_matching(samples, name, **labels):
    """The sum over the samples of one metric that carry all the labels. 0 when there is none."""
    total = 0.0
    for key, value in samples.items():
        bare, _, rest = key.partition("{")
        if bare != name:
            continue
        present = dict(LABEL.findall(rest))
        if all(present.get(label) == str(wanted) for label, wanted in labels.items()):
            total += value
    return total


class Server:
    """`snippetd serve` as a context manager.

    database: a postgres:// URL, or None for the embedded store in data_dir.
    data_dir: kept when given; otherwise a scratch folder that lives as long as this object.
    flags: further arguments, after the ones that every test needs.
    listen: the address to listen on, or None when the flags, the environment or a file say it.
    rate_limits: True leaves the policies at their defaults; otherwise all four are off.
    wrapper: a command to put before the binary.
    """

    def __init__(
        self,
        binary,
        database=None,
        flags=(),
        env=None,
        data_dir=None,
        log_level="info",
        rate_limits=False,
        listen="127.0.0.1:0",
        wrapper=(),
    ):
        self.binary = str(binary)
        self.database = database
        self.flags = [str(flag) for flag in flags]
        self.env = dict(env or {})
        self.log_level = log_level
        self.rate_limits = rate_limits
        self.listen = listen
        self.wrapper = list(wrapper)
        self._owns_data_dir = data_dir is None
        self.data_dir = str(data_dir) if data_dir is not None else tempfile.mkdtemp(prefix="snippetd-test-")
        self.process = None
        self.host = None
        self.port = None
        self.log_lines = []
        self._log_changed = threading.Condition()
        self._reader = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, exception_type, *_):
        try:
            if self.process is not None and self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(15 * TIME_FACTOR)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            self._finish(judge=exception_type is None)
        finally:
            if self._owns_data_dir:
                shutil.rmtree(self.data_dir, ignore_errors=True)

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        """Everything written to standard error so far."""
        with self._log_changed:
            return "\n".join(self.log_lines)

    def arguments(self):
        arguments = [*self.wrapper, self.binary, "serve"]
        if self.listen is not None:
            arguments += ["--listen", self.listen]
        arguments += ["--data-dir", self.data_dir]
        if self.log_level is not None:
            arguments += ["--log-level", self.log_level]
        if self.database is not None:
            arguments += ["--database", self.database]
        if not self.rate_limits:
            arguments += RATE_LIMITS_OFF
        return arguments + self.flags

    def start(self, timeout=15):
        """Starts the process and returns once it says where it listens."""
        first_line = len(self.log_lines)
        self.process = subprocess.Popen(
            self.arguments(),
            env=clean_environment(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _started.add(self.process)
        self._reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self._reader.start()

        def address():
            found = self.addresses(first_line)
            if not found and self.process.poll() is not None:
                self._reader.join(5)
                raise RuntimeError(f"snippetd ended with {self.process.returncode} instead of listening:\n{self.log}")
            return found

        addresses = until(address, timeout * TIME_FACTOR, "the line 'listening on http://…'")
        self.host, self.port = addresses[0]
        return self

    def addresses(self, first_line=0):
        """All (host, port) pairs that the log names as listened on."""
        with self._log_changed:
            lines = self.log_lines[first_line:]
        return [(host, int(port)) for host, port in (m.groups() for line in lines for m in LISTENING.finditer(line))]

    def _read_log(self, pipe):
        for raw in pipe:
            with self._log_changed:
                self.log_lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._log_changed.notify_all()
        pipe.close()

    def log_mark(self):
        """A position in the log; pass it to wait_for_log as `since`."""
        with self._log_changed:
            return len(self.log_lines)

    def wait_for_log(self, regex, timeout=5, since=0):
        """Returns the match for the first log line that matches. Fails after timeout seconds."""
        pattern = re.compile(regex)
        deadline = time.monotonic() + timeout * TIME_FACTOR
        position = since
        with self._log_changed:
            while True:
                while position < len(self.log_lines):
                    match = pattern.search(self.log_lines[position])
                    position += 1
                    if match:
                        return match
                left = deadline - time.monotonic()
                if left <= 0:
                    tail = "\n".join(self.log_lines[-30:])
                    raise AssertionError(f"no log line matches {regex!r}; the last lines:\n{tail}")
                self._log_changed.wait(left)

    def stop(self, timeout=10):
        """SIGTERM; returns the exit code. Fails when the process is still there after timeout seconds."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout * TIME_FACTOR)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"snippetd still ran {timeout} s after SIGTERM:\n" + "\n".join(self.log_lines[-30:]))
        self._finish()
        return code

    def kill(self):
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        self._finish()

    def restart(self):
        """Stops (unless it has ended) and starts again on the same data. The port may change."""
        if self.process.poll() is None:
            self.stop()
        return self.start()

    def _finish(self, judge=True):
        """Tidies up after the process. Fails when it ended in a crash, a sanitizer had something to say, or the log has
        a secret."""
        if self._reader is not None:
            self._reader.join(5)
            self._reader = None
        _started.discard(self.process)
        if judge and self.process is not None:
            crashed = -(self.process.returncode or 0) in CRASHES
            report = SANITIZER_REPORT.search(self.log)
            tail = self.log[report.start() :][:20000] if report else "\n".join(self.log_lines[-30:])
            assert not crashed and not report, f"snippetd ended with {self.process.returncode}:\n{tail}"
            secret = SECRETS.search(self.log)
            assert not secret, f"a secret in the log: {self.log[max(0, secret.start() - 500) : secret.end() + 100]}"

    def metrics(self):
        """All samples of /metrics: 'name{label="value"}' to float."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=10 * TIME_FACTOR) as response:
            return parse_metrics(response.read().decode())

    def metric(self, name, **labels):
        """The sum over the samples of one metric that carry all the labels."""
        return sum_matching(self.metrics(), name, **labels)

    def rss_kib(self):
        """Resident memory of the process."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise AssertionError("no VmRSS line in /proc/PID/status")
