"""Where the real photos are, on machines that have them."""

from __future__ import annotations

import os
from pathlib import Path

TEST_DATA = Path(os.environ.get("JEWELRY_TEST_DATA", Path(__file__).parents[3] / "shared"))
