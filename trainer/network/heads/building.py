"""A head of each kind, from what a model's record says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trainer.network.heads.mlp import MlpHead
from trainer.network.heads.parts import DetailHead, TwoPartHead
from trainer.network.heads.whitening import Whitening

Head = MlpHead | DetailHead | TwoPartHead


def build_head(record: Mapping[str, Any]) -> Head:
    """An empty head of the kind and sizes of a record, for weights that are loaded next.

    Raises:
        ValueError: the record is of no kind that is known.
    """
    kind, width = record.get("kind"), int(record["width"])
    if kind == MlpHead.kind:
        return MlpHead(width, dimension=int(record["dimension"]))
    if kind == DetailHead.kind:
        return DetailHead(_nothing(int(record["dimension"]), width), dimension=int(record["dimension"]))
    if kind == TwoPartHead.kind:
        sizes = {name: int(record[name]) for name in ("category", "detail")}
        return TwoPartHead(
            _nothing(int(record["directions"]), width), detail_share=float(record["detail_share"]), **sizes
        )
    raise ValueError(f"a head of kind {kind!r}")


def _nothing(directions: int, width: int) -> Whitening:
    return Whitening(np.zeros((directions, width)), np.zeros(directions), 1.0)
