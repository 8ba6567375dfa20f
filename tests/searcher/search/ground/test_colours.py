"""Like this, and in these colours: every kind of question, against looks and colours mixed by numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.errors import UsageError
from indexer.fields.types import FieldType
from indexer.photos.colour.palette import COLOURS
from indexer.store.embedded.index import EmbeddedIndex
from searcher.answers.answer import Answer
from searcher.search.kinds import recommend_scores
from searcher.service import SearchService
from tests.shops.indexes.built_index import Photographed, points, publish, record, unit_vectors

Rows = NDArray[np.float64]


@pytest.fixture(scope="module")
def service(photographed: Photographed) -> Iterator[SearchService]:
    service = SearchService(photographed.index)
    yield service
    service.close()


def both(shop: Photographed, weight: float) -> Rows:
    """Of each photo, looks and colours as one vector."""
    halves = math.sqrt(1 - weight) * shop.vectors, math.sqrt(weight) * shop.colours
    return np.concatenate(halves, axis=1).astype(np.float64)


def photos_of(shop: Photographed, product: str) -> list[int]:
    return [row for row, payload in enumerate(shop.payloads) if payload["product_id"] == product]


def best(shop: Photographed, scores: Rows, without: tuple[str, ...] = (), k: int = 10) -> list[tuple[str, float]]:
    """The products by the score of their best photo."""
    found: dict[str, float] = {}
    for payload, score in zip(shop.payloads, scores, strict=True):
        found[payload["product_id"]] = max(score, found.get(payload["product_id"], -9.0))
    ranked = sorted((-round(score, 6), product) for product, score in found.items() if product not in without)
    return [(product, -score) for score, product in ranked][:k]


def check(answer: Answer, wanted: list[tuple[str, float]]) -> None:
    assert [match.product_id for match in answer.matches] == [product for product, _ in wanted]
    assert [match.score for match in answer.matches] == pytest.approx([score for _, score in wanted], abs=1e-6)


@pytest.mark.parametrize("weight", [0.2, 0.6, 1.0])
def test_similar(service: SearchService, photographed: Photographed, weight: float) -> None:
    rows = both(photographed, weight)
    scores = (rows @ rows[photos_of(photographed, "P003")].T).max(axis=1)
    answer = service.similar("P003", k=9, colour=weight, explain=True)
    check(answer, best(photographed, scores, ("P003",), 9))
    for match in answer.matches:
        assert match.explanation is not None
        parts = match.explanation.parts
        assert parts["colour_weight"] == weight
        assert match.score == pytest.approx((1 - weight) * parts["looks"] + weight * parts["colours"], abs=1e-6)
        assert match.explanation.cosine == parts["looks"]
    pages = [service.similar("P003", k=3, offset=offset, colour=weight) for offset in (0, 3, 6)]
    assert [m.product_id for page in pages for m in page.matches] == [m.product_id for m in answer.matches]


def test_a_photo_brings_its_own_colours(service: SearchService, photographed: Photographed) -> None:
    key = photographed.payloads[8]["photo"]["path"]
    rows = both(photographed, 0.5)
    check(service.similar(image=photographed.catalog / key, k=6, colour=0.5), best(photographed, rows @ rows[8], k=6))


def test_liked_and_disliked(service: SearchService, photographed: Photographed) -> None:
    rows, names = both(photographed, 0.4), ("P001", "P002", "P005")
    centres = []
    for name in names:
        middle = rows[photos_of(photographed, name)].mean(axis=0)
        centres.append(middle / np.linalg.norm(middle))
    aim = recommend_scores.average_vector(np.stack(centres[:2]), np.stack(centres[2:]))
    answer = service.recommend(positive=names[:2], negative=names[2:], colour=0.4, k=5)
    check(answer, best(photographed, rows @ aim.astype(np.float64), names, 5))
    liked, disliked = (
        np.concatenate([rows[photos_of(photographed, n)] for n in part]) for part in (names[:2], names[2:])
    )
    answer = service.recommend(positive=names[:2], negative=names[2:], strategy="best_score", colour=0.4, k=5)
    near = best(photographed, (rows @ liked.T).max(axis=1), names, 99)
    photo = {product: _nearest_photo(photographed, rows, product, liked) for product, _ in near}
    scores = {p: float(recommend_scores.best_score(rows[[row]], liked, disliked)[0]) for p, row in photo.items()}
    check(answer, sorted(scores.items(), key=lambda one: (-round(one[1], 6), one[0]))[:5])


def _nearest_photo(shop: Photographed, rows: Rows, product: str, liked: Rows) -> int:
    return max(photos_of(shop, product), key=lambda row: float((rows[row] @ liked.T).max()))


@pytest.mark.parametrize(
    "ask",
    [
        lambda s, **w: s.discover(target="P001", context=[("P002", "P003")], **w),
        lambda s, **w: s.discover(context=[("P002", "P003")], **w),
        lambda s, **w: s.also_viewed(["P001", "P002"], **w),
        lambda s, **w: s.recommend(negative=["P001"], strategy="best_score", **w),
    ],
)
def test_the_other_kinds_take_it_too(service: SearchService, ask: Callable[..., Answer]) -> None:
    plain, coloured = (ask(service, k=5, colour=weight) for weight in (0.0, 0.9))
    assert len(coloured.matches) == len(plain.matches) == 5
    assert [match.score for match in coloured.matches] != [match.score for match in plain.matches]


def test_what_has_no_colours_is_refused(service: SearchService) -> None:
    with pytest.raises(UsageError, match="a text has no colours"):
        service.text("ring", colour=0.1)
    with pytest.raises(UsageError, match="a vector has no colours"):
        service.similar(vector=[1.0] * 128, colour=0.1)
    with pytest.raises(UsageError, match="colour is"):
        service.similar("P001", colour=1.1)


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Photographed:
    """Sixty products of one photo, three to a group, of few colours."""
    index = EmbeddedIndex(tmp_path_factory.mktemp("groups") / "index")
    payloads: list[dict[str, Any]] = [
        {"product_id": f"P{n:02d}", "group_id": f"G{n // 3}", "photo": {"path": f"{n}.jpg", "rank": 0.0}}
        for n in range(60)
    ]
    vectors, colours = unit_vectors(60), np.random.default_rng(5).gamma(0.3, size=(60, COLOURS)).astype(np.float32)
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)
    made = points(payloads, vectors)
    of = replace(record(), field_table={"group_id": FieldType.KEYWORD}, colours=COLOURS)
    publish(index, [replace(p, colour_vector=row) for p, row in zip(made, colours, strict=True)], of)
    return Photographed(index, index.read(), payloads, vectors, Path(), Path(), colours)


@pytest.mark.parametrize("per", ["group", "product"])
def test_of_each_group_the_best(groups: Photographed, per: str) -> None:
    rows, service = both(groups, 0.3), SearchService(groups.index)
    group = {payload["product_id"]: payload["group_id"] for payload in groups.payloads}
    ranked = best(groups, rows @ rows[7], ("P07",), 60)
    if per == "group":
        firsts: dict[str, tuple[str, float]] = {}
        for one in ranked:
            if group[one[0]] != group["P07"]:
                firsts.setdefault(group[one[0]], one)
        ranked = list(firsts.values())
    check(service.similar("P07", k=12, colour=0.3, per=per), ranked[:12])  # type: ignore[arg-type]
    service.close()


def test_an_index_without_them_answers_by_looks_and_says_so(groups: Photographed, tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    of = replace(record(), field_table={"group_id": FieldType.KEYWORD})
    publish(index, points(groups.payloads, groups.vectors), of)
    service = SearchService(index)
    plain, coloured = service.similar("P07"), service.similar("P07", colour=0.3)
    assert [(m.product_id, m.score) for m in coloured.matches] == [(m.product_id, m.score) for m in plain.matches]
    assert plain.notes == ()
    assert coloured.notes == (
        "The index has no colours yet, so looks alone decide; sync once to add colours: indexer sync CATALOG.",
    )
    service.close()
