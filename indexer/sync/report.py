"""What a sync did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from indexer.catalog.products import PassedOver, Reject
from indexer.system.plain_json import PlainJson, rounded


@dataclass(frozen=True, slots=True)
class Renamed(PlainJson):
    """A product whose photos the catalog now has under another id; what visitors and clusters said of it goes along."""

    before: str
    after: str
    because: str


@dataclass(frozen=True, slots=True)
class Removed(PlainJson):
    """A photo that leaves the index because the catalog has it no more, under whatever name."""

    product_id: str
    photo: str


@dataclass(slots=True)
class SyncReport(PlainJson):
    """What a sync did, or with ``dry_run`` would do."""

    catalog: str
    index: str
    model: str
    products: int
    photos: dict[str, int]
    """Photos per case of the plan: new, changed, moved, updated, unchanged, gone, kept. What moved is gone from where
    it was; ``removed`` tells what is gone altogether."""
    fields: dict[str, str]
    rejects: Annotated[list[Reject], Field(alias="rejected")] = field(default_factory=list)
    rejects_file: Path | None = None
    notes: list[str] = field(default_factory=list)
    """What a person should know although nothing was left out, a line each."""
    passed_over: list[PassedOver] = field(default_factory=list)
    """What lies in the folders of the catalog, or stands in a feed, and is no part of it: drafts, hidden products …"""
    removed: list[Removed] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    """What was damaged in the index, and what was done about it."""
    text_model: str | None = None
    """Where the text model is that photos are embedded with too."""
    embedded: int = 0
    """Photos that went through the model in this run."""
    recovered: int = 0
    """Photos whose embedding an earlier run, which did not finish, had left in the journal."""
    read_again: int = 0
    """Photos with transparency or a colour profile, among the changed, that this version reads in another way than the
    one that indexed them."""
    shared: int = 0
    """Photos that have the bytes of another and were embedded with it."""
    rebuilt: bool = False
    """Whether another model than the published one made it necessary to start from nothing."""
    generation: str | None = None
    published: bool = False
    dry_run: bool = False
    seconds: dict[str, Annotated[float, rounded(3)]] = field(default_factory=dict)
