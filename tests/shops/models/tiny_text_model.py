"""A CLIP in small: two real ONNX networks and a real tokenizer that agree on colours, written in milliseconds.

In a test: ``from tests.shops.models.tiny_text_model import write_tiny_text_model``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto

SIZE, LENGTH, DIMENSION = 32, 12, 24
MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.5, 0.2)
COLOURS = {"red": (2, -1, -1), "green": (-1, 2, -1), "blue": (-1, -1, 2), "yellow": (1, 1, -2), "purple": (1, -2, 1)}
WORDS = ("<pad>", "<s>", "</s>", "<unk>", "a", "with", "stone", "ring", *COLOURS)


def write_tiny_text_model(
    path: Path,
    *,
    seed: int = 0,
    outputs: tuple[str, str] = ("image_embeds", "text_embeds"),
    dimensions: tuple[int, int] = (DIMENSION, DIMENSION),
    mask: bool = False,
    fixed: bool = False,
    folder: str = "",
) -> Path:
    """Write the directory of a text model; returns ``path``.

    A photo becomes its mean colour, a text the sum of its colour words, and both the same projection of that: "a red
    ring" is nearest to red photos. ``seed`` gives another projection, so another fingerprint. ``fixed`` writes the
    networks for one input of one length, ``mask`` a text network that takes an attention mask.
    """
    import onnx

    path.joinpath(folder).mkdir(parents=True, exist_ok=True)
    projections = [_projection(seed, dimension) for dimension in dimensions]
    networks = {
        "vision_model.onnx": _vision(projections[0], outputs[0], fixed),
        "text_model.onnx": _text(projections[1], outputs[1], mask, fixed),
    }
    for name, network in networks.items():
        (path / folder / name).write_bytes(onnx.ModelProto.SerializeToString(network))
    write_json(
        path / "preprocessor_config.json",
        {
            "do_resize": True,
            "size": {"shortest_edge": SIZE},
            "resample": 3,
            "do_center_crop": True,
            "crop_size": {"height": SIZE, "width": SIZE},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": MEAN,
            "image_std": STD,
        },
    )
    write_json(path / "tokenizer_config.json", {"model_max_length": LENGTH, "pad_token": "<pad>"})
    _write_tokenizer(path / "tokenizer.json")
    return path


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def _projection(seed: int, dimension: int) -> NDArray[np.float32]:
    """Rows that stand at right angles: three colours, and what every photo and text has in common."""
    drawn = np.random.default_rng(seed).standard_normal((dimension, 4))
    return np.ascontiguousarray(np.linalg.qr(drawn)[0].T, np.float32)


def _vision(projection: NDArray[np.float32], output: str, fixed: bool) -> ModelProto:
    from onnx import TensorProto, helper

    centre = np.eye(3, dtype=np.float32) - np.float32(1 / 3)  # what is grey becomes nothing
    constants = {
        "std": np.array(STD, np.float32),
        "mean": np.array(MEAN, np.float32),
        "centre": centre,
        "colours": projection[:3],
        "common": 0.05 * projection[3:],
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values", "axes"], ["seen"], keepdims=0),
        helper.make_node("Mul", ["seen", "std"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mean"], ["mean_colour"]),
        helper.make_node("MatMul", ["mean_colour", "centre"], ["hue"]),
        helper.make_node("MatMul", ["hue", "colours"], ["turned"]),
        helper.make_node("Add", ["turned", "common"], [output]),
    ]
    n: int | str = 1 if fixed else "n"
    shape = [n, 3, *((SIZE, SIZE) if fixed else ("height", "width"))]
    return _network(
        nodes,
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, shape)],
        helper.make_tensor_value_info(output, TensorProto.FLOAT, [n, projection.shape[1]]),
        constants,
    )


def _text(projection: NDArray[np.float32], output: str, mask: bool, fixed: bool) -> ModelProto:
    from onnx import TensorProto, helper

    table = np.zeros((len(WORDS), 4), np.float32)
    table[WORDS.index("</s>"), 3] = 0.05
    for word, colour in COLOURS.items():
        table[WORDS.index(word), :3] = colour
    constants: dict[str, NDArray[Any]] = {
        "table": table,
        "projection": projection,
        "axis": np.array([1], np.int64),
        "last": np.array([-1], np.int64),
    }
    counted = "masked" if mask else "words"
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("ReduceSum", [counted, "axis"], ["sum"], keepdims=0),
        helper.make_node("MatMul", ["sum", "projection"], [output]),
    ]
    if mask:
        nodes[1:1] = [
            helper.make_node("Cast", ["attention_mask"], ["float_mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["float_mask", "last"], ["column"]),
            helper.make_node("Mul", ["words", "column"], ["masked"]),
        ]
    shape: list[int | str] = [1, LENGTH] if fixed else ["n", "length"]
    names = ["input_ids", "attention_mask"] if mask else ["input_ids"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in names]
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, [shape[0], projection.shape[1]])
    return _network(nodes, inputs, made, constants if mask else {k: v for k, v in constants.items() if k != "last"})


def _network(nodes: list[Any], inputs: list[Any], output: Any, constants: dict[str, NDArray[Any]]) -> ModelProto:
    from onnx import checker, helper, numpy_helper

    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    checker.check_model(model, full_check=True)
    return model


def _write_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", vocabulary["<s>"]), ("</s>", vocabulary["</s>"])]
    )
    path.write_text(tokenizer.to_str(), encoding="utf-8")
