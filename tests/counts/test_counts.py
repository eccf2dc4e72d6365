"""What a request costs, in instructions: a change that makes a path dearer shows in its own run.

Counted by callgrind, so that the machine's speed and what else it does mean nothing. The figures are those of
docs/benchmarks.md; whoever makes a path cheaper, or dearer for a reason, writes the new ones there.
"""

import pathlib
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "bench"))
from lib import counts, processes  # noqa: E402
from lib.database import Cluster  # noqa: E402
from lib.load import Load  # noqa: E402
from lib.setup import build  # noqa: E402

TOLERANCE = 1.05
BENCHMARKS = (PROJECT / "docs/benchmarks.md").read_text()
ROW = re.compile(r"^\| (.+, 1 connection, \w+) \| ([\d,]+) \|", re.M)
EXPECTED = {name: int(number.replace(",", "")) for name, number in ROW.findall(BENCHMARKS)}


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    def folder(name):
        path = pathlib.Path(tmp_path_factory.getbasetemp()) / name
        path.mkdir(exist_ok=True)
        return path

    setup = SimpleNamespace(folder=folder, postgres=Cluster, load=Load(build("load"), 1), load_core=None, seconds=0.6)
    try:
        yield counts.all_counts(setup, kinds=("instructions",), connections=(1,))
    finally:
        processes.stop_all()


def test_no_path_has_become_dearer(counted):
    assert EXPECTED.keys() == counted.keys(), "docs/benchmarks.md has a row for each path"
    compiler = subprocess.run(["g++", "-dumpfullversion"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if f"g++ {compiler};" not in BENCHMARKS:
        pytest.skip(f"the figures are not of g++ {compiler}")
    dearer = {
        name: f"{one.instructions:,.0f} instructions instead of {EXPECTED[name]:,}"
        for name, one in counted.items()
        if one.instructions > TOLERANCE * EXPECTED[name]
    }
    assert not dearer
