"""Which tags `If-None-Match` names, and when a date counts in their place, as RFC 9110 has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from searcher.http.responses.conditional import is_known, named_by

TAG = st.text(st.characters(codec="latin-1", exclude_characters='"\x7f', min_codepoint=0x21), max_size=8).filter(
    lambda text: not any(0x7F <= ord(letter) < 0xA0 for letter in text)
)
"""What stands between the quotes: commas, backslashes, stars and letters beyond ASCII may."""
NO_TAG = st.sampled_from(["", "*", "abc", "W/", "w/x", '"', '"open', '"a b"', 'x"', "W/ x", "W/*", "'a'", '"a""'])
SPACE = st.sampled_from(["", " ", "\t", "  "])


@given(TAG, st.lists(st.tuples(st.booleans(), TAG)), st.data(), st.booleans())
def test_a_list_of_tags_names_those_and_no_others(
    own: str, others: list[tuple[bool, str]], data: st.DataObject, weak: bool
) -> None:
    listed = [f'{"W/" if weak else ""}"{tag}"' for weak, tag in others]
    text = ",".join(f"{data.draw(SPACE)}{tag}{data.draw(SPACE)}" for tag in listed)
    etag = f'{"W/" if weak else ""}"{own}"'
    assert named_by(text, etag) == any(tag == own for _, tag in others)
    with_own = [*listed, data.draw(st.sampled_from([f'"{own}"', f'W/"{own}"']))]
    data.draw(st.randoms()).shuffle(with_own)
    assert named_by(" , ".join(with_own), etag)


@given(TAG, st.lists(NO_TAG, max_size=4), st.lists(NO_TAG, max_size=4))
def test_what_is_no_tag_is_passed_over(own: str, before: list[str], after: list[str]) -> None:
    assert named_by(",".join([*(one for one in before if one != '"open'), f'"{own}"', *after]), f'"{own}"')


@given(st.text(st.characters(codec="latin-1"), max_size=40))
def test_nothing_but_the_whole_tag_or_a_star_names_it(text: str) -> None:
    assert named_by(text, '"a-tag"') == (text.strip(" \t") == "*" or '"a-tag"' in text)


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('w/"a"', False),  # the mark is a large letter
        ("a", False),
        ("'a'", False),
        ('"A"', False),
        ('"b", "a"', True),
        ('"b","c" ,W/"a"', True),
        ('"x, \\"a\\""', False),
        ('"b,"a"', True),  # the first is none
        (',, "a" ,', True),
        ('"b" "a"', False),
        ("*", True),
        (" *\t", True),
        ('*, "a"', True),
        ('"b", *', False),  # a star in a list is no star
        ('"*"', False),
        ("", False),
        ("," * 5000 + '"a"', True),
        ('"' + "a" * 60_000, False),
        ('"a' * 20_000, False),
    ],
)
def test_entries(tags: str, named: bool) -> None:
    assert named_by(tags, '"a"') is named
    assert named_by(tags, 'W/"a"') is named


MONDAY, TUESDAY = "Mon, 02 Nov 2026 10:00:00 GMT", "Tue, 03 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ({}, False),
        ({"if-modified-since": MONDAY}, True),
        ({"if-modified-since": TUESDAY}, True),
        ({"if-modified-since": "Sun, 01 Nov 2026 10:00:00 GMT"}, False),
        ({"if-modified-since": "Monday, 02-Nov-26 10:00:00 GMT"}, True),
        ({"if-modified-since": "Mon Nov  2 10:00:00 2026"}, True),
        ({"if-modified-since": "yesterday"}, False),
        ({"if-modified-since": "Mon, 99 Nov 99999 10:00:00 GMT"}, False),
        ({"if-modified-since": ""}, False),
        ({"if-modified-since": TUESDAY, "if-none-match": '"other"'}, False),
        ({"if-modified-since": TUESDAY, "if-none-match": ""}, False),
        ({"if-modified-since": "yesterday", "if-none-match": '"own"'}, True),
    ],
)
def test_a_date_counts_where_no_tag_is_named(asked: dict[str, str], known: bool) -> None:
    assert is_known(Headers(asked), '"own"', MONDAY) is known
