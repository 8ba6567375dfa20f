"""Refuses a file of events that says next to nothing: it would take the place of all that is known of co-views."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import EventsError
from indexer.fields.roles import CO_VIEWED
from indexer.store.interface import Store
from indexer.sync.annotate.events import Events
from indexer.system.text import counted

MAX_REJECTED = 0.5
"""The share of the lines that may be rejected. A few are in every log; most of them are a file of something else."""
_NAMED = 3
"""Reasons that a refusal names."""


def check_events(path: Path, location: str, events: Events, rejects_file: Path | None, max_rejected: float) -> None:
    """Look at what was read of a file. Views of products that the index does not have are no rejects: products go, and
    their views stay in the log.

    Args:
        path: the file.
        location: the index, as people call it.
        events: what was read.
        rejects_file: where the rejected lines are listed.
        max_rejected: the largest share of the lines that may be rejected, 0 to 1.

    Raises:
        EventsError: no line can be used, or more than ``max_rejected`` cannot, or none is of a product of the index.
    """
    if not events.total:
        first = events.rejects[0]
        raise EventsError(
            f"{path}: not one usable event, {events.rejected} lines rejected; first: {first.where}: {first.reason}"
        )
    lines = events.total + events.rejected
    if events.rejected / lines > max_rejected:
        raise EventsError(
            f"{path}: {events.rejected:,} of {counted(lines, 'line')} rejected, more than {max_rejected * 100:g} %; "
            f"nothing was written: {'; '.join(_reasons(events))}; correct the lines that {rejects_file} lists, or take "
            "the others alone with --max-rejected 100%"
        )
    if not events.products.size:
        raise EventsError(
            f"{path}: none of its {events.unknown_products} products is in {location}; nothing was written: "
            "give the events of this shop, with the product ids of its catalog"
        )


def check_something_left(path: Path, location: str, products: int, published: Store, min_count: int) -> None:
    """Look at what would be written: a few views of another shop, whose ids are also used here, make no pair.

    Args:
        path: the file.
        location: the index, as people call it.
        products: products that would have co-viewed ones.
        published: the generation in the index.
        min_count: sessions that a pair had to have.

    Raises:
        EventsError: no product would have any, and some have now.
    """
    if products or not any(CO_VIEWED in point.payload for point in published.scroll(fields=[CO_VIEWED])):
        return
    together = "in the same session" if min_count == 1 else f"in {min_count} sessions"
    smaller = "" if min_count == 1 else ", or a smaller --min-count"
    raise EventsError(
        f"{path}: no two products of {location} were looked at {together}, and what is known would go; nothing "
        f"was written: give all sessions of this shop that should count{smaller}, or add --max-rejected 100%"
    )


def _reasons(events: Events) -> list[str]:
    """The first reasons, each with the first line that it is about."""
    first: dict[str, str] = {}
    for reject in events.rejects:
        first.setdefault(reject.reason, reject.where)
    return [f"{where}: {reason}" for reason, where in list(first.items())[:_NAMED]]
