"""Models as schemas that every client takes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from searcher.mcp.schemas import plain_schema
from searcher.mcp.tools import TOOLS
from tests.searcher.mcp.common_subset import refused


class Inner(BaseModel):
    """A pair."""

    left: str
    right: list[float] | None = Field(None, description="Numbers.", max_length=2)


class Outer(BaseModel):
    """What is asked."""

    one: Inner
    maybe: Inner | None = Field(None, description="Or none.")
    many: list[Inner] = Field(default_factory=list, max_length=3)
    share: float = Field(0.5, gt=0, le=1, description="A share.")
    place: tuple[int, int] | None = None
    mode: Literal["a", "b"] = "a"
    sure: bool = False


def test_everything_is_in_its_place_and_what_is_lost_is_said() -> None:
    schema = plain_schema(Outer)
    assert list(refused(schema)) == []
    properties = schema["properties"]
    assert schema["required"] == ["one"]
    assert properties["maybe"]["description"] == "Or none."
    assert properties["maybe"]["required"] == ["left"]
    assert properties["many"]["items"]["properties"]["right"] == {
        "type": "array",
        "description": "Numbers.",
        "maxItems": 2,
        "items": {"type": "number"},
    }
    assert properties["share"] == {
        "type": "number",
        "maximum": 1,
        "description": "A share. More than 0. Default: 0.5.",
    }
    assert properties["place"] == {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}}
    assert properties["mode"] == {"type": "string", "enum": ["a", "b"], "description": "Default: a."}
    assert properties["sure"]["description"] == "Default: false."


@pytest.mark.parametrize("kind", [int | str, dict[str, int], Any, tuple[int, str], Literal["a", 1], list[int | str]])
def test_what_no_client_can_be_told_is_an_error_of_ours(kind: Any) -> None:
    class Strange(BaseModel):
        field: kind

    with pytest.raises(TypeError, match="a client cannot be told of"):
        plain_schema(Strange)


@pytest.mark.parametrize("tool", TOOLS)
def test_bounds_and_choices_are_those_of_the_model(tool: str) -> None:
    """So far as the models of the tools have them: none is lost on the way."""
    told = TOOLS[tool].schema()
    whole = TOOLS[tool].arguments.model_json_schema()
    assert list(refused(told)) == []
    assert set(told["properties"]) == set(whole["properties"])
    for name, one in whole["properties"].items():
        of = next((shape for shape in one.get("anyOf", [one]) if shape.get("type") != "null"), one)
        for bound in ("minimum", "maximum", "minItems", "maxItems", "enum"):
            assert told["properties"][name].get(bound) == of.get(bound), (name, bound)
        if "maxLength" in of:
            assert f"At most {of['maxLength']} characters." in told["properties"][name]["description"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "array"},
        {"type": ["string", "null"]},
        {"type": "string", "maxLength": 3},
        {"type": "integer", "exclusiveMinimum": 0},
        {"type": "integer", "enum": [1]},
        {"type": "array", "items": {"type": "string"}, "prefixItems": []},
        {"anyOf": [{"type": "string"}]},
        {"$ref": "#/$defs/X"},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        {"type": "object"},
    ],
)
def test_the_judge_refuses(wrong: dict[str, Any]) -> None:
    assert list(refused({"type": "object", "properties": {"field": wrong}}))
