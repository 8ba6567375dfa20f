"""Cells of reports: whatever separates the cells of the program that opens them, none begins a formula."""

# ruff: noqa: RUF001 - full-width signs are what this is about

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.pages.spreadsheet import safe, to_csv

SIGNS = "=+-@＝＋－＠−"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        (";=1+1", ";'=1+1"),
        ("gold;=1+1", "gold;'=1+1"),
        ("gold; =1+1", "gold; '=1+1"),
        ('gold;"=1+1"', 'gold;"\'=1+1"'),
        ("gold;;@SUM(A1)", "gold;;'@SUM(A1)"),
        ("a;=1;+2;-3;@x", "a;'=1;'+2;'-3;'@x"),
        ("gold\t=1+1", "gold '=1+1"),
        ("gold\n=1+1", "gold '=1+1"),
        ("gold\r\n=1+1", "gold '=1+1"),
        ("gold|=1+1", "gold|'=1+1"),
        (" =1+1", "'=1+1"),
        ("\t=1+1", "'=1+1"),
        ('"=1+1', "\"'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("gold;＝1+1", "gold;'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("−1", "'−1"),
        (["gold", ";=1+1"], "gold, ;'=1+1"),
        # Not formulas.
        ("a=b; c=d", "a=b; c=d"),
        ("18 ct - gold; 3 x 4 mm", "18 ct - gold; 3 x 4 mm"),
        ("me@shop.example; 5+1", "me@shop.example; 5+1"),
        ("-", "-"),
        ("a;-", "a;-"),
    ],
)
def test_a_formula_is_quoted_wherever_a_cell_may_begin(text: str | list[str], cell: str) -> None:
    assert safe(text) == cell


@given(st.lists(st.sampled_from([*SIGNS, ";", "\t", "\n", '"', ",", " ", "a", "1", "'"]), max_size=12).map("".join))
def test_no_reading_of_the_file_begins_a_formula(text: str) -> None:
    """Read with commas, with semicolons and with tabs, as programs of all countries do."""
    written = to_csv(["a", "b"], [{"a": text, "b": "x"}])
    rows = [
        *csv.reader(io.StringIO(written)),
        *csv.reader(io.StringIO(written), delimiter=";"),
        *csv.reader(io.StringIO(written), delimiter="\t"),
        *(line.split(";") for line in written.splitlines()),
    ]
    for cell in (cell for row in rows for cell in row):
        found = re.match(rf"""[\s"]*[{re.escape(SIGNS)}](?![\s";,x]*$)""", cell)
        assert found is None, (text, cell)
