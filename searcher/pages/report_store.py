"""Where the reports of an index are kept: ``<index.local>/reports/<kind>/report.{json,csv,html}``, replaced at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

from indexer.errors import JewelryError, ReportMissing
from indexer.store.interface import Index
from indexer.system.files import replace_text
from indexer.system.forks import Lock
from indexer.system.marks import mark
from searcher.insights.report import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)

FILES = ("report.html", "report.csv", "report.json")
"""What a report consists of; the JSON is written last, and a report without it does not count."""

Document: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report that is there."""

    kind: Kind
    folder: Path
    generation: str
    """The generation of the index that it is about."""
    created_at: str
    summary: Mapping[str, Any]

    def stale(self, published: str | None, since: str = "") -> bool:
        """Whether the index has moved on, see `is_stale`."""
        return is_stale(self.generation, self.created_at, published, since)

    def path(self, name: str) -> Path:
        """One of its `FILES`."""
        return self.folder / name


def is_stale(generation: str, created_at: str, published: str | None, since: str) -> bool:
    """Whether a report is about another generation than the published one.

    Args:
        generation: the name of the generation that the report is about.
        created_at: when the report was made.
        published: the name of the generation that is published now.
        since: when that one was made: in an index that was filled anew, another generation has the same name.
    """
    return generation != published or created_at < since


def published_since(index: Index) -> tuple[str | None, str]:
    """What `is_stale` compares a report with: the published generation's name, and when it was made."""
    record = index.record()
    return index.current(), record.created_at if record else ""


class ReportStore:
    """The reports of one index, each kind the last one that was made. It may be shared by threads.

    Args:
        local: this machine's folder of the index (`Index.local`).
    """

    def __init__(self, local: Path) -> None:
        self.root = local / "reports"
        self._lock = Lock()
        self._read: dict[Kind, tuple[tuple[int, int, int], Document]] = {}

    def write(self, kind: Kind, document: Mapping[str, Any], csv: str, html: str) -> StoredReport:
        """Replace the report of a kind; who reads meanwhile sees the old files or the new ones.

        Raises:
            JewelryError: the folder cannot be written.
        """
        folder = self.root / kind
        texts = {"report.html": html, "report.csv": csv, "report.json": json.dumps(document, allow_nan=False) + "\n"}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            mark(self.root)
            for name, text in texts.items():
                replace_text(folder / name, text)
        except OSError as error:
            raise JewelryError(
                f"{folder}: the report cannot be written ({error.strerror or error}); reports are kept beside the "
                "index: run it as who may write there, and check the disk"
            ) from error
        return self._stored(kind, document)

    def document(self, kind: Kind) -> Document:
        """The JSON document of a report; it is shared, and not to be changed.

        Raises:
            ReportMissing: there is none; the message says which command makes it.
            JewelryError: it cannot be read.
        """
        path = self.root / kind / "report.json"
        try:
            status = path.stat()
        except FileNotFoundError:
            raise ReportMissing(f"there is no report of {kind} yet; make it with: searcher {kind}") from None
        except OSError as error:
            raise _unreadable(kind, path, error) from error
        seen = status.st_mtime_ns, status.st_size, status.st_ino
        with self._lock:
            known = self._read.get(kind)
            if known is None or known[0] != seen:
                known = self._read[kind] = seen, _parsed(kind, path)
        return known[1]

    def find(self, kind: Kind) -> StoredReport:
        """A report; raises as `document`."""
        return self._stored(kind, self.document(kind))

    def reports(self) -> Iterator[StoredReport]:
        """All reports there are; one that cannot be read is passed over."""
        for kind in KINDS:
            try:
                yield self.find(kind)
            except JewelryError:
                continue

    def _stored(self, kind: Kind, document: Mapping[str, Any]) -> StoredReport:
        return StoredReport(
            kind, self.root / kind, str(document["generation"]), str(document["created_at"]), document["summary"]
        )


def _parsed(kind: Kind, path: Path) -> Document:
    try:
        document = json.loads(path.read_bytes())
        whole = document["kind"] == kind and {"generation", "created_at", "summary"} <= document.keys()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _unreadable(kind, path, error) from error
    if not whole:
        raise _unreadable(kind, path, ValueError("it is another document"))
    return dict(document)


def _unreadable(kind: Kind, path: Path, error: Exception) -> JewelryError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return JewelryError(f"{path}: cannot be read ({reason}); make it again with: searcher {kind}")
