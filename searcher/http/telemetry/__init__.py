"""What the service reports about itself: logs, metrics, times."""

from __future__ import annotations

import os

if not os.environ.get("PROMETHEUS_MULTIPROC_DIR", "given").strip():
    del os.environ["PROMETHEUS_MULTIPROC_DIR"]  # empty is not set; prometheus_client would take the current directory
