"""The filter text: ``price<=500``, ``metal=gold|silver``, ``title~pearl`` … → filter tree, checked against the fields.

    text      = field operator [values]           several texts hold together (AND)
    operator  = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" (words) | "^=" (prefix)
    values    = value { "|" value }               any of them
    value     = plain text | "quoted text" | [low] ".." [high]      ("" inside quotes is one quote)

No value asks for emptiness: ``metal=`` has none, ``metal!=`` has some. ``!=`` is the plain "is not": a product
without the field passes. Dates that name a whole day mean the whole day, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple, TypeVar

from indexer.errors import FilterError
from indexer.fields import FieldTable, FieldType, is_date_only, parse_boolean, parse_date, parse_number
from indexer.stores.filter_tree import (
    Condition,
    DateRange,
    Filter,
    IsEmpty,
    Match,
    Prefix,
    Range,
    Text,
    known_fields,
)

_CLAUSE = re.compile(r"\s*([^\W\d][\w.-]*?)\s*(!=|<=|>=|\^=|=|<|>|~)(.*)\Z", re.DOTALL)
_WORD = re.compile(r"[^\W_]")
_EXAMPLES: Mapping[FieldType, str] = {
    FieldType.KEYWORD: "{0}=gold|silver, {0}!=gold or {0}^=go",
    FieldType.NUMBER: "{0}=100..500, {0}<=500 or {0}=100",
    FieldType.BOOLEAN: "{0}=true or {0}=false",
    FieldType.DATE: "{0}>=2026-01-31 or {0}=2026-01-01..2026-03-31",
    FieldType.TEXT: "{0}~pearl",
}


_T = TypeVar("_T")


class _Value(NamedTuple):
    text: str
    quoted: bool


def parse(texts: Sequence[str], table: FieldTable) -> Filter | None:
    """Read filter texts, all of which must hold; None when there are none.

    Args:
        texts: filter texts as described in this module.
        table: the catalog's fields (``record.field_table``); the fields every point has are added.

    Raises:
        FilterError: an unknown field, a value of the wrong type, or malformed text. The message is one line that
            quotes the text and lists the fields there are.
    """
    fields = known_fields(table)
    must: list[Condition] = []
    must_not: list[Condition] = []
    for text in texts:
        try:
            _parse_one(text, fields, must, must_not)
        except ValueError as error:
            listing = ", ".join(f"{name} ({kind})" for name, kind in fields.items())
            raise FilterError(f"filter {_shown(text)}: {error}. Fields: {listing}") from None
    return Filter(must=tuple(must), must_not=tuple(must_not)) if must or must_not else None


def _parse_one(text: str, fields: FieldTable, must: list[Condition], must_not: list[Condition]) -> None:
    """Append one text's conditions; every complaint is a ``ValueError`` that `parse` completes."""
    clause = _CLAUSE.match(text)
    if not clause or not _is_unicode(text):
        raise ValueError("cannot be read; write FIELD=VALUE, for example price<=500 or metal=gold|silver")
    field, operator, rest = clause.groups()
    if field not in fields:
        near = get_close_matches(field, fields, n=1, cutoff=0.6)
        raise ValueError(f"there is no field {field!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    kind = fields[field]
    if operator in ("=", "!="):
        values = _split_values(rest)
        found = [_equals(field, kind, value) for value in values] if values else [IsEmpty(field)]
        if operator == "!=":
            must_not.extend(_merged(found))
            return
    else:
        found = [_compare(field, kind, operator, value) for value in _required(operator, rest)]
    merged = _merged(found)
    must.append(merged[0] if len(merged) == 1 else Filter(should=tuple(merged)))


def _equals(field: str, kind: FieldType, value: _Value) -> Condition:
    low, dots, high = value.text.partition("..")
    span = bool(dots) and not value.quoted and kind in (FieldType.NUMBER, FieldType.DATE)
    if span and not low.strip() and not high.strip():
        raise ValueError(f"a range needs at least one bound, for example {field}=1..")
    match kind:
        case FieldType.KEYWORD:
            return Match(field, (value.text,))
        case FieldType.BOOLEAN:
            return Match(field, (_cast(field, kind, value.text, parse_boolean),))
        case FieldType.NUMBER:
            return _number_span(field, low, high) if span else _number_span(field, value.text, value.text)
        case FieldType.DATE:
            return _date_span(field, low, high) if span else _date_span(field, value.text, value.text)
        case FieldType.TEXT:
            raise ValueError(f"{field} is text, which is searched by words: {field}~{_shown(value.text)}")


def _compare(field: str, kind: FieldType, operator: str, value: _Value) -> Condition:
    match kind, operator:
        case FieldType.TEXT, "~":
            if not _WORD.search(value.text):
                raise ValueError(f"{value.text!r} holds no word to look for")
            return Text(field, value.text)
        case FieldType.KEYWORD, "^=":
            return Prefix(field, value.text)
        case FieldType.NUMBER, "<" | "<=" | ">" | ">=":
            number = _cast(field, kind, value.text, parse_number)
            name = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[operator]
            return Range(field, **{name: number})
        case FieldType.DATE, "<" | "<=" | ">" | ">=":
            start, after = _day_or_moment(field, value.text)
            if after is None:
                name = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[operator]
                return DateRange(field, **{name: start})
            return {
                "<": DateRange(field, lt=start),
                "<=": DateRange(field, lt=after),
                ">": DateRange(field, gte=after),
                ">=": DateRange(field, gte=start),
            }[operator]
    raise ValueError(f"{operator} does not go with {field}, a {kind} field; use {_EXAMPLES[kind].format(field)}")


def _number_span(field: str, low: str, high: str) -> Range:
    gte = _cast(field, FieldType.NUMBER, low, parse_number) if low.strip() else None
    lte = _cast(field, FieldType.NUMBER, high, parse_number) if high.strip() else None
    if gte is not None and lte is not None and gte > lte:
        raise ValueError(f"the range {low.strip()}..{high.strip()} runs backwards")
    return Range(field, gte=gte, lte=lte)


def _date_span(field: str, low: str, high: str) -> DateRange:
    first, last = (_day_or_moment(field, text) if text.strip() else None for text in (low, high))
    if first and last and _moment(first[0]) > _moment(last[0]):
        raise ValueError(f"the range {low.strip()}..{high.strip()} runs backwards")
    gte = first[0] if first else None
    if last is None:
        return DateRange(field, gte=gte)
    moment, after = last
    return DateRange(field, gte=gte, lt=after) if after else DateRange(field, gte=gte, lte=moment)


def _day_or_moment(field: str, text: str) -> tuple[str, str | None]:
    """A moment and None, or for a whole day its first moment and the first moment after it."""
    text = text.strip()
    start = _cast(field, FieldType.DATE, text, parse_date)
    if not is_date_only(text):
        return start, None
    try:
        after = _moment(start) + timedelta(days=1)
    except OverflowError:
        raise ValueError(f"{text} is too late for a calendar; leave the bound open") from None
    return start, parse_date(after.isoformat())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _cast(field: str, kind: FieldType, text: str, parser: Callable[[str], _T]) -> _T:
    try:
        return parser(text.strip())
    except (ValueError, OverflowError):
        example = _EXAMPLES[kind].format(field)
        raise ValueError(f"{field} is a {kind}, which {_shown(text.strip())} is not; use {example}") from None


def _merged(conditions: Sequence[Condition]) -> list[Condition]:
    """Matches of one field become one `Match` with several values, which an engine answers in one look-up."""
    matches = [c for c in conditions if isinstance(c, Match)]
    if len(matches) < 2:
        return list(conditions)
    values = dict.fromkeys(value for match in matches for value in match.any)
    return [Match(matches[0].field, tuple(values))]


def _required(operator: str, rest: str) -> Iterable[_Value]:
    values = _split_values(rest)
    if not values:
        raise ValueError(f"a value is missing after {operator}")
    if len(values) > 1 and operator not in ("~", "^="):
        raise ValueError(f"{operator} takes one value")
    return values


def _split_values(text: str) -> list[_Value]:
    """Values between ``|``; a value in double quotes may hold anything. Blank text has no value."""
    values: list[_Value] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            quoted = re.match(r'"((?:[^"]|"")*)"\s*(?:\||\Z)', rest, re.DOTALL)
            if not quoted:
                raise ValueError('a quoted value must end with " and be followed by | or nothing')
            value, end = _Value(quoted[1].replace('""', '"'), True), quoted.end()
        else:
            part = rest.partition("|")[0]
            value, end = _Value(part.strip(), False), len(part) + 1
        if not value.text:
            raise ValueError("a value is empty; FIELD= alone asks for products without the field")
        values.append(value)
        if end >= len(rest) and rest[-1] == "|":
            raise ValueError("nothing follows the last |")
        rest = rest[end:].strip()
    return values


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


def _is_unicode(text: str) -> bool:
    """Whether it can be stored at all: bytes of a command line that are no UTF-8 arrive as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
