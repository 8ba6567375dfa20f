"""The text model by itself: texts find photos of their colour, and whatever is wrong with the directory is one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.errors import ImageError, MissingExtra, ModelError, UsageError
from indexer.models.text_directory import find_files
from indexer.models.text_model import TextModel, TextTower
from indexer.models.text_photos import read_photos
from indexer.models.text_tokens import TextTokens
from tests.shops.models.tiny_text_model import (
    COLOURS,
    DIMENSION,
    LENGTH,
    MEAN,
    SIZE,
    STD,
    WORDS,
    write_json,
    write_tiny_text_model,
)

PIXELS = {
    "red": (220, 30, 20),
    "green": (20, 180, 40),
    "blue": (20, 40, 210),
    "yellow": (230, 220, 30),
    "purple": (160, 20, 170),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_text_model(tmp_path / "clip")


def photos() -> list[Image.Image]:
    return [Image.new("RGB", (60, 40), PIXELS[name]) for name in COLOURS]


def change(folder: Path, name: str, **values: object) -> None:
    content = json.loads((folder / name).read_text(encoding="utf-8"))
    write_json(folder / name, {**content, **values})


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"folder": "onnx"},
        {"outputs": ("pooler_output", "pooler_output")},
        {"mask": True},
        {"fixed": True},
        {"mask": True, "fixed": True, "folder": "onnx"},
    ],
    ids=str,
)
def test_texts_find_the_photos_of_their_colour(tmp_path: Path, form: dict[str, object]) -> None:
    model = TextModel(write_tiny_text_model(tmp_path / "clip", **form))  # type: ignore[arg-type]
    tower = TextTower(find_files(tmp_path / "clip"))
    seen, read = model.embed(photos()), tower.embed([f"A {name} ring" for name in COLOURS])
    assert seen.shape == read.shape == (len(COLOURS), DIMENSION)
    assert seen.dtype == read.dtype == np.float32
    for rows in (seen, read):
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert (read @ seen.T).argmax(axis=1).tolist() == list(range(len(COLOURS)))


def test_the_same_files_have_the_same_fingerprint_and_others_another(tmp_path: Path, folder: Path) -> None:
    first = TextModel(folder).record
    assert TextModel(write_tiny_text_model(tmp_path / "copy", folder="onnx")).record.fingerprint == first.fingerprint
    assert TextModel(write_tiny_text_model(tmp_path / "other", seed=1)).record.fingerprint != first.fingerprint
    for name in ("tokenizer_config.json", "preprocessor_config.json"):
        before = find_files(folder).fingerprint
        change(folder, name, touched=True)
        assert find_files(folder).fingerprint != before
    assert (first.dimension, first.path) == (DIMENSION, str(folder.resolve()))


def test_photos_are_scaled_cropped_and_normalised_as_described(folder: Path) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8))
    scaled = photo.resize((int(SIZE * 90 / 50), SIZE), Image.Resampling.BICUBIC)
    left = (scaled.width - SIZE) // 2
    cut = np.asarray(scaled, np.float64)[:, left : left + SIZE] / 255
    expected = ((cut - MEAN) / STD).transpose(2, 0, 1)
    assert TextModel(folder).prepare(photo) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ({"size": 40, "crop_size": 30}, (30, 30)),
        ({"size": {"height": 20, "width": 30}, "do_center_crop": False}, (20, 30)),
        ({"size": {"height": 20, "width": 30}, "do_center_crop": None, "resample": 2}, (20, 30)),
        ({"size": {"shortest_edge": 10}, "crop_size": {"height": 16, "width": 12}}, (16, 12)),
    ],
)
def test_other_ways_to_write_sizes(folder: Path, values: dict[str, object], shape: tuple[int, int]) -> None:
    change(folder, "preprocessor_config.json", **values)
    config = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    for size in ((90, 50), (50, 90), (1, 200)):
        assert read_photos(config, folder).apply(Image.new("RGB", size)).shape == (3, *shape)


@pytest.mark.parametrize("size", [(1, 30_000), (30_000, 1)])
def test_a_line_of_pixels_does_not_fill_the_memory(
    folder: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked, resize = TextModel(folder), [], Image.Image.resize

    def listen(image: Image.Image, wanted: tuple[int, int], *more: Any) -> Image.Image:
        asked.append(wanted[0] * wanted[1])
        return resize(image, wanted, *more)

    monkeypatch.setattr(Image.Image, "resize", listen)
    model.prepare(Image.new("RGB", size))
    assert 0 < max(asked) <= 8 * SIZE * SIZE


def test_without_the_steps_pixels_stay_as_they_are(folder: Path) -> None:
    config = {"size": 4, "crop_size": 4, "do_center_crop": True, "do_rescale": False, "do_normalize": False}
    assert set(read_photos(config, folder).apply(Image.new("RGB", (4, 4), (7, 7, 7))).ravel()) == {7.0}


def test_texts_are_filled_up_and_cut(folder: Path) -> None:
    tokens = TextTokens(find_files(folder), None)
    pad, start, end = (WORDS.index(word) for word in ("<pad>", "<s>", "</s>"))
    ids, mask, cut = tokens.read("  Red\n RING ")
    assert ids.tolist() == [start, WORDS.index("red"), WORDS.index("ring"), end, *[pad] * (LENGTH - 4)]
    assert mask.tolist() == [1] * 4 + [0] * (LENGTH - 4)
    assert not cut
    ids, mask, cut = tokens.read("red " * 50)
    assert (ids.tolist(), cut) == ([start, *[WORDS.index("red")] * (LENGTH - 2), end], True)
    assert mask.all()


@pytest.mark.parametrize("text", ["", " \n", "x" * 1001, "red \ud800"])
def test_what_is_no_text_is_refused_in_one_line(folder: Path, text: str) -> None:
    with pytest.raises(UsageError) as error:
        TextTower(find_files(folder)).read(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["\x00\x1b[31m", "💍" * 500, "戒指", "red" + "\u0301" * 300, "?!"])
def test_odd_texts_become_unit_vectors_all_the_same(folder: Path, text: str) -> None:
    vector, _ = TextTower(find_files(folder)).read(text)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)


def test_a_broken_photo_is_an_image_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    with pytest.raises(ImageError):
        TextModel(folder).prepare(tmp_path / "broken.jpg")


Damage = Callable[[Path], object]


def _swap(folder: Path) -> None:
    one, other = folder / "vision_model.onnx", folder / "text_model.onnx"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


DAMAGES: dict[str, tuple[Damage, str]] = {
    **{
        f"no {name}": (lambda f, name=name: (f / name).unlink(), f"{name} is missing")  # type: ignore[misc]
        for name in ("vision_model.onnx", "text_model.onnx", "tokenizer.json", "preprocessor_config.json")
    },
    "no network": (lambda f: (f / "text_model.onnx").write_bytes(b"junk"), "text_model.onnx: .*cannot load"),
    "half a network": (
        lambda f: (f / "vision_model.onnx").write_bytes((f / "vision_model.onnx").read_bytes()[:300]),
        "vision_model.onnx: .*cannot load",
    ),
    "swapped": (_swap, "vision_model.onnx: gives"),
    "no projection": (
        lambda f: write_tiny_text_model(f, dimensions=(DIMENSION, 16)),
        "photos become 24 numbers and texts 16",
    ),
    "other outputs": (
        lambda f: write_tiny_text_model(f, outputs=("logits", "text_embeds")),
        "image_embeds or pooler_output",
    ),
    "other inputs": (
        lambda f: (f / "vision_model.onnx").write_bytes(_renamed(f / "vision_model.onnx")),
        "takes .*not pixel_values",
    ),
    "no tokenizer": (lambda f: write_json(f / "tokenizer.json", {"a": 1}), "is not a tokenizer"),
    "tokenizer no text": (lambda f: (f / "tokenizer.json").write_bytes(b"\xff\xfe"), "is not a tokenizer"),
    "no length": (lambda f: (f / "tokenizer_config.json").unlink(), "how long a text may be"),
    "endless length": (lambda f: change(f, "tokenizer_config.json", model_max_length=1e30), "how long a text may be"),
    "config no JSON": (lambda f: (f / "preprocessor_config.json").write_text("{"), "cannot be read"),
    "config a list": (lambda f: write_json(f / "preprocessor_config.json", [1]), "it is not an object"),
    "no mean": (lambda f: change(f, "preprocessor_config.json", image_mean=None), "cannot be used"),
    "two means": (lambda f: change(f, "preprocessor_config.json", image_mean=[1, 2]), "cannot be used"),
    "mean no number": (lambda f: change(f, "preprocessor_config.json", image_mean=[1, 2, "NaN"]), "is not a number"),
    "std 0": (lambda f: change(f, "preprocessor_config.json", image_std=[1, 0, 1]), "image_std is 0"),
    "unknown resampling": (lambda f: change(f, "preprocessor_config.json", resample=77), "77 is missing or not known"),
    "size 0": (lambda f: change(f, "preprocessor_config.json", size=0), "1 to 2048 pixels"),
    "size too large": (lambda f: change(f, "preprocessor_config.json", size=10**6), "1 to 2048 pixels"),
    "no size": (lambda f: change(f, "preprocessor_config.json", do_resize=False), "1 to 2048 pixels"),
    "no crop": (lambda f: change(f, "preprocessor_config.json", do_center_crop=False), "needs a crop_size"),
}


def _renamed(path: Path) -> bytes:
    import onnx

    model = onnx.load(path)
    for named in (model.graph.input[0], model.graph.node[0]):
        if isinstance(named, onnx.NodeProto):
            named.input[0] = "photo"
        else:
            named.name = "photo"
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_wrong_with_the_directory_is_one_line(folder: Path, name: str) -> None:
    damage, message = DAMAGES[name]
    damage(folder)
    with pytest.raises(ModelError, match=message) as error:
        TextModel(folder)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)


def test_a_missing_directory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no such directory of a text model; docs/asking\.md"):
        TextModel(tmp_path / "nowhere")


def test_without_the_package_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'jewelry-similarity\[text\]'"):
        TextModel(folder)
