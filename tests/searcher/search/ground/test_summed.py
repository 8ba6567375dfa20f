"""Whoever asks a generation that has a summary gets the answers of one that has none, and sooner."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.errors import UnknownProduct
from indexer.fields.identity import point_id
from indexer.store.beside.summary.kept import NAME
from indexer.store.beside.summary.making import make_summary
from indexer.store.beside.summary.reading import Summary, Summed, open_summary
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.tree import Filter, Match, Range
from indexer.store.interface import Index, Store
from indexer.store.records import Point
from searcher.answers.facet import FIRST_PHOTOS, PRODUCTS
from searcher.search.facets import census as product_census
from searcher.search.facets.census import take_census
from searcher.search.facets.counting import FacetBasis, facets, parse_facets
from searcher.search.ground.published import Published
from searcher.search.nearness.keyed_ids import ListedIds
from searcher.search.nearness.near_ids import NearIds
from searcher.search.words.meaning import read_meaning
from searcher.search.words.vocabulary import Vocabulary
from searcher.service import SearchService
from tests.congruence.random_filters import METALS, MOMENTS, NUMBERS, TAGS
from tests.congruence.shop import TABLE
from tests.indexer.store.beside.summary.listed_store import ListedStore
from tests.shops.copies import copied
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index, record

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]
FIELDS = ("metal", "tags", "price", "in_stock", "created", "seller", "category")
NAMES = ("J-0004", "ring-doré-12", "12-034", "Kollier_Perle", "A/17 b", "Ł-7", "---", "ANILLO99", "J0004-gold")
TITLES = (
    "Gold ring",
    "étoile perlée",
    "e\u0301toile filante",
    "a STAR of pearls",
    "Straße 14k x²",
    "",
    "rings, rubies",
)
TEXTS = (
    "gold rings",
    "etoile",
    "ÉTOILE perlee",
    "stra",
    "strasse",
    "golt",
    "perls",
    "unicorn",
    "silver -pearl",
    "J 0004",
)
FILTERS = (None, Filter(must=(Match("metal", ("gold",)),)), Filter(must=(Range("price", gte=1.0),)))


def draw(products: int, *, odd: bool) -> list[Point]:
    """Photos of products with one to three each; where ``odd``, some lack a first one, or are not like the others."""
    random = np.random.default_rng(products)

    def one_of(values: tuple[Any, ...]) -> Any:
        return values[random.integers(len(values))]

    def fields() -> dict[str, Any]:
        drawn = {
            "metal": one_of((*METALS, ["gold", "silver"])),
            "tags": [one_of(TAGS) for _ in range(random.integers(3))],
            "price": one_of((*NUMBERS, *map(float, range(20, 60)))),
            "in_stock": bool(random.integers(2)),
            "created": one_of(MOMENTS),
            "title": one_of(TITLES),
            "category": one_of(("rings", "watches")),
        }
        return {name: value for name, value in drawn.items() if random.random() > 0.2}

    points = []
    for number in range(products):
        name = NAMES[number] if number < len(NAMES) else f"P{number:03d}"
        shared = fields()
        for rank in range(int(random.integers(1, 4))):
            own = {**shared, **fields()} if odd and number % 5 == 1 else shared
            photo = {"rank": float(rank + (odd and number % 5 == 2))}
            vector = random.standard_normal(16).astype(np.float32)
            points.append(Point(point_id(name, str(rank)), {"product_id": name, **own, "photo": photo}, vector))
    return points


def without_vectors(points: list[Point]) -> list[Point]:
    return [replace(point, vector=None) for point in points]


@pytest.fixture(scope="module", params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Built, and then changed by every kind of writing, so that its summary was corrected."""
    made = make_index(request.param, tmp_path_factory.mktemp("summed"))
    points = draw(60, odd=True)
    build(made, points[:100], record(table=dict(TABLE)))
    with made.write() as writer:
        draft = writer.draft(record(table=dict(TABLE)), from_published=True)
        draft.upsert(points[100:])
        dearer = [replace(one, payload={**one.payload, "price": 33.0, "title": "Opal"}) for one in points[:20]]
        draft.replace_payload(without_vectors(dearer))
        draft.delete([point.id for point in points[20:32]])
        draft.publish()
    return made


@pytest.fixture
def store(index: Index) -> Iterator[Store]:
    with closing(index.read()) as opened:
        yield opened


@pytest.fixture
def summary(store: Store) -> Summary:
    found = open_summary(store)
    assert found is not None, "the writer left no summary"
    return found


def test_the_census_is_that_of_all_photos(store: Store, summary: Summary) -> None:
    whole = take_census(store)
    assert summary.single == whole.single
    for count in range(len(FIELDS) + 1):
        assert summary.uneven(FIELDS[:count], 1_000) == whole.among(FIELDS[:count])
    assert len(summary.uneven(FIELDS, 3)) == 4 < len(whole.among(FIELDS))


@pytest.mark.parametrize("few", [0, 30, 2_000])
def test_facets_are_the_same(store: Store, summary: Summary, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_census, "FEW", few)
    counted = parse_facets((*FIELDS, "photo.rank"), TABLE, 100)
    for where in FILTERS:
        plain, summed = (facets(store, counted, where, basis=FacetBasis(store, it)) for it in (None, Summed(store)))
        assert summed == plain


def test_products_are_counted_however_many_there_are(
    store: Store, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a summary, a large index is not read through for its facets: its first photos are counted."""
    counted = parse_facets(("metal",), TABLE, 100)
    [right] = facets(store, counted)
    monkeypatch.setattr(product_census, "FEW", 20)
    monkeypatch.setattr(product_census, "CEILING", 25)
    assert facets(store, counted)[0].counted == FIRST_PHOTOS
    [summed] = facets(store, counted, basis=FacetBasis(store, Summed(store)))
    assert summed == right
    assert summed.counted == PRODUCTS
    monkeypatch.setattr(product_census, "FEW", 2)  # too many products to be looked at one by one
    assert facets(store, counted, basis=FacetBasis(store, Summed(store)))[0].counted == FIRST_PHOTOS


def test_words_mean_the_same(store: Store, summary: Summary) -> None:
    plain, summed = Vocabulary(store), Vocabulary(store, Summed(store))
    for text in TEXTS:
        assert read_meaning(summed, text) == read_meaning(plain, text)
    for word in ("gold", "perlee", "opel", "rubis", "star", "thee", "14", "unicorn", "RNIG"):
        assert summed.near(word, 3) == plain.near(word, 3)
    assert summed.hints(["perlen"], 8) == plain.hints(["perlen"], 8)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.sampled_from(NAMES), st.text("jJ04P-9 .xé", max_size=9)))
def test_near_ids_are_the_same(store: Store, summary: Summary, asked: str) -> None:
    ids = {str(value) for value, _ in store.facet("product_id", limit=1_000)}
    assert NearIds(summary).near(asked, 5) == NearIds(ListedIds(ids)).near(asked, 5)


@settings(max_examples=15, deadline=None)
@given(st.sets(st.text(max_size=8), max_size=12), st.text(max_size=8))
def test_near_ids_of_any_writing_are_the_same(tmp_path_factory: Any, ids: set[str], asked: str) -> None:
    folder = tmp_path_factory.mktemp("ids")
    points = [Point(str(number), {"product_id": name, "photo": {"rank": 0}}) for number, name in enumerate(ids)]
    listed = ListedStore(points)
    make_summary(listed, folder / NAME)
    summary = Summary(folder / NAME, listed.record)
    assert NearIds(summary).near(asked, 5) == NearIds(ListedIds(ids)).near(asked, 5)


def test_a_question_asks_the_summary_and_not_the_points(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(index, None)
    with pytest.raises(UnknownProduct, match="did you mean"):
        published.product("P0O5")
    read: list[object] = []

    def scroll(*asked: object, **_: object) -> Iterator[Point]:
        read.append(asked)
        return iter(())

    monkeypatch.setattr(published.store, "scroll", scroll)
    basis = FacetBasis(published.store, published.summed)
    assert basis.bounds("price")
    assert published.near_ids("P0O9")
    assert Vocabulary(published.store, published.summed).near("opel") == ("opal",)
    assert read == []


def _missing(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def _of_another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def _of_other_fields(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE facts SET value = '{}' WHERE name = 'fields'")


def _something_else(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def _without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE keys")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small index."""
    made = make_index("embedded", tmp_path_factory.mktemp("shop"))
    build(made, draw(12, odd=True), record(table=dict(TABLE)))
    return made.local


@pytest.mark.parametrize(
    "harm", [_missing, _cut, _of_another_version, _of_other_fields, _something_else, _without_a_table]
)
def test_without_a_good_summary_the_answers_are_the_same(
    shop: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    index = EmbeddedIndex(copied(shop, tmp_path / "index"))
    path = index.companion(NAME)
    assert path is not None
    harm(path)
    assert _answers(index) == _answers(EmbeddedIndex(shop))


def test_the_next_writer_makes_one_where_there_is_no_good_one(shop: Path, tmp_path: Path) -> None:
    index = EmbeddedIndex(copied(shop, tmp_path / "index"))
    path = index.companion(NAME)
    assert path is not None
    _something_else(path)
    with index.write() as writer:
        draft = writer.draft(record(table=dict(TABLE)), from_published=True)
        draft.delete([draw(12, odd=True)[0].id])
        draft.publish()
    with closing(index.read()) as store:
        assert open_summary(store) is not None


def _answers(index: Index) -> Any:
    service = SearchService(index)
    found = service.text("etoile", mode="words").to_json()["matches"]
    return service.facets(), found, service.published().near_ids("P0O9")


def test_one_that_is_written_later_is_found(shop: Path, tmp_path: Path) -> None:
    """A server's generation is published first: whoever asks in between is not without a summary for good."""
    index = EmbeddedIndex(copied(shop, tmp_path / "index"))
    path = index.companion(NAME)
    assert path is not None
    aside = path.rename(tmp_path / "aside")
    published = Published(index, None)
    assert published.summed.ask(lambda summary: summary.photos) is None
    aside.rename(path)
    assert published.summed.ask(lambda summary: summary.photos) == published.store.count()


def test_threads_share_it_and_a_forked_child_opens_it_anew(shop: Path) -> None:
    published = Published(EmbeddedIndex(shop), None)
    wanted = published.near_ids("P0O9")
    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda: answers.append(published.near_ids("P0O9"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 8
    child = os.fork()
    if child == 0:
        os._exit(0 if published.near_ids("P0O9") == wanted else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
