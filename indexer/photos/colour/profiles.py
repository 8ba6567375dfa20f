"""Colour profiles: pixels as the sRGB that models, thumbnails and screens take them for."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from indexer.system.forks import Lock

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

MAX_PROFILE = 8_000_000
"""Bytes of the largest profile that is applied: those of presses, the largest, have 1 to 4 million."""

SAME = 2
"""A profile that moves no colour by more levels of 255 is sRGB: the copies of it that programs embed differ so much."""

KEPT = 32
"""Profiles whose conversion is kept: a shop has a handful."""

_SPACE_OF_MODE = {"RGB": "RGB ", "RGBA": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_GRID = range(0, 256, 15)

_found: dict[tuple[bytes, str], ImageCmsTransform | None] = {}
_finding = Lock()


def profile_of(image: Image.Image) -> bytes | None:
    """The colour profile that a picture carries, if any."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE else None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture with its colours as sRGB; RGB and RGBA may be changed in place, L and CMYK become RGB.

    Without a profile, with one that is broken, that is of another kind of colours than the picture, or that is sRGB
    itself, the levels stay as they are. As photo programs do it: relative colorimetric, the darkest black to black.
    """
    conversion = None if profile is None else _conversion(profile, image.mode)
    if conversion is None:
        return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
    if conversion.output_mode == image.mode:
        conversion.apply_in_place(image)
        return image
    return conversion.apply(image)


def is_converted(profile: bytes | None, mode: str) -> bool:
    """Whether pictures of this mode, as Pillow opens them, change when this profile is applied."""
    return profile is not None and _conversion(profile, working_mode(mode)) is not None


def working_mode(mode: str) -> str:
    """The mode in which the profile of a picture of any mode is applied."""
    if mode in ("1", "L", "LA", "La") or mode.startswith(("I", "F")):
        return "L"
    return mode if mode in ("CMYK", "LAB", "HSV") else "RGB"


def _conversion(profile: bytes, mode: str) -> ImageCmsTransform | None:
    """What has to be done to pixels of this mode; None where nothing has."""
    key = hashlib.sha256(profile).digest(), mode
    with _finding:
        if key not in _found:
            if len(_found) >= KEPT:
                _found.clear()
            _found[key] = _make(profile, mode)
        return _found[key]


def _make(profile: bytes, mode: str) -> ImageCmsTransform | None:
    from PIL import ImageCms  # most catalogs need it for no photo, and a command line should start at once

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _SPACE_OF_MODE.get(mode):
            return None
        conversion = ImageCms.ImageCmsTransform(
            source,
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return None if _changes_nothing(conversion, mode) else conversion
    except Exception:  # noqa: BLE001 - a broken profile raises anything, and the pixels are fine
        return None


def _changes_nothing(conversion: ImageCmsTransform, mode: str) -> bool:
    """Whether a conversion leaves all colours where they are, judged on a grid of them."""
    if mode == "CMYK":
        return False
    channels = 1 if mode == "L" else 3
    levels = np.stack(np.meshgrid(*[np.array(_GRID, np.uint8)] * channels, indexing="ij"), axis=-1)
    before = Image.fromarray(levels.reshape(-1, 1, channels).squeeze(-1) if channels == 1 else levels.reshape(-1, 1, 3))
    after = conversion.apply(before.convert(mode)).convert("RGB")
    moved = np.asarray(after, np.int16) - np.asarray(before.convert("RGB"), np.int16)
    return int(np.abs(moved).max()) <= SAME
