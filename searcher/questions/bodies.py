"""The bodies of requests: the shapes in the OpenAPI document, and what `SearchService` is called with for each."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import Field, StringConstraints, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from indexer.errors import ImageError, UsageError
from searcher.questions.example import Example
from searcher.questions.fields import Body, IsNumber, taking
from searcher.questions.kinds import (
    CROP,
    ClassifyOptions,
    FacetOptions,
    PhotoOptions,
    RecommendOptions,
    TextOptions,
    VisitOptions,
)
from searcher.questions.options import MAX_PRODUCTS, STYLE_POOL, Options
from searcher.questions.unknown_names import told
from searcher.questions.wording import all_in_words

MAX_EXAMPLES = 32
"""Examples of one recommendation; each costs a search or an inference."""

MAX_BATCH = 100
"""Queries of one batch request."""

MAX_BATCH_FACETS = 100
"""Facets counted for one batch request: its queries times the fields."""

MAX_REASONS = 5
"""What is told of one query of a batch that cannot be read."""

_FOR_ADDRESSES = str.maketrans("-_", "+/")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_SEND = "send the bytes of the image file in base64"

ProductId = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Url = Annotated[str, StringConstraints(max_length=2000)]
Finite = Annotated[float, Field(allow_inf_nan=False), IsNumber]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), IsNumber]
Crop = tuple[Share, Share, Share, Share]


@taking(Options)
class OptionsBody(Body):
    """The options every question about products takes."""


class ExampleBody(Body):
    """What to compare with: exactly one of product_id, image, url and vector."""

    product_id: ProductId | None = Field(None, description="A product of the index.", examples=["J0004"])
    image: str | None = Field(None, description="A photo: the bytes of an image file in base64.")
    url: Url | None = Field(None, description="Where a photo can be fetched; public http or https addresses only.")
    vector: list[Finite] | None = Field(None, max_length=4096, description="An embedding of the index's model.")
    crop: Crop | None = Field(None, description=CROP.text)

    @property
    def has_photo(self) -> bool:
        """Whether a photo has to be fetched or embedded before anything can be searched."""
        return self.image is not None or self.url is not None

    def example(self) -> Example:
        """The example; raises ``UsageError``."""
        return Example(self.product_id, from_base64(self.image), self.url, self.vector, self.crop)


ExampleLikeBody = ProductId | ExampleBody


@dataclass(frozen=True, slots=True)
class NoExample:
    """What stands in the place of a query of a batch that is none."""

    reason: str
    """What is wrong with it, one line."""


def _or_reason(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        wrong = all_in_words(told(found, ExampleLikeBody), given)
        return NoExample("; ".join(f"{place}: {said}" if place else said for place, said in wrong[:MAX_REASONS]))


BatchQuery = Annotated[ExampleLikeBody, WrapValidator(_or_reason)]
"""A query of a batch: a `NoExample` where it cannot be read, so that the others are answered."""


def example_of(body: str | ExampleBody) -> Example:
    """A product id alone, or an example body."""
    return Example(product_id=body) if isinstance(body, str) else body.example()


class SimilarBody(OptionsBody, ExampleBody):
    """Products that look like a product, a photo or a vector."""


@taking(RecommendOptions)
class RecommendBody(OptionsBody):
    """More like the positive, less like the negative."""

    positive: list[ExampleLikeBody] = Field(default_factory=list, max_length=MAX_EXAMPLES)
    negative: list[ExampleLikeBody] = Field(default_factory=list, max_length=MAX_EXAMPLES)


class Pair(Body):
    """Rather like the first than like the second."""

    positive: ExampleLikeBody
    negative: ExampleLikeBody


class DiscoverBody(OptionsBody):
    """Like the target, but rather A than B of each pair."""

    target: ExampleLikeBody | None = None
    context: list[Pair] = Field(default_factory=list, max_length=MAX_EXAMPLES)


@taking(VisitOptions)
class AlsoViewedBody(OptionsBody):
    """What a visitor may want to see next."""

    product_ids: list[ProductId] = Field(
        min_length=1, max_length=MAX_EXAMPLES, description="The visitor's last products, newest first."
    )


@taking(TextOptions)
class TextBody(OptionsBody):
    """Products by a text."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        examples=["gold ring with a red stone"]
    )


class BatchBody(OptionsBody):
    """`similar` for many examples at once, all answered from one generation of the index."""

    queries: list[BatchQuery] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description=f"What to compare with. Queries times offset + k is at most {MAX_PRODUCTS}, where boosts, caps and "
        f"diversity, or colour, count as {STYLE_POOL}; queries times facets is at most {MAX_BATCH_FACETS}.",
    )

    def check_work(self) -> None:
        """Refuse what would keep the service busy for minutes; raises ``UsageError``."""
        options = Options(**self.wanted())
        each = options.reach
        if (products := each * len(self.queries)) > MAX_PRODUCTS:
            raise UsageError(
                f"{len(self.queries)} queries for {each} products each are {products}; a batch looks at most at "
                f"{MAX_PRODUCTS} (boosts, caps, diversity and colour choose among {STYLE_POOL}, facets with min_score "
                "count all of these); send smaller batches"
            )
        if len(self.queries) * len(options.facets) > MAX_BATCH_FACETS:
            raise UsageError(
                f"{len(self.queries)} queries with {len(options.facets)} facets each are more than the "
                f"{MAX_BATCH_FACETS} that a batch counts; send smaller batches"
            )


@taking(PhotoOptions, ClassifyOptions)
class ClassifyBody(Body):
    """The category of a photo: exactly one of image and url."""

    image: str | None = Field(None, description="A photo: the bytes of an image file in base64.")
    url: Url | None = None


class CheckBody(Body):
    """A photo that may be in the catalog already: exactly one of image and url."""

    image: str | None = Field(None, description="A photo: the bytes of an image file in base64.")
    url: Url | None = Field(None, description="Where a photo can be fetched; public http or https addresses only.")


@taking(FacetOptions)
class FacetsBody(Body):
    """Values and ranges of fields with the number of products that pass the filter."""


def from_base64(text: str | None) -> Callable[[], bytes] | None:
    """A photo in a body, decoded when it is needed: what else is wrong with the question is told before."""
    return None if text is None else partial(_decoded, text)


def _decoded(text: str) -> bytes:
    """The bytes of a photo in base64, as programs write it (RFC 4648): with line breaks, for addresses, unpadded.

    A ``data:`` address is read too, as that is what pages have.

    Raises:
        ImageError: it is not base64, or there is nothing in it.
        UsageError: it is a data address of something else.
    """
    text = text.strip()
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().endswith(";base64"):
            raise UsageError("image: a data address must be base64: data:image/jpeg;base64,…")
        text = unquote(text)
    letters = "".join(text.split()).rstrip("=").translate(_FOR_ADDRESSES)
    if strange := _NO_BASE64.search(letters):
        raise ImageError(f"image: this is not base64, which has no {strange[0]!a}; {_SEND}")
    if not letters:
        raise ImageError(f"image: is empty; {_SEND}")
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):  # one letter over is six bits, and no byte
        raise ImageError(f"image: this base64 is cut off after {len(letters)} letters; {_SEND}") from None
