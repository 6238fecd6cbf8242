"""PNG sheets for a README or a model's page: crops in rows, versions in columns, the whole crop's figures below."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from paragonsr.evaluate.showcase.gallery import INPUT, TARGET, Exhibit
from paragonsr.evaluate.showcase.record import Figures
from paragonsr.evaluate.showcase.windows import closest_look

LOOK = 96
"""Side of what a sheet shows of a crop, in pixels of the target: where models are furthest apart."""

ROWS = 6
"""The most crops on a sheet."""

_TIMES = 2
_CELL, _GAP, _MARGIN = _TIMES * LOOK, 8, 16
_HEAD, _FOOT = 30, 26
_PAPER, _INK, _QUIET = (255, 255, 255), (31, 35, 40), (102, 108, 117)


def sheet(exhibits: Sequence[Exhibit], models: Sequence[str]) -> NDArray[np.uint8]:
    """The first ROWS exhibits, all versions in their order, each pixel twice as wide and high: uint8 [H, W, 3]."""
    shown = exhibits[:ROWS]
    names = list(shown[0].versions)
    width = 2 * _MARGIN + len(names) * _CELL + (len(names) - 1) * _GAP
    page = Image.new("RGB", (width, _MARGIN + _HEAD + len(shown) * (_CELL + _FOOT + _GAP)), _PAPER)
    draw = ImageDraw.Draw(page)
    for column, name in enumerate(names):
        _write(draw, _MARGIN + column * (_CELL + _GAP), _MARGIN, name, 16, _INK)
    for row, exhibit in enumerate(shown):
        top = _MARGIN + _HEAD + row * (_CELL + _FOOT + _GAP)
        corner = closest_look(_rivals(exhibit, models), LOOK)
        for column, (name, pixels) in enumerate(exhibit.versions.items()):
            left = _MARGIN + column * (_CELL + _GAP)
            page.paste(Image.fromarray(look(pixels, corner, exhibit.crop.side)), (left, top))
            _write(draw, left, top + _CELL + 5, _caption(exhibit, name), 13, _QUIET)
    return np.asarray(page)


def look(pixels: NDArray[np.uint8], corner: tuple[int, int], side: int) -> NDArray[np.uint8]:
    """A part of a version of a crop of `side` target pixels; the input's larger pixels cover the same place."""
    times = side // len(pixels)
    top, left, length = corner[0] // times, corner[1] // times, LOOK // times
    return pixels[top : top + length, left : left + length].repeat(_TIMES * times, 0).repeat(_TIMES * times, 1)


def _rivals(exhibit: Exhibit, models: Sequence[str]) -> list[NDArray[np.uint8]]:
    rivals = [*models, "Lanczos"] if len(models) == 1 else models
    return [exhibit.versions[name] for name in rivals]


def _caption(exhibit: Exhibit, name: str) -> str:
    if name == TARGET:
        return exhibit.crop.picture.name
    return "" if name == INPUT else _figures(exhibit.crop.figures[name])


def _figures(figures: Figures) -> str:
    fidelity = "equal" if figures.psnr_y is None else f"{figures.psnr_y:.2f} dB"
    return fidelity if figures.lpips is None else f"{fidelity} · LPIPS {figures.lpips:.3f}"


def _write(draw: ImageDraw.ImageDraw, left: int, top: int, text: str, size: int, colour: tuple[int, int, int]) -> None:
    """One line, cut to the width of a cell."""
    font = ImageFont.load_default(size)
    cut = text
    while draw.textlength(cut, font) > _CELL:
        text = text[:-1]
        cut = text + "…"
    draw.text((left, top), cut, colour, font)
