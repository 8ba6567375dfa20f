"""A network in ONNX Runtime: how a session is made of it, and what is said when that fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(
    path: Path, network: bytes | None = None, *, threads: int = 1, advice: str = "train it anew"
) -> InferenceSession:
    """A session on the CPU that may be run from several threads; parallelism belongs to whoever calls it.

    Args:
        path: an ONNX file.
        network: its bytes, where they were read already, to be verified: what is run is then what was verified.
        threads: threads inside one inference.
        advice: what to do about a network that cannot be loaded.

    Raises:
        ModelError: ONNX Runtime cannot load it.
    """
    # Else it keeps an id of the machine and a file of events under the home folder, to send them to its maker, and
    # complains where it may not write there. It is read while the library is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        # From bytes: weights in a side file, which the fingerprint would not cover, are then not found.
        network = path.read_bytes() if network is None else network
        return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes have no public home
        raise ModelError(f"{path}: ONNX Runtime cannot load it ({first_line(error)}); {advice}") from error


def first_line(error: BaseException) -> str:
    """What ONNX Runtime has to say, without the stack it prints below."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
