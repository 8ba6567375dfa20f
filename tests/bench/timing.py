"""Measures two things in turn, A B A B, and prints medians and their ratio; a shared machine drifts, ratios less."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

ROUNDS = 3


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call, or what the call itself says it took when it returns a float."""
    began = time.perf_counter()
    measured = action()
    return measured if isinstance(measured, float) else time.perf_counter() - began


def compare(name: str, ours: Callable[[], object], baseline: Callable[[], object], *, items: int, unit: str) -> float:
    """Run both ``ROUNDS`` times in turn and print items per second; returns how many times faster ``ours`` is."""
    pairs = [(seconds(ours), seconds(baseline)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(
        f"\n{name}: {items / mine:.0f} {unit}/s against {items / theirs:.0f} (medians of {ROUNDS}, in turn); "
        f"ratio {ratio:.2f} ({min(b / a for a, b in pairs):.2f} to {max(b / a for a, b in pairs):.2f})"
    )
    return ratio
