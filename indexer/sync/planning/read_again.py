"""Photos whose vectors are of pixels that this version makes otherwise: they go through the model again, once."""

from __future__ import annotations

from pathlib import Path

from indexer.catalog.products import ProductImage
from indexer.photos.reading import READING, read_otherwise
from indexer.store.records import Point
from indexer.sync.payload import catalog_part
from indexer.sync.photo import Wanted
from indexer.sync.planning.plan import SyncPlan


def read_again(plan: SyncPlan, root: Path, since: int, *, workers: int) -> None:
    """Move what an earlier reading of photos embedded otherwise to what has to be embedded.

    Only headers are read. A photo that cannot be used for a fault in its row is among them: its fields stay as the plan
    has them.

    Args:
        plan: a complete plan.
        root: the catalog's.
        since: the reading of the generation that the plan starts from.
        workers: threads.
    """
    if since >= READING:
        return
    said = {point.id: payload for point, payload in plan.rewritten}
    kept = [pair for point in plan.left_alone if (pair := _of_index(point, root, said.get(point.id))) is not None]
    pairs = [*plan.still, *plan.updated, *plan.moved, *plan.copied, *kept]
    judged = read_otherwise([wanted.image.place for wanted, _ in pairs], since, workers=workers)
    otherwise = {wanted.id for (wanted, _), differs in zip(pairs, judged, strict=True) if differs}
    if not otherwise:
        return
    new = [wanted for wanted, _ in [*plan.moved, *plan.copied] if wanted.id in otherwise]
    changed = [pair for pair in [*plan.still, *plan.updated, *kept] if pair[0].id in otherwise]
    plan.read_again = len(new) + len(changed)
    plan.new += new
    plan.changed += changed
    for same in (plan.still, plan.updated, plan.moved, plan.copied):
        same[:] = [pair for pair in same if pair[0].id not in otherwise]
    plan.rewritten = [pair for pair in plan.rewritten if pair[0].id not in otherwise]
    plan.left_alone = [point for point in plan.left_alone if point.id not in otherwise]


def _of_index(point: Point, root: Path, said: dict[str, object] | None) -> tuple[Wanted, Point] | None:
    """A photo as the index has it; None where its file cannot be looked at."""
    photo = point.payload["photo"]
    image = ProductImage(photo["path"], root / photo["path"], photo["rank"])
    try:
        seen = image.place.look()
    except OSError:
        return None
    payload = catalog_part(point.payload) if said is None else said
    return Wanted(point.id, str(point.payload["product_id"]), image, payload, seen), point
