"""What is said of a model: the card beside it, and `trainer describe` as text and JSON; of older models too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.shops.models.tiny_model import write_tiny_model
from trainer.cli.main import main
from trainer.report.card import write_card

RECORD: dict[str, Any] = {
    "metrics": {
        "category": {"P@1": 0.9531, "P@10": 0.95, "mAP": 0.94},
        "per_category": {"rings | <b>": {"P@1": 0.9, "P@10": 0.8, "mAP": 0.7, "images": 60}, "watches": {"images": 1}},
        "edited_copy": {"R@1": 0.91, "edits": 90},
        "untrained": {"P@1": 0.5},
        "intervals": {"level": 0.95, "category": {"P@1": [0.93, 0.97]}},
    },
    "training": {
        "recipe": "two-part",
        "backbone": "mobilenet_v2",
        "weights": "/somewhere/secret/imagenet.pth",
        "photos": {"train": 643, "validation": 84, "held_out": 90},
        "seen": {"models": ["a"], "kept": 0, "held_out": 7, "known": True},
        "interrupted": True,
        "label_suspects": [{"key": "rings/1.jpg", "label": "rings", "suggested": "watches", "confidence": 0.9}],
    },
}


def altered(folder: Path, **parts: Any) -> Path:
    write_tiny_model(folder)
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    record.pop("metrics", None)
    record.pop("training", None)
    (folder / "model.json").write_text(json.dumps({**record, **parts}), encoding="utf-8")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["describe", *map(str, arguments)])


def test_the_card_says_what_mitchell_et_al_ask_for(tmp_path: Path) -> None:
    model = altered(tmp_path / "m", **RECORD)
    text = write_card(model, "shop_*1*").read_text(encoding="utf-8")
    assert text.startswith("# shop\\_\\*1\\*\n")
    for heading in ("Model details", "Intended use", "Training data", "Evaluation data", "Metrics", "Limits"):
        assert f"\n## {heading}\n" in text
    assert "| P@1 | 0.953 | 0.930 to 0.970 | 0.500 |" in text
    assert "| edited copy | 0.910 | - | - |" in text
    assert r"| rings \| \<b\> | 60 | 0.900 |" in text
    assert "learnt from 643, tuned on 84, measured on 90" in text
    assert "**7 photos of them had been seen" in text
    assert "Only 90 photos could be held out" in text
    assert "/somewhere" not in text
    assert "imagenet.pth" in text


@pytest.mark.parametrize("parts", [{}, {"training": None, "metrics": None}, {"training": {"photos": 3}, "metrics": []}])
def test_a_card_of_a_model_that_says_little(tmp_path: Path, parts: dict[str, Any]) -> None:
    model = altered(tmp_path / "m", **parts)
    text = write_card(model, "old").read_text(encoding="utf-8")
    assert "nothing was measured" in text
    result = run(model)
    assert result.exit_code == 0, result.output
    assert "Not measured" in result.stdout


def test_describe_as_text_and_as_json(tmp_path: Path) -> None:
    model = altered(tmp_path / "m", **RECORD)
    write_card(model, "m")
    said = run(model)
    assert said.exit_code == 0
    for words in (
        "0.953 (0.930 to 0.970)  P@1: ",
        "before training 0.500",
        "7 photos held out were known",
        "MODEL_CARD",
    ):
        assert words in said.stdout
    document = json.loads(run(model, "--json").stdout)
    assert document["figures"]["P@1"] == {"value": 0.9531, "interval": [0.93, 0.97], "before": 0.5, "classic": None}
    assert document["photos"] == {"train": 643, "validation": 84, "held_out": 90}
    assert document["label_suspects"][0]["key"] == "rings/1.jpg"
    assert Path(document["files"]["card"]).name == "MODEL_CARD.md"


def test_a_model_that_classifies_says_so_and_how_well(tmp_path: Path) -> None:
    told = {"metrics": {**RECORD["metrics"], "classification": {"accuracy": 0.9725}}}
    classifies = {**RECORD, **told, "training": {**RECORD["training"], "task": "classify"}}
    model = altered(tmp_path / "m", **classifies)
    said = run(model).stdout
    assert "mobilenet_v2 from imagenet.pth, recipe two-part, to classify\n" in said
    assert "0.973  accuracy: the category of a photo is told right\n" in said
    document = json.loads(run(model, "--json").stdout)
    assert (document["task"], document["figures"]["accuracy"]["value"]) == ("classify", 0.9725)
    card = write_card(model, "m").read_text(encoding="utf-8")
    assert "- Telling the category of photos of the kinds" in card
    assert "- Finding similar pieces" not in card
    other = altered(tmp_path / "other", **{**RECORD, **told})
    assert "to classify" not in run(other).stdout
    assert "- Finding similar pieces" in write_card(other, "other").read_text(encoding="utf-8")


def test_figures_are_whole_on_a_narrow_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert "0.953 (0.930 to 0.970)" in run(altered(tmp_path / "m", **RECORD)).stdout


def test_no_model_is_one_line(tmp_path: Path) -> None:
    result = run(tmp_path / "none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {tmp_path}/none: no such model directory; train one with: trainer fit")
