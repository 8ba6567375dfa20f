"""What a watch says: one of these for every sync, and for every one that could not be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from indexer.sync.report import SyncReport
from indexer.system.clock import now


class Event(StrEnum):
    """What happened."""

    WATCHING = "watching"
    """It begins; the message says how changes are noticed, and comes again where that becomes another way."""
    SYNCED = "synced"
    """The index is in step, with what the report says."""
    REFUSED = "refused"
    """A sync would remove more than is likely meant; it is not tried again before something changes."""
    WAITING = "waiting"
    """Another writer is at work; as soon as it ends, the sync begins."""
    FAILED = "failed"
    """A sync failed, and is tried again."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One of them."""

    event: Event
    time: str
    report: SyncReport | None = None
    """Of a sync that was done."""
    message: str | None = None
    """Of everything else: one line."""
    again_in: float | None = None
    """Seconds until the next try, should nothing change before."""

    @classmethod
    def now(
        cls,
        event: Event,
        message: str | None = None,
        *,
        report: SyncReport | None = None,
        again_in: float | None = None,
    ) -> Watched:
        """What happened this moment."""
        return cls(event, now(), report, message, again_in)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, for a line: of a sync's lists, the numbers; the lists are in the rejects file."""
        line: dict[str, Any] = {"time": self.time, "event": str(self.event)}
        if self.message is not None:
            line["message"] = self.message
        if self.again_in is not None:
            line["again_in"] = self.again_in
        if (report := self.report) is not None:
            line |= {
                "index": report.index,
                "generation": report.generation,
                "published": report.published,
                "products": report.products,
                "photos": report.photos,
                "embedded": report.embedded,
                "removed": len(report.removed),
                "rejected": len(report.rejects),
                "rejects_file": None if report.rejects_file is None else str(report.rejects_file),
                "notes": report.notes,
                "repairs": report.repairs,
                "seconds": round(report.seconds.get("total", 0.0), 3),
            }
        return line
