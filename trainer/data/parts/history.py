"""What a model directory says of the photos that its model has seen, for a later fit, an evaluation and a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.data.parts.earlier import Earlier
from trainer.data.parts.lists import HELD_OUT_NAME, SEEN_NAME, Listed, write_list
from trainer.data.parts.split import Split


def write_lists(folder: Path, parts: Split, earlier: Earlier | None = None, *, refitted: bool = False) -> None:
    """Write which photos the metrics were measured on, and which the model, or one that it began with, has seen.

    Args:
        folder: the model directory.
        parts: the split of the fit, without photos that were lost on the way.
        earlier: the models that it began with.
        refitted: the photos held out were learnt from as well, after they were measured on.
    """
    before = [sample for sample in parts.held_out if refitted or sample.key in parts.seen_keys]
    seen = [*parts.train, *parts.validation, *before]
    write_list(folder / HELD_OUT_NAME, map(Listed.of, parts.held_out))
    write_list(folder / SEEN_NAME, [*map(Listed.of, seen), *(earlier.seen if earlier else ())])


def seen_record(parts: Split, earlier: Earlier | None = None) -> dict[str, Any]:
    """``training.seen`` of model.json.

    ``models``: those that the fit began with. ``kept``: photos held out that were held out there, too. ``held_out``:
    photos held out that one of them has learnt from, or may have; above 0, the figures are of photos that were seen.
    ``known``: whether each of them says what it has learnt from.
    """
    return {
        "models": list(earlier.models) if earlier else [],
        "kept": parts.kept,
        "held_out": parts.seen,
        "known": earlier is None or earlier.is_known,
    }
