"""report/report.html of a model directory: what training did and what the model can do, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from indexer.models.directory import REPORT_NAME
from trainer.report import embedding_map, plots, retrieval_grid, words

PAGE = "report.html"
THUMBNAILS = 46


@dataclass(frozen=True)
class ReportData:
    """What a report shows.

    ``history``: one mapping an epoch with any of epoch, loss, val_P@1, positive_distance, negative_distance,
    learning_rate. ``metrics``: what `trainer.evaluation.evaluate_model` returned for the held-out photos, and
    optionally ``untrained``, the figures (``P@1`` …) of the network before training. ``held_out``: place, category
    and product id of those photos, in the order of ``embeddings`` [n, d]. ``settings``: how the model was trained.
    """

    history: Sequence[Mapping[str, float]]
    metrics: Mapping[str, Any]
    held_out: retrieval_grid.HeldOut
    embeddings: NDArray[np.float32]
    settings: Mapping[str, Any] = field(default_factory=dict)


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
    chance = chance_precision([category for _, category, _ in data.held_out])
    tiles = words.headline(data.metrics, chance)
    sections = [
        _precision_section(folder, data, chance),
        _grid_section(folder, data),
        _map_section(folder, data),
        words.category_table(data.metrics, chance),
        words.finding_table(data.metrics),
        _curves_section(folder, data),
        words.settings_list(data.settings),
        words.rejects(data.metrics),
    ]
    template = Template(resources.files("trainer.report").joinpath("report_template.html").read_text(encoding="utf-8"))
    name = words.safe(data.metrics.get("model", {}).get("name") or model_dir.resolve().name)
    page = template.substitute(
        title=f"{name} · model report",
        name=name,
        lead=words.lead(data.held_out),
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
    figure = _themed(
        folder,
        "precision",
        lambda path, theme: plots.draw_precision(overall, untrained, chance, per_category, path, theme),
        "Bars: share of right hits among the first 1, 3, 5 and 10, for all photos and by category",
    )
    return words.section("Does it put like with like?", words.PRECISION, figure)


def _grid_section(folder: Path, data: ReportData) -> str:
    rows = retrieval_grid.choose_rows(data.embeddings, [category for _, category, _ in data.held_out])
    if not rows:
        return ""
    pictures = retrieval_grid.load_pictures(rows, data.held_out)
    shown = []
    for number, row in enumerate(rows, start=1):
        file = folder / f"retrieval-{number:02d}.png"
        retrieval_grid.draw_strip(row, data.held_out, pictures, file)
        shown.append(words.grid_row(row, data.held_out, _image(file, words.grid_alt(row, data.held_out))))
    for stale in sorted(folder.glob("retrieval-*.png"))[len(rows) :]:
        stale.unlink()
    return words.section("What people would see", words.grid_text(rows), "\n".join(shown))


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
