"""Whatever happened to a catalog, a sync leaves the index as if it were new, and what cannot be read as it was."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from indexer.store.interface import Index
from indexer.store.records import GenerationRecord
from tests.faults.syncs.any_shop import BAD, CONTENTS, KEYS, AnyShop, Row, check_sameness, content, same
from tests.faults.syncs.killed_sync import killed_at_call
from tests.shops.indexes.both_engines import LOCAL_MODE_WARNINGS, make_index
from tests.shops.models.tiny_model import write_tiny_model

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="a sync is killed in a forked child"),
    *(pytest.mark.filterwarnings(text) for text in LOCAL_MODE_WARNINGS),
]

PRODUCTS = ("a", "b", "c", "d")
some_number = st.integers(0, 60)
CALLS = 1_000
"""About how many calls that change files a sync makes; a kill that comes later is none."""


class Stopped(Exception):
    """A sync that ends in the middle, where the process cannot."""


class AnySequence(RuleBasedStateMachine):
    """Steps of a shop's days. ``engine`` and ``model`` are set by the test."""

    engine: str
    model: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.fresh = 0
        self.shop = AnyShop(self.folder / "catalog", self.model, make_index(self.engine, self.folder / "index"))

    def teardown(self) -> None:
        try:
            self.sync()
        finally:
            shutil.rmtree(self.folder)

    def row(self, number: int) -> Row | None:
        """One of the rows but the first, which always is good."""
        rows = self.shop.rows[1:]
        return rows[number % len(rows)] if rows else None

    # ---- what happens to a catalog -----------------------------------------------------------------------------

    @initialize(pictures=st.lists(st.integers(0, len(CONTENTS) - 1), min_size=3, max_size=3))
    def open_shop(self, pictures: list[int]) -> None:
        for key, picture in zip(KEYS, pictures, strict=False):
            self.shop.put(key, CONTENTS[picture])
        self.shop.rows += [Row("a", [KEYS[0], KEYS[1]], "rings", "X", "1"), Row("b", [KEYS[2]], "pins", "Y", "2")]

    @rule(
        product=st.sampled_from(PRODUCTS),
        key=st.sampled_from(KEYS),
        picture=st.integers(0, len(CONTENTS) - 1),
        category=st.sampled_from(("rings", "pins", "")),
    )
    def add(self, product: str, key: str, picture: int, category: str) -> None:
        """A product, or another row of one, or a photo that two products share."""
        if any(key in row.images for row in self.shop.rows if row.product == product):
            return
        if not (self.shop.catalog / key).exists() and not self.shop.is_hidden(key):
            self.shop.put(key, CONTENTS[picture])
        first = not any(row.product == product for row in self.shop.rows)
        self.shop.rows.append(Row(product, [key], *((category, "X", "3") if first else ())))

    @rule(key=st.sampled_from(KEYS), picture=st.integers(0, len(CONTENTS) - 1))
    def change(self, key: str, picture: int) -> None:
        if (self.shop.catalog / key).is_file() and not self.shop.is_hidden(key):
            self.shop.put(key, CONTENTS[picture])

    @rule(key=st.sampled_from(KEYS), other=st.sampled_from(KEYS))
    def rename_photo(self, key: str, other: str) -> None:
        self.shop.show(other)
        self.shop.rename(key, other)

    @rule(number=some_number, other=st.sampled_from(("e", "f", "a")))
    def rename_product(self, number: int, other: str) -> None:
        row = self.row(number)
        if row is not None and not any(one.product == other for one in self.shop.rows):
            before = row.product
            for one in self.shop.rows:
                if one.product == before:
                    one.product = other

    @rule(number=some_number, carat=st.sampled_from(("1", "2.5", "40", "")))
    def reprice(self, number: int, carat: str) -> None:
        if (row := self.row(number)) is not None:
            row.carat = carat

    @rule(number=some_number, category=st.sampled_from(("rings", "pins", "cuffs")))
    def move_to_a_category(self, number: int, category: str) -> None:
        if (row := self.row(number)) is not None:
            for one in self.shop.rows:
                if one.product == row.product:
                    one.category = category

    @rule(number=some_number, other=some_number)
    def move_a_photo_to_a_product(self, number: int, other: int) -> None:
        giver, taker = self.row(number), self.row(other)
        if giver is None or taker is None or giver is taker or len(giver.images) < 2:
            return
        key = giver.images.pop()
        if not any(key in row.images for row in self.shop.rows if row.product == taker.product):
            taker.images.append(key)

    @rule(key=st.sampled_from(KEYS), left=st.sampled_from((0, 40, 300)))
    def break_a_photo(self, key: str, left: int) -> None:
        if (self.shop.catalog / key).is_file() and not self.shop.is_hidden(key):
            self.shop.put(key, (self.shop.catalog / key).read_bytes()[:left])

    @rule(key=st.sampled_from(KEYS))
    def make_unreadable(self, key: str) -> None:
        self.shop.save()
        self.shop.hide(key)

    @rule(key=st.sampled_from(KEYS))
    def make_readable(self, key: str) -> None:
        self.shop.show(key)

    @rule(number=some_number, bad=st.sampled_from(BAD))
    def break_a_row(self, number: int, bad: str) -> None:
        if (row := self.row(number)) is not None:
            row.bad = bad

    @rule(number=some_number)
    def mend_a_row(self, number: int) -> None:
        if (row := self.row(number)) is not None:
            row.bad = None

    @rule(key=st.sampled_from(KEYS))
    def delete_a_file(self, key: str) -> None:
        self.shop.remove(key)

    @rule(number=some_number)
    def delete_a_row(self, number: int) -> None:
        if (row := self.row(number)) is not None:
            self.shop.rows.remove(row)

    # ---- syncs -------------------------------------------------------------------------------------------------

    @rule(number=st.integers(1, CALLS))
    def kill(self, number: int) -> None:
        """A sync that ends anywhere leaves what was there, or what it would have left."""
        self.shop.save()
        before = content(self.shop.index)
        if self.engine == "embedded":
            killed_at_call(self.shop.index.local, number, self.shop.sync)
            after = content(self.shop.index)
            if not same(before, after):
                self.sync(before)
            return
        try:
            self.shop.sync(progress=_stop)
        except Stopped:  # on a server, what was written is there, and nothing was deleted yet
            assert before.keys() <= content(self.shop.index).keys()

    @rule()
    def sync(self, before: dict[tuple[str, str], Any] | None = None) -> None:
        """And look at all of it."""
        self.shop.save()
        before = content(self.shop.index) if before is None else before
        published = self.shop.index.record()
        report = self.shop.sync()
        fresh = make_index("server", self.folder / f"fresh-{self.fresh}")  # in memory: nothing waits for a disk
        self.fresh += 1
        if published is not None:
            _publish_nothing(fresh, published)
        check_sameness(self.shop, before, report, fresh)
        assert self.shop.sync().published is False


def _stop(stage: str, done: int, total: int) -> None:
    raise Stopped


def _publish_nothing(index: Index, record: GenerationRecord) -> None:
    """An empty generation, so that a sync goes by its field table."""
    with index.write() as writer:
        writer.draft(record, from_published=False).publish()


def _run(engine: str, folder: Path, examples: int, steps: int) -> None:
    machine = type("AnySequenceOn", (AnySequence,), {"engine": engine, "model": write_tiny_model(folder, size=16)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.mark.parametrize(("engine", "examples"), [("embedded", 2), ("server", 6)])
def test_a_few_sequences(engine: str, examples: int, tmp_path: Path) -> None:
    _run(engine, tmp_path / "model", examples=examples, steps=8)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_many_sequences(engine: str, tmp_path: Path) -> None:
    _run(engine, tmp_path / "model", examples=80, steps=40)
