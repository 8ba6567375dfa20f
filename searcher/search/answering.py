"""From a question to its answer: plan, read the examples, rank the candidates, describe each, count the facets."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.store.filters.normal_forms import in_both_forms
from indexer.store.filters.tree import Filter, both
from indexer.store.filters.where import where_texts
from indexer.store.records import ADD_COLOURS
from searcher.answers.answer import Answer, Match, Query
from searcher.answers.facet import Facet
from searcher.answers.variants import OWN_VERSIONS, Variants
from searcher.questions.options import MAX_PRODUCTS, STYLE_POOL, Options
from searcher.search.explain import explain, likeness, middle_of, sample_of
from searcher.search.ground.candidate import Candidate
from searcher.search.ground.per import group_of
from searcher.search.ground.published import Published, photo_key, without_products
from searcher.search.ground.stages import stage
from searcher.search.ground.versions import versions
from searcher.search.kinds.question import Asking, Question, Search
from searcher.search.plan import Plan, make_plan
from searcher.search.ranking import Ranked, rank
from searcher.search.reading.examples import ExampleReader
from searcher.search.shown_fields import shown_fields

NO_COLOURS = f"The index has no colours yet, so looks alone decide; {ADD_COLOURS}."


def answer(published: Published, reader: ExampleReader, question: Question, options: Options, started: float) -> Answer:
    """Answer a question from one generation.

    What can be wrong with it is found in the order of what it costs to find: first its options, then products and
    vectors and with them the preset; only then a photo is fetched and embedded.

    Args:
        published: the generation.
        reader: reads the examples.
        question: what is asked.
        options: its options.
        started: `time.perf_counter` when it was asked.

    Raises:
        UsageError: an option that makes no sense for this catalog, or an example that cannot be used.
        ImageError: a photo cannot be used or fetched.
        ModelError: a model is missing or altered, or is not the one of the index.
        StoreError: the store cannot be read.
    """
    plan = make_plan(published, question, options)
    search, each = _read(published, reader, question, plan)
    with stage("search"):
        ranked = rank(plan, search, published.memo(middle_of) if options.diversity else 0.0)
    with stage("describe"):
        alike = _likeness(published, search) if options.explain and ranked.candidates else None
        variants = _variants(published, plan, search, ranked)
        matches = tuple(
            _match(published, search, options, ranked, candidate, alike, variants.get(candidate.product_id))
            for candidate in ranked.candidates
        )
    counted = _facets(published, plan, search, each, ranked)
    return Answer(
        query=Query(search.query, options, search.photos, search.payload),
        matches=matches,
        generation=published.generation,
        model=published.store.record.fingerprint,
        catalog_root=published.catalog_root,
        took_ms=1000 * (time.perf_counter() - started),
        relaxed=ranked.relaxed,
        notes=(*search.notes, *_why_nothing(published, plan, search, ranked), *counted.notes),
        facets=counted.all,
        result_facets=counted.shown,
    )


def _read(
    published: Published, reader: ExampleReader, question: Question, plan: Plan
) -> tuple[Search, Callable[[], Search]]:
    """The question with its examples, and the filter of its preset; photos come last. And the same by single products,
    as facets count them."""
    examples = [*question.liked, *question.disliked]
    colours = bool(plan.options.colour) and bool(published.store.record.colours)
    known = [reader.look_up(published, example, colours=colours) for example in examples]
    preset = in_both_forms(plan.preset(known[0].payload)) if plan.preset and known[0] else None
    asked = [
        found or reader.embed(published, example, colours=colours)
        for found, example in zip(known, examples, strict=True)
    ]
    liked = len(question.liked)

    def search(options: Options) -> Search:
        asking = Asking(published, options)
        both_halves = asking.compared_with(asked[:liked]), asking.compared_with(asked[liked:])
        made = question.search(replace(asking, liked=both_halves[0], disliked=both_halves[1]))
        notes = made.notes if colours or not options.colour else (*made.notes, NO_COLOURS)
        return replace(
            made,
            only=both(made.only, preset),
            per=asking.per,
            liked=asked[:liked],
            disliked=asked[liked:],
            weight=asking.weight,
            notes=notes,
        )

    return search(plan.options), lambda: search(replace(plan.options, per="product"))


def _why_nothing(published: Published, plan: Plan, search: Search, ranked: Ranked) -> tuple[str, ...]:
    """Notes on a filter that no product passes; see `searcher.search.no_match`. Or that what passes it is a version of
    what was asked with."""
    where = plan.steps[0].where
    if not ranked.candidates and _own_versions(published, search, where):
        return (OWN_VERSIONS,)
    if where is None or any(one.product_id not in ranked.relaxed_for for one in ranked.candidates):
        return ()
    from searcher.search.no_match.why import why_nothing  # it needs what counts facets, as most answers do not

    return why_nothing(published, plan.options.where, where)


def _own_versions(published: Published, search: Search, where: Filter | None) -> bool:
    """Whether what passes is of the groups that were asked with, and was not asked with itself."""
    if not search.per.groups or not search.products:
        return False
    passes = both(search.passed(where), without_products(search.products))
    return not published.store.count(both(passes, search.left_out())) and published.store.count(passes) > 0


def _likeness(published: Published, search: Search) -> NDArray[np.float64] | None:
    vectors = search.liked_vectors
    return None if vectors is None else likeness(published.memo(sample_of), vectors)


def _variants(published: Published, plan: Plan, search: Search, ranked: Ranked) -> dict[str, Variants]:
    """By product id, the products of its group that pass the filter which it was found with."""
    shown: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for one in ranked.candidates if search.per.groups else ():
        if (group := group_of(one.payload)) is not None:
            shown[ranked.relaxed_for.get(one.product_id, ())][one.product_id] = group
    found: dict[str, Variants] = {}
    for step in plan.steps:
        if groups := shown.get(step.dropped):
            of = versions(published.store, groups.values(), search.passed(step.where))
            named = {product: Variants.of(group, product, of[group]) for product, group in groups.items()}
            found |= {product: one for product, one in named.items() if one is not None}
    return found


def _match(
    published: Published,
    search: Search,
    options: Options,
    ranked: Ranked,
    found: Candidate,
    alike: NDArray[np.float64] | None,
    variants: Variants | None,
) -> Match:
    dropped = ranked.relaxed_for.get(found.product_id, ())
    explanation = None
    if options.explain:
        held = [text for text in where_texts(options.where) if text not in dropped]
        explanation = explain(search, found, held, alike, published.calibration, published.products)
    return Match(
        product_id=found.product_id,
        score=found.score,
        category=found.payload.get("category"),
        photo=photo_key(found.payload),
        thumbnail=published.thumbnail(found.payload),
        payload=shown_fields(found.payload, options.fields),
        relaxed=dropped,
        variants=variants,
        explanation=explanation,
    )


class _Facets(NamedTuple):
    """What was counted, over all that matches and over the page, and what is to be said of it."""

    all: tuple[Facet, ...] = ()
    shown: tuple[Facet, ...] = ()
    notes: tuple[str, ...] = ()


def _facets(published: Published, plan: Plan, search: Search, each: Callable[[], Search], ranked: Ranked) -> _Facets:
    if plan.facets is None:
        return _Facets()
    from searcher.search.facets.counting import facet_basis, facets, facets_of

    basis = published.memo(facet_basis)
    notes: tuple[str, ...] = ()
    payloads = [candidate.payload for candidate in ranked.candidates]
    with stage("facets"):
        if plan.options.min_score is None or search.by_filter:
            counted = facets(published.store, plan.facets, ranked.where, basis=basis)
        else:
            found, notes = _alike_enough(search, each, ranked, plan.options.min_score)
            counted = facets_of((one.payload for one in found), plan.facets, basis=basis)
        return _Facets(counted, facets_of(payloads, plan.facets, basis=basis), notes)


def _alike_enough(
    search: Search, each: Callable[[], Search], ranked: Ranked, least: float
) -> tuple[list[Candidate], tuple[str, ...]]:
    """The products that reach a least score, as far as a question can be paged, and a note if there may be more."""
    find = each().find if search.per.groups else search.find
    most = STYLE_POOL if search.weight else MAX_PRODUCTS
    found = find(both(ranked.where, search.left_out()), most)
    enough = [candidate for candidate in found if candidate.similarity >= least]
    more = len(enough) == len(found) and len(found) in (STYLE_POOL, MAX_PRODUCTS)
    return enough, ((f"Facets count the first {len(found):,} products alone.",) if more else ())
