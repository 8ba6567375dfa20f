"""A cell that comes or goes does not change the type of a column that readers know."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.products import Catalog
from indexer.catalog.reading import read_catalog
from indexer.fields.types import FieldType
from tests.shops.catalogs.catalog_folders import manifest, photos, reasons

NUMBER, KEYWORD, BOOLEAN, DATE, TEXT = (FieldType(kind) for kind in ("number", "keyword", "boolean", "date", "text"))


def shop(root: Path, cells: list[str], published: FieldType | None = None, toml: str = "") -> Catalog:
    rows = "".join(
        f'J{n},{image}.jpg,"{cell}"\n'
        for n, (image, cell) in enumerate(zip(["a", "b", "c", "d", "rings/e"], cells, strict=False))
    )
    manifest(root, f"product_id,image,weight\n{rows}")
    (root / "catalog.toml").write_text(toml)
    return read_catalog(root, published={} if published is None else {"weight": published})


@pytest.mark.parametrize(
    ("published", "cells", "odd"),
    [
        (NUMBER, ["1.5", "2", "3", "n/a"], "n/a"),
        (NUMBER, ["1.5", "2", "3", "007"], "007"),
        (NUMBER, ["1.5", "2", "3", "16,17"], "16,17"),
        (NUMBER, ["1.5", "2", "3", "5 mm"], "5 mm"),
        (BOOLEAN, ["yes", "no", "1", "perhaps"], "perhaps"),
        (DATE, ["2026-01-31", "2026-02-01", "2026-02-02", "soon"], "soon"),
    ],
)
def test_the_row_of_a_cell_that_does_not_fit_is_rejected(
    tmp_path: Path, published: FieldType, cells: list[str], odd: str
) -> None:
    catalog = shop(tmp_path, cells, published)
    assert catalog.field_table["weight"] is published
    assert set(photos(catalog)) == {"J0", "J1", "J2"}
    reason = reasons(catalog)["catalog.csv:5"]
    assert f"weight {odd!r} is not a {published}, as weight is in the index" in reason
    assert reason.endswith('or set [fields] weight = "keyword" in catalog.toml')
    by_hand = shop(tmp_path, cells, published, '[fields]\nweight = "keyword"\n')
    assert (by_hand.field_table["weight"], by_hand.rejects, by_hand.notes) == (KEYWORD, (), ())


def test_the_first_time_the_cell_that_decided_is_named(tmp_path: Path) -> None:
    catalog = shop(tmp_path, ["1.5", "2", "3", "n/a"])
    assert (catalog.field_table["weight"], catalog.rejects) == (KEYWORD, ())
    assert catalog.notes == (
        "catalog.csv: column 'weight' is matched as text because 'n/a' in line 5 is not a number; correct or empty it, "
        'or set [fields] weight = "keyword" in catalog.toml',
    )
    assert "'-' in line 3 is not a number (one of 2 such rows)" in shop(tmp_path, ["1", "-", "?", "3", "4"]).notes[0]
    assert shop(tmp_path, ["1.5", "2", "3", "n/a"], KEYWORD).notes == ()  # said once
    assert shop(tmp_path, ["1.5", "2", "3", "n/a"], None, '[fields]\nweight = "keyword"\n').notes == ()
    assert "'16,17' in line 2 need not be a number" in shop(tmp_path, ["16,17", "17,18"]).notes[0]
    for plain in (["red", "blue", "12"], ["007", "12", "13"], ["1", "2", ""], []):
        assert (shop(tmp_path, plain).notes if plain else ()) == ()


def test_a_column_that_means_something_else_changes_and_says_so(tmp_path: Path) -> None:
    catalog = shop(tmp_path, ["light", "heavy", "3", "4"], NUMBER)
    assert (catalog.field_table["weight"], catalog.rejects) == (KEYWORD, ())
    assert catalog.notes == (
        "catalog.csv: column 'weight' is keyword from now on, it was number: 2 of 4 cells are not a number, 'light' in "
        'line 2 is the first; set [fields] weight = "number" in catalog.toml to reject such rows instead',
    )


@pytest.mark.parametrize(
    ("published", "cells", "narrow"),
    [
        (KEYWORD, ["1", "2"], "number"),
        (KEYWORD, ["yes", "no"], "boolean"),
        (TEXT, ["gold", "silver"], "keyword"),
        (BOOLEAN, ["1", "0"], "number"),
    ],
)
def test_a_type_into_which_everything_fits_stays_and_this_is_said(
    tmp_path: Path, published: FieldType, cells: list[str], narrow: str
) -> None:
    catalog = shop(tmp_path, cells, published)
    assert (catalog.field_table["weight"], catalog.rejects) == (published, ())
    assert f"column 'weight' stays {published}, as the index has it" in catalog.notes[0]
    assert f'set [fields] weight = "{narrow}" or "{published}"' in catalog.notes[0]


@pytest.mark.parametrize("published", list(FieldType))
def test_a_column_of_blanks_keeps_its_type(tmp_path: Path, published: FieldType) -> None:
    catalog = shop(tmp_path, ["", ""], published)
    assert (catalog.field_table["weight"], catalog.notes) == (published, ())
