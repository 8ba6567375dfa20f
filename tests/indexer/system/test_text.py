"""Counts in words, and shares as people write them: everything else is one line that says how."""

from __future__ import annotations

import pytest

from indexer.system.text import counted, parse_share


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 photos"), (1, "1 photo"), (2, "2 photos"), (1200, "1,200 photos")]
)
def test_a_number_of_things_has_their_singular_or_plural(number: int, words: str) -> None:
    assert counted(number, "photo") == words


def test_a_plural_that_takes_more_than_an_s_is_given() -> None:
    assert [counted(number, "category", "categories") for number in (1, 2)] == ["1 category", "2 categories"]


@pytest.mark.parametrize(("text", "share"), [("0.1", 0.1), ("10%", 0.1), (" 10 % ", 0.1), ("0", 0.0), ("100%", 1.0)])
def test_a_share_is_read_as_a_number_or_in_percent(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["10", "-0.1", "abc", "", "%", "nan", "inf", "101%", "1,5"])
def test_what_is_no_share_is_said_in_words_that_tell_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no share from 0 to 1; write 0\.1 or 10%"):
        parse_share(text)
