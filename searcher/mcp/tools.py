"""The questions as tools for a language model: each with its description, arguments and method of `SearchService`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.fields.roles import RESERVED
from searcher.answers.answer import Answer
from searcher.mcp.arguments import (
    AlsoViewed,
    Arguments,
    Classify,
    Discover,
    Facets,
    Product,
    Recommend,
    SearchText,
    Similar,
    ToolOptions,
)
from searcher.mcp.schemas import plain_schema
from searcher.questions.bodies import from_base64
from searcher.search.shown_fields import check_shown_fields, shown_fields
from searcher.service import SearchService


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool answers with: a JSON document, and where there are any, pictures with what each shows."""

    document: dict[str, Any]
    pictures: list[tuple[str, Path]] = field(default_factory=list)
    offset: int = 0
    """Products skipped before the first."""

    def shown(self, document: Mapping[str, Any]) -> list[tuple[str, Path]]:
        """The pictures of what is left of the document, where it was cut."""
        if "matches" not in document:
            return self.pictures
        left = {row.get("product_id") for row in document["matches"]}
        return [(name, path) for name, path in self.pictures if name in left]


@dataclass(frozen=True, slots=True)
class Tool:
    """A question: what a model is told about it, its arguments, and how it is asked."""

    title: str
    description: str
    arguments: type[Arguments]
    ask: Callable[[SearchService, Any], Found]

    def schema(self) -> dict[str, Any]:
        """The arguments as JSON Schema, in the part of it that every client takes."""
        return plain_schema(self.arguments)


def _similar(service: SearchService, given: Similar) -> Found:
    given.exactly_one("product_id", "url", "image")
    answer = service.similar(given.product_id, from_base64(given.image), url=given.url, **given.wanted())
    return _answered(answer, given)


def _recommend(service: SearchService, given: Recommend) -> Found:
    answer = service.recommend(given.positive, given.negative, **given.wanted())
    return _answered(answer, given)


def _discover(service: SearchService, given: Discover) -> Found:
    pairs = [(pair.positive, pair.negative) for pair in given.context]
    return _answered(service.discover(given.target, pairs, **given.wanted()), given)


def _also_viewed(service: SearchService, given: AlsoViewed) -> Found:
    return _answered(service.also_viewed(given.product_ids, **given.wanted()), given)


def _search_text(service: SearchService, given: SearchText) -> Found:
    return _answered(service.text(given.text, **given.wanted()), given)


def _classify(service: SearchService, given: Classify) -> Found:
    given.exactly_one("url", "image")
    found = service.classify(from_base64(given.image), url=given.url, **given.wanted())
    document = found.to_json()
    return Found({name: document[name] for name in ("none_of_these", "categories")})


def _facets(service: SearchService, given: Facets) -> Found:
    return Found(service.facets(**given.wanted()).to_json())


def _product(service: SearchService, given: Product) -> Found:
    check_shown_fields(given.fields, service.published().store.record.field_table)
    page = service.product(given.product_id)
    shown = [(photo.name, photo.thumbnail) for photo in page.photos] if given.pictures else []
    payload = _own_fields(page.payload, given.fields)
    document = {"product_id": page.product_id, "fields": payload, "photos": [photo.name for photo in page.photos]}
    if page.variants is not None:
        document["variants"] = page.variants.to_json()
    return Found(document, [(name, path) for name, path in shown if path is not None])


TOOLS: Mapping[str, Tool] = {
    "similar": Tool(
        "Products that look alike",
        "Find products of this jewelry shop that look like a product (product_id) or like a photo (url, or image in "
        "base64). Scores are cosines: 1 is the same picture. Narrow it with where, or preset for `other-metal`, "
        "`cheaper` and the like. The product asked with is never in the answer.",
        Similar,
        _similar,
    ),
    "search_text": Tool(
        "Products by words",
        "Find products by the words of their titles and attributes; the score is the share of the words that match. "
        "Where the index has a text model, by what the photos show; the score is then a cosine, seldom above 0.4. "
        "Use it to get product ids when a customer describes a piece; then go on with similar or recommend.",
        SearchText,
        _search_text,
    ),
    "recommend": Tool(
        "More like these, less like those",
        "Find products that look like the positive and unlike the negative ones: for a customer who likes some pieces "
        "and dislikes others.",
        Recommend,
        _recommend,
    ),
    "discover": Tool(
        "Like this, but rather A than B",
        "Find products like a target, but rather like A than like B, for one or more pairs. Without a target the "
        "pairs alone decide. The score is the number of pairs on whose positive side a product lies, and after the "
        "point its likeness to the target.",
        Discover,
        _discover,
    ),
    "also_viewed": Tool(
        "What to show a visitor next",
        "Find what a visitor who viewed these products may want to see next. What was viewed or is out of stock is "
        "left out.",
        AlsoViewed,
        _also_viewed,
    ),
    "classify": Tool(
        "The category of a photo",
        "Say what kind of jewelry a photo (url, or image in base64) shows, with probabilities, or that it shows none.",
        Classify,
        _classify,
    ),
    "facets": Tool(
        "What there is to filter by",
        "Count the products of each value or range of the catalog's fields. Use it to learn which fields and values "
        "there are before filtering; each value comes with the filter that selects it.",
        Facets,
        _facets,
    ),
    "product": Tool("One product", "Everything the catalog says about one product, and its photos.", Product, _product),
}
"""By name, in the order in which a model is told of them."""


def _answered(answer: Answer, given: ToolOptions) -> Found:
    """An answer without what a model has no use for: addresses of pictures, timings, the question itself."""
    document = answer.to_json()
    rows = []
    for match in document["matches"]:
        row = {"product_id": match["product_id"], "score": round(match["score"], 4)}
        row["fields"] = _own_fields(match["payload"], answer.query.options.fields)
        rows.append(row | {name: match[name] for name in ("relaxed", "variants", "explanation") if name in match})
    shown = [(match.product_id, match.thumbnail) for match in answer.matches] if given.pictures else []
    rest: dict[str, Any] = {name: document[name] for name in ("relaxed", "facets", "notes") if name in document}
    return Found(
        {"matches": rows, **rest},
        [(name, path) for name, path in shown if path is not None],
        answer.query.options.offset,
    )


def _own_fields(payload: Mapping[str, Any], wanted: Sequence[str] | None) -> dict[str, Any]:
    """The fields asked for, or those of the shop: what the index writes itself is for machines."""
    if wanted is not None:
        return shown_fields(dict(payload), wanted)
    return {name: value for name, value in payload.items() if name not in RESERVED and name != "product_id"}
