"""Answers and reports as JSON: each is declared once, as a dataclass, and pydantic derives JSON and schema from it.

A field is written under its name; the docstring under it is its description in the OpenAPI document. Where the JSON is
something else than the field, ``Annotated`` says so with what stands here:

    took_ms: Annotated[float, rounded(1)]
    path: Annotated[str, Field(alias="photo")]
    relaxed: Annotated[tuple[str, ...], LEFT_OUT] = ()
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from inspect import cleandoc, getsource
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, ClassVar, cast

from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializationInfo,
    TypeAdapter,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreConfig, CoreSchema, PydanticSerializationError, SchemaSerializer, core_schema


class PlainJson:
    """A dataclass that is an answer or a report, or a part of one.

    Two things concern a whole class: ``FLAT`` names a field whose own fields stand in the JSON beside the others, which
    go before them where both have a name; `leave_out` drops what one field makes pointless in another.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        json_schema_serialization_defaults_required=True,
        ser_json_inf_nan="constants",  # by default NaN is written as null, which nobody notices; see `json_bytes`
    )
    FLAT: ClassVar[str | None] = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; what does not apply is left out."""
        document: dict[str, Any] = adapter(type(self)).dump_python(self, mode="json", by_alias=True)
        return document

    def leave_out(self) -> tuple[str, ...]:
        """Names in the JSON that do not apply to this one."""
        return ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if cls.FLAT is not None or cls.leave_out is not PlainJson.leave_out:
            own = cast("dict[str, Any]", handler.resolve_ref_schema(schema))
            own["serialization"] = core_schema.wrap_serializer_function_ser_schema(_reshaped)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of what is sent: nothing has a default there, and what may be left out may be null to readers."""
        found = handler(schema)
        own = handler.resolve_ref_schema(found)
        properties, required = own["properties"], own.get("required", [])
        for name, text in _described(cls, schema):
            if name in properties:  # else it is hidden
                properties[name]["description"] = text
        for of in (own, *properties.values()):
            if "description" in of:
                of["description"] = _NONE.sub("null", of["description"])
        for name, of in properties.items():
            of.pop("default", None)
            of.pop("readOnly", None)
            if name not in required and {"type": "null"} not in of.get("anyOf", ()):
                about = {key: of.pop(key) for key in ("title", "description") if key in of}
                properties[name] = {"anyOf": [of, {"type": "null"}], **about}
        for base in (base for base in cls.__bases__ if is_dataclass(base)):  # whose docstrings pydantic passes over
            for name, of in adapter(base).json_schema(mode="serialization")["properties"].items():
                if name in properties and "description" in of:
                    properties[name].setdefault("description", of["description"])
        if cls.FLAT is not None:
            inner = handler.resolve_ref_schema(properties.pop(cls.FLAT))
            required.remove(cls.FLAT)
            own["properties"] = {**inner["properties"], **properties}
            own["required"] = list(dict.fromkeys([*inner["required"], *required]))
        return found


def adapter(kind: type) -> TypeAdapter[Any]:
    """The pydantic adapter of a class, made when it is first needed: it takes some milliseconds."""
    made = _ADAPTERS.get(kind)
    if made is None:
        made = _ADAPTERS[kind] = TypeAdapter(kind)
        # Values of any type go by the serializer's config, in which that of a dataclass has no say.
        made.serializer = SchemaSerializer(made.core_schema, CoreConfig(ser_json_inf_nan="constants"))
    return made


def _described(kind: type, schema: Any) -> Iterator[tuple[str, str]]:
    """The docstrings under a class's own fields, by their names in the JSON.

    Pydantic would read them (``use_attribute_docstrings``) whenever a schema is made, which nobody may ever look at: it
    parses the source of each class, and took a service a quarter of the time to its first answer.
    """
    [tree] = ast.parse(dedent(getsource(kind))).body
    fields = {field["name"]: field for field in schema["schema"]["fields"]}
    for field, below in pairwise(cast("ast.ClassDef", tree).body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))) if name in fields:
                updates = fields[name].get("metadata", {}).get("pydantic_js_updates", {})
                if "description" not in updates:
                    yield fields[name].get("serialization_alias", name), cleandoc(text)


_NONE = re.compile(r"\bNone\b")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def json_bytes(answer: PlainJson, pictures: Callable[[str], str]) -> bytes:
    """An answer for another machine, in UTF-8: its `Picture` s are the addresses that ``pictures`` makes of sha256s.

    Written in one go, in a third of the time that `PlainJson.to_json` and `json` take for ten matches.

    Raises:
        ValueError: a number is NaN or infinite, which is a bug.
    """
    to_write = adapter(type(answer))
    try:
        sent: bytes = to_write.dump_json(answer, by_alias=True, context=pictures)
    except PydanticSerializationError:  # half a surrogate, which a filter can hold: it has no UTF-8
        document = to_write.dump_python(answer, mode="json", by_alias=True, context=pictures)
        sent = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if b"NaN" in sent or b"Infinity" in sent:  # a number, or the name of a ring: only then is it read again
        json.loads(sent, parse_constant=_no_number)
    return sent


def _no_number(constant: str) -> None:
    raise ValueError(f"the answer holds {constant}, which JSON has not")


@dataclass(frozen=True)
class _Written:
    """A field of a type that pydantic need not know."""

    write: Callable[[Any], Any]
    schema: CoreSchema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write, return_schema=self.schema)
        return core_schema.any_schema(serialization=written)


def rounded(digits: int) -> PlainSerializer:
    """A number with that many decimals."""
    return PlainSerializer(lambda number: round(number, digits), return_type=float)


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value == ()


def _picture(path: Path | None, info: SerializationInfo) -> str | None:
    if path is None:
        return None
    return str(info.context(path.stem)) if info.context else str(path)


HIDDEN = Field(exclude=True)
"""Not in the JSON: of use in Python alone."""

LEFT_OUT = Field(exclude_if=_says_nothing)
"""Not in the JSON where it is None, False or empty."""

AT_TIMES = Field(exclude_if=lambda _: False)
"""Not in the JSON of every one; `PlainJson.leave_out` says when."""

AS_TEXT = _Written(str, core_schema.str_schema())
"""As `str` writes it."""

AS_IT_SAYS = _Written(lambda value: value.to_json(), core_schema.dict_schema(core_schema.str_schema()))
"""An object, of which its own ``to_json`` says what is in it."""

Picture = Annotated[Path | None, PlainSerializer(_picture)]
"""A thumbnail, named by the sha256 of its photo: a path of this disk, in what is sent an address; see `json_bytes`."""


def _reshaped(self: PlainJson, handler: core_schema.SerializerFunctionWrapHandler) -> Mapping[str, Any]:
    values: dict[str, Any] = handler(self)
    if self.FLAT is not None:
        values = {**values.pop(self.FLAT), **values}
    for name in self.leave_out():
        del values[name]
    return values
