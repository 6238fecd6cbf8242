"""Drawn pages: the lettering and line art that photographs are short of, and pictures of screens are full of."""

import string

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ITEMS = (6, 20)  # drawn on a page
FINE = 4  # drawn this much larger and averaged, so that edges lie anywhere between pixels
LETTERS = np.array(list(string.ascii_letters + string.digits + "      .,-:!?"))

Colour = tuple[int, int, int]


def page(side: int, draw: np.random.Generator) -> NDArray[np.uint8]:
    """A page `[side,side,3]`: lettering, lines, stripes and shapes of flat colours. Three of ten have hard pixels."""
    fine = FINE if draw.random() < 0.7 else 1
    image = Image.new("RGB", (side * fine, side * fine), _colour(draw))
    canvas = ImageDraw.Draw(image)
    canvas.fontmode = "L" if fine > 1 else "1"
    for _ in range(int(draw.integers(*ITEMS))):
        _item(canvas, side * fine, fine, draw)
    return np.asarray(image.reduce(fine))


def _item(canvas: ImageDraw.ImageDraw, side: int, fine: int, draw: np.random.Generator) -> None:
    colour, width = _colour(draw), int(draw.integers(fine, 4 * fine + 1))
    x, y = (int(place) for place in draw.integers(-side // 8, side, 2))
    match int(draw.integers(7)):
        case 0 | 1 | 2:
            text = "".join(draw.choice(LETTERS, 24)) + "\n" + "".join(draw.choice(LETTERS, 24))
            canvas.multiline_text((x, y), text, colour, ImageFont.load_default(fine * draw.uniform(7, 40)))
        case 3:
            canvas.line([int(place) for place in draw.integers(0, side, 6)], colour, width)
        case 4:
            canvas.polygon([int(place) for place in draw.integers(0, side, 6)], colour, _colour(draw), width)
        case 5:
            canvas.ellipse((x, y, x + side // 4, y + side // 5), colour, _colour(draw), width)
        case _:
            slope = int(draw.integers(-side // 4, side // 4))
            for left in range(x, min(side, x + side // 2), 2 * width + fine):
                canvas.line((left, y, left + slope, y + side // 3), colour, width)


def _colour(draw: np.random.Generator) -> Colour:
    """Black, white, or any."""
    level = (0, 255)[int(draw.integers(2))]
    red, green, blue = draw.integers(0, 256, 3) if draw.random() < 0.6 else (level, level, level)
    return int(red), int(green), int(blue)
