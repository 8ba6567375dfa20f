"""Files that are not a photo, damaged, hostile or too large: refused with one line, quickly, and never with a crash."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from indexer.errors import ImageError
from indexer.photos import opening
from indexer.photos.opening import MAX_PIXELS, open_image
from tests.shops.catalogs.photo_files import WRITABLE, encode, photo, png

# What indexer.photos.opening sets for its process; pytest puts "error" before it,
# odd metadata would refuse a photo.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def refused(source: Path | bytes) -> str:
    """The one line with which a photo is refused."""
    with pytest.raises(ImageError) as caught:
        open_image(source)
    message = str(caught.value)
    assert_one_line(message)
    return message


def assert_one_line(message: str) -> None:
    assert message
    assert message.isprintable(), message
    assert len(message) < 300


@pytest.mark.parametrize("kind", WRITABLE)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
def test_truncated_files(kind: str, kept: float) -> None:
    data = encode(photo(), kind)
    whole = len(data) if kind != "MPO" else data.index(b"\xff\xd9") + 2  # the first of its two pictures
    assert "damaged" in refused(data[: int(whole * kept)])


def test_truncated_progressive_jpeg() -> None:
    data = encode(photo(), "JPEG", progressive=True)
    assert "damaged" in refused(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("kind", WRITABLE)
def test_what_is_accepted_when_the_last_bytes_are_gone_has_all_pixels(kind: str) -> None:
    data = encode(photo(64), kind)
    for cut in range(1, 40):
        try:
            opened = open_image(data[:-cut])
        except ImageError:
            continue
        assert opened.tobytes() == open_image(data).tobytes()


def test_a_text_file_named_jpg(tmp_path: Path) -> None:
    path = tmp_path / "ring.jpg"
    path.write_text("not a photo\n")
    assert "not an image" in refused(path)


def test_zero_bytes(tmp_path: Path) -> None:
    path = tmp_path / "ring.jpg"
    path.touch()
    assert refused(path) == refused(b"") == "the file is empty"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "gone.jpg")
    assert "Is a directory" in refused(tmp_path)
    assert "null" in refused(Path("a\0b.jpg"))


def test_a_file_of_too_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as handle:
        handle.truncate(opening.MAX_BYTES + 1)
    assert "100 MB" in refused(path)


def bomb(side: int) -> bytes:
    """A valid one-bit PNG of side x side black pixels in a few kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (side + 7) // 8)
    raw = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, 1, 0, raw)


def test_a_decompression_bomb_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(30_000))
    assert path.stat().st_size < 1_000_000
    program = (
        "import resource, sys; from pathlib import Path; from indexer.photos.opening import open_image\n"
        "from indexer.errors import ImageError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: open_image(Path(sys.argv[1]))\n"
        "except ImageError as error: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    grown, message = done.stdout.strip().split(" ", 1)
    assert int(grown) < 20_000  # kilobytes; decoded it would be 900 MB
    assert message == "has more than the 80 million pixels that are decoded; scale it down"
    assert done.stderr == ""


@pytest.mark.parametrize("side", [9_000, 10_000])  # below Pillow's own limit, and where Pillow only warns
def test_the_pixel_limit_is_ours(side: int) -> None:
    assert side**2 > MAX_PIXELS
    assert "80 million" in refused(bomb(side))


def test_huge_gif_and_tiff_headers() -> None:
    gif = bytearray(encode(Image.new("P", (8, 8)), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    assert "80 million" in refused(bytes(gif))
    tiff = bytearray(encode(Image.new("L", (8, 8)), "TIFF"))
    for tag in (256, 257):
        at = next(
            i for i in range(8, len(tiff) - 12) if struct.unpack_from("<HHI", tiff, i) in ((tag, 3, 1), (tag, 4, 1))
        )
        tiff[at : at + 12] = struct.pack("<HHII", tag, 4, 1, 30_000)
    assert "80 million" in refused(bytes(tiff))


@pytest.mark.parametrize("kind", ["EPS", "ICO", "PPM", "TGA", "JPEG2000"])
def test_formats_that_are_not_read(kind: str) -> None:
    assert "format that is not read" in refused(encode(photo(64), kind))


def test_photoshop_files_are_not_read() -> None:
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 8, 8, 8, 3) + b"\0" * 12 + struct.pack(">H", 0) + b"\0" * 192
    with Image.open(io.BytesIO(header)) as pillow_would:
        assert pillow_would.format == "PSD"
    assert "format that is not read" in refused(header)


def test_memory_that_runs_out_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(bomb(8_500))
    program = (
        "import resource, sys; from pathlib import Path; from indexer.photos.opening import open_image\n"
        "from indexer.errors import ImageError\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000,) * 2)\n"
        "try: open_image(Path(sys.argv[1]))\n"
        "except ImageError as error: print(error)"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to read the address space from")
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert "not enough memory" in done.stdout, done.stderr


ODD_EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\0"
VALID = [encode(photo(40), kind) for kind in WRITABLE] + [
    encode(photo(40), "JPEG", progressive=True, exif=ODD_EXIF),
    encode(photo(40), "TIFF", compression="tiff_lzw"),
]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_corrupted_files_are_read_or_refused_but_never_crash(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(VALID), "file"))
    for _ in range(data.draw(st.integers(1, 8), "edits")):
        # Half of the edits go to the header, where they do most.
        at = data.draw(st.integers(0, min(64, len(content) - 1)) | st.integers(0, len(content) - 1), "at")
        content[at : at + data.draw(st.integers(0, 3), "removed")] = data.draw(st.binary(max_size=4), "put")
    try:
        opened = open_image(bytes(content), fit=data.draw(st.sampled_from([None, 16]), "fit"))
    except ImageError as error:
        assert_one_line(str(error))
    else:
        assert opened.mode == "RGB"


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(content: bytes) -> None:
    refused(content)
