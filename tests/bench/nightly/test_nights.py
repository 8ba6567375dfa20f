"""What a night costs: a first sync, one without change, one with other prices, one with other photos, and the morning
after it. Each as a whole process, against the same by an earlier commit, in turn.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.bench.nightly.drawn_catalog import DrawnCatalog
from tests.bench.nightly.versions import Ran, Version, both_versions, of_first_format

pytestmark = pytest.mark.bench

ROUNDS = 3
CHANGED = 0.01


@pytest.mark.parametrize("products", [5_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_nights(products: int, model: Path, tmp_path: Path) -> None:
    try:
        with both_versions(tmp_path) as versions:
            measure(
                versions,
                DrawnCatalog(tmp_path / "catalog", products),
                products,
                of_first_format(model, tmp_path / "model"),
            )
    except subprocess.CalledProcessError as error:
        if "worktree" in error.cmd:
            pytest.skip(f"the earlier commit is not in this clone ({error.stderr.decode().strip()})")
        raise AssertionError(error.stderr) from error


def measure(versions: tuple[Version, Version], catalog: DrawnCatalog, products: int, model: Path) -> None:
    print(f"\n{products:,} products, one photo each; seconds by the clock / of all cores / peak MB")

    def sync(version: Version) -> Ran:
        return version.run("indexer", "sync", catalog.folder, "--model", model, "--index", version.index)

    first = in_turn("first sync", versions, sync, rounds=1)
    in_turn("nothing changed", versions, sync)
    in_turn("1 % prices", versions, sync, before=lambda: catalog.change_prices(CHANGED))
    photos = in_turn("1 % new photos", versions, sync, before=lambda: catalog.change_photos(CHANGED))
    print(f"1 % new photos, beside 1.5 % of the first sync: {photos[1].seconds:.2f}, {0.015 * first[1].seconds:.2f} s")
    question = ("similar", "--product-id", "P000042", "--index")
    in_turn("searcher similar", versions, lambda version: version.run("searcher", *question, version.index))
    for version in versions:
        print(f"serve, {version.name}: {served(version)}")


def in_turn(
    name: str,
    versions: tuple[Version, Version],
    action: Callable[[Version], Ran],
    *,
    rounds: int = ROUNDS,
    before: Callable[[], None] = lambda: None,
) -> list[Ran]:
    """Run the action by both versions, so many times in turn; prints and returns the median run of each."""
    runs: list[list[Ran]] = [[], []]
    for _ in range(rounds):
        before()
        for of_one, version in zip(runs, versions, strict=True):
            of_one.append(action(version))
    medians = [sorted(of_one, key=lambda ran: ran.seconds)[rounds // 2] for of_one in runs]
    ratio = statistics.median(a.seconds / b.seconds for a, b in zip(*runs, strict=True))
    said = "; ".join(
        f"{version.name} {ran.seconds:.2f} / {ran.cores:.2f} / {ran.peak:.0f}"
        for version, ran in zip(versions, medians, strict=True)
    )
    print(f"{name}: {said}; {ratio:.1f} times as fast", flush=True)
    return medians


def served(version: Version) -> str:
    """Seconds until the service is ready, memory of its own, and what its first and second count of a field take."""
    port = 8771
    process = subprocess.Popen(
        version.command("searcher", "serve", "--index", version.index, "--port", port),
        cwd=version.code,
        env={**version.environment, "JEWELRY_LOG_LEVEL": "warning"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        began = time.perf_counter()
        while not answer(port, "/readyz"):
            assert process.poll() is None, "the service ended"
            assert time.perf_counter() - began < 120, "the service is not ready"
            time.sleep(0.02)
        ready = time.perf_counter() - began
        counts = []
        for field in ("metal", "metal"):
            began = time.perf_counter()
            assert answer(port, f"/v1/facets?field={field}") is not None
            counts.append(1000 * (time.perf_counter() - began))
        return f"ready {ready:.2f} s, {own_memory(process.pid):.0f} MB, facets {counts[0]:.0f}, then {counts[1]:.0f} ms"
    finally:
        process.terminate()
        process.wait(30)


def answer(port: int, path: str) -> Any:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as response:
        body = response.read()
        with suppress(ValueError):
            return json.loads(body) or True
        return True
    return None


def own_memory(pid: int) -> float:
    """Megabytes that the process and its children share with nobody."""
    pids, total = [pid], 0.0
    while pids:
        pid = pids.pop()
        with suppress(OSError):
            total += int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1000  # type: ignore[index]
            for task in Path(f"/proc/{pid}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
    return total
