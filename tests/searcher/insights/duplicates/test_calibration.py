"""Calibration on a shop's own photos: a verifier that finds its edited copies, kept beside the index and used there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.errors import UsageError
from searcher.cli.main import main
from searcher.insights.duplicates.edits.recolour import recoloured
from searcher.insights.duplicates.verify.verifier import FILE_NAME, SHIPPED, read_verifier, verifier_for
from searcher.service import SearchService
from tests.shops.catalogs.planted import Planted
from tests.shops.copies import copied


def test_too_few_photos_are_refused(planted: Planted) -> None:
    with pytest.raises(UsageError, match="34 photos with a picture at hand, where 40 are needed"):
        planted.service().calibrate_duplicates(photos=60)
    with pytest.raises(UsageError, match="too few to learn from"):
        planted.service().calibrate_duplicates(photos=5)


@pytest.mark.slow
def test_a_shop_calibrates_and_the_report_uses_it(sample_shop: object, tmp_path: Path) -> None:
    root = Path(getattr(sample_shop, "root"))  # noqa: B009
    copied(root / "index", tmp_path / "index")
    command = ["calibrate-duplicates", "--index", str(tmp_path / "index"), "--photos", "120", "--json"]
    found = CliRunner().invoke(main, command)
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert document["held_out"]["precision"] >= 0.98
    assert document["held_out"]["recall"] >= 0.5
    assert document["photos"] == 120
    own = read_verifier(tmp_path / "index" / FILE_NAME)
    assert verifier_for(tmp_path / "index").to_json() == own.to_json()
    report = SearchService(tmp_path / "index").duplicates(budget=60)
    assert not any("another model" in note for note in report.notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not a verifier"),
        ("{}", "is not a verifier"),
        ('{"format_version": 99}', "newer format"),
        ('{"format_version": 1, "features": ["a"]}', "compares otherwise"),
    ],
)
def test_a_file_that_is_no_verifier_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_verifier(path)
    assert "searcher calibrate-duplicates" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_verifier(tmp_path / "nothing.json")


def test_a_verifier_written_is_the_one_read(tmp_path: Path) -> None:
    shipped = read_verifier(SHIPPED)
    shipped.write(tmp_path / "again.json")
    assert read_verifier(tmp_path / "again.json").to_json() == shipped.to_json()
    assert verifier_for(tmp_path).to_json() == shipped.to_json()


def test_a_recoloured_piece_has_other_colours_and_the_same_ground() -> None:
    import numpy as np

    from indexer.sample_catalog import draw_photo, draw_products, photo_views
    from searcher.insights.duplicates.compare.signature import lab_of
    from searcher.insights.duplicates.edits.cutout import foreground

    for number, product in enumerate(draw_products(8, 5)):
        photo = draw_photo(product, photo_views(product, 1)[0], 128)
        made = recoloured(photo, np.random.default_rng(number))
        apart = np.sqrt(((lab_of(made) - lab_of(photo)) ** 2).sum(axis=2))
        mask = np.asarray(foreground(photo)) / 255
        assert np.median(apart[mask < 0.05]) < 1.0
        assert np.percentile(apart[mask > 0.9], 90) > 8
