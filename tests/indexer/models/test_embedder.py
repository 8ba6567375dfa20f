"""Photos → unit vectors with ONNX Runtime: order, batches, kinds of input, and networks that do not fit."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.errors import ImageError, ModelError
from indexer.models.directory import fingerprint_of, load_model
from indexer.models.embedder import BATCH, Embedder, Photo, classify
from tests.shops.catalogs.small_catalog import write_photo
from tests.shops.models.tiny_model import CATEGORIES, write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    return [write_photo(folder / f"{seed}.jpg", seed) for seed in range(2 * BATCH + 3)]


def test_unit_vectors_in_the_order_of_the_photos(model: Path, photos: list[Path]) -> None:
    embedder = Embedder(model)
    result = embedder.predict(photos)
    assert result.embeddings.shape == (len(photos), 128)
    assert result.embeddings.dtype == np.float32
    assert result.category_logits.shape == (len(photos), len(CATEGORIES))
    assert np.linalg.norm(result.embeddings, axis=1) == pytest.approx(1, abs=1e-5)
    one_by_one = np.concatenate([embedder.embed([photo]) for photo in photos])
    assert np.abs(one_by_one - result.embeddings).max() < 1e-5
    assert np.unique(result.embeddings.round(3), axis=0).shape[0] == len(photos)


def test_a_path_its_bytes_and_the_opened_image_are_the_same_photo(model: Path, photos: list[Path]) -> None:
    path = photos[0]
    with Image.open(path) as image:
        same: list[Photo] = [path, path.read_bytes(), image]
        vectors = Embedder(model).embed(iter(same))
    assert np.abs(vectors - vectors[0]).max() < 1e-6


def test_a_pillow_image_with_alpha_lies_on_white_as_its_file_does(model: Path) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((200, 30, 30, 255), (10, 10, 30, 30))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    vectors = Embedder(model).embed([image, buffer.getvalue()])
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-6


def test_look_alikes_are_nearer_than_others(model: Path, photos: list[Path]) -> None:
    embedder = Embedder(model)
    with Image.open(photos[0]) as image:
        edited = image.convert("RGB").resize((40, 40))
    scores = embedder.embed(photos) @ embedder.embed([edited])[0]
    assert scores.argmax() == 0


def test_no_photos(model: Path) -> None:
    result = Embedder(model).predict([])
    assert (result.embeddings.shape, result.category_logits.shape) == ((0, 128), (0, len(CATEGORIES)))


def test_a_model_without_categories(tmp_path: Path, photos: list[Path]) -> None:
    result = Embedder(write_tiny_model(tmp_path / "m", categories=())).predict(photos[:2])
    assert result.category_logits.shape == (2, 0)
    assert classify(result.category_logits, ()) == []


def test_a_photo_that_cannot_be_used(model: Path) -> None:
    with pytest.raises(ImageError):
        Embedder(model).embed([b"no photo"])


def test_threads_may_share_one(model: Path, photos: list[Path]) -> None:
    embedder = Embedder(load_model(model), threads=1)
    expected = embedder.embed(photos)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: embedder.embed(photos), range(8)):
            assert np.array_equal(found, expected)


def test_it_needs_no_torch(model: Path, photos: list[Path]) -> None:
    program = (
        "import sys; from pathlib import Path; from indexer.models.embedder import Embedder\n"
        "print(Embedder(Path(sys.argv[1])).embed([Path(sys.argv[2])]).shape, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(model), str(photos[0])], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(1, 128) False"


def test_nothing_of_what_is_done_is_written_down_elsewhere(model: Path, photos: list[Path], tmp_path: Path) -> None:
    """The library that runs the network would keep an id and events of this machine, to send them to its maker."""
    program = "import sys; from pathlib import Path; from indexer.models.embedder import Embedder\n"
    program += "Embedder(Path(sys.argv[1])).embed([Path(sys.argv[2])])"
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    command = [sys.executable, "-c", program, str(model), str(photos[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ours | {"HOME": str(tmp_path)})
    assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == ("", "", [])


def resign(model: Path, **changes: Any) -> Path:
    """Make model.json agree with whatever model.onnx now is."""
    path = model / "model.json"
    record = json.loads(path.read_text()) | changes
    network, preprocessing = (model / "model.onnx").read_bytes(), load_preprocessing(record)
    record["fingerprint"] = fingerprint_of(network, preprocessing, record["dimension"], record["categories"])
    path.write_text(json.dumps(record))
    return model


def load_preprocessing(record: dict[str, Any]) -> Any:
    from indexer.models.preprocessing import Preprocessing

    return Preprocessing.from_record(record["preprocessing"])


def refused(model: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Embedder(model)
    message = str(caught.value)
    assert str(model) in message
    assert "\n" not in message
    return message


def test_a_file_that_is_no_network(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "m")
    (model / "model.onnx").write_bytes(b"no network")
    assert "ONNX Runtime cannot load it" in refused(resign(model))


def test_a_network_of_another_dimension_or_number_of_categories(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "m")
    assert "train it anew" in refused(resign(model, dimension=64))
    assert "train it anew" in refused(resign(model, dimension=128, categories=["rings"]))


def test_a_network_with_other_names(tmp_path: Path) -> None:
    import onnx

    model = write_tiny_model(tmp_path / "m")
    network = onnx.load(model / "model.onnx")
    network.graph.node[-1].output[0] = network.graph.output[1].name = "classes"
    (model / "model.onnx").write_bytes(network.SerializeToString())
    assert "'classes'" in refused(resign(model))


def test_a_network_of_another_input_size(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "m", size=32)
    record = json.loads((model / "model.json").read_text())
    record["preprocessing"]["size"] = 40
    embedder = Embedder(resign(model, preprocessing=record["preprocessing"]))
    with pytest.raises(ModelError, match="cannot run it"):
        embedder.embed([Image.new("RGB", (9, 9))])


def test_weights_in_a_side_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fingerprint would not notice if they were exchanged."""
    import onnx

    model = write_tiny_model(tmp_path / "m")
    network = onnx.load(model / "model.onnx")
    onnx.save(network, model / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert (model / "weights.bin").is_file()
    monkeypatch.chdir(tmp_path)
    assert "ONNX Runtime cannot load it" in refused(resign(model))


def test_classify_names_the_likeliest() -> None:
    logits = np.array([[0.0, 0.0], [1000.0, 0.0], [-1.0, 1.0]], np.float32)
    named = classify(logits, ["rings", "watches"])
    assert [name for name, _ in named] == ["rings", "rings", "watches"]
    assert [p for _, p in named] == pytest.approx([0.5, 1.0, 1 / (1 + np.exp(-2))])


def test_on_real_photos(model: Path, real_data: Path) -> None:
    paths = sorted((real_data / "jewelry" / "watches").glob("*.jpg"))[:20]
    vectors = Embedder(model).embed(paths)
    assert vectors.shape == (20, 128)
    assert np.isfinite(vectors).all()
