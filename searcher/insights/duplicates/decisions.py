"""What people decided of two photos: one line of JSON each, only ever appended; the last word on a pair counts.

    {"first": sha256, "second": sha256, "verdict": "same", "by": "anna", "at": "2026-11-01T09:30:00Z"}

Photos are named by the sha256 of their files, so that a decision survives every sync and every rebuild.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args

from indexer.errors import JewelryError, UsageError
from indexer.system.clock import now
from indexer.system.files import fsync
from indexer.system.marks import mark
from indexer.system.plain_json import PlainJson

Verdict = Literal["same", "variant", "different", "skip"]
"""``same``: one is a copy of the other, or both show one product; ``skip``: looked at, and left open."""

NAME = "decisions.jsonl"
LONGEST_NAME = 100
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Decision(PlainJson):
    """One verdict on two photos, whichever is named first."""

    first: str
    """sha256 of its file."""
    second: str
    verdict: Verdict
    by: str
    """Who decided, for people."""
    at: str
    """When, in UTC."""

    @property
    def pair(self) -> tuple[str, str]:
        """The two photos in an order of their own: A and B is the pair that B and A is."""
        return _pair(self.first, self.second)


class Decisions:
    """The last decision on each pair, in the order in which they were last decided."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._last: dict[tuple[str, str], Decision] = {}
        for decision in decisions:
            self._last.pop(decision.pair, None)
            self._last[decision.pair] = decision

    @classmethod
    def read(cls, path: Path) -> Self:
        """The decisions in a file; none where there is no file. A last line that a crash cut off is passed over.

        Raises:
            JewelryError: the file cannot be read, or a line before the last one is not a decision.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise JewelryError(f"{path}: cannot be read ({error.strerror or error}); check its rights") from error
        return cls(_read(path, data))

    def decision(self, first: str, second: str) -> Decision | None:
        """The last decision on two photos (sha256 of their files), in either order."""
        return self._last.get(_pair(first, second))

    def verdict(self, first: str, second: str) -> Verdict | None:
        """The last verdict on two photos, ``skip`` included; None where nobody has looked."""
        found = self.decision(first, second)
        return None if found is None else found.verdict

    def __len__(self) -> int:
        return len(self._last)

    def __iter__(self) -> Iterator[Decision]:
        return iter(self._last.values())


def decisions_path(local: Path) -> Path:
    """Where the decisions of an index are kept; ``local`` is its `Index.local`."""
    return local / NAME


def append(path: Path, first: str, second: str, verdict: Verdict, by: str) -> Decision:
    """Add a decision; it is on the disk when this returns, also where several add at once.

    A decision is never changed: to take one back, add another.

    Raises:
        UsageError: what is given is not a decision.
        JewelryError: the file cannot be written, or its last line is damaged in a way that no crash leaves behind.
    """
    decision = _checked(Decision(first, second, verdict, by, now()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mark(path.parent)
        with path.open("a+b") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            new = not os.fstat(handle.fileno()).st_size
            _end_last_line(path, handle.fileno())
            handle.write(json.dumps(decision.to_json()).encode() + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        if new:
            fsync(path.parent)
    except OSError as error:
        raise JewelryError(f"{path}: cannot be written ({error.strerror or error}); check rights and disk") from error
    return decision


def _end_last_line(path: Path, descriptor: int) -> None:
    """Let the next decision begin on a line of its own: a whole one is ended, a partial one is dropped."""
    size = os.fstat(descriptor).st_size
    start, tail = size, b""
    while start > 0 and b"\n" not in tail[:-1]:
        step = min(4096, start)
        start -= step
        tail = os.pread(descriptor, step, start) + tail
    last = tail[tail.rfind(b"\n", 0, len(tail) - 1) + 1 :]
    if not last:
        return
    whole = _decision_of(last) is not None
    if last.endswith(b"\n"):
        if not whole:
            raise JewelryError(f"{path}: its last line is not a decision; correct that line or remove it")
    elif whole:
        os.write(descriptor, b"\n")
    else:
        os.ftruncate(descriptor, size - len(last))


def _read(path: Path, data: bytes) -> Iterator[Decision]:
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        decision = _decision_of(line)
        if decision is not None:
            yield decision
        elif number < len(lines):
            raise JewelryError(f"{path}, line {number}: is not a decision; correct that line or remove it")


def _decision_of(line: bytes) -> Decision | None:
    try:
        return _checked(Decision(**json.loads(line)))
    except (ValueError, TypeError, RecursionError, UsageError):
        return None


def _checked(decision: Decision) -> Decision:
    """The decision; raises ``UsageError`` where it is invalid."""
    for sha256 in (decision.first, decision.second):
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise UsageError(f"{sha256!r} names no photo; give the sha256 of its file, 64 hexadecimal digits")
    if decision.first == decision.second:
        raise UsageError("both are the same file, which needs no decision; name two photos")
    if decision.verdict not in get_args(Verdict):
        raise UsageError(f"the verdict {decision.verdict!r} is not one of {', '.join(get_args(Verdict))}")
    by = decision.by
    if not isinstance(by, str) or not by.strip() or len(by) > LONGEST_NAME or not by.isprintable():
        raise UsageError(f"who decides is named by 1 to {LONGEST_NAME} printable characters")
    if not isinstance(decision.at, str):
        raise UsageError("a decision has a time")
    return decision


def _pair(first: str, second: str) -> tuple[str, str]:
    return (first, second) if first <= second else (second, first)
