"""Separable resampling by any ratio: antialiased when reducing, the same numbers on every machine.

Pixel i of n covers [i, i + 1] / n of the picture's side, so corners align and nothing shifts. When an axis is
reduced the kernel is stretched by the ratio (antialiasing); when it is enlarged the kernel keeps its width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from paragonsr.imaging.kernels import Floats, Kernel

Edge = Literal["clamp", "renormalise"]
"""clamp: border pixels repeat outwards (libvips); renormalise: the window ends at the border (Pillow)."""

_BAND = 64  # rows of the result
_ONE = 2**32  # weights are whole multiples of 1/_ONE: the last bits of sin and exp differ between machines


@dataclass(frozen=True, eq=False)
class Taps:
    """For each target pixel the source pixels it reads (int [target, n]) with these weights (sum 1)."""

    indices: NDArray[np.intp]
    weights: Floats


def quantise(weights: Floats) -> Floats:
    """Scale rows [m, n] to sum exactly 1 in multiples of 2**-32; the largest of a row takes the remainder."""
    total = np.zeros(len(weights))
    for column in weights.T:  # a fixed order, whatever the machine
        total += column
    units = np.rint(weights / total[:, None] * _ONE).astype(np.int64)
    units[np.arange(len(units)), np.abs(units).argmax(axis=1)] += _ONE - units.sum(axis=1)
    return units / _ONE


@lru_cache(maxsize=4096)
def taps(source: int, target: int, kernel: Kernel, *, edge: Edge = "clamp") -> Taps:
    """Which of `source` pixels make each of `target` pixels along one axis, and with what weights.

    Raises ValueError unless both lengths are at least 1.
    """
    if source < 1 or target < 1:
        raise ValueError(f"cannot resample {source} pixels to {target}: both lengths must be at least 1")
    out = np.arange(target)[:, None]
    if kernel.support == 0:
        indices, weights = (2 * out + 1) * source // (2 * target), np.ones((target, 1))
    else:
        # In whole multiples of 1 / (2 target) source pixels, so that ties are ties on every machine.
        centre, stretch, width = (2 * out + 1) * source, max(source, target), ceil(2 * kernel.support)
        first = -((width * stretch + target - centre) // (2 * target))
        indices = first + np.arange(width * stretch // target + 1)
        weights = kernel.weight(((2 * indices + 1) * target - centre) / (2 * stretch))
        if edge == "renormalise":
            weights = np.where((indices >= 0) & (indices < source), weights, 0.0)
        used = np.flatnonzero(weights.any(axis=0))
        indices, weights = indices[:, used[0] : used[-1] + 1], weights[:, used[0] : used[-1] + 1]
    result = Taps(np.clip(indices, 0, source - 1).astype(np.intp), quantise(weights))
    result.indices.flags.writeable = result.weights.flags.writeable = False  # shared by all callers
    return result


def matrix(source: int, target: int, kernel: Kernel, *, edge: Edge = "clamp") -> Floats:
    """The same linear map as `taps`, dense: float64 [target, source]."""
    found = taps(source, target, kernel, edge=edge)
    dense = np.zeros((target, source))
    np.add.at(dense, (np.arange(target)[:, None], found.indices), found.weights)
    return dense


def apply(image: Floats, vertical: Taps, horizontal: Taps) -> Floats:
    """Apply one linear map per axis to float64 HW or HWC: first down the columns, then along the rows.

    Products are summed tap by tap in the order of the taps, one rounding each (elementwise, so never fused,
    never by BLAS): the result is the same to the bit on every machine.
    """
    for found in (vertical, horizontal):
        lines = np.ascontiguousarray(image)
        total = np.zeros((len(found.weights), *image.shape[1:]))
        for k in range(found.weights.shape[1]):
            column = found.weights[:, k].reshape(-1, *(1,) * (image.ndim - 1))
            total += lines.take(found.indices[:, k], axis=0) * column
        image = total.swapaxes(0, 1)
    return np.ascontiguousarray(image)


def chain(image: NDArray[Any], *steps: tuple[Taps, Taps]) -> NDArray[Any]:
    """Several `apply` (vertical, horizontal) of a uint8 or uint16 picture, HW or HWC, rounded once at the end.

    Bands of rows go through all steps one by one: to the bit the same, and a large picture is never whole in float64.
    """
    height = len(steps[-1][0].weights)
    bands = (_rows(image, steps, top, min(top + _BAND, height)) for top in range(0, height, _BAND))
    return np.concatenate([as_integers(band, image.dtype) for band in bands])


def _rows(image: NDArray[Any], steps: Sequence[tuple[Taps, Taps]], top: int, bottom: int) -> Floats:
    """Rows `top` to `bottom` of what the steps make of the picture, from only those rows that they need."""
    if not steps:
        return image[top:bottom].astype(np.float64)
    *before, (vertical, horizontal) = steps
    indices = vertical.indices[top:bottom]
    first, last = int(indices.min()), int(indices.max()) + 1
    part = Taps(indices - first, vertical.weights[top:bottom])
    return apply(_rows(image, before, first, last), part, horizontal)


def as_integers(values: Floats, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Round to the nearest whole number (ties to even) and clip to the range of an unsigned integer type."""
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)


@overload
def resample(
    image: NDArray[np.uint8], size: tuple[int, int], kernel: Kernel, *, edge: Edge = "clamp"
) -> NDArray[np.uint8]: ...
@overload
def resample(
    image: NDArray[np.uint16], size: tuple[int, int], kernel: Kernel, *, edge: Edge = "clamp"
) -> NDArray[np.uint16]: ...
@overload
def resample(
    image: NDArray[np.floating[Any]], size: tuple[int, int], kernel: Kernel, *, edge: Edge = "clamp"
) -> Floats: ...
def resample(image: NDArray[Any], size: tuple[int, int], kernel: Kernel, *, edge: Edge = "clamp") -> NDArray[Any]:
    """Resample HW or HWC to `size` (height, width); columns first, then rows.

    uint8 and uint16 come back in their own type, rounded and clipped; float32 and float64 come back as
    float64, unclipped. Raises ValueError for another number of dimensions, TypeError for another type.
    """
    if image.ndim not in (2, 3):
        raise ValueError(f"an image has 2 or 3 dimensions (HW or HWC), not {image.ndim}")
    if image.dtype.name not in ("uint8", "uint16", "float32", "float64"):
        raise TypeError(f"images are uint8, uint16, float32 or float64, not {image.dtype}")
    (height, width), (rows, columns) = image.shape[:2], size
    vertical, horizontal = taps(height, rows, kernel, edge=edge), taps(width, columns, kernel, edge=edge)
    if image.dtype.kind == "u":
        return chain(image, (vertical, horizontal))
    return apply(image.astype(np.float64), vertical, horizontal)
