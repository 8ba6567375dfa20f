"""Papers and screens: letters, invoices, charts, codes, pages of a program."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.data.strangers.paint import Random, Size, colour

LETTERS = "aaabcdeeeefghiiijklmnnnoooprrrssstttuuvwz"


def letter(random: Random, size: Size) -> Image.Image:
    """Paragraphs, with a heading or without."""
    image, ink = _sheet(random, size)
    draw, (width, height) = ImageDraw.Draw(image), size
    margin, line = width * random.uniform(0.06, 0.15), height / random.uniform(14, 32)
    font, y = _font(line * 0.75), margin
    if random.random() < 0.6:
        draw.text((margin, y), _words(random, 3).title(), fill=ink, font=_font(line * 1.6))
        y += 3 * line
    while y < height - margin:
        text = _words(random, int(random.integers(6, 14)))
        last = random.random() < 0.15
        while draw.textlength(text, font=font) > (width - 2 * margin) * (0.6 if last else 1.0):
            text = text[:-1]
        draw.text((margin, y), text, fill=ink, font=font)
        y += line * (2 if last else 1)
    return image


def invoice(random: Random, size: Size) -> Image.Image:
    """A heading, an address, a table with sums, perhaps a stamp."""
    image, ink = _sheet(random, size)
    draw, (width, height) = ImageDraw.Draw(image), size
    accent, margin = colour(random, (0.2, 0.8), (0.4, 1.0)), width * 0.08
    line = height / random.uniform(16, 26)
    font = _font(line * 0.7)
    draw.rectangle((margin, margin, margin + width * 0.2, margin + 2 * line), fill=accent)
    draw.text((width * 0.55, margin), str(random.choice(["Invoice", "Receipt", "Rechnung", "Order"])), ink, _font(line))
    for row in range(3):
        draw.text((margin, margin + (3 + row) * line), _words(random, 3).title(), ink, font)
    top, columns = margin + 7 * line, int(random.integers(3, 6))
    rows = int(max(2, (height - margin - top) / line - 2))
    for row in range(rows):
        y = top + row * line
        if row == 0 or random.random() < 0.5:
            draw.line((margin, y, width - margin, y), fill=accent if row == 0 else ink)
        draw.text((margin, y), _words(random, 2), ink, font)
        for column in range(1, columns):
            x = margin + (width - 2 * margin) * (0.3 + 0.7 * column / columns)
            draw.text((x, y), f"{random.uniform(1, 999):.2f}", ink, font, anchor="ra")
    draw.text(
        (width - margin, top + (rows + 0.5) * line), f"{random.uniform(99, 9999):.2f}", ink, _font(line), anchor="ra"
    )
    return image


def chart(random: Random, size: Size) -> Image.Image:
    """Bars, lines or a pie, with axes and a title."""
    image, ink = _sheet(random, size)
    draw, (width, height) = ImageDraw.Draw(image), size
    left, top, right, bottom = width * 0.12, height * 0.15, width * 0.92, height * 0.88
    draw.text((width / 2, height * 0.07), _words(random, 3).title(), ink, _font(height / 18), anchor="mm")
    count, kind = int(random.integers(3, 12)), random.integers(3)
    values, colours = random.uniform(0.1, 1.0, count), [colour(random, (0.3, 0.9), (0.4, 1.0)) for _ in range(count)]
    if kind == 2:
        ends = 360 * np.cumsum(values) / values.sum()
        box = (left + width * 0.1, top, left + width * 0.1 + (bottom - top), bottom)
        for start, end, fill in zip([0.0, *ends[:-1]], ends, colours, strict=True):
            draw.pieslice(box, float(start), float(end), fill=fill)
        return image
    draw.line((left, top, left, bottom, right, bottom), fill=ink, width=2)
    step = (right - left) / count
    ends = [(left + (n + 0.5) * step, bottom - value * (bottom - top)) for n, value in enumerate(values)]
    if kind:
        draw.line(ends, fill=colours[0], width=3)
        return image
    for (x, y), fill in zip(ends, colours, strict=True):
        draw.rectangle((x - step * 0.35, y, x + step * 0.35, bottom), fill=fill)
    return image


def code(random: Random, size: Size) -> Image.Image:
    """A bar code or a square code on a label."""
    image, _ = _sheet(random, size)
    draw, (width, height) = ImageDraw.Draw(image), size
    if random.random() < 0.5:
        x = width * 0.12
        while x < width * 0.88:
            bar = width * random.choice([0.006, 0.012, 0.02])
            draw.rectangle((x, height * 0.2, x + bar, height * 0.7), fill="black")
            x += bar + width * random.choice([0.006, 0.012, 0.02])
        number = "".join(map(str, random.integers(0, 10, 13)))
        draw.text((width / 2, height * 0.8), number, "black", _font(height / 12), anchor="mm")
        return image
    cells, side = int(random.integers(21, 34)), int(min(size) * 0.75)
    square = Image.fromarray(random.choice([0, 255], (cells, cells)).astype(np.uint8))
    for x, y in ((0, 0), (cells - 7, 0), (0, cells - 7)):
        corner = ImageDraw.Draw(square)
        corner.rectangle((x, y, x + 6, y + 6), fill=255, outline=0)
        corner.rectangle((x + 2, y + 2, x + 4, y + 4), fill=0)
    image.paste(square.resize((side, side), Image.Resampling.NEAREST), ((width - side) // 2, (height - side) // 2))
    return image


def screen(random: Random, size: Size) -> Image.Image:
    """A page of a program or of the web: bars, boxes, buttons and text."""
    ground, accent = colour(random, (0.85, 1.0), (0.0, 0.1)), colour(random, (0.2, 0.8), (0.3, 1.0))
    image = Image.new("RGB", size, ground)
    draw, (width, height) = ImageDraw.Draw(image), size
    bar, side = height * 0.1, width * random.choice([0.0, 0.22])
    draw.rectangle((0, 0, width, bar), fill=accent)
    draw.text((width * 0.03, bar / 2), _words(random, 2).title(), "white", _font(bar * 0.5), anchor="lm")
    draw.rectangle((0, bar, side, height), fill=colour(random, (0.7, 0.95), (0.0, 0.2)))
    font, y = _font(height / 26), bar * 1.3
    while y < height * 0.95:
        row = height * random.uniform(0.06, 0.2)
        box = (side + width * 0.04, y, width * 0.96, y + row * 0.85)
        draw.rectangle(box, fill="white" if random.random() < 0.6 else ground, outline=(200, 200, 205))
        draw.text((box[0] + 6, y + 4), _words(random, 5), (60, 60, 66), font)
        if random.random() < 0.5:
            draw.rounded_rectangle((box[2] - width * 0.18, y + 4, box[2] - 6, y + row * 0.6), 4, fill=accent)
        if side:
            draw.text((6, y), _words(random, 1), (80, 80, 88), font)
        y += row
    return image


def _sheet(random: Random, size: Size) -> tuple[Image.Image, tuple[int, int, int]]:
    """An empty sheet, and the ink for it."""
    return Image.new("RGB", size, colour(random, (0.88, 1.0), (0.0, 0.12))), colour(random, (0.0, 0.3), (0.0, 0.6))


def _font(pixels: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(6.0, pixels))


def _words(random: Random, count: int) -> str:
    lengths = random.integers(2, 10, count)
    return " ".join("".join(random.choice(list(LETTERS), length)) for length in lengths)
