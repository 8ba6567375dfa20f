"""The arguments of a tool as JSON Schema that every client takes: one tool that is refused can cost a client them all.

What the programs that pass tools on to a model take of JSON Schema, as of November 2026:

- **OpenAI** (functions): ``array`` needs ``items``; nothing at the top but an object. In strict mode no ``default``, no
  lengths of texts, and every property required: clients that ask for it make that of the schema by themselves, and
  then write null or "" for what is not given.
- **Gemini** (`Schema` of function declarations, a part of OpenAPI 3.0): one unknown keyword refuses all tools. Unknown
  are ``additionalProperties``, ``$ref``, ``$defs``, ``prefixItems``, ``const``, ``exclusiveMinimum``, ``examples``, a
  list as ``type``, and to older versions ``default``; ``enum`` is of texts.
- **Claude** (``input_schema``): an object at the top, and no ``anyOf`` there.
- **VS Code**: a tool whose ``array`` has no ``items`` is left out.

What all of them take: one type by name, ``description``, ``properties``, ``required``, ``items``, ``enum`` of texts,
and bounds of numbers and lists that include themselves. The rest is said in descriptions, and held when a tool is
called: a name that is not known is refused, although nothing here says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_KEPT = ("type", "description", "enum", "minimum", "maximum", "minItems", "maxItems", "required")
_NULL = {"type": "null"}


def plain_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model in the part of JSON Schema that all clients take.

    A field that may be left out is one that is not required: that it may be null too is taken and not told.

    Raises:
        TypeError: a field has a type that this part cannot say, a union or any object.
    """
    whole = model.model_json_schema()
    return _plain(whole, whole.get("$defs", {}))


def _plain(schema: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    told = _one_shape(schema, named)
    kind = told.get("type")
    if not isinstance(kind, str):
        raise TypeError(f"a client cannot be told of {dict(schema)}; give the field one type")
    made = {name: told[name] for name in _KEPT if name in told}
    if kind == "object":
        if "properties" not in told:
            raise TypeError(f"a client cannot be told of an object with any fields: {dict(schema)}")
        made["properties"] = {name: _plain(one, named) for name, one in told["properties"].items()}
    if kind == "array":
        made["items"] = _plain(_entry(told), named)
    if said := " ".join(filter(None, (told.get("description"), *_lost(told)))):
        made["description"] = said
    return made


def _one_shape(schema: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """With what it refers to in its place, and without null."""
    shape = dict(schema)
    if (reference := shape.pop("$ref", None)) is not None:
        shape = named[reference.rpartition("/")[2]] | shape
    if (shapes := shape.pop("anyOf", None)) is not None:
        rest = [one for one in shapes if one != _NULL]
        if len(rest) != 1:
            raise TypeError(f"a client cannot be told of {len(rest)} types of one field: {dict(schema)}")
        shape = _one_shape(rest[0], named) | shape
    return shape


def _entry(array: Mapping[str, Any]) -> Mapping[str, Any]:
    """What every entry of a list is."""
    places = array.get("prefixItems", [array.get("items", {})])
    if any(one != places[0] for one in places):
        raise TypeError(f"a client cannot be told of a list whose entries differ: {dict(array)}")
    first: Mapping[str, Any] = places[0]
    return first


def _lost(told: Mapping[str, Any]) -> list[str]:
    """What the keywords said that are left out, in words."""
    said = []
    if (above := told.get("exclusiveMinimum")) is not None:
        said.append(f"More than {above}.")
    if (below := told.get("exclusiveMaximum")) is not None:
        said.append(f"Less than {below}.")
    if (most := told.get("maxLength")) is not None:
        said.append(f"At most {most} characters.")
    if (default := told.get("default")) is not None:
        said.append(f"Default: {default if isinstance(default, str) else json.dumps(default)}.")
    return said
