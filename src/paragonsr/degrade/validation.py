"""The fixed degradation of validation: the same bytes on every machine, for ever."""

import numpy as np
from numpy.typing import NDArray

from paragonsr.degrade.operations import blur, halves
from paragonsr.imaging.kernels import BICUBIC, BILINEAR, LANCZOS3, MAGIC_KERNEL_SHARP_2021
from paragonsr.imaging.resample import chain, taps

PATTERN = (MAGIC_KERNEL_SHARP_2021, BICUBIC, LANCZOS3, BILINEAR)
SIGMA = 0.5


def degrade(hr: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    """The low-resolution half of target number `index`: blur by 0.5 target pixels, then kernel `index` mod 4.

    hr is HW or HWC; nothing is rounded before the end. Raises DataError for odd sides or another type than
    uint8.
    """
    height, width = halves(hr)
    kernel = PATTERN[index % len(PATTERN)]
    soft = blur(2 * height, SIGMA), blur(2 * width, SIGMA)
    return chain(hr, soft, (taps(2 * height, height, kernel), taps(2 * width, width, kernel)))
