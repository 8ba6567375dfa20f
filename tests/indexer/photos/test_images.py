"""Opening photos: every mode and orientation comes out as the eye sees it; reduced decoding; fingerprints."""

from __future__ import annotations

import base64
import io
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from indexer.photos.fingerprints import hamming, phash, pixel_sha256, sha256
from indexer.photos.opening import open_image, read_bytes, to_rgb
from tests.shops.catalogs.photo_files import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    WRITABLE,
    corners,
    difference,
    encode,
    levels,
    photo,
    png,
)

# What indexer.photos.opening sets for its process; pytest puts "error" before it, and odd metadata would refuse.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

# How a picture is stored when the camera was held so that EXIF says n: the inverse of the turn a viewer makes.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


# ---- orientation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(kind: str, orientation: int) -> None:
    turn = STORED[orientation]
    stored = corners() if turn is None else corners().transpose(turn)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    opened = open_image(encode(stored, kind, exif=exif))
    assert difference(opened, corners()) < 10
    assert ExifTags.Base.Orientation not in opened.getexif()
    assert difference(to_rgb(opened), opened) == 0


def test_an_image_that_pillow_opened_comes_out_like_its_file() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = encode(corners(), "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as lazily:
        assert to_rgb(lazily).tobytes() == open_image(data).tobytes()


def test_broken_exif_does_not_lose_the_photo() -> None:
    data = encode(photo(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert open_image(data).size == (320, 240)


# ---- colour modes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ink", "seen"), [((0, 255, 255, 0), RED), ((0, 0, 0, 255), (0, 0, 0)), ((0,) * 4, WHITE)])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk(kind: str, ink: tuple[int, ...], seen: tuple[int, ...]) -> None:
    data = encode(Image.new("CMYK", (16, 16), ink), kind)
    if kind == "JPEG":
        assert b"Adobe" in data  # whose CMYK is stored inverted
        assert Image.open(io.BytesIO(data)).mode == "CMYK"
    assert difference(open_image(data), Image.new("RGB", (16, 16), seen)) < 2


def test_ycck_jpeg_of_photoshop() -> None:
    grey = encode(Image.new("CMYK", (16, 16), (127, 127, 127, 0)), "JPEG")
    transform = grey.index(b"Adobe") + 11
    assert grey[transform] == 0
    # 2 says that the inverted inks are stored as YCbCr; these three are 128, which is a middle grey either way.
    opened = open_image(grey[:transform] + b"\x02" + grey[transform + 1 :])
    assert difference(opened, Image.new("RGB", (16, 16), (128, 128, 128))) < 3


def half_transparent(mode: str) -> Image.Image:
    """Left half opaque black, right half black at no opacity."""
    image = Image.new("LA", (20, 10), (0, 255))
    image.paste((0, 0), (10, 0, 20, 10))
    return image if mode == "LA" else image.convert("RGBA").convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("LA", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "AVIF"), ("RGBA", "TIFF"), ("LA", "TIFF"), ("PA", "")],
)
def test_transparency_is_laid_on_white(mode: str, kind: str) -> None:
    image = half_transparent(mode)
    opened = (
        to_rgb(image) if not kind else open_image(encode(image, kind, **({"lossless": True} if kind == "WEBP" else {})))
    )
    assert opened.mode == "RGB"
    assert max(opened.getpixel((2, 5))) < 10  # type: ignore[arg-type]
    assert min(opened.getpixel((17, 5))) > 245  # type: ignore[arg-type]


def test_half_opacity_is_half_way_to_white() -> None:
    assert open_image(encode(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "PNG")).getpixel((1, 1)) == (255, 127, 127)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_a_transparent_colour(kind: str) -> None:
    image = Image.new("P", (20, 10), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.paste(1, (10, 0, 20, 10))
    opened = open_image(encode(image, kind, transparency=1))
    assert opened.getpixel((2, 5)) == (200, 0, 0)
    assert opened.getpixel((17, 5)) == WHITE


def test_palette_with_an_alpha_for_each_colour() -> None:
    image = Image.new("P", (20, 10), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.paste(1, (10, 0, 20, 10))
    opened = open_image(encode(image, "PNG", transparency=bytes([255, 0])))
    assert opened.getpixel((2, 5)) == (200, 0, 0)
    assert opened.getpixel((17, 5)) == WHITE


@pytest.mark.parametrize(("mode", "colour"), [("RGB", GREEN), ("L", 77)])
def test_colour_key_transparency(mode: str, colour: Any) -> None:
    opened = open_image(encode(Image.new(mode, (4, 4), colour), "PNG", transparency=colour))
    assert opened.getpixel((1, 1)) == WHITE


def test_one_bit() -> None:
    image = Image.new("1", (16, 8), 1)
    image.paste(0, (8, 0, 16, 8))
    opened = open_image(encode(image, "PNG"))
    assert (opened.getpixel((1, 1)), opened.getpixel((12, 1))) == (WHITE, (0, 0, 0))


RAMP = np.linspace(0, 65535, 64).astype(np.uint16).repeat(8).reshape(64, 8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_middle_tones(kind: str) -> None:
    data = encode(Image.fromarray(RAMP), kind)
    with Image.open(io.BytesIO(data)) as stored:
        assert stored.mode == "I;16"
    assert np.abs(levels(open_image(data))[..., 0] - RAMP / 257).max() <= 1


def test_16_bit_colour_png() -> None:
    pixel = struct.pack(">HHH", 65535, 32768, 0)
    raw = zlib.compress(b"".join(b"\0" + pixel * 5 for _ in range(5)))
    assert open_image(png(5, 5, 16, 2, raw)).getpixel((2, 2)) == (255, 128, 0)


def test_16_bit_grey_with_alpha_png() -> None:
    raw = zlib.compress(b"".join(b"\0" + struct.pack(">HH", 0, 65535) + struct.pack(">HH", 0, 0) for _ in range(2)))
    opened = open_image(png(2, 2, 16, 4, raw))
    assert (opened.getpixel((0, 0)), opened.getpixel((1, 0))) == ((0, 0, 0), WHITE)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_bands_of_a_large_photo_leave_no_seams(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (101, 37, 4), dtype=np.uint8)
    drawn = Image.fromarray(noise).convert(mode)
    layer = drawn.convert("RGBA")
    whole = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    for pixels in (1, 37 * 7, 10**6):
        monkeypatch.setattr("indexer.photos.flatten.BAND_PIXELS", pixels)
        assert to_rgb(drawn).tobytes() == whole.tobytes()


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
def test_float_tiff(white: float) -> None:
    ramp = np.linspace(0, white, 64, dtype=np.float32).repeat(4).reshape(64, 4)
    opened = levels(open_image(encode(Image.fromarray(ramp), "TIFF")))[..., 0]
    assert np.abs(opened - ramp / white * 255).max() <= 1


def test_float_tiff_with_holes() -> None:
    values = np.array([[0.0, 0.5, 1.0], [np.nan, np.inf, -np.inf]], np.float32)
    opened = levels(open_image(encode(Image.fromarray(values), "TIFF")))[..., 0]
    assert opened.tolist() == [[0, 128, 255], [0, 255, 0]]


def test_32_bit_grey_tiff() -> None:
    opened = levels(open_image(encode(Image.fromarray(RAMP.astype(np.int32)), "TIFF")))[..., 0]
    assert np.abs(opened - RAMP / 257).max() <= 1


@pytest.mark.parametrize(("lab", "seen"), [((255, 128, 128), WHITE), ((0, 128, 128), (0, 0, 0))])
def test_lab_tiff(lab: tuple[int, ...], seen: tuple[int, ...]) -> None:
    opened = open_image(encode(Image.new("LAB", (8, 8), lab), "TIFF"))
    assert difference(opened, Image.new("RGB", (8, 8), seen)) < 3


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "PNG", "TIFF"])
def test_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, GREEN, BLUE)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(data)) as stored:
        assert stored.n_frames == 3  # type: ignore[attr-defined]
    assert difference(open_image(data), frames[0]) < 3


@pytest.mark.parametrize("kind", WRITABLE)
def test_every_format_comes_out_as_plain_rgb(kind: str) -> None:
    opened = open_image(encode(photo(), kind))
    assert (type(opened), opened.mode, opened.size, opened.info) == (Image.Image, "RGB", (320, 240), {})
    assert difference(opened, photo()) < (12 if kind == "GIF" else 4)


def test_many_threads_may_meet_their_first_file_of_a_format_together() -> None:
    program = (
        "import sys, base64; from concurrent.futures import ThreadPoolExecutor\n"
        "from indexer.photos.opening import open_image\n"
        "data = [base64.b64decode(a) for a in sys.argv[1:]] * 8\n"
        "print(sum(i.size == (32, 24) for i in ThreadPoolExecutor(16).map(open_image, data)))"
    )
    files = [base64.b64encode(encode(photo(32), kind)).decode() for kind in WRITABLE]
    done = subprocess.run([sys.executable, "-c", program, *files], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(8 * len(WRITABLE)), done.stderr


# ---- reduced decoding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "MPO"])
@pytest.mark.parametrize(
    "size", [(1000, 750), (1001, 333), (2000, 2000), (895, 896), (896, 897), (448, 448), (300, 200)]
)
def test_a_reduced_jpeg_is_never_below_twice_the_target(kind: str, size: tuple[int, int]) -> None:
    full = photo(400).resize(size, Image.Resampling.BICUBIC)
    data = encode(full, kind, quality=95)
    reduced = open_image(data, fit=112)
    assert max(reduced.size) >= min(224, max(size))
    if max(size) >= 448:
        assert max(reduced.size) < max(size)
        assert max(reduced.size) < 2 * 224
    final = (round(112 * size[0] / max(size)), round(112 * size[1] / max(size)))
    expected = open_image(data).resize(final, Image.Resampling.BICUBIC)
    # A side that the reduction does not divide is rounded up, which stretches the picture by a fraction of a pixel.
    assert difference(reduced.resize(final, Image.Resampling.BICUBIC), expected) < 3


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (4000, 3)])
def test_thin_jpegs_can_be_reduced(size: tuple[int, int]) -> None:
    opened = open_image(encode(Image.new("RGB", size, BLUE), "JPEG"), fit=32)
    assert max(opened.size) >= 64
    assert difference(opened, Image.new("RGB", opened.size, BLUE)) < 3


def test_reduced_cmyk_and_rotated_jpegs() -> None:
    cmyk = encode(Image.new("CMYK", (800, 600), (0, 255, 255, 0)), "JPEG")
    assert difference(open_image(cmyk, fit=64), Image.new("RGB", (200, 150), RED)) < 3
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert open_image(encode(photo(800), "JPEG", exif=exif), fit=64).size == (150, 200)


# ---- fingerprints ----------------------------------------------------------------------------------------------


def test_digests() -> None:
    first = open_image(encode(photo(), "PNG"))
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert pixel_sha256(first) == pixel_sha256(open_image(encode(photo(), "BMP")))
    assert pixel_sha256(first) != pixel_sha256(photo(seed=1))
    assert pixel_sha256(Image.new("RGB", (2, 8))) != pixel_sha256(Image.new("RGB", (8, 2)))


def test_phash_golden_values() -> None:
    """Stored in every index: a change here makes old and new hashes incomparable."""
    assert phash(corners()) == "8800220088002200"
    ramp = np.multiply.outer(np.arange(64), np.arange(64) ** 2 // 1024).clip(0, 255).astype(np.uint8)
    assert phash(Image.fromarray(ramp).convert("RGB")) == "ac00ac00ac00ac00"


def test_phash_of_a_flat_picture_is_zero() -> None:
    assert {phash(Image.new("RGB", (50, 70), (k, k, k))) for k in (0, 77, 128, 255)} == {"0" * 16}


def test_hamming() -> None:
    assert hamming("0" * 16, "f" * 16) == 64
    assert hamming("00ff00ff00ff00ff", "00ff00ff00ff00fe") == 1


def edits(image: Image.Image) -> dict[str, Image.Image]:
    return {
        "half size": image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC),
        "jpeg 40": open_image(encode(image, "JPEG", quality=40)),
        "brighter": image.point([min(255, int(k * 1.1)) for k in range(256)] * 3),
        "grey": image.convert("L").convert("RGB"),
    }


def test_phash_on_real_photos(real_data: Path) -> None:
    paths = (
        sorted((real_data / "fashion" / "rings").glob("*.jpg"))[:30]
        + sorted((real_data / "jewelry" / "necklaces").glob("*.jpg"))[:30]
    )
    with ThreadPoolExecutor(2) as pool:
        photos = list(pool.map(open_image, paths))
    hashes = [phash(image) for image in photos]
    close = [
        hamming(phash(edited), own)
        for image, own in zip(photos, hashes, strict=True)
        for edited in edits(image).values()
    ]
    far = [hamming(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert np.quantile(close, 0.95) <= 8
    assert np.median(far) >= 24
    assert np.mean(np.array(far) <= 8) < 0.03


def test_read_bytes_reads_all(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_bytes(tmp_path / "a") == b"abc"
