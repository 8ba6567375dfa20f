"""A table on a terminal of any width: names are shortened, figures never."""

from __future__ import annotations

import pytest
from rich.console import Console

from trainer.evaluation.sheet import Row, Sheet

HEADS = ("category", "P@1", "P@10", "mAP", "photos")
ROWS = [
    Row("rings of white gold with a very long name", ("0.981", "0.972", "0.965", "1,204")),
    Row("環" * 20, ("0.000", "1.000", "0.500", "12")),
    Row("all photos", ("0.955", "0.944", "0.933", "1,216"), last=True),
]


def shown(width: int) -> list[str]:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(Sheet("Same category", HEADS, ROWS))
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [24, 30, 40, 60, 80, 200])
def test_figures_are_whole_at_any_width(width: int) -> None:
    lines = shown(width)
    text = "\n".join(lines)
    for row in ROWS:
        for cell in row.cells:
            assert f" {cell} " in text
    for head in HEADS[1:]:
        assert f" {head} " in text
    assert all(len(line) + sum(letter == "環" for letter in line) <= width for line in lines)


def test_names_are_whole_where_there_is_room_and_else_shortened() -> None:
    assert any(ROWS[0].name in line for line in shown(120))
    narrow = "\n".join(shown(50))
    assert "rings of" in narrow
    assert "…" in narrow
    assert narrow.count("P@1 ") == 1


def test_columns_that_do_not_fit_go_below_with_their_names() -> None:
    lines = shown(30)
    assert sum("rings" in line for line in lines) > 1
    assert sum(" 0.981 " in line for line in lines) == 1
