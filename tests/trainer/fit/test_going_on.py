"""`trainer fit` on catalogs as shops have them: a picture in every folder, an earlier model, too few photos."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from indexer.models.directory import load_model
from tests.shops.catalogs.drawn_catalog import SHAPES, draw
from trainer.cli.main import main
from trainer.data.parts.lists import HELD_OUT_NAME, SEEN_NAME, read_list

SMALL = ("--backbone", "mobilenet_v3_small", "--size", "32", "--recipe", "two-level", "--epochs", "1")


def fit(folder: Path, target: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["fit", str(folder), "-o", str(target), *SMALL, *map(str, arguments), "--json"])


def listed(target: Path, name: str) -> set[str]:
    return {photo.pixels for photo in read_list(target / name) or ()}


@pytest.mark.slow
def test_a_size_chart_in_every_folder(tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", photos=1, per_category=7)
    for product in folder.glob("*/*"):
        Image.radial_gradient("L").resize((48, 48)).save(product / "chart.jpg")
    result = fit(folder, tmp_path / "model", "--weights", "none")
    assert result.exit_code == 0, result.output
    assert "bars/bars-0/chart.jpg is one picture in 21 products (21 photos)" in result.stderr
    training = load_model(tmp_path / "model").record["training"]
    assert training["hubs"] == [{"photo": "bars/bars-0/chart.jpg", "photos": 21, "products": 21}]
    assert sum(training["photos"].values()) == 21
    assert not any("chart" in photo.key for photo in read_list(tmp_path / "model" / SEEN_NAME) or ())


@pytest.mark.slow
def test_a_chain_of_three_models_measures_on_what_none_has_seen(tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", photos=1, per_category=8)
    models = [tmp_path / name for name in ("first", "second", "third")]
    learnt: set[str] = set()
    for number, model in enumerate(models):
        weights = models[number - 1] if number else "none"
        if number == 2:
            for product in draw(tmp_path / "more", photos=1, per_category=6, seed=9).glob("*/*"):
                shutil.move(product, folder / product.parent.name / f"new-{product.name}")
        result = fit(folder, model, "--weights", weights, "--seed", number)
        assert result.exit_code == 0, result.output
        said: dict[str, Any] = json.loads(result.stdout)
        held_out, seen = listed(model, HELD_OUT_NAME), listed(model, SEEN_NAME)
        assert not held_out & seen
        assert learnt <= seen
        assert said["photos"]["seen"] == 0
        assert len(held_out) == said["photos"]["held_out"] > 0
        training = load_model(model).record["training"]["seen"]
        assert training["models"] == ([str(weights)] if number else [])
        learnt = seen
    assert listed(models[0], HELD_OUT_NAME) == listed(models[1], HELD_OUT_NAME) < listed(models[2], HELD_OUT_NAME)

    for photo in read_list(models[2] / HELD_OUT_NAME) or ():
        (folder / photo.key).unlink()
    marked = fit(folder, tmp_path / "fourth", "--weights", models[2])
    said = json.loads(marked.stdout)
    assert said["photos"]["seen"] == said["photos"]["held_out"] > 0
    assert f"{models[2]} has learnt from {said['photos']['seen']} of the" in marked.stderr
    assert load_model(tmp_path / "fourth").record["training"]["seen"]["held_out"] == said["photos"]["seen"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("same", "the photos are one picture"),
        ("few", "too few"),
        ("broken", "no photo could be used; the first: bars/bars-0/0.png"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_line(spoil: str, message: str, tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", photos=1, per_category=2 if spoil == "few" else 6, size=16)
    for photo in folder.glob("*/*/*.png"):
        if spoil == "broken":
            photo.write_text("not a photo")
        elif spoil == "same":
            Image.new("RGB", (16, 16), "navy").save(photo)
    result = fit(folder, tmp_path / "model", "--weights", "none")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") <= 4
    assert "Traceback" not in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop"]


@pytest.mark.slow
def test_a_category_with_one_photo_trains_and_is_not_measured(tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", photos=1, per_category=7)
    (folder / "pins").mkdir()
    Image.linear_gradient("L").resize((48, 48)).save(folder / "pins" / "p.png")
    result = fit(folder, tmp_path / "model", "--weights", "none")
    assert result.exit_code == 0, result.output
    model = load_model(tmp_path / "model")
    assert model.categories == tuple(sorted((*SHAPES, "pins")))
    assert "pins" not in model.metrics["per_category"]
