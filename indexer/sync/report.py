"""What a sync did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.catalog.products import Reject


@dataclass(slots=True)
class SyncReport:
    """What a sync did, or with ``dry_run`` would do."""

    catalog: str
    index: str
    model: str
    products: int
    photos: dict[str, int]
    """Photos per case of the plan: new, changed, moved, updated, unchanged, gone, kept."""
    fields: dict[str, str]
    rejects: list[Reject] = field(default_factory=list)
    rejects_file: Path | None = None
    text_model: str | None = None
    """Where the text model is that photos are embedded with too."""
    embedded: int = 0
    """Photos that went through the model in this run."""
    recovered: int = 0
    """Photos whose embedding an earlier run, which did not finish, had left in the journal."""
    rebuilt: bool = False
    """Whether another model than the published one made it necessary to start from nothing."""
    generation: str | None = None
    published: bool = False
    dry_run: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "catalog": self.catalog,
            "index": self.index,
            "model": self.model,
            "text_model": self.text_model,
            "generation": self.generation,
            "published": self.published,
            "dry_run": self.dry_run,
            "rebuilt": self.rebuilt,
            "products": self.products,
            "photos": self.photos,
            "embedded": self.embedded,
            "recovered": self.recovered,
            "fields": self.fields,
            "rejected": [{"where": r.where, "product_id": r.product_id, "reason": r.reason} for r in self.rejects],
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }
