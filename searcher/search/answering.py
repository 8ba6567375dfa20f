"""From a question to its answer: rank the candidates, describe each, count the facets."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from indexer.fields.roles import NOT_ANSWERED
from indexer.fields.types import Payload
from indexer.store.filters.text_form import where_texts
from searcher.answers.answer import Answer, Match, Query
from searcher.questions.options import Options
from searcher.search.candidate import Candidate
from searcher.search.explain import explain, likeness
from searcher.search.published import Published, photo_key
from searcher.search.ranking import Ranked, rank
from searcher.search.search import Search
from searcher.search.stages import stage


def answer(published: Published, search: Search, options: Options, started: float) -> Answer:
    """Answer a question from one generation.

    Args:
        published: the generation.
        search: the question.
        options: its options.
        started: `time.perf_counter` when it was asked.

    Raises:
        UsageError: an option that makes no sense for this catalog.
        StoreError: the store cannot be read.
    """
    with stage("search"):
        ranked = rank(published, options, search)
    with stage("describe"):
        alike = _likeness(published, search) if options.explain and ranked.candidates else None
        matches = tuple(_match(published, search, options, ranked, candidate, alike) for candidate in ranked.candidates)
    return Answer(
        query=Query(search.query, options, search.photos, search.payload),
        matches=matches,
        generation=published.generation,
        model=published.store.record.fingerprint,
        catalog_root=published.catalog_root,
        took_ms=1000 * (time.perf_counter() - started),
        relaxed=ranked.relaxed,
        notes=tuple(search.notes),
        **_facets(published, options, ranked),
    )


def _likeness(published: Published, search: Search) -> NDArray[np.float64] | None:
    vectors = search.liked_vectors
    return None if vectors is None else likeness(published.sample, vectors)


def _match(
    published: Published,
    search: Search,
    options: Options,
    ranked: Ranked,
    found: Candidate,
    alike: NDArray[np.float64] | None,
) -> Match:
    dropped = ranked.relaxed_for.get(found.product_id, ())
    explanation = None
    if options.explain:
        held = [text for text in where_texts(options.where) if text not in dropped]
        explanation = explain(search, found, held, alike, published.calibration)
    return Match(
        product_id=found.product_id,
        score=found.score,
        category=found.payload.get("category"),
        photo=photo_key(found.payload),
        thumbnail=published.thumbnail(found.payload),
        payload=_chosen(found.payload, options),
        relaxed=dropped,
        explanation=explanation,
    )


def _chosen(payload: Payload, options: Options) -> Payload:
    """The payload fields that were asked for; by default all that say something of the product itself."""
    if options.fields is None:
        return {name: value for name, value in payload.items() if name not in NOT_ANSWERED}
    return {name: payload[name] for name in options.fields if name in payload}


def _facets(published: Published, options: Options, ranked: Ranked) -> dict[str, tuple]:  # type: ignore[type-arg]
    if not options.facets:
        return {}
    from searcher.search.facets.counting import facets, facets_of

    table, basis = published.store.record.field_table, published.facet_basis
    payloads = [candidate.payload for candidate in ranked.candidates]
    with stage("facets"):
        return {
            "facets": facets(published.store, options.facets, ranked.where, basis=basis),
            "result_facets": facets_of(payloads, options.facets, table, basis=basis),
        }
