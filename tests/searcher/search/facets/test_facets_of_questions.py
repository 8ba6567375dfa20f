"""Facets count what a question matches, on both engines: by words, with a least score, and with what is not wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from indexer.errors import UsageError
from searcher.answers.answer import Answer
from searcher.questions.bodies import BatchBody
from searcher.search import answering
from searcher.search.words import meaning
from searcher.service import SearchService
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index
from tests.shops.indexes.built_index import draw_payloads, points, record, unit_vectors

pytestmark = [pytest.mark.filterwarnings(message) for message in LOCAL_MODE_WARNINGS]
FIELDS = ("metal", "brand", "category", "price", "in_stock")


@pytest.fixture(scope="module", params=ENGINES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchService]:
    index = make_index(request.param, tmp_path_factory.mktemp("index"))
    payloads = draw_payloads(60)
    build(index, points(payloads, unit_vectors(len(payloads))), record())
    made = SearchService(index)
    yield made
    made.close()


def counted(answer: Answer) -> dict[str, dict[str, int]]:
    """Of each field, how many products each filter text selects."""
    return {
        facet.field: {" AND ".join(one.where): one.count for one in (*facet.values, *facet.ranges)}
        for facet in answer.facets
    }


def tallied(answer: Answer) -> dict[str, dict[str, int]]:
    """The judge: the same of the matches, all of which are in the answer."""
    assert len(answer.matches) < 500
    return {
        facet.field: {" AND ".join(one.where): one.count for one in (*facet.values, *facet.ranges)}
        for facet in answer.result_facets
    }


@pytest.mark.parametrize("least", [None, 0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize(
    "text", ["gold", "pearl ring", "gold pearl ring fine aurum", "etoile -gold", "not gold", "rign", "P007", "zzzz"]
)
def test_by_words(service: SearchService, text: str, least: float | None) -> None:
    answer = service.text(text, k=500, min_score=least, facets=FIELDS, mode="words")
    assert counted(answer) == tallied(answer)
    few = service.text(text, k=2, offset=1, min_score=least, facets=FIELDS, mode="words")
    assert counted(few) == counted(answer), "a page counts what all pages show"
    assert sum(counted(answer)["category"].values()) == sum(m.category is not None for m in answer.matches)


def test_with_a_filter_too(service: SearchService) -> None:
    answer = service.text("gold ring", k=500, where="price<=200", min_score=0.4, facets=FIELDS, mode="words")
    assert counted(answer) == tallied(answer)
    assert 0 < len(answer.matches) < 60


def test_where_the_ways_to_a_score_are_too_many(service: SearchService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "MAX_WAYS", 1)
    answer = service.text("gold pearl fine", k=500, min_score=0.5, facets=FIELDS, mode="words")
    assert counted(answer) == tallied(answer)
    assert answer.matches


@pytest.mark.parametrize("least", [-1.0, 0.0, 0.1, 0.2, 0.99])
def test_of_likeness_too(service: SearchService, least: float) -> None:
    asked: dict[str, Any] = {"k": 500, "min_score": least, "facets": FIELDS}
    for answer in (
        service.similar("P003", **asked),
        service.recommend(["P003", "P005"], ["P007"], **asked),
        service.recommend(["P003", "P005"], ["P007"], strategy="best_score", **asked),
        service.also_viewed(["P003"], **asked),
    ):
        assert counted(answer) == tallied(answer)
        assert all(match.score >= least or match.score < 0 for match in answer.matches)


def test_without_a_least_score_everything_is_alike(service: SearchService) -> None:
    answer = service.similar("P003", k=3, facets=("category",))
    everything = {facet.field: facet for facet in service.facets(["category"])}
    assert answer.facets == (everything["category"],)


def test_it_is_said_where_not_all_are_counted(service: SearchService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "MAX_PRODUCTS", 20)
    answer = service.similar("P003", k=3, min_score=-1, facets=("category",))
    assert answer.notes == ("Facets count the first 20 products alone.",)
    assert sum(counted(answer)["category"].values()) <= 20


def test_a_batch_counts_what_it_costs() -> None:
    body = BatchBody(queries=["P000", "P001"], facets=["metal"], min_score=0.5)
    with pytest.raises(UsageError, match="10000 products each"):
        body.check_work()
    BatchBody(queries=["P000"], facets=["metal"], min_score=0.5).check_work()


def test_values_are_counted_once_a_product(service: SearchService) -> None:
    answer = service.text("gold", k=500, facets=("metal",), mode="words")
    by_hand = Counter(value for match in answer.matches for value in match.payload.get("metal", []))
    assert counted(answer)["metal"] == {f"metal={value}": count for value, count in by_hand.items()}
