"""The charts of a report, drawn with matplotlib's object API: training curves, precision bars, map of the photos."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL import Image

DPI = 180
THUMBNAIL = 64
CURVES = ("loss", "positive_distance", "negative_distance", "val_P@1")
MARKERS = "osD^vPX*"
FONTS = ("Helvetica Neue", "Arial", "Liberation Sans", "Noto Sans")
"""Tried in this order before matplotlib's own DejaVu Sans."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one appearance of the page; the chart's ground is that of the card it lies on."""

    name: str
    ground: str
    ink: str
    muted: str
    grid: str
    accent: str
    contrast: str
    faint: str
    categories: tuple[str, ...]


LIGHT = Theme(
    "light",
    "#ffffff",
    "#23201c",
    "#756e64",
    "#ebe6dd",
    "#a8741a",
    "#3c6e8f",
    "#d8d1c4",
    ("#b8860b", "#2f6f9f", "#c0504d", "#3f8f5f", "#7d5ba6", "#d9822b", "#2aa198", "#b0568c", "#6b6b6b", "#8a9a1f"),
)
DARK = Theme(
    "dark",
    "#211f1c",
    "#f1ece3",
    "#a59d90",
    "#38342f",
    "#e0ab4c",
    "#7fb2d3",
    "#544e46",
    ("#e3b341", "#6fb1e0", "#e8807c", "#6cc391", "#b295dc", "#f2a65a", "#5fd0c5", "#e08fbd", "#b0aca5", "#c3d15a"),
)


def category_style(index: int, theme: Theme) -> tuple[str, str]:
    """Colour and marker of the n-th category: distinct for the first 80."""
    shades = theme.categories
    return shades[index % len(shades)], MARKERS[index // len(shades) % len(MARKERS)]


def draw_curves(history: Sequence[Mapping[str, float]], path: Path, theme: Theme) -> None:
    """Loss, distances and validation P@1 by epoch, one panel for each that was recorded."""
    panels: list[tuple[str, list[tuple[str, str, str]]]] = [
        ("Loss", [("loss", "loss", theme.accent)]),
        (
            "Distance between photos",
            [
                ("negative_distance", "different", theme.contrast),
                ("positive_distance", "belonging together", theme.accent),
            ],
        ),
        ("Right first hits, validation photos", [("val_P@1", "P@1", theme.accent)]),
    ]
    panels = [(title, drawn) for title, lines in panels if (drawn := [x for x in lines if _series(history, x[0])[0]])]
    with drawn_figure(path, theme, (10.4, 3.1)) as figure:
        for place, (title, lines) in enumerate(panels, start=1):
            axes = figure.add_subplot(1, len(panels), place)
            dress(axes, theme, title)
            for key, label, colour in lines:
                epochs, values = _series(history, key)
                marker = "o" if len(epochs) == 1 else ""
                axes.plot(epochs, values, color=colour, linewidth=2, label=label, marker=marker)
            axes.set_xlabel("epoch", color=theme.muted, fontsize=9)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
            if len(lines) > 1:
                axes.legend(frameon=False, fontsize=8.5, labelcolor=theme.ink)
            if lines[0][0] == "val_P@1":
                _mark_best(axes, *_series(history, "val_P@1"), theme)


def has_curve(history: Sequence[Mapping[str, float]], key: str) -> bool:
    """Whether any epoch recorded a finite value under the key."""
    return bool(_series(history, key)[0])


def _series(history: Sequence[Mapping[str, float]], key: str) -> tuple[list[float], list[float]]:
    """Epochs and values where the value was recorded and is finite; the row's place counts where it has no epoch."""
    rows = [(float(row.get("epoch", n)), row[key]) for n, row in enumerate(history, start=1) if key in row]
    kept = [(epoch, float(value)) for epoch, value in rows if value is not None and np.isfinite(value)]
    return [epoch for epoch, _ in kept], [value for _, value in kept]


def _mark_best(axes: Axes, epochs: list[float], values: list[float], theme: Theme) -> None:
    best = int(np.argmax(values))
    axes.plot([epochs[best]], [values[best]], "o", color=theme.accent, markersize=7)
    words = f"best: {values[best]:.3f} in epoch {epochs[best]:.0f}"
    axes.text(0.98, 0.05, words, transform=axes.transAxes, ha="right", color=theme.ink, fontsize=9)


def draw_precision(
    overall: Mapping[str, float | None],
    untrained: Mapping[str, float | None],
    chance: float,
    per_category: Mapping[str, Mapping[str, Any]],
    path: Path,
    theme: Theme,
    *,
    classic: Mapping[str, float | None] = MappingProxyType({}),
    intervals: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Bars of P@1, P@3, P@5, P@10 beside the untrained network's and chance; below, P@1 and P@10 of each category.

    Where it was measured, the classic recipe's bars stand between, and whiskers show the intervals [low, high].
    """
    names = [name for name, row in per_category.items() if row.get("P@1") is not None]
    height = max(3.4, 1.1 + 0.36 * len(names))
    with drawn_figure(path, theme, (10.4, height)) as figure:
        grid = figure.add_gridspec(1, 2, width_ratios=(1, 1.05), wspace=0.1)
        series = [
            ("before training", untrained, theme.faint),
            ("classic recipe", classic, theme.contrast),
            ("this model", overall, theme.accent),
        ]
        _overall_bars(figure.add_subplot(grid[0]), series, intervals, chance, theme)
        _category_bars(figure.add_subplot(grid[1]), {name: per_category[name] for name in names}, theme)


def _overall_bars(
    axes: Axes,
    series: Sequence[tuple[str, Mapping[str, float | None], str]],
    intervals: Mapping[str, Any],
    chance: float,
    theme: Theme,
) -> None:
    """Bars side by side for each name, figures and colour of ``series``; the last one is the model itself."""
    dress(axes, theme, "All photos")
    own = series[-1][1]
    keys = [key for key in ("P@1", "P@3", "P@5", "P@10") if own.get(key) is not None]
    shown = [one for one in series if any(one[1].get(key) is not None for key in keys)]
    for place, key in enumerate(keys):
        bars = [(float(value), colour) for _, values, colour in shown if (value := values.get(key)) is not None]
        width = 0.78 / len(bars)
        for n, (value, colour) in enumerate(bars):
            x = place + (n - (len(bars) - 1) / 2) * width
            axes.bar(x, value, width * 0.94, color=colour)
            edges = intervals.get(key) if n == len(bars) - 1 else None
            top = value
            if edges:
                top = max(value, float(edges[1]))
                axes.plot([x, x], edges, color=theme.ink, linewidth=1.3)
            size = 9 if len(bars) < 3 else 7.5
            axes.text(x, top + 0.015, f"{value:.2f}", ha="center", color=theme.ink, fontsize=size)
    axes.axhline(chance, color=theme.ink, linestyle=(0, (4, 3)), linewidth=1.2)
    names = ["First hit" if key == "P@1" else f"First {key[2:]}" for key in keys]
    axes.set_xticks(range(len(keys)), names)
    axes.set_ylim(0, 1.12)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    handles: list[Any] = [Patch(color=colour, label=label) for label, _, colour in reversed(shown)]
    handles.append(Line2D([], [], color=theme.ink, linestyle=(0, (4, 3)), label=f"blind guessing ({chance:.2f})"))
    axes.legend(
        handles=handles,
        frameon=False,
        fontsize=8.5,
        labelcolor=theme.ink,
        ncols=4,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.1),
        columnspacing=1.2,
        handlelength=1.4,
    )


def _category_bars(axes: Axes, rows: Mapping[str, Mapping[str, Any]], theme: Theme) -> None:
    dress(axes, theme, "By category: first hit (bar) and first 10 (dot)", grid="x")
    names = list(rows)
    places = np.arange(len(names))
    axes.barh(places, [float(rows[name]["P@1"]) for name in names], 0.62, color=theme.accent)
    tens = [(place, rows[name].get("P@10")) for place, name in enumerate(names)]
    kept = [(value, place) for place, value in tens if value is not None]
    axes.plot([v for v, _ in kept], [p for _, p in kept], "o", color=theme.ink, markersize=5.5, clip_on=False)
    axes.set_yticks(places, [shorten(name, 22) for name in names], color=theme.ink, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])


def draw_map(
    positions: NDArray[np.float64],
    categories: Sequence[str],
    thumbnails: Mapping[int, Image.Image],
    path: Path,
    theme: Theme,
) -> None:
    """The t-SNE map [n, 2], a dot a photo in its category's colour, with the pictures of some of them."""
    names = sorted(set(categories))
    style = {name: category_style(n, theme) for n, name in enumerate(names)}
    labels = np.asarray(categories, dtype=object)
    with drawn_figure(path, theme, (10.4, 7.6)) as figure:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_aspect("equal", adjustable="datalim")
        for name in names:
            colour, marker = style[name]
            there = positions[labels == name]
            axes.scatter(there[:, 0], there[:, 1], s=20, c=colour, marker=marker, alpha=0.85, linewidths=0)
        for row, picture in thumbnails.items():
            box = AnnotationBbox(
                OffsetImage(np.asarray(picture), zoom=0.42),
                tuple(positions[row]),
                pad=0.12,
                bboxprops={"edgecolor": style[categories[row]][0], "linewidth": 1.6, "facecolor": "white"},
            )
            axes.add_artist(box)
        handles = [Line2D([], [], linestyle="", color=style[n][0], marker=style[n][1], markersize=7) for n in names]
        legend = axes.legend(
            handles,
            [shorten(n, 24) for n in names],
            frameon=False,
            fontsize=9.5,
            labelcolor=theme.ink,
            ncols=min(5, len(names)),
            loc="upper center",
            bbox_to_anchor=(0.5, -0.01),
            handletextpad=0.2,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters on one line; a leading underscore, which matplotlib hides, gets a space."""
    line = " ".join(text.split())
    line = f" {line}" if line.startswith("_") else line
    return line if len(line) <= length else line[: length - 1] + "…"


@contextmanager
def drawn_figure(path: Path, theme: Theme, inches: tuple[float, float]) -> Iterator[Figure]:
    """A figure that is written to ``path`` and dropped at the end of the block; pyplot never hears of it."""
    installed = {font.name for font in fontManager.ttflist}
    families = [*(name for name in FONTS if name in installed), "DejaVu Sans"]
    with matplotlib.rc_context({"font.family": families}), warnings.catch_warnings():
        # A category in a script that no installed font has is drawn as boxes; the page's own text shows it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=inches, dpi=DPI, facecolor=theme.ground, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        figure.savefig(path, facecolor=theme.ground, metadata={"Software": None})
        figure.clear()


def dress(axes: Axes, theme: Theme, title: str, grid: str = "y") -> None:
    """Give a chart the theme's ground, its title and grid lines across ``y`` or ``x``; no frame."""
    axes.set_facecolor(theme.ground)
    axes.set_title(title, loc="left", color=theme.ink, fontsize=11, fontweight="bold", pad=10)
    axes.tick_params(colors=theme.muted, length=0, labelsize=9)
    axes.grid(visible=True, axis="x" if grid == "x" else "y", color=theme.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
