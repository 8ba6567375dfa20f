"""Colour profiles: what a picture with one looks like, worked out by hand; what is no profile changes nothing."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms

from indexer.photos.colour.profiles import MAX_PROFILE
from indexer.photos.fingerprints import pixel_sha256
from indexer.photos.opening import open_image, to_rgb
from tests.shops.catalogs import colour_profiles
from tests.shops.catalogs.colour_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    SRGB,
    Matrix,
    cmyk_profile,
    encode_srgb,
    grey_profile,
    rgb_profile,
    seen,
)
from tests.shops.catalogs.photo_files import difference, encode, photo

SPACES = [(DISPLAY_P3, None), (ADOBE_RGB, 2.2), (PROPHOTO, 1.8)]
COLOURS = [
    (0, 0, 0),
    (255, 255, 255),
    (128, 128, 128),
    (200, 150, 90),
    (120, 170, 140),
    (90, 110, 160),
    (160, 120, 130),
]


def middle(image: Image.Image) -> list[int]:
    return list(image.getpixel((image.width // 2, image.height // 2)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("primaries", "gamma"), SPACES)
@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP", "AVIF"])
def test_colours_of_a_profile(primaries: Matrix, gamma: float | None, colour: tuple[int, int, int], kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind in ("JPEG", "AVIF") else {}
    data = encode(Image.new("RGB", (16, 16), colour), kind, icc_profile=rgb_profile(primaries, gamma), **options)
    slack = 2 if kind in ("PNG", "TIFF", "WEBP") else 12
    assert np.abs(np.array(middle(open_image(data))) - seen(colour, primaries, gamma)).max() <= slack


def test_a_gold_ring_of_a_phone_is_no_paler_than_one_of_a_camera() -> None:
    """The same gold in both: levels differ, what is seen does not."""
    in_p3, in_srgb = Image.new("RGB", (64, 64), (200, 160, 80)), Image.new("RGB", (64, 64))
    in_srgb.paste(tuple(seen((200, 160, 80), DISPLAY_P3)), (0, 0, 64, 64))  # type: ignore[arg-type]
    opened = open_image(encode(in_p3, "PNG", icc_profile=rgb_profile(DISPLAY_P3)))
    assert difference(opened, in_srgb) <= 1
    assert difference(in_p3, in_srgb) > 4


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("profile", ["by Pillow", "by hand", "without a name for its white"])
def test_a_profile_that_is_srgb_changes_no_byte(kind: str, profile: str) -> None:
    by_pillow = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    icc = {
        "by Pillow": by_pillow,
        "by hand": rgb_profile(SRGB),
        "without a name for its white": rgb_profile(SRGB).replace(b"wtpt", b"none", 1),
    }[profile]
    plain, tagged = encode(photo(), kind), encode(photo(), kind, icc_profile=icc)
    assert plain != tagged
    assert pixel_sha256(open_image(plain)) == pixel_sha256(open_image(tagged))


@pytest.mark.parametrize(
    "icc",
    [
        b"no profile",
        rgb_profile(DISPLAY_P3)[:300],
        rgb_profile(DISPLAY_P3)[:128] + b"\xff" * 400,
        b"\0" * 128,
        grey_profile(1.0),
        cmyk_profile(),
        rgb_profile(DISPLAY_P3) + b"\0" * MAX_PROFILE,
    ],
    ids=["text", "cut", "damaged", "zeros", "of greys", "of inks", "too large"],
)
def test_what_is_no_profile_of_this_picture_is_passed_over(icc: bytes) -> None:
    plain = encode(photo(), "TIFF")
    assert open_image(encode(photo(), "TIFF", icc_profile=icc)).tobytes() == open_image(plain).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_grey_levels_of_a_profile(kind: str, gamma: float) -> None:
    ramp = Image.linear_gradient("L")
    opened = np.asarray(open_image(encode(ramp, kind, icc_profile=grey_profile(gamma), quality=100)), np.int16)
    wanted = np.rint(255 * encode_srgb((np.arange(256) / 255) ** gamma))
    assert np.abs(opened - wanted[:, None, None])[16:].max() <= 3  # below, a straight line is steep
    assert (opened[..., 0] == opened[..., 2]).all()


def test_deep_grey_levels_of_a_profile() -> None:
    deep = Image.fromarray(np.full((8, 8), 65535 // 4, np.uint16))
    deep.putpixel((0, 0), 65535)
    level = middle(open_image(encode(deep, "PNG", icc_profile=grey_profile(1.0))))[0]
    assert abs(level - 255 * encode_srgb(np.array(0.25))) <= 1


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_of_a_press(kind: str) -> None:
    """By rule of thumb this ink is cyan; by the profile of this press it is red."""
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    assert middle(open_image(encode(cyan, kind)))[0] < 10
    red, green, _ = middle(open_image(encode(cyan, kind, icc_profile=cmyk_profile())))
    assert red > 140 > 60 > green
    paper = encode(Image.new("CMYK", (16, 16)), kind, icc_profile=cmyk_profile())
    assert middle(open_image(paper)) == [255, 255, 255]


@pytest.mark.parametrize("mode", ["RGBA", "P", "PA"])
def test_transparent_and_indexed_pictures_have_profiles_too(mode: str) -> None:
    colour = (200, 150, 90)
    image = Image.new("RGBA", (20, 10), (*colour, 255))
    image.paste((0, 0, 0, 0), (10, 0, 20, 10))
    image = image.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE) if mode == "P" else image.convert(mode)
    image.info["icc_profile"] = rgb_profile(ADOBE_RGB, 2.2)
    opened = to_rgb(image)
    before = Image.new("RGBA", (1, 1), (*colour, 255)).convert(mode).convert("RGB").getpixel((0, 0))
    assert np.abs(np.array(opened.getpixel((4, 5))) - seen(before, ADOBE_RGB, 2.2)).max() <= 2  # type: ignore[arg-type]
    assert opened.getpixel((15, 5)) == ((255, 255, 255) if mode != "P" else (0, 0, 0))


def test_grey_with_alpha() -> None:
    image = Image.new("LA", (20, 10), (128, 255))
    image.paste((0, 0), (10, 0, 20, 10))
    opened = open_image(encode(image, "PNG", icc_profile=grey_profile(1.0)))
    assert abs(opened.getpixel((4, 5))[0] - 188) <= 1  # type: ignore[index]
    assert opened.getpixel((15, 5)) == (255, 255, 255)


def test_the_picture_of_somebody_else_stays_as_it_is() -> None:
    image = photo()
    image.info["icc_profile"] = rgb_profile(PROPHOTO, 1.8)
    before = image.tobytes()
    converted = to_rgb(image)
    assert (image.tobytes(), converted.info) == (before, {})
    assert difference(converted, image) > 3
    assert to_rgb(converted).tobytes() == converted.tobytes()


def test_a_reduced_photo_is_converted_alike() -> None:
    data = encode(photo(800), "JPEG", quality=95, icc_profile=rgb_profile(ADOBE_RGB, 2.2))
    whole, reduced = open_image(data), open_image(data, fit=100)
    assert reduced.width < whole.width
    assert difference(whole.resize(reduced.size, Image.Resampling.BOX), reduced) < 3


def test_many_threads_convert_alike() -> None:
    files = [encode(photo(60, seed=k % 4), "PNG", icc_profile=rgb_profile(ADOBE_RGB, 1.5 + k / 100)) for k in range(48)]
    alone = [open_image(data).tobytes() for data in files]
    with ThreadPoolExecutor(8) as pool:
        assert [image.tobytes() for image in pool.map(open_image, files * 2)] == alone * 2


def test_the_profiles_of_these_tests_are_what_they_say() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(rgb_profile(ADOBE_RGB, 2.2))).profile
    assert (profile.xcolor_space, profile.connection_space) == ("RGB ", "XYZ ")
    assert profile.red_colorant[0] == pytest.approx(ADOBE_RGB[0], abs=1e-4)
    assert np.array(SRGB).sum(axis=0) == pytest.approx(colour_profiles.D50, abs=2e-3)
