"""Going on from an earlier model: what it held out stays held out, and what it has seen is never measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.models.directory import JSON_NAME, WEIGHTS_NAME
from indexer.photos.places import FilePlace
from trainer.data.dataset import Sample
from trainer.data.parts.earlier import Earlier, State
from trainer.data.parts.history import seen_record, write_lists
from trainer.data.parts.lists import HELD_OUT_NAME, SEEN_NAME, read_list
from trainer.data.parts.split import Split, split
from trainer.evaluation.metrics import category_metrics


def shop(groups: int, first: int = 0) -> list[Sample]:
    """Two photos each of so many products in two categories, all different."""
    hashes = np.random.default_rng(7).integers(0, 2**63, 2 * (first + groups)).tolist()
    return [
        Sample(
            f"{number}/{photo}.jpg",
            FilePlace(Path("photo")),
            ("rings", "watches")[number % 2],
            f"p{number}",
            2 * number,
            2 * number + photo,
            f"{2 * number + photo:064x}",
            "",
            hashes[2 * number + photo],
        )
        for number in range(first, first + groups)
        for photo in range(2)
    ]


def fitted(folder: Path, samples: Sequence[Sample], seed: int, *weights: str, refitted: bool = False) -> Split:
    """The split of a fit that goes on from those weights, and the model directory that it leaves."""
    earlier = Earlier.of(*weights)
    parts = split(samples, holdout=0.25, validation=0.2, seed=seed, earlier=earlier)
    folder.mkdir()
    (folder / JSON_NAME).write_text(json.dumps({"training": {"seen": seen_record(parts, earlier)}}))
    write_lists(folder, parts, earlier, refitted=refitted)
    return parts


def learnt(parts: Split) -> set[str]:
    return {sample.pixels for sample in (*parts.train, *parts.validation)}


def held(parts: Split) -> set[str]:
    return {sample.pixels for sample in parts.held_out}


def test_another_seed_holds_out_what_was_held_out(tmp_path: Path) -> None:
    first = fitted(tmp_path / "a", shop(40), 0)
    second = fitted(tmp_path / "b", shop(40), 1, str(tmp_path / "a"))
    assert held(second) == held(first)
    assert (second.seen, second.kept, second.notes) == (0, len(first.held_out), ())


def test_a_chain_of_three_on_a_growing_catalog(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    fits: list[Split] = []
    for number, folder in enumerate(folders):
        weights = [str(folders[number - 1])] if number else []
        fits.append(fitted(folder, shop(30 + 20 * number), number, *weights))
    for number, parts in enumerate(fits):
        before = set().union(*map(learnt, fits[: number + 1]))
        assert not held(parts) & before
        assert parts.seen == 0
        assert len(parts.held_out) >= 0.2 * len(shop(30 + 20 * number))
        assert {photo.pixels for photo in read_list(folders[number] / SEEN_NAME) or ()} == before
    assert held(fits[0]) < held(fits[1]) < held(fits[2])


def test_photos_are_known_by_content_whatever_they_are_called(tmp_path: Path) -> None:
    first = fitted(tmp_path / "a", shop(40), 0)
    renamed = [replace(sample, key=f"moved/{sample.key}") for sample in shop(40)]
    assert held(fitted(tmp_path / "b", renamed, 1, str(tmp_path / "a"))) == held(first)


def test_photos_that_were_saved_anew_are_known_by_the_eye(tmp_path: Path) -> None:
    first = fitted(tmp_path / "a", shop(40), 0)
    anew = [replace(sample, pixels=f"f{sample.pixels[1:]}", look=sample.look ^ 0b11) for sample in shop(40)]
    second = fitted(tmp_path / "b", anew, 1, str(tmp_path / "a"))
    assert {sample.key for sample in second.held_out} == {sample.key for sample in first.held_out}


def test_a_new_photo_beside_one_that_was_learnt_from_is_not_held_out(tmp_path: Path) -> None:
    first = fitted(tmp_path / "a", shop(40), 0)
    bridge = {sample.group for sample in first.train[:2]} | {sample.group for sample in first.held_out[:2]}
    joined = [replace(sample, group=min(bridge)) if sample.group in bridge else sample for sample in shop(40)]
    second = fitted(tmp_path / "b", joined, 1, str(tmp_path / "a"))
    assert not held(second) & learnt(first)
    assert min(bridge) not in {sample.group for sample in second.held_out}


def test_where_too_little_was_held_out_the_figures_are_marked(tmp_path: Path) -> None:
    first = fitted(tmp_path / "a", shop(40), 0)
    left = [sample for sample in shop(40) if sample.pixels in learnt(first)]
    second = fitted(tmp_path / "b", left, 1, str(tmp_path / "a"))
    assert second.seen == len(second.held_out) > 0
    (note,) = second.notes
    assert f"{tmp_path / 'a'} has learnt from {second.seen} of the {second.seen} photos held out" in note
    record = seen_record(second, Earlier.of(str(tmp_path / "a")))
    assert record == {"models": [str(tmp_path / "a")], "kept": 0, "held_out": second.seen, "known": True}
    third = fitted(tmp_path / "c", left, 2, str(tmp_path / "b"))  # the model between held out what its own had seen
    assert third.seen == len(third.held_out) > 0


def test_a_model_that_was_refitted_on_all_has_seen_all(tmp_path: Path) -> None:
    fitted(tmp_path / "a", shop(40), 0, refitted=True)
    second = fitted(tmp_path / "b", shop(40), 0, str(tmp_path / "a"))
    assert second.seen == len(second.held_out)


def test_a_model_that_only_names_what_it_held_out(tmp_path: Path) -> None:
    """As models of earlier versions do: what they did not hold out, they may have seen."""
    first = fitted(tmp_path / "a", shop(40), 0)
    (tmp_path / "a" / SEEN_NAME).unlink()
    (tmp_path / "a" / HELD_OUT_NAME).write_text("".join(f"{sample.key}\n" for sample in first.held_out))
    second = fitted(tmp_path / "b", shop(50), 1, str(tmp_path / "a"))
    assert held(second) == held(first)
    assert second.seen == 0
    (tmp_path / "a" / HELD_OUT_NAME).unlink()
    third = fitted(tmp_path / "c", shop(40), 1, str(tmp_path / "a"))
    assert third.seen == len(third.held_out)
    assert "may have learnt from" in third.notes[0]
    fourth = fitted(tmp_path / "d", shop(60), 2, str(tmp_path / "c"))  # nor does what begins with it know more
    assert fourth.seen == len(fourth.held_out)


def test_weights_are_known_by_their_directory_or_as_ours(tmp_path: Path) -> None:
    first = fitted(tmp_path / "a", shop(40), 0)
    (tmp_path / "a" / WEIGHTS_NAME).touch()
    inside = Earlier.of(str(tmp_path / "a" / WEIGHTS_NAME))
    assert inside is not None
    assert len(inside.seen) == len(learnt(first))
    assert Earlier.of("imagenet", "none", str(tmp_path / "nothing")) is None
    foreign, ours = tmp_path / "foreign.safetensors", tmp_path / "copy.safetensors"
    for path, names in ((foreign, ("backbone.0", "decoder.0")), (ours, ("backbone.0", "head.0", "classifier.bias"))):
        header = json.dumps({key: {} for key in names}).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header)
    (tmp_path / "cut.safetensors").write_bytes(b"\0")
    assert Earlier.of(str(foreign), str(tmp_path / "cut.safetensors")) is None
    alone = Earlier.of(str(ours))
    assert alone is not None
    assert not alone.is_known
    assert set(alone.states(shop(2))) == {State.UNKNOWN}


def test_a_teacher_counts_as_well(tmp_path: Path) -> None:
    first, teacher = fitted(tmp_path / "a", shop(40), 0), fitted(tmp_path / "t", shop(40), 5)
    student = fitted(tmp_path / "s", shop(60), 1, str(tmp_path / "a"), str(tmp_path / "t"))
    assert not held(student) & (learnt(first) | learnt(teacher))


@pytest.mark.parametrize("seed", range(3))
def test_without_an_earlier_model_nothing_is_seen(seed: int) -> None:
    parts = split(shop(40), holdout=0.25, validation=0.2, seed=seed)
    assert (parts.seen, parts.kept, parts.notes) == (0, 0, ())


@pytest.mark.parametrize("kept", [True, False], ids=["the catalog has grown", "what was held out is gone"])
def test_random_labels_learnt_by_heart_are_found_by_chance_or_marked(tmp_path: Path, kept: bool) -> None:
    """An embedding that knows the labels of all it has seen, and nothing else, in three fits one upon the other."""
    rng = np.random.default_rng(0)
    samples = [replace(sample, group=2 * number) for number, sample in enumerate(shop(400)[::2])]
    labels = {sample.pixels: str(rng.integers(2)) for sample in samples}
    samples = [replace(sample, category=labels[sample.pixels]) for sample in samples]
    weights: list[str] = []
    seen: set[str] = set()
    for number in range(3):
        there = samples[: 240 + 80 * number] if kept else [s for s in samples[:320] if s.pixels in seen or not number]
        parts = fitted(tmp_path / f"{number}", there, number, *weights)
        weights = [str(tmp_path / f"{number}")]
        seen |= learnt(parts)
        held_out = [sample.pixels for sample in parts.held_out]
        noise = rng.normal(size=(len(held_out), 8))
        by_heart = np.array([[10.0 * (labels[name] == "0"), 10.0 * (labels[name] == "1")] for name in held_out])
        vectors = np.hstack([noise, by_heart * np.array([[name in seen] for name in held_out])])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = [labels[name] for name in held_out]
        found = category_metrics(vectors.astype(np.float32), names)["P@1"]
        shares = np.unique(names, return_counts=True)[1] / len(names)
        chance = float((shares**2).sum())
        interval = 2.6 * (chance * (1 - chance) / len(names)) ** 0.5
        if kept or not number:
            assert parts.seen == 0
            assert abs(found - chance) <= interval
        else:
            assert parts.seen == len(held_out)
            assert found - chance > interval
