"""Interpolation kernels as continuous even functions, in units of source pixels.

Each kernel has unit area. `support` is the half width beyond which the weight is zero; a support of zero
means point sampling, which `resample` never widens.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """A named even function `weight(x)` that vanishes for |x| > support (x and support in source pixels)."""

    name: str
    support: float
    weight: Callable[[Floats], Floats]


def _magic_kernel_sharp_2021(x: Floats) -> Floats:
    """Costella's Magic Kernel Sharp 2021: the quadratic B-spline after [-1,6,-35,204,-35,6,-1]/144."""
    x = np.abs(x)
    pieces = [
        577 / 576 - 239 / 144 * x * x,
        35 / 36 * (x - 1) * (x - 239 / 140),
        1 / 6 * (x - 2) * (65 / 24 - x),
        1 / 36 * (x - 3) * (x - 15 / 4),
        -1 / 288 * (x - 9 / 2) * (x - 9 / 2),
    ]
    return np.select([x < 0.5, x < 1.5, x < 2.5, x < 3.5, x < 4.5], pieces, 0.0)


def _magic_kernel_sharp_2013(x: Floats) -> Floats:
    """Costella's Magic Kernel Sharp 2013: the quadratic B-spline after [-1,6,-1]/4."""
    x = np.abs(x)
    pieces = [17 / 16 - 7 / 4 * x * x, (1 - x) * (7 / 4 - x), -1 / 8 * (x - 5 / 2) * (x - 5 / 2)]
    return np.select([x < 0.5, x < 1.5, x < 2.5], pieces, 0.0)


def _bicubic(x: Floats) -> Floats:
    """Keys 1981, equation 4 with a = -1/2 (Catmull-Rom; MATLAB's and Pillow's bicubic)."""
    x = np.abs(x)
    pieces = [(1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2]
    return np.select([x < 1, x < 2], pieces, 0.0)


def _bilinear(x: Floats) -> Floats:
    """The triangle 1 - |x|."""
    return np.maximum(0.0, 1.0 - np.abs(x))


def _lanczos3(x: Floats) -> Floats:
    """Duchon 1979: sinc(x) sinc(x/3) for |x| < 3."""
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def _box(x: Floats) -> Floats:
    """One within half a pixel; one half exactly on its edge, so that the kernel stays even at ties."""
    x = np.abs(x)
    return np.select([x < 0.5, x == 0.5], [np.ones_like(x), np.full_like(x, 0.5)], 0.0)


MAGIC_KERNEL_SHARP_2021 = Kernel("magic_kernel_sharp_2021", 4.5, _magic_kernel_sharp_2021)
MAGIC_KERNEL_SHARP_2013 = Kernel("magic_kernel_sharp_2013", 2.5, _magic_kernel_sharp_2013)
BICUBIC = Kernel("bicubic", 2.0, _bicubic)
BILINEAR = Kernel("bilinear", 1.0, _bilinear)
LANCZOS3 = Kernel("lanczos3", 3.0, _lanczos3)
BOX = Kernel("box", 0.5, _box)
NEAREST = Kernel("nearest", 0.0, _box)

KERNELS = {
    kernel.name: kernel
    for kernel in (
        MAGIC_KERNEL_SHARP_2021,
        MAGIC_KERNEL_SHARP_2013,
        BICUBIC,
        BILINEAR,
        LANCZOS3,
        BOX,
        NEAREST,
    )
}
