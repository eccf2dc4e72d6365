"""The measures and what they share. What starts the private PostgreSQL is in harness/."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from harness.programs import use_system_path  # noqa: E402

use_system_path()
