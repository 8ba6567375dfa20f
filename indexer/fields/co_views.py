"""What visitors looked at together, as a payload holds it: the format of `co_viewed`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from indexer.fields.roles import CO_VIEWED
from indexer.fields.types import Payload


@dataclass(frozen=True, slots=True)
class CoViewed:
    """Another product that visitors looked at in the same sessions."""

    product_id: str
    count: int
    """Sessions that had both."""
    score: float
    """c_ij / sqrt(n_i n_j) in (0, 1], to 4 significant digits; see `indexer.sync.annotate.co_view_counts`."""


def to_payload(found: Sequence[CoViewed]) -> dict[str, Any]:
    """The value of the payload field. Three lists in step, best first: half the bytes of a list of objects."""
    return {
        "product_ids": [other.product_id for other in found],
        "counts": [other.count for other in found],
        "scores": [other.score for other in found],
    }


def read_payload(payload: Payload) -> list[CoViewed]:
    """The products looked at together with a point's product, best first; none where no events were counted."""
    stored = payload.get(CO_VIEWED) or {"product_ids": (), "counts": (), "scores": ()}
    rows = zip(stored["product_ids"], stored["counts"], stored["scores"], strict=True)
    return [CoViewed(str(product), int(count), float(score)) for product, count, score in rows]
