"""What a sync did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from indexer.catalog.products import Reject
from indexer.system.plain_json import PlainJson, rounded


@dataclass(slots=True)
class SyncReport(PlainJson):
    """What a sync did, or with ``dry_run`` would do."""

    catalog: str
    index: str
    model: str
    products: int
    photos: dict[str, int]
    """Photos per case of the plan: new, changed, moved, updated, unchanged, gone, kept."""
    fields: dict[str, str]
    rejects: Annotated[list[Reject], Field(alias="rejected")] = field(default_factory=list)
    rejects_file: Path | None = None
    text_model: str | None = None
    """Where the text model is that photos are embedded with too."""
    embedded: int = 0
    """Photos that went through the model in this run."""
    recovered: int = 0
    """Photos whose embedding an earlier run, which did not finish, had left in the journal."""
    read_again: int = 0
    """Photos with transparency or a colour profile, among the changed, that this version reads in another way than the
    one that indexed them."""
    rebuilt: bool = False
    """Whether another model than the published one made it necessary to start from nothing."""
    generation: str | None = None
    published: bool = False
    dry_run: bool = False
    seconds: dict[str, Annotated[float, rounded(3)]] = field(default_factory=dict)
