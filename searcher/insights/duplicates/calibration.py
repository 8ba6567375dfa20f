"""Fits the verifier to a shop's own catalog: its photos are edited, searched for, and compared with what is found.

Nobody has to label anything: an edited photo and its original are a copy, photos of one product are other photos, a
piece in another colour is a variant, and near neighbours of other products are different, unless the verifier in use
takes them for related. What people decided counts besides, several times over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.errors import UsageError
from indexer.models.embedder import Embedder
from indexer.system.arguments import said, whole_of
from indexer.system.clock import now
from indexer.system.progress import Progress, progress_of
from searcher.insights.duplicates.answers import Photo
from searcher.insights.duplicates.compare.comparison import comparison_of
from searcher.insights.duplicates.compare.features import CLOSE
from searcher.insights.duplicates.compare.forms import Picture
from searcher.insights.duplicates.compare.frame import FramedPicture
from searcher.insights.duplicates.compare.pictures import Pictures
from searcher.insights.duplicates.decisions import Decisions
from searcher.insights.duplicates.edits.edits import EDITS, STRENGTHS, edit
from searcher.insights.duplicates.edits.recolour import recoloured
from searcher.insights.duplicates.new_photo import NewPhoto, cheap_features, embed_within, nearest
from searcher.insights.duplicates.pairs.photo_table import PhotoTable
from searcher.insights.duplicates.verify.fitting import fit_verifier
from searcher.insights.duplicates.verify.verifier import COPY, DIFFERENT, OTHER_PHOTO, VARIANT, Verifier
from searcher.search.ground.published import Published

PHOTOS = 300
LEAST_PHOTOS = 40
EDITS_A_PHOTO = 3
WEIGHT_OF_DECISIONS = 5


@dataclass
class _Labelled:
    """Pairs with their truth, as they are collected."""

    cheap: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    pairs: list[tuple[Photo, Photo]] = field(default_factory=list)
    given: dict[str, FramedPicture] = field(default_factory=dict)

    def add(self, cheap: NDArray[np.float32], label: str, group: int, pair: tuple[Photo, Photo]) -> None:
        self.cheap.append(cheap)
        self.labels.append(label)
        self.groups.append(group)
        self.pairs.append(pair)


def checked_wishes(photos: int, seed: int, progress: Progress | None) -> tuple[int, int, Progress | None]:
    """Photos, seed and progress of a calibration, held to what they may be; raises ``UsageError``."""
    photos, seed = whole_of("photos", photos), whole_of("seed", seed, "a whole number, 0 or more", least=0)
    if photos < LEAST_PHOTOS:
        raise UsageError(f"{said(photos)} photos are too few to learn from; give {LEAST_PHOTOS} or more")
    return photos, seed, progress_of("progress", progress)


class Calibration:
    """One calibration over one generation.

    Args:
        published: the generation.
        embedder: the generation's own model.
        verifier: the one in use: what it calls related is not taught as different.
        decisions: what people said.
        photos: photos of the catalog that are edited.
        seed: decides which, and how.
    """

    def __init__(
        self,
        published: Published,
        embedder: Embedder,
        verifier: Verifier,
        decisions: Decisions,
        *,
        photos: int = PHOTOS,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> None:
        self._store, self._embedder, self._verifier = published.store, embedder, verifier
        self._load = Pictures(published.local, published.catalog_root)
        self._comparison = published.memo(comparison_of)
        self._decisions, self._wanted, self._seed = decisions, photos, seed
        self._progress = progress or (lambda _stage, _done, _total: None)

    def run(self) -> Verifier:
        """The verifier; raises ``UsageError`` where the catalog is too small, ``MissingExtra`` without scikit-learn."""
        table, made = PhotoTable.read(self._store), _Labelled()
        chosen = self._chosen(table)
        for done, row in enumerate(chosen):
            self._progress("Editing and searching", done, len(chosen))
            self._learn_from(table, row, made)
        self._learn_decisions(table, made)
        labels = np.array(made.labels)
        return fit_verifier(
            np.stack(made.cheap),
            labels,
            np.array(made.groups),
            lambda places: self._closed(made, places),
            seed=self._seed,
            model=self._store.record.fingerprint,
            created_at=now(),
            photos=len(chosen),
            edits=list(EDITS),
            decisions=len(self._decisions),
        )

    def _chosen(self, table: PhotoTable) -> list[int]:
        nodes = np.unique(table.alike)
        order = np.random.default_rng(self._seed).permutation(nodes)
        chosen = []
        for row in order.tolist():
            if self._load(table.photos[row]) is not None:
                chosen.append(row)
            if len(chosen) == self._wanted:
                break
        if len(chosen) < LEAST_PHOTOS:
            raise UsageError(
                f"only {len(chosen)} photos with a picture at hand, where {LEAST_PHOTOS} are needed; sync again, or "
                "say with JEWELRY_CATALOG where the photos are"
            )
        return chosen

    def _learn_from(self, table: PhotoTable, row: int, made: _Labelled) -> None:
        """Edits and a variant of one photo, and the photo itself, against what the index finds for them."""
        source = table.photos[row]
        framed = self._load(source)
        assert framed is not None  # noqa: S101 - chosen because it is there
        own = NewPhoto(source.path, framed, table.vectors[row], source.sha256)
        related = self._related(table, own, row, made)
        rng = np.random.default_rng([self._seed, row])
        for name, image, is_copy in _derived(framed.picture, row, rng):
            vector, edited = self._embedder.embed([image])[0], FramedPicture.of(image)
            new = NewPhoto(f"{source.id} {name}", edited, vector, within=embed_within(edited, self._embedder))
            made.given[new.as_photo.id] = edited
            for place, other, cheap in self._found(table, new):
                if int(table.alike[place]) == int(table.alike[row]):
                    made.add(cheap, COPY if is_copy else VARIANT, row, (new.as_photo, other))
                elif other.product_id == source.product_id:
                    made.add(cheap, OTHER_PHOTO if is_copy else VARIANT, row, (new.as_photo, other))
                elif place not in related and table.pieces[place] != table.pieces[row]:
                    made.add(cheap, DIFFERENT, row, (new.as_photo, other))

    def _related(self, table: PhotoTable, own: NewPhoto, row: int, made: _Labelled) -> set[int]:
        """Photos of other products that the verifier in use takes for related to this one, and those of its own group;
        the rest are learned."""
        found = [one for one in self._found(table, own) if int(table.alike[one[0]]) != int(table.alike[row])]
        if not found:
            return set()
        pairs = [(own.as_photo, other) for _, other, _ in found]
        aligned, evidence = self._comparison.compare(pairs, given={own.as_photo.id: own.picture})
        cheap = np.stack([one[2] for one in found])
        verdicts = self._verifier.judge(np.concatenate([cheap, aligned], axis=1))
        made.given[own.as_photo.id] = own.framed
        related = set()
        for (place, other, features), verdict, seen in zip(found, verdicts, evidence, strict=True):
            if other.product_id == table.photos[row].product_id:
                made.add(features, OTHER_PHOTO, row, (own.as_photo, other))
            elif table.pieces[place] != table.pieces[row] and verdict.tier is None and seen is not None:
                made.add(features, DIFFERENT, row, (own.as_photo, other))
            else:
                related.add(place)
        return related

    def _found(self, table: PhotoTable, new: NewPhoto) -> Iterator[tuple[int, Photo, NDArray[np.float32]]]:
        """Rows, photos and cheap features of the nearest photos, without the asking one itself."""
        others, cosines, ranks = nearest(self._store, new)
        cheap = cheap_features(self._store, new, others, cosines, ranks, self._comparison)
        for other, features in zip(others, cheap, strict=True):
            row = table.row_of.get(other.id)
            if row is not None:  # of a picture that versions of one piece share, one photo has a row
                yield row, other, features

    def _learn_decisions(self, table: PhotoTable, made: _Labelled) -> None:
        by_file = {photo.sha256: row for row, photo in enumerate(table.photos)}
        kinds = {"same": COPY, "variant": VARIANT, "different": DIFFERENT}
        for decision in self._decisions:
            rows = [by_file.get(decision.first), by_file.get(decision.second)]
            if decision.verdict not in kinds or rows[0] is None or rows[1] is None:
                continue
            first, second = table.photos[rows[0]], table.photos[rows[1]]
            framed = self._load(first)
            if framed is None:
                continue
            own = NewPhoto(f"decided {first.path}", framed, table.vectors[rows[0]], first.sha256)
            made.given[own.as_photo.id] = framed
            cosine = np.array([float(own.vector @ table.vectors[rows[1]])])
            cheap = cheap_features(self._store, own, [second], cosine, np.array([0]), self._comparison)[0]
            for _ in range(WEIGHT_OF_DECISIONS):
                made.add(cheap, kinds[decision.verdict], rows[0], (own.as_photo, second))

    def _closed(self, made: _Labelled, places: NDArray[np.intp]) -> NDArray[np.float32]:
        rows = np.full((len(places), len(CLOSE)), np.nan, np.float32)
        step = 200
        for start in range(0, len(places), step):
            self._progress("Close comparison", start, len(places))
            pairs = [made.pairs[place] for place in places[start : start + step]]
            given = {name: Picture(made.given[name]) for name in {first.id for first, _ in pairs}}
            rows[start : start + step] = self._comparison.compare(pairs, given=given)[0]
        return rows


def _derived(picture: Image.Image, row: int, rng: np.random.Generator) -> Iterator[tuple[str, Image.Image, bool]]:
    """Edited copies and variants of a picture, with their names and whether they are copies.

    A variant that was also edited is still not a copy of the original: that is what has to be learned.
    """
    families = list(EDITS)
    for turn in range(EDITS_A_PHOTO):
        family = families[(row * EDITS_A_PHOTO + turn) % len(families)]
        yield family, edit(picture, family, STRENGTHS[int(rng.integers(len(STRENGTHS)))], rng), True
    variant = recoloured(picture, rng)
    yield "variant", variant, False
    family = families[int(rng.integers(len(families)))]
    if family != "grey":  # which makes all metals look alike
        yield f"variant {family}", edit(variant, family, 0, rng), False
