"""MODEL_CARD.md of a model directory: what the model is for, what it learnt from, how good it is, and where it ends.

The headings are those of Mitchell et al., *Model Cards for Model Reporting*, 2019 (arXiv 1810.03993).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.models.directory import load_model
from indexer.system.text import counted, printable
from trainer.report.describe import CARD_NAME, describe, photos_told
from trainer.report.figures import WHAT

FEW = 100
"""Held-out photos below which a figure is worth little."""

_FINDS = (
    "- Finding similar pieces, duplicates and wrongly filed photos in the catalog that it was trained on, and in",
    "  photos of the same kinds of pieces taken in the same manner.",
)
_CLASSIFIES = (
    "- Telling the category of photos of the kinds of pieces that it was trained on, taken in the same manner.",
    "- It was trained for this alone, and pieces of one category are much alike to it: a model that was made without",
    "  `--task classify` finds the very piece, and duplicates, more often.",
)


def write_card(folder: Path, name: str) -> Path:
    """Write the card of a model directory, of which all else is there; returns its path.

    Args:
        folder: the model directory.
        name: what the model is called.

    Raises:
        ModelError: it is no model directory.
    """
    model = load_model(folder)
    metrics = model.metrics if isinstance(model.metrics, Mapping) else {}
    path = folder / CARD_NAME
    text = "\n".join(_card(describe(model), metrics, name)) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path


def _card(known: Mapping[str, Any], metrics: Mapping[str, Any], name: str) -> Iterator[str]:
    yield from (f"# {_plain(name)}", "")
    yield "A model of jewelry-similarity: it turns a photo of a product into numbers, of which near ones mean alike."
    yield from ("", "## Model details", "")
    yield f"- Fingerprint: `{known['fingerprint']}` (format {known['format_version']})"
    yield f"- Input: a photo, fitted into a square of {known['size']} pixels; output: {known['dimension']} numbers"
    yield f"- Size: {known['bytes'] / 1e6:.1f} MB (ONNX)"
    if known["backbone"]:
        yield f"- Backbone: {_plain(known['backbone'])}; recipe: {_plain(known['recipe'] or 'not recorded')}"
    if known["weights"]:
        weights = (
            "none: it began with random weights"
            if known["weights"] == "none"
            else _plain(known["weights"].rsplit("/", 1)[-1])
        )
        yield f"- Began with: {weights}"
    if known["detail"] is not None:
        yield f"- Detail: {known['detail']:.2f} of the likeness is of the very piece, the rest of its category"
    yield from ("", "## Intended use", "")
    yield from _CLASSIFIES if known["task"] == "classify" else _FINDS
    yield "- Not for: telling whether a piece is genuine, what it is made of or worth, or who wears it; photos of"
    yield "  people; decisions about people."
    yield from ("", "## Training data", "")
    photos = photos_told(known["photos"])
    yield f"- Photos: {photos or 'not recorded'}. They are the shop's own; this directory has those that its"
    yield "  report shows, and no others."
    yield f"- Categories: {', '.join(map(_plain, known['categories'])) or 'none; it learnt to tell pieces apart'}"
    if known["label_suspects"]:
        count = counted(len(known["label_suspects"]), "training photo")
        yield f"- {count} may be filed wrongly; `model.json` lists them under `training.label_suspects`."
    yield from ("", "## Evaluation data", "")
    yield from _evaluation(known)
    yield from ("", "## Metrics", "")
    yield from _figures(known)
    yield from _categories(metrics)
    yield from ("", "## Limits", "")
    yield from _limits(known)
    yield from ("", "## Made with", "")
    libraries = ", ".join(f"{_plain(key)} {_plain(value)}" for key, value in known["libraries"].items())
    yield libraries or "not recorded"


def _evaluation(known: Mapping[str, Any]) -> Iterator[str]:
    held_out = known["photos"].get("held_out")
    if not held_out and known["figures"]:
        yield "None were held out, as there are too few: the figures are of the photos that the model was made of."
        yield "Expect less of photos that are new."
        return
    if not held_out or not known["figures"]:
        yield "No photos were held out: nothing was measured. `trainer evaluate MODEL CATALOG` measures it on others."
        return
    yield f"{counted(held_out, 'photo')} held out before training; products and near-duplicates of training photos are"
    yield "not among them. `held_out.txt` lists them."
    seen = known["seen"] or {}
    if seen.get("held_out"):
        yield ""
        yield f"**{counted(seen['held_out'], 'photo')} of them had been seen by the model that this one began with:"
        yield "expect less of photos that are new.**"
    elif seen.get("known") is False:
        yield ""
        yield "**The model that this one began with does not say what it had seen; these photos may be among it.**"


def _figures(known: Mapping[str, Any]) -> Iterator[str]:
    found: Mapping[str, Mapping[str, Any]] = known["figures"]
    if not found:
        yield "None."
        return
    columns = [("value", "this model"), ("interval", f"{100 * known['level']:.0f} % interval")]
    columns += [("classic", "classic recipe"), ("before", "before training")]
    columns = [one for one in columns if any(row[one[0]] is not None for row in found.values())]
    yield _row(["figure", *(title for _, title in columns), "what it says"])
    yield _row(["---", *("---:" for _ in columns), "---"])
    for name, row in found.items():
        yield _row([name, *(_cell(row[key]) for key, _ in columns), WHAT[name]])
    if any(row["interval"] is not None for row in found.values()):
        yield ""
        yield "Intervals are bootstrapped over products: they say how far a figure may be off because these photos, and"
        yield "no others of the same shop, happened to be held out."


def _categories(metrics: Mapping[str, Any]) -> Iterator[str]:
    rows = metrics.get("per_category")
    if not isinstance(rows, Mapping) or len(rows) < 2:
        return
    yield from ("", _row(["category", "photos", "P@1", "P@10", "mAP"]), _row(["---", "---:", "---:", "---:", "---:"]))
    for name, row in rows.items():
        yield _row(
            [_plain(name), str(row.get("images", "-")), *(_cell(row.get(key)) for key in ("P@1", "P@10", "mAP"))]
        )


def _limits(known: Mapping[str, Any]) -> Iterator[str]:
    yield "- The figures hold for photos like those held out. Another photographer, background or kind of piece can be"
    yield "  worse: measure it with `trainer evaluate` before relying on it."
    if known["categories"]:
        yield "- A category that it was not trained on is embedded all the same, but may be mixed with others."
    held_out = known["photos"].get("held_out") or 0
    if held_out and held_out < FEW:
        yield f"- Only {counted(held_out, 'photo')} could be held out, so that each figure is rough."
    if known["interrupted"]:
        yield "- Training was stopped early; the best until then was kept."
    yield "- It sees shape, structure and colour. Size, weight, hallmarks and the quality of stones are in no photo."
    yield "- Labels of the catalog are taken as true, wrong ones too: they lower the figures and teach what is wrong."


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return " to ".join(f"{edge:.3f}" for edge in value)
    return f"{value:.3f}" if isinstance(value, int | float) else "-"


def _plain(value: object) -> str:
    """Text of a catalog that Markdown, and the HTML in it, shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|&~$!])", r"\\\1", printable(str(value)))
