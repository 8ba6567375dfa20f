"""Boosts: what a shop adds to the score, as a formula over the payload.

    text   = field [ "=" values ] ":" weight [ "@" scale ]
    weight = a number from -1 to 1; below 0 it demotes

    in_stock:0.05           boolean   adds 0.05 where it is true (in_stock=false:-0.1 where it is false)
    metal=gold|silver:0.05  keyword   adds 0.05 where it has one of the values; values are written as in a filter
    margin:0.1@0..100       number    adds 0.1 times the place between the bounds: 0 at 0, half at 50, all from 100
    created:0.1@30d         date      adds 0.1 times 0.5 ** (age / 30 days): all today, half when 30 days old

The boosted score is the score plus all amounts. A product without the field, or with a value of another type,
is not boosted. A weight is in units of the score, a cosine, and the boosted score may leave [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from indexer.errors import UsageError
from indexer.fields.types import FieldTable, FieldType, Payload, parse_boolean, parse_number
from indexer.store.filters.check import is_unicode, kind_of, listing, shown
from indexer.store.filters.normal_forms import spellings
from indexer.store.filters.text_form import split_values
from indexer.store.filters.tree import is_finite_number, known_fields, value_at
from searcher.search.ground.candidate import DECIMALS, Candidate

MAX_HALF_LIFE = 36_500.0
"""Days."""
DAY = 86_400.0

Share = Callable[[Any, datetime], float]
"""From one value of the field and the present to a share of the weight, in [0, 1]."""

_EXAMPLES = {
    FieldType.BOOLEAN: "{0}:0.05",
    FieldType.KEYWORD: "{0}=VALUE:0.05",
    FieldType.NUMBER: "{0}:0.05@0..100",
    FieldType.DATE: "{0}:0.05@30d",
}


@dataclass(frozen=True, slots=True)
class Boost:
    """One boost; see this module for what a text means."""

    text: str
    """As it was given, without the blanks around it."""
    field: str
    weight: float
    share: Share

    def amount(self, payload: Payload, now: datetime) -> float:
        """What it adds to the score of a product, to 8 decimals; of a list the value with the largest share tells.

        Args:
            payload: the product's.
            now: the present, with a time zone.
        """
        found = value_at(payload, self.field)
        values = found if isinstance(found, list) else [found]
        share = max((self.share(value, now) for value in values), default=0.0)
        return round(self.weight * share, DECIMALS) + 0.0  # no -0.0


def parse_boosts(texts: Sequence[str], table: FieldTable) -> tuple[Boost, ...]:
    """Read boost texts as described in this module.

    Args:
        texts: boost texts, no two alike.
        table: the catalog's fields (``record.field_table``); the fields every point has are added.

    Raises:
        UsageError: an unknown field, a scale that does not go with its type, a weight out of bounds, malformed text,
            or the same text twice. The message is one line that quotes the text and lists the fields there are.
    """
    fields = known_fields(table)
    boosts: dict[str, Boost] = {}
    for text in texts:
        try:
            boost = _parse_one(text.strip(), fields)
            if boost.text in boosts:
                raise ValueError("is given twice")
        except ValueError as error:
            raise UsageError(f"boost {shown(text)}: {error}. {listing(fields)}") from None
        boosts[boost.text] = boost
    return tuple(boosts.values())


def apply_boosts(candidates: Sequence[Candidate], boosts: Sequence[Boost], now: datetime) -> list[Candidate]:
    """The candidates with boosted scores, rounded to 8 decimals, best first; each says what every boost added."""
    return sorted((_boosted(candidate, boosts, now) for candidate in candidates), key=lambda boosted: boosted.rank_key)


def _boosted(candidate: Candidate, boosts: Sequence[Boost], now: datetime) -> Candidate:
    amounts = {boost.text: boost.amount(candidate.payload, now) for boost in boosts}
    score = round(math.fsum((candidate.score, *amounts.values())), DECIMALS) + 0.0
    return replace(candidate, score=score, boosts=amounts)


def _parse_one(text: str, fields: FieldTable) -> Boost:
    what, colon, how = text.rpartition(":")  # a value may hold colons, a weight cannot
    if not colon or not is_unicode(text):
        raise ValueError("cannot be read; write FIELD:WEIGHT, for example in_stock:0.05 or metal=gold:0.05")
    name, equals, values = what.partition("=")
    field = name.strip()
    kind = kind_of(field, fields)
    weight_text, at, scale = (part.strip() for part in how.partition("@"))
    try:
        weight = parse_number(weight_text)
    except ValueError:
        raise ValueError(f"the weight {shown(weight_text)} is not a number; write FIELD:0.05") from None
    if not -1.0 <= weight <= 1.0:
        raise ValueError(f"the weight {weight:g} is out of bounds; scores are cosines, so give -1 to 1")
    if kind is FieldType.TEXT:
        raise ValueError(f"{field} is text, which cannot be boosted; filter by its words: {field}~pearl")
    if bool(equals) and kind in (FieldType.NUMBER, FieldType.DATE):
        raise ValueError(f"{field} is a {kind}, which is boosted along a scale: {_EXAMPLES[kind].format(field)}")
    if bool(at) != (kind in (FieldType.NUMBER, FieldType.DATE)):
        takes = "takes no scale" if at else "needs a scale"
        raise ValueError(f"{field} is a {kind}, which {takes}: {_EXAMPLES[kind].format(field)}")
    return Boost(text, field, weight, _share(field, kind, values if equals else None, scale))


def _share(field: str, kind: FieldType, values: str | None, scale: str) -> Share:
    match kind:
        case FieldType.NUMBER:
            return _ramp(*_bounds(field, scale))
        case FieldType.DATE:
            return _newness(_half_life(field, scale))
    wanted = [value.text for value in split_values(values)] if values is not None else []
    if values is not None and not wanted:
        raise ValueError(f"a value is missing after {field}=")
    if kind is FieldType.KEYWORD:
        if not wanted:
            raise ValueError(f"{field} is a keyword, which needs a value: {_EXAMPLES[kind].format(field)}")
        return _is_one_of(spellings(wanted))
    try:
        return _is_one_of([parse_boolean(text) for text in wanted] or [True])
    except ValueError:
        raise ValueError(f"{field} is a boolean; write {field}=true or {field}=false before the colon") from None


def _is_one_of(wanted: Sequence[str | bool]) -> Share:
    kinds = {type(value) for value in wanted}

    def share(value: Any, _: datetime) -> float:
        return float(type(value) in kinds and value in wanted)

    return share


def _ramp(low: float, high: float) -> Share:
    def share(value: Any, _: datetime) -> float:
        return (min(max(value, low), high) - low) / (high - low) if is_finite_number(value) else 0.0

    return share


def _newness(days: float) -> Share:
    def share(value: Any, now: datetime) -> float:
        try:
            moment = datetime.fromisoformat(value)
        except (ValueError, TypeError):
            return 0.0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        age = max((now - moment).total_seconds(), 0.0) / DAY  # what is dated in the future is new
        return math.pow(0.5, age / days)

    return share


def _bounds(field: str, scale: str) -> tuple[float, float]:
    low_text, dots, high_text = scale.partition("..")
    try:
        low, high = parse_number(low_text.strip()), parse_number(high_text.strip())
    except ValueError:
        raise ValueError(f"the scale {shown(scale)} needs two bounds: {field}:0.05@0..100") from None
    if not dots or low >= high or not math.isfinite(high - low):
        raise ValueError(f"the scale {shown(scale)} must rise; where less is better, give a weight below 0")
    return low, high


def _half_life(field: str, scale: str) -> float:
    try:
        if not scale.endswith("d"):
            raise ValueError(scale)
        days = parse_number(scale[:-1].strip())
    except ValueError:
        raise ValueError(f"the scale {shown(scale)} is not a half-life in days: {field}:0.05@30d") from None
    if not 0.0 < days <= MAX_HALF_LIFE:
        raise ValueError(
            f"the half-life of {days:g} days is out of bounds; give more than 0, at most {MAX_HALF_LIFE:g}"
        )
    return days
