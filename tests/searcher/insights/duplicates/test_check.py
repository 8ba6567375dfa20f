"""One new photo: a copy, an edited copy, a new product, a bad file; the same in Python and on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from indexer.errors import ImageError
from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.cli.main import main
from searcher.insights.duplicates.answers import Tier
from searcher.insights.duplicates.compare.frame import FramedPicture
from searcher.insights.duplicates.edits.edits import edit
from searcher.insights.duplicates.edits.stamps import screenshot
from searcher.insights.duplicates.new_photo import NewPhoto, nearest
from searcher.insights.duplicates.pairs.candidates import NEIGHBOURS
from searcher.service import SearchService
from tests.shops.catalogs.planted import Planted, encoded
from tests.shops.copies import copied


def source_of(planted: Planted, how: str) -> Path:
    product = planted.copies[how][0]
    return next(planted.catalog.rglob(f"{product}.*"))


def searcher(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_file_itself_is_found(planted: Planted) -> None:
    check = planted.service().check_duplicates(source_of(planted, "webp"))
    assert check.is_duplicate
    assert check.matches[0].tier is Tier.IDENTICAL_FILE
    assert check.matches[0].photo.product_id == planted.copies["webp"][0] == check.nearest
    assert {match.photo.product_id for match in check.matches if match.tier.is_copy} == set(planted.copies["webp"])


def test_the_file_itself_keeps_no_copy_from_being_compared(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searcher.insights.duplicates.check.PERHAPS", 1.1)  # no neighbour is a likely copy beforehand
    check = planted.service().check_duplicates(source_of(planted, "webp"))
    assert {match.photo.product_id for match in check.matches if match.tier.is_copy} == set(planted.copies["webp"])


@pytest.mark.parametrize("family", ["jpeg", "webp", "aspect", "flip"])
def test_an_edited_copy_is_found_in_bytes(planted: Planted, family: str) -> None:
    path = source_of(planted, "crop")
    with Image.open(path) as image:
        made = encoded(edit(image.convert("RGB"), family, 1, np.random.default_rng(5)), "jpg")
    check = planted.service().check_duplicates(made)
    assert planted.copies["crop"][0] in {match.photo.product_id for match in check.matches if match.tier is Tier.EDITED}
    assert check.photo == "image"


def test_a_screenshot_is_found_by_what_it_frames(planted: Planted) -> None:
    path = source_of(planted, "crop")
    with Image.open(path) as image:
        made = encoded(screenshot(image.convert("RGB"), 2, np.random.default_rng(2)), "png")
    check = planted.service().check_duplicates(made)
    assert planted.copies["crop"][0] in {match.photo.product_id for match in check.matches}


def test_a_new_product_is_new(planted: Planted) -> None:
    product = draw_products(8, 1234)[3]
    check = planted.service().check_duplicates(draw_photo(product, photo_views(product, 1)[0], 192))
    assert not check.is_duplicate
    assert check.nearest is not None


def test_a_bad_photo_is_one_line(planted: Planted, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    with pytest.raises(ImageError, match=r"bad\.jpg"):
        planted.service().check_duplicates(bad)
    found = searcher("duplicates", "--image", bad, "--index", planted.index)
    assert found.exit_code == 1
    assert found.stderr.startswith("Error: ")
    assert len(found.stderr.splitlines()) == 1


def test_the_command_line_says_the_same(planted: Planted) -> None:
    path = source_of(planted, "flip")
    document = json.loads(searcher("duplicates", "--image", path, "--index", planted.index, "--json").stdout)
    check = planted.service().check_duplicates(path).to_json()
    assert {**document, "took_ms": 0} == {**check, "took_ms": 0}
    shown = searcher("duplicates", "--image", path, "--index", planted.index).stdout
    assert "identical file" in shown
    assert "edited copy" in shown


def test_what_cannot_be_compared_is_counted(planted: Planted, tmp_path: Path) -> None:
    copied(planted.index, tmp_path / "index")
    shutil.rmtree(tmp_path / "index" / "thumbnails")
    service = SearchService(tmp_path / "index", planted.model, tmp_path / "nowhere")
    with Image.open(source_of(planted, "crop")) as image:
        check = service.check_duplicates(encoded(image.convert("RGB"), "jpg", quality=60))
    assert check.not_verified > 0
    assert not check.matches


def test_the_report_on_the_command_line(planted: Planted, tmp_path: Path) -> None:
    copied(planted.index, tmp_path / "index")
    page, table = tmp_path / "d.html", tmp_path / "d.csv"
    command = ("duplicates", "--index", tmp_path / "index", "--html", page, "--csv", table)
    shown = searcher(*command)
    assert shown.exit_code == 0, shown.output
    assert "36 photos:" in shown.stdout
    assert "8 photos may be deleted" in shown.stdout
    document = json.loads(searcher(*command, "--json").stdout)
    rows = table.read_text(encoding="utf-8").splitlines()
    members = sum(len(group["members"]) for group in document["groups"])
    assert len(rows) == 1 + members + 2 * len(document["loose_pairs"]) or len(rows) == 1 + members + len(
        document["loose_pairs"]
    )
    assert "<script" in page.read_text(encoding="utf-8")
    assert (tmp_path / "index" / "reports" / "duplicates" / "report.json").is_file()
    wrong = searcher("duplicates", "--index", tmp_path / "index", "--tier", "twins")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)
    assert "identical_file" in wrong.stderr


def test_a_photo_that_embeds_elsewhere_is_found_by_its_hash(planted: Planted) -> None:
    """The embedding is turned round, as if a model had never seen such an edit."""
    service = planted.service()
    store = service.published().store
    product = planted.copies["crop"][0]
    (point,) = [one for one in store.scroll(vectors="image") if one.payload["product_id"] == product]
    assert point.vector is not None
    with Image.open(source_of(planted, "crop")) as image:
        new = NewPhoto("new", FramedPicture.of(image), -point.vector)
    assert new.as_photo.phash == point.payload["photo"]["phash"]
    photos, cosines, places = nearest(store, new, 3)
    assert product not in {photo.product_id for photo in photos[:3]}
    assert photos[3].product_id == product
    assert cosines[3] == pytest.approx(-1, abs=1e-5)
    assert places[3] == NEIGHBOURS
