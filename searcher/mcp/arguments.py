"""Arguments of the tools for language models: the bodies of the HTTP service, shorter and with smaller defaults."""

from __future__ import annotations

import json
from typing import Annotated, Any, get_args

from pydantic import Field, StrictBool, StringConstraints

from indexer.errors import UsageError
from searcher.questions.bodies import MAX_EXAMPLES, ProductId, Url
from searcher.questions.fields import Body, IsNumber, Text, takes_list, taking
from searcher.questions.kinds import ClassifyOptions, FacetOptions, PhotoOptions, RecommendOptions, TextOptions
from searcher.questions.options import FIELDS, Options

MOST = 50
"""Products of one answer; a model that wants more asks for the next page."""
MOST_PICTURES = 10
"""Of one answer; each is about ten kilobytes."""

PICTURES = f"Also return small pictures, of the first {MOST_PICTURES} at most."


class Arguments(Body):
    """Arguments of a tool, as models write them.

    A list may be text: ``"a"`` and ``'["a"]'`` are read as ``["a"]``, and so may numbers and true and false: ``"5"`` is
    5. Models that have to name every argument write null or "" for those that they do not use: these are not given, in
    lists too.
    """

    @classmethod
    def meant(cls, name: str, value: Any) -> Any:
        """See `Body.meant`; blank texts say nothing, and in a list of texts they are left out."""
        return _used(_read(value, cls.model_fields[name].annotation))

    def exactly_one(self, *names: str) -> None:
        """Hold a question to one of the arguments that it can be asked with; raises ``UsageError``."""
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"{' and '.join(given)} are" if given else "nothing is"
            *others, last = names
            raise UsageError(f"{found} given to ask with; give exactly one of {', '.join(others)} and {last}")


@taking(Options, tool=True)
class ToolOptions(Arguments):
    """What every question for products takes, for a reader who pays by the word."""

    k: Annotated[int, IsNumber] = Field(5, ge=1, le=MOST, description="Products wanted.")
    pictures: StrictBool = Field(False, description=PICTURES)


@taking(PhotoOptions, tool=True)
class Similar(ToolOptions):
    """Exactly one of product_id, url and image."""

    product_id: ProductId | None = Field(None, description="A product of the catalog.")
    url: Url | None = Field(None, description="Public http or https address of a photo.")
    image: str | None = Field(None, description="The bytes of an image file in base64.")


@taking(RecommendOptions)
class Recommend(ToolOptions):
    """Products that are liked and disliked."""

    positive: list[ProductId] = Field(default_factory=list, max_length=MAX_EXAMPLES, description="Liked products.")
    negative: list[ProductId] = Field(default_factory=list, max_length=MAX_EXAMPLES, description="Disliked products.")


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


@taking(TextOptions)
class SearchText(ToolOptions):
    """Words."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="Words of titles and attributes, or what is to be seen.", examples=["gold ring with a red stone"]
    )


@taking(PhotoOptions, ClassifyOptions, tool=True)
class Classify(Arguments):
    """Exactly one of url and image."""

    url: Url | None = Field(None, description="Public http or https address of a photo.")
    image: str | None = Field(None, description="The bytes of an image file in base64.")
    k: Annotated[int, IsNumber] = Field(3, ge=1, le=100, description="Categories wanted.")


@taking(FacetOptions, tool=True)
class Facets(Arguments):
    """Fields to count."""

    limit: Annotated[int, IsNumber] = Field(10, ge=1, le=200, description="Values of a field, most frequent first.")


class Product(Arguments):
    """One product."""

    product_id: ProductId = Field(description="A product of the catalog.")
    fields: list[Text] | None = Field(None, max_length=FIELDS.items, description=FIELDS.tool)
    pictures: StrictBool = Field(False, description=PICTURES)


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _used(value: Any) -> Any:
    """None for null, blank text, or a list of nothing else; an empty list says something: no fields."""
    if not isinstance(value, list) or not value:
        return None if _blank(value) else value
    rest = [one for one in value if not _blank(one)]
    if not rest:
        return None
    return rest if all(isinstance(one, str) for one in rest) else value


def _read(value: Any, kind: Any) -> Any:
    """What a field of some type is given, where it is text."""
    if takes_list(kind):
        return _as_list(value)
    return _as_number(value) if _takes_number(kind) else value


def _takes_number(kind: Any) -> bool:
    return kind in (int, float, bool) or any(map(_takes_number, get_args(kind)))


def _as_number(value: Any) -> Any:
    """The number, or the true or false, that a text says, or what was given."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
    return read if isinstance(read, int | float) else value


def _as_list(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        read = value
    return read if isinstance(read, list) or read is None else [value]
