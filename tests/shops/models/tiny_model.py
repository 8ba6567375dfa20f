"""Builds a complete model directory without training: a small real network whose vectors mean something.

In a test: ``from tests.shops.models.tiny_model import write_tiny_model``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.models.directory import FORMAT_VERSION, JSON_NAME, ONNX_NAME, WEIGHTS_NAME, fingerprint_of
from indexer.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from onnx import ModelProto

CATEGORIES = ("bracelets", "earrings", "necklaces", "rings", "watches")
DIMENSION = 128
GRID = 8


def write_tiny_model(
    path: Path, size: int = 32, categories: Sequence[str] = CATEGORIES, seed: int = 0, *, strange: bool = False
) -> Path:
    """Write a model directory that `indexer.models.directory.load_model` accepts; returns ``path``.

    The network averages the photo over an 8x8 grid and turns those colours by a seeded random projection
    into a unit vector: look-alike photos get near vectors, the same photo gets the same vector, and another
    seed gives another fingerprint. ``size`` must be a multiple of 8. With ``strange`` it says how strange a photo is,
    which is its mean brightness from -1 to 1, and calls none of its categories what is brighter than .9.
    """
    import onnx
    from safetensors.numpy import save_file

    if size % GRID:
        raise ValueError(f"size {size} is not a multiple of {GRID}")
    weights = _weights(len(categories), seed)
    content: bytes = onnx.ModelProto.SerializeToString(_network(size, len(categories), weights, strange=strange))
    preprocessing = Preprocessing(size=size)
    record = {
        "format_version": FORMAT_VERSION,
        "fingerprint": fingerprint_of(content, preprocessing, DIMENSION, categories),
        "dimension": DIMENSION,
        "preprocessing": preprocessing.record(),
        "categories": list(categories),
        "metrics": {"category": {"P@1": 0.5}},
        "calibration": {"same_category": {"scores": [0.0, 0.5, 1.0], "probabilities": [0.1, 0.4, 0.9]}},
        "training": {"recipe": "none", "seed": seed},
        "libraries": {"onnx": onnx.__version__},
    }
    if strange:
        known = {"above": 0.9, "judged": 100, "strangeness": [0.0, 0.9], "share": [0.5, 0.015]}
        record["calibration"]["none_of_these"] = known
    path.mkdir(parents=True, exist_ok=True)
    (path / ONNX_NAME).write_bytes(content)
    save_file(weights, path / WEIGHTS_NAME)
    (path / JSON_NAME).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def _weights(categories: int, seed: int) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    return {
        "projection": random.standard_normal((GRID * GRID * 3, DIMENSION)).astype(np.float32),
        "bias": random.standard_normal(DIMENSION).astype(np.float32),
        "classifier": (5.0 * random.standard_normal((DIMENSION, categories))).astype(np.float32),
    }


def _network(size: int, categories: int, weights: dict[str, NDArray[np.float32]], *, strange: bool) -> ModelProto:
    from onnx import TensorProto, checker, helper, numpy_helper

    constants = {**weights, "half": np.array([127.5], np.float32), "shape": np.array([0, GRID * GRID * 3], np.int64)}
    window = [size // GRID, size // GRID]
    nodes = [
        helper.make_node("Cast", ["image"], ["levels"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["levels", "half"], ["centred"]),
        helper.make_node("Div", ["centred", "half"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=window, strides=window),
        helper.make_node("Reshape", ["cells", "shape"], ["colours"]),
        helper.make_node("MatMul", ["colours", "projection"], ["turned"]),
        helper.make_node("Add", ["turned", "bias"], ["raw"]),  # no photo, however grey, may become the zero vector
        helper.make_node("LpNormalization", ["raw"], ["embedding"], axis=1, p=2),
        helper.make_node("MatMul", ["embedding", "classifier"], ["category_logits"]),
    ]
    outputs = [
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", DIMENSION]),
        helper.make_tensor_value_info("category_logits", TensorProto.FLOAT, ["n", categories]),
    ]
    if strange:
        constants["axes"] = np.array([1], np.int64)
        nodes.append(helper.make_node("ReduceMean", ["colours", "axes"], ["strangeness"], keepdims=1))
        outputs.append(helper.make_tensor_value_info("strangeness", TensorProto.FLOAT, ["n", 1]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", size, size, 3])],
        outputs,
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    checker.check_model(model, full_check=True)
    return model
