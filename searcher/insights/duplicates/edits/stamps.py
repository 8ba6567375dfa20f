"""What is printed over a photo or around it: watermarks, price badges, the chrome of a screenshot."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

MARKS = ("© Maison Luce", "jewels4you", "SAMPLE", "www.goldmarkt.example", "PREVIEW", "Studio Nord", "@ring.lover")
OFFERS = ("SALE", "-30 %", "-50 %", "NEW", "EUR 129", "$ 49.90", "HOT", "1+1", "Top deal", "24 h")
PAGES = ("goldmarkt.example/item/48213", "shop.example", "jewels4you.example/sale", "m.market.example/p/9917")
TITLES = ("Elegant jewelry, gift for her", "Handmade, best price", "Limited edition 2026", "Free shipping today only")
LOUD = ("#d81e2c", "#e4572e", "#111111", "#1d5fbf", "#0f8a5f", "#c2185b", "#f2b705")


def one_of(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def lettering(text: str, height: float) -> Image.Image:
    """Text as a mask, L, cut to its ink; ``height`` is the font's size in pixels."""
    font = ImageFont.load_default(size=max(6.0, height))
    left, top, right, bottom = font.getbbox(text)
    mask = Image.new("L", (max(1, round(right - left)), max(1, round(bottom - top))))
    ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font)
    return mask


def fitting(text: str, width: float, height: float) -> Image.Image:
    """Lettering no wider and no taller than this, in pixels."""
    mask = lettering(text, height)
    scale = min(1.0, width / mask.width, height / mask.height)
    return mask.resize((max(1, round(mask.width * scale)), max(1, round(mask.height * scale))))


def faint(mask: Image.Image, opacity: float) -> Image.Image:
    """The mask made translucent."""
    return mask.point([round(value * opacity) for value in range(256)])


def tone_over(image: Image.Image, rng: np.random.Generator) -> str:
    """White or black ink, whichever mostly shows on this photo."""
    bright = float(np.asarray(image.convert("L").resize((16, 16))).mean())
    return "white" if bright < 150 or rng.random() < 0.15 else "black"


def watermark_tiled(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """One mark over the whole photo, slanted, again and again."""
    side = min(image.size)
    word = lettering(one_of(MARKS, rng), side * float(rng.uniform(0.05, 0.085)))
    step = round(word.width * float(rng.uniform(1.15, 1.5))), round(word.height * float(rng.uniform(3.0, 5.0)))
    reach = round(1.5 * max(image.size))
    sheet = Image.new("L", (reach, reach))
    for row, y in enumerate(range(0, reach, step[1])):
        for x in range(-(row % 2) * step[0] // 2, reach, step[0]):
            sheet.paste(word, (x, y))
    sheet = sheet.rotate(float(rng.uniform(20, 40) * rng.choice([-1, 1])), Image.Resampling.BILINEAR)
    left, top = (reach - image.width) // 2, (reach - image.height) // 2
    marked = image.copy()
    cut = sheet.crop((left, top, left + image.width, top + image.height))
    marked.paste(tone_over(image, rng), mask=faint(cut, (0.14, 0.26, 0.42)[strength]))
    return marked


def watermark_corner(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """A shop's name in a corner or along the lower edge, now and then on a bar of its own."""
    side, marked = min(image.size), image.copy()
    height = side * (0.05, 0.08, 0.12)[strength] * float(rng.uniform(0.85, 1.15))
    word = fitting(one_of(MARKS, rng), image.width * 0.9, height)
    gap = round(side * float(rng.uniform(0.015, 0.05)))
    x = (gap, image.width - word.width - gap, (image.width - word.width) // 2)[int(rng.integers(3))]
    y = gap if rng.random() < 0.3 else image.height - word.height - gap
    ink = tone_over(image, rng)
    if rng.random() < 0.3:
        bar = Image.new("L", image.size)
        box = (0, y - gap // 2, image.width, y + word.height + gap // 2)
        ImageDraw.Draw(bar).rectangle(box, fill=(90, 130, 170)[strength])
        marked.paste("black" if ink == "white" else "white", mask=bar)
    marked.paste(ink, (x, y), faint(word, (0.55, 0.75, 0.95)[strength]))
    return marked


def badge(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """A price or an offer in a corner: a disc, a box or a star, opaque."""
    side, stamped = min(image.size), image.copy()
    across = max(8, round(side * (0.18, 0.26, 0.36)[strength] * float(rng.uniform(0.85, 1.15))))
    shape = int(rng.integers(3))
    tall = across if shape != 1 else max(6, round(across * 0.45))
    patch = Image.new("L", (across, tall))
    pen = ImageDraw.Draw(patch)
    if shape == 0:
        pen.ellipse((0, 0, across - 1, tall - 1), fill=255)
    elif shape == 1:
        pen.rounded_rectangle((0, 0, across - 1, tall - 1), radius=tall * float(rng.choice([0.0, 0.25])), fill=255)
    else:
        angle = np.arange(32) * np.pi / 16
        reach = across / 2 * np.where(np.arange(32) % 2, 0.84, 1.0)
        points = np.stack([across / 2 + reach * np.cos(angle), tall / 2 + reach * np.sin(angle)], axis=1)
        pen.polygon([(float(x), float(y)) for x, y in points], fill=255)
    colour = one_of(LOUD, rng)
    gap = round(side * float(rng.uniform(0, 0.04)))
    x = gap if rng.random() < 0.5 else image.width - across - gap
    y = gap if rng.random() < 0.65 else image.height - tall - gap
    stamped.paste(colour, (x, y), patch)
    word = fitting(one_of(OFFERS, rng), across * 0.74, tall * 0.6)
    ink = "black" if colour == "#f2b705" else "white"
    stamped.paste(ink, (x + (across - word.width) // 2, y + (tall - word.height) // 2), word)
    return stamped


def screenshot(image: Image.Image, strength: int, rng: np.random.Generator) -> Image.Image:
    """The photo within an app or a browser: bars above and below, margins, words; less of it is photo if strong.

    The photo's own pixels are scaled to between 70 and 100 %.
    """
    scale = max(float(rng.uniform(0.7, 1.0)), 64 / min(image.size))  # no screen is smaller
    shown = image.resize((round(image.width * scale), round(image.height * scale)))
    dark = rng.random() < 0.35
    paper, ink, bar = ("#121214", "#e8e8ea", "#232327") if dark else ("#ffffff", "#1b1b1f", "#ececef")
    width, height = shown.size
    unit = max(6, round(width * 0.055))
    margin = round(width * (0.0, 0.05, 0.16)[strength] * float(rng.uniform(0.7, 1.2)))
    above = unit * (2, 4, 5)[strength]
    below = unit * (1, 4, 10)[strength]
    screen = Image.new("RGB", (width + 2 * margin, height + above + below), paper)
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, screen.width, above - unit // 2), fill=bar)
    clock = fitting(f"{int(rng.integers(24)):02d}:{int(rng.integers(60)):02d}", screen.width / 4, unit * 0.7)
    screen.paste(ink, (unit // 2, unit // 3), clock)
    pen.rounded_rectangle((screen.width - unit * 2, unit // 3, screen.width - unit, unit), radius=unit * 0.2, fill=ink)
    if strength:
        pen.rounded_rectangle((unit, above - unit * 2, screen.width - unit * 2, above - unit), unit * 0.4, fill=paper)
        address = fitting(one_of(PAGES, rng), screen.width - unit * 5, unit * 0.6)
        screen.paste("#77777c", (round(unit * 1.4), above - round(unit * 1.7)), address)
    screen.paste(shown, (margin, above))
    top = above + height + unit // 2
    lines = (one_of(TITLES, rng), f"$ {int(rng.integers(19, 990))}.00", "In stock, 4.7 of 5", "Add to cart")
    for number, line in enumerate(lines[: (0, 2, 4)[strength]]):
        mask = fitting(line, screen.width * 0.8, unit * (1.1 if number == 1 else 0.85))
        screen.paste(one_of(LOUD, rng) if number == 3 else ink, (unit, top + round(number * unit * 1.6)), mask)
    if strength == 2:
        pen.rectangle((0, screen.height - unit * 2, screen.width, screen.height), fill=bar)
        for place in range(4):
            x = round(screen.width * (0.14 + 0.24 * place))
            pen.ellipse((x - unit // 2, screen.height - unit * 1.5, x + unit // 2, screen.height - unit // 2), fill=ink)
    if rng.random() < 0.5:  # a phone's rounded picture corners
        round_corners(screen, (margin, above, margin + width, above + height), unit, paper)
    return screen


def round_corners(screen: Image.Image, box: tuple[int, int, int, int], radius: int, paper: str) -> None:
    """Paints ``paper`` over the corners of a box."""
    size = box[2] - box[0], box[3] - box[1]
    inside = Image.new("L", size)
    ImageDraw.Draw(inside).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius, fill=255)
    screen.paste(paper, box[:2], ImageChops.invert(inside))
