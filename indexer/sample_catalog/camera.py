"""The camera: surface points to a picture by a depth buffer, and every visible point shaded once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from indexer.sample_catalog import materials
from indexer.sample_catalog.curves import Array, unit
from indexer.sample_catalog.solids import ACCENT, DARK, DIAL, ENAMEL, INK, LEATHER, METAL, STONE, Part
from indexer.sample_catalog.stones import FACETED

PERSPECTIVE = 0.10
NOTHING = -9.0  # the depth of a pixel that shows no part
GROUND = 1.03  # how far behind the piece's middle its background lies, for the light between both

Indices = NDArray[np.intp]


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
    """All surface points of all places of all parts in camera space, float32 [3, n].

    Written out instead of a matrix product: whose last bits depend on the number of threads, and bytes must not.
    """
    counts = [len(part.points) * len(part.shifts) for part in parts]
    cloud = np.empty((3, sum(counts)), dtype=np.float32)
    begin = 0
    for part, count in zip(parts, counts, strict=True):
        x, y, z = np.ascontiguousarray(part.points.T)
        turns = (turn @ part.turns).astype(np.float32)[..., None]
        shifts = np.einsum("mj,ij->im", part.shifts, turn).astype(np.float32)[..., None]
        for axis in range(3):
            out = cloud[axis, begin : begin + count].reshape(len(part.shifts), -1)
            np.multiply(turns[:, axis, 0], x, out=out)
            out += turns[:, axis, 1] * y
            out += turns[:, axis, 2] * z
            out += shifts[axis]
        begin += count
    return cloud


def extent(parts: list[Part], turn: Array, ceiling: float) -> tuple[Array, Array]:
    """The corners (x, y) of what the parts cover in the picture plane below ``ceiling``, in units."""
    points = place_points(parts, turn)
    flat = points[:2] / (1 - PERSPECTIVE * points[2])
    flat = flat[:, flat[1] <= ceiling]
    return flat.min(axis=1), flat.max(axis=1)


def expose(
    parts: list[Part], framing: Framing, dress: Dress, light: materials.Light
) -> tuple[Image.Image, Image.Image]:
    """The piece as RGB (black where nothing is) and its coverage as L, both ``pixels`` square."""
    pixels = framing.pixels
    points = place_points(parts, framing.turn)
    number, place = project(points, framing)
    depth = points[2] if len(number) == points.shape[1] else points[2, number]
    nearest = np.full(pixels * pixels, NOTHING, dtype=np.float32)
    np.maximum.at(nearest, place, depth)
    first = np.flatnonzero(depth == nearest[place])
    visible, winners = place[first], number[first]
    shaded = shade(parts, framing, dress, light, winners, points[:, winners].T)
    shaded *= occlusion(nearest.reshape(pixels, pixels)).reshape(-1)[visible][:, None]
    picture = np.zeros((pixels * pixels, 3), dtype=np.uint8)
    picture[visible] = np.clip(shaded, 0, 255).astype(np.uint8)
    cover = np.where(nearest > NOTHING, np.uint8(255), np.uint8(0))
    return Image.fromarray(picture.reshape(pixels, pixels, 3)), Image.fromarray(cover.reshape(pixels, pixels))


def project(points: Array, framing: Framing) -> tuple[Indices, Indices]:
    """The numbers of the points that fall into the picture, ascending, and the pixel each falls on."""
    pixels = framing.pixels
    zoom = framing.scale / (1 - PERSPECTIVE * points[2])
    column = (framing.centre[0] + points[0] * zoom).astype(np.int32)
    row = (framing.centre[1] - points[1] * zoom).astype(np.int32)
    if min(column.min(), row.min()) >= 0 and max(column.max(), row.max()) < pixels:
        return np.arange(points.shape[1]), (row * np.int32(pixels) + column).astype(np.intp)
    number = np.flatnonzero((column >= 0) & (column < pixels) & (row >= 0) & (row < pixels))
    return number, (row[number] * np.int32(pixels) + column[number]).astype(np.intp)


def occlusion(nearest: Array) -> Array:
    """How much light reaches each pixel: less where the surroundings stand nearer to the camera, [pixels, pixels]."""
    small = np.clip((nearest + GROUND) * (255 / 2.0), 0, 255).astype(np.uint8)
    picture = Image.fromarray(small)
    blurred = picture.reduce(4).filter(ImageFilter.BoxBlur(len(nearest) / 160))
    around = np.asarray(blurred.resize(picture.size, Image.Resampling.BILINEAR), dtype=np.int16)
    return np.asarray(1 - np.clip((around - small).astype(np.float32) / 42, 0, 0.6))


def shade(
    parts: list[Part], framing: Framing, dress: Dress, light: materials.Light, winners: Indices, seen: Array
) -> Array:
    """Colours [n, 3] of the visible points; ``winners`` are their numbers, ascending, ``seen`` their places."""
    sharp, soft = materials.studio(light)
    colours = np.empty((len(winners), 3), dtype=np.float32)
    normals = np.empty((len(winners), 3), dtype=np.float32)
    kind = np.full(len(winners), -1, dtype=np.int8)  # stays -1 where a faceted stone is coloured at once
    ends = np.cumsum([len(part.points) * len(part.shifts) for part in parts])
    begin = 0
    for part, end, stop in zip(parts, ends, np.searchsorted(winners, ends), strict=True):
        chosen = slice(begin, int(stop))
        begin = int(stop)
        place, point = np.divmod(winners[chosen] - (end - len(part.points) * len(part.shifts)), len(part.points))
        turns = (framing.turn @ part.turns).astype(np.float32)
        flat = part.normals[point]
        if len(turns) == 1:
            normals[chosen] = np.einsum("ij,nj->ni", turns[0], flat)
        else:
            normals[chosen] = np.einsum("nij,nj->ni", turns[place], flat)
        stone = {STONE: dress.stone, ACCENT: "diamond"}.get(part.material, "")
        if stone in FACETED:
            local = part.points[point] / np.abs(part.points).max()
            colours[chosen] = gem_colour(stone, dress.cut, local, flat, normals[chosen], turns[place], sharp)
        else:
            kind[chosen] = part.material
    if dress.finish == "hammered":
        metal = kind == METAL
        normals[metal] = hammered(normals[metal], np.einsum("ni,ij->nj", seen[metal], framing.turn))
    for material in set(kind.tolist()) - {-1}:
        mask = np.flatnonzero(kind == material)
        colours[mask] = surface_colour(material, dress, normals[mask], seen[mask], sharp, soft)
    return colours


def hammered(normals: Array, place: Array) -> Array:
    """Normals of a surface covered with small hammer dents, by the place on the piece."""
    u = place @ np.array([31.0, 13.0, 11.0], dtype=np.float32)
    v = place @ np.array([-15.0, 32.0, 23.0], dtype=np.float32)
    # Each row of dents shifts against the next: a hammer does not follow a grid.
    u, v = u + 1.7 * np.sin(0.43 * v + 0.19 * u), v + 1.5 * np.sin(0.37 * u - 0.23 * v)
    dents = np.stack([np.sin(u) * np.cos(v), np.cos(u) * np.sin(v), np.zeros(len(place))], axis=1)
    return unit(normals + 0.18 * dents).astype(np.float32)


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
    # The grain of the metal hides that the studio's picture is made of pixels.
    grain = ((np.arange(len(normal), dtype=np.uint32) * np.uint32(2654435761)) >> 16).astype(np.float32) / 65536 - 0.5
    grain *= 0.02
    x = 0.96 * normal[:, 0] + 0.16 * seen[:, 0] + grain
    y = 0.96 * normal[:, 1] + 0.16 * seen[:, 1] - grain
    if material == METAL:
        if dress.finish == "satin":
            return materials.paint(dress.metal, materials.look_up(soft, x, y) * 0.95 + 0.05 + 5.0 * grain)
        return materials.paint(dress.metal, materials.look_up(sharp, x, y))
    if material == DARK:
        return materials.paint("dark", materials.look_up(sharp, x, y))
    diffuse = materials.look_up(soft, 0.75 * normal[:, 0], 0.75 * normal[:, 1])
    gleam = smooth_gleam(materials.look_up(sharp, x, y))
    if material in (STONE, ACCENT):
        if dress.stone == "pearl" or (material == ACCENT):
            body = 0.24 + 0.50 * diffuse + 0.22 * normal[:, 2]
            colour = materials.paint("pearl", np.clip(body, 0, 0.90)) + (gleam * 60)[:, None]
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
        level = level + 4.0 * grain
    return np.asarray(materials.paint(name, level) + (gleam * shine)[:, None])
