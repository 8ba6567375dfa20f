"""The typed fields of a catalog: names, types, how a text becomes a value, and what is filterable."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

Payload = dict[str, Any]

FieldValue = str | float | bool | list[str]


class FieldType(StrEnum):
    """What a field holds. Numbers are always floats, so that no engine meets an int index with a 2.5 in it."""

    KEYWORD = "keyword"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TEXT = "text"


FieldTable = Mapping[str, FieldType]

LIST_SEPARATOR = "|"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_TRUE, _FALSE = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}


def parse_number(text: str) -> float:
    """A finite float; raises ``ValueError`` for anything else, including ``nan``, ``inf`` and ``1_000``."""
    value = float(text) if _NUMBER.match(text) else math.nan
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def parse_boolean(text: str) -> bool:
    """``true/yes/y/1`` or ``false/no/n/0`` in any case; raises ``ValueError`` otherwise."""
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(text)


def parse_date(text: str) -> str:
    """An ISO 8601 date or date-time as RFC 3339 in UTC; a date alone is its midnight; no zone means UTC.

    Raises ``ValueError`` for anything else.
    """
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # the zone carries it out of the years 1 to 9999
        raise ValueError(text) from error
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def is_date_only(text: str) -> bool:
    """Whether the text names a whole day rather than a moment."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def cast(text: str, kind: FieldType) -> FieldValue:
    """Turn a manifest cell into a value of the field's type; raises ``ValueError`` when it does not fit."""
    if kind is FieldType.NUMBER:
        return parse_number(text)
    if kind is FieldType.BOOLEAN:
        return parse_boolean(text)
    if kind is FieldType.DATE:
        return parse_date(text)
    if kind is FieldType.KEYWORD and LIST_SEPARATOR in text:
        return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]
    return text
