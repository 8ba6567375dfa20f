"""Lists of photos in a model directory, by which a later fit and an evaluation know them again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from indexer.errors import ModelError
from trainer.data.dataset import Sample

HELD_OUT_NAME = "held_out.txt"
"""Photos that the metrics were measured on."""
SEEN_NAME = "seen.txt"
"""Photos that trained or tuned a model, or one of those that it began with."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{16}")


class Listed(NamedTuple):
    """One line: a photo by its content, where the list says it, and by its key."""

    key: str
    pixels: str = ""
    """SHA-256 of the decoded picture (`pixel_sha256`); empty in lists that only name photos."""
    look: int | None = None
    """Perceptual hash."""

    @classmethod
    def of(cls, sample: Sample) -> Listed:
        """A photo that was read."""
        return cls(sample.key, sample.pixels, sample.look)


def write_list(path: Path, photos: Iterable[Listed]) -> None:
    """Write ``<pixel_sha256> TAB <key> TAB <perceptual hash>`` lines, each photo once, in the order of the keys."""
    lines = []
    for photo in sorted(set(photos), key=lambda photo: (photo.key, photo.pixels)):
        name = photo.key.replace("\\", "\\\\").replace("\n", "\\n")
        look = "" if photo.look is None else f"\t{photo.look:016x}"
        lines.append(f"{photo.pixels}\t{name}{look}\n" if photo.pixels else f"{name}\n")
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def read_list(path: Path) -> tuple[Listed, ...] | None:
    """The photos of a list, also of one whose lines are keys alone; None where there is none.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ModelError(
            f"{path}: cannot be read ({reason}), and says which photos a model has seen; restore it, or start from "
            "other weights"
        ) from error
    return tuple(_listed(line) for line in text.split("\n") if line)


def _listed(line: str) -> Listed:
    pixels, _, rest = line.partition("\t")
    if not rest or not _DIGEST.fullmatch(pixels):
        return Listed(_name(line))
    name, _, look = rest.rpartition("\t")
    if not name or not _HASH.fullmatch(look):
        return Listed(_name(rest), pixels)
    return Listed(_name(name), pixels, int(look, 16))


def _name(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
