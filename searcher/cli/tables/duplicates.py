"""A duplicate report and the check of one photo as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.system.text import counted
from searcher.insights.duplicates.answers import DuplicateCheck, DuplicateReport, Group, Member, Tier

WORDS = {
    Tier.IDENTICAL_FILE: "identical file",
    Tier.IDENTICAL_PIXELS: "identical pixels",
    Tier.EDITED: "edited copy",
    Tier.OTHER_PHOTO: "probably another photo of it",
    Tier.VARIANT: "variant",
}
NAMED = 5
"""Blank photos that are named."""


def print_report(report: DuplicateReport, tiers: Sequence[Tier], most: int) -> None:
    """Summary, then the first groups, those that cost money on top."""
    out = Console(highlight=False, soft_wrap=True)
    summary = report.summary()
    shown = [group for group in report.groups if not tiers or group.tier in tiers]
    if shown:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("", "what", "product", "photo", "sure", "size", ""):
            table.add_column(name, overflow="fold")
        for number, group in enumerate(shown[:most], start=1):
            for place, member in enumerate(group.members):
                table.add_row(*_row(number, place, group, member))
        out.print(table)
        out.print()
    counts = ", ".join(
        f"{count} of {WORDS[Tier(tier)]}{'s' if count != 1 and tier == 'variant' else ''}"
        for tier, count in summary["groups_by_tier"].items()
        if count
    )
    for shared in report.placeholders:
        first = shared.photos[0]
        out.print(
            f"placeholder: {first.path} and {len(shared.photos) - 1} more show one picture for "
            f"{len(shared.products)} products; nothing of it is deleted",
            markup=False,
        )
    out.print(f"{summary['photos']} photos: {summary['groups']} groups{f' ({counts})' if counts else ''}", markup=False)
    out.print(
        f"{summary['deletable']} photos may be deleted, {summary['crossing_categories']} groups cross categories, "
        f"{summary['prices_differ']} carry several prices",
        markup=False,
    )
    if report.blank:
        named = ", ".join(photo.path for photo in report.blank[:NAMED])
        more = f" and {len(report.blank) - NAMED} more" if len(report.blank) > NAMED else ""
        out.print(f"{_photos_are(len(report.blank))} blank, compared with nothing: {named}{more}", markup=False)
    out.print(
        f"{summary['candidates']} pairs looked at, {summary['verified']} compared closely, "
        f"{summary['not_verified']} not verified; {report.took_s:.1f} s",
        style="dim",
        markup=False,
    )
    for note in report.notes:
        out.print(note, style="yellow", markup=False)
    if len(shown) > most:
        out.print(f"The first {most} of {len(shown)} groups are shown; the page and the CSV have all.", style="dim")


def _photos_are(photos: int) -> str:
    """A number of photos and its verb."""
    return f"{counted(photos, 'photo')} {'is' if photos == 1 else 'are'}"


def _row(number: int, place: int, group: Group, member: Member) -> list[Text | str]:
    photo = member.photo
    flags = [word for word, set_ in (("categories", group.crosses_categories), ("prices", group.prices_differ)) if set_]
    what = WORDS[member.tier] if member.tier else (f"! {', '.join(flags)}" if flags and group.tier.is_copy else "")
    mark = "keep" if member.keep else "delete" if member.delete else ""
    sure = "" if member.probability is None else f"{member.probability:.0%}"
    return [
        str(number) if place == 0 else "",
        Text(what),
        Text(photo.product_id),
        Text(photo.path),
        sure,
        f"{photo.width}x{photo.height}",
        mark,
    ]


def print_check(check: DuplicateCheck) -> None:
    """What a new photo is."""
    out = Console(highlight=False, soft_wrap=True)
    for match in check.matches:
        out.print(
            f"{WORDS[match.tier]:28} {match.probability:4.0%}  {match.photo.product_id}  {match.photo.path}",
            markup=False,
        )
    if check.placeholder:
        out.print("A placeholder: it stands for missing photos of many products, and is no duplicate of theirs.")
    if check.blank:
        out.print("Blank: the photo shows nothing but one colour, so it was compared with nothing.")
    elif not check.matches:
        nearest = f"; nearest is {check.nearest}, a different one" if check.nearest else ""
        out.print(f"New: the index has neither this picture nor this product{nearest}.", markup=False)
    if check.not_verified:
        left = f"{check.not_verified} further neighbours, less alike or without a picture, were not compared."
        out.print(left, style="dim")
    out.print(f"{check.took_ms:.0f} ms, generation {check.generation}", style="dim", markup=False)
