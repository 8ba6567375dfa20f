"""One product of the index: its payload and its photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from indexer.system.plain_json import LEFT_OUT, PlainJson
from searcher.answers.variants import Variants
from searcher.questions.photo import QueryPhoto


@dataclass(frozen=True, slots=True)
class ProductPage(PlainJson):
    """What the index knows of a product."""

    product_id: str
    payload: Mapping[str, Any]
    """Of its first photo."""
    photos: tuple[QueryPhoto, ...]
    """In the order of their rank."""
    generation: str
    variants: Annotated[Variants | None, LEFT_OUT] = None
    """The products of its group, where it has others."""
