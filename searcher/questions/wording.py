"""What cannot be taken of a question, in the words of this service: what the reader of JSON says is about its types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

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
_TO_MUST = re.compile(r"^(?:Input|String|List|Tuple|Dictionary|Number|Value) should (?=be |have |match )")
_TYPE_NAME = re.compile(r"(?:[A-Z]\w*|str|int|float|bool|dict|.*[\[\](].*|constrained-\w+|function-.*)", re.ASCII)
_NAMED = frozenset({"unknown_name", "unknown_parameter", "extra_forbidden", "repeated", "options"})
"""Kinds of errors that are about a name that somebody gave, whatever it looks like."""


def in_words(found: Mapping[str, Any]) -> str:
    """What is wrong with one field: ``must be at most 50``.

    Args:
        found: an error as pydantic lists it: ``type`` and ``msg``.
    """
    if (said := _BY_TYPE.get(found["type"])) is not None:
        return said
    text = str(found["msg"]).removeprefix("Value error, ").replace(" after validation", "")
    if text.startswith("Expected UploadFile"):
        return "must be a file"
    text = _TO_MUST.sub("must ", text).replace(" items", " entries").replace(" item", " entry")
    return text.replace("less than or equal to", "at most").replace("greater than or equal to", "at least")


def place_of(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Where it is wrong, by the names that a question has: of several shapes a value may have, the types are no place.

    Args:
        found: an error as pydantic lists it: ``type`` and ``loc``.
    """
    parts = [str(part) for part in found["loc"]]
    last = len(parts) - 1
    kept = found["type"] in _NAMED
    return tuple(part for at, part in enumerate(parts) if (kept and at == last) or not _TYPE_NAME.fullmatch(part))


def all_in_words(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Place and words of each error; of several shapes that a value may have, once: ``must be text or a list``."""
    told: dict[str, list[str]] = {}
    for one in found:
        words = told.setdefault(".".join(place_of(one)), [])
        if (said := in_words(one)) not in words:
            words.append(said)
    joined = []
    for place, words in told.items():
        shapes = [said.removeprefix("must be ") for said in words if said.startswith("must be ")]
        others = [said for said in words if not said.startswith("must be ")]
        joined += [(place, said) for said in ([f"must be {' or '.join(shapes)}"] if shapes else []) + others]
    return joined
