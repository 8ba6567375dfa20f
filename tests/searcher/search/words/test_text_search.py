from __future__ import annotations

import json
from collections.abc import Iterator
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import FilterError, UsageError
from indexer.fields.types import FieldType
from indexer.store.beside.summary import samples
from indexer.store.filters.tree import Filter, Match, Range
from searcher.search.nearness.spelling import singular
from searcher.search.words import search as text_search
from searcher.search.words.english import STOP_WORDS, forms, words_of
from searcher.search.words.search import TextResult, search_text
from searcher.search.words.vocabulary import Vocabulary
from tests.congruence import judge
from tests.congruence.both_stores import ENGINES, filled, open_engine
from tests.congruence.engines import STAND_IN_WARNINGS, AnyStore, Engine

pytestmark = [pytest.mark.filterwarnings(message) for message in STAND_IN_WARNINGS]
TABLE = {
    "title": FieldType.TEXT,
    "metal": FieldType.KEYWORD,
    "stone": FieldType.KEYWORD,
    "brand": FieldType.KEYWORD,
    "sku": FieldType.KEYWORD,
    "url": FieldType.KEYWORD,
    "price": FieldType.NUMBER,
}
Payload = dict[str, Any]
SHOP: list[Payload] = [
    {"product_id": "A", "category": "rings", "title": "Gold ring with a red stone", "metal": "gold", "stone": "ruby"},
    {"product_id": "B", "category": "rings", "title": "Solitaire", "metal": "rose gold", "stone": ["ruby", "pearl"]},
    {"product_id": "C", "category": "rings", "title": "Silver band", "metal": "silver", "url": "shop/gold"},
    {"product_id": "D", "category": "brooches", "title": "Rose-shaped, RED", "metal": "Rose Gold", "price": 10.0},
    {"product_id": "E", "category": "watches", "title": "Chronograph no 5", "brand": "O'Neil & Bel|le"},
    {"product_id": "F", "category": "earrings", "title": "Étoile perlée", "metal": "gold", "price": 20.0},
    {"product_id": "G", "category": "charms"},
]


def photographed(products: list[Payload]) -> list[Payload]:
    """Each product with one to three photos."""
    return [
        {**product, "photo": {"rank": float(rank)}}
        for number, product in enumerate(products)
        for rank in range(1 + number % 3)
    ]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(request.param, tmp_path_factory.mktemp("shards")) as made:
        yield made


@pytest.fixture(scope="module")
def shop(engine: Engine) -> Iterator[AnyStore]:
    with filled(engine, TABLE, photographed(SHOP)) as store:
        yield store


def found(result: TextResult) -> str:
    return "".join(hit.product_id for hit in result.hits)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("gold ring with a red stone", "ADBCF"),
        ("GOLD", "ABDF"),
        ("rose gold", "BDAF"),
        ("rose gold rings", "BDACF"),
        ("ring", "ABC"),
        ("rings", "ABC"),
        ("rubies", "AB"),
        ("a brooch", "D"),
        ("watch", "E"),
        ("chronographs", "E"),
        ("charm", "G"),
        ("o'neil", "E"),
        ("belle", ""),
        ("étoile", "F"),
        ("e\u0301toile", "F"),
        ("etoile", "F"),
        ("ETOILE PERLEE", "F"),
        ("perle\u0301e", "F"),
        ("shop", ""),
        ("unicorn gold", "ABDF"),
        ("with the", "A"),
        ("5", "E"),
    ],
)
def test_words_of_titles_and_attributes_find_products(shop: AnyStore, text: str, ids: str) -> None:
    assert found(search_text(shop, text)) == ids


def test_the_answer_says_what_matched_and_what_is_unknown(shop: AnyStore) -> None:
    result = search_text(shop, "Unicorn rings of rose GOLD")
    assert result.known_words == ("rings", "rose", "gold")
    assert result.unknown_words == ("unicorn",)
    best = result.hits[0]
    assert (best.product_id, best.score, best.matched) == ("B", 1.0, ("rings", "rose", "gold"))
    assert best.payload == {**SHOP[1], "photo": {"rank": 0.0}}
    assert result.complete
    assert json.loads(json.dumps(result.to_json()))["hits"][0]["matched"] == ["rings", "rose", "gold"]


def test_no_known_word_is_an_empty_answer(shop: AnyStore) -> None:
    result = search_text(shop, "purple unicorn")
    assert result == TextResult((), (), ("purple", "unicorn"))


def test_the_score_is_the_share_of_idf(shop: AnyStore) -> None:
    photos = photographed(SHOP)
    holds = {"gold": set("ABDF"), "pearl": {"B"}}
    counts = {word: sum(photo["product_id"] in ids for photo in photos) for word, ids in holds.items()}
    idf = {word: log(1 + (len(photos) - n + 0.5) / (n + 0.5)) for word, n in counts.items()}
    scores = {hit.product_id: hit.score for hit in search_text(shop, "gold pearl").hits}
    assert scores == {"B": 1.0, **dict.fromkeys("ADF", pytest.approx(idf["gold"] / sum(idf.values()), abs=1e-7))}


def test_limit_and_filter(shop: AnyStore) -> None:
    assert found(search_text(shop, "gold", 2)) == "AB"
    assert found(search_text(shop, "gold", where=Filter(must=(Range("price", lte=10),)))) == "D"
    assert search_text(shop, "gold", where=Filter(must=(Match("brand", ("none",)),))).hits == ()
    with pytest.raises(FilterError, match="colour"):
        search_text(shop, "gold", where=Filter(must=(Match("colour", ("red",)),)))


@pytest.mark.parametrize(
    ("text", "limit", "complaint"),
    [
        ("", 10, "no word"),
        (" !! _ \x00", 10, "no word"),
        ("\udcff", 10, "no word"),
        ("gold " * 300, 10, "1500 characters"),
        (" ".join(f"w{number}" for number in range(40)), 10, "40 different words"),
        ("gold", 0, "1 to 1000"),
        ("gold", 1_001, "1 to 1000"),
    ],
)
def test_questions_that_make_no_sense_are_refused_in_one_line(
    shop: AnyStore, text: str, limit: int, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        search_text(shop, text, limit)
    assert "\n" not in str(caught.value)


METALS = ("gold", "silver", "rose gold", "steel")
STONES = ("ruby", "pearl", "opal", "jade", "onyx")
WORDS = (
    "gold",
    "rose",
    "silver",
    "ruby",
    "rubies",
    "pearls",
    "opal",
    "rings",
    "watch",
    "fine",
    "oval",
    "neat",
    "7",
    "zzzz7",
)


def draw_shop() -> list[Payload]:
    random = np.random.default_rng(3)
    return photographed(
        [
            {
                "product_id": f"P{number:03d}",
                "category": ("rings", "watches")[number % 2],
                "title": " ".join(random.choice(["fine", "oval", "neat", "big", "Pearl", str(number)], size=3)),
                "metal": METALS[random.integers(4)],
                "stone": [str(stone) for stone in random.choice(STONES, size=random.integers(3), replace=False)],
                "sku": f"gold-{number}",
            }
            for number in range(80)
        ]
    )


@pytest.fixture(scope="module")
def large(engine: Engine) -> Iterator[tuple[AnyStore, Vocabulary]]:
    with filled(engine, TABLE, draw_shop()) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "MAX_VALUES", 50)  # so that sku is a field of names, as in a large shop
        known = Vocabulary(store)
        known.look_up("gold")
        yield store, known


def plain(payloads: list[Payload], text: str, limit: int) -> list[tuple[str, float]]:
    """The judge: every photo looked at."""
    asked = [word for word in words_of(text) if word not in STOP_WORDS]

    def holds(payload: Payload, word: str) -> bool:
        title = judge.words(payload.get("title", ""))
        values = [v for f in ("category", "metal", "stone", "brand") for v in judge.values(payload, f)]
        held = {singular(one) for value in values for one in judge.words(value)}
        return bool(title.intersection(forms(word))) or singular(word) in held

    counts = {word: sum(holds(payload, word) for payload in payloads) for word in asked}
    idf = {word: log(1 + (len(payloads) - n + 0.5) / (n + 0.5)) for word, n in counts.items() if n}
    best: dict[str, float] = {}
    for payload in payloads:
        score = sum(weight for word, weight in idf.items() if holds(payload, word))
        if score:
            product = payload["product_id"]
            best[product] = max(best.get(product, 0), score / sum(idf.values()))
    return sorted(best.items(), key=lambda item: (-round(item[1], 8), item[0]))[:limit]


@settings(max_examples=25, deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8, unique=True),
    limit=st.sampled_from([1, 5, 200]),
    most=st.sampled_from([90, 3_000]),
)
def test_ranking_is_that_of_a_plain_loop(
    large: tuple[AnyStore, Vocabulary], words: list[str], limit: int, most: int
) -> None:
    store, known = large
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_search, "READ_AT_MOST", most)
        result = search_text(store, " ".join(words), limit, vocabulary=known)
    expected = plain(draw_shop(), " ".join(words), 1_000)
    found = [(hit.product_id, pytest.approx(hit.score, abs=1e-7)) for hit in result.hits]
    if result.complete:
        assert found == expected[:limit]
        assert result == search_text(store, " ".join(words), limit), "a fresh vocabulary, and all of it read"
    else:
        assert most == 90
        scores = dict(expected)
        assert found == [(product, scores[product]) for product, _ in found], "each score is the right one"


def test_all_words_come_first_where_not_all_matches_are_read(
    large: tuple[AnyStore, Vocabulary], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, known = large
    monkeypatch.setattr(text_search, "READ_AT_MOST", 60)
    result = search_text(store, "gold ruby ring", 2, vocabulary=known)
    assert [hit.score for hit in result.hits] == [1.0, 1.0]
    assert [(hit.product_id, hit.score) for hit in result.hits] == plain(draw_shop(), "gold ruby ring", 2)
    assert result.complete, "the two are certain, although not everything was read"
    common = search_text(store, "ring watch", 3, vocabulary=known)
    assert not common.complete
    assert len(common.hits) == 3


def test_fields_of_names_are_no_vocabulary(large: tuple[AnyStore, Vocabulary]) -> None:
    _, known = large
    assert "sku" not in known.fields
    assert set(known.fields) == {"title", "category", "metal", "stone", "brand"}


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("rings", "ring"),
        ("rubies", "ruby"),
        ("watches", "watch"),
        ("brooches", "brooch"),
        ("necklaces", "necklace"),
        ("boxes", "box"),
        ("glasses", "glass"),
        ("brass", "brass"),
        ("citrus", "citrus"),
        ("gas", "gas"),
        ("ties", "tie"),
        ("toys", "toy"),
        ("gold", "gold"),
    ],
)
def test_plural_forms(plural: str, one: str) -> None:
    assert singular(plural) == one
    assert {plural, one} <= set(forms(plural))
    assert plural in forms(one)
