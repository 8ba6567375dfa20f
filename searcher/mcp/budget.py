"""An answer within a number of characters: a model pays for every word, and many a client cuts off what is longer.

First long texts are cut, each with its length behind it, then the values of facets, and only then products are left
out, from the end. What was cut is said in the answer itself, with how to see it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.system.text import counted

_NOTE = 600
"""Of the characters, so many are for saying what was cut."""
_TEXTS = (10_000, 5_000, 2_000, 1_000, 700, 500, 350, 250, 150, 100)
"""Lengths that texts are cut to, the longest that is short enough."""
_VALUES = (100, 50, 20, 10, 5, 3)
"""Values of a facet, likewise."""
_MARK = 30
"""About as long as a mark; a text that would hardly be shorter is left alone."""
_WHOLE = frozenset({"product_id", "where"})
"""What is of use only whole: to ask on with."""


def within(document: Mapping[str, Any], most: int, offset: int = 0) -> dict[str, Any]:
    """The document, or as much of it as fits, with ``cut`` where that is not all of it.

    Args:
        document: a tool's answer, plain JSON values.
        most: characters of its JSON text.
        offset: products skipped before the first.
    """
    if size(document) <= most:
        return dict(document)
    room, said = most - _NOTE, []
    fitting: Any = document
    for length in _TEXTS:
        shorter = _shortened(document, length)
        if shorter != document:
            fitting, said = shorter, [f"texts of more than {length:,} characters are cut"]
        if size(fitting) <= room:
            break
    fitting = _with_fewer_values(fitting, room)
    kept = _products_first(fitting, room)
    said += _left_out(document, kept, offset)
    return kept | {"cut": f"{'; '.join(said)} (an answer has {most:,} characters at most)"}


def shortened(text: str, length: int) -> str:
    """A text cut to about so many characters, with its whole length behind it: ``Ring of gold… (4,012 characters)``."""
    return f"{text[:length].rstrip()}… ({len(text):,} characters)" if len(text) > length + _MARK else text


def written(document: Any) -> str:
    """The JSON text of an answer."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def size(document: Any) -> int:
    """Characters of the JSON text."""
    return len(written(document))


def _shortened(value: Any, length: int) -> Any:
    if isinstance(value, str):
        return shortened(value, length)
    if isinstance(value, Mapping):
        return {name: one if name in _WHOLE else _shortened(one, length) for name, one in value.items()}
    return [_shortened(one, length) for one in value] if isinstance(value, list) else value


def _with_fewer_values(document: Mapping[str, Any], room: int) -> Mapping[str, Any]:
    """With so few values of every facet that all is within the room, as far as that can be had this way."""
    for most in _VALUES if "facets" in document else ():
        if size(document) <= room:
            break
        document = {**document, "facets": [_first_values(facet, most) for facet in document["facets"]]}
    return document


def _first_values(facet: Mapping[str, Any], most: int) -> dict[str, Any]:
    if len(facet.get("values", ())) <= most:
        return dict(facet)
    return {**facet, "values": facet["values"][:most], "more": True}


def _products_first(document: Mapping[str, Any], room: int) -> dict[str, Any]:
    """What fits: half of the room at least is for products, where there are any."""
    products = document.get("matches", [])
    rest = {name: one for name, one in document.items() if name != "matches"}
    kept: dict[str, Any] = _pruned(rest, max(room - size(products) - 12, room // 2 if products else room))
    if "matches" in document:
        kept = {"matches": list(_first_entries(products, room - size(kept) - 12))} | kept
    return kept


def _pruned(value: Any, room: int) -> Any:
    """As many of the entries as fit, of a list the first ones, of an object the smallest ones."""
    if size(value) <= room:
        return value
    if isinstance(value, str):
        return shortened(value, max(room - _MARK - 2, 0))
    if isinstance(value, list):
        return list(_first_entries(value, room - 2))
    if not isinstance(value, Mapping):
        return None
    kept, room = {}, room - 2
    for name, one in sorted(value.items(), key=lambda item: size(item[1])):
        left = room - size(name) - 2
        if size(one) > left and left < 2 * _MARK:
            continue
        kept[name] = _pruned(one, left)
        room = left - size(kept[name])
    return {name: kept[name] for name in value if name in kept}


def _first_entries(entries: list[Any], room: int) -> Iterator[Any]:
    for number, entry in enumerate(entries):
        length = size(entry) + 1
        if length > room:
            if number == 0 and room > 2 * _MARK:
                yield _pruned(entry, room)
            return
        room -= length
        yield entry


def _left_out(whole: Mapping[str, Any], kept: Mapping[str, Any], offset: int) -> Iterator[str]:
    """What is said of the entries that are not there, and how to see them."""
    matches, shown = len(whole.get("matches", ())), len(kept.get("matches", ()))
    if shown < matches:
        yield f"{matches - shown} of {counted(matches, 'product')} are left out: go on with offset {offset + shown}"
    if _values(kept) < _values(whole):
        yield f"{_values(whole) - _values(kept)} values of facets are left out: name fewer fields, or narrow with where"
    if len(kept.get("facets", ())) < len(whole.get("facets", ())):
        yield f"{len(whole['facets']) - len(kept.get('facets', ()))} facets are left out: name those you need"
    if _fields(kept, shown) < _fields(whole, shown):
        yield "fields are left out: name those you need in fields"
    for name in ("photos", "categories", "relaxed", "notes"):
        if len(kept.get(name, ())) < len(whole.get(name, ())):
            yield f"{len(whole[name]) - len(kept.get(name, ()))} of {len(whole[name])} {name} are left out"
    if matches:
        yield "fields chooses fields, and the tool product shows one product with longer texts"


def _values(document: Mapping[str, Any]) -> int:
    return sum(len(facet.get("values", ())) + len(facet.get("ranges", ())) for facet in document.get("facets", ()))


def _fields(document: Mapping[str, Any], products: int) -> int:
    rows = [*document.get("matches", ())[:products], document]
    return sum(len(row.get("fields", ())) for row in rows)
