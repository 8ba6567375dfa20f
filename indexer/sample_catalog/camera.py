"""The camera: surface points to a picture by a depth buffer, and every visible point shaded once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from indexer.sample_catalog import materials
from indexer.sample_catalog.curves import Array, unit
from indexer.sample_catalog.solids import ACCENT, DARK, DIAL, ENAMEL, FACETED, INK, LEATHER, METAL, STONE, Part

PERSPECTIVE = 0.10
ID_BITS = 26  # a depth key is depth, then the number of the surface point


@dataclass(frozen=True)
class Dress:
    """Which ramp each material takes and how the metal is finished."""

    metal: str
    stone: str
    finish: str = "polished"
    cut: str = "round"
    leather: str = "brown"
    dial: str = "white"
    enamel: str = "blue"


@dataclass(frozen=True)
class Framing:
    """Where the piece stands in the picture: rotation to the camera, pixels per unit, centre in pixels."""

    turn: Array
    scale: float
    centre: tuple[float, float]
    pixels: int


def place_points(parts: list[Part], turn: Array) -> Array:
    """All surface points of all places of all parts in camera space, float32 [n, 3]."""
    clouds = []
    for part in parts:
        turns = (turn @ part.turns).astype(np.float32)
        shifts = (part.shifts @ turn.T).astype(np.float32)
        cloud = part.points @ np.swapaxes(turns, 1, 2)
        cloud += shifts[:, None]
        clouds.append(cloud.reshape(-1, 3))
    return np.concatenate(clouds)


def extent(parts: list[Part], turn: Array) -> tuple[Array, Array]:
    """The corners (x, y) of what the parts cover in the picture plane, in units."""
    points = place_points(parts, turn)
    flat = points[:, :2] / (1 - PERSPECTIVE * points[:, 2:])
    return flat.min(axis=0), flat.max(axis=0)


def expose(parts: list[Part], framing: Framing, dress: Dress, light: materials.Light) -> tuple[Image.Image, Image.Image]:
    """The piece as RGB (black where nothing is) and its coverage as L, both ``pixels`` square."""
    pixels = framing.pixels
    points = place_points(parts, framing.turn)
    zoom = framing.scale / (1 - PERSPECTIVE * points[:, 2])
    column = (framing.centre[0] + points[:, 0] * zoom).astype(np.int32)
    row = (framing.centre[1] - points[:, 1] * zoom).astype(np.int32)
    inside = (column >= 0) & (column < pixels) & (row >= 0) & (row < pixels)
    depth = np.clip((points[:, 2] + 4) * (2**20 / 8), 0, 2**20 - 1).astype(np.int64)
    number = np.arange(len(points), dtype=np.int64)
    key = (depth << ID_BITS) | number
    nearest = np.full(pixels * pixels, -1, dtype=np.int64)
    if inside.all():
        np.maximum.at(nearest, row * pixels + column, key)
    else:
        np.maximum.at(nearest, (row * pixels + column)[inside], key[inside])
    visible = np.flatnonzero(nearest >= 0)
    winners = nearest[visible] & ((1 << ID_BITS) - 1)
    shaded = shade(parts, framing, dress, light, winners, points[winners])
    shaded *= occlusion(nearest, visible, pixels)[:, None]
    picture = np.zeros((pixels * pixels, 3), dtype=np.uint8)
    picture[visible] = np.clip(shaded, 0, 255).astype(np.uint8)
    cover = np.zeros(pixels * pixels, dtype=np.uint8)
    cover[visible] = 255
    return Image.fromarray(picture.reshape(pixels, pixels, 3)), Image.fromarray(cover.reshape(pixels, pixels))


def occlusion(nearest: Array, visible: Array, pixels: int) -> Array:
    """How much light reaches each visible point: less where the surroundings stand nearer to the camera, [n]."""
    heights = np.maximum(nearest >> (ID_BITS + 10), 0).astype(np.int32)  # 1,024 levels over 8 units
    heights = np.where(nearest < 0, 380, heights)
    low, high = 380, 640
    small = np.clip((heights - low) * (255 / (high - low)), 0, 255).astype(np.uint8).reshape(pixels, pixels)
    around = Image.fromarray(small).reduce(4).filter(ImageFilter.BoxBlur(pixels / 4 / 40)).resize((pixels, pixels), 2)
    above = np.asarray(around).reshape(-1)[visible].astype(np.float32) - small.reshape(-1)[visible]
    return np.asarray(1 - np.clip(above / 42, 0, 0.6))


def shade(
    parts: list[Part], framing: Framing, dress: Dress, light: materials.Light, winners: Array, seen: Array
) -> Array:
    """Colours [n, 3] of the visible points; ``winners`` are their numbers, ``seen`` their places in camera space."""
    sizes = np.array([len(p.points) for p in parts])
    starts = np.concatenate([[0], np.cumsum(sizes * [len(p.shifts) for p in parts])])
    owner = np.searchsorted(starts, winners, side="right") - 1
    place, point = np.divmod(winners - starts[owner], sizes[owner])
    template = np.concatenate([[0], np.cumsum(sizes)])[owner] + point
    first_place = np.concatenate([[0], np.cumsum([len(p.shifts) for p in parts])])[owner] + place
    turns = np.concatenate([framing.turn @ p.turns for p in parts]).astype(np.float32)[first_place]
    local_normals = np.concatenate([p.normals for p in parts])[template]
    normals = np.einsum("nij,nj->ni", turns, local_normals)
    kind = np.array([p.material for p in parts])[owner]
    sharp, soft = materials.studio(light)
    colours = np.empty((len(winners), 3), dtype=np.float32)
    if dress.finish == "hammered":
        normals = np.where((kind == METAL)[:, None], hammered(normals, seen @ framing.turn), normals)
    for material in np.unique(kind):
        mask = kind == material
        if material in (STONE, ACCENT) and (dress.stone if material == STONE else "diamond") in FACETED:
            stone = dress.stone if material == STONE else "diamond"
            locals_ = np.concatenate([p.points for p in parts])[template[mask]]
            radius = np.array([np.abs(p.points).max() for p in parts])[owner[mask]]
            colours[mask] = gem_colour(
                stone, dress.cut, locals_ / radius[:, None], local_normals[mask], normals[mask], turns[mask], sharp
            )
        else:
            colours[mask] = surface_colour(int(material), dress, normals[mask], seen[mask], sharp, soft)
    return colours


def hammered(normals: Array, place: Array) -> Array:
    """Normals of a surface covered with small hammer dents, by the place on the piece."""
    waves = place * 34.0
    dents = np.stack(
        [
            np.sin(waves[:, 0] + 1.7 * np.sin(waves[:, 1] * 0.9)),
            np.sin(waves[:, 1] + 1.9 * np.sin(waves[:, 2] * 1.1 + waves[:, 0] * 0.5)),
            np.zeros(len(place)),
        ],
        axis=1,
    )
    return unit(normals + 0.20 * dents).astype(np.float32)


def gem_colour(
    stone: str, cut: str, local: Array, local_normal: Array, normal: Array, turn: Array, sharp: Array
) -> Array:
    """A faceted stone: light returned from inside, tinted, and the gleam of its surface."""
    gaze = -turn[:, 2, :]
    inner = materials.fire(local, local_normal, gaze, turn, cut, sharp)
    gleam = materials.look_up(sharp, normal[:, 0], normal[:, 1])
    fresnel = 0.10 + 0.55 * np.clip(1 - normal[:, 2], 0, 1) ** 3
    colour = materials.paint(stone, np.clip(inner * (0.92 if stone == "diamond" else 0.86), 0, 1))
    colour += (fresnel * np.maximum(gleam - 0.35, 0) * 255)[:, None]
    colour += (smooth_gleam(gleam) * 120)[:, None]
    return np.asarray(colour)


def smooth_gleam(brightness: Array) -> Array:
    """Only the lamp itself, not the room."""
    return np.asarray(materials.smooth_step(0.88, 1.0, brightness))


def surface_colour(material: int, dress: Dress, normal: Array, seen: Array, sharp: Array, soft: Array) -> Array:
    """Metal, pearl, polished stone, enamel, leather, dial or print."""
    # A camera at a finite distance sees each place of a flat plate from another angle.
    x = 0.96 * normal[:, 0] + 0.16 * seen[:, 0]
    y = 0.96 * normal[:, 1] + 0.16 * seen[:, 1]
    if material == METAL:
        if dress.finish == "satin":
            grain = 0.05 * np.sin(seen[:, 0] * 157.0 + 3 * np.sin(seen[:, 1] * 61.0))
            return materials.paint(dress.metal, materials.look_up(soft, x, y) * 0.95 + 0.05 + grain)
        return materials.paint(dress.metal, materials.look_up(sharp, x, y))
    if material == DARK:
        return materials.paint("dark", materials.look_up(sharp, x, y))
    diffuse = materials.look_up(soft, 0.75 * normal[:, 0], 0.75 * normal[:, 1])
    gleam = smooth_gleam(materials.look_up(sharp, x, y))
    if material in (STONE, ACCENT):
        if dress.stone == "pearl" or (material == ACCENT):
            body = 0.42 + 0.42 * diffuse + 0.18 * normal[:, 2]
            colour = materials.paint("pearl", np.clip(body, 0, 0.97)) + (gleam * 40)[:, None]
            blush = np.clip(1 - normal[:, 2], 0, 1)[:, None] * np.array([8.0, -10.0, 2.0], dtype=np.float32)
            return np.asarray(colour + blush)
        body = 0.16 + 0.55 * diffuse
        return np.asarray(materials.paint(dress.stone, body) + (gleam * 150)[:, None])
    name, level, shine = {
        LEATHER: (dress.leather, 0.22 + 0.50 * diffuse, 8.0),
        DIAL: (dress.dial, 0.30 + 0.5 * diffuse, 18.0),
        INK: ("dark", 0.25 + 0.4 * diffuse, 20.0),
        ENAMEL: (dress.enamel, 0.25 + 0.6 * diffuse, 130.0),
    }[material]
    if material == LEATHER:
        level = level + 0.035 * np.sin(seen[:, 0] * 91 + 2 * np.sin(seen[:, 1] * 77)) * np.sin(seen[:, 1] * 83)
    return np.asarray(materials.paint(name, level) + (gleam * shine)[:, None])
