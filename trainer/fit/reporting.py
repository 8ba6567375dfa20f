"""The report and the card of a model that is being published: they may fail, and what was learnt stays."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from indexer.errors import JewelryError, is_full
from indexer.models.directory import REPORT_NAME, load_model
from indexer.models.embedder import Embedder
from indexer.system.text import one_line
from trainer.data.dataset import Sample
from trainer.report.card import write_card
from trainer.report.describe import CARD_NAME
from trainer.report.page import ReportData, write_report


def report_on(folder: Path, name: str, held_out: Sequence[Sample]) -> list[str]:
    """Write report and card into the folder of a model of which all else is there.

    Args:
        folder: the model directory.
        name: what the model will be called.
        held_out: the photos that it was measured on, readable still.

    Returns:
        A line for each of the two that failed: an hour of training is not lost to a picture that cannot be drawn.
        Nothing of it is then left.
    """
    notes = []
    try:
        _report(folder, name, held_out)
    except Exception as error:  # noqa: BLE001 - whatever it was, the model is whole
        shutil.rmtree(folder / REPORT_NAME, ignore_errors=True)
        notes.append(f"the report could not be made ({_why(error)}); the model is whole without it")
    try:
        write_card(folder, name)
    except Exception as error:  # noqa: BLE001 - as above
        (folder / CARD_NAME).unlink(missing_ok=True)
        notes.append(f"{CARD_NAME} could not be written ({_why(error)}); the model is whole without it")
    return notes


def _report(folder: Path, name: str, held_out: Sequence[Sample]) -> None:
    model = load_model(folder)
    seen = Embedder(model, threads=2).predict(sample.place.read() for sample in held_out)
    shown = [(sample.place, sample.category or "", sample.product_id) for sample in held_out]
    write_report(folder, ReportData.of(model, shown, seen.embeddings, seen.category_logits, name))


def _why(error: Exception) -> str:
    if is_full(error):
        return "the disk is full"
    text = one_line(error)
    return text if isinstance(error, JewelryError | OSError) and text else f"{type(error).__name__}: {text}"
