"""Drawings of what the simulated company has on its screens, before its cameras and in its ears. Nothing in them is anybody's."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from reteamz.agent.desktop.base import Heard

SCREEN: Final = (1280, 800)
_CAMERA: Final = (640, 480)
_RATE: Final = 8_000
_WALLS: Final = (("#1f4e5f", "#79a8a9"), ("#3b2f4a", "#8b6f8f"), ("#20402f", "#88a97a"), ("#4a3420", "#b08d62"))
_INK: Final = "#2b3138"
_SOFT: Final = "#c9d0d8"
_ACCENT: Final = ("#2f6f8f", "#8f4f2f", "#4f7f3f", "#6f4f9f")


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def desktop(app: str, title: str, seed: str, clock: str) -> Image.Image:
    """Return a screen with one window in front; ``clock`` stands in the corner."""
    chance = random.Random(seed)  # noqa: S311  # a drawing
    top, bottom = _WALLS[chance.randrange(len(_WALLS))]
    gradient = Image.linear_gradient("L").resize(SCREEN)
    screen = Image.composite(Image.new("RGB", SCREEN, bottom), Image.new("RGB", SCREEN, top), gradient)
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 760, 1280, 800), fill="#161b22")
    for number in range(7):
        draw.rounded_rectangle((14 + number * 44, 767, 40 + number * 44, 793), 6, fill=_ACCENT[number % 4])
    draw.text((1266, 780), clock, fill="#e8edf2", font=_font(18), anchor="rm")
    left, upper = chance.randrange(40, 150), chance.randrange(25, 80)
    box = (left, upper, left + 1060, upper + 650)
    draw.rounded_rectangle((box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2), 10, fill="#0d1117")
    draw.rounded_rectangle(box, 10, fill="#fbfcfd")
    draw.rounded_rectangle((box[0], box[1], box[2], box[1] + 36), 10, fill="#e6eaee")
    draw.text((box[0] + 16, box[1] + 18), title, fill=_INK, font=_font(17), anchor="lm")
    for number, colour in enumerate(("#d6584b", "#e0b040", "#58a860")):
        draw.ellipse((box[2] - 26 - number * 24, box[1] + 11, box[2] - 12 - number * 24, box[1] + 25), fill=colour)
    _content(draw, app, (box[0] + 20, box[1] + 52, box[2] - 20, box[3] - 20), chance)
    return screen


def _content(draw: ImageDraw.ImageDraw, app: str, box: tuple[int, int, int, int], chance: random.Random) -> None:
    left, top, right, bottom = box
    accent = _ACCENT[chance.randrange(4)]
    if app.startswith(("excel", "tallyhouse")):
        for row, y in enumerate(range(top, bottom - 24, 26)):
            for column, x in enumerate(range(left, right - 110, 118)):
                draw.rectangle(
                    (x, y, x + 118, y + 26), outline=_SOFT, fill="#eef2f6" if not row or not column else None
                )
                if not row:
                    draw.text((x + 10, y + 5), chr(65 + column), fill=_INK, font=_font(14))
                elif column and chance.random() < 0.75:
                    draw.text(
                        (x + 108, y + 5), f"{chance.uniform(3, 4_000):,.2f}", fill=_INK, font=_font(14), anchor="ra"
                    )
    elif app.startswith(("code", "windowsterminal")):
        draw.rectangle(box, fill="#1d232b")
        for y in range(top + 14, bottom - 16, 22):
            x = left + 16 + 26 * chance.randrange(4)
            for _ in range(chance.randrange(1, 6)):
                width = chance.randrange(24, 130)
                draw.rounded_rectangle(
                    (x, y, x + width, y + 9), 3, fill=chance.choice(("#7fb0d8", "#d8a86f", "#9ccf8f", "#c7d0da"))
                )
                x += width + 12
    elif app.startswith(("acad", "photoshop", "blender")):
        draw.rectangle(box, fill="#20262d")
        for number in range(9):
            x, y, size = (
                chance.randrange(left, right - 260),
                chance.randrange(top, bottom - 200),
                chance.randrange(60, 230),
            )
            draw.ellipse((x, y, x + size, y + size), outline=_ACCENT[number % 4], width=4)
        draw.rectangle((right - 180, top, right, bottom), fill="#303841")
    elif app.startswith(("slack", "teams", "outlook")):
        draw.rectangle((left, top, left + 220, bottom), fill="#eef2f6")
        for number, y in enumerate(range(top + 12, bottom - 40, 48)):
            draw.rounded_rectangle((left + 12, y, left + 200, y + 34), 6, fill=accent if number == 2 else "#dfe5eb")
        for y in range(top + 10, bottom - 60, 84):
            width = chance.randrange(260, 620)
            draw.rounded_rectangle((left + 250, y, left + 250 + width, y + 60), 10, fill="#e3edf3")
            _lines(draw, (left + 266, y + 14, left + 234 + width, y + 54), chance)
    else:
        draw.rounded_rectangle((left, top, right, top + 120), 6, fill=accent)
        _lines(draw, (left + 40, top + 150, right - 40, bottom), chance)


def _lines(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], chance: random.Random) -> None:
    left, top, right, bottom = box
    for y in range(top, bottom - 8, 20):
        draw.rounded_rectangle((left, y, right - chance.randrange((right - left) // 2), y + 8), 3, fill=_SOFT)


def face(seed: str) -> Image.Image:
    """Return what a camera might see: somebody in outlines, before a wall."""
    chance = random.Random(seed)  # noqa: S311  # a drawing
    picture = Image.new("RGB", _CAMERA, _WALLS[chance.randrange(4)][1])
    draw = ImageDraw.Draw(picture)
    draw.rectangle((430, 40, 600, 250), fill="#dbe7ee", outline="#5b6675", width=6)
    middle = 300 + chance.randrange(-40, 40)
    skin = chance.choice(("#e3b98f", "#b98360", "#8a5a3c", "#f0cfae"))
    draw.ellipse((middle - 170, 350, middle + 170, 640), fill=_ACCENT[chance.randrange(4)])
    draw.rectangle((middle - 34, 300, middle + 34, 380), fill=skin)
    draw.ellipse((middle - 92, 120, middle + 92, 350), fill=skin)
    draw.chord((middle - 100, 105, middle + 100, 330), 180, 360, fill=chance.choice(("#2b2018", "#6a4a2a", "#a8a29a")))
    for side in (-1, 1):
        draw.ellipse((middle + side * 40 - 9, 238, middle + side * 40 + 9, 252), fill=_INK)
    draw.arc((middle - 40, 265, middle + 40, 315), 20, 160, fill=_INK, width=5)
    return picture


def chime(seconds: int, seed: str) -> Heard:
    """Return a few soft notes."""
    chance = random.Random(seed)  # noqa: S311  # a drawing
    notes = [chance.choice((262, 294, 330, 392, 440)) for _ in range(seconds * 2)]
    samples = bytearray()
    for step in range(seconds * _RATE):
        part, within = divmod(step, _RATE // 2)
        value = math.sin(2 * math.pi * notes[part] * step / _RATE) * math.exp(-within / 1_600)
        samples += int(9_000 * value).to_bytes(2, "little", signed=True)
    return Heard(_RATE, bytes(samples))
