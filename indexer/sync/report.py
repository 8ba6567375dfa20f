"""What a sync did, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

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


LIMITING = ("decode", "embed", "embed for texts", "thumbnail")
"""The stages that no way of embedding a photo can do without."""


@dataclass(frozen=True, slots=True)
class Speed(PlainJson):
    """How fast photos were embedded, and how fast this machine could embed them at most."""

    photos_per_second: Annotated[float, rounded(1)]
    """While photos were embedded and written: neither the plan before nor publishing after it is counted."""
    milliseconds: dict[str, Annotated[float, rounded(3)]]
    """By stage, of one core for one photo; `waiting for photos` is no work, but what cores had to wait for bytes."""
    cores: int
    """Cores that were used."""
    limit: Annotated[float, rounded(1)]
    """Photos per second if the cores did nothing else than what cannot be left out: decoding, the networks and
    thumbnails, at the speed that they had."""

    @classmethod
    def of(cls, photos: int, seconds: float, cores: int, spent: Mapping[str, float]) -> Self:
        """Of so many photos that went through the model, and the seconds of all threads by stage."""
        needed = sum(spent.get(stage, 0.0) for stage in LIMITING)
        each = {stage: 1000 * taken / photos for stage, taken in spent.items()}
        return cls(photos / max(seconds, 1e-9), each, cores, cores * photos / max(needed, 1e-9))

    @property
    def limiting(self) -> list[str]:
        """The stages that the limit is made of."""
        return [stage for stage in LIMITING if stage in self.milliseconds]

    @property
    def share(self) -> float:
        """Of the limit, 0 to 1, that was reached."""
        return self.photos_per_second / self.limit


@dataclass(slots=True)
class SyncReport(PlainJson):
    """What a sync did, or with ``dry_run`` would do."""

    catalog: str
    index: str
    model: str
    products: int
    """Of the catalog, or of the scope."""
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
    scope: Any = None
    """The filter that says which part of the catalog the sync was about, as it was given; all else stays as it is."""
    embedded: int = 0
    """Photos that went through the model in this run."""
    recovered: int = 0
    """Photos whose embedding an earlier run, which did not finish, had left in the journal."""
    read_again: int = 0
    """Photos with transparency or a colour profile, among the changed, that this version reads in another way than the
    one that indexed them."""
    coloured: int = 0
    """Photos that an earlier version indexed without their colours, and that got them without being embedded again."""
    shared: int = 0
    """Photos that have the bytes of another and were embedded with it."""
    rebuilt: bool = False
    """Whether another model than the published one made it necessary to start from nothing."""
    generation: str | None = None
    published: bool = False
    dry_run: bool = False
    seconds: dict[str, Annotated[float, rounded(3)]] = field(default_factory=dict)
    """By the clock, stage by stage; those that are sums of workers are seconds of a core."""
    speed: Speed | None = None
    """Of embedding; None where no photo went through the model."""
