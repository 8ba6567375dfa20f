"""HEIC, the photos of phones: read where the package pillow-heif is installed, which the extra ``heic`` brings."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from indexer.system.forks import Lock

ADVICE = "save it as JPEG, PNG or WebP, or run: pip install 'jewelry-similarity[heic]'"

_registering = Lock()


@cache
def is_read() -> bool:
    """Whether HEIC can be read here."""
    return find_spec("pillow_heif") is not None


def register() -> bool:
    """Let Pillow open HEIC, which it calls HEIF; False where that cannot be."""
    if not is_read():
        return False
    with _registering:
        _register()
    return True


@cache
def _register() -> None:
    from pillow_heif import register_heif_opener  # an extra

    register_heif_opener(thumbnails=False)
