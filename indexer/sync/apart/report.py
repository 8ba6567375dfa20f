"""What embedding into a folder of shards did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from indexer.catalog.products import PassedOver, Reject
from indexer.system.plain_json import PlainJson, rounded


@dataclass(slots=True)
class EmbedReport(PlainJson):
    """What a run did, and what the folder holds now."""

    catalog: str
    folder: str
    model: str
    products: int
    photos: int
    """Photos of the catalog that could be found."""
    points: int = 0
    """Photos in all shards together."""
    shards: int = 0
    made: int = 0
    """Shards that were made in this run."""
    there: int = 0
    """Shards that an earlier run had made of the same photos."""
    anew: int = 0
    """Of those made, the ones that an earlier run had made of another state of the catalog."""
    embedded: int = 0
    """Photos that went through the model in this run."""
    text_model: str | None = None
    """Where the text model is that photos are embedded with too."""
    rejects: Annotated[list[Reject], Field(alias="rejected")] = field(default_factory=list)
    rejects_file: Path | None = None
    notes: list[str] = field(default_factory=list)
    """What a person should know although nothing was left out, a line each."""
    passed_over: list[PassedOver] = field(default_factory=list)
    """See the report of a sync."""
    seconds: dict[str, Annotated[float, rounded(3)]] = field(default_factory=dict)
    """By the clock."""
