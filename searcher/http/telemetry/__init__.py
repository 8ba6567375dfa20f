"""What the service reports about itself: logs, metrics, times."""

from __future__ import annotations

import os

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which workers share their metrics."""

if not os.environ.get(MULTIPROCESS, "given").strip():
    del os.environ[MULTIPROCESS]  # empty is not set; prometheus_client would take the current directory
