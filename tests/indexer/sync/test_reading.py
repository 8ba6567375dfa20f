"""Photos that this version reads otherwise than the one that indexed them are embedded again: once, and they alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.cli.printing import print_report
from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.photos import reading
from indexer.photos.fingerprints import pixel_sha256
from indexer.photos.flatten import DARK
from indexer.photos.opening import open_image
from indexer.photos.places import FilePlace
from indexer.photos.reading import READING, read_otherwise
from indexer.photos.thumbnails import ThumbnailStore
from indexer.store.embedded.draft import EmbeddedDraft
from indexer.store.embedded.index import EmbeddedIndex
from indexer.store.records import GenerationRecord, Point
from indexer.sync import run
from indexer.sync.embedding import journal
from indexer.sync.planning import read_again
from indexer.sync.report import SyncReport
from indexer.sync.run import sync
from tests.shops.catalogs.colour_profiles import ADOBE_RGB, DISPLAY_P3, SRGB, grey_profile, rgb_profile
from tests.shops.catalogs.photo_files import encode, photo
from tests.shops.catalogs.small_catalog import read_manifest, write_manifest
from tests.shops.indexes.shop_99258d6 import OldShop, unpack_shop
from tests.shops.models.tiny_model import write_tiny_model

DRAWING, PROFILED = "earrings/P006/0.jpg", "rings/P003/0.jpg"


def white_drawing() -> Image.Image:
    image = Image.new("RGBA", (48, 48), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (12, 12, 30, 40))
    return image


def put(path: Path, data: bytes) -> None:
    """Other bytes under the size and time that the index knows: so the photo was there when it was indexed."""
    was = path.stat()
    assert len(data) <= was.st_size
    path.write_bytes(data + b"\0" * (was.st_size - len(data)))
    os.utime(path, ns=(was.st_mtime_ns, was.st_mtime_ns))


@pytest.fixture
def old(tmp_path: Path) -> OldShop:
    """The shop of commit 99258d6, with one white drawing on transparency and one photo in AdobeRGB."""
    shop = unpack_shop(tmp_path)
    put(shop.catalog / DRAWING, encode(white_drawing(), "PNG"))
    put(
        shop.catalog / PROFILED,
        encode(photo(40), "JPEG", quality=30, icc_profile=rgb_profile(ADOBE_RGB, 2.2)),
    )
    return shop


def points_of(index: Path) -> dict[str, Point]:
    store = EmbeddedIndex(index).read()
    points = {point.payload["photo"]["path"]: point for point in store.scroll(vectors=True)}
    store.close()
    return points


def said(report: SyncReport, capsys: pytest.CaptureFixture[str]) -> str:
    print_report(report)
    return capsys.readouterr().out


def test_an_index_of_an_earlier_version_is_brought_up_once(old: OldShop, capsys: pytest.CaptureFixture[str]) -> None:
    before, fingerprint = points_of(old.index), load_model(old.model).fingerprint
    planned = sync(old.catalog, old.model, old.index, dry_run=True)
    assert (planned.read_again, planned.embedded) == (2, 0)
    assert "2 photos with transparency or a colour profile would be embedded again" in said(planned, capsys)
    report = sync(old.catalog, old.model, old.index)
    assert (report.read_again, report.embedded, report.rebuilt, report.rejects) == (2, 2, False, [])
    assert (report.photos["changed"], report.photos["unchanged"]) == (2, 10)
    text = said(report, capsys)
    assert "2 photos with transparency or a colour profile were embedded again, as this version reads such" in text
    after = points_of(old.index)
    for key, point in after.items():
        if key in (DRAWING, PROFILED):
            wanted = Embedder(old.model).embed([old.catalog / key])[0]
            np.testing.assert_allclose(point.vector, wanted, atol=1e-6)
            assert point.payload["photo"]["pixel_sha256"] == pixel_sha256(open_image(old.catalog / key))
        else:
            assert np.array_equal(point.vector, before[key].vector)  # type: ignore[arg-type]
            assert point.payload == before[key].payload
    again = sync(old.catalog, old.model, old.index)
    assert (again.read_again, again.embedded, again.published) == (0, 0, False)
    assert "embedded again" not in said(again, capsys)
    assert load_model(old.model).fingerprint == fingerprint


def test_an_index_of_ordinary_photos_is_only_marked(tmp_path: Path) -> None:
    shop = unpack_shop(tmp_path)
    before = points_of(shop.index)
    report = sync(shop.catalog, shop.model, shop.index)
    assert (report.read_again, report.embedded, report.photos["unchanged"]) == (0, 0, 12)
    after = points_of(shop.index)
    assert {key: point.payload for key, point in after.items()} == {k: point.payload for k, point in before.items()}
    assert EmbeddedIndex(shop.index).record().reading == READING  # type: ignore[union-attr]
    assert sync(shop.catalog, shop.model, shop.index).published is False


def test_a_moved_photo_is_read_again_too(old: OldShop) -> None:
    rows = read_manifest(old.catalog)
    moved = DRAWING.replace("0.jpg", "front.jpg")
    (old.catalog / DRAWING).rename(old.catalog / moved)
    for row in rows:
        row["image"] = row["image"].replace(DRAWING, moved)
    write_manifest(old.catalog, rows)
    sync(old.catalog, old.model, old.index)
    wanted = Embedder(old.model).embed([old.catalog / moved])[0]
    np.testing.assert_allclose(points_of(old.index)[moved].vector, wanted, atol=1e-6)


def test_a_photo_whose_row_is_bad_is_read_again_too(old: OldShop) -> None:
    rows = read_manifest(old.catalog)
    for row in rows:
        if DRAWING in row["image"]:
            row["price"] = "twelve"
    write_manifest(old.catalog, rows)
    before = points_of(old.index)[DRAWING].payload
    report = sync(old.catalog, old.model, old.index)
    assert (report.read_again, report.embedded, len(report.rejects)) == (2, 2, 1)
    after = points_of(old.index)[DRAWING]
    np.testing.assert_allclose(after.vector, Embedder(old.model).embed([old.catalog / DRAWING])[0], atol=1e-6)
    assert {name: after.payload[name] for name in ("price", "title")} == {n: before[n] for n in ("price", "title")}
    assert sync(old.catalog, old.model, old.index).published is False


def by_the_first_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sync be that of the version before, which laid everything on white."""
    for module in (reading, journal, read_again, run):
        monkeypatch.setattr(module, "READING", 1)
    monkeypatch.setattr("indexer.photos.flatten.DARK", (255, 255, 255))


def killed(_: EmbeddedDraft) -> str:
    raise KeyboardInterrupt


def small_shop(root: Path) -> tuple[Path, Path, Path]:
    for number in range(3):
        (root / "catalog/rings").mkdir(parents=True, exist_ok=True)
        (root / f"catalog/rings/r{number}.png").write_bytes(encode(photo(48, seed=number), "PNG"))
    (root / "catalog/rings/drawn.png").write_bytes(encode(white_drawing(), "PNG"))
    return root / "catalog", write_tiny_model(root / "model"), root / "index"


@pytest.mark.parametrize("other_model", [False, True])
def test_thumbnails_are_drawn_again(tmp_path: Path, other_model: bool) -> None:
    catalog, model, index = small_shop(tmp_path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        by_the_first_reading(monkeypatch)
        sync(catalog, model, index)
    path = ThumbnailStore(index).path(points_of(index)["rings/drawn.png"].payload["photo"]["sha256"])
    assert open_image(path).getpixel((2, 2)) == (255, 255, 255)
    ordinary = ThumbnailStore(index).path(points_of(index)["rings/r0.png"].payload["photo"]["sha256"]).read_bytes()
    if other_model:
        write_tiny_model(model, seed=7)
    report = sync(catalog, model, index)
    assert (report.rebuilt, report.read_again) == (other_model, 0 if other_model else 1)
    corner = open_image(path).getpixel((2, 2))
    assert np.abs(np.array(corner) - DARK).max() < 12
    assert (
        ThumbnailStore(index).path(points_of(index)["rings/r0.png"].payload["photo"]["sha256"]).read_bytes() == ordinary
    )


def test_a_killed_sync_of_the_version_before_leaves_no_vector_of_its_pixels(tmp_path: Path) -> None:
    catalog, model, index = small_shop(tmp_path)
    with pytest.MonkeyPatch.context() as monkeypatch:
        by_the_first_reading(monkeypatch)
        monkeypatch.setattr(EmbeddedDraft, "publish", killed)
        with pytest.raises(KeyboardInterrupt):
            sync(catalog, model, index)
    left = list((index / "work").iterdir())
    assert len(left) == 1
    left[0].rename(left[0].with_name(left[0].name.replace("-r1-c20", "")))  # as that version called it
    report = sync(catalog, model, index)
    assert (report.embedded, report.recovered) == (4, 0)
    wanted = Embedder(model).embed([catalog / "rings/drawn.png"])[0]
    np.testing.assert_allclose(points_of(index)["rings/drawn.png"].vector, wanted, atol=1e-6)
    assert not list((index / "work").iterdir())


def test_which_files_are_read_otherwise(tmp_path: Path) -> None:
    plain = photo(40)
    files = {
        "alpha.png": (encode(plain.convert("RGBA"), "PNG"), True),
        "alpha.webp": (encode(white_drawing(), "WEBP", lossless=True), True),
        "alpha.avif": (encode(white_drawing(), "AVIF"), True),
        "key.gif": (encode(Image.new("P", (4, 4), 1), "GIF", transparency=1), True),
        "key.png": (encode(plain.convert("P"), "PNG", transparency=3), True),
        "p3.jpg": (encode(plain, "JPEG", icc_profile=rgb_profile(DISPLAY_P3)), True),
        "adobe.tif": (encode(plain, "TIFF", icc_profile=rgb_profile(ADOBE_RGB, 2.2)), True),
        "grey.png": (encode(plain.convert("L"), "PNG", icc_profile=grey_profile(1.8)), True),
        "srgb.jpg": (encode(plain, "JPEG", icc_profile=rgb_profile(SRGB)), False),
        "broken.jpg": (encode(plain, "JPEG", icc_profile=b"nothing"), False),
        "of_grey.jpg": (encode(plain, "JPEG", icc_profile=grey_profile(1.8)), False),
        "plain.png": (encode(plain, "PNG"), False),
        "ink.jpg": (encode(plain.convert("CMYK"), "JPEG"), False),
        "text.jpg": (b"no photo", False),
        "empty.jpg": (b"", False),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    places = [FilePlace(tmp_path / name) for name in [*files, "gone.jpg"]]
    assert read_otherwise(places, 1, workers=3) == [*(wanted for _, wanted in files.values()), False]
    assert not any(read_otherwise(places, READING))


def test_a_record_says_how_photos_were_read() -> None:
    record = GenerationRecord("f" * 64, 128, {}, "/c", "/m", "2026-01-01T00:00:00Z")
    assert (record.reading, "reading" in record.to_json()) == (1, False)
    newer = GenerationRecord("f" * 64, 128, {}, "/c", "/m", "2026-01-01T00:00:00Z", reading=READING)
    assert GenerationRecord.from_json(newer.to_json()) == newer
    assert newer.is_comparable(record)
    assert not newer.means_same(record)
