"""A network in ONNX Runtime: how a session is made of it, and what is said when that fails."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from indexer.errors import ModelError
from indexer.system.forks import Lock, NotPickled, in_child, whole

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Session(
    NotPickled, advice="a model that is loaded cannot be pickled or copied: load it in each process, from its directory"
):
    """A network that is ready to run; in a forked child it is loaded anew at its first run."""

    def __init__(self, path: Path, network: bytes | None, threads: int, advice: str) -> None:
        self._lock = Lock()
        self._load = partial(_load, path, network, threads, advice)
        self._loaded: InferenceSession | None = self._load()
        self.inputs: Sequence[Any] = self._loaded.get_inputs()
        self.outputs: Sequence[Any] = self._loaded.get_outputs()
        in_child(self._forget)

    def run(self, outputs: Sequence[str] | None, given: Mapping[str, NDArray[Any]]) -> list[Any]:
        """The outputs of these names, or all, of inputs by name; raises what ONNX Runtime raises."""
        loaded = self._loaded
        if loaded is None:
            with self._lock:
                loaded = self._loaded = self._loaded or self._load()
        found: list[Any] = loaded.run(outputs, given)
        return found

    def _forget(self) -> None:
        self._loaded = None


def open_session(
    path: Path, network: bytes | None = None, *, threads: int = 1, advice: str = "train it anew"
) -> Session:
    """A session on the CPU that may be run from several threads; parallelism belongs to whoever calls it.

    Args:
        path: an ONNX file.
        network: its bytes, where they were read already, to be verified: what is run is then what was verified.
        threads: threads inside one inference.
        advice: what to do about a network that cannot be loaded.

    Raises:
        ModelError: ONNX Runtime cannot load it.
    """
    return Session(path, network, threads, advice)


def _load(path: Path, network: bytes | None, threads: int, advice: str) -> InferenceSession:
    # Else it keeps an id of the machine and a file of events under the home folder, to send them to its maker, and
    # complains where it may not write there. It is read while the library is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    with whole():
        import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        # From bytes: weights in a side file, which the fingerprint would not cover, are then not found.
        network = path.read_bytes() if network is None else network
        with whole():
            return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes have no public home
        raise ModelError(f"{path}: ONNX Runtime cannot load it ({first_line(error)}); {advice}") from error


def first_line(error: BaseException) -> str:
    """What ONNX Runtime has to say, without the stack it prints below."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
