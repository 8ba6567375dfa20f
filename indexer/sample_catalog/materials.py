"""How metals, stones, pearls, leather and dials answer the light of a small photo studio."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from indexer.sample_catalog.curves import Array, unit

MAP = 224  # side of the mirror-ball picture of the studio
LEVELS = 512

# Colours at brightness 0, 1/4, 1/2, 3/4 and 1.
RAMPS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "gold": ((38, 20, 4), (132, 84, 20), (212, 158, 60), (248, 214, 128), (255, 250, 228)),
    "silver": ((20, 22, 26), (92, 96, 102), (168, 171, 176), (226, 228, 231), (255, 255, 255)),
    "rose gold": ((48, 18, 12), (146, 82, 64), (218, 150, 126), (248, 204, 186), (255, 246, 238)),
    "black steel": ((3, 3, 4), (22, 22, 26), (52, 53, 59), (112, 114, 122), (236, 238, 244)),
    "copper": ((36, 10, 4), (126, 58, 28), (196, 104, 62), (236, 164, 120), (255, 236, 216)),
    "dark": ((6, 6, 7), (22, 21, 21), (44, 42, 41), (86, 84, 82), (190, 188, 186)),
    "diamond": ((26, 30, 40), (120, 128, 142), (206, 212, 222), (244, 247, 252), (255, 255, 255)),
    "ruby": ((30, 0, 6), (112, 2, 22), (190, 10, 46), (238, 62, 98), (255, 214, 224)),
    "sapphire": ((2, 6, 36), (8, 28, 110), (26, 62, 182), (88, 134, 238), (222, 234, 255)),
    "emerald": ((0, 22, 12), (0, 76, 42), (10, 138, 82), (74, 204, 144), (220, 255, 238)),
    "amethyst": ((24, 4, 36), (82, 26, 118), (140, 66, 184), (192, 130, 230), (246, 226, 255)),
    "topaz": ((50, 18, 0), (158, 76, 4), (226, 138, 26), (252, 194, 84), (255, 244, 210)),
    "aquamarine": ((8, 40, 52), (54, 128, 148), (120, 196, 212), (184, 232, 240), (246, 255, 255)),
    "pearl": ((96, 84, 78), (176, 164, 154), (226, 218, 208), (248, 243, 236), (255, 255, 253)),
    "onyx": ((2, 2, 3), (10, 10, 12), (26, 26, 30), (96, 98, 106), (244, 246, 250)),
    "turquoise": ((4, 52, 56), (18, 122, 124), (48, 176, 172), (112, 214, 206), (232, 255, 250)),
    "black": ((5, 5, 6), (20, 19, 19), (38, 36, 36), (66, 64, 63), (128, 126, 124)),
    "brown": ((18, 8, 3), (64, 34, 18), (108, 62, 36), (150, 98, 64), (206, 164, 128)),
    "tan": ((48, 26, 10), (122, 76, 40), (178, 122, 74), (212, 164, 116), (240, 210, 174)),
    "navy": ((4, 6, 18), (16, 24, 52), (32, 46, 86), (66, 84, 128), (140, 158, 196)),
    "burgundy": ((20, 2, 6), (62, 10, 22), (102, 24, 40), (146, 60, 74), (204, 140, 148)),
    "white": ((84, 84, 86), (168, 168, 170), (226, 226, 226), (247, 247, 246), (255, 255, 255)),
    "cream": ((86, 78, 64), (176, 164, 140), (232, 222, 200), (248, 242, 226), (255, 253, 244)),
    "blue": ((2, 6, 22), (8, 26, 72), (20, 52, 122), (60, 100, 178), (170, 200, 246)),
    "green": ((2, 14, 8), (8, 46, 30), (18, 80, 56), (58, 128, 98), (170, 216, 194)),
    "grey": ((16, 16, 18), (58, 59, 62), (100, 101, 105), (146, 148, 152), (214, 216, 220)),
}


@dataclass(frozen=True)
class Light:
    """The studio: where the key light stands, how strong it and the room are."""

    azimuth: float  # radians, 0 = right, pi/2 = above
    height: float  # 0 = grazing, 1 = beside the camera
    key: float  # strength of the softbox
    room: float  # strength of everything else
    backdrop: float  # brightness that the background throws back, 0 to 1


@lru_cache(maxsize=64)
def ramp(name: str) -> Array:
    """A material's colours by brightness, [512, 3] of 0 to 255."""
    stops = np.array(RAMPS[name], dtype=float)
    grid = np.linspace(0, 1, LEVELS)
    knots = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(grid, knots, stops[:, c]) for c in range(3)], axis=1).astype(np.float32)


def smooth_step(low: float, high: float, value: Array) -> Array:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def studio(light: Light) -> tuple[Array, Array]:
    """The studio as a mirror ball sees it: brightness by the normal's (x, y), sharp and blurred, [224, 224] each."""
    axis = np.linspace(-1, 1, MAP)
    x, y = np.meshgrid(axis, -axis)
    flat = np.minimum(x * x + y * y, 0.9999)
    z = np.sqrt(1 - flat)
    rx, ry, rz = 2 * z * x, 2 * z * y, 2 * z * z - 1
    c, s = np.cos(light.azimuth), np.sin(light.azimuth)
    key = unit(np.array([c * 0.9, max(s, 0.25) * 0.9, 0.25 + light.height]))
    towards = rx * key[0] + ry * key[1] + rz * key[2]
    room = 0.40 + 0.22 * ry
    ahead = smooth_step(0.72, 0.97, rz)
    edge = np.exp(-(((ry + 0.10 - 0.15 * c * rx) / 0.17) ** 2))  # the dark line of the table's edge
    room -= 0.34 * edge * (1 - 0.85 * ahead)
    room += 0.30 * light.backdrop * smooth_step(0.15, 0.7, -ry)  # the table throws light back
    room += 0.16 * light.backdrop * smooth_step(0.2, 0.9, -rz)
    room += 0.06 * ahead  # a paper screen with a hole for the camera
    box = light.key * smooth_step(0.70, 0.86, towards)
    strip = (
        0.55 * light.key * np.exp(-(((rx + 0.72 * (1 if c >= 0 else -1)) / 0.12) ** 2)) * smooth_step(-0.6, -0.2, ry)
    )
    brightness = np.clip(light.room * room + box + strip, 0.02, 1.0)
    picture = Image.fromarray((brightness * 255).astype(np.uint8))
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(MAP * 0.07)), dtype=np.float32) / 255
    return brightness.astype(np.float32), soft


def look_up(studio_map: Array, x: Array, y: Array) -> Array:
    """The studio's brightness where a mirror with the normal (x, y, …) looks."""
    column = np.clip((x + 1) * (0.5 * (MAP - 1)), 0, MAP - 1).astype(np.int32)
    row = np.clip((1 - y) * (0.5 * (MAP - 1)), 0, MAP - 1).astype(np.int32)
    return np.asarray(studio_map.reshape(-1)[row * MAP + column])


def paint(name: str, brightness: Array) -> Array:
    """Colours [n, 3] (0 to 255) of a material at some brightnesses."""
    return ramp(name)[np.clip(brightness * (LEVELS - 1), 0, LEVELS - 1).astype(np.int32)]


def fire(local: Array, normal: Array, gaze: Array, turn: Array, cut: str, studio_map: Array) -> Array:
    """What the eye sees through a facet: in, off two pavilion facets, out into the studio; brightness [n].

    ``local``, ``normal`` and ``gaze`` are in the stone's own frame, ``turn`` leads from it to the camera's. Tracing
    two internal bounces in closed form (the pavilion taken as a faceted cone) is enough for a stone's pattern.
    """
    sectors = {"princess": 8, "emerald": 8}.get(cut, 16)
    entering = gaze / 2.1 - normal * (
        (gaze * normal).sum(1, keepdims=True) / 2.1
        + np.sqrt(np.maximum(1 - (1 - (gaze * normal).sum(1, keepdims=True) ** 2) / 4.4, 0))
    )
    place = local[:, :2] + entering[:, :2] * (0.45 + local[:, 2:3])
    ray = bounce(place, entering, sectors, cut)
    ray = bounce(place + ray[:, :2] * 1.3, ray, sectors, cut)
    out_xy = ray[:, :2] * 1.9
    escape = (out_xy * out_xy).sum(1)
    out_z = np.sqrt(np.maximum(1 - escape, 0.0))
    out = np.concatenate([out_xy, out_z[:, None]], axis=1)
    seen = np.einsum("nij,nj->ni", turn, out)
    size = np.sqrt(np.maximum(2 * (1 + seen[:, 2]), 0.08))
    brightness = look_up(studio_map, seen[:, 0] / size, seen[:, 1] / size)
    brightness = brightness * (1 - 0.6 * smooth_step(0.70, 0.97, seen[:, 2]))  # the photographer's head is dark
    lost = (escape > 1.0) | (ray[:, 2] < 0)
    return np.where(lost, 0.10 + 0.25 * brightness, 0.12 + 0.98 * brightness)


def bounce(place: Array, ray: Array, sectors: int, cut: str) -> Array:
    """A ray mirrored at the pavilion facet under ``place``."""
    step = 2 * np.pi / sectors
    angle = (np.floor(np.arctan2(place[:, 1], place[:, 0]) / step) + 0.5) * step
    tilt = 0.70
    if cut == "emerald":
        angle = np.round(angle / (np.pi / 2)) * (np.pi / 2)
        depth = np.floor(np.clip(np.abs(place).max(axis=1), 0, 0.99) * 3.5)
        sine, cosine = np.sin(tilt - 0.13 * (depth - 1)), np.cos(tilt - 0.13 * (depth - 1))
    else:
        sine, cosine = np.full(len(place), np.sin(tilt)), np.full(len(place), np.cos(tilt))
    inward = np.stack([-np.cos(angle) * sine, -np.sin(angle) * sine, cosine], axis=1)
    return np.asarray(ray - 2 * (ray * inward).sum(1, keepdims=True) * inward)
