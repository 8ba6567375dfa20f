"""Repairing an index before it is written to: another generation that is sound, or what can be had of a damaged one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from indexer.errors import StoreDamaged, StoreError
from indexer.store.embedded.checksums import read_checksums, restore_record
from indexer.store.embedded.layout import RECORD, Layout, read_record
from indexer.store.embedded.opening import load_generation
from indexer.store.embedded.salvage import salvage
from indexer.store.records import Repair
from indexer.system.files import writing

if TYPE_CHECKING:
    from indexer.store.embedded.engine import EdgeStore

_NEWER = "what indexer events and searcher clusters wrote since is to be written again"


class Repairer:
    """Looks at what is published, byte by byte, and puts something sound in its place; the writer's lock is held."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.damaged: dict[int, str] = {}
        """Generations that are not what was published, and why; they go when the next one is published."""
        self.sound: EdgeStore | None = None
        """The published one, if it is whole or is so again: open, as opening it takes longest. The writer closes it."""
        self.untouched: int | None = None
        """The published one, where it was enough to see that nobody has written to it: it is not opened for that."""

    def repair(self, *, whole: bool = True) -> Repair:
        """See `Writer.repair`."""
        layout, numbers = self._layout, self._layout.numbers()
        try:
            current, lost = layout.current(), None
        except StoreDamaged as error:
            current, lost = None, error.what
        if lost is None and current is None:
            return Repair()
        if current is not None and ((not whole and self._is_untouched(current)) or self._is_sound(current)):
            return Repair()
        what = lost or self.damaged[current or 0]
        if not numbers:
            return Repair((f"{what}; no generation is there, so everything is embedded again",), nothing_left=True)
        if current in numbers and self._has_record_again(current):
            return Repair((f"{what}; it was written again",))
        # Those before the published one first: a later one was rolled back from, or never published.
        for number in sorted(numbers, key=lambda n: (current is not None and n > current, -n)):
            if number != current and self._is_sound(number):
                layout.publish(number)
                note = f"{what}; generation {number} is whole and was published again"
                return Repair((f"{note}; {_NEWER}" if lost is None else note,))
        return self._saved(current if current in numbers else numbers[-1], what)

    def is_whole(self, number: int | None) -> bool:
        """Whether every byte of the published generation is as published, where it need not be opened to know."""
        if number is None:
            return False
        try:
            checksums = read_checksums(self._layout.generation(number))
            current = self._layout.current()
        except StoreDamaged:
            return False
        return number == current and checksums is not None and not checksums.damage(whole=True)

    def _saved(self, number: int, what: str) -> Repair:
        """Nothing there is sound: the next generation is built anew, from what is."""
        folder = self._layout.generation(number)
        try:
            record = read_record(folder / RECORD)
            checksums = read_checksums(folder)
        except StoreError:
            return Repair(
                (f"{what}; no other generation is whole, so everything is embedded again",), nothing_left=True
            )
        problems = [] if checksums is None else checksums.damage(whole=True)
        points, trusted = salvage(folder, record, problems, self._layout.root)
        if not points:
            return Repair((f"{what}; nothing of it can be used, so everything is embedded again",), nothing_left=True)
        if not trusted:
            points = [replace(point, vector=None, text_vector=None, colour_vector=None) for point in points]
            note = f"{what}; its vectors cannot be trusted, so everything is embedded again"
        else:
            note = f"{what}; {len(points)} photos of it are whole and were kept, the others are embedded again"
        return Repair((note,), record, tuple(points), nothing_left=True)

    def _has_record_again(self, number: int) -> bool:
        """Whether nothing but its generation.json was damaged, which is then as it was."""
        folder = self._layout.generation(number)
        with suppress(StoreDamaged):
            read_checksums(folder)
            read_record(folder / RECORD)
            return False
        with writing(self._layout.root):
            restored = restore_record(folder)
        if restored and self._is_sound(number):
            del self.damaged[number]
            return True
        return False

    def _is_untouched(self, number: int) -> bool:
        folder = self._layout.generation(number)
        try:
            read_record(folder / RECORD)
            checksums = read_checksums(folder)
        except StoreDamaged:
            return False
        if checksums is None or checksums.damage_since_looked():
            return False
        self.untouched = number
        return True

    def _is_sound(self, number: int) -> bool:
        if self.sound is not None:
            self.sound.close()
            self.sound = None
        try:
            self.sound = load_generation(self._layout, number, whole=True)
        except StoreDamaged as error:
            self.damaged[number] = error.what
            return False
        return True
