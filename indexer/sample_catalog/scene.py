"""One photo: the camera's angle, the light, the background, the shadow and the finish, drawn per view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from indexer.sample_catalog.backgrounds import BACKGROUNDS, background
from indexer.sample_catalog.camera import Dress, Framing, expose, extent
from indexer.sample_catalog.curves import Array, spin
from indexer.sample_catalog.designs import Product
from indexer.sample_catalog.materials import Light
from indexer.sample_catalog.shapes import build
from indexer.sample_catalog.solids import Part

ANGLES = ("front", "left", "right", "above", "close")
# Pitch and yaw from which a category is usually photographed, and how far a photographer walks about it, in radians.
POSES: dict[str, tuple[float, float, float]] = {
    "rings": (0.62, 0.42, 0.30),
    "necklaces": (0.10, 0.0, 0.28),
    "earrings": (0.04, 0.0, 0.24),
    "bracelets": (0.62, 0.10, 0.26),
    "pendants": (0.06, 0.0, 0.32),
    "brooches": (0.06, 0.0, 0.34),
    "anklets": (-0.18, 0.0, 0.24),
    "watches": (0.0, 0.12, 0.32),
}
CEILING = {"pendants": 0.82}  # what is higher leaves the picture: a pendant's chain


@dataclass(frozen=True)
class View:
    """How one photo of a product is taken; every number is drawn once, so that drawing is repeatable."""

    angle: str
    backdrop: str
    pitch: float
    yaw: float
    roll: float
    zoom: float
    offset: tuple[float, float]
    light: float  # azimuth of the key light, radians
    height: float
    key: float
    exposure: float
    warmth: float
    vignette: float
    softness: float
    noise: float
    seed: int

    @property
    def name(self) -> str:
        """What the truth file calls the view."""
        return f"{self.angle}/{self.backdrop}"


def photo_views(product: Product, photos: int | None) -> list[View]:
    """The views of a product: ``photos`` of them, or two to four; the first is from the usual side."""
    rng = np.random.default_rng([product.seed, product.index, 1])
    count = int(rng.integers(2, 5))
    return [draw_view(product.design.category, number, rng) for number in range(photos or count)]


def draw_view(category: str, number: int, rng: np.random.Generator) -> View:
    """One view; background and light do not depend on the category."""
    pitch, yaw, reach = POSES[category]
    angle = "front" if number == 0 else ANGLES[1 + int(rng.integers(len(ANGLES) - 1))]
    walk = {"front": (0.0, 0.0), "left": (0.0, -0.9), "right": (0.0, 0.9), "above": (0.9, 0.2), "close": (0.1, 0.3)}[
        angle
    ]
    jitter = rng.normal(0, 0.06, 2)
    close = 1.28 if angle == "close" else 1.0
    return View(
        angle=angle,
        backdrop=BACKGROUNDS[int(rng.integers(len(BACKGROUNDS)))],
        pitch=float(pitch + reach * walk[0] + jitter[0]),
        yaw=float(yaw + reach * walk[1] + jitter[1]),
        roll=float(rng.normal(0, 0.05) + (rng.normal(0, 0.16) if number else 0)),
        zoom=float(rng.uniform(0.72, 0.87) * close),
        offset=(float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.03, 0.03))),
        light=float(rng.uniform(0.5, np.pi - 0.5)),
        height=float(rng.uniform(0.25, 0.7)),
        key=float(rng.uniform(0.75, 1.0)),
        exposure=float(rng.uniform(0.88, 1.08)),
        warmth=float(rng.normal(0, 0.025)),
        vignette=float(rng.choice([0.0, 0.08, 0.2])),
        softness=float(rng.choice([0.0, 0.0, 0.35, 0.7])),
        noise=float(rng.uniform(0.4, 2.4)),
        seed=int(rng.integers(2**31)),
    )


def draw_photo(product: Product, view: View, size: int) -> Image.Image:
    """The photo, RGB, ``size`` pixels square; the same arguments give the same pixels."""
    rng = np.random.default_rng(view.seed)
    ground, glow = background(view.backdrop, size, rng)
    light = Light(view.light, view.height, view.key, 1.0, glow)
    turn = spin(view.roll, "z") @ spin(view.pitch, "x") @ spin(view.yaw, "y")
    oversize = 3 if size <= 96 else 2
    piece, cover = photograph(product, view, turn, light, size * oversize)
    # Black where nothing is, the colours already are what premultiplied alpha asks for.
    piece = piece.resize((size, size), Image.Resampling.LANCZOS)
    cover = cover.resize((size, size), Image.Resampling.LANCZOS)
    canvas = shadowed(ground, cover, view, glow)
    alpha = np.asarray(cover, dtype=np.float32)[..., None] / 255
    picture = np.asarray(canvas, dtype=np.float32) * (1 - alpha) + np.asarray(piece, dtype=np.float32)
    return developed(picture, view, size, rng)


def photograph(product: Product, view: View, turn: Array, light: Light, pixels: int) -> tuple[Image.Image, Image.Image]:
    """The piece alone, framed to fill ``zoom`` of the picture."""
    ceiling = CEILING.get(product.design.category, 9.0)
    low, high = extent(rough(product), turn, ceiling)
    span = float((high - low).max())
    scale = pixels * view.zoom / span
    middle = (low + high) / 2
    centre = (
        pixels * (0.5 + view.offset[0]) - float(middle[0]) * scale,
        pixels * (0.5 + view.offset[1]) + float(middle[1]) * scale,
    )
    design = product.design
    dress = Dress(
        product.metal,
        product.stone,
        design.finish,
        design.cut,
        design.colour or "brown",
        design.dial or "white",
        enamel=("blue", "green", "burgundy", "white", "black")[int(design.spread * 4.99)],
    )
    return expose(build(product, scale * 1.34), Framing(turn, scale, centre, pixels), dress, light)


@lru_cache(maxsize=8)
def rough(product: Product) -> list[Part]:
    """The piece in few points, to see how large it is; kept for the other photos of the same product."""
    return build(product, 18.0)


def shadowed(ground: Image.Image, cover: Image.Image, view: View, glow: float) -> Image.Image:
    """The background with the piece's soft shadow, cast away from the key light, and the dark line of contact."""
    size = ground.size[0]
    reach = size * 0.022
    shift = (round(-np.cos(view.light) * reach), round(reach * 0.9))
    far, contact = Image.new("L", ground.size), Image.new("L", ground.size)
    far.paste(cover.filter(ImageFilter.BoxBlur(size * 0.022)).filter(ImageFilter.BoxBlur(size * 0.016)), shift)
    contact.paste(cover.filter(ImageFilter.BoxBlur(size * 0.006)), (shift[0] // 3, shift[1] // 3))
    strength = 0.22 + 0.16 * glow
    shade = np.asarray(far, dtype=np.float32) * (strength / 255) + np.asarray(contact, dtype=np.float32) * (0.20 / 255)
    return Image.fromarray((np.asarray(ground) * (1 - shade[..., None])).astype(np.uint8))


def developed(picture: Array, view: View, size: int, rng: np.random.Generator) -> Image.Image:
    """Exposure, warmth, vignette, a little blur, a little noise."""
    gains = view.exposure * np.array([1 + view.warmth, 1.0, 1 - view.warmth], dtype=np.float32)
    picture = picture * gains
    if view.vignette:
        axis = np.linspace(-1, 1, size, dtype=np.float32)
        fall = 1 - view.vignette * (axis[:, None] ** 2 + axis[None, :] ** 2) ** 1.3 / 2
        picture = picture * fall[..., None]
    if view.noise:
        grain = rng.standard_normal((size, size), dtype=np.float32) * view.noise
        picture = picture + grain[..., None]
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    if view.softness:
        image = image.filter(ImageFilter.GaussianBlur(view.softness * size / 320))
    return image
