"""A product id that is not there finds the ones that were meant, among all ids there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnknownProduct
from indexer.store.beside.summary.folding import fold
from indexer.store.beside.summary.keys import keys
from indexer.store.beside.summary.reading import Summed
from searcher.search.ground.published import Published
from searcher.search.nearness.keyed_ids import ListedIds
from searcher.search.nearness.near_ids import NearIds
from searcher.search.nearness.spelling import errors_between
from searcher.service import SearchService
from tests.shops.indexes.both_engines import ENGINES, LOCAL_MODE_WARNINGS, build, make_index, points, record
from tests.shops.indexes.built_index import Built

pytestmark = [pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS]
SHOP = [f"J{number:04d}" for number in range(1, 121)]
WIDE = "".join(chr(ord(one) + 0xFEE0) for one in "J0004")
"""Full-width letters, as Japanese keyboards write them."""
ARABIC = "".join(chr(0x0660 + digit) for digit in (0, 0, 0, 4))
NAMED = ["ring-doré-12", "12-034", "Kollier_Perle", "A/17 b", "J0004-gold", "J0004-silver", "Ł-7", "---", "ANILLO99"]


@pytest.mark.parametrize(
    "asked",
    ["j0004", "J4", "j4", "J04", "J00004", "j-0004", "J 0004", " J0004 ", "J_4", "J0004\n", WIDE, "J" + ARABIC, "4"],
)
def test_an_id_that_is_written_otherwise_is_the_one_that_is_meant(asked: str) -> None:
    assert NearIds(ListedIds(SHOP)).near(asked) == ["J0004"]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("J0O04", "J0004"),  # the letter O
        ("J00042x", "J0042"),
        ("J0004.jpg", "J0004"),
        ("J0004/1.jpg", "J0004"),
        ("K0004", "J0004"),
        ("JJ0004", "J0004"),
        ("0J004", "J0004"),
        ("J1200", "J0120"),
    ],
)
def test_one_that_is_mistyped(asked: str, first: str) -> None:
    near = NearIds(ListedIds(SHOP)).near(asked)
    assert near[0] == first
    assert len(near) <= 3


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("ring dore 12", ["ring-doré-12"]),
        ("RINGDORE012", ["ring-doré-12"]),
        ("rnig-doré-12", ["ring-doré-12"]),
        ("12034", ["12-034"]),
        ("12 34", ["12-034"]),
        ("kollier perle", ["Kollier_Perle"]),
        ("colier-perle", ["Kollier_Perle"]),
        ("kolier-perle", ["Kollier_Perle"]),
        ("a17b", ["A/17 b"]),
        ("l7", ["Ł-7"]),
        ("j4", ["J0004-gold", "J0004-silver"]),
        ("99", ["ANILLO99"]),
        ("---", []),
        ("", []),
        ("nothing like it", []),
        ("\udcff", []),
        ("x" * 100_000, []),
    ],
)
def test_ids_of_every_form(asked: str, near: list[str]) -> None:
    assert NearIds(ListedIds(NAMED)).near(asked) == near


def test_what_is_nearest_does_not_hang_on_the_order_of_the_ids() -> None:
    for asked in ("J0045x", "J0130", "j99", "J0 11"):
        assert NearIds(ListedIds(SHOP)).near(asked) == NearIds(ListedIds(reversed(SHOP))).near(asked)


@given(
    st.lists(st.from_regex(r"[A-Ca-c]{0,2}[-_ ]?0{0,3}[1-9][0-9]{0,2}\Z"), min_size=1, max_size=30, unique=True),
    st.data(),
)
def test_an_id_in_other_letters_is_found_first_or_is_as_near_as_what_is(ids: list[str], data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(ids))
    asked = data.draw(
        st.sampled_from([one.upper(), one.lower(), one.replace("-", " "), f" {one}", one.replace("_", "")])
    )
    found = NearIds(ListedIds(ids)).near(asked, most=len(ids))
    assert one in found
    assert set(keys(found[0])) & set(keys(one))


@settings(max_examples=50)
@given(st.lists(st.from_regex(r"[a-d]{2}[1-9][0-9]{2}\Z"), min_size=1, max_size=40, unique=True), st.data())
def test_every_id_that_is_one_error_away_is_found(ids: list[str], data: st.DataObject) -> None:
    asked = data.draw(st.from_regex(r"[a-d]{2,3}[1-9][0-9]{1,3}\Z"))
    judge = {one for one in ids if errors_between(fold(asked), one, 1) is not None}
    found = NearIds(ListedIds(ids)).near(asked, most=len(ids))
    if asked not in ids:
        assert judge <= set(found)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_question_that_asks_for_an_id_names_the_near_ones(engine: str, tmp_path: Path) -> None:
    index = make_index(engine, tmp_path)
    build(index, points(1000, 30), record())
    service = SearchService(index)
    for ask in (
        lambda: service.similar("p-01007"),
        lambda: service.recommend(["P1001"], ["p-01007"]),
        lambda: service.discover("P1001", [("p-01007", "P1002")]),
        lambda: service.also_viewed(["p-01007"]),
        lambda: service.product("p-01007"),
    ):
        with pytest.raises(UnknownProduct, match=r"did you mean P1007\?$"):
            ask()
    [refused] = service.similar_batch(["p-01007"])
    assert str(refused).endswith("did you mean P1007?")


def without_summary(built: Built) -> Published:
    """The generation as an earlier version left it, whose ids are listed by the store."""
    published = Published(built.index, None)
    published.summed = Summed()
    return published


def test_all_ids_are_known_however_many_there_are(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand were, so that of a larger catalog most were never named."""
    published = without_summary(built)
    many = [(f"J{number:06d}", 1) for number in range(25_000)]
    monkeypatch.setattr(published.store, "facet", lambda _field, _where=None, *, limit=100: many[:limit])
    assert published.near_ids("j24999") == ["J024999"]
    assert published.near_ids("J24 999") == ["J024999"]


def test_a_long_id_is_not_repeated_whole(built: Built) -> None:
    with pytest.raises(UnknownProduct) as caught:
        SearchService(built.index).product("P007" * 20_000)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("there", "named"),
    [(" edge ", "' edge '"), ("edge, gold", "'edge, gold'"), ("edge\t1", r"'edge\\t1'"), ("edge 1", "edge 1")],
)
def test_an_id_that_would_not_be_seen_as_one_stands_in_quotes(
    built: Built, monkeypatch: pytest.MonkeyPatch, there: str, named: str
) -> None:
    published = without_summary(built)
    monkeypatch.setattr(published.store, "facet", lambda _field, _where=None, **_bounds: [(there, 1)])
    with pytest.raises(UnknownProduct) as caught:
        published.product(there.replace("edge", "Edge").strip())
    assert str(caught.value).endswith(f"did you mean {named}?".replace("\\\\", "\\"))
