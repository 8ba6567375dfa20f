"""Checks one new photo before a product is made of it: one search, then the close comparison of what it finds.

Where a screen or margins surround the photo, what is within them is searched for as well, and so is the photo as it
would be if somebody had turned it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.photos.fingerprints import sha256
from indexer.photos.opening import opened
from indexer.photos.thumbnails import SIDE
from indexer.store.interface import Store
from searcher.insights.duplicates.answers import CheckMatch, DuplicateCheck, Evidence, Photo, Tier
from searcher.insights.duplicates.compare.blank import is_blank
from searcher.insights.duplicates.compare.comparison import Comparison, comparison_of
from searcher.insights.duplicates.compare.features import PHASH
from searcher.insights.duplicates.compare.frame import FramedPicture, at_most
from searcher.insights.duplicates.compare.pictures import MOST_SIDE
from searcher.insights.duplicates.compare.signature import Array
from searcher.insights.duplicates.new_photo import (
    NewPhoto,
    cheap_features,
    cheap_when_turned,
    embed_turned,
    embed_within,
    nearest_turned,
)
from searcher.insights.duplicates.pairs.photo_table import pixels_of, with_payload
from searcher.insights.duplicates.pairs.placeholders import is_placeholder
from searcher.insights.duplicates.pairs.turned_hashes import code_of
from searcher.insights.duplicates.verify.verifier import PERHAPS, Verifier
from searcher.questions.example import Example
from searcher.questions.photo import UNNAMED
from searcher.search.ground.published import Published
from searcher.search.reading.examples import ExampleReader

COMPARED = 4
"""Neighbours that are compared closely, likely copies first: each takes some 20 ms, and a shop waits for the answer."""
FIRST = 2
"""Of these, as many are compared first; where one is an edited copy, of the others only likely copies."""


def check_photo(
    store: Store, new: NewPhoto, comparison: Comparison, verifier: Verifier, *, started: float
) -> DuplicateCheck:
    """What the nearest photos of a generation are to a new photo; ``started`` is by ``time.perf_counter``."""
    if is_blank(new.framed):
        took = 1000 * (time.perf_counter() - started)
        return DuplicateCheck(new.name, (), None, 0, store.generation, store.record.fingerprint, took, blank=True)
    photos, cosines, ranks, turns = nearest_turned(store, new)
    same = np.array([bool(new.sha256) and photo.sha256 == new.sha256 for photo in photos], bool)
    matches = [
        CheckMatch(photos[place], Tier.IDENTICAL_FILE, 1.0, _with_known(Evidence(), float(cosines[place]), 0))
        for place in np.flatnonzero(same)
    ]
    others = [photo for photo, equal in zip(photos, same, strict=True) if not equal]
    left: set[str] = set()
    if others:
        cheap = cheap_features(store, new, others, cosines[~same], ranks[~same], comparison)
        compared, left = _compared(new, others, cosines[~same], cheap, turns[~same], comparison, verifier)
        matches += _with_twins(compared, others)
        left -= {match.photo.id for match in matches}
    full = with_payload(store, [match.photo for match in matches])
    order = list(Tier)
    found = sorted(
        (replace(match, photo=full[match.photo.id]) for match in matches),
        key=lambda match: (order.index(match.tier), -match.probability, match.photo.product_id),
    )
    return DuplicateCheck(
        new.name,
        tuple(found),
        photos[0].product_id if photos else None,
        len(left),
        store.generation,
        store.record.fingerprint,
        1000 * (time.perf_counter() - started),
        placeholder=is_placeholder([match.photo for match in found if match.tier.is_copy]),
    )


def _compared(
    new: NewPhoto,
    others: list[Photo],
    cosines: NDArray[np.float64],
    cheap: Array,
    turns: NDArray[np.int64],
    comparison: Comparison,
    verifier: Verifier,
) -> tuple[list[CheckMatch], set[str]]:
    """Matches among photos of the index whose files differ from the new one, and the ids of those left open."""
    turned = cheap_when_turned(new, others, cheap, turns, comparison)
    left_open = np.flatnonzero(np.maximum(verifier.open(cheap), verifier.open(turned)) >= verifier.thresholds.gate)
    promise = np.maximum(verifier.promise(cheap[left_open]), verifier.promise(turned[left_open]))
    order = np.argsort(-promise, kind="stable")[:COMPARED]
    matches: list[CheckMatch] = []
    left = {others[row].id for row in left_open}
    for batch in (order[:FIRST], order[FIRST:]):
        found = any(match.tier is Tier.EDITED for match in matches)
        worth = batch[promise[batch] >= PERHAPS] if found else batch
        if not len(worth):
            continue
        rows, asked = left_open[worth], new.as_photo
        aligned, evidence = comparison.compare([(asked, others[row]) for row in rows], given={asked.id: new.picture})
        lying = np.array([code_of(one) for one in evidence], np.int64)
        known = cheap_when_turned(new, [others[row] for row in rows], cheap[rows], lying, comparison)
        verdicts = verifier.judge(np.concatenate([known, aligned], axis=1))
        for row, verdict, one in zip(rows, verdicts, evidence, strict=True):
            if one is not None:  # else no picture of it is left
                left.discard(others[row].id)
            if one is not None and verdict.tier is not None:
                said = _with_known(one, float(cosines[row]), int(cheap[row, PHASH]))
                matches.append(CheckMatch(others[row], verdict.tier, round(verdict.probability, 4), said))
    return matches, left


def _with_twins(matches: list[CheckMatch], others: Sequence[Photo]) -> list[CheckMatch]:
    """The matches, and those neighbours whose pixels are those of a copy: of a placeholder there are many."""
    made, known = list(matches), {match.photo.id for match in matches}
    for photo in others:
        if photo.id not in known:
            twins = [
                one for one in matches if one.tier.is_copy and set(pixels_of(one.photo)).intersection(pixels_of(photo))
            ]
            made += [replace(one, photo=photo) for one in twins[:1]]
    return made


def _with_known(evidence: Evidence, cosine: float, distance: int) -> Evidence:
    return replace(evidence, cosine=round(cosine, 6), phash_distance=distance)


def check_example(published: Published, reader: ExampleReader, example: Example, verifier: Verifier) -> DuplicateCheck:
    """`check_photo` for what somebody asks with.

    Raises:
        ImageError: the photo cannot be used or fetched.
        ModelError: the model is missing or is not the one of the index.
        MissingExtra: opencv is not installed.
    """
    started = time.perf_counter()
    comparison = published.memo(comparison_of)
    photo, prediction = reader.predict(published, example)
    assert photo.data is not None  # noqa: S101 - a photo that was embedded had bytes
    digest = (
        ""
        if example.crop is not None or (photo.name == UNNAMED and isinstance(example.image, Image.Image))
        else sha256(photo.data)
    )
    with opened(photo.data, fit=SIDE, most=reader.most_pixels) as image:
        framed = FramedPicture.of(at_most(image, MOST_SIDE))
    embedder = reader.embedder(published)
    within, turned = embed_within(framed, embedder), embed_turned(framed, embedder)
    new = NewPhoto(photo.name, framed, prediction.embeddings[0], digest, within, turned)
    return check_photo(published.store, new, comparison, verifier, started=started)
