"""What can still be had of a damaged generation: its points, read by a process of their own, as it may end there.

The engine trusts its files. What it makes of altered ones ranges from an error to the end of the process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from indexer.errors import StoreError
from indexer.fields.identity import point_id
from indexer.store.embedded.layout import SALVAGED, SHARD
from indexer.store.records import GenerationRecord, Point, vector_of
from indexer.system.scratch import scratch_folder

SECONDS = 600.0
"""For reading a million points; a process that takes longer has lost its way in what it reads."""


def salvage(folder: Path, record: GenerationRecord, problems: Sequence[str], place: Path) -> tuple[list[Point], bool]:
    """The points of a damaged generation whose ids follow from their payloads, and whether their vectors are good.

    Args:
        folder: of the generation.
        record: what it was built from.
        problems: what is wrong with its files; nothing known of them is nothing to be trusted.
        place: where a folder can be made for a moment.
    """
    if any("payload_storage" in problem for problem in problems):
        return [], False
    with scratch_folder(place, SALVAGED) as scratch:
        (scratch / "record.json").write_text(json.dumps(record.to_json()), encoding="utf-8")
        command = [sys.executable, "-m", "indexer.store.embedded.salvage", str(folder / SHARD), str(scratch)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 - ourselves
        except (subprocess.SubprocessError, OSError):
            return [], False
        payloads = json.loads((scratch / "payloads.json").read_text(encoding="utf-8"))
        rows = {name: np.load(scratch / f"{name}.npy") for name in record.dimensions}
    trusted = bool(problems) and not any("vector_storage" in p and "/deleted/" not in p for p in problems)
    points = [
        Point.of(identifier, payload, {name: column[number] for name, column in rows.items()})
        for number, (identifier, payload) in enumerate(payloads)
    ]
    return points, trusted


def write_points(shard: Path, scratch: Path) -> None:
    """What the other process does: every point whose id is the one of its product and photo, into files."""
    from indexer.store.embedded.engine import EdgeStore

    record = GenerationRecord.from_json(json.loads((scratch / "record.json").read_text(encoding="utf-8")))
    with closing(EdgeStore.load(shard, "damaged", record)) as store:
        points = [point for point in store.scroll(vectors=True) if _is_whole(point, record)]
    (scratch / "payloads.json").write_text(json.dumps([(p.id, p.payload) for p in points]), encoding="utf-8")
    for name, dimension in record.dimensions.items():
        rows = [vector_of(point, name) for point in points]
        np.save(scratch / f"{name}.npy", np.asarray(rows, np.float32).reshape(len(rows), dimension))


def _is_whole(point: Point, record: GenerationRecord) -> bool:
    try:
        named = point_id(str(point.payload["product_id"]), str(point.payload["photo"]["path"]))
    except (KeyError, TypeError):
        return False
    if any(vector_of(point, name) is None for name in record.dimensions):
        return False
    return named == point.id


if __name__ == "__main__":
    try:
        write_points(Path(sys.argv[1]), Path(sys.argv[2]))
    except StoreError as error:
        sys.exit(str(error))
