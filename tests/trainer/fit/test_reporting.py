"""A report that fails costs no model: it is said, and nothing half-written of it is left."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from indexer.errors import ImageError
from tests.shops.models.tiny_model import write_tiny_model
from trainer.fit import reporting


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "(the disk is full)"),
        (ImageError("rings/1.jpg: is gone"), "(rings/1.jpg: is gone)"),
        (ZeroDivisionError("by zero"), "(ZeroDivisionError: by zero)"),
    ],
)
def test_a_report_that_fails_leaves_the_model_whole(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_tiny_model(tmp_path / "m")
    before = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}

    def fails(folder: Path, name: object) -> Path:
        (folder / "report").mkdir(exist_ok=True)
        (folder / "report" / "half.png").write_text("half")
        raise error

    monkeypatch.setattr(reporting, "write_report", fails)
    monkeypatch.setattr(reporting, "write_card", fails)
    notes = reporting.report_on(model, "shop", [])
    assert notes == [
        f"the report could not be made {said}; the model is whole without it",
        f"MODEL_CARD.md could not be written {said}; the model is whole without it",
    ]
    assert before.items() <= {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}.items()


def test_report_and_card_of_a_model_without_photos_held_out(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "m")
    assert reporting.report_on(model, "shop", []) == []
    assert "nothing was measured" in (model / "report" / "report.html").read_text(encoding="utf-8")
    assert (model / "MODEL_CARD.md").is_file()
