"""The linear operations that degradations are made of. Pictures are uint8, HW or HWC."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BICUBIC, Floats
from paragonsr.imaging.resample import Taps, quantise, resample


def gaussian(sigma: float) -> Floats:
    """A Gaussian sampled at whole pixels out to 4 sigma, [2r + 1], in multiples of 2**-32 that sum to 1."""
    if sigma == 0:
        return np.ones(1)
    radius = ceil(4 * sigma)
    distance = np.arange(-radius, radius + 1) / sigma
    return quantise(np.exp(-0.5 * distance * distance)[None])[0]


def blur(length: int, sigma: float) -> Taps:
    """A Gaussian blur along an axis of `length` pixels whose border pixels are repeated outwards."""
    weights = gaussian(sigma)
    radius = len(weights) // 2
    indices = np.arange(length)[:, None] + np.arange(-radius, radius + 1)
    return Taps(np.clip(indices, 0, length - 1), np.broadcast_to(weights, indices.shape))


def halves(hr: NDArray[Any]) -> tuple[int, int]:
    """Half the height and width of a target; DataError unless it is uint8 and both are even and not zero."""
    if hr.dtype != np.uint8 or hr.ndim not in (2, 3):
        raise DataError(f"a target is uint8 HW or HWC, not {hr.dtype} of shape {hr.shape}")
    height, width = hr.shape[:2]
    if height % 2 or width % 2 or not (height and width):
        raise DataError(f"a target's sides must be even, not {height}x{width}: crop it first")
    return height // 2, width // 2


def bicubic(hr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Clean antialiased bicubic halves, rounded to 8 bits: the pairs that papers measure on."""
    return resample(hr, halves(hr), BICUBIC)
