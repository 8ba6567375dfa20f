"""What a sync says to people: numbers that are true, and lines that read."""

from __future__ import annotations

import pytest

from indexer.catalog.products import PassedOver
from indexer.cli.printing import print_report
from indexer.sync.report import Removed, SyncReport


def said(capsys: pytest.CaptureFixture[str], **changes: object) -> str:
    report = SyncReport("shop", "index", "model", 1, {"unchanged": 1}, {}, generation="1")
    for name, value in changes.items():
        setattr(report, name, value)
    print_report(report)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "one", "more"),
    [
        ("an index", "1 index", "2 indexes"),
        ("a model", "1 model", "2 models"),
        ("an output", "1 output", "2 outputs"),
        ("thumbnails", "1 thumbnails", "2 thumbnails"),
        ("hidden", "1 hidden", "2 hidden"),
        ("of the system", "1 of the system", "2 of the system"),
        (".txt files", "1 .txt file", "2 .txt files"),
        ("files without a suffix", "1 file without a suffix", "2 files without a suffix"),
        ("unfinished or backup copies", "1 unfinished or backup copy", "2 unfinished or backup copies"),
    ],
)
def test_what_was_passed_over(what: str, one: str, more: str, capsys: pytest.CaptureFixture[str]) -> None:
    for count, read in ((1, one), (2, more)):
        assert f"Passed over: {read} (a/b)\n" in said(capsys, passed_over=[PassedOver(what, count, "a/b")])


def test_what_moved_is_not_gone(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"moved": 32, "unchanged": 2, "gone": 33}
    out = said(capsys, products=34, photos=counts, removed=[Removed("r1", "rings/r1.jpg")])
    assert out.startswith("34 products, photos: 32 moved, 2 unchanged, 1 gone\n")
    assert said(capsys, photos=counts).startswith("1 product, photos: 32 moved, 2 unchanged\n")


def test_a_long_list_says_where_the_rest_is(capsys: pytest.CaptureFixture[str]) -> None:
    removed = [Removed(f"r{n}", f"rings/r{n}.jpg") for n in range(7)]
    out = said(capsys, removed=removed)
    assert (out.count("  removed: "), "7 photos removed; --json lists them all\n" in out) == (5, True)
    out = said(capsys, removed=removed, dry_run=True)
    assert (out.count("  would be removed: "), "7 photos would be removed\n" in out) == (7, True)
