"""The curve between category and detail: what each share of the detail part would give, and the one that was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.report.plots import Theme, drawn_figure, dress

LINES = (("P@1", "P@1, first hit"), ("P@10", "P@10, first ten"), ("mAP", "mAP"), ("edited_copy", "edited copies"))
STYLES = ("-", "--", ":", "-.")


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Shares of the detail part, ascending, and the figures that validation gave each; ``taken`` is the model's own."""

    shares: tuple[float, ...]
    values: Mapping[str, tuple[float, ...]]
    taken: float | None

    def at(self, key: str, share: float) -> float:
        """A figure at the nearest share that was measured."""
        place = min(range(len(self.shares)), key=lambda one: abs(self.shares[one] - share))
        return self.values[key][place]


def trade_off_of(record: Mapping[str, Any]) -> TradeOff | None:
    """The curve in a model.json; None where there are not two points of it, as in models of other recipes."""
    training, head = record.get("training"), record.get("head")
    rows = training.get("trade_off") if isinstance(training, Mapping) else None
    points: dict[float, Mapping[str, Any]] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Mapping) and isinstance(row.get("detail", row.get("share")), int | float):
            points[float(row.get("detail", row.get("share")))] = row
    shares = tuple(sorted(points))
    keys = [key for key, _ in LINES if shares and all(_is_number(points[share].get(key)) for share in shares)]
    if len(shares) < 2 or not keys:
        return None
    share = head.get("detail_share") if isinstance(head, Mapping) else None
    taken = float(share) if isinstance(share, int | float) else None
    return TradeOff(shares, {key: tuple(float(points[share][key]) for share in shares) for key in keys}, taken)


def draw_trade_off(curve: TradeOff, path: Path, theme: Theme) -> None:
    """A line a figure over the share of the detail part, and where this model stands."""
    with drawn_figure(path, theme, (10.4, 3.6)) as figure:
        axes = figure.add_subplot()
        dress(axes, theme, "Validation photos, by the share of the detail part")
        colours = (theme.accent, theme.accent, theme.muted, theme.contrast)
        for (key, label), style, colour in zip(LINES, STYLES, colours, strict=True):
            if key in curve.values:
                axes.plot(curve.shares, curve.values[key], style, color=colour, linewidth=2, label=label)
        if curve.taken is not None:
            axes.axvline(curve.taken, color=theme.ink, linewidth=1.2, alpha=0.7)
            left = curve.taken > 0.8
            axes.annotate(
                f"this model: {curve.taken:.2f}",
                (curve.taken, 0.04),
                xycoords=("data", "axes fraction"),
                xytext=(-6 if left else 6, 0),
                textcoords="offset points",
                ha="right" if left else "left",
                color=theme.ink,
                fontsize=9,
            )
        axes.set_xlabel("category alone  ←  share of the detail part  →  detail alone", color=theme.muted, fontsize=9)
        axes.legend(
            frameon=False, fontsize=8.5, labelcolor=theme.ink, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2)
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
