"""Eight large photos at once, each of a few kilobytes: the service answers or refuses, and its memory stays bounded."""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.faults.serving.service_process import SCRIPT, serving
from tests.shops.whole_shop import Shop, build_shop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak memory of a process is read from /proc"),
]

MOST = 900_000_000
"""Bytes of memory that the service may have had at its highest, its libraries included."""
AT_ONCE = 8
SIDE = 4_990
"""Just below the 25 million pixels that are decoded."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("shop"))


def png(
    width: int, height: int, depth: int, colour: int, *extra: tuple[bytes, bytes], interlaced: bool = False
) -> bytes:
    """All of one colour, written row by row; the rows of an interlaced one are as many bytes as they should be."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    packed = zlib.compressobj(9)
    data = b""
    for left, top, right, down in passes if interlaced else [(0, 0, 1, 1)]:
        row = bytes(1 + (-(-(width - left) // right) * channels * depth + 7) // 8)
        for _ in range(-(-(height - top) // down)):
            data += packed.compress(row)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    chunks = [(b"IHDR", head), *extra, (b"IDAT", data + packed.flush()), (b"IEND", b"")]
    written = (struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def saved(form: str, mode: str, side: tuple[int, int] = (SIDE, SIDE), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, side).save(buffer, form, **options)
    return buffer.getvalue()


def animated() -> bytes:
    second = Image.new("RGBA", (SIDE, SIDE), "red")
    return saved("WEBP", "RGBA", save_all=True, append_images=[second], quality=1, method=0)


PALETTE = ((b"PLTE", bytes(768)), (b"tRNS", bytes(256)))
ANSWERED: dict[str, Callable[[], bytes]] = {
    "16 bits of grey": lambda: png(SIDE, SIDE, 16, 0),
    "16 bits of colour with alpha": lambda: png(SIDE, SIDE, 16, 6),
    "interlaced": lambda: png(SIDE, SIDE, 8, 6, interlaced=True),
    "palette with alpha": lambda: png(SIDE, SIDE, 8, 3, *PALETTE),
    "animated": animated,
    "print colours, progressive": lambda: saved("JPEG", "CMYK", (8064, 6048), progressive=True),
    "a phone's": lambda: saved("JPEG", "RGB", (8064, 6048)),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "16 bits of grey, 79 million pixels": lambda: png(8_890, 8_890, 16, 0),
    "16 bits of colour, 79 million pixels": lambda: png(8_890, 8_890, 16, 6),
}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def peak_memory(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def asked(url: str, photo: bytes) -> Iterator[int]:
    """The photo as it is and a part of it, for each of eight who ask at the same moment."""

    def ask(number: int) -> int:
        options = {"crop": "0,0,1,1"} if number % 2 else {}
        path = "/v1/similar/photo" if number % 4 < 2 else "/v1/classify/photo"
        answer = httpx.post(f"{url}{path}", files={"image": photo}, data=options, timeout=300)
        if answer.status_code == 422:
            assert "\n" not in answer.json()["detail"]
            assert "million pixels" in answer.json()["detail"]
        return answer.status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(ask, range(AT_ONCE))


@pytest.mark.parametrize("name", [*ANSWERED, *REFUSED])
def test_eight_at_once_stay_within_the_memory(shop: Shop, script: Path, name: str) -> None:
    photo = {**ANSWERED, **REFUSED}[name]()
    with serving(script, shop.index.root, "--rate-limit", "0") as service:
        assert set(asked(service.url, photo)) == {200 if name in ANSWERED else 422}
        peak = peak_memory(service.process.pid)
        assert peak <= MOST
        assert httpx.get(f"{service.url}/v1/similar?product_id=P001", timeout=60).status_code == 200
        assert service.stop() == 0
    assert not [line for line in service.log if json.loads(line)["level"] == "error"]


def test_the_limit_is_a_setting(shop: Shop, script: Path) -> None:
    small, large = png(900, 1000, 8, 0), png(1001, 1000, 8, 0)
    with serving(script, shop.index.root, JEWELRY_UPLOAD_PIXELS="1000000") as service:
        assert set(asked(service.url, small)) == {200}
        assert set(asked(service.url, large)) == {422}
        assert service.stop() == 0
