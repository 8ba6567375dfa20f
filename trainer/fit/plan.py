"""What a catalog allows: category and detail, detail alone, or no training at all; said before anything is learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from indexer.errors import CatalogError
from trainer.data.dataset import Dataset, Sample
from trainer.data.parts.earlier import Earlier
from trainer.data.parts.split import COMPARABLE, group_counts, split
from trainer.data.parts.split import Split as Parts
from trainer.settings import FitSettings

Ways = Literal["category", "detail", "few"]
Figure = Literal["category", "product", "edited_copy"]

LEAST_PHOTOS = 10
"""Different photos that it takes: from fewer, nothing can be told of what photos have in common."""
FEW = 100
"""Different things below which nothing is trained: what is learnt from so few is these, and not their kind."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """Which way a fit goes.

    ``category``: category and detail are learnt, and measured on photos held out. ``detail``: without categories, what
    tells one photo from another. ``few``: pretrained features are whitened by the photos, in closed form; nothing is
    held out, and the figures are of the photos themselves.
    """

    ways: Ways
    sentences: tuple[str, ...]
    """What the fit does and what figures can be had: two lines, and one for each thing worth knowing."""
    measured: tuple[Figure, ...]
    """The figures that can be had."""

    def split(self, samples: Sequence[Sample], settings: FitSettings, earlier: Earlier | None = None) -> Parts:
        """The parts: all photos train where nothing is held out.

        Raises:
            CatalogError: a part would be too small to be measured.
        """
        if self.ways == "few":
            return Parts(tuple(sorted(samples, key=lambda sample: sample.key)), by_category=False)
        return split(
            samples,
            holdout=settings.holdout,
            validation=settings.validation,
            seed=settings.seed,
            by_category=self.ways == "category",
            earlier=earlier,
        )


def plan_fit(
    dataset: Dataset, settings: FitSettings, earlier: Earlier | None = None, *, asked: Ways | None = None
) -> Plan:
    """Find out which way a fit goes.

    Args:
        dataset: the photos.
        settings: whether there are pretrained features to be whitened and no teacher to be learnt from, and whether the
            recipe needs categories.
        earlier: a model to go on from is trained further, however few the photos.
        asked: the way that was asked for, where one was.

    Raises:
        CatalogError: there is too little to learn from, or not what the recipe, or who asked for a way, needs.
    """
    pictures = len({sample.near for sample in dataset.samples})
    _check_photos(dataset, pictures)
    counts = group_counts(dataset.samples)
    why_not = _why_not_by_category(counts)
    things = len({sample.group for sample in dataset.samples})
    needs_category = settings.recipe == "classic" or asked == "category"
    if needs_category and why_not:
        what = "what was asked for" if settings.recipe == "two-part" else f"the {settings.recipe} recipe"
        raise CatalogError(
            f"{dataset.where}: {what} learns from the difference between categories, and {why_not}; "
            "leave it out, and detail is learnt"
        )
    if asked is not None or needs_category:
        ways = asked or "category"
    elif things < FEW and settings.freeze and earlier is None and not settings.teacher:
        ways = "few"
    else:
        ways = "detail" if why_not else "category"
    measured = _measured(dataset.samples, counts, ways)
    classes_alone = settings.recipe == "classic" or (settings.task == "classify" and not settings.detail)
    what = "what tells the categories apart" if classes_alone else "category and detail"
    sentences = _sentences(ways, what, things, counts, why_not, measured)
    if ways == "category" and dataset.without_category:
        part = "they show what is none of these" if classes_alone else "they take part in the detail alone"
        if settings.recipe != "two-part" or not settings.freeze:
            part = "with these settings they are left out"
        sentences.append(f"{dataset.without_category:,} photos have no category: {part}.")
    return Plan(ways, tuple(sentences), measured)


def _check_photos(dataset: Dataset, pictures: int) -> None:
    """Whether there are enough different photos."""
    if pictures >= LEAST_PHOTOS:
        return
    photos = len(dataset.samples)
    if pictures == 1 and photos > 1:
        raise CatalogError(
            f"{dataset.where}: all {photos:,} photos show the same picture ({dataset.samples[0].key}); "
            "there is nothing to tell apart"
        )
    rejected = f", {len(dataset.rejects):,} could not be used" if dataset.rejects else ""
    raise CatalogError(
        f"{dataset.where}: {pictures} different photos are too few to learn from ({photos} in all{rejected}); "
        f"it takes {LEAST_PHOTOS}: add photos of more products"
    )


def _why_not_by_category(counts: Counter[str]) -> str | None:
    """Why no difference between categories can be learnt and measured; None where it can."""
    if not counts:
        return "no photo has a category"
    if len(counts) == 1:
        return f"all photos are of one category ({next(iter(counts))})"
    enough = [category for category, groups in counts.items() if groups >= COMPARABLE]
    if len(enough) > 1:
        return None
    return (
        f"{'only ' + enough[0] if enough else 'none'} of {len(counts):,} categories has "
        f"{COMPARABLE} different products, as it takes to be measured"
    )


def _measured(samples: Sequence[Sample], counts: Counter[str], ways: Ways) -> tuple[Figure, ...]:
    """The figures that can be had."""
    photos_of = Counter(sample.product_id for sample in samples)
    several = sum(1 for photos in photos_of.values() if photos > 1)
    least = 2 if ways == "few" else COMPARABLE
    figures: list[Figure] = []
    if ways == "category" or sum(groups >= 2 for groups in counts.values() if ways == "few") > 1:
        figures.append("category")
    if several >= least:
        figures.append("product")
    return (*figures, "edited_copy")


_FIGURES: dict[Figure, str] = {
    "category": "by category",
    "product": "by product",
    "edited_copy": "edited copies",
}


def _sentences(
    ways: Ways,
    what: str,
    things: int,
    counts: Counter[str],
    why_not: str | None,
    measured: Sequence[Figure],
) -> list[str]:
    figures = ", ".join(_FIGURES[figure] for figure in measured)
    if ways == "few":
        lines = [
            f"{things:,} different products are too few to train on: pretrained features are whitened by these photos.",
            f"Nothing is held out; the figures ({figures}) are of the photos themselves.",
        ]
    elif ways == "detail":
        why = f": {why_not}" if why_not else ""
        lines = [
            f"Learns detail alone{why}.",
            f"Figures on photos held out: {figures}; none by category.",
        ]
    else:
        lines = [
            f"Learns {what}: {len(counts):,} categories, {things:,} different products.",
            f"Figures on photos held out: {figures}.",
        ]
        small = sorted(category for category, groups in counts.items() if groups < COMPARABLE)
        if small:
            named = ", ".join(small[:_NAMED]) + (f" and {len(small) - _NAMED:,} more" if len(small) > _NAMED else "")
            lines.append(f"Fewer than {COMPARABLE} different products: {named}; too few for a figure of their own.")
    return lines
