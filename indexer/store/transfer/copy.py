"""Copies a generation to another index, of either engine: vectors and payload, nothing is embedded again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.errors import StoreUnwritable, UsageError, advice_on_writing
from indexer.store.interface import Draft, Index
from indexer.store.records import GenerationRecord, Point
from indexer.store.tally import PointSource
from indexer.store.transfer.compare import Kind, differences, verify
from indexer.system.clock import now
from indexer.system.files import replacing
from indexer.system.plain_json import PlainJson
from indexer.system.progress import EVERY, Progress, told_of_publishing


@dataclass(frozen=True, slots=True)
class TransferReport(PlainJson):
    """What a copy did."""

    source: str
    target: str
    generation: str
    """The target's published generation."""
    points: int
    sent: int
    """Points that were written in this run; the others were there from an earlier one."""
    checksum: str
    """Over ids, payloads and vectors of the source, whatever their order."""
    bit_for_bit: bool
    """Whether the target's vectors are the same to the last bit; else they are within 1e-6."""
    published: bool
    """False where the target held exactly this already."""


def copy_index(
    source: Index, target: Index, *, overwrite: bool = False, progress: Progress | None = None
) -> TransferReport:
    """Publish a copy of the source's published generation, and its thumbnails, in the target.

    Between two embedded indexes the shard itself is copied, search graph included; a run that was killed begins
    again, at the speed of a file copy. To a server the points are sent; a run that was killed or failed goes on
    with what arrived.

    Args:
        source: the index to copy from; only read.
        target: the index to copy to; readers see its old generation until the copy is verified.
        overwrite: replace a generation of another catalog or another model.
        progress: called with (stage, points done, points in all).

    Raises:
        UsageError: source and target are the same, or the target holds another catalog or model.
        StoreError: either cannot be used, or the copy is not what was sent.
    """
    if source.place == target.place:
        raise UsageError(
            f"{source.location}: is both what is copied and where to; name another place, as with --index DIR"
        )
    with closing(source.read(whole=True)) as store:
        report = transfer(store, source.location, target, overwrite=overwrite, progress=progress)
    copy_thumbnails(source.local, target.local)
    return report


def transfer(
    source: PointSource, name: str, target: Index, *, overwrite: bool = False, progress: Progress | None = None
) -> TransferReport:
    """`copy_index` from anything that holds points.

    Args:
        source: the points, in order of id; a target of the engine that its files are of gets a copy of these.
        name: what reports call the source.
        target: see `copy_index`.
        overwrite: see `copy_index`.
        progress: see `copy_index`.
    """
    tolerance, files = target.tolerance, source.files
    record = replace(source.record, created_at=now())
    if source.count() == 0:
        raise UsageError(f"{name}: holds no points, there is nothing to copy")
    check_target(source.record, target, overwrite)  # before anything is locked or written
    with target.write(resume=record) as writer:
        check_target(source.record, target, overwrite)
        published = writer.published()
        if published is not None and published.record.means_same(record):
            first = next(differences(source.scroll(vectors=True), published.scroll(vectors=True), tolerance), None)
            if first is None:
                same = verify(source, published, target.location, tolerance, progress)
                return TransferReport(
                    name, target.location, published.generation, same.points, 0, same.checksum, same.bit_for_bit, False
                )
        if files is not None and files.engine == target.engine:
            draft: Draft = writer.adopt(files, record)
            sent = source.count()
        else:
            draft = writer.draft(record, from_published=False)
            sent = _send(source, draft, tolerance, progress)
        done = verify(source, draft, target.location, tolerance, progress)
        told_of_publishing(progress)
        generation = draft.publish()
    return TransferReport(
        name, target.location, generation, done.points, sent, done.checksum, done.bit_for_bit, published=True
    )


def check_target(record: GenerationRecord, target: Index, overwrite: bool) -> None:
    """Refuse to replace what was made of other photos or by another model, unless that is wanted.

    Raises:
        UsageError: the target's published generation is such a one.
    """
    there = target.record()
    if there is None or overwrite:
        return
    if there.catalog_root != record.catalog_root:
        raise UsageError(
            f"{target.location}: holds the catalog {there.catalog_root}, not {record.catalog_root}; "
            "choose another place, or add --replace"
        )
    if there.text_model is not None and (
        record.text_model is None or there.text_model.fingerprint != record.text_model.fingerprint
    ):
        raise UsageError(
            f"{target.location}: answers texts by another text model, or by one where the copy has none; "
            "add --replace to switch"
        )
    if (there.fingerprint, there.dimension) != (record.fingerprint, record.dimension):
        raise UsageError(
            f"{target.location}: was built by another model ({there.fingerprint[:12]}, not "
            f"{record.fingerprint[:12]}), its searchers will need this one; add --replace to switch"
        )


def copy_thumbnails(source: Path, target: Path) -> int:
    """Thumbnails from beside one index to beside another; returns how many were not there yet.

    They are named by content and never change, so on one file system the copy is a second name for the file.

    Raises:
        StoreUnwritable: the disk refuses.
    """
    copied = 0
    try:
        for path in (source / "thumbnails").glob("*/*.webp"):
            copy = target / "thumbnails" / path.parent.name / path.name
            if copy.exists():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                _link_or_copy(path, copy)
                copied += 1
    except OSError as error:
        raise StoreUnwritable(
            f"{target}: thumbnails cannot be written ({error.strerror or error}); {advice_on_writing(error)}"
        ) from error
    return copied


def _link_or_copy(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links
        with path.open("rb") as source, replacing(copy, durable=False) as target:
            shutil.copyfileobj(source, target)


def _send(source: PointSource, draft: Draft, tolerance: float, progress: Progress | None) -> int:
    """Bring a draft to hold the source's points; returns how many had to be sent."""
    sent, extra, total = 0, list[str](), source.count()

    def lacking() -> Iterator[Point]:
        nonlocal sent
        wanted = _shown(source.scroll(vectors=True), total, progress)
        for kind, point in differences(wanted, draft.scroll(vectors=True), tolerance):
            if kind is Kind.EXTRA:
                extra.append(point.id)
            else:
                sent += 1
                yield point

    draft.upsert(lacking())
    draft.delete(extra)
    return sent


def _shown(points: Iterator[Point], total: int, progress: Progress | None) -> Iterator[Point]:
    for done, point in enumerate(points):
        if progress and done % EVERY == 0:
            progress("Copying", done, total)
        yield point
