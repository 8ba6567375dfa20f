"""What every client takes of JSON Schema, written down: OpenAI, Gemini, Claude and VS Code each refuse other things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

EVERYWHERE = {"type", "description"}
KEYWORDS = {
    "object": EVERYWHERE | {"properties", "required"},
    "array": EVERYWHERE | {"items", "minItems", "maxItems"},
    "string": EVERYWHERE | {"enum"},
    "integer": EVERYWHERE | {"minimum", "maximum"},
    "number": EVERYWHERE | {"minimum", "maximum"},
    "boolean": EVERYWHERE,
}


def refused(schema: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What some client would refuse of the arguments of a tool; nothing is as it should be."""
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in KEYWORDS:
        yield f"{at}: the type is {kind!r}"
        return
    if not at and kind != "object":
        yield "the arguments are no object"
    yield from (f"{at}: {name}" for name in schema if name not in KEYWORDS[kind])
    if not isinstance(schema.get("description", ""), str):
        yield f"{at}: the description is no text"
    if not all(isinstance(one, str) for one in schema.get("enum", [])):
        yield f"{at}: a choice is no text"
    if kind == "object":
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            yield f"{at}: an object without properties"
            return
        yield from (
            f"{at}: {name} is required and not there" for name in schema.get("required", []) if name not in properties
        )
        for name, one in properties.items():
            yield from refused(one, f"{at}.{name}")
    if kind == "array":
        if not isinstance(schema.get("items"), dict):
            yield f"{at}: a list without items"
            return
        yield from refused(schema["items"], f"{at}[]")
