"""Twenty pictures of no product, as they stray into a catalog: noise, texts, landscapes, faces, logos.

They stand for what nobody has seen: nothing here is shared with what `trainer fit` draws to know strangers by.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SENTENCE = (
    "Thank you for your order of the 14th of March. The parcel leaves our workshop on Monday and reaches you within "
    "three days. Please keep this sheet: it is your proof of purchase and your guarantee for two years. Returns are "
    "free of charge within thirty days. "
)


def write_strays(folder: Path) -> list[Path]:
    """Write all twenty as JPEGs, four of each kind, into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in (_noise, _text, _landscape, _face, _logo):
        for number in range(4):
            path = folder / f"{kind.__name__.strip('_')}-{number}.jpg"
            kind(number).save(path, quality=92)
            paths.append(path)
    return paths


def _noise(number: int) -> Image.Image:
    """White, pink (falling with frequency), salt and pepper, and television snow in colour."""
    random = np.random.RandomState(90 + number)
    if number == 1:
        frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None])
        spectrum = np.fft.fft2(random.randn(256, 256)) / np.maximum(frequency, 1 / 256)
        levels = np.real(np.fft.ifft2(spectrum))
        levels = 255 * (levels - levels.min()) / np.ptp(levels)
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    if number == 2:
        return Image.fromarray(np.where(random.rand(300, 300) < 0.5, 0, 255).astype(np.uint8)).convert("RGB")
    shape = (280, 280) if number == 0 else (180, 260, 3)
    return Image.fromarray(random.randint(0, 256, shape).astype(np.uint8)).convert("RGB")


def _text(number: int) -> Image.Image:
    """A letter in the bitmap font, a bill of sums, two columns, a terminal."""
    paper, ink = [("white", "black"), ("#fffdf4", "#222266"), ("#f3f3f3", "#333333"), ("#101418", "#8fdc8f")][number]
    image = Image.new("RGB", (420, 560) if number < 3 else (560, 380), paper)
    draw, words = ImageDraw.Draw(image), (SENTENCE * 8).split()
    small = ImageFont.load_default(13)
    if number == 1:
        draw.text((30, 30), "INVOICE No. 20417", ink, ImageFont.load_default(26))
        for line in range(18):
            y = 110 + 22 * line
            draw.text((30, y), f"{line + 1:>2}  {words[2 * line]} {words[2 * line + 1]}", ink, small)
            draw.text((390, y), f"{37.5 * (line % 7 + 1):.2f} EUR", ink, small, anchor="ra")
            draw.line((30, y + 18, 390, y + 18), "#ccccdd")
        return image
    columns, font = (2, small) if number == 2 else (1, ImageFont.load_default(15 if number == 0 else 14))
    width = (image.width - 40 * (columns + 1)) / columns
    place = iter(words)
    for column in range(columns):
        y = 40.0
        while y < image.height - 40:
            line = "$ " if number == 3 else ""
            while draw.textlength(line, font) < width - 40:
                line += next(place, "end") + " "
            draw.text((40 + column * (width + 40), y), line, ink, font)
            y += 19
    return image


def _landscape(number: int) -> Image.Image:
    """Alps at noon, dunes at dusk, a lake that mirrors, fields under rain: painted column by column."""
    width, height = 400, 270
    y = np.repeat(np.arange(height)[:, None], width, axis=1)
    tops = [(90, 150, 230), (250, 130, 80), (150, 190, 230), (120, 128, 140)][number]
    feet = [(205, 228, 250), (255, 215, 160), (235, 240, 245), (190, 195, 200)][number]
    share = (y / height)[..., None]
    pixels = np.array(tops) * (1 - share) + np.array(feet) * share
    random = np.random.RandomState(7 + number)
    for depth in range(3):
        heights = np.interp(np.arange(width), np.linspace(0, width, 12 + 6 * depth), random.rand(12 + 6 * depth))
        ridge = height * (0.35 + 0.18 * depth) + 60 * (heights - 0.5) * (1.2 - 0.3 * depth)
        tone = [(120, 125, 140), (200, 140, 90), (70, 95, 80), (96, 120, 60)][number]
        pixels = np.where((y > ridge[None])[..., None], np.array(tone) * (1.0 - 0.22 * depth), pixels)
        if number == 0 and depth == 0:
            pixels = np.where(((y > ridge) & (y < ridge + 18))[..., None], 245, pixels)
    if number == 2:
        half = height // 2 + 40
        pixels[half:] = pixels[half - 1 : half - 1 - (height - half) : -1] * 0.8 + np.array((10, 20, 40))
    pixels = pixels + random.randn(height, width, 1) * 6
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if number == 3:
        draw = ImageDraw.Draw(image)
        for left, top in random.rand(160, 2) * (width, height):
            draw.line((left, top, left - 5, top + 16), (205, 210, 216))
    return image.filter(ImageFilter.GaussianBlur(0.7))


def _face(number: int) -> Image.Image:
    """A smiley, a pencil sketch, a portrait of blocks, a child's drawing."""
    if number == 2:
        rows = ["..hhhh..", ".hhhhhh.", ".hsssshh", ".seSSesh", ".ssnnss.", ".ssmmss.", "..ssss..", ".cccccc."]
        of = {
            ".": "#87b5d9",
            "h": "#3b2314",
            "s": "#d9a47a",
            "S": "#e7b994",
            "e": "#1d3fb0",
            "n": "#b9825c",
            "m": "#a33333",
            "c": "#2e7d4f",
        }
        image = Image.new("RGB", (8, 8))
        for top, row in enumerate(rows):
            for left, cell in enumerate(row):
                image.paste(of[cell], (left, top, left + 1, top + 1))
        return image.resize((320, 320), Image.Resampling.NEAREST)
    image = Image.new("RGB", (320, 320), ["#ffffff", "#f6f2e8", "", "#e8f4ff"][number])
    draw = ImageDraw.Draw(image)
    if number == 0:
        draw.ellipse((40, 40, 280, 280), "#ffd93b", "#b8860b", 5)
        draw.ellipse((105, 110, 130, 155), "black")
        draw.ellipse((190, 110, 215, 155), "black")
        draw.arc((95, 110, 225, 235), 20, 160, "black", 9)
    elif number == 1:
        for step in range(3):
            draw.ellipse((85 + step, 50 - step, 235 - step, 260 + step), outline="#4a4a4a", width=1)
        for eye in (125, 195):
            draw.ellipse((eye - 18, 130, eye + 18, 148), outline="#333333", width=2)
            draw.ellipse((eye - 6, 133, eye + 6, 146), "#333333")
            draw.arc((eye - 24, 108, eye + 24, 140), 200, 340, "#333333", 3)
        draw.line((160, 140, 152, 190, 168, 194), "#555555", 2)
        draw.arc((130, 195, 190, 228), 10, 170, "#333333", 3)
        for strand in range(46):
            angle = math.pi + strand / 45 * math.pi
            root = (160 + 76 * math.cos(angle), 140 + 92 * math.sin(angle))
            draw.line((*root, root[0] + 9 * math.cos(angle * 3), root[1] - 22), "#444444")
    else:
        draw.ellipse((110, 40, 210, 150), "#f3c9a5", "black", 3)
        draw.line((160, 150, 160, 250), "black", 4)
        draw.line((100, 185, 220, 185), "black", 4)
        draw.line((160, 250, 120, 310), "black", 4)
        draw.line((160, 250, 200, 310), "black", 4)
        for left in (140, 175):
            draw.ellipse((left, 80, left + 8, 90), "black")
        draw.arc((135, 85, 185, 130), 20, 160, "red", 4)
        draw.line([(110 + 8 * n, 55 + 12 * (n % 2)) for n in range(13)], "#6b3e12", 5)
    return image


def _logo(number: int) -> Image.Image:
    """A monogram, a wave in a square, a shield, a word with a bar."""
    image = Image.new("RGB", (360, 300), ["white", "#0d47a1", "white", "#1b1b1b"][number])
    draw = ImageDraw.Draw(image)
    if number == 0:
        draw.text((180, 120), "R&K", "#7a1f3d", ImageFont.load_default(110), anchor="mm")
        draw.text((180, 235), "ATELIER 1894", "#7a1f3d", ImageFont.load_default(28), anchor="mm")
    elif number == 1:
        for row in range(4):
            wave = [(x, 110 + 30 * row + 14 * math.sin(x / 22)) for x in range(60, 301, 3)]
            draw.line(wave, "white", 10)
    elif number == 2:
        draw.polygon([(90, 40), (270, 40), (270, 170), (180, 270), (90, 170)], "#c62828")
        draw.polygon([(180, 40), (270, 40), (270, 170), (180, 270)], "#1565c0")
        draw.text((180, 135), "FC", "white", ImageFont.load_default(90), anchor="mm")
    else:
        draw.text((180, 135), "nordlys", "#f5f5f5", ImageFont.load_default(76), anchor="mm")
        draw.rectangle((60, 195, 300, 207), "#ff7043")
    return image
