"""A photo that is not in the index, against photos that are: the features that need no close comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.fields.groups import GROUP, has_groups
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import phash
from indexer.store.filters.tree import Filter, Match
from indexer.store.interface import Store
from indexer.store.records import Hit
from indexer.system.forks import once
from searcher.insights.duplicates.answers import Photo
from searcher.insights.duplicates.compare.comparison import Comparison
from searcher.insights.duplicates.compare.features import compare_signatures
from searcher.insights.duplicates.compare.forms import QUARTERS, Picture
from searcher.insights.duplicates.compare.frame import FramedPicture
from searcher.insights.duplicates.compare.signature import Signatures
from searcher.insights.duplicates.pairs.candidates import FIFTH, NEIGHBOURS, WITHIN_FRAME, known_of
from searcher.insights.duplicates.pairs.hash_neighbours import MOST
from searcher.insights.duplicates.pairs.photo_table import own_pictures, photo_of, pixels_of
from searcher.insights.duplicates.pairs.turned_features import as_turned
from searcher.insights.duplicates.pairs.turned_hashes import Turn
from searcher.search.ground.per import group_of

WHEN_TURNED = 2
"""Photos that are looked at for each turn of a new one."""


@dataclass(frozen=True)
class NewPhoto:
    """A photo with its embedding."""

    name: str
    framed: FramedPicture
    vector: NDArray[np.float32]
    """[dimension], unit length."""
    sha256: str = ""
    """Of its file; empty where it came without one."""
    within: NDArray[np.float32] | None = None
    """The embedding of the photo that it frames, where it does: [dimension], unit length."""
    turned: NDArray[np.float32] | None = None
    """Its embeddings once it is turned by one, two and three quarters against the clock: [3, dimension]."""

    @once
    def picture(self) -> Picture:
        """The form in which it is compared closely."""
        return Picture(self.framed)

    @once
    def as_photo(self) -> Photo:
        """The form in which pairs name their photos."""
        image = self.framed.picture
        return Photo(f"new:{self.name}", "", self.name, self.sha256, "", phash(image), *image.size, 0, None)


def embed_within(framed: FramedPicture, embedder: Embedder) -> NDArray[np.float32] | None:
    """The embedding of the photo that a picture frames; None where it frames none."""
    return embedder.embed([framed.photo])[0] if framed.is_framed else None


def embed_turned(framed: FramedPicture, embedder: Embedder) -> NDArray[np.float32]:
    """The embeddings of the photo in a picture, turned by one, two and three quarters: [3, dimension]."""
    return np.asarray(embedder.embed([framed.photo.transpose(way) for way in QUARTERS]), np.float32)


class Nearest(NamedTuple):
    """Photos of a generation that are worth a comparison with a new one."""

    photos: list[Photo]
    cosines: NDArray[np.float64]
    places: NDArray[np.intp]
    """In the list of the nearest, from 0."""
    turns: NDArray[np.int64]
    """How each may have to be turned to lie like the new one, as in `Candidates.turns`."""


def nearest(
    store: Store, new: NewPhoto, k: int = NEIGHBOURS
) -> tuple[list[Photo], NDArray[np.float64], NDArray[np.intp]]:
    """`nearest_turned` without the turns: photos, cosines, places."""
    return nearest_turned(store, new, k)[:3]


def nearest_turned(store: Store, new: NewPhoto, k: int = NEIGHBOURS) -> Nearest:
    """The k nearest photos of a generation, and those near what the new photo frames, near it when turned, or of the
    same perceptual hash.

    As in a report, what was found by frame, turn or hash alone ranks behind all that the whole picture found.
    """
    vectors = new.vector[None] if new.within is None else np.stack([new.vector, new.within])
    fields = ["product_id", "category", "photo", *([GROUP] if has_groups(store.record.field_table) else [])]
    whole, *within = _searched(store, vectors, k, fields)
    same_hash = Filter(must=(Match("photo.phash", (new.as_photo.phash,)),))
    (alike,) = map(_own, store.search(new.vector[None], limit=MOST, where=same_hash, fields=fields))
    known = {hit.id for hit in whole}
    framed = [hit for hits in within for hit in hits if hit.id not in known][:WITHIN_FRAME]
    turns: dict[str, int] = {}
    turned = []
    if new.turned is not None:
        for quarters, hits in enumerate(_searched(store, new.turned, WHEN_TURNED, fields), start=1):
            turned += hits
            turns |= {hit.id: Turn(False, quarters).back.code for hit in hits if hit.id not in turns}
    shown = {picture for hit in whole for picture in _group_pictures(hit)}
    more = (hit for hit in [*framed, *alike, *turned] if hit.id not in known and not shown & _group_pictures(hit))
    further = _own(list({hit.id: hit for hit in more}.values()))
    cosines = [hit.score for hit in whole]
    if further:
        points = {point.id: point.vector for point in store.retrieve([hit.id for hit in further], vectors="image")}
        cosines += [float(vector @ new.vector) for hit in further if (vector := points[hit.id]) is not None]
    photos = [photo_of(hit.id, hit.payload) for hit in [*whole, *further]]
    places = np.array([*range(len(whole)), *[NEIGHBOURS] * len(further)], np.intp)
    return Nearest(photos, np.array(cosines), places, np.array([turns.get(photo.id, 0) for photo in photos], np.int64))


def _searched(store: Store, vectors: NDArray[np.float32], k: int, fields: Sequence[str]) -> list[list[Hit]]:
    """The k nearest photos of each vector; of a picture that several products of a group show, the first product's."""
    width = k
    while True:
        answers = store.search(vectors, limit=width, fields=fields)
        found = [_own(hits) for hits in answers]
        if width >= MOST or all(len(own) >= k or len(hits) < width for own, hits in zip(found, answers, strict=True)):
            return [own[:k] for own in found]
        width = min(MOST, 4 * width)


def _group_pictures(hit: Hit) -> set[tuple[str, str]]:
    """What a photo has in common with those of its group that show the same picture; nothing where it is in none."""
    group = group_of(hit.payload)
    return set() if group is None else {(group, one) for one in pixels_of(photo_of(hit.id, hit.payload))}


def _own(hits: list[Hit]) -> list[Hit]:
    photos, groups = [photo_of(hit.id, hit.payload) for hit in hits], [group_of(hit.payload) for hit in hits]
    return [hits[place] for place in own_pictures(photos, groups)]


def cheap_features(
    store: Store,
    new: NewPhoto,
    others: Sequence[Photo],
    cosines: NDArray[np.float64],
    ranks: NDArray[np.intp],
    comparison: Comparison,
) -> NDArray[np.float32]:
    """Of the new photo and its nearest photos, [m, len(KNOWN) + len(COMPARED)], as a report over both would have them.

    Args:
        store: the generation in which the others are: it says how crowded their surroundings are.
        new: the photo that asks.
        others: photos of the generation, nearest first.
        cosines: of each of them to the new photo.
        ranks: their places in the list, from 0.
        comparison: loads their pictures.
    """
    points = {point.id: point.vector for point in store.retrieve([photo.id for photo in others], vectors="image")}
    vectors = np.stack([vector for photo in others if (vector := points[photo.id]) is not None])
    # One place further than among photos that are in the index: each of these finds itself first.
    around = store.search(vectors, limit=FIFTH + 2, fields=[])
    fifth = np.array([hits[min(FIFTH + 1, len(hits) - 1)].score for hits in around], np.float32)
    own = np.full(len(others), cosines[min(FIFTH, len(cosines) - 1)], np.float32)
    hashes = (
        np.full(len(others), int(new.as_photo.phash, 16), np.uint64),
        np.array([int(photo.phash or "0", 16) for photo in others], np.uint64),
    )
    known = known_of(cosines.astype(np.float32), (fifth, own), ranks.astype(np.float32), hashes)
    mine = Signatures.blank(1)
    mine.put(0, new.framed)
    theirs, rows = comparison.signatures(others), np.arange(len(others))
    return np.concatenate([known, compare_signatures(mine, np.zeros_like(rows), theirs, rows)], axis=1)


def cheap_when_turned(
    new: NewPhoto,
    others: Sequence[Photo],
    cheap: NDArray[np.float32],
    turns: NDArray[np.int64],
    comparison: Comparison,
) -> NDArray[np.float32]:
    """The same features as if the others, [m], were turned as the codes ``turns`` say."""
    if not turns.any():
        return cheap
    mine, rows = Signatures.blank(1), np.arange(len(others))
    mine.put(0, new.framed)
    own = np.full(len(others), int(new.as_photo.phash, 16), np.uint64)
    hashes = np.array([int(photo.phash or "0", 16) for photo in others], np.uint64)
    return as_turned(cheap, turns, (mine, np.zeros_like(rows), own), (comparison.signatures(others), rows, hashes))
