"""The one error tree: everything this project raises on purpose, and the exit code each stands for.

    JewelryError                        exit 1
    ├── UsageError                      exit 2   the command or its options make no sense
    │   ├── FilterError                          a filter names an unknown field or a wrong type
    │   └── UnknownProduct                       no such product id in the index
    ├── CatalogError                             the catalog as a whole cannot be read
    │   └── RemovalRefused                       a sync would take more out of the index than is likely meant
    ├── EventsError                          a file of view sessions as a whole cannot be used
    ├── ImageError                               one photo cannot be used (a sync turns it into a reject)
    │   └── FetchError                           a photo cannot be fetched from its URL
    ├── ModelError                               a model directory is missing, altered or of another format
    │   └── FingerprintMismatch                  the index was built by another model
    ├── StoreError                               the vector store cannot be used
    │   ├── StoreMissing                         there is no index yet
    │   ├── StoreGone                            what is read was removed meanwhile; ask for what is there now
    │   ├── StoreDamaged                         what is published is not what was published
    │   ├── ShardLost                            no node that answers holds a part of it
    │   ├── StoreLocked                          another writer is at work
    │   ├── StoreUnwritable                      no permission, or the disk is full
    │   └── VectorError                          a vector is NaN, infinite, zero or of the wrong length
    ├── ClientError                              a request to the HTTP service has no answer
    │   └── ServiceUnavailable                   it cannot be reached, or cannot answer now: ask again later
    ├── ReportMissing                            a report on the catalog has not been made yet
    └── MissingExtra                             an optional dependency is not installed

A message is one line: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Self

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REJECTS = 3


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk, or what the user may have of it, is used up."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def advice_on_writing(error: OSError) -> str:
    """What to do about a place that cannot be written."""
    return "make room" if is_full(error) else "check its owner and rights"


class JewelryError(Exception):
    """Base of all errors of this project; ``exit_code`` is what a command line ends with."""

    exit_code = EXIT_FAILED


class UsageError(JewelryError):
    """The request itself makes no sense: an unknown option value, two options that exclude each other."""

    exit_code = EXIT_USAGE


class FilterError(UsageError):
    """A filter names a field that is not there, or compares it with a value of another type."""


class UnknownProduct(UsageError):
    """The product id is not in the index."""


class CatalogError(JewelryError):
    """The catalog as a whole cannot be read: missing, empty, or a manifest without its required columns."""


class RemovalRefused(CatalogError):
    """A sync would take more out of the index than is likely meant: a share that is not mounted, half a manifest."""


class EventsError(JewelryError):
    """A file of view sessions as a whole cannot be used: missing, empty, mostly unreadable, or of another shop."""


class ImageError(JewelryError):
    """One photo cannot be used; a sync turns it into a reject and goes on."""


class FetchError(ImageError):
    """A photo cannot be fetched from its URL: refused, out of reach, too large, too slow, or no image."""


class ModelError(JewelryError):
    """A model directory is missing, incomplete, altered, or written by an incompatible version."""


class FingerprintMismatch(ModelError):
    """The index was built by a model with another fingerprint: its vectors cannot be compared."""


class StoreError(JewelryError):
    """The vector store cannot be used."""


class StoreMissing(StoreError):
    """There is no published index at this place yet."""

    @classmethod
    def at(cls, location: object, options: str = "") -> Self:
        """The error of a place where nothing is published; ``options`` end the command that fills it."""
        return cls(f"{location}: no index here yet; fill it with: indexer sync CATALOG{options}")


class StoreGone(StoreError):
    """The generation was removed while it was read; there may be another one."""


class StoreDamaged(StoreError):
    """The published generation is not what was published: a file is gone, cut or altered. The next sync repairs it."""

    def __init__(self, what: str, advice: str = "") -> None:
        """What is damaged and how, which a sync repeats in its report, and what to do about it."""
        super().__init__(f"{what}; {advice}" if advice else what)
        self.what = what


class ShardLost(StoreError):
    """No node of a server that answers holds a part of the index: all is well again once one of them is back."""


class StoreLocked(StoreError):
    """Another process is writing to the same index."""


class StoreUnwritable(StoreError):
    """The index directory cannot be written: no permission, a read-only file system, or a full disk."""


class VectorError(StoreError):
    """A vector that no engine should see: NaN, infinite, all zero, or of the wrong length."""


class ClientError(JewelryError):
    """A request to the HTTP service has no answer; the attributes are those of its problem details (RFC 9457).

    Args:
        message: one line.
        status: the HTTP status; None when nothing, or nothing of this service, came back.
        kind: the end of the problem's type, such as ``unknown-product`` or ``filter``; it never changes.
        request_id: names the request in the service's log.
        fields: path and message of each field of the request that cannot be taken.
        retry_after: seconds after which the service wants to be asked again.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        kind: str | None = None,
        request_id: str | None = None,
        fields: Sequence[tuple[str, str]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.request_id = status, kind, request_id
        self.fields, self.retry_after = tuple(fields), retry_after


class ServiceUnavailable(ClientError):
    """The HTTP service cannot be reached, is too slow, or cannot answer at the moment: the same may work later."""


class ReportMissing(JewelryError):
    """There is no report of this kind yet; the message names the command that makes it."""


class MissingExtra(JewelryError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'jewelry-similarity[{extra}]'")
