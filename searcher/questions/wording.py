"""What cannot be taken of a question, in the words of this service: what the reader of JSON says is about its types.

Where a value may have several shapes, the reader tells of each of them what it lacks, and puts the shape's name into
the path. A client knows neither: it is told one thing of each place, and a place is one of what it sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

SHA256 = r"^[0-9a-f]{64}$"
"""How a photo's file is named by what is in it."""

FILE_NAME = r"^[A-Za-z0-9_-]+\.[a-z]+$"
"""How a file of a report is named."""

_BY_TYPE = {
    "missing": "is missing",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of a size that can be meant",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "must be text in UTF-8",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
_BY_PATTERN = {
    SHA256: "must be the sha256 of a photo's file: 64 digits and letters from a to f",
    FILE_NAME: "must be the name of a file, such as report.html",
}
_SHAPES = frozenset(kind for kind in _BY_TYPE if kind.endswith("_type"))
"""Kinds of errors that say no more than that a value has another shape."""
_TO_MUST = re.compile(r"^(?:Input|String|List|Tuple|Dictionary|Number|Value) should (?=be |have |match )")
_TYPE_NAME = re.compile(r"(?:[A-Z]\w*|str|int|float|bool|dict|.*[\[\](].*|constrained-\w+|function-.*)", re.ASCII)
_NAMED = frozenset({"unknown_name", "unknown_parameter", "extra_forbidden", "repeated", "options"})
"""Kinds of errors that are about a name that somebody gave, whatever it looks like."""

Place = tuple[str, ...]


def in_words(found: Mapping[str, Any]) -> str:
    """What is wrong with one field: ``must be at most 50``.

    Args:
        found: an error as pydantic lists it: ``type`` and ``msg``.
    """
    if (said := _BY_TYPE.get(found["type"])) is not None:
        return said
    if (said := _BY_PATTERN.get(found.get("ctx", {}).get("pattern"))) is not None:
        return said
    text = str(found["msg"]).removeprefix("Value error, ").replace(" after validation", "")
    if text.startswith("Expected UploadFile"):
        return "must be a file"
    text = _TO_MUST.sub("must ", text).replace(" items", " entries").replace(" item", " entry")
    return text.replace("less than or equal to", "at most").replace("greater than or equal to", "at least")


def place_of(found: Mapping[str, Any], sent: Any = None) -> Place:
    """Where it is wrong, by the names that a question has: of several shapes a value may have, the types are no place.

    Args:
        found: an error as pydantic lists it: ``type`` and ``loc``.
        sent: what the path leads through, where that is at hand: then a place is a place in it.
    """
    parts = found["loc"]
    if sent is not None:
        return _place_in(sent, parts, found["type"] == "missing")
    last = len(parts) - 1
    kept = found["type"] in _NAMED
    return tuple(
        part for at, part in enumerate(map(str, parts)) if (kept and at == last) or not _TYPE_NAME.fullmatch(part)
    )


def _place_in(sent: Any, parts: Sequence[str | int], missing: bool) -> Place:
    """The parts of a path that lead on in what was sent; of what is missing, its name too."""
    place, value = [], sent
    for part in parts[: len(parts) - missing]:
        if _leads_on(value, part):
            value = value[part]
            place.append(str(part))
    return (*place, str(parts[-1])) if missing else tuple(place)


def _leads_on(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value


def all_in_words(found: Sequence[Mapping[str, Any]], sent: Any = None) -> list[tuple[str, str]]:
    """Place and words of each error; of several shapes that a value may have, once: ``must be text or a list``.

    Args:
        found: errors as pydantic lists them.
        sent: see `place_of`.
    """
    told: dict[Place, list[tuple[bool, str]]] = {}
    short: dict[Place, int] = {}
    for one in found:
        place, said = place_of(one, sent), in_words(one)
        if one["type"] == "missing" and isinstance(last := one["loc"][-1], int):  # of a list of so many
            place = place[:-1]
            said, short[place] = f"must have {last + 1} entries", last + 1
        words = told.setdefault(place, [])
        if (entry := (one["type"] in _SHAPES, said)) not in words:
            words.append(entry)
    outer = {place[:depth] for place in told for depth in range(len(place))}
    joined: list[tuple[str, str]] = []
    for place, words in told.items():
        shapes = [said.removeprefix("must be ") for is_shape, said in words if is_shape]
        others = [said for is_shape, said in words if not is_shape]
        if place in short:
            others = [f"must have {short[place]} entries"]
        if shapes and not others and place not in outer:  # else it has one of the shapes, and that is what is told of
            others = ["must be " + " or ".join(shapes)]
        joined += [(".".join(place), said) for said in others]
    return joined
