"""Where the time of a sync went, for people: its stages by the clock, and what a photo costs on a core."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from indexer.sync.report import Speed, SyncReport

FROM = 200
"""Photos that have to be embedded for a table of it: what one costs is not known from a few."""
STAGES = {
    "read": "read and hash",
    "decode": "decode",
    "fingerprints": "fingerprints",
    "colours": "colours",
    "embed": "embed",
    "embed for texts": "embed for texts",
    "thumbnail": "thumbnail",
    "journal": "journal",
    "write": "write into the index",
    "waiting for photos": "wait for photos",
}
SUMS = " (sum of workers)"


def print_speed(out: Console, report: SyncReport) -> None:
    """The seconds of each stage, and a table of what embedding consists of where it was more than a little."""
    stages = {stage: taken for stage, taken in report.seconds.items() if stage != "total" and not stage.endswith(SUMS)}
    total = max(report.seconds["total"], 1e-9)
    words = ", ".join(f"{stage} {taken:.1f} ({taken / total:.0%})" for stage, taken in stages.items())
    out.print(f"Seconds: {words}", style="dim", markup=False)
    if report.speed is not None and report.embedded >= FROM:
        _print_table(out, report.speed)


def _print_table(out: Console, speed: Speed) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="dim", style="dim")
    table.add_column("a photo on one core")
    table.add_column("ms", justify="right")
    table.add_column("share", justify="right")
    shown = {stage: speed.milliseconds[stage] for stage in STAGES if stage in speed.milliseconds}
    total = max(sum(shown.values()), 1e-9)
    for stage, each in shown.items():
        table.add_row(STAGES[stage], f"{each:.2f}", f"{each / total:.0%}")
    out.print(table)
    needed = " + ".join(stage for stage in speed.limiting)
    out.print(
        f"{speed.photos_per_second:.0f} photos/s while embedding, {speed.share:.0%} of the {speed.limit:.0f} that "
        f"{'1 core' if speed.cores == 1 else f'{speed.cores} cores'} could do with nothing but {needed}.",
        style="dim",
        markup=False,
    )
