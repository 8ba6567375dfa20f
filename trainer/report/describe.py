"""What a model directory holds, for a person and for a program: what it is for, what it learnt from, how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from indexer.models.directory import REPORT_NAME, WEIGHTS_NAME, ModelFile
from indexer.system.text import counted, printable
from trainer.report.doubts import label_suspects
from trainer.report.figures import WHAT, figures, level
from trainer.report.trade_off import trade_off_of

CARD_NAME = "MODEL_CARD.md"
PAGE = "report.html"


def describe(model: ModelFile) -> dict[str, Any]:
    """A model in one JSON document; what its record does not say, as with older models, is null or empty.

    Args:
        model: the verified directory.

    Returns:
        ``model``, ``fingerprint``, ``format_version``, ``dimension``, ``size`` (pixels), ``bytes`` of its network,
        ``backbone``, ``recipe``, ``task``, ``weights``, ``detail`` (share of the detail part), ``categories``,
        ``photos`` by part, ``seen`` (what an earlier model had seen), ``figures`` by name, ``level`` of their
        intervals, ``trade_off``, ``label_suspects``, ``files`` by what they are, ``libraries``, ``settings``.
    """
    training = _part(model.record, "training")
    curve = trade_off_of(model.record)
    metrics = model.metrics if isinstance(model.metrics, Mapping) else {}
    return {
        "model": str(model.path),
        "fingerprint": model.fingerprint,
        "format_version": model.record.get("format_version"),
        "dimension": model.dimension,
        "size": model.preprocessing.size,
        "bytes": len(model.network),
        "backbone": training.get("backbone"),
        "recipe": training.get("recipe"),
        "task": training.get("task"),
        "weights": training.get("weights"),
        "detail": None if curve is None else curve.taken,
        "categories": list(model.categories),
        "photos": dict(_part(training, "photos")),
        "seen": dict(_part(training, "seen")) or None,
        "interrupted": training.get("interrupted"),
        "figures": {figure.name: figure.to_json() for figure in figures(metrics)},
        "level": level(metrics),
        "trade_off": [] if curve is None else _points(curve.shares, curve.values),
        "label_suspects": [dict(one) for one in label_suspects(model.record)],
        "files": _files(model.path),
        "libraries": dict(_part(model.record, "libraries")),
        "settings": {key: value for key, value in training.items() if isinstance(value, str | int | float | None)},
    }


def lines(described: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same for a person: names and values, one line each."""
    found = [
        ("Model", f"{described['model']} ({described['fingerprint'][:12]})"),
        ("Embedding", f"{described['dimension']} numbers a photo of {described['size']} px; {_megabytes(described)}"),
    ]
    if described["backbone"]:
        started = _start(described["weights"])
        how = f"recipe {described['recipe'] or 'not recorded'}"
        how += ", to classify" if described["task"] == "classify" else ""
        found.append(("Made of", f"{described['backbone']}{started}, {how}"))
    if described["detail"] is not None:
        found.append(("Detail", f"{described['detail']:.2f} of the likeness is that of the very piece"))
    found.append(("Categories", ", ".join(described["categories"]) or "none: it knows pieces, not kinds"))
    if described["photos"]:
        found.append(("Photos", photos_told(described["photos"])))
    if (described["seen"] or {}).get("held_out"):
        seen = described["seen"]["held_out"]
        found.append(("Seen before", f"{counted(seen, 'photo')} held out were known to the model it began with"))
    if described["interrupted"]:
        found.append(("Stopped", "training was stopped early, and the best until then was kept"))
    if described["label_suspects"]:
        count = counted(len(described["label_suspects"]), "photo")
        found.append(("Label suspects", f"{count} may be filed wrongly; the report lists them"))
    found += [(what.capitalize(), path) for what, path in described["files"].items()]
    return [(name, printable(value)) for name, value in found]


def figure_lines(described: Mapping[str, Any]) -> list[str]:
    """The figures, a line each, narrow enough for any terminal: the figure first, then its interval, then its words."""
    found: Mapping[str, Mapping[str, Any]] = described["figures"]
    if not found:
        return ["Not measured: no photo was held out; `trainer evaluate MODEL CATALOG` does."]
    told = []
    for name, row in found.items():
        low_high = row["interval"]
        within = "" if low_high is None else f" ({low_high[0]:.3f} to {low_high[1]:.3f})"
        beside = [
            f"{words} {row[key]:.3f}"
            for key, words in (("classic", "classic"), ("before", "before training"))
            if row[key] is not None
        ]
        also = f"; {', '.join(beside)}" if beside else ""
        told.append(f"{row['value']:.3f}{within}  {name}: {WHAT[name]}{also}")
    return told


def photos_told(photos: Mapping[str, Any]) -> str:
    """How many photos did what: ``learnt from 643, tuned on 84, measured on 472``."""
    told = (("train", "learnt from"), ("validation", "tuned on"), ("held_out", "measured on"))
    if photos.get("held_out") == 0 and isinstance(photos.get("train"), int):
        return f"made of {photos['train']:,}, measured on the same"
    return ", ".join(f"{words} {photos[key]:,}" for key, words in told if isinstance(photos.get(key), int))


def _start(weights: object) -> str:
    if weights in (None, ""):
        return ""
    return " from nothing" if weights == "none" else f" from {Path(str(weights)).name}"


def _megabytes(described: Mapping[str, Any]) -> str:
    return f"{described['bytes'] / 1e6:.1f} MB"


def _files(folder: Path) -> dict[str, str]:
    there = {"report": folder / REPORT_NAME / PAGE, "card": folder / CARD_NAME, "weights": folder / WEIGHTS_NAME}
    return {what: str(path) for what, path in there.items() if path.is_file()}


def _points(shares: tuple[float, ...], values: Mapping[str, tuple[float, ...]]) -> list[dict[str, float]]:
    return [
        {"detail": share, **{key: column[row] for key, column in values.items()}} for row, share in enumerate(shares)
    ]


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name)
    return part if isinstance(part, Mapping) else {}
