"""What `trainer` gives to programs, with every kind of wrong value: a right answer, or one line that names it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from indexer import load_model, read_catalog
from indexer.errors import UsageError
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import write_tiny_model
from tests.shops.wrong_values import NUMBERS, SETS, TEXTS, TRUTHS, VALUES, WHOLE, assert_refused_or_right
from trainer import FitSettings, compare_models, evaluate_model, fit_catalog

FINITE = NUMBERS - {"no number", "infinity"}
RIGHT = {"int": WHOLE, "float": FINITE, "float | None": FINITE | {"nothing"}, "bool": TRUTHS}


@pytest.mark.parametrize("setting", fields(FitSettings), ids=lambda one: one.name)
def test_a_setting_is_of_its_kind(setting: Any) -> None:
    right = RIGHT.get(setting.type, TEXTS)
    assert_refused_or_right(lambda value: FitSettings(**{setting.name: value}), setting.name, right, UsageError)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    write_photo(folder / "catalog" / "rings" / "R1.png", seed=1)
    write_tiny_model(folder / "model")
    return folder


def test_models_and_catalogs_are_those_that_are_read(folder: Path) -> None:
    catalog, model, settings = read_catalog(folder / "catalog"), load_model(folder / "model"), FitSettings()
    new = folder / "new"
    calls: list[tuple[str, Any, set[str]]] = [
        ("catalog", lambda value: fit_catalog(value, new, settings), set()),
        ("settings", lambda value: fit_catalog(catalog, new, value), set()),
        ("target", lambda value: fit_catalog(catalog, value, settings), TEXTS | {"path"}),
        ("resume", lambda value: fit_catalog(catalog, new, settings, resume=value), TRUTHS),
        ("model", lambda value: evaluate_model(value, catalog), set()),
        ("catalog", lambda value: evaluate_model(model, value), set()),
        ("image_keys", lambda value: evaluate_model(model, catalog, image_keys=value), SETS | {"nothing"}),
        ("seed", lambda value: evaluate_model(model, catalog, seed=value), WHOLE),
        ("progress", lambda value: evaluate_model(model, catalog, progress=value), {"nothing", "function", "class"}),
        ("duplicates", lambda value: evaluate_model(model, catalog, duplicates=value), TEXTS | {"path", "nothing"}),
        ("a", lambda value: compare_models(value, model, catalog), set()),
        ("b", lambda value: compare_models(model, value, catalog), set()),
        ("catalog", lambda value: compare_models(model, model, value), set()),
        ("image_keys", lambda value: compare_models(model, model, catalog, image_keys=value), SETS | {"nothing"}),
        ("seed", lambda value: compare_models(model, model, catalog, seed=value), WHOLE),
    ]
    for name, ask, right in calls:
        assert_refused_or_right(ask, name, right, UsageError, VALUES.keys() - right)
    assert sorted(path.name for path in folder.iterdir()) == ["catalog", "model"]
