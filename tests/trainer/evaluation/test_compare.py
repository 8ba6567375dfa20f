"""`trainer compare`: a real difference is told, chance is "no difference", and what cannot be read is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from indexer.catalog.reading import read_catalog
from indexer.models.directory import fingerprint_of, load_model
from indexer.models.preprocessing import Preprocessing
from tests.shops.catalogs.drawn_catalog import draw
from tests.shops.models.tiny_model import CATEGORIES, DIMENSION, write_tiny_model
from trainer import compare_models
from trainer.cli.main import main
from trainer.data.groups.pictures import look_at
from trainer.data.parts.lists import SEEN_NAME, Listed, write_list
from trainer.evaluation.evaluate import evaluate_model
from trainer.evaluation.metrics import score_queries


def run(*arguments: object, width: int = 120) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env={"COLUMNS": str(width)})


def write_blind_model(path: Path) -> Path:
    """A network that gives every photo the same vector."""
    import onnx

    write_tiny_model(path)
    network = onnx.load(path / "model.onnx")
    for one in network.graph.initializer:
        if one.name == "projection":
            one.CopyFrom(onnx.numpy_helper.from_array(np.zeros(list(one.dims), np.float32), "projection"))
    data: bytes = network.SerializeToString()
    (path / "model.onnx").write_bytes(data)
    record = json.loads((path / "model.json").read_text())
    record["fingerprint"] = fingerprint_of(data, Preprocessing(size=32), DIMENSION, CATEGORIES)
    (path / "model.json").write_text(json.dumps(record))
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("shop"), per_category=10)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {
        "one": write_tiny_model(folder / "one"),
        "other": write_tiny_model(folder / "other", size=40, seed=1),
        "blind": write_blind_model(folder / "blind"),
    }


def by_figure(result: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["protocol"], row["figure"]): row for row in result["differences"]}


def test_a_real_difference_is_told(models: dict[str, Path], shop: Path) -> None:
    catalog = read_catalog(shop)
    a, b = load_model(models["blind"]), load_model(models["one"])
    result = compare_models(a, b, catalog)
    row = by_figure(result)["category", "P@1"]
    assert row["better"] == "b"
    assert row["interval"][0] > 0
    for side, model in (("a", a), ("b", b)):
        alone = evaluate_model(model, catalog)
        assert row[side] == pytest.approx(alone["category"]["P@1"])
        assert by_figure(result)["edited_copy", "R@1"][side] == pytest.approx(alone["edited_copy"]["R@1"])
        assert by_figure(result)["photo_vs_photos", "mAP"][side] == pytest.approx(
            alone["product"]["photo_vs_photos"]["mAP"]
        )
    turned = by_figure(compare_models(b, a, catalog))["category", "P@1"]
    assert turned["better"] == "a"
    assert turned["interval"] == pytest.approx([-edge for edge in reversed(row["interval"])], abs=0.02)


def test_two_that_differ_by_chance_are_no_difference(models: dict[str, Path], shop: Path) -> None:
    """Two random projections of one and the same: near each other, and of other input sizes."""
    result = compare_models(load_model(models["one"]), load_model(models["other"]), read_catalog(shop))
    row = by_figure(result)["category", "P@1"]
    assert row["interval"][0] <= 0 <= row["interval"][1]
    assert row["better"] is None
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_a_model_against_itself(models: dict[str, Path], shop: Path) -> None:
    result = run("compare", models["one"], models["one"], shop)
    assert result.exit_code == 0, result.output
    assert "No difference" in result.stdout
    assert "A and B are the same model." in result.stdout
    said = json.loads(run("compare", models["one"], models["one"], shop, "--json").stdout)
    assert {row["difference"] for row in said["differences"]} == {0.0}
    assert said["verdict"].startswith("No difference")


def test_the_command_shows_both_with_the_interval(models: dict[str, Path], shop: Path) -> None:
    result = run("compare", models["blind"], models["one"], shop)
    said = json.loads(run("compare", models["blind"], models["one"], shop, "--json").stdout)
    assert result.exit_code == 0, result.output
    row = by_figure(said)["category", "P@10"]
    for figure in (f"{row['a']:.3f}", f"{row['b']:.3f}", f"{row['difference']:+.3f}", f"{row['interval'][0]:+.3f}"):
        assert figure in result.stdout
    assert "B is better in: P@1 by category" in " ".join(result.stdout.split())
    narrow = run("compare", models["blind"], models["one"], shop, width=30).stdout
    assert f"{row['difference']:+.3f}" in narrow
    assert f"{row['interval'][0]:+.3f} .. {row['interval'][1]:+.3f}" in narrow


def test_photos_that_one_of_them_knows_take_no_part(models: dict[str, Path], shop: Path, tmp_path: Path) -> None:
    catalog = read_catalog(shop)
    photos = [(product, image) for product in catalog.products for image in product.images]
    learnt = [image.key for product, image in photos if product.id.endswith(("-0", "-1", "-2"))]
    taught = write_tiny_model(tmp_path / "taught", seed=2)
    looks = {key: look_at((shop / key).read_bytes()) for key in learnt}
    write_list(taught / SEEN_NAME, [Listed(key, look.pixels, look.hash) for key, look in looks.items()])
    result = compare_models(load_model(taught), load_model(models["one"]), catalog)
    assert result["seen"]["a"]["photos"] == len(learnt)
    assert result["seen"]["b"] is None
    assert result["images"]["count"] == result["seen"]["a"]["unseen"]
    assert any("that A or B knows from training took no part" in note for note in result["notes"])
    assert any(note.startswith("B does not say") for note in result["notes"])
    few = compare_models(load_model(taught), load_model(models["one"]), catalog, image_keys=learnt)
    assert few["images"]["count"] == len(learnt)
    assert any("too few are left without them" in note for note in few["notes"])


def test_what_cannot_be_read_is_one_line_before_any_work(models: dict[str, Path], shop: Path, tmp_path: Path) -> None:
    broken = write_tiny_model(tmp_path / "broken")
    (broken / "model.onnx").write_bytes(b"cut")
    for pair in ((tmp_path / "none", models["one"]), (models["one"], broken)):
        result = run("compare", *pair, shop)
        assert result.exit_code == 1
        lines = result.stderr.strip().splitlines()
        assert len(lines) == 1
        assert str(next(path for path in pair if path != models["one"])) in lines[0]
    assert run("compare", models["one"], shop).exit_code == 2


def test_rejects_are_told(models: dict[str, Path], tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", per_category=3)
    (folder / "rings" / "broken.jpg").write_text("not a photo")
    result = run("compare", models["one"], models["other"], folder)
    assert result.exit_code == 3
    assert "rings/broken.jpg" in result.stdout


def test_one_product_gives_nothing_to_compare(models: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "shop" / "rings"
    draw(tmp_path / "drawn", per_category=1, photos=1)
    folder.mkdir(parents=True)
    (tmp_path / "drawn" / "rings" / "rings-0" / "0.png").rename(folder / "a.png")
    result = run("compare", models["one"], models["other"], folder.parent)
    assert result.exit_code == 0, result.output
    assert "Nothing to compare" in result.stdout


def test_score_queries_of_both_have_the_same_queries() -> None:
    """What can be measured is decided by the catalog, not by the network: a pair has no gaps."""
    codes = np.array([0, 0, 1, 2])
    rng = np.random.default_rng(0)
    first, second = (
        score_queries(vectors, vectors, codes, codes, own=np.arange(4)).measured
        for vectors in (rng.normal(size=(4, 8)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32))
    )
    assert first.tolist() == second.tolist() == [True, True, False, False]
