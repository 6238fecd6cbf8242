"""What is seen in each part of a picture: lines, texture, smooth gradients, and how far models are apart there."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paragonsr.degrade.operations import blur
from paragonsr.errors import DataError
from paragonsr.imaging.kernels import Floats
from paragonsr.imaging.metrics import luma
from paragonsr.imaging.resample import apply

SIDE = 192
"""Side of a crop in pixels of the target."""

CELL = 16
_CELLS = SIDE // CELL
_STRIP = 32 * CELL  # rows
_STEP = 3  # cells from one window to the next
_FINE = 1.5  # sigma, target pixels: what is finer than this is detail
_LEAST = 0.05  # detail in levels per pixel, below which a cell counts as empty


class Window(NamedTuple):
    """A part of SIDE x SIDE target pixels. `difference` in levels of luma; the other scores only rank windows."""

    picture: int
    top: int
    left: int
    difference: float
    lines: float
    texture: float
    gradient: float


def survey(picture: int, target: NDArray[np.uint8], rivals: Sequence[NDArray[np.uint8]]) -> list[Window]:
    """All windows of a target [H, W, 3], 48 pixels apart; `rivals` (two or more) are its enlargements.

    `picture` is a number to know it by. A window's difference is that of the two rivals that are furthest apart there,
    their mean absolute difference of luma. Raises DataError for a picture smaller than a window.
    """
    height, width = target.shape[:2]
    if min(height, width) < SIDE:
        raise DataError(f"the picture is {height}x{width}: too small for a crop of {SIDE}x{SIDE}")
    brightness, strength, coherence, *differences = (
        np.concatenate(parts) for parts in zip(*_strips(target, rivals), strict=True)
    )
    apart = np.max([_windows(difference).mean((2, 3)) for difference in differences], axis=0)
    directed, strengths = _windows(strength * coherence**2).mean((2, 3)), _windows(strength)
    lines = np.sqrt(directed) * directed / np.maximum(strengths.mean((2, 3)), _LEAST)
    texture = np.exp(_windows(np.log(np.maximum(strength * (1 - coherence) ** 2, _LEAST))).mean((2, 3)))
    gradient = np.sqrt(_windows(brightness).std((2, 3))) / (0.5 + strengths.max((2, 3)))
    step = _STEP * CELL
    return [
        Window(picture, row * step, column * step, *(float(score[row, column]) for score in scores))
        for scores in [(apart, lines, texture, gradient)]
        for row, column in np.ndindex(*apart.shape)
    ]


def around(
    picture: int, target: NDArray[np.uint8], rivals: Sequence[NDArray[np.uint8]], centre: tuple[int, int]
) -> Window:
    """The one window around a place (row, column) of the target, moved inwards at its borders; see `survey`."""
    top, left = (
        max(0, min(place - SIDE // 2, length - SIDE)) // 2 * 2
        for place, length in zip(centre, target.shape[:2], strict=True)
    )
    box = np.s_[top : top + SIDE, left : left + SIDE]
    (window,) = survey(picture, target[box], [rival[box] for rival in rivals])
    return window._replace(top=top, left=left)


def closest_look(rivals: Sequence[NDArray[np.uint8]], side: int) -> tuple[int, int]:
    """The corner (top, left) of the square of `side` pixels, a multiple of 16, in which rivals are furthest apart."""
    lumas = [luma(rival) for rival in rivals]
    cells = side // CELL
    apart = np.max(
        [sliding_window_view(_cells(np.abs(a - b)), (cells, cells)).mean((2, 3)) for a, b in combinations(lumas, 2)],
        axis=0,
    )
    row, column = np.unravel_index(int(apart.argmax()), apart.shape)
    return int(row) * CELL, int(column) * CELL


def _strips(target: NDArray[np.uint8], rivals: Sequence[NDArray[np.uint8]]) -> Iterator[tuple[Floats, ...]]:
    """Of strips of a picture, top to bottom, so that large ones need little memory: brightness, strength and coherence
    of the target in each cell, and the difference of each two rivals.
    """
    height = target.shape[0] // CELL * CELL
    for top in range(0, height, _STRIP):
        bottom, above = min(top + _STRIP, height), min(top, CELL)
        y = luma(target[top - above : bottom + CELL])
        strength, coherence = (
            cells[above // CELL : (above + bottom - top) // CELL] for cells in _structure(y - _soft(y))
        )
        lumas = [luma(rival[top:bottom]) for rival in rivals]
        apart = (_cells(np.abs(a - b)) for a, b in combinations(lumas, 2))
        yield _cells(y[above : above + bottom - top]), strength, coherence, *apart


def _soft(y: Floats) -> Floats:
    return apply(y, blur(y.shape[0], _FINE), blur(y.shape[1], _FINE))


def _structure(detail: Floats) -> tuple[Floats, Floats]:
    """Strength and coherence of the structure tensor in each cell (Bigün and Granlund 1987).

    Strength is the root mean square slope of the detail in levels per pixel; coherence goes from 0, every direction
    alike, to 1, one direction only.
    """
    down, along = (np.asarray(slope) for slope in np.gradient(detail))
    xx, yy, xy = _cells(along * along), _cells(down * down), _cells(along * down)
    energy = xx + yy
    coherence = np.hypot(xx - yy, 2 * xy) / np.maximum(energy, _LEAST**2)
    return np.sqrt(energy), coherence


def _cells(values: NDArray[Any]) -> Floats:
    """Means over whole cells of CELL x CELL: [H, W] -> [H // CELL, W // CELL]."""
    rows, columns = values.shape[0] // CELL, values.shape[1] // CELL
    return values[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).mean((1, 3))


def _windows(cells: Floats) -> Floats:
    """Every window that is looked at: [R, C] -> [rows, columns, 12, 12] cells."""
    return sliding_window_view(cells, (_CELLS, _CELLS))[::_STEP, ::_STEP]
