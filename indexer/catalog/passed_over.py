"""What a catalog folder holds beside its photos: of systems, of this program, or what the shop says to pass over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from indexer.catalog.products import PassedOver
from indexer.system.names import composed

HIDDEN, SYSTEM, IGNORED = "hidden", "of the system", "by [ignore]"
COPIES = "unfinished or backup copies"

_SYSTEM = frozenset(
    {"__macosx", "icon\r"}  # macOS, and what its archives unpack to
    | {"network trash folder", "temporary items", "thevolumesettingsfolder"}
    | {"$recycle.bin", "recycler", "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini"}  # Windows
    | {"@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@appstore"}  # Synology
    | {"@recycle", "@recently-snapshot", "@__thumb", "@transcode"}  # QNAP
    | {"lost+found", "~snapshot"}  # file systems
)
"""Names of files and folders that systems and network drives make, in any case."""
_REPAIRED = re.compile(r"found\.\d{3}\Z")
_COPY = re.compile(
    r"(~|\.(part|partial|filepart|crdownload|opdownload|download|!qb|tmp|temp|bak|backup|old|orig|swp))\Z"
)


def of_a_system(name: str) -> str | None:
    """Why a file or folder of this name is passed over in every catalog; None where it is not."""
    if name.startswith("."):
        return HIDDEN
    known = name.casefold()
    return SYSTEM if known in _SYSTEM or _REPAIRED.match(known) else None


def is_copy(name: str) -> bool:
    """Whether a file is a download that was not finished or a copy that an editor left: no photo of its own."""
    return _COPY.search(name.lower()) is not None


@dataclass(slots=True)
class Tally:
    """Counts what was passed over, by its kind, and keeps an example of each."""

    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, what: str, where: str) -> None:
        """One more of this kind."""
        count, example = self.found.get(what, (0, where))
        self.found[what] = count + 1, example

    def result(self) -> tuple[PassedOver, ...]:
        """What was found, the most first."""
        ordered = sorted(self.found.items(), key=lambda one: (-one[1][0], one[0]))
        return tuple(PassedOver(what, count, example) for what, (count, example) in ordered)


class Ignored:
    """The shop's own list, ``[ignore] paths`` of catalog.toml.

    Args:
        patterns: paths below the catalog; ``*`` and ``?`` stand for signs of one name, ``**`` for any folders. Without
            ``/`` inside, a pattern is of a name at any depth. A folder that fits is passed over with all in it. Case
            does not matter.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = {pattern: _compiled(pattern) for pattern in patterns}
        self._unused = set(self._patterns)

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._patterns)

    def covers(self, key: str) -> bool:
        """Whether a file or folder, by its path below the catalog, is passed over."""
        plain = _plain(key)
        matching = [pattern for pattern, compiled in self._patterns.items() if compiled.match(plain)]
        self._unused.difference_update(matching)
        return bool(matching)

    def notes(self) -> tuple[str, ...]:
        """Of patterns that met nothing."""
        return tuple(
            f"catalog.toml: [ignore] {pattern!r} is not the path of anything here; correct or remove it"
            for pattern in self._patterns
            if pattern in self._unused
        )


def _compiled(pattern: str) -> re.Pattern[str]:
    wanted = _plain(pattern.strip().replace("\\", "/")).removeprefix("./").strip("/")
    anywhere = "" if "/" in wanted else "(?:.*/)?"
    wanted = wanted.removesuffix("/**")  # the folder itself, too
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", wanted)
    return re.compile(anywhere + "".join(signs.get(part, re.escape(part)) for part in parts) + r"(?:/.*)?\Z", re.DOTALL)


def _plain(text: str) -> str:
    return composed(text).casefold()
