"""What a report's page consists of, whatever the report is about: counts, filters, orders, and cards with photos.

A page is one JSON document of these; the script in the page draws it. All texts are plain: nothing here is markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Shown:
    """One photo of a card with what is said about it."""

    name: str
    picture: int | None = None
    """Number of its picture."""
    under: str = ""
    """One line below the name: product id, category."""
    file: str = ""
    """The photo's path, size and weight."""
    mark: str = ""
    """keep, delete, or nothing."""
    verdict: str = ""
    """What it is to the first photo of the card."""
    certainty: str = ""
    lines: Sequence[str] = ()
    """What was measured or found, each a few words or a sentence."""
    differs: Sequence[tuple[str, str, str]] = ()
    """Field, value of the card's first photo, value of this one."""
    difference: int | None = None
    """Number of the picture that shows the difference from the first photo."""


@dataclass(frozen=True, slots=True)
class Card:
    """One entry of a report: photos that belong together, the one they are compared with first."""

    title: str
    photos: Sequence[Shown]
    id: str = ""
    meta: str = ""
    """3 photos · 2 products."""
    flags: Sequence[str] = ()
    """What needs attention."""
    tags: Sequence[str] = ()
    """Values of filters that it passes."""
    order: dict[str, float] = field(default_factory=dict)
    """What each order sorts by, larger first."""
    find: str = ""
    """Words to be found by, besides those of its photos."""
    others: str = ""
    """What the photos after the first are called, where there is something to say."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to filter by, or an order."""

    id: str
    label: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A product's place on the map, 0..1 from the left and from the top."""

    x: float
    y: float
    name: str
    picture: int | None
    group: int | None
    """Place of its cluster among the cards; None for none."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole page."""

    kind: str
    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    """Number and what it counts."""
    entry: tuple[str, str]
    """What a card is called, one and several: group, groups."""
    cards: Sequence[Card]
    kinds: Sequence[Choice] = ()
    """Values of which a card has one."""
    flags: Sequence[Choice] = ()
    """Values that a card may have besides, all of which must hold."""
    orders: Sequence[Choice] = ()
    """Orders to choose from; the first is that of the report."""
    placeholder: str = "Product, title or photo"
    differences: bool = False
    """Whether there are pictures of differences."""
    notes: Sequence[str] = ()
    map: Sequence[MapPoint] = ()
    origin: Sequence[str] = ()
    """Where it all comes from: generation, model, time."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; what is empty is left out of cards, photos and points."""
        document = asdict(self)
        for name in ("cards", "map"):
            document[name] = [_lean(one) for one in document[name]]
        for card in document["cards"]:
            card["photos"] = [_lean(photo) for photo in card["photos"]]
        return document


def _lean(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", (), [], {})}
