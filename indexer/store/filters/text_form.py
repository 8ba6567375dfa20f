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
from typing import NamedTuple, TypeVar

from indexer.errors import FilterError
from indexer.fields.types import FieldTable, FieldType, is_date_only, parse_boolean, parse_date, parse_number
from indexer.store.filters.check import MAX_DEPTH, check_filter, is_unicode, kind_of, listing, shown
from indexer.store.filters.json_form import read_filter
from indexer.store.filters.normal_forms import in_both_forms
from indexer.store.filters.tree import Condition, DateRange, Filter, IsEmpty, Match, Prefix, Range, Text, known_fields
from indexer.store.filters.where import Where, where_texts

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


class Value(NamedTuple):
    """One value of a filter text; what was quoted is taken as it stands."""

    text: str
    quoted: bool


MAX_CONDITIONS = 300
"""Conditions of one filter. Each is looked at for every photo that passes those before it: 20,000 took half a minute
on 30,000 photos, and a megabyte of JSON holds as many."""


def read(where: Where, table: FieldTable) -> Filter | None:
    """A filter in any form that a question takes: texts, a tree, or Qdrant's JSON.

    What comes back fits the fields: no engine refuses it for what it asks. It asks for names in both normal forms.

    Raises:
        FilterError: it does not fit, is nested too deep, or has too many conditions.
    """
    if where is None:
        return None
    if isinstance(where, Filter):
        check_filter(where, table, deepest=MAX_DEPTH)
        tree: Filter | None = where
    elif isinstance(where, Mapping):
        tree = read_filter(where, table) or None
    else:
        tree = parse(where_texts(where), table)
    if tree is not None and (conditions := _conditions(tree)) > MAX_CONDITIONS:
        raise FilterError(
            f"the filter has {conditions} conditions, {MAX_CONDITIONS} are the most; ask for several values of a "
            "field in one condition, as in metal=gold|silver"
        )
    return None if tree is None else in_both_forms(tree)


def _conditions(tree: Filter) -> int:
    """Conditions of a tree, filters in it included."""
    count, left = 0, [tree]
    while left:
        parts = (*(one := left.pop()).must, *one.should, *one.must_not)
        count += len(parts)
        left += [part for part in parts if isinstance(part, Filter)]
    return count


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
            raise FilterError(f"filter {shown(text)}: {error}. {listing(fields)}") from None
    return Filter(must=tuple(must), must_not=tuple(must_not)) if must or must_not else None


def field_of(text: str) -> str | None:
    """The field that a filter text is about; None when it cannot be read."""
    clause = _CLAUSE.match(text)
    return clause[1] if clause else None


def _parse_one(text: str, fields: FieldTable, must: list[Condition], must_not: list[Condition]) -> None:
    """Append one text's conditions; every complaint is a ``ValueError`` that `parse` completes."""
    clause = _CLAUSE.match(text)
    if not clause or not is_unicode(text):
        raise ValueError("cannot be read; write FIELD=VALUE, for example price<=500 or metal=gold|silver")
    field, operator, rest = clause.groups()
    kind = kind_of(field, fields)
    if operator in ("=", "!="):
        values = split_values(rest)
        found = [_equals(field, kind, value) for value in values] if values else [IsEmpty(field)]
        if operator == "!=":
            must_not.extend(_merged(found))
            return
    else:
        found = [_compare(field, kind, operator, value) for value in _required(operator, rest)]
    merged = _merged(found)
    must.append(merged[0] if len(merged) == 1 else Filter(should=tuple(merged)))


def _equals(field: str, kind: FieldType, value: Value) -> Condition:
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
            raise ValueError(f"{field} is text, which is searched by words: {field}~{shown(value.text)}")


def _compare(field: str, kind: FieldType, operator: str, value: Value) -> Condition:
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
        raise ValueError(f"{field} is a {kind}, which {shown(text.strip())} is not; use {example}") from None


def _merged(conditions: Sequence[Condition]) -> list[Condition]:
    """Matches of one field become one `Match` with several values, which an engine answers in one look-up."""
    matches = [c for c in conditions if isinstance(c, Match)]
    if len(matches) < 2:
        return list(conditions)
    values = dict.fromkeys(value for match in matches for value in match.any)
    return [Match(matches[0].field, tuple(values))]


def _required(operator: str, rest: str) -> Iterable[Value]:
    values = split_values(rest)
    if not values:
        raise ValueError(f"a value is missing after {operator}")
    if len(values) > 1 and operator not in ("~", "^="):
        raise ValueError(f"{operator} takes one value")
    return values


def split_values(text: str) -> list[Value]:
    """Values between ``|``; a value in double quotes may hold anything. Blank text has no value.

    Raises ``ValueError`` for what cannot be read.
    """
    values: list[Value] = []
    rest = text.strip()
    while rest:
        if rest.startswith('"'):
            quoted = re.match(r'"((?:[^"]|"")*)"\s*(?:\||\Z)', rest, re.DOTALL)
            if not quoted:
                raise ValueError('a quoted value must end with " and be followed by | or nothing')
            value, end = Value(quoted[1].replace('""', '"'), True), quoted.end()
        else:
            part = rest.partition("|")[0]
            value, end = Value(part.strip(), False), len(part) + 1
        if not value.text:
            raise ValueError("a value is empty; FIELD= alone asks for products without the field")
        values.append(value)
        if end >= len(rest) and rest[-1] == "|":
            raise ValueError("nothing follows the last |")
        rest = rest[end:].strip()
    return values
