"""Reads view sessions, one JSON object a line, into three flat arrays: which visitor, which product, when."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.products import Reject
from indexer.errors import EventsError
from indexer.system.names import composed

LONGEST_LINE = 64 * 1024
"""Bytes; a line without an end must not fill the memory."""
LISTED_REJECTS = 10_000
"""Bad lines that are listed; all are counted."""
LATEST_SECOND = 253_402_300_799
"""The end of the year 9999, where ISO 8601 ends too."""
_EVERY = 20_000

Notice = Callable[[int, int], None]
"""Called with (bytes read, bytes in all)."""


@dataclass(slots=True)
class Events:
    """Views of products that are in the index, 24 bytes each, in the order of the file."""

    sessions: NDArray[np.int64]
    """[n] a 64-bit hash of the session's name: ten million sessions share one with probability 3e-6."""
    products: NDArray[np.int64]
    """[n] the product's number in the index."""
    times: NDArray[np.float64]
    """[n] unix seconds."""
    total: int
    """Events that could be read, of any product."""
    unknown_events: int
    unknown_products: int
    rejected: int
    rejects: list[Reject] = field(default_factory=list)
    """The first of the rejected lines."""


def read_events(path: Path, known: Mapping[str, int], notice: Notice | None = None) -> Events:
    """Read a file of views: ``{"session": "s1", "product": "R100", "time": "2026-01-31T18:00:00Z"}`` on every line.

    ``session`` and ``product`` are text or whole numbers, ``time`` is ISO 8601 (no zone means UTC) or unix seconds;
    other keys are passed over. A line that is something else is a reject with its number.

    Args:
        path: the file, UTF-8.
        known: the index's products, in composed characters (see `composed`), and the number each goes by.
        notice: told now and then how far it got.

    Raises:
        EventsError: there is no such file, it is empty, or it cannot be read.
    """
    sessions, products, times = array("q"), array("q"), array("d")
    unknown: set[int] = set()
    label = path.name.encode(errors="replace").decode()  # names of files need not be text
    found = Events(*_arrays(sessions, products, times), 0, 0, 0, 0)
    try:
        with path.open("rb") as handle:
            size, done = path.stat().st_size, 0  # a pipe has none, and no position to ask for
            for number, line in _lines(handle):
                done += len(line or b"")
                if notice and number % _EVERY == 0:
                    notice(done, max(done, size))
                try:
                    session, product, moment = _parse(line)
                except ValueError as error:
                    found.rejected += 1
                    if len(found.rejects) < LISTED_REJECTS:
                        found.rejects.append(Reject(f"{label}:{number}", str(error)))
                    continue
                found.total += 1
                row = known.get(product)
                if row is None:
                    found.unknown_events += 1
                    unknown.add(hash(product))
                    continue
                sessions.append(hash(session))
                products.append(row)
                times.append(moment)
    except FileNotFoundError as error:
        raise EventsError(f"{path}: no such file; it needs one JSON object a line") from error
    except OSError as error:
        raise EventsError(f"{path}: cannot be read ({error.strerror or error}); check its name and rights") from error
    if not found.total and not found.rejected:
        raise EventsError(f"{path}: holds no events; it needs a JSON object with session, product and time a line")
    found.sessions, found.products, found.times = _arrays(sessions, products, times)
    found.unknown_products = len(unknown)
    return found


def _arrays(
    sessions: array[int], products: array[int], times: array[float]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    return np.array(sessions, np.int64), np.array(products, np.int64), np.array(times, np.float64)


def _lines(handle: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Lines that are not blank with their numbers, from 1; None for one that is too long."""
    number = 0
    while line := handle.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := handle.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif not line.isspace() and line:
            yield number, line


def _parse(line: bytes | None) -> tuple[str, str, float]:
    """Session, product, unix seconds; raises ``ValueError`` with a reason for people."""
    if line is None:
        raise ValueError(f"is longer than {LONGEST_LINE} bytes; write one event a line")
    try:
        event = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("is not JSON; write one object a line, without commas between lines") from error
    if not isinstance(event, dict):
        raise ValueError('is not a JSON object; write {"session": …, "product": …, "time": …}')
    for name in ("session", "product", "time"):
        if event.get(name) is None:
            raise ValueError(f"has no {name}; every event needs session, product and time")
    return _name(event, "session"), composed(_name(event, "product")), _seconds(event["time"])


def _name(event: dict[str, Any], name: str) -> str:
    value = event[name]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is neither text nor a whole number")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError) as error:
            raise ValueError("time is not a moment; write 2026-01-31T18:00:00Z or unix seconds") from error
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN is not itself
        raise ValueError("time is not a moment; write 2026-01-31T18:00:00Z or unix seconds")
    if not 0 <= value <= LATEST_SECOND:
        raise ValueError("time is out of range; write seconds since 1970, not milliseconds")
    return float(value)
