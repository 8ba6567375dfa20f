"""What transparency is laid on: artwork must be seen, whatever its lightness, and most pictures stay as they were."""

from __future__ import annotations

import zlib
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from indexer.photos.fingerprints import phash, pixel_sha256
from indexer.photos.flatten import DARK
from indexer.photos.opening import open_image, to_rgb
from tests.shops.catalogs.colour_profiles import grey_profile
from tests.shops.catalogs.photo_files import WHITE, encode, photo, png


def drawing(ink: tuple[int, ...], shape: int = 0, side: int = 96, mode: str = "RGBA") -> Image.Image:
    """One of three line drawings on transparency."""
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw, width = ImageDraw.Draw(image), max(1, side // 16)
    box = (side // 8, side // 8, side * 7 // 8, side * 7 // 8)
    (draw.ellipse, draw.rectangle)[shape % 2](box, outline=(*ink, 255), width=width)
    if shape == 2:
        draw.line(box, fill=(*ink, 255), width=width)
    return image.convert(mode)


def contrast(image: Image.Image) -> float:
    return float(np.asarray(image.convert("L"), float).std())


@pytest.mark.parametrize("ink", [WHITE, (250, 250, 245), (240, 235, 222), (225, 225, 225)])
@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF")])
def test_light_drawings_are_seen_and_told_apart(ink: tuple[int, ...], mode: str, kind: str) -> None:
    opened = [open_image(encode(drawing(ink, shape, mode=mode), kind)) for shape in range(3)]
    assert min(map(contrast, opened)) > 40
    assert opened[0].getpixel((0, 0)) == DARK
    for first, second in combinations(opened, 2):
        assert pixel_sha256(first) != pixel_sha256(second)
        assert phash(first) != phash(second)


def test_white_drawings_of_every_way_to_be_transparent() -> None:
    image = Image.new("P", (40, 40), 1)
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.paste(0, (10, 10, 30, 30))
    for data in (
        encode(image, "PNG", transparency=1),
        encode(image, "GIF", transparency=1),
        encode(image.convert("RGB"), "PNG", transparency=(0, 0, 0)),
        encode(image.convert("L"), "PNG", transparency=0),
    ):
        opened = open_image(data)
        assert (opened.getpixel((20, 20)), opened.getpixel((2, 2))) == (WHITE, DARK)
    for mode in ("RGBA", "LA", "PA", "RGBa"):
        assert (
            to_rgb(drawing(WHITE, mode="RGBA").convert("LA" if mode == "LA" else "RGBA").convert(mode)).getpixel((0, 0))
            == DARK
        )


@pytest.mark.parametrize("ink", [(0, 0, 0), (90, 90, 90), (212, 175, 55), (200, 200, 205)])
def test_other_drawings_lie_on_white_as_they_did(ink: tuple[int, ...]) -> None:
    image = drawing(ink)
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    assert to_rgb(image).tobytes() == on_white.tobytes()


def test_a_small_dark_piece_on_its_own_white_canvas_lies_on_white() -> None:
    canvas = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    canvas.paste((255, 255, 255, 255), (20, 20, 180, 180))
    canvas.paste((150, 120, 40, 255), (90, 90, 120, 120))
    assert to_rgb(canvas).getpixel((0, 0)) == WHITE


def test_a_piece_whose_light_has_shades_lies_on_white() -> None:
    """A pearl: nearly white, but its shaded rim is seen on white."""
    across = np.hypot(*np.meshgrid(np.linspace(-1, 1, 101), np.linspace(-1, 1, 101)))
    level = np.clip(255 - 90 * across**4, 0, 255)
    pearl = np.dstack([level, level, level, 255.0 * (across <= 1)]).astype(np.uint8)
    assert to_rgb(Image.fromarray(pearl)).getpixel((0, 0)) == WHITE


def test_nothing_drawn_and_nothing_transparent() -> None:
    assert to_rgb(Image.new("RGBA", (9, 9), (255, 255, 255, 0))).getpixel((4, 4)) == WHITE
    assert to_rgb(Image.new("RGBA", (9, 9), (255, 255, 255, 255))).getpixel((4, 4)) == WHITE
    opaque = photo().convert("RGBA")
    assert to_rgb(opaque).tobytes() == photo().tobytes()


def test_a_large_drawing_has_the_ground_of_a_small_one() -> None:
    for ink, ground in ((WHITE, DARK), ((60, 60, 60), WHITE)):
        assert to_rgb(drawing(ink, side=1500)).getpixel((0, 0)) == ground


def test_the_ground_follows_the_colours_that_are_seen() -> None:
    """Levels of 200 are a grey that is seen on white; a profile that prints them as white makes them vanish there."""
    image = drawing((200, 200, 200), mode="LA")
    assert open_image(encode(image, "PNG")).getpixel((0, 0)) == WHITE
    assert open_image(encode(image, "PNG", icc_profile=grey_profile(0.5))).getpixel((0, 0)) == DARK


def test_a_line_of_white_pixels() -> None:
    raw = b"\0" + bytes([255, 255, 255, 255] * 3 + [0, 0, 0, 0])
    assert [open_image(png(4, 1, 8, 6, zlib.compress(raw))).getpixel((x, 0)) for x in (0, 3)] == [WHITE, DARK]
