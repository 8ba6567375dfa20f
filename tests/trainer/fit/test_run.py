"""`trainer fit` and `trainer evaluate` from the command line to the model directory, on drawn photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from indexer.catalog.reading import read_catalog
from indexer.models.directory import load_model
from indexer.models.embedder import Embedder
from indexer.models.preprocessing import Preprocessing
from tests.shops.catalogs.drawn_catalog import SHAPES, draw
from trainer.cli.main import main
from trainer.data.dataset import read_dataset
from trainer.data.parts.lists import read_list
from trainer.data.parts.split import split
from trainer.data.sources import Photos
from trainer.learning.loop import train
from trainer.learning.recipes import Recipe
from trainer.network.weights import build_network
from trainer.settings import FitSettings

SMALL = ("--backbone", "resnet18", "--size", "32")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = draw(tmp_path_factory.mktemp("shop"))
    (folder / "rings" / "broken.jpg").write_text("not a photo")
    return folder


@pytest.fixture(scope="module")
def scratch(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    target = tmp_path_factory.mktemp("models") / "scratch"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.fit.meaning.STRANGERS_EACH", 6)  # drawing them takes longer than learning
        return target, run("fit", shop, "-o", target, "--weights", "none", *SMALL, "--epochs", 2, "--json")


def document(result: Result) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def test_fit_writes_a_whole_model_directory(scratch: tuple[Path, Result], shop: Path) -> None:
    target, result = scratch
    assert result.exit_code == 3, result.output
    said = document(result)
    assert [reject["where"] for reject in said["rejects"]] == ["rings/broken.jpg"]
    assert (target / "rejects.csv").read_text().count("\n") == 2
    assert "rejects.csv" in result.stderr
    model = load_model(target)
    assert model.fingerprint == said["fingerprint"]
    assert model.categories == SHAPES
    assert model.preprocessing.size == 32
    assert set(model.metrics["category"]) >= {"P@1", "P@3", "P@5", "P@10", "mAP", "MAP@R"}
    assert 0 <= model.metrics["untrained"]["P@1"] <= 1
    assert model.calibration.same_category is not None
    assert model.calibration.none_of_these is not None
    assert model.record["training"]["seed"] == 0
    assert len(model.record["training"]["backbone_history"]) == 2
    assert len(model.record["training"]["history"]) == 60
    assert set(model.record["libraries"]) >= {"torch", "onnx"}
    assert (target / "report" / "report.html").is_file()
    assert "learnt from" in (target / "MODEL_CARD.md").read_text(encoding="utf-8")
    held_out = [photo.key for photo in read_list(target / "held_out.txt") or ()]
    assert len(held_out) == said["photos"]["held_out"] == model.metrics["images"]["count"]
    embeddings = Embedder(model).embed(shop / key for key in held_out)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_evaluate(scratch: tuple[Path, Result], shop: Path) -> None:
    result = run("evaluate", scratch[0], shop, "--json")
    assert result.exit_code == 3
    measured = document(result)
    assert set(measured) >= {"category", "per_category", "product", "edited_copy", "images", "model"}
    assert measured["images"]["count"] == 48
    assert "P@1" in run("evaluate", scratch[0], shop).stdout


@pytest.mark.slow  # as long as all the rest of this file
def test_a_head_learns_on_a_frozen_backbone(scratch: tuple[Path, Result], shop: Path, tmp_path: Path) -> None:
    result = run("fit", shop, "-o", tmp_path / "head", "--weights", scratch[0], *SMALL, "--epochs", 5)
    assert result.exit_code == 3, result.output
    assert "Report:" in result.stdout
    losses = [epoch["loss"] for epoch in load_model(tmp_path / "head").record["training"]["history"]]
    assert losses[-1] < losses[0]


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["none", "earlier"])
def test_the_same_seed_gives_the_same_model(
    weights: str, scratch: tuple[Path, Result], shop: Path, tmp_path: Path
) -> None:
    start = scratch[0] if weights == "earlier" else weights
    for name in ("first", "second"):
        assert run("fit", shop, "-o", tmp_path / name, "--weights", start, *SMALL, "--epochs", 3).exit_code == 3
    first, second = (load_model(tmp_path / name) for name in ("first", "second"))
    assert first.record["training"]["history"] == second.record["training"]["history"]
    assert first.fingerprint == second.fingerprint


@pytest.mark.slow
def test_the_classic_recipe(scratch: tuple[Path, Result], shop: Path, tmp_path: Path) -> None:
    target = tmp_path / "classic"
    result = run(
        "fit", shop, "-o", target, "--weights", scratch[0], *SMALL, "--recipe", "classic", "--freeze", "--epochs", 2
    )
    assert result.exit_code == 3, result.output
    settings = load_model(target).record["training"]
    assert (settings["recipe"], settings["margin"], settings["batch"]) == ("classic", 1.0, 16)
    assert settings["learning_rate"] == 1e-4


def test_the_classic_recipe_is_the_classic_recipe() -> None:
    classic = FitSettings.for_run("classic", "imagenet")
    assert (classic.margin, classic.learning_rate, classic.epochs, classic.batch) == (1.0, 1e-4, 30, 16)
    assert not classic.freeze


def test_ctrl_c_keeps_the_best_so_far(shop: Path) -> None:
    settings = FitSettings.for_run("two-level", "none", epochs=9, backbone="mobilenet_v3_small", size=32)
    parts = split(read_dataset(read_catalog(shop)).samples, holdout=0.2, validation=0.2, seed=0)
    network = build_network(settings.backbone, "none")
    learning, tuning = (Photos(network, part, Preprocessing(32)) for part in (parts.train, parts.validation))

    def stop_in_third(epoch: int, loss: float, positive: float, negative: float) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    recipe = Recipe(settings, parts.train, parts.validation)
    result = train(learning, tuning, recipe, settings, stop_in_third)
    assert result.interrupted
    assert [epoch.epoch for epoch in result.history] == [1, 2]
    assert recipe.judge(tuning).score == pytest.approx(result.best_score)  # the best weights, not the last


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("{none}", "-o", "{out}"), 1, "no such folder"),
        (("{shop}", "-o", "{shop}"), 2, "is not a model directory"),
        (("{shop}", "-o", "{out}", "--weights", "{none}.pth"), 1, "no such weights file"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--holdout", "0.99"), 2, "holdout 0.99 is outside"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--freeze"), 2, "nothing worth freezing"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--size", "9"), 2, "size 9 is outside 16..1024"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--size", "0"), 2, "size 0 is outside 16..1024"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--seed", "-1"), 2, "seed -1 is outside 0..4294967295"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--epochs", "0"), 2, "epochs 0 is not positive"),
        (("{shop}", "-o", "{out}", "--weights", "none", "--holdout", "nan"), 2, "holdout is nan"),
        (("{shop}", "-o", "."), 2, "is the folder that you are in"),
        (("{shop}", "-o", "{out}/" + 300 * "n"), 2, "the name is too long"),
        (("{shop}", "-o", "{out}", "--backbone", "vgg"), 2, "vgg"),
        (("{shop}",), 2, "--output"),
    ],
)
def test_bad_requests_end_in_one_line(
    arguments: tuple[str, ...], code: int, message: str, shop: Path, tmp_path: Path
) -> None:
    names = {"none": tmp_path / "nothing", "out": tmp_path / "out", "shop": shop}
    result = run("fit", *(argument.format(**names) for argument in arguments))
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_real_photos(real_data: Path, imagenet_weights: Path, tmp_path: Path) -> None:
    target = tmp_path / "real"
    result = run("fit", real_data / "jewelry", "--weights", imagenet_weights, "-o", target, "--holdout", 0.4, "--json")
    assert result.exit_code == 0, result.output
    metrics = document(result)["metrics"]
    assert metrics["category"]["P@1"] >= 0.93
    assert metrics["category"]["P@10"] >= 0.93
    assert metrics["edited_copy"]["R@1"] >= 0.78
