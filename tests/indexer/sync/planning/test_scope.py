"""A sync with a scope: what is in it is in step with the catalog, and what is outside stays as it was, bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalog.reading import read_catalog
from indexer.cli.main import main
from indexer.errors import CatalogError, FilterError, ModelError, RemovalRefused, StoreDamaged
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.filters.text_form import read
from indexer.store.filters.tree import Filter
from indexer.store.records import Point
from indexer.sync.planning.comparison import make_plan
from indexer.sync.planning.scope import Scope
from tests.congruence.judge import passes
from tests.shops.catalogs.row_catalog import Shop, counts
from tests.shops.models.tiny_model import write_tiny_model

HEADER = "product_id,image,category,brand,price"
PHOTOS = tuple(f"p/{number}.jpg" for number in range(8))
ROWS = ["a,p/0.jpg,rings,X,1", "b,p/1.jpg,rings,Y,2", "c,p/2.jpg|p/3.jpg,rings,X,3", "d,p/4.jpg,pins,Y,4"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, *PHOTOS).rows(*ROWS, header=HEADER)
    shop.sync()
    return shop


def said(shop: Shop) -> dict[tuple[str, str], tuple[Any, ...]]:
    return shop.said("brand", "price", "category")


def test_only_what_is_in_the_scope_is_written_and_removed(shop: Shop) -> None:
    before = said(shop)
    shop.rows("a,p/0.jpg,rings,X,9", "b,p/1.jpg,rings,Y,9", "e,p/5.jpg,rings,X,9", "f,p/6.jpg,pins,Y,9", header=HEADER)
    report = shop.sync(scope="brand=X")
    assert (counts(report), report.products, report.scope) == ({"new": 1, "updated": 1, "gone": 2}, 2, ["brand=X"])
    assert [one.product_id for one in report.removed] == ["c", "c"]
    assert said(shop) == {
        ("a", "p/0.jpg"): ("X", 9.0, "rings"),
        ("e", "p/5.jpg"): ("X", 9.0, "rings"),
        ("b", "p/1.jpg"): before["b", "p/1.jpg"],
        ("d", "p/4.jpg"): before["d", "p/4.jpg"],
    }
    assert shop.sync(scope=["brand=X", "category=rings"]).published is False
    assert counts(shop.sync()) == {"new": 1, "updated": 1, "unchanged": 2, "gone": 1}


def test_what_comes_into_the_scope_and_what_leaves_it_is_as_the_catalog_has_it(shop: Shop) -> None:
    shop.rows(ROWS[0].replace("X", "Y"), ROWS[1].replace("Y", "X"), *ROWS[2:], header=HEADER)
    assert counts(shop.sync(scope="brand=X")) == {"updated": 2, "unchanged": 2}
    assert said(shop)["a", "p/0.jpg"] == ("Y", 1.0, "rings")
    assert said(shop)["b", "p/1.jpg"] == ("X", 2.0, "rings")
    assert shop.sync().published is False


def test_a_photo_of_an_outside_product_keeps_its_vector_in_a_product_of_the_scope(shop: Shop) -> None:
    vector = shop.points()["d", "p/4.jpg"].vector
    shop.rows(*ROWS[:3], "e,p/4.jpg,pins,X,5", header=HEADER)
    report = shop.sync(scope="brand=X")
    assert (report.embedded, counts(report)) == (0, {"new": 1, "unchanged": 3})
    points = shop.points()
    assert np.array_equal(points["e", "p/4.jpg"].vector, vector)  # type: ignore[arg-type]
    assert ("d", "p/4.jpg") in points


def test_a_row_that_is_bad_keeps_its_point_in_the_scope_and_outside(shop: Shop) -> None:
    shop.rows("a,p/0.jpg,rings,X,one", "b,p/1.jpg,rings,Y,two", *ROWS[2:], header=HEADER)
    report = shop.sync(scope="brand=X")
    assert (counts(report), len(report.rejects)) == ({"unchanged": 2, "kept": 1}, 2)
    assert len(shop.points()) == 5


def test_a_column_that_is_gone_stays_for_what_is_outside(shop: Shop) -> None:
    shop.rows(
        "a,p/0.jpg,rings,X", *(row.rpartition(",")[0] for row in ROWS[1:]), header="product_id,image,category,brand"
    )
    report = shop.sync(scope="brand=X")
    assert (counts(report), report.notes) == ({"updated": 3}, [])
    assert said(shop)["a", "p/0.jpg"] == ("X", None, "rings")
    assert said(shop)["b", "p/1.jpg"] == ("Y", 2.0, "rings")
    record = EmbeddedIndex(shop.index).record()
    assert record is not None
    assert str(record.field_table["price"]) == "number"


def test_what_others_wrote_names_a_product_by_its_new_id_outside_the_scope_too(shop: Shop) -> None:
    index = EmbeddedIndex(shop.index)
    with index.write() as writer:
        published = writer.published()
        assert published is not None
        draft = writer.draft(published.record, from_published=True)
        views = {"product_ids": ["a"], "scores": [1.0]}
        draft.replace_payload(
            Point(p.id, {**p.payload, "co_viewed": views}) for p in published.scroll() if p.payload["product_id"] == "b"
        )
        draft.publish()
    shop.rows("a2,p/0.jpg,rings,X,1", *ROWS[1:], header=HEADER)
    report = shop.sync(scope="brand=X")
    assert [(one.before, one.after) for one in report.renamed] == [("a", "a2")]
    assert shop.points()["b", "p/1.jpg"].payload["co_viewed"]["product_ids"] == ["a2"]


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ("brand", "cannot be read"),
        ("carat=1", "no field 'carat'"),
        ("photo.rank=0", "goes by photo.rank, which no catalog says"),
        ("predicted_category=rings", "goes by predicted_category, which no catalog says"),
        (5, "scope is 5"),
    ],
)
def test_a_scope_that_no_catalog_can_be_asked_for_is_refused(shop: Shop, scope: object, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        shop.sync(scope=scope)


def test_what_would_harm_the_rest_is_refused(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="would leave out the rest; run the sync once without --scope"):
        Shop.sync(_with_another_model(shop, tmp_path), scope="brand=X")
    shop.model = tmp_path / "model"
    (shop.catalog / "catalog.toml").write_text('[fields]\nprice = "keyword"\n')
    with pytest.raises(CatalogError, match="price is a keyword in the catalog and a number in"):
        shop.sync(scope="brand=X")
    (shop.catalog / "catalog.toml").unlink()
    shop.catalog = shop.catalog.rename(tmp_path / "moved")
    with pytest.raises(CatalogError, match="if the catalog has moved, run the sync once without --scope"):
        shop.sync(scope="brand=X")
    assert len(shop.points()) == 5


def test_a_damaged_index_is_not_built_anew_from_a_part(shop: Shop) -> None:
    for path in (shop.index / "generations").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    with pytest.raises(StoreDamaged, match="a scope would leave out the rest"):
        shop.sync(scope="brand=X")
    assert counts(shop.sync()) == {"new": 5}


def test_all_of_a_scope_goes_only_when_that_is_meant(shop: Shop) -> None:
    shop.rows(ROWS[1], ROWS[3], header=HEADER)
    with pytest.raises(RemovalRefused, match=r"remove 3 of 3 photos of the scope brand=X .*all there is of the scope"):
        shop.sync(scope="brand=X")
    assert counts(shop.sync(scope="brand=X", allow_removal=True)) == {"gone": 3}
    report = shop.sync(scope="brand=X")
    assert "nothing in it, and nothing in the index, passes the scope brand=X" in report.notes[0]


def test_a_first_sync_with_a_scope_fills_an_index_with_it_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path, *PHOTOS).rows(*ROWS, header=HEADER)
    with pytest.raises(CatalogError, match="no product of it passes the scope brand=Q"):
        shop.sync(scope="brand=Q")
    assert counts(shop.sync(scope="brand=X")) == {"new": 3}


def test_the_command_takes_several_and_says_so(shop: Shop) -> None:
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    done = CliRunner().invoke(main, ["sync", *places, "--scope", "brand=X", "--scope", "price<=1"])
    assert done.exit_code == 0
    assert "1 product of the scope brand=X and price<=1, photos: 1 unchanged" in done.stdout
    wrong = CliRunner().invoke(main, ["sync", *places, "--scope", "carat=1"])
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)


def _with_another_model(shop: Shop, tmp_path: Path) -> Shop:
    shop.model = write_tiny_model(tmp_path / "other", size=16, seed=7)
    return shop


# ---- anything at all -------------------------------------------------------------------------------------------

_PRODUCTS = st.fixed_dictionaries(
    {
        product: st.none()
        | st.tuples(
            st.lists(st.sampled_from(PHOTOS), min_size=1, max_size=3, unique=True),
            st.sampled_from(("rings", "pins", "")),
            st.sampled_from(("X", "Y", "")),
            st.sampled_from(("1", "2", "much")),
        )
        for product in "abcdef"
    }
)
_ANCHOR = {"z": (["p/7.jpg"], "rings", "Z", "1")}
_SCOPES = st.lists(
    st.sampled_from(("brand=X", "brand!=X", "brand=", "category=rings", "price<=1", "price=1|2", "product_id^=a")),
    min_size=1,
    max_size=2,
)


def _rows(products: dict[str, Any]) -> list[str]:
    return [
        f"{name},{'|'.join(one[0])},{one[1]},{one[2]},{one[3]}" for name, one in products.items() if one is not None
    ]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> _Plain:
    return _Plain(tmp_path_factory.mktemp("plain"))


@settings(max_examples=60, deadline=None)
@given(before=_PRODUCTS, after=_PRODUCTS, scope=_SCOPES)
def test_nothing_outside_is_deleted_or_written(
    plain: _Plain, before: dict[str, Any], after: dict[str, Any], scope: list[str]
) -> None:
    """The plan alone, which is what a sync does: of any two catalogs and any scope."""
    plain.rows(*_rows(before | _ANCHOR))
    first = read_catalog(plain.catalog)
    points = [_point(wanted) for wanted in make_plan(first, ()).new]
    plain.rows(*_rows(after | _ANCHOR))
    catalog = read_catalog(plain.catalog, first.field_table)
    where = read(scope, catalog.field_table) or Filter()
    plan = make_plan(catalog, points, scope=Scope(scope, catalog.field_table))
    now = {wanted.id: wanted for wanted in make_plan(catalog, ()).new}

    inside = {point.id for point in points if passes(point.payload, where)}
    now_inside = {identifier for identifier, one in now.items() if passes(one.payload, where)}
    kept = {point.id for point in plan.left_alone}
    touched = {one.id for one, _ in [*plan.updated, *plan.changed, *plan.moved, *plan.copied]}
    touched |= {one.id for one in plan.new} | {point.id for point, _ in plan.rewritten}
    assert set(plan.gone) <= inside
    assert touched <= inside | now_inside
    assert inside - set(plan.gone) - kept <= now.keys()
    assert now_inside <= touched | {one.id for one, _ in plan.still}


class _Plain(Shop):
    """A shop of which nothing is synced."""

    def __init__(self, root: Path) -> None:
        self.catalog = root
        for name in PHOTOS:
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(name.encode())

    def rows(self, *rows: str, header: str = HEADER, end: str = "\n") -> Shop:
        return super().rows(*rows, header=header, end=end)


def _point(wanted: Any) -> Point:
    seen = wanted.image.place.look()
    photo = {
        "path": wanted.image.key,
        "rank": wanted.image.rank,
        "bytes": seen.size,
        "mtime_ns": seen.mtime_ns,
        "sha256": wanted.image.key,
    }
    return Point(wanted.id, {**wanted.payload, "photo": photo})
