"""Runs `snip` as somebody with a home of their own."""

import os
import subprocess

TIME_FACTOR = float(os.environ.get("SNIPPETD_TIME_FACTOR", "1"))

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
OWN = ("SNIPPETD_", "XDG_", "DISPLAY", "WAYLAND_DISPLAY", "VISUAL", "EDITOR", "TMPDIR")


class Snip:
    """`run(ARGUMENTS…)` with nothing of the caller's environment that could change what it does."""

    def __init__(self, program, home, url=None, token=None):
        self.program, self.home = str(program), home
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OWN) and name.lower() not in PROXIES
        }
        self.temporary = home / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.environment.update(HOME=str(home), TMPDIR=str(self.temporary))
        if url:
            self.environment["SNIPPETD_URL"] = url
        if token:
            self.environment["SNIPPETD_TOKEN"] = token

    @property
    def config(self):
        return self.home / ".config/snippetd/snip.json"

    @property
    def edit_tokens(self):
        return self.home / ".local/state/snippetd/edit-tokens.json"

    def start(self, *arguments, env=None, **options):
        return subprocess.Popen(
            [self.program, *map(str, arguments)],
            env={**self.environment, **(env or {})},
            cwd=self.home,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def run(self, *arguments, stdin=b"", env=None, timeout=60, **options):
        """A CompletedProcess with bytes."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        process = self.start(*arguments, env=env, stdin=subprocess.PIPE, **options)
        try:
            out, err = process.communicate(stdin, timeout * TIME_FACTOR)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def ok(self, *arguments, **options):
        """Standard output, as text, of a run that must succeed."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, (done.args, done.returncode, done.stderr.decode())
        return done.stdout.decode()

    def fails(self, code, *arguments, **options):
        """Standard error, as text, of a run that must end with this code and print nothing."""
        done = self.run(*arguments, **options)
        err = done.stderr.decode()
        assert done.returncode == code, (done.args, done.returncode, err)
        assert done.stdout == b"", done
        assert err.startswith("snip: "), err
        return err

    def script(self, name, text):
        """An executable shell script in the home; returns its path."""
        path = self.home / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path


def id_of(link):
    return link.strip().rsplit("/", 1)[1]
