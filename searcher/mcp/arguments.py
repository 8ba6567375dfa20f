"""Arguments of the tools for language models: the bodies of the HTTP service, shorter and with smaller defaults."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import Field, StringConstraints, model_validator

from searcher.questions.bodies import MAX_EXAMPLES, Body, OptionsBody, ProductId, Share, Text

MOST = 50
"""Products of one answer; a model that wants more asks for the next page."""
MOST_PICTURES = 10
"""Of one answer; each is about ten kilobytes."""

Crop = tuple[Share, Share, Share, Share]
Url = Annotated[str, StringConstraints(max_length=2000)]

WHERE = (
    "Filters, all of which must hold: `category=rings`, `metal=gold|silver`, `category!=watches`, `price=100..500`, "
    "`price<=500`, `in_stock=true`, `title~pearl`, `created>=2026-01-31`, `stone=` (has none)."
)
FIELDS = "Product fields to return; default: the shop's own; []: none."
PICTURES = f"Also return small pictures, of the first {MOST_PICTURES} at most."


class Arguments(Body):
    """Arguments of a tool; models write a list as text at times: ``"a"`` and ``'["a"]'`` are read as ``["a"]``."""

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        lists = _list_fields(cls)
        return {name: _as_list(value) if name in lists else value for name, value in given.items()}


class ToolOptions(Arguments, OptionsBody):
    """What every question for products takes, for a reader who pays by the word."""

    k: int = Field(5, ge=1, le=MOST, description="Products wanted.")
    where: list[Text] = Field(default_factory=list, max_length=50, description=WHERE)
    fields: list[Text] | None = Field(None, max_length=200, description=FIELDS)
    preset: Text | None = Field(
        None,
        description="Filter relative to the product asked with: `same-` or `other-` before `category`, `metal`, "
        "`stone` or `brand`; or `cheaper`, `same-price`, `dearer`.",
    )
    boosts: list[Text] = Field(
        default_factory=list, max_length=20, description="Amounts added to the score: `in_stock:0.05`."
    )
    caps: list[Text] = Field(default_factory=list, max_length=20, description="Most products of a value: `brand:2`.")
    pictures: bool = Field(False, description=PICTURES)


class Similar(ToolOptions):
    """Exactly one of product_id, url and image."""

    product_id: ProductId | None = Field(None, description="A product of the catalog.")
    url: Url | None = Field(None, description="Public http or https address of a photo.")
    image: str | None = Field(None, description="The bytes of an image file in base64.")
    crop: Crop | None = Field(None, description="Part of the photo that counts: left, top, right, bottom, 0 to 1.")


class Recommend(ToolOptions):
    """Products that are liked and disliked."""

    positive: list[ProductId] = Field(default_factory=list, max_length=MAX_EXAMPLES, description="Liked products.")
    negative: list[ProductId] = Field(default_factory=list, max_length=MAX_EXAMPLES, description="Disliked products.")
    strategy: Literal["average_vector", "best_score"] = Field(
        "average_vector", description="average_vector: between the examples; best_score: near one of them."
    )


class RatherThan(Body):
    """Rather like the first than like the second."""

    positive: ProductId
    negative: ProductId


class Discover(ToolOptions):
    """A target, pairs, or both."""

    target: ProductId | None = Field(None, description="A product to look like.")
    context: list[RatherThan] = Field(
        default_factory=list, max_length=MAX_EXAMPLES, description="Rather like the positive than like the negative."
    )


class AlsoViewed(ToolOptions):
    """A visitor's last products."""

    product_ids: list[ProductId] = Field(
        min_length=1, max_length=MAX_EXAMPLES, description="What the visitor viewed, newest first."
    )


class SearchText(ToolOptions):
    """Words."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="Words of titles and attributes, or what is to be seen.", examples=["gold ring with a red stone"]
    )
    mode: Literal["words", "looks", "auto"] = Field(
        "auto",
        description="Words of the catalog, or looks if the index has a text model; auto: looks if it has one.",
    )


class Classify(Arguments):
    """Exactly one of url and image."""

    url: Url | None = Field(None, description="Public http or https address of a photo.")
    image: str | None = Field(None, description="The bytes of an image file in base64.")
    crop: Crop | None = Field(None, description="Part of the photo that counts: left, top, right, bottom, 0 to 1.")
    k: int = Field(3, ge=1, le=100, description="Categories wanted.")


class Facets(Arguments):
    """Fields to count."""

    fields: list[Text] = Field(default_factory=list, max_length=50, description="Fields; none: all there are.")
    where: list[Text] = Field(default_factory=list, max_length=50, description=WHERE)
    limit: int = Field(10, ge=1, le=200, description="Values of a field, most frequent first.")


class Product(Arguments):
    """One product."""

    product_id: ProductId = Field(description="A product of the catalog.")
    fields: list[Text] | None = Field(None, max_length=200, description=FIELDS)
    pictures: bool = Field(False, description=PICTURES)


@cache
def _list_fields(of: type[Arguments]) -> frozenset[str]:
    """Names of the fields that take a list."""
    kinds = {name: field.annotation for name, field in of.model_fields.items()}
    return frozenset(
        name for name, kind in kinds.items() if any(get_origin(one) in (list, tuple) for one in (kind, *get_args(kind)))
    )


def _as_list(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        read = value
    return read if isinstance(read, list) or read is None else [value]
