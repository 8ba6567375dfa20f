"""The bodies of requests: the shapes in the OpenAPI document, and what `SearchService` is called with for each."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

from indexer.errors import ImageError, UsageError
from searcher.questions.example import Example
from searcher.questions.options import MAX_PRODUCTS, STYLE_POOL, Options, Wanted

MAX_EXAMPLES = 32
"""Examples of one recommendation; each costs a search or an inference."""

MAX_BATCH = 100
"""Queries of one batch request."""

MAX_BATCH_FACETS = 100
"""Facets counted for one batch request: its queries times the fields."""

Text = Annotated[str, StringConstraints(max_length=1000)]
ProductId = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _number(value: Any) -> Any:
    """Refuse what pydantic would read as a number although JSON says it is none: true, and a text of digits."""
    if isinstance(value, bool | str):
        raise ValueError(f"Input should be a number, not {'true or false' if isinstance(value, bool) else 'text'}")
    return value


_IsNumber = BeforeValidator(_number)  # goes last: bounds that come after it are not in the OpenAPI document
Finite = Annotated[float, Field(allow_inf_nan=False), _IsNumber]
Cosine = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False), _IsNumber]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), _IsNumber]
Products = Annotated[int, Field(ge=1, le=MAX_PRODUCTS), _IsNumber]
Offset = Annotated[int, Field(ge=0, le=MAX_PRODUCTS), _IsNumber]
Values = Annotated[int, Field(ge=1, le=1000), _IsNumber]
Crop = tuple[Share, Share, Share, Share]


class Body(BaseModel):
    """A request body; a name that is not known is refused, so that a typing error is not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OptionsBody(Body):
    """The options every question about products takes."""

    k: Products = Field(10, description="Products wanted.")
    offset: Offset = Field(0, description="Products skipped before the first.")
    where: list[Text] | dict[str, Any] = Field(
        default_factory=list,
        max_length=50,
        description="Filter texts, all of which must hold, such as `metal=gold|silver`, `price<=500` or `title~pearl`; "
        "or a filter in Qdrant's JSON.",
        examples=[["category=rings", "price<=500"]],
    )
    min_score: Cosine | None = Field(None, description="Least cosine of an answer.")
    fields: list[Text] | None = Field(None, max_length=200, description="Payload fields to return; null: all.")
    exact: StrictBool = Field(False, description="Compare with every photo instead of walking the graph.")
    preset: Text | None = Field(
        None, description="A named filter relative to the product asked with.", examples=["other-metal"]
    )
    boosts: list[Text] = Field(
        default_factory=list, max_length=20, description="Amounts added to the score.", examples=[["in_stock:0.05"]]
    )
    diversity: Share = Field(0.0, description="0 orders by score alone, 1 by difference from what is above.")
    caps: list[Text] = Field(
        default_factory=list, max_length=20, description="Most products of one value.", examples=[["brand:2"]]
    )
    relax: list[Text] = Field(
        default_factory=list,
        max_length=50,
        description="Fields whose filters may be dropped, in this order, when fewer than k pass; `*` is any.",
    )
    explain: StrictBool = Field(False, description="Say of each answer why it is there.")
    facets: list[Text] = Field(default_factory=list, max_length=20, description="Fields whose values are counted.")

    def wanted(self) -> Wanted:
        """The options as keyword arguments of `SearchService`."""
        return Wanted(
            k=self.k,
            offset=self.offset,
            where=self.where,
            min_score=self.min_score,
            fields=self.fields,
            exact=self.exact,
            preset=self.preset,
            boosts=self.boosts,
            diversity=self.diversity,
            caps=self.caps,
            relax=self.relax,
            explain=self.explain,
            facets=self.facets,
        )


class ExampleBody(Body):
    """What to compare with: exactly one of product_id, image, url and vector."""

    product_id: ProductId | None = Field(None, description="A product of the index.", examples=["J0004"])
    image: str | None = Field(None, description="A photo: the bytes of an image file in base64.")
    url: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        None, description="Where a photo can be fetched; public http or https addresses only."
    )
    vector: list[Finite] | None = Field(None, max_length=4096, description="An embedding of the index's model.")
    crop: Crop | None = Field(
        None, description="Left, top, right and bottom of the part of the photo that counts, as shares 0 to 1."
    )

    @property
    def has_photo(self) -> bool:
        """Whether a photo has to be fetched or embedded before anything can be searched."""
        return self.image is not None or self.url is not None

    def example(self) -> Example:
        """The example; raises ``UsageError`` or ``ImageError``."""
        data = None if self.image is None else from_base64(self.image)
        return Example(self.product_id, data, self.url, self.vector, self.crop)


ExampleLikeBody = ProductId | ExampleBody


def example_of(body: str | ExampleBody) -> Example:
    """A product id alone, or an example body."""
    return Example(product_id=body) if isinstance(body, str) else body.example()


class SimilarBody(OptionsBody, ExampleBody):
    """Products that look like a product, a photo or a vector."""


class RecommendBody(OptionsBody):
    """More like the positive, less like the negative."""

    positive: list[ExampleLikeBody] = Field(default_factory=list, max_length=MAX_EXAMPLES)
    negative: list[ExampleLikeBody] = Field(default_factory=list, max_length=MAX_EXAMPLES)
    strategy: Literal["average_vector", "best_score"] = "average_vector"


class Pair(Body):
    """Rather like the first than like the second."""

    positive: ExampleLikeBody
    negative: ExampleLikeBody


class DiscoverBody(OptionsBody):
    """Like the target, but rather A than B of each pair."""

    target: ExampleLikeBody | None = None
    context: list[Pair] = Field(default_factory=list, max_length=MAX_EXAMPLES)


class AlsoViewedBody(OptionsBody):
    """What a visitor may want to see next."""

    product_ids: list[ProductId] = Field(
        min_length=1, max_length=MAX_EXAMPLES, description="The visitor's last products, newest first."
    )
    decay: Share = Field(0.8, description="Weight of a product relative to the one viewed after it.")
    co_view_weight: Share = Field(0.5, description="Share of what visitors viewed together, against looks.")


class TextBody(OptionsBody):
    """Products by a text."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        examples=["gold ring with a red stone"]
    )
    mode: Literal["words", "looks", "auto"] = Field(
        "auto",
        description="`words` of titles and attributes, or `looks` through the index's text model; `auto` is `looks` "
        "where the index has one.",
    )


class BatchBody(OptionsBody):
    """`similar` for many examples at once, all answered from one generation of the index."""

    queries: list[ExampleLikeBody] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description=f"What to compare with. Queries times offset + k is at most {MAX_PRODUCTS}, where boosts, caps and "
        f"diversity count as {STYLE_POOL}; queries times facets is at most {MAX_BATCH_FACETS}.",
    )

    def check_work(self) -> None:
        """Refuse what would keep the service busy for minutes; raises ``UsageError``."""
        each = Options(**self.wanted()).pool
        if (products := each * len(self.queries)) > MAX_PRODUCTS:
            raise UsageError(
                f"{len(self.queries)} queries for {each} products each are {products}; a batch looks at most at "
                f"{MAX_PRODUCTS} (boosts, caps and diversity choose among {STYLE_POOL}); send smaller batches"
            )
        if len(self.queries) * len(self.facets) > MAX_BATCH_FACETS:
            raise UsageError(
                f"{len(self.queries)} queries with {len(self.facets)} facets each are more than the "
                f"{MAX_BATCH_FACETS} that a batch counts; send smaller batches"
            )


class ClassifyBody(Body):
    """The category of a photo: exactly one of image and url."""

    image: str | None = Field(None, description="A photo: the bytes of an image file in base64.")
    url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    crop: Crop | None = None
    k: Values = Field(5, description="Categories wanted.")


class CheckBody(Body):
    """A photo that may be in the catalog already: exactly one of image and url."""

    image: str | None = Field(None, description="A photo: the bytes of an image file in base64.")
    url: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        None, description="Where a photo can be fetched; public http or https addresses only."
    )


class FacetsBody(Body):
    """Values and ranges of fields with the number of products that pass the filter."""

    fields: list[Text] = Field(default_factory=list, max_length=50, description="Empty: all that can be counted.")
    where: list[Text] | dict[str, Any] = Field(default_factory=list, max_length=50)
    limit: Values = Field(20, description="Values of a field, most frequent first.")


def from_base64(text: str) -> bytes:
    """The bytes of a photo; a ``data:`` address is read too, as that is what pages have.

    Raises:
        ImageError: it is no base64.
        UsageError: it is a data address of something else.
    """
    if text.startswith("data:"):
        head, _, text = text.partition(",")
        if not head.endswith(";base64"):
            raise UsageError("image: a data address must be base64: data:image/jpeg;base64,…")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(f"image: this is no base64 ({error}); send the bytes of the image file in base64") from error
