"""The first lines of README.md do what they say, and leave nothing behind where they are typed."""

import pathlib
import re
import subprocess

from harness.server import Server, clean_environment

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_its_lines_of_commands(binary, tmp_path, slow_factor):
    block = re.search(r"(?:^    .*\n)+", README.read_text(), re.MULTILINE)[0]
    first, commands = re.sub(r"^    ", "", block, flags=re.MULTILINE).split("\n", 1)
    assert first.startswith("./run ")
    here, temporary = tmp_path / "checkout", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    with Server(binary, rate_limits=True) as server:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace("localhost:3000", f"127.0.0.1:{server.port}")],
            cwd=here, env=clean_environment({"TMPDIR": str(temporary), "HOME": str(here)}), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60 * slow_factor,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"username":"ada"' in done.stdout
    assert re.search(r" 60 201\n *10 429\n", done.stdout), done.stdout
    assert list(here.iterdir()) == [] and list(temporary.iterdir()) == []
