"""Colour profiles written by hand, byte by byte, so that what a picture with one must look like can be worked out."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = tuple[tuple[float, float, float], ...]

# XYZ (D50) of full red, green and blue, one a row.
SRGB: Matrix = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
DISPLAY_P3: Matrix = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB: Matrix = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
PROPHOTO: Matrix = ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491))

D50 = (0.9642, 1.0, 0.8249)


def decode_srgb(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Levels 0..1 of sRGB as light."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def encode_srgb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `decode_srgb`, clipped to what a screen shows."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def seen(levels: Sequence[int], primaries: Matrix, gamma: float | None = None) -> list[int]:
    """The sRGB levels of a colour of a profile; without a gamma its curve is that of sRGB."""
    values = np.array(levels, np.float64) / 255
    light = decode_srgb(values) if gamma is None else values**gamma
    return [round(255 * v) for v in encode_srgb(light @ np.array(primaries) @ np.linalg.inv(np.array(SRGB))).tolist()]


def rgb_profile(primaries: Matrix, gamma: float | None = None) -> bytes:
    """A profile of a screen by its primaries; without a gamma its curve is that of sRGB."""
    curve = _curve(gamma)
    tags = [
        (name + b"XYZ", b"XYZ \0\0\0\0" + _fixed(xyz)) for name, xyz in zip((b"r", b"g", b"b"), primaries, strict=True)
    ]
    return _profile(b"mntr", b"RGB ", b"XYZ ", [*tags, *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC"))])


def grey_profile(gamma: float | None) -> bytes:
    """A profile of grey levels."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", [(b"kTRC", _curve(gamma))])


def cmyk_profile(paper: tuple[int, int, int] = (100, 0, 0)) -> bytes:
    """A press whose inks are what they are called in no book: each corner of the cube of inks has a Lab of its own.

    Cyan alone prints the darkest red that still is one, so that only a picture converted by it can be red there.
    """
    corners = []
    for ink in range(16):  # bits: cyan, magenta, yellow, black
        amount = bin(ink).count("1")
        lab = paper if ink == 0 else (40, 60, 40) if ink == 8 else (max(0, 80 - 25 * amount), 0, 0)
        corners.append(bytes((round(lab[0] * 2.55), lab[1] + 128, lab[2] + 128)))
    line = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + _fixed((1, 0, 0, 0, 1, 0, 0, 0, 1)) + line * 4
    return _profile(b"prtr", b"CMYK", b"Lab ", [(b"A2B0", table + b"".join(corners) + line * 3)])


def _curve(gamma: float | None) -> bytes:
    if gamma is not None:
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    steps = decode_srgb(np.linspace(0, 1, 1024))
    return b"curv\0\0\0\0" + struct.pack(">I", 1024) + np.rint(steps * 65535).astype(">u2").tobytes()


def _fixed(values: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    text = b"text\0\0\0\0public domain\0"
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
    tags = [(b"desc", name), (b"cprt", text), (b"wtpt", b"XYZ \0\0\0\0" + _fixed(D50)), *tags]
    at, table, body = 132 + 12 * len(tags), b"", b""
    for tag, content in tags:
        table += tag + struct.pack(">II", at + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">I4sI", at + len(body), b"\0" * 4, 0x02400000) + kind + space + connection
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + _fixed(D50) + b"\0" * 48
    return head + struct.pack(">I", len(tags)) + table + body
