"""Products that a feed says more than once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from indexer.catalog.feeds.repeats import REPEATED, REPLACED, Repeats
from indexer.catalog.passed_over import Tally
from indexer.catalog.tables.table import Header, Line, Table

LINES = st.lists(st.tuples(st.sampled_from(["A", "B", ""]), st.sampled_from("xy"), st.booleans()), max_size=12)


@given(LINES)
def test_the_last_good_line_of_a_product_counts(said: list[tuple[str, str, bool]]) -> None:
    lines = [
        Line(number, (name, cell), "is cut" if broken else None) for number, (name, cell, broken) in enumerate(said, 2)
    ]
    left_out = Tally()
    table = Table(Path("catalog.csv"), ",", 1, Header(("id", "title")), lines, datetime.now(UTC))
    repeats = Repeats(table, 0, left_out)
    kept = [line for line in lines if repeats.counts(line)]
    good = {line.cells[0]: line for line in lines if not line.problem}
    assert [line for line in kept if not line.problem and line.cells[0]] == sorted(
        (line for name, line in good.items() if name), key=lambda line: line.number
    )
    assert {line.number for line in lines if line.problem or not line.cells[0]} <= {line.number for line in kept}
    gone = [line for line in lines if line not in kept]
    wanted = Counter(REPEATED if line.cells == good[line.cells[0]].cells else REPLACED for line in gone)
    assert {one.what: one.count for one in left_out.result()} == dict(wanted)
