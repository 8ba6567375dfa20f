"""A sync brings the index in step with the catalog: each case of the plan, and nothing lost on the way."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.catalog.reading import read_catalog
from indexer.errors import CatalogError, FilterError, RemovalRefused, StoreMissing
from indexer.fields.identity import point_id
from indexer.models.embedder import Embedder
from indexer.photos.fingerprints import phash, pixel_sha256, sha256
from indexer.photos.opening import open_image
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import Point
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.small_catalog import read_manifest, touch, write_manifest, write_photo, write_small_catalog
from tests.shops.models.tiny_model import write_tiny_model


class Shop:
    """A catalog, a model and an index under one temporary folder."""

    def __init__(self, root: Path) -> None:
        self.catalog = write_small_catalog(root / "catalog")
        self.model = write_tiny_model(root / "model")
        self.index = root / "index"

    def sync(self, **options: object) -> SyncReport:
        return sync(self.catalog, self.model, self.index, **options)  # type: ignore[arg-type]

    def points(self) -> dict[str, Point]:
        store = EmbeddedIndex(self.index).read()
        try:
            return {point.payload["photo"]["path"]: point for point in store.scroll(vectors=True)}
        finally:
            store.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def counts(report: SyncReport) -> dict[str, int]:
    return {name: number for name, number in report.photos.items() if number}


def test_first_sync_writes_what_the_catalog_and_the_model_say(shop: Shop) -> None:
    report = shop.sync()
    assert (report.embedded, counts(report), report.rejects) == (24, {"new": 24}, [])
    points = shop.points()
    catalog = read_catalog(shop.catalog)
    images = [(product, image) for product in catalog.products for image in product.images]
    expected = Embedder(shop.model).predict([image.path for _, image in images])
    assert len(points) == len(images) == 24
    for row, (product, image) in enumerate(images):
        point = points[image.key]
        np.testing.assert_allclose(point.vector, expected.embeddings[row], atol=1e-6)
        payload = point.payload
        assert point.id == point_id(product.id, image.key)
        assert {name: payload[name] for name in image.fields} == dict(image.fields)
        assert (payload["product_id"], payload["category"]) == (product.id, product.category)
        photo, decoded = payload["photo"], open_image(image.path)
        assert photo["sha256"] == sha256(image.path.read_bytes())
        assert (photo["pixel_sha256"], photo["phash"]) == (pixel_sha256(decoded), phash(decoded))
        assert (photo["width"], photo["height"], photo["rank"]) == (48, 48, image.rank)
        assert photo["bytes"] == image.path.stat().st_size
        best = int(expected.category_logits[row].argmax())
        assert payload["predicted_category"] == Embedder(shop.model).model.categories[best]
        assert 0.2 <= payload["predicted_confidence"] <= 1
        assert open_image(ThumbnailStore(shop.index).path(photo["sha256"])).size == (48, 48)


def test_an_unchanged_catalog_embeds_and_publishes_nothing(shop: Shop) -> None:
    shop.sync()
    report = shop.sync()
    assert (report.embedded, report.published, report.generation) == (0, False, "1")
    assert counts(report) == {"unchanged": 24}


def test_dry_run_writes_nothing_and_says_the_same(shop: Shop) -> None:
    planned = shop.sync(dry_run=True)
    assert not shop.index.exists()
    assert planned.photos == shop.sync().photos


def test_a_changed_photo_is_embedded_again(shop: Shop) -> None:
    shop.sync()
    before = shop.points()
    key = "rings/P003/0.jpg"
    write_photo(shop.catalog / key, seed=777_777)
    report = shop.sync()
    assert (report.embedded, counts(report)) == (1, {"changed": 1, "unchanged": 23})
    after = shop.points()
    np.testing.assert_allclose(after[key].vector, Embedder(shop.model).embed([shop.catalog / key])[0], atol=1e-6)
    assert not np.allclose(after[key].vector, before[key].vector)
    assert all(np.array_equal(after[k].vector, before[k].vector) for k in before if k != key)


def test_a_touched_photo_is_not_embedded_again(shop: Shop) -> None:
    shop.sync()
    touch(shop.catalog / "rings/P003/0.jpg")
    report = shop.sync()
    assert (report.embedded, counts(report)) == (0, {"updated": 1, "unchanged": 23})
    assert shop.sync().published is False


def test_a_new_price_rewrites_the_payload_alone(shop: Shop) -> None:
    shop.sync()
    before = shop.points()
    rows = read_manifest(shop.catalog)
    rows[3]["price"] = "9999"
    del_metal = rows[4]["metal"] = ""
    write_manifest(shop.catalog, rows)
    report = shop.sync()
    assert (report.embedded, counts(report)) == (0, {"updated": 4, "unchanged": 20})
    after = shop.points()
    changed = after["rings/P003/0.jpg"]
    assert changed.payload["price"] == 9999.0
    assert changed.payload["photo"] == before["rings/P003/0.jpg"].payload["photo"]
    assert np.array_equal(changed.vector, before["rings/P003/0.jpg"].vector)  # type: ignore[arg-type]
    assert del_metal not in after["watches/P004/0.jpg"].payload.values()
    assert "metal" not in after["watches/P004/0.jpg"].payload


def test_a_renamed_photo_keeps_its_vector(shop: Shop) -> None:
    shop.sync()
    before = shop.points()["rings/P003/0.jpg"]
    rows = read_manifest(shop.catalog)
    (shop.catalog / "rings/P003/0.jpg").rename(shop.catalog / "rings/P003/front.jpg")
    rows[3]["image"] = "rings/P003/front.jpg|rings/P003/1.jpg"
    write_manifest(shop.catalog, rows)
    report = shop.sync()
    assert (report.embedded, counts(report)) == (0, {"moved": 1, "unchanged": 23, "gone": 1})
    points = shop.points()
    assert "rings/P003/0.jpg" not in points
    assert np.array_equal(points["rings/P003/front.jpg"].vector, before.vector)  # type: ignore[arg-type]
    assert points["rings/P003/front.jpg"].payload["photo"]["path"] == "rings/P003/front.jpg"


def test_a_removed_product_leaves_the_index(shop: Shop) -> None:
    shop.sync()
    rows = read_manifest(shop.catalog)
    write_manifest(shop.catalog, rows[:-1])
    assert counts(shop.sync()) == {"unchanged": 22, "gone": 2}
    assert len(shop.points()) == 22


def test_a_sync_of_the_wrong_folder_does_not_wipe_the_index(shop: Shop) -> None:
    shop.sync()
    rows = read_manifest(shop.catalog)
    write_manifest(shop.catalog, rows[:1])
    with pytest.raises(RemovalRefused, match=r"remove 22 of 24 photos .*--allow-removal"):
        shop.sync()
    assert len(shop.points()) == 24
    assert counts(shop.sync(allow_removal=True)) == {"unchanged": 2, "gone": 22}


def test_a_rejected_row_leaves_its_product_as_it_was(shop: Shop) -> None:
    shop.sync()
    rows = read_manifest(shop.catalog)
    rows[3]["price"] = "on request"
    write_manifest(shop.catalog, rows)
    report = shop.sync()
    assert counts(report) == {"unchanged": 22, "kept": 2}
    assert [(r.where, r.product_id) for r in report.rejects] == [("catalog.csv:5", "P003")]
    assert report.rejects_file == shop.index / "rejects.jsonl"
    assert "on request" in report.rejects_file.read_text()
    assert len(shop.points()) == 24
    rows[3]["price"] = "12.50"
    write_manifest(shop.catalog, rows)
    assert shop.sync().rejects_file is None
    assert not (shop.index / "rejects.jsonl").exists()


def test_a_photo_that_broke_is_a_reject_and_its_old_vector_stays(shop: Shop) -> None:
    shop.sync()
    before = shop.points()
    broken = shop.catalog / "rings/P003/0.jpg"
    broken.write_bytes(broken.read_bytes()[:200])
    report = shop.sync()
    assert [r.where for r in report.rejects] == ["rings/P003/0.jpg"]
    assert np.array_equal(shop.points()["rings/P003/0.jpg"].vector, before["rings/P003/0.jpg"].vector)  # type: ignore[arg-type]


def test_another_model_builds_everything_anew(shop: Shop) -> None:
    shop.sync()
    write_tiny_model(shop.model, seed=5)
    report = shop.sync()
    assert (report.embedded, report.rebuilt, report.generation) == (24, True, "2")
    key = "rings/P003/0.jpg"
    np.testing.assert_allclose(
        shop.points()[key].vector, Embedder(shop.model).embed([shop.catalog / key])[0], atol=1e-6
    )


def test_one_cell_changes_no_published_type(shop: Shop) -> None:
    from indexer.store.filters.tree import Filter, Match, Range

    def grades(*others: str) -> SyncReport:
        rows = read_manifest(shop.catalog)
        for number, row in enumerate(rows):
            row["grade"] = others[number] if number < len(others) else str(number)
        write_manifest(shop.catalog, rows)
        return shop.sync()

    def count(condition: Range | Match) -> int:
        with closing(EmbeddedIndex(shop.index).read()) as store:
            return store.count(Filter(must=(condition,)))

    assert grades().notes == []
    report = grades("n/a")
    assert [(r.where, r.product_id) for r in report.rejects] == [("catalog.csv:2", "P000")]
    assert "grade 'n/a' is not a number, as grade is in the index" in report.rejects[0].reason
    assert (report.fields["grade"], report.photos["kept"]) == ("number", 2)
    assert count(Range("grade", gte=0, lte=3)) == 8
    settings = shop.catalog / "catalog.toml"
    settings.write_text('[fields]\ngrade = "keyword"\n')
    report = shop.sync()
    assert (report.rejects, report.notes, report.fields["grade"]) == ([], [], "keyword")
    assert count(Match("grade", ("n/a",))) == 2
    settings.write_text('[fields]\ngrade = "number"\n')
    assert [reject.where for reject in shop.sync().rejects] == ["catalog.csv:2"]
    settings.unlink()
    report = grades(*"ABCDEFGHIJKL")  # not a slip, another meaning
    assert report.rejects == []
    assert "column 'grade' is keyword from now on, it was number: 12 of 12 cells are not a number" in report.notes[0]
    assert count(Match("grade", ("A",))) == 2
    with pytest.raises(FilterError, match="grade is a keyword field"):
        count(Range("grade", gte=3, lte=3))
    report = grades()
    assert (report.rejects, report.fields["grade"]) == ([], "keyword")
    assert "column 'grade' stays keyword, as the index has it" in report.notes[0]


def test_a_column_that_is_gone_is_said(shop: Shop) -> None:
    shop.sync()
    rows = [{name: cell for name, cell in row.items() if name != "price"} for row in read_manifest(shop.catalog)]
    write_manifest(shop.catalog, rows)
    assert [note for note in shop.sync().notes if "the index has no field 'price' any more" in note]
    assert shop.sync().notes == []


def test_a_catalog_without_one_usable_photo_is_an_error_and_publishes_nothing(shop: Shop) -> None:
    for photo in shop.catalog.rglob("*.jpg"):
        photo.write_text("not a photo")
    with pytest.raises(CatalogError, match="not one usable photo, 24 rejected"):
        shop.sync()
    with pytest.raises(StoreMissing):
        EmbeddedIndex(shop.index).read()
    assert len((shop.index / "rejects.jsonl").read_text().splitlines()) == 24


def test_two_photos_with_the_same_bytes_are_two_points(shop: Shop) -> None:
    shutil.copy(shop.catalog / "rings/P003/0.jpg", shop.catalog / "rings/P003/1.jpg")
    shop.sync()
    points = shop.points()
    assert len(points) == 24
    assert np.array_equal(points["rings/P003/0.jpg"].vector, points["rings/P003/1.jpg"].vector)  # type: ignore[arg-type]


def test_a_moved_catalog_keeps_every_vector(shop: Shop, tmp_path: Path) -> None:
    shop.sync()
    shutil.copytree(shop.catalog, tmp_path / "elsewhere")
    report = sync(tmp_path / "elsewhere", shop.model, shop.index)
    assert report.embedded == 0
    store = EmbeddedIndex(shop.index).read()
    assert store.record.catalog_root == str(tmp_path / "elsewhere")
    store.close()
