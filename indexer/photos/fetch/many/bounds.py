"""How much at once, and for how long: the bounds of what a sync fetches."""

from __future__ import annotations

PER_HOST = 8
"""Requests to one host at a time: what a browser opens to it, more or less."""
TOGETHER = 16
"""Requests at a time to all hosts together."""
AHEAD = 64
"""Photos that are on their way before they are read: enough for several hosts, few enough to be held in memory."""
HELD = 256_000_000
"""Bytes of photos that were fetched ahead and are in memory until they are read; what is more is on the disk alone."""
TIMEOUT = 30.0
"""Seconds for one request, with everything in it."""
