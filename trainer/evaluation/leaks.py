"""Which of the evaluated photos a model has learnt from, or from a near-duplicate: figures on them flatter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.models.directory import ModelFile
from indexer.photos.components import components
from indexer.system.text import printable
from trainer.data.groups.near_duplicates import near_pairs
from trainer.data.parts.lists import SEEN_NAME, Listed, read_list
from trainer.evaluation.photos import Photos

DUPLICATE_TIERS = ("identical_file", "identical_pixels", "edited", "other_photo")
"""Of a report on duplicates: a variant is another thing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The photos that a model has learnt from."""

    listed: tuple[Listed, ...]
    is_known: bool = True
    """False where it began with a model that does not say what it had seen: there may be more."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """What of n evaluated photos a model knows from its training, each bool [n]; no photo is in two of them."""

    photos: NDArray[np.bool_]
    """The photo itself, by its pixels."""
    near_duplicates: NDArray[np.bool_]
    """A near-duplicate of it."""
    products: NDArray[np.bool_]
    """Something else of its product, or a variant of it."""

    @property
    def any(self) -> NDArray[np.bool_]:
        """What figures on unseen photos leave out."""
        return np.asarray(self.photos | self.near_duplicates | self.products)

    def record(self) -> dict[str, int]:
        """The counts, for JSON."""
        counts = {name: int(getattr(self, name).sum()) for name in ("photos", "near_duplicates", "products")}
        return {**counts, "unseen": int((~self.any).sum())}


def read_seen(model: ModelFile) -> Seen | None:
    """What a model directory says of the photos that made it; None where it says nothing, as older ones do.

    Raises:
        ModelError: the list cannot be read.
    """
    listed = read_list(model.path / SEEN_NAME)
    if listed is None:
        return None
    training = model.record.get("training")
    past = training.get("seen") if isinstance(training, dict) else None
    return Seen(listed, not isinstance(past, dict) or past.get("known") is not False)


def find_leaks(photos: Photos, seen: Seen, duplicates: Sequence[frozenset[str]] = ()) -> Leaks:
    """Which photos the model has learnt from, and which it knows by what shows the same.

    Near-duplicates are the trainer's own: among the evaluated photos by their groups, in which the catalog's
    ``near_group`` wins, and for photos that are not among them by the perceptual hashes of ``seen``; and those of
    ``duplicates``.

    Args:
        photos: the evaluated ones.
        seen: what the model has learnt from.
        duplicates: sets of keys and of sha256 of files that are near-duplicates: see `read_duplicates`.
    """
    pixels = {photo.pixels for photo in seen.listed if photo.pixels}
    by_name = {photo.key for photo in seen.listed if not photo.pixels}  # of old lists, which say no more
    itself = np.array([photo.look.pixels in pixels or photo.key in by_name for photo in photos.items], dtype=np.bool_)
    here = {photo.look.pixels for photo in photos.items}
    elsewhere = {photo.look for photo in seen.listed if photo.look is not None and photo.pixels not in here}
    near = _shares_with(photos.copies, itself)
    hashes = np.array([photo.look.hash for photo in photos.items], dtype=np.uint64)
    near |= near_any(hashes, np.array(sorted(elsewhere), dtype=np.uint64))
    trained = {photo.key for photo in seen.listed}
    trained |= {photo.look.content for photo, known in zip(photos.items, itself, strict=True) if known}
    told = frozenset().union(*(names for names in duplicates if names & trained))
    near |= np.array([photo.key in told or photo.look.content in told for photo in photos.items], dtype=np.bool_)
    products = _shares_with(photos.groups, itself)
    return Leaks(itself, near & ~itself, products & ~near & ~itself)


def near_any(hashes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each perceptual hash [n] is near to one of others [m]: see `trainer.data.groups.near_duplicates`."""
    if not len(hashes) or not len(others):
        return np.zeros(len(hashes), np.bool_)
    values, places = np.unique(np.concatenate([hashes, others]), return_inverse=True)
    trained = np.zeros(len(values), np.bool_)
    trained[places[len(hashes) :]] = True
    near = trained.copy()
    for first, second in near_pairs(values):
        near[first] |= trained[second]
        near[second] |= trained[first]
    return np.asarray(near[places[: len(hashes)]])


def read_duplicates(path: Path) -> list[frozenset[str]]:
    """The near-duplicates that ``searcher duplicates --json`` found, each as the keys and file digests of its photos.

    Raises:
        UsageError: the file cannot be read, or is no such report.
    """
    where = printable(str(path))
    how = f"write it with: searcher duplicates --json > {where}"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{where}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: is no JSON; {how}") from error
    try:
        if report["kind"] != "duplicates":
            raise KeyError("kind")
        together = [frozenset(names) for names in _together(report)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"{where}: is no report on duplicates; {how}") from error
    return _joined(together)


def _together(report: dict[str, Any]) -> Iterator[list[str]]:
    for group in report["groups"]:
        middle, *others = group["members"]
        yield from (_names(middle, one) for one in others if one["tier"] in DUPLICATE_TIERS)
    for pair in report["loose_pairs"]:
        if pair["tier"] in DUPLICATE_TIERS:
            yield _names(pair["first"], pair["second"])


def _names(*photos: dict[str, Any]) -> list[str]:
    return [str(photo[name]) for photo in photos for name in ("photo", "sha256")]


def _joined(sets: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Sets that share a name become one."""
    places: dict[str, int] = {}
    edges = [(places.setdefault(name, number), number) for number, names in enumerate(sets) for name in names]
    joined: dict[int, set[str]] = {}
    for number, root in enumerate(components(len(sets), edges)):
        joined.setdefault(root, set()).update(sets[number])
    return [frozenset(names) for names in joined.values()]


def _shares_with(codes: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(np.isin(codes, codes[chosen]))
