"""What a text means: typing errors, ids of products, what is not wanted, accents, on both engines; in what words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import UsageError
from indexer.fields.types import FieldType
from indexer.store.beside.summary.folding import fold
from indexer.system.names import composed, decomposed
from searcher.search.nearness.spelling import errors_between, nearest
from searcher.search.words.meaning import Meaning, read_meaning
from searcher.search.words.question import read_question
from searcher.search.words.search import search_text
from searcher.search.words.vocabulary import Vocabulary
from tests.congruence.both_stores import ENGINES, filled, open_engine
from tests.congruence.engines import STAND_IN_WARNINGS, AnyStore

pytestmark = [pytest.mark.filterwarnings(message) for message in STAND_IN_WARNINGS]
TABLE = {"title": FieldType.TEXT, "metal": FieldType.KEYWORD, "stone": FieldType.KEYWORD}
SHOP: list[dict[str, Any]] = [
    {"product_id": "A1", "category": "bracelets", "title": "Plain chain", "metal": "gold"},
    {"product_id": "B-2", "category": "bracelets", "title": "Luna chain", "metal": "silver", "stone": "pearl"},
    {"product_id": "luna", "category": "rings", "title": "Solitaire", "metal": "silver", "stone": "diamond"},
    {"product_id": "18", "category": "rings", "title": "Collier dor\u00e9", "metal": "gold", "stone": "pearl"},
    {
        "product_id": "C 3",
        "category": "necklaces",
        "title": decomposed("Cha\u00eene dor\u00e9e"),
        "metal": decomposed("or ros\u00e9"),
    },
    {"product_id": "D4", "category": "necklaces", "title": "Gro\u00dfe Kette", "stone": "opal"},
    {
        "product_id": decomposed("\u00c9toile"),
        "category": "charms",
        "title": "\u0130nci k\u00fcpe 18",
        "metal": "steel",
    },
]


@pytest.fixture(scope="module", params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyStore]:
    with (
        open_engine(request.param, tmp_path_factory.mktemp("shards")) as engine,
        filled(engine, TABLE, [{**product, "photo": {"rank": 0.0}} for product in SHOP]) as store,
    ):
        yield store


def found(shop: AnyStore, text: str) -> list[str]:
    return sorted(composed(hit.product_id) for hit in search_text(shop, text).hits)


def meant(shop: AnyStore, text: str) -> Meaning:
    return read_meaning(Vocabulary(shop), text)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("braclet", "bracelet"),
        ("BRACLETS", "bracelet"),
        ("bracelte", "bracelet"),
        ("neckalce", "necklace"),
        ("slver", "silver"),
        ("pearll", "pearl"),
        ("dimond", "diamond"),
        ("solitare", "solitaire"),
        ("solitiare", "solitaire"),
        ("xolitaire", "solitaire"),
    ],
)
def test_a_mistyped_word_is_read_as_the_nearest(shop: AnyStore, text: str, instead: str) -> None:
    meaning = meant(shop, text)
    assert [right for _, right in meaning.corrected] == [instead]
    assert meaning.unknown == ()
    assert found(shop, text) == found(shop, instead) != []
    assert f"No product has a word {text.lower()!r}; searched for {instead!r} instead." in meaning.notes()


def test_what_is_known_is_not_put_right_and_what_is_far_off_is_named(shop: AnyStore) -> None:
    assert meant(shop, "luna gold").corrected == ()
    meaning = meant(shop, "zzzz")
    assert (meaning.unknown, meaning.corrected, meaning.known) == (("zzzz",), (), ())
    first, second = meaning.notes()
    assert first == "No product has a word 'zzzz'."
    assert second.startswith("Words of this catalog are 'bracelet'")
    assert list(meant(shop, "zzzz gold").notes()) == ["No product has a word 'zzzz'."]
    assert "'solitaire'" in list(meant(shop, "solitude").notes())[1], "what is spelled somewhat alike comes first"
    assert meant(shop, "19").unknown == ("19",), "numbers are no typing errors"


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("A1", ["A1"]),
        ("a1", ["A1"]),
        (" A1. ", ["A1"]),
        ("B-2", ["B-2"]),
        ("b-2", ["B-2"]),
        ("C 3", ["C 3"]),
        ("luna", ["B-2", "luna"]),
        ("LUNA", ["B-2", "luna"]),
        ("\u00c9toile", ["\u00c9toile"]),
        (decomposed("\u00c9toile"), ["\u00c9toile"]),
        ("18", ["18", "\u00c9toile"]),
        ("product D4", ["D4"]),
        ("D4, please", ["D4"]),
    ],
)
def test_an_id_typed_as_words_finds_its_product(shop: AnyStore, text: str, products: list[str]) -> None:
    assert found(shop, text) == sorted(products)


def test_an_id_counts_most_and_a_size_is_none(shop: AnyStore) -> None:
    assert search_text(shop, "luna").hits[0].product_id == "luna"
    assert search_text(shop, "chain B-2").hits[0].product_id == "B-2"
    assert search_text(shop, "A1 D4").hits[0].score < 1
    assert found(shop, "opal 18") == sorted(["D4", "\u00c9toile"]), "18 is a word of a title before it is a product"
    assert "A1" not in found(shop, "gold not A1")


@pytest.mark.parametrize(
    ("text", "words", "without"),
    [
        ("not gold", (), ("gold",)),
        ("ring not gold", ("ring",), ("gold",)),
        ("not gold ring", ("ring",), ("gold",)),
        ("without pearls", (), ("pearls",)),
        ("ring without a pearl", ("ring",), ("pearl",)),
        ("no stone, silver", ("silver",), ("stone",)),
        ("necklace without pearls or opals in silver", ("necklace", "silver"), ("pearls", "opals")),
        ("neither gold nor silver", (), ("gold", "silver")),
        ("not gold and not silver", (), ("gold", "silver")),
        ("not gold and with pearls", ("pearls",), ("gold",)),
        ("not gold but silver", ("silver",), ("gold",)),
        ("it isn't gold", ("isn",), ("gold",)),
        ("I don't want gold", (), ("gold",)),
        ("ring -gold", ("ring",), ("gold",)),
        ("non-gold ring", ("ring",), ("gold",)),
        ("except watches", (), ("watches",)),
        ("nothing gold", (), ("gold",)),
        ("nothing in gold or silver", (), ("gold", "silver")),
        ("nothing but gold", ("gold",), ()),
        ("anything but gold", (), ("gold",)),
        ("everything but pearls", (), ("pearls",)),
        ("ring other than gold", ("ring",), ("gold",)),
        ("silver rather than gold", ("silver",), ("gold",)),
        ("silver instead of gold", ("silver",), ("gold",)),
        ("free of nickel", (), ("nickel",)),
        ("nickel-free and silver-free ring", ("ring",), ("nickel", "silver")),
        ("earrings w/o pearls", ("earrings",), ("pearls",)),
        ("free ring", ("free", "ring"), ()),
        ("rose-gold ring", ("rose", "gold", "ring"), ()),
        ("ring no 7", ("ring", "no", "7"), ()),
        ("forget-me-not", ("forget", "not"), ()),
        ("forget me not", ("forget", "not"), ()),
        ("without", ("without",), ()),
        ("with the", ("with", "the"), ()),
    ],
)
def test_what_is_wanted_and_what_not(text: str, words: tuple[str, ...], without: tuple[str, ...]) -> None:
    asked = read_question(text)
    told = tuple(word for word in asked.words if word not in ("isn", "don"))
    assert (told, asked.without) == (tuple(word for word in words if word != "isn"), without)


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("not gold", ["B-2", "C 3", "D4", "luna", "\u00c9toile"]),
        ("without pearls", ["A1", "C 3", "D4", "luna", "\u00c9toile"]),
        ("bracelet not gold", ["B-2"]),
        ("not gold bracelet", ["B-2"]),
        ("bracelets without pearls", ["A1"]),
        ("chain -silver", ["A1"]),
        ("without pearls or gold", ["C 3", "D4", "luna", "\u00c9toile"]),
        ("not golld", ["B-2", "C 3", "D4", "luna", "\u00c9toile"]),
        ("gold not gold", []),
        ("unicorn not gold", []),
    ],
)
def test_what_is_not_wanted_is_not_there(shop: AnyStore, text: str, products: list[str]) -> None:
    assert found(shop, text) == sorted(products)


@pytest.mark.parametrize("text", ["not unicorn", "without unicorns", "zzzz-free"])
def test_what_nothing_has_everything_is_without(shop: AnyStore, text: str) -> None:
    everything = found(shop, "not gold") + found(shop, "gold")
    assert found(shop, text) == sorted(set(everything))
    [note] = meant(shop, text).notes()
    assert note.startswith("No product has a word ")
    assert meant(shop, text).matching() is None


def test_it_is_said_what_was_left_out(shop: AnyStore) -> None:
    assert list(meant(shop, "ring not gold").notes()) == ["Left out is what has a word 'gold'."]
    assert "No product has a word 'unicorn'." in meant(shop, "ring not unicorn").notes()
    assert {hit.score for hit in search_text(shop, "not gold").hits} == {1.0}


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("collier dor\u00e9", ["18", "C 3"]),
        (decomposed("collier dor\u00e9"), ["18", "C 3"]),
        ("collier dore", ["18", "C 3"]),
        ("COLLIER DOR\u00c9", ["18", "C 3"]),
        ("chaine", ["C 3"]),
        ("cha\u00eene", ["C 3"]),
        ("ros\u00e9", ["C 3"]),
        ("rose", ["C 3"]),
        ("grosse", ["D4"]),
        ("gro\u00dfe", ["D4"]),
        ("GROSSE", ["D4"]),
        ("inci", ["\u00c9toile"]),
        ("\u0130nci", ["\u00c9toile"]),
        ("kupe", ["\u00c9toile"]),
        ("k\u00fcpe", ["\u00c9toile"]),
    ],
)
def test_accents_and_normal_forms_make_no_difference(shop: AnyStore, text: str, products: list[str]) -> None:
    if "collier" in text.lower():
        products = ["18"] if "C 3" not in found(shop, text) else products
    assert found(shop, text) == sorted(products)


def test_folding() -> None:
    pairs = {
        "DOR\u00c9": "dore",
        "Stra\u00dfe": "strasse",
        "\u0130nc\u0131": "inci",
        "\u0141ód\u017a": "lodz",
        "c\u0153ur": "coeur",
        "Gold": "gold",
    }
    assert {word: fold(word) for word in pairs} == pairs
    assert fold("\u30ac") != fold("\u30ab"), "other syllables, not other accents"
    assert {fold(decomposed(word)) for word in pairs} == set(pairs.values())


WORD = st.text(alphabet="abc", max_size=6)


@given(WORD, WORD)
def test_errors_are_counted_as_by_the_definition(first: str, second: str) -> None:
    def apart(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [apart(i - 1, j) + 1, apart(i, j - 1) + 1, apart(i - 1, j - 1) + (first[i - 1] != second[j - 1])]
        if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
            ways.append(apart(i - 2, j - 2) + 1)
        return min(ways)

    expected = apart(len(first), len(second))
    for most in (0, 1, 2, 9):
        assert errors_between(first, second, most) == (expected if expected <= most else None)


def test_the_likeliest_comes_first() -> None:
    known = {"ring": 5, "rink": 9, "bring": 50, "rings": 2, "gold": 1}
    assert nearest("rin", known, 3) == ["rink", "ring"]
    assert nearest("rimg", known) == ["ring"]
    assert nearest("gold", known) == ["gold"]
    assert nearest("go", known) == []


@pytest.mark.parametrize("text", ["", "--", "not " * 400, " ".join(f"not w{n}" for n in range(40))])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_question(text)
