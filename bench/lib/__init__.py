"""The measures and what they share. The suites' harness is used too: it starts the private PostgreSQL."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from harness.programs import use_system_path  # noqa: E402

use_system_path()
