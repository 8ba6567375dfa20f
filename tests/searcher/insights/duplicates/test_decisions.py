"""Decisions of people: the last word on a pair counts, nothing that was written is lost, and damage is named."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import JewelryError, UsageError
from searcher.insights.duplicates.decisions import Decision, Decisions, Verdict, append, decisions_path

SHAS = [character * 64 for character in "abcd"]
VERDICTS = get_args(Verdict)
MADE = st.builds(
    Decision, st.sampled_from(SHAS), st.sampled_from(SHAS), st.sampled_from(VERDICTS), st.just("anna"), st.text()
).filter(lambda decision: decision.first != decision.second)


def text_of(*decisions: Decision) -> str:
    return "".join(json.dumps(decision.to_json()) + "\n" for decision in decisions)


@given(st.lists(MADE, max_size=20))
def test_the_last_word_on_a_pair_counts(made: list[Decision]) -> None:
    known = Decisions(made)
    for first in SHAS:
        for second in SHAS:
            last = next((d for d in reversed(made) if {d.first, d.second} == {first, second}), None)
            assert known.verdict(first, second) == (None if last is None else last.verdict)
            assert known.decision(second, first) is last
    assert len(known) == len({frozenset((d.first, d.second)) for d in made})
    assert {id(decision) for decision in known} <= {id(decision) for decision in made}


@given(st.lists(MADE, min_size=1, max_size=8), st.data())
def test_a_crash_at_any_byte_loses_the_last_line_at_most(
    tmp_path_factory: pytest.TempPathFactory, made: list[Decision], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("decisions") / "decisions.jsonl"
    whole = text_of(*made).encode()
    begun = len(text_of(*made[:-1]).encode())
    path.write_bytes(whole[: data.draw(st.integers(begun, len(whole)))])
    before = list(Decisions.read(path))
    assert before in ([*Decisions(made[:-1])], [*Decisions(made)])
    added = append(path, SHAS[0], SHAS[1], "skip", "bob")
    assert list(Decisions.read(path)) == list(Decisions([*before, added]))
    assert path.read_bytes().endswith(b"\n")


def test_what_is_appended_is_read_again(tmp_path: Path) -> None:
    path = decisions_path(tmp_path / "index")
    assert list(Decisions.read(path)) == []
    for verdict in VERDICTS:
        append(path, SHAS[0], SHAS[1], verdict, "Änne")
    append(path, SHAS[1], SHAS[0], "same", "bob")
    known = Decisions.read(path)
    assert known.verdict(SHAS[0], SHAS[1]) == "same"
    last = known.decision(SHAS[0], SHAS[1])
    assert last is not None
    assert last.by == "bob"
    assert last.at.endswith("Z")
    assert len(path.read_text().splitlines()) == len(VERDICTS) + 1


def test_several_at_once(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    others = [f"{number:064x}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda sha: append(path, SHAS[0], sha, "same", "anna"), others))
    assert len(Decisions.read(path)) == 200


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{}",
        "nonsense",
        "[1]",
        '{"first": 1}',
        "\x00\x00",
        "[" * 5000,
        text_of(Decision("a" * 64, "a" * 64, "same", "x", "now")).strip(),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "decisions.jsonl"
    good = text_of(Decision(SHAS[0], SHAS[1], "same", "anna", "now"))
    path.write_text(f"{good}{damage}\n{good}")
    with pytest.raises(JewelryError, match=r"decisions\.jsonl, line 2: is not a decision; correct"):
        Decisions.read(path)
    path.write_text(f"{good}{damage}\n")
    assert len(Decisions.read(path)) == 1
    with pytest.raises(JewelryError, match="its last line is not a decision"):
        append(path, SHAS[0], SHAS[1], "same", "anna")


@pytest.mark.parametrize(
    ("first", "second", "verdict", "by"),
    [
        ("a", SHAS[1], "same", "anna"),
        (SHAS[0].upper(), SHAS[1], "same", "anna"),
        (SHAS[0] + "\n", SHAS[1], "same", "anna"),
        (SHAS[0], SHAS[0], "same", "anna"),
        (SHAS[0], SHAS[1], "maybe", "anna"),
        (SHAS[0], SHAS[1], "same", " "),
        (SHAS[0], SHAS[1], "same", "an\nna"),
        (SHAS[0], SHAS[1], "same", "x" * 101),
    ],
)
def test_what_is_no_decision_is_refused(tmp_path: Path, first: str, second: str, verdict: Verdict, by: str) -> None:
    with pytest.raises(UsageError):
        append(tmp_path / "decisions.jsonl", first, second, verdict, by)
    assert not (tmp_path / "decisions.jsonl").exists()


def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(JewelryError, match="cannot be read"):
        Decisions.read(tmp_path)
    with pytest.raises(JewelryError, match="cannot be written"):
        append(tmp_path, SHAS[0], SHAS[1], "same", "anna")
