"""Writes searcher/client/shapes.py from the OpenAPI document.

    python -m searcher.http.app | python -m searcher.client.write_shapes

Nothing but the document is read, so that the client's types are what any other language's generator would see.
A test compares the file with what comes out here.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = "Mapping[str, Any]"

WIDTH = 120
INDENT = "    "
OPTIONS = "OptionsBody"
"""Name of what all questions for products take; the document has it in each of their bodies, the file once."""

HEAD = '''\
"""Shapes of requests and responses, written from the OpenAPI document by searcher.client.write_shapes.

Do not edit: change the models of the service, then run
``python -m searcher.http.app | python -m searcher.client.write_shapes``.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required, TypedDict, final
'''
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def write(document: Mapping[str, Any]) -> str:
    """A Python module with a ``TypedDict``, or a ``Literal``, for each schema of an OpenAPI 3.1 document.

    Forms (multipart bodies) have none: the client writes their fields itself.

    Raises:
        ValueError: a schema uses what has no Python type here yet.
    """
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    common = _common([schemas[name] for name in _question_bodies(document)])
    forms = {_name(ref) for ref in _bodies(document, "multipart/form-data")}
    classes = [_class(OPTIONS, {"description": "What every question for products takes."}, common, "TypedDict")]
    for name, schema in sorted(schemas.items()):
        if name in forms or name == OPTIONS:
            continue
        if "enum" in schema:
            rows = [f"{name} = {_type(schema)}", *_docstring(schema.get("description") or name, indent="")]
            classes.append("\n".join(rows) + "\n")
            continue
        own: dict[str, Schema] = dict(schema.get("properties", {}))
        inherits = bool(common) and all(own.get(field) == of for field, of in common.items())
        if inherits:
            own = {field: of for field, of in own.items() if field not in common}
        classes.append(_class(name, schema, own, OPTIONS if inherits else "TypedDict"))
    return "\n\n".join([HEAD, *classes])


def _question_bodies(document: Mapping[str, Any]) -> list[str]:
    """Names of the JSON bodies of routes that answer with products."""
    return [_name(ref) for ref in _bodies(document, "application/json", tag="search")]


def _bodies(document: Mapping[str, Any], media_type: str, tag: str | None = None) -> Iterator[str]:
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            if media_type in content and (tag is None or tag in operation["tags"]):
                yield content[media_type]["schema"]["$ref"]


def _common(bodies: list[Schema]) -> dict[str, Schema]:
    """The properties that all have, optional and equal."""
    required = {name for body in bodies for name in body.get("required", ())}
    return {
        name: schema
        for name, schema in (bodies[0]["properties"] if bodies else {}).items()
        if name not in required and all(body["properties"].get(name) == schema for body in bodies)
    }


def _class(name: str, schema: Schema, properties: Mapping[str, Schema], base: str) -> str:
    required = set(schema.get("required", ())) & set(properties)
    partial = not required or base != "TypedDict"
    closed = schema.get("additionalProperties") is False  # then checkers tell unions apart by ``"error" in answer``
    lines = ["@final"] if closed else []
    lines.append(f"class {name}({base}{', total=False' if partial else ''}):")
    lines += _docstring(schema.get("description") or name)
    if properties:
        lines.append("")
    for field, of in properties.items():
        kind = _type(of)
        if partial and field in required:
            kind = f"Required[{kind}]"
        elif not partial and field not in required:
            kind = f"NotRequired[{kind}]"
        lines.append(f"{INDENT}{field}: {kind}")
        if of.get("description"):
            lines += _docstring(of["description"])
    return "\n".join(lines) + "\n"


def _docstring(text: str, indent: str = INDENT) -> list[str]:
    """A description as it stands, wrapped; what would end or escape it is taken out."""
    text = " ".join(text.replace("\\", "/").replace('"""', "'").split())
    text = text if text.endswith(".") else f"{text}."
    rows = textwrap.wrap(f'"""{text}"""', WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return [indent + row for row in rows]


def _type(schema: Schema) -> str:
    """The Python type of a schema."""
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(_literal(value) for value in values)}]"
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"tuple[{', '.join(_type(one) for one in schema['prefixItems'])}]"
        case "array":
            return f"list[{_type(schema['items'])}]"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"dict[str, {_type(schema['additionalProperties'])}]"
        case "object" if not schema.get("properties"):
            return "dict[str, Any]"
        case str(kind) if kind in _PLAIN:
            return _PLAIN[kind]
    raise ValueError(f"the client's types have nothing for the schema {dict(schema)}; teach write_shapes")


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]


if __name__ == "__main__":
    Path(__file__).with_name("shapes.py").write_text(write(json.load(sys.stdin)), encoding="utf-8")
