"""A short fingerprint of a picture that survives scaling, JPEG and small changes of tone, to find near duplicates."""

import numpy as np
from numpy.typing import NDArray

from paragonsr.imaging.color import gray
from paragonsr.imaging.kernels import BOX
from paragonsr.imaging.resample import resample

SIDE = 8


def perceptual(tile: NDArray[np.uint8]) -> int:
    """The difference hash: 64 signs of the slope of luma across a reduction to 8 x 9; uint8 HWC or HW of any size."""
    small = resample(gray(tile), (SIDE, SIDE + 1), BOX).astype(np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def distance(a: int, b: int) -> int:
    """In how many of 64 bits two fingerprints differ."""
    return (a ^ b).bit_count()
