"""A photo within margins or a screen is found to the pixel or two; a photo that stands for itself is left whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from indexer.photos.fingerprints import hamming, phash, sha256
from indexer.photos.thumbnails import ThumbnailStore
from indexer.sample_catalog import draw_photo, draw_products, photo_views
from searcher.insights.duplicates.answers import Photo
from searcher.insights.duplicates.compare.alignment import align
from searcher.insights.duplicates.compare.forms import Picture
from searcher.insights.duplicates.compare.frame import FramedPicture, photo_within
from searcher.insights.duplicates.compare.pictures import Pictures
from searcher.insights.duplicates.compare.signature import Signatures
from searcher.insights.duplicates.edits.edits import STRENGTHS, encoded
from searcher.insights.duplicates.edits.stamps import screenshot
from searcher.insights.duplicates.pairs.candidates import within_frames


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [draw_photo(product, photo_views(product, 1)[0], 224) for product in draw_products(8, 3)]


def test_whole_photos_are_left_whole(photos: list[Image.Image]) -> None:
    assert [photo_within(photo) for photo in photos] == [None] * len(photos)


def test_a_ring_on_white_paper_is_no_frame() -> None:
    image = Image.new("RGB", (240, 240), "white")
    ImageDraw.Draw(image).ellipse((40, 30, 200, 190), outline="goldenrod", width=14)
    assert photo_within(image) is None


def white_page(photo: Image.Image, lines: int, high: int = 12) -> Image.Image:
    """A page as white as the photo's ground: lines of text in turn above and below it, without any edge."""
    image = Image.new("RGB", (photo.width + 160, photo.height + 200), "white")
    image.paste(photo, (80, 90))
    for number in range(lines):
        top = 20 + 20 * (number // 2) if number % 2 else photo.height + 120 + 30 * (number // 2)
        for left in range(60, 200, 9):
            ImageDraw.Draw(image).rectangle((left, top, left + 5, top + high - 1), fill="#333333")
    return image


def ring_on_white() -> Image.Image:
    image = Image.new("RGB", (240, 240), "white")
    ImageDraw.Draw(image).ellipse((60, 50, 180, 190), outline="goldenrod", width=14)
    return image


@pytest.mark.parametrize("lines", [2, 3, 4])
@pytest.mark.parametrize("quality", [None, 85])
def test_a_photo_without_edges_is_what_lies_between_a_pages_lines(lines: int, quality: int | None) -> None:
    page = white_page(ring_on_white(), lines)
    found = photo_within(page if quality is None else encoded(page, "JPEG", quality))
    assert found is not None
    left, top, right, bottom = found
    assert 80 < left < 80 + 60
    assert 80 + 180 < right < 80 + 240
    assert 60 < top < 90 + 50
    assert 90 + 190 < bottom < 90 + 240 + 30
    assert align(Picture.of(ring_on_white()), Picture.of(page)).correlation > 0.95


def test_what_is_no_text_makes_no_page(photos: list[Image.Image]) -> None:
    assert photo_within(white_page(ring_on_white(), 0)) is None
    assert photo_within(white_page(ring_on_white(), 1)) is None, "one line may be a stamp"
    assert photo_within(white_page(ring_on_white(), 2, high=60)) is None, "another piece is no line"
    hanging = white_page(ring_on_white(), 4)  # a thread through all of it: a pendant among beads is one piece
    ImageDraw.Draw(hanging).line((100, 0, 100, hanging.height), "goldenrod", 2)
    assert photo_within(hanging) is None


@given(
    margins=st.tuples(*[st.sampled_from([0, 8, 21, 40])] * 4).filter(any),
    colour=st.sampled_from(["white", "black", "#ff00aa"]),
    quality=st.sampled_from([None, 92, 70]),
    which=st.integers(0, 7),
)
def test_margins_are_found(
    photos: list[Image.Image], margins: tuple[int, int, int, int], colour: str, quality: int | None, which: int
) -> None:
    photo = photos[which]
    left, top, right, bottom = margins
    size = photo.width + left + right, photo.height + top + bottom
    image = Image.new("RGB", size, colour)
    image.paste(photo, (left, top))
    found = photo_within(image if quality is None else encoded(image, "JPEG", quality))
    if found is None:  # nothing is cut away that is not sure: a ground as light as the paper, what JPEG left of pink
        assert quality is not None or colour != "#ff00aa"
        return
    beyond = np.subtract(found, (left, top, left + photo.width, top + photo.height)) * (-1, -1, 1, 1)
    assert beyond.min() >= -6  # nothing of the photo is lost but its rim
    assert beyond.max() <= (3 if quality is None else 16)  # JPEG smears an edge over a block or two


@pytest.mark.parametrize("strength", STRENGTHS)
def test_a_screenshot_lies_over_its_photo(photos: list[Image.Image], strength: int) -> None:
    photo = photos[5]
    shot = screenshot(photo, strength, np.random.default_rng(strength))
    laid = align(Picture.of(photo), Picture.of(shot))
    assert laid.correlation > 0.9
    left, top, right, bottom = photo_within(shot) or (0, 0, 0, 0)
    # Where the photo's corners lie in the screenshot, its own corners lie in the photo.
    shares = np.array([[left / shot.width, top / shot.height, 1], [right / shot.width, bottom / shot.height, 1]])
    assert np.abs(shares @ laid.placement.T - [[0, 0], [1, 1]]).max() < 0.03


def test_a_flipped_photo_in_margins_is_placed_in_the_whole_picture(photos: list[Image.Image]) -> None:
    framed = Image.new("RGB", (300, 260), "black")
    framed.paste(photos[2].transpose(Image.Transpose.FLIP_LEFT_RIGHT), (60, 20))
    laid = align(Picture.of(photos[2]), Picture.of(framed))
    assert laid.flipped
    # The placement is for the mirrored picture, in which the photo begins 300 - 60 - 224 pixels from the left.
    start = np.array([16 / 300, 20 / 260, 1])
    assert np.abs(laid.placement @ start).max() < 0.03


def test_a_pair_is_settled_alike_from_both_sides(photos: list[Image.Image]) -> None:
    small = photos[1].resize((90, 90))
    one, other = (
        align(*(Picture.of(image) for image in pair)).settled for pair in ((photos[1], small), (small, photos[1]))
    )
    assert one.first.shape == other.first.shape
    assert np.abs(one.first - other.first).max() < 0.5
    assert np.median(np.abs(one.second - other.second)) < 0.5


def test_what_is_framed_is_looked_for_among_all(photos: list[Image.Image]) -> None:
    shots = [screenshot(photos[number], 1, np.random.default_rng(number)) for number in (3, 6)]
    made = Signatures.blank(len(photos) + 3)
    for row, image in enumerate([*photos, *shots]):
        made.put(row, FramedPicture.of(image))
    assert made.framed.nonzero()[0].tolist() == [8, 9]
    pairs = within_frames(made, np.arange(len(photos) + 3), k=1)
    assert sorted(map(tuple, pairs.tolist())) == [(8, 3), (9, 6)]
    everything = within_frames(made, np.arange(len(photos) + 3), k=50)
    assert 10 not in everything  # the last one has no picture
    assert (everything[:, 0] != everything[:, 1]).all()
    assert len(within_frames(made, np.arange(8))) == 0


@pytest.mark.parametrize("grow", [1.3, 1.9])
def test_the_hash_of_the_content_is_blind_to_margins(grow: float) -> None:
    """Of the photo's own ground, wherever they are; the photo's whole hash is another one."""
    photo = ring_on_white()
    ImageDraw.Draw(photo).rectangle((100, 30, 150, 60), fill="navy")
    sheet = Image.new("RGB", (round(240 * grow), round(260 * grow)), "white")
    sheet.paste(photo, (10, sheet.height - 245))
    made = Signatures.blank(3)
    for row, image in enumerate((photo, sheet)):
        made.put(row, FramedPicture.of(image))
    assert np.bitwise_count(made.content[0] ^ made.content[1]) <= 6
    assert hamming(phash(photo), phash(sheet)) > 11
    assert made.content[2] == 0


def test_a_framed_photo_is_taken_from_the_original(photos: list[Image.Image], tmp_path: Path) -> None:
    shot = screenshot(photos[2].resize((600, 600)), 2, np.random.default_rng(1))
    shot.save(tmp_path / "shot.png")
    photos[2].save(tmp_path / "whole.png")
    digests = {name: sha256((tmp_path / f"{name}.png").read_bytes()) for name in ("shot", "whole")}
    for name, image in (("shot", shot), ("whole", photos[2])):
        ThumbnailStore(tmp_path).write(digests[name], image)
    load = Pictures(tmp_path, tmp_path)

    def loaded(name: str) -> FramedPicture | None:
        return load(Photo(name, name, f"{name}.png", digests[name], "", "", 1, 1, 1, None))

    framed, whole = loaded("shot"), loaded("whole")
    assert framed is not None
    assert framed.picture.size == shot.size
    assert min(framed.photo.size) > 0.65 * 600  # a thumbnail would have 256 pixels for the whole screen
    assert whole is not None
    assert not whole.is_framed
    photos[3].save(tmp_path / "shot.png")  # the shop put another picture there since it was indexed
    thumbnail = loaded("shot")
    assert thumbnail is not None
    assert thumbnail.is_framed
    assert max(thumbnail.picture.size) == 256


def test_a_picture_is_never_kept_at_the_size_of_a_large_original(tmp_path: Path) -> None:
    Image.new("RGB", (3000, 2000), "gold").save(tmp_path / "large.png")
    digest = sha256((tmp_path / "large.png").read_bytes())
    picture = Pictures(tmp_path, tmp_path)(Photo("large", "large", "large.png", digest, "", "", 1, 1, 1, None))
    assert picture is not None
    assert picture.picture.size == (1024, 683)
