"""Products that get another id although nobody meant it keep what visitors said of them, and the sync says so."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.cli.main import main
from indexer.fields.co_views import read_payload
from indexer.fields.identity import point_id
from indexer.store.embedded.index import EmbeddedIndex
from indexer.sync.annotate.clusters import update_clusters
from indexer.sync.annotate.co_views import update_co_views
from tests.shops.catalogs.row_catalog import Shop, counts


def look_at_together(shop: Shop, *pairs: tuple[str, str]) -> None:
    """Sessions, each with two products."""
    lines = [
        json.dumps({"session": str(number), "product": product, "time": f"2026-01-31T18:0{place}:00Z"})
        for number, pair in enumerate(pairs)
        for place, product in enumerate(pair)
    ]
    events = shop.index.parent / "events.jsonl"
    events.write_text("\n".join(lines) + "\n")
    update_co_views(events, EmbeddedIndex(shop.index))


def together(shop: Shop) -> dict[str, set[str]]:
    """What is looked at together with each product."""
    return {key[0]: {other.product_id for other in read_payload(point.payload)} for key, point in shop.points().items()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, "rings/001.jpg", "rings/001/b.jpg", "rings/r2.jpg", "pins/p3.jpg")
    shop.sync()
    look_at_together(shop, ("001", "p3"), ("r2", "p3"))
    return shop


def test_an_id_that_a_second_category_qualifies_keeps_its_co_views(shop: Shop) -> None:
    update_clusters(EmbeddedIndex(shop.index), {"001": "c1", "p3": "c1"})
    shop.draw("watches/001.jpg")
    places = [str(shop.catalog), "--model", str(shop.model), "--index", str(shop.index)]
    said = CliRunner().invoke(main, ["sync", *places]).stdout
    assert "001 is called rings/001 now: watches has a product 001 too; co-views and clusters were carried over" in said
    assert "2 moved, 1 updated, 1 unchanged\n" in said
    assert together(shop) == {"rings/001": {"p3"}, "r2": {"p3"}, "p3": {"rings/001", "r2"}, "watches/001": set()}
    assert shop.said("cluster")["rings/001", "rings/001.jpg"] == ("c1",)
    assert shop.sync().published is False
    shutil.rmtree(shop.catalog / "watches")
    report = shop.sync(allow_removal=True)
    assert [(one.before, one.after) for one in report.renamed] == [("rings/001", "001")]
    assert report.renamed[0].because == "no other category has a product 001 now"
    assert together(shop) == {"001": {"p3"}, "r2": {"p3"}, "p3": {"001", "r2"}}


def test_nothing_is_read_or_embedded_for_another_id(shop: Shop) -> None:
    shop.draw("watches/001.jpg")
    report = shop.sync()
    assert (report.embedded, report.removed) == (1, [])


def test_another_normal_form_of_an_id_keeps_its_co_views(tmp_path: Path) -> None:
    old, new = (normalize(form, "bagué") for form in ("NFD", "NFC"))
    shop = Shop(tmp_path, "p1.jpg", "p2.jpg").rows(f"{old},p1.jpg,rings,5,true", "b,p2.jpg,rings,5,true")
    shop.sync()
    former = next(product for product, _ in shop.points() if product != "b")
    look_at_together(shop, (former, "b"))
    shop.rows(f"{new},p1.jpg,rings,5,true", "b,p2.jpg,rings,5,true").sync()
    assert together(shop) == {new: {"b"}, "b": {new}}


def test_an_index_from_before_that_has_decomposed_names_moves_and_keeps_everything(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "rings/bagué.jpg", "rings/bagué/é.jpg", "pins/b.jpg")
    shop.sync()
    look_at_together(shop, ("bagué", "b"))
    before = shop.points()
    decompose(EmbeddedIndex(shop.index))
    assert {path for _, path in shop.points()} == {normalize("NFD", path) for _, path in before}
    report = shop.sync()
    assert (report.embedded, report.removed, report.rejects) == (0, [], [])
    assert [(one.before, one.after) for one in report.renamed] == [(normalize("NFD", "bagué"), "bagué")]
    after = shop.points()
    assert after.keys() == before.keys()
    for key, point in before.items():
        assert after[key].id == point.id
        assert np.array_equal(np.asarray(after[key].vector), np.asarray(point.vector))
    assert together(shop) == {"bagué": {"b"}, "b": {"bagué"}}
    assert shop.sync().published is False


def decompose(index: EmbeddedIndex) -> None:
    """Publish the index as earlier versions wrote it from folders of a Mac: names and their ids in normal form D."""
    with index.write() as writer:
        published = writer.published()
        assert published is not None
        draft = writer.draft(published.record, from_published=True)
        for point in list(published.scroll(vectors=True)):
            payload = json.loads(normalize("NFD", json.dumps(point.payload, ensure_ascii=False)))
            identifier = point_id(payload["product_id"], payload["photo"]["path"])
            if identifier != point.id:
                draft.delete([point.id])
            draft.upsert([replace(point, id=identifier, payload=payload)])
        draft.publish()


def test_the_same_photos_under_another_number_are_the_same_product(shop: Shop) -> None:
    (shop.catalog / "rings/r2.jpg").rename(shop.catalog / "rings/r9.jpg")
    report = shop.sync()
    assert [(one.before, one.after, one.because) for one in report.renamed] == [("r2", "r9", "it has the same photos")]
    assert together(shop)["r9"] == {"p3"}


def test_a_photo_that_goes_to_another_product_takes_no_co_views_along(shop: Shop) -> None:
    (shop.catalog / "rings/001/b.jpg").rename(shop.catalog / "rings/r7.jpg")
    (shop.catalog / "rings/001.jpg").unlink()
    report = shop.sync()
    assert (report.renamed, counts(report)) == ([], {"moved": 1, "unchanged": 2, "gone": 2})
    assert together(shop)["r7"] == set()
