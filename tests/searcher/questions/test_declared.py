"""An option is declared once: what is written besides, for type checkers, says the same; each form has every one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import click
import pytest

from indexer.errors import UsageError
from indexer.store.filters.tree import Filter
from searcher.cli.main import main
from searcher.mcp.tools import TOOLS
from searcher.questions.bodies import AlsoViewedBody, ClassifyBody, FacetsBody, RecommendBody, SimilarBody, TextBody
from searcher.questions.declared import declared
from searcher.questions.fields import Body
from searcher.questions.kinds import (
    ClassifyOptions,
    FacetOptions,
    PhotoOptions,
    RecommendOptions,
    TextOptions,
    VisitOptions,
)
from searcher.questions.options import Options, Wanted
from searcher.service import SearchService

QUESTIONS: list[tuple[str, type[Body], str, tuple[type, ...]]] = [
    ("similar", SimilarBody, "similar", (Options,)),
    ("recommend", RecommendBody, "recommend", (Options, RecommendOptions)),
    ("also-viewed", AlsoViewedBody, "also_viewed", (Options, VisitOptions)),
    ("text", TextBody, "text", (Options, TextOptions)),
    ("facets", FacetsBody, "facets", (FacetOptions,)),
    ("classify", ClassifyBody, "classify", (PhotoOptions, ClassifyOptions)),
]


def test_wanted_is_what_is_declared() -> None:
    of_filters = {"Filter": Filter, "Mapping": Mapping}  # which the alias names in text
    declared_kinds = {
        name: get_args(kind)[0] if get_origin(kind) is Annotated else kind
        for name, kind in get_type_hints(Options, localns=of_filters, include_extras=True).items()
    }
    assert get_type_hints(Wanted, localns=of_filters) == declared_kinds
    assert [one.name for one in declared(Options)] == [one.name for one in fields(Options)], "each is an option"


@pytest.mark.parametrize(("command", "body", "method", "kinds"), QUESTIONS)
def test_every_form_has_every_option_with_its_default(
    command: str, body: type[Body], method: str, kinds: tuple[type, ...]
) -> None:
    on_command_line = {one.name: one for one in main.commands[command].params if isinstance(one, click.Option)}
    in_python = inspect.signature(getattr(SearchService, method)).parameters
    for one in (one for kind in kinds for one in declared(kind)):
        assert one.name in body.model_fields
        assert one.name in body.option_names
        assert body.model_fields[one.name].get_default(call_default_factory=True) in (one.default, [])
        assert body.model_fields[one.name].description.startswith(one.option.text)  # type: ignore[union-attr]
        if one.option.flags:
            found = on_command_line[one.name]
            assert tuple(found.opts) == one.option.flags
            assert found.help == (one.option.command or one.option.text)
        if one.name in in_python:
            assert in_python[one.name].default in (one.default, ())


def test_tools_have_texts_of_their_own_where_they_are_declared() -> None:
    properties = TOOLS["similar"].schema()["properties"]
    for one in declared(Options):
        if one.name != "k":
            assert properties[one.name]["description"].startswith(one.option.tool or one.option.text)
    assert (properties["k"]["description"], properties["k"]["maximum"]) == ("Products wanted. Default: 5.", 50)
    assert properties["where"]["items"]["type"] == "string", "a filter for a model is texts alone"


@pytest.mark.parametrize(
    "given", [{"k": 0}, {"offset": -1}, {"min_score": float("nan")}, {"diversity": 1.1}, {"facets": "metal"}]
)
def test_what_is_declared_holds_in_python_too(given: Any) -> None:
    with pytest.raises(UsageError, match=f"^{next(iter(given))} is "):
        Options(**given)
