"""Writes what is in a model directory: ONNX, safetensors and model.json, checked against torch."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from indexer.errors import ModelError
from indexer.models.directory import FORMAT_VERSION, JSON_NAME, ONNX_NAME, WEIGHTS_NAME, fingerprint_of
from indexer.models.onnx_session import open_session
from indexer.models.preprocessing import Preprocessing
from trainer.network.network import EmbeddingNetwork
from trainer.network.served import FeatureClassifier, Strangeness

MAX_COSINE_ERROR = 1e-5
MAX_LOGIT_ERROR = 1e-3  # as a share of the largest logit
OUTPUTS = ("embedding", "category_logits")
STRANGENESS = "strangeness"
LIBRARIES = ("torch", "torchvision", "pytorch-metric-learning", "onnx", "onnxscript", "onnxruntime", "numpy", "pillow")


class ServedNetwork(nn.Module):
    """What is exported: photos → embedding, category logits, and how strange they are where that is measured.

    Args:
        network: the trained embedding network.
        classifier: a linear layer to the categories, from the embedding or, a `FeatureClassifier`, from the features.
        strangeness: from the features.
    """

    def __init__(
        self, network: EmbeddingNetwork, classifier: nn.Linear, strangeness: Strangeness | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.classifier = classifier
        self.strangeness = strangeness

    @property
    def outputs(self) -> tuple[str, ...]:
        """Their names, in order."""
        return OUTPUTS if self.strangeness is None else (*OUTPUTS, STRANGENESS)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Unit vectors [n, dimension], logits [n, C] and strangeness [n, 1] of photos uint8 [n,H,W,3]."""
        features = self.network.features(image)
        embedding = self.network.embed(features)
        logits = self.classifier(features if isinstance(self.classifier, FeatureClassifier) else embedding)
        if self.strangeness is None:
            return embedding, logits
        return embedding, logits, self.strangeness(features)


def no_classifier(dimension: int) -> nn.Linear:
    """The classifier of a model that knows no categories: no logits."""
    layer = nn.Linear(dimension, 1)
    layer.weight, layer.bias = nn.Parameter(torch.empty(0, dimension)), nn.Parameter(torch.empty(0))
    layer.out_features = 0
    return layer


def write_onnx(module: nn.Module, path: Path, size: int, outputs: Sequence[str] = OUTPUTS) -> None:
    """Write a module that takes photos uint8 [n,size,size,3] as ONNX, batch norm folded in by the exporter.

    The module itself is left as it was.
    """
    served = copy.deepcopy(module).eval()
    example = torch.zeros((2, size, size, 3), dtype=torch.uint8)
    torch.onnx.export(
        served,
        (example,),
        str(path),
        dynamo=True,
        external_data=False,
        verbose=False,
        input_names=["image"],
        output_names=list(outputs),
        dynamic_shapes=({0: torch.export.Dim("n")},),
    )
    _drop_traces(path)


def _drop_traces(path: Path) -> None:
    """Drop the exporter's notes (source files and lines, object ids): equal networks are then equal bytes."""
    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.save(model, path)


def write_network(
    folder: Path,
    network: EmbeddingNetwork,
    classifier: nn.Linear,
    preprocessing: Preprocessing,
    strangeness: Strangeness | None = None,
) -> None:
    """Write ``model.onnx`` and ``model.safetensors`` into a folder and check that ONNX Runtime agrees with torch.

    Raises:
        ModelError: the exported network gives other embeddings than the trained one.
    """
    served = ServedNetwork(network, classifier, strangeness).eval()
    write_onnx(served, folder / ONNX_NAME, preprocessing.size, served.outputs)
    weights = {**network.state_dict(), **{f"classifier.{k}": v for k, v in classifier.state_dict().items()}}
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / WEIGHTS_NAME)
    (folder / WEIGHTS_NAME).chmod(0o644)  # safetensors makes its files private; a model is read by others
    _check_against_torch(folder / ONNX_NAME, served, preprocessing.size)


def write_record(
    folder: Path,
    network: EmbeddingNetwork,
    preprocessing: Preprocessing,
    categories: Sequence[str],
    **parts: Any,
) -> str:
    """Write ``model.json`` beside the network; ``parts`` are further keys: metrics, calibration, training.

    Returns:
        The model's fingerprint.
    """
    onnx_bytes = (folder / ONNX_NAME).read_bytes()
    fingerprint = fingerprint_of(onnx_bytes, preprocessing, network.dimension, categories)
    record = {
        "format_version": FORMAT_VERSION,
        "fingerprint": fingerprint,
        "dimension": network.dimension,
        "preprocessing": preprocessing.record(),
        "categories": list(categories),
        "head": network.head.record(),
        **parts,
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    (folder / JSON_NAME).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return fingerprint


def _check_against_torch(onnx: Path, served: ServedNetwork, size: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    session = open_session(onnx)
    embedding, logits, *more = session.run(list(served.outputs), {"image": images})
    with torch.inference_mode():
        expected, expected_logits, *others = (out.numpy() for out in served(torch.from_numpy(images)))
    error = float(np.max(1 - np.sum(embedding * expected, axis=1)))
    largest = np.abs(expected_logits).max(initial=1.0)
    off = float(np.abs(logits - expected_logits).max(initial=0.0) / largest)  # a model may know no categories
    for found, wanted in zip(more, others, strict=True):
        off = max(off, float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max())))
    if not error < MAX_COSINE_ERROR or not off < MAX_LOGIT_ERROR:
        raise ModelError(
            f"the exported network differs from the trained one (cosine {error:.1e}, logits {off:.1e}); do not use it"
        )
