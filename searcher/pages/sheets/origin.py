"""What all reports say at their end: notes, and the generation, model and time they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.system.text import printable
from searcher.pages.sheets.picture_sheet import PictureSheet


def origin_of(document: Mapping[str, Any]) -> list[str]:
    """Where a report comes from, a few words each."""
    made = str(document["created_at"]).replace("T", " ").removesuffix("Z")
    parts = [f"Generation {document['generation']}", f"model {str(document['model'])[:12]}", f"made {made} UTC"]
    return [printable(part) for part in [*parts, f"in {document['took_s']:,.1f} s"]]


def notes_of(document: Mapping[str, Any], pictures: PictureSheet) -> list[str]:
    """A report's own notes, and one on pictures that had no room."""
    notes = [printable(str(note)) for note in document["notes"]]
    if pictures.left_out:
        notes.append(f"{pictures.left_out:,} pictures are left out: a page holds a limited number; the CSV has all.")
    return notes
