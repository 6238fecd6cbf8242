"""Natural scene statistics: what BRISQUE and NIQE measure of a gray picture.

The luma of a photograph, less its local mean and over its local deviation, follows a generalised Gaussian; the products
of neighbours follow an asymmetric one (Mittal, Moorthy and Bovik 2012, equations 1 to 12). Damage changes their shapes.
"""

from functools import lru_cache
from math import gamma
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.imaging.kernels import BICUBIC

Plane = NDArray[np.floating[Any]]
Edge = Literal["zero", "edge"]

RADIUS = 3
SIGMA = 7 / 6
SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))
"""Which neighbours are multiplied: the one to the right, below, and on both diagonals (rows, columns)."""

_STRIPE = 64  # rows filtered at a time, so that they stay in the processor's cache
_MIDDLE = 128.0  # taken off first: squares lose fewer digits


class Shape(NamedTuple):
    """An asymmetric generalised Gaussian: its exponent and the deviation to either side of zero."""

    alpha: float
    left: float
    right: float


def normalise(plane: Plane, *, edge: Edge) -> Plane:
    """(x - mean) / (deviation + 1), both under a Gaussian window of 7x7 (equation 1): [H, W] in 0 to 255 to [H, W].

    Beyond the border the picture is zero (as BRISQUE was trained) or repeats its last pixel (NIQE). Computed in the
    precision of `plane`.
    """
    centred = plane - plane.dtype.type(_MIDDLE)
    padded = np.pad(centred, RADIUS, mode="edge") if edge == "edge" else _pad_zero(centred)
    result = np.empty_like(plane)
    for start in range(0, len(plane), _STRIPE):
        stop = min(start + _STRIPE, len(plane))
        window = padded[start : stop + 2 * RADIUS]
        mean = _blur(window)
        variance = _blur(window * window)
        variance -= mean * mean
        np.abs(variance, out=variance)
        np.sqrt(variance, out=variance)
        variance += 1
        np.subtract(centred[start:stop], mean, out=mean)
        np.divide(mean, variance, out=result[start:stop])
    return result


def half(plane: Plane) -> Plane:
    """Reduced to half by the antialiased bicubic kernel, mirrored borders: [H, W] to [ceil(H/2), ceil(W/2)]."""
    offsets = (np.arange(4) + 0.5) / 2
    weights = BICUBIC.weight(offsets)
    weights = (weights / (2 * weights.sum())).astype(plane.dtype)
    for _ in range(2):
        count = -(-len(plane) // 2)
        padded = np.pad(plane, ((3, 3 + len(plane) % 2), (0, 0)), mode="symmetric")
        total = np.zeros((count, plane.shape[1]), plane.dtype)
        for k, weight in enumerate(weights):
            total += weight * (padded[3 - k :: 2][:count] + padded[4 + k :: 2][:count])
        plane = np.ascontiguousarray(total.T)
    return plane


def products(plane: Plane) -> list[Plane]:
    """Each value times its neighbour in the directions of `SHIFTS`; the picture is periodic, as the authors have it."""
    return [plane * np.roll(plane, shift, axis=(0, 1)) for shift in SHIFTS]


def symmetric(values: Plane) -> tuple[float, float]:
    """The exponent and the variance of a generalised Gaussian with the moments of `values` (Sharifi 1995)."""
    square = float(np.mean(values * values))
    if square == 0:
        return _alphas()[-1], 0.0
    mean = float(np.mean(np.abs(values)))
    return _exponent(mean * mean / square), square


def asymmetric(values: Plane) -> Shape:
    """The asymmetric generalised Gaussian with the moments of `values` (Lasmar, Stitou and Berthoumieu 2009).

    Values that are all zero have no shape; they count as the flattest one, with deviations of zero.
    """
    below, above = np.minimum(values, 0), np.maximum(values, 0)
    amount = float(above.sum()) - float(below.sum())
    if amount == 0:
        return Shape(_alphas()[-1], 0.0, 0.0)
    squares = float(np.sum(below * below)), float(np.sum(above * above))
    counts = int(np.count_nonzero(below)), int(np.count_nonzero(above))
    left, right = ((square / max(count, 1)) ** 0.5 for square, count in zip(squares, counts, strict=True))
    ratio = min(left, right) / max(left, right)  # what follows is the same for the ratio and its inverse
    spread = amount * amount / values.size / sum(squares)
    spread *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    return Shape(_exponent(spread), left, right)


def _pad_zero(centred: Plane) -> Plane:
    return np.pad(centred, RADIUS, constant_values=-_MIDDLE)


def _blur(window: Plane) -> Plane:
    """The Gaussian mean where the window fits: [h, w] to [h - 6, w - 6]."""
    offsets = np.arange(-RADIUS, 1)
    weights = np.exp(-(offsets**2) / (2 * SIGMA**2))
    weights = (weights / (2 * weights.sum() - weights[-1])).astype(window.dtype)
    rows, columns = (side - 2 * RADIUS for side in window.shape)
    down = window[RADIUS : RADIUS + rows] * weights[RADIUS]
    for k in range(RADIUS):
        pair = window[k : k + rows] + window[2 * RADIUS - k : 2 * RADIUS - k + rows]
        pair *= weights[k]
        down += pair
    across = down[:, RADIUS : RADIUS + columns] * weights[RADIUS]
    for k in range(RADIUS):
        pair = down[:, k : k + columns] + down[:, 2 * RADIUS - k : 2 * RADIUS - k + columns]
        pair *= weights[k]
        across += pair
    return across


@lru_cache(maxsize=1)
def _alphas() -> NDArray[np.float64]:
    """The exponents that are tried, as the authors do: 0.2 to 10 in steps of 0.001."""
    return np.arange(200, 10001) / 1000


@lru_cache(maxsize=1)
def _ratios() -> NDArray[np.float64]:
    """(E|x|)^2 / E[x^2] of a generalised Gaussian for each of these; it grows with the exponent."""
    return np.array([gamma(2 / a) ** 2 / (gamma(1 / a) * gamma(3 / a)) for a in _alphas().tolist()])


def _exponent(ratio: float) -> float:
    """The exponent whose ratio lies nearest."""
    ratios = _ratios()
    index = int(np.clip(np.searchsorted(ratios, ratio), 1, len(ratios) - 1))
    nearer = index - 1 if ratio - ratios[index - 1] <= ratios[index] - ratio else index
    return float(_alphas()[nearer])
