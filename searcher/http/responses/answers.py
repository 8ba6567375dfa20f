"""Responses with answers: their pictures are addresses of this server; what HTTP adds to `searcher.answers`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Response

from indexer.system.plain_json import LEFT_OUT, PlainJson, json_bytes
from searcher.answers.answer import Answer
from searcher.answers.facet import Facet, FacetList
from searcher.http.access.signatures import PICTURES, signer
from searcher.http.request_context import address


@dataclass(frozen=True, slots=True)
class Facets(PlainJson):
    """Facets of the whole catalog, or of what passes a filter."""

    facets: tuple[Facet, ...]
    notes: Annotated[tuple[str, ...], LEFT_OUT] = ()
    """Why the filter passes no product, a sentence each."""

    @classmethod
    def of(cls, found: FacetList) -> Facets:
        """Facets with their notes."""
        return cls(tuple(found), found.notes)


@dataclass(frozen=True, slots=True)
class BatchError(PlainJson):
    """Why one query of a batch has no answer."""

    error: str


@dataclass(frozen=True, slots=True)
class Batch(PlainJson):
    """An answer or an error for each query, in their order."""

    answers: tuple[Answer | BatchError, ...]


def answer_response(answer: PlainJson) -> Response:
    """An answer for other machines: pictures are addresses of this server, not paths of its disk."""
    return Response(json_bytes(answer, picture_address), media_type="application/json")


def picture_address(sha256: str) -> str:
    """The address of a photo's picture; signed where who asks came with a key, so that ``<img>`` can show it."""
    path, signing = f"{PICTURES}{sha256}", signer.get()
    return address(path if signing is None else signing.sign(path))


def json_response(document: Any) -> Response:
    """A document as it is, in UTF-8; NaN and infinities are a bug and raise."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text.encode("utf-8", "replace"), media_type="application/json")
