"""Fine-tuning from the command line: what learns, that it is kept where it helps, goes on when killed, ends in time."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from safetensors.torch import load_file

from indexer.models.directory import load_model
from tests.shops.catalogs.drawn_catalog import draw
from trainer.cli.main import main
from trainer.learning.averaging import best_share
from trainer.settings import FitSettings

ROOT = Path(__file__).parents[3]
SMALL = ("--backbone", "mobilenet_v3_small", "--size", "32")
TOP = tuple(f".features.{block}." for block in (9, 10, 11, 12))
EVERY_STEP = "import trainer.learning.checkpoints as kept; kept.EVERY = 0; from trainer.cli.main import main; main()"
"""The command line, with a checkpoint at every step in place of one every half a minute."""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def scratch(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose backbone is taken for one that was trained before."""
    target = tmp_path_factory.mktemp("models") / "scratch"
    result = run("fit", shop, "-o", target, "--weights", "none", "--recipe", "two-level", *SMALL, "--epochs", 1)
    assert result.exit_code == 0, result.output
    return target


def training(target: Path) -> dict[str, Any]:
    record: dict[str, Any] = load_model(target).record["training"]
    return record


@pytest.mark.slow
@pytest.mark.parametrize("what", ["top", "all"])
def test_a_head_goes_on_with_its_backbone(what: str, shop: Path, scratch: Path, tmp_path: Path) -> None:
    target = tmp_path / "tuned"
    options = (*SMALL, "--weights", scratch, "--fine-tune", what, "--epochs", 3, "--no-interpolate")
    result = run("fit", shop, "-o", target, *options)
    assert result.exit_code == 0, result.output
    assert "Fine-tuning: " in result.stderr
    said = training(target)
    assert (said["fine_tune"], said["interpolation"]) == (what, {})
    assert len(said["history"]) == 60
    assert 1 <= len(said["backbone_history"]) <= 3
    before, after = (load_file(folder / "model.safetensors") for folder in (scratch, target))
    same = {name: bool((value == before[name]).all()) for name, value in after.items() if name.startswith("backbone.")}
    top = {name for name in same if any(block in name for block in TOP)}
    assert top
    assert all(same[name] for name in same if "running" in name)  # batch norm keeps its statistics
    if "liked none of it" not in result.stderr:
        weights = {name for name in same if "running" not in name and "num_batches" not in name}
        assert not any(same[name] for name in weights & top)
        assert all(same[name] for name in weights - top) is (what == "top")


@pytest.mark.slow
def test_validation_says_how_much_of_the_change_is_kept(shop: Path, scratch: Path, tmp_path: Path) -> None:
    target = tmp_path / "tuned"
    options = (*SMALL, "--weights", scratch, "--fine-tune", "top", "--learning-rate", 0.01)
    result = run("fit", shop, "-o", target, *options)
    assert result.exit_code == 0, result.output
    said = training(target)
    scores = {float(share): score for share, score in said["interpolation"].items()}
    assert sorted(scores) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert len(said["backbone_history"]) == 12
    told = "liked none" if best_share(scores) == 0 else f"{best_share(scores):.0%} of the change, which is kept"
    assert told in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("what", ["whole", "head", "fine-tune"])
def test_killed_at_any_step_and_resumed_it_is_the_same_model(
    what: str, shop: Path, scratch: Path, tmp_path: Path
) -> None:
    options = ["--weights", "none", "--recipe", "two-level", *SMALL, "--epochs", "4"]
    if what != "whole":
        options = ["--weights", str(scratch), *SMALL, "--fine-tune", "top", "--epochs", "4"]

    def command(target: Path, *more: str) -> list[str]:
        return [sys.executable, "-c", EVERY_STEP, "fit", str(shop), "-o", str(target), *options, *more]

    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(whole), env=environment, check=True, capture_output=True, timeout=600)
    assert not (tmp_path / ".checkpoints").exists()  # one that is done needs none
    checkpoint = tmp_path / ".checkpoints" / f"killed.{what}.safetensors"
    with subprocess.Popen(command(killed), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        began = time.monotonic()
        while not checkpoint.exists():
            assert process.poll() is None
            assert time.monotonic() - began < 600
            time.sleep(0.02)
        time.sleep(random.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
    if killed.exists():
        pytest.skip("it was done before it could be killed")
    refused = subprocess.run(
        command(killed, "--resume", "--seed", "1"), env=environment, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "a checkpoint of another run (seed was 0, is 1" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "Training: " not in refused.stderr  # and so before anything is learnt, or kept in place of what was
    done = subprocess.run(command(killed, "--resume"), env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "There is no checkpoint" not in done.stderr
    assert load_model(killed).fingerprint == load_model(whole).fingerprint
    assert training(killed)["history"] == training(whole)["history"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".features", "killed", "whole"]


@pytest.mark.slow
def test_minutes_end_a_training_and_it_goes_on_later(shop: Path, tmp_path: Path) -> None:
    target = tmp_path / "short"
    options = ("--weights", "none", "--recipe", "two-level", *SMALL, "--epochs", 500)
    result = run("fit", shop, "-o", target, *options, "--minutes", 0.05)
    assert result.exit_code == 0, result.output
    assert "The time is over in epoch " in result.stderr
    assert training(target)["ended"] == "time"
    assert 1 <= len(training(target)["history"]) < 500


@pytest.mark.slow
def test_after_half_a_head_the_backbone_waits(shop: Path, scratch: Path, tmp_path: Path) -> None:
    target = tmp_path / "half"
    options = ("--weights", scratch, *SMALL, "--fine-tune", "top", "--epochs", 1)
    cut = run("fit", shop, "-o", target, *options, "--minutes", 1e-6)
    assert cut.exit_code == 0, cut.output
    assert "note: the backbone stays as it is, because the head's training did not come to its end" in cut.stderr
    assert training(target)["backbone_history"] == []
    assert len(training(target)["history"]) == 1
    assert [path.name for path in (tmp_path / ".checkpoints").iterdir()] == ["half.head.safetensors"]
    done = run("fit", shop, "-o", target, *options, "--resume")
    assert done.exit_code == 0, done.output
    assert (len(training(target)["history"]), len(training(target)["backbone_history"])) == (60, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".features", "half"]


@pytest.mark.slow
def test_a_loss_that_breaks_at_once_leaves_nothing(shop: Path, tmp_path: Path) -> None:
    options = ("--weights", "none", "--recipe", "two-level", *SMALL, "--learning-rate", 1e20)
    result = run("fit", shop, "-o", tmp_path / "broken", *options)
    assert result.exit_code == 1
    assert " no number" in result.stderr.splitlines()[-1]
    assert "in epoch 1" in result.stderr.splitlines()[-1]
    assert "before anything was learnt that could be kept" in result.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow  # two processes that import torch and export
def test_two_processes_make_one_model(shop: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared"
    options = ["--weights", "none", "--recipe", "two-level", *SMALL, "--epochs", "2", "--json"]
    script = tmp_path / "fit.py"
    script.write_text("from trainer.cli.main import main\nmain()\n")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, str(script), "fit", str(shop), "-o", str(target), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fingerprint"] == load_model(target).fingerprint  # one document, not two
    assert len(training(target)["history"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fine-tune", "none", "--no-freeze"), "--fine-tune none and --no-freeze exclude each other"),
        (("--fine-tune", "top", "--freeze"), "--fine-tune top and --freeze exclude each other"),
        (("--fine-tune", "top", "--weights", "none"), "nothing worth freezing"),
        (("--fine-tune", "some"), "some"),
        (("--device", "tpu"), "tpu"),
        (("--minutes", "-1"), "minutes -1.0 is negative"),
        (("--minutes", "nan"), "minutes"),
        (("--learning-rate", "-1"), "learning_rate -1.0 is outside"),
    ],
)
def test_what_makes_no_sense_is_one_line(arguments: tuple[str, ...], message: str, shop: Path, tmp_path: Path) -> None:
    result = run("fit", shop, "-o", tmp_path / "out", *SMALL, *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "fine_tune", "head_first", "backbone_epochs"),
    [
        ({}, "none", True, 0),
        ({"freeze": True}, "none", True, 0),
        ({"freeze": False}, "all", True, 12),
        ({"fine_tune": "top"}, "top", True, 12),
        ({"fine_tune": "top", "epochs": 3}, "top", True, 3),
        ({"weights": "none"}, "all", False, 20),
        ({"recipe": "classic"}, "all", False, 0),
        ({"recipe": "classic", "freeze": True}, "none", True, 0),
        ({"recipe": "two-level", "fine_tune": "all"}, "all", True, 12),
        ({"recipe": "two-level", "weights": "none"}, "all", False, 20),
    ],
)
def test_what_learns_follows_from_what_is_asked_for(
    options: dict[str, Any], fine_tune: str, head_first: bool, backbone_epochs: int
) -> None:
    settings = FitSettings.for_run(**options)
    assert (settings.fine_tune, settings.head_first, settings.backbone_epochs) == (
        fine_tune,
        head_first,
        backbone_epochs,
    )
    assert settings.freeze is (fine_tune == "none")
    if head_first and fine_tune != "none":
        tuning = settings.of_fine_tuning()
        assert tuning.backbone_rate == 0.1
        assert tuning.epochs == backbone_epochs
        assert 0 < tuning.learning_rate < settings.learning_rate
