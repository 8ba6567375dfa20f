"""report/report.html of a model directory: what training did and what the model can do, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.models.directory import REPORT_NAME, ModelFile
from trainer.report import confusions, doubts, embedding_map, plots, retrieval_grid, words
from trainer.report.trade_off import draw_trade_off, trade_off_of

PAGE = "report.html"
THUMBNAILS = 46


@dataclass(frozen=True)
class ReportData:
    """What a report shows.

    ``history``: one mapping an epoch with any of epoch, loss, val_P@1, positive_distance, negative_distance,
    learning_rate. ``metrics``: what `trainer.evaluation.evaluate_model` returned for the held-out photos, and
    optionally ``untrained`` and ``classic``, the figures (``P@1`` …) of the network before training and of the classic
    recipe. ``held_out``: place, category (empty where it has none) and product id of those photos, in the order of
    ``embeddings`` [n, d]. ``settings``: how the model was trained. ``record``: model.json, of which the trade-off, the
    label suspects and what was seen before are shown. ``given``: the category that the classifier gives each photo.
    ``name``: what the model is called, if not as its folder.
    """

    history: Sequence[Mapping[str, float]]
    metrics: Mapping[str, Any]
    held_out: retrieval_grid.HeldOut
    embeddings: NDArray[np.float32]
    settings: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    given: Sequence[str] = ()
    name: str = ""

    @classmethod
    def of(
        cls,
        model: ModelFile,
        held_out: retrieval_grid.HeldOut,
        embeddings: NDArray[np.float32],
        logits: NDArray[np.float32],
        name: str,
    ) -> Self:
        """What the record of a model has, with what it makes of the held-out photos: embeddings and logits [n, C]."""
        record = model.record
        training = record.get("training")
        training = training if isinstance(training, Mapping) else {}
        history = [row for row in training.get("history") or () if isinstance(row, Mapping)]
        settings = {key: value for key, value in training.items() if isinstance(value, str | int | float | None)}
        metrics = model.metrics if isinstance(model.metrics, Mapping) else {}
        many = len(model.categories) > 1
        given = [model.categories[place] for place in logits.argmax(axis=1)] if many and len(logits) else []
        return cls(history, metrics, held_out, embeddings, settings, record, given, name)


def write_report(model_dir: Path, data: ReportData) -> Path:
    """Write ``report/report.html`` and its pictures into a model directory; returns the path of the page.

    The page needs no network: its pictures lie beside it, its style is inside. It follows the reader's light or
    dark setting and prints. The same data gives the same report, whenever it is written.

    Raises:
        ValueError: ``embeddings`` does not have one row for each photo of ``held_out``.
    """
    if len(data.embeddings) != len(data.held_out):
        raise ValueError(f"{len(data.embeddings)} embeddings for {len(data.held_out)} photos")
    folder = model_dir / REPORT_NAME
    folder.mkdir(parents=True, exist_ok=True)
    told = data.metrics.get("chance")
    by_chance = chance_precision([category for _, category, _ in data.held_out if category])
    chance = float(told) if isinstance(told, int | float) else by_chance
    tiles = words.headline(data.metrics, chance)
    sections = [
        _precision_section(folder, data, chance),
        words.compared_table(data.metrics),
        _grid_section(folder, data),
        _trade_off_section(folder, data),
        _map_section(folder, data),
        words.category_table(data.metrics, chance),
        *_confusion_sections(folder, data),
        doubts.suspects_table(data.record),
        words.finding_table(data.metrics),
        _curves_section(folder, data),
        words.settings_list(data.settings),
        words.rejects(data.metrics),
    ]
    template = Template(resources.files("trainer.report").joinpath("report_template.html").read_text(encoding="utf-8"))
    name = words.safe(data.name or data.metrics.get("model", {}).get("name") or model_dir.resolve().name)
    page = template.substitute(
        title=f"{name} · model report",
        name=name,
        lead=words.lead(data.held_out, data.record),
        headline="\n".join(tiles),
        tiles=max(1, len(tiles)),
        columns=1 + retrieval_grid.HITS,
        sections="\n".join(section for section in sections if section),
        footer=words.footer(data.metrics),
    )
    path = folder / PAGE
    path.write_text(page, encoding="utf-8")
    return path


def chance_precision(categories: Sequence[str]) -> float:
    """P@1 of drawing another photo blindly, for queries whose category has another photo; 0 where none has."""
    counts = [n for n in Counter(categories).values() if n > 1]
    return sum(n * (n - 1) for n in counts) / (len(categories) - 1) / sum(counts) if counts else 0.0


def _precision_section(folder: Path, data: ReportData, chance: float) -> str:
    overall = data.metrics.get("category")
    if not overall:
        return ""
    untrained, per_category = data.metrics.get("untrained") or {}, data.metrics.get("per_category") or {}
    classic = (data.metrics.get("classic") or {}).get("category") or {}
    intervals = (data.metrics.get("intervals") or {}).get("category") or {}
    figure = _themed(
        folder,
        "precision",
        lambda path, theme: plots.draw_precision(
            overall, untrained, chance, per_category, path, theme, classic=classic, intervals=intervals
        ),
        "Bars: share of right hits among the first 1, 3, 5 and 10, for all photos and by category",
    )
    paragraphs = (*words.PRECISION, words.CLASSIC) if classic else words.PRECISION
    return words.section("Does it put like with like?", paragraphs, figure)


def _grid_section(folder: Path, data: ReportData) -> str:
    rows = retrieval_grid.choose_rows(data.embeddings, [category for _, category, _ in data.held_out])
    if not rows:
        return ""
    needed = [number for row in rows for number in (row.query, *row.hits)]
    pictures = retrieval_grid.load_pictures(needed, data.held_out)
    shown = []
    for number, row in enumerate(rows, start=1):
        file = folder / f"retrieval-{number:02d}.png"
        retrieval_grid.draw_strip(row, data.held_out, pictures, file)
        shown.append(words.grid_row(row, data.held_out, _image(file, words.grid_alt(row, data.held_out))))
    _drop_stale(folder, "retrieval", len(rows))
    return words.section("What people would see", words.grid_text(rows), "\n".join(shown))


def _trade_off_section(folder: Path, data: ReportData) -> str:
    curve = trade_off_of(data.record)
    if curve is None:
        return ""
    alt = "Curves: what each share of the detail part gives on validation photos"
    figure = _themed(folder, "trade-off", lambda path, theme: draw_trade_off(curve, path, theme), alt)
    return words.section("More of the kind, or more of the very piece", words.TRADE_OFF, figure)


def _confusion_sections(folder: Path, data: ReportData) -> list[str]:
    categories = [category for _, category, _ in data.held_out]
    if len(set(categories)) < 2 or not all(categories):
        return []
    nearest, scores = confusions.nearest_rows(data.embeddings)
    by_classifier = len(data.given) == len(categories)
    given = data.given if by_classifier else [categories[row] for row in nearest]
    found = confusions.look_alikes(categories, nearest, scores)
    pictures = retrieval_grid.load_pictures([n for one in found for n in (one.photo, one.nearest)], data.held_out)
    images = []
    for number, one in enumerate(found, start=1):
        file = folder / f"look-alike-{number:02d}.png"
        retrieval_grid.draw_pair((one.photo, one.nearest), pictures, file)
        first, second = data.held_out[one.photo], data.held_out[one.nearest]
        images.append(_image(file, words.safe(f"{first[2]} ({first[1]}) beside {second[2]} ({second[1]})")))
    _drop_stale(folder, "look-alike", len(found))
    return [
        doubts.confusion_table(confusions.confusion(categories, given), by_classifier=by_classifier),
        doubts.look_alike_cards(found, data.held_out, images),
    ]


def _drop_stale(folder: Path, stem: str, count: int) -> None:
    """Remove pictures of an earlier report that had more of them."""
    for stale in sorted(folder.glob(f"{stem}-[0-9][0-9].png"))[count:]:
        stale.unlink()


def _map_section(folder: Path, data: ReportData) -> str:
    rows = embedding_map.sample_rows(len(data.held_out))
    if len(rows) < embedding_map.MIN_POINTS:
        return ""
    positions = embedding_map.tsne(data.embeddings[rows])
    categories = [data.held_out[row][1] for row in rows]
    chosen = embedding_map.spread_out(positions, THUMBNAILS, apart=0.07)
    pictures = {n: retrieval_grid.picture(data.held_out[rows[n]][0], plots.THUMBNAIL) for n in chosen}
    there = {n: photo for n, photo in pictures.items() if photo is not None}
    figure = _themed(
        folder,
        "map",
        lambda path, theme: plots.draw_map(positions, categories, there, path, theme),
        "Map of the held-out photos, one dot a photo, coloured by category",
    )
    return words.section("The collection as the model sees it", words.map_text(len(rows), len(data.held_out)), figure)


def _curves_section(folder: Path, data: ReportData) -> str:
    if not any(plots.has_curve(data.history, key) for key in plots.CURVES):
        return ""
    figure = _themed(
        folder,
        "curves",
        lambda path, theme: plots.draw_curves(data.history, path, theme),
        "Curves by epoch: the loss, the distances between photos and the precision on validation photos",
    )
    return words.section("How training went", words.CURVES, figure)


def _themed(folder: Path, stem: str, draw: Callable[[Path, plots.Theme], None], alt: str) -> str:
    """Draw a chart for a light and for a dark page; paper always gets the light one."""
    light, dark = folder / f"{stem}.png", folder / f"{stem}-dark.png"
    draw(light, plots.LIGHT)
    draw(dark, plots.DARK)
    source = f'<source media="screen and (prefers-color-scheme: dark)" srcset="{dark.name}">'
    return f"<figure><picture>{source}{_image(light, words.safe(alt))}</picture></figure>"


def _image(file: Path, safe_alt: str) -> str:
    with Image.open(file) as image:
        width, height = image.size
    return f'<img src="{file.name}" width="{width}" height="{height}" alt="{safe_alt}">'
