"""What can be said of a tile in a few milliseconds: is there anything in it, and which damage shows."""

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paragonsr.imaging.color import gray

GRID = 8
BLOCKINESS_LIMIT = 0.1
ALIASING_LIMIT = 0.6


class Heuristics(msgspec.Struct, frozen=True):
    """Five figures of a tile."""

    entropy: float
    contrast: float
    sharpness: float
    blockiness: float
    aliasing: float


def measure(tile: NDArray[np.uint8]) -> Heuristics:
    """The figures of a uint8 tile, HWC RGB or HW gray."""
    plane = gray(tile)
    counts = np.array(Image.fromarray(plane).histogram(), np.float64)
    values = plane.astype(np.int16)
    return Heuristics(
        entropy=entropy(counts),
        contrast=contrast(counts),
        sharpness=sharpness(values),
        blockiness=blockiness(values),
        aliasing=aliasing(values),
    )


def entropy(counts: NDArray[np.float64]) -> float:
    """Shannon's entropy in bits of a histogram."""
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log2(shares)))


def contrast(counts: NDArray[np.float64]) -> float:
    """The standard deviation of the values that a histogram counts."""
    levels, total = np.arange(len(counts)), counts.sum()
    mean = levels @ counts / total
    return float(((levels - mean) ** 2 @ counts / total) ** 0.5)


def sharpness(values: NDArray[np.int16]) -> float:
    """The variance of the Laplacian (4 neighbours) where it fits."""
    inner = values[1:-1, 1:-1]
    bend = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:] - 4 * inner
    return float(np.var(bend, dtype=np.float64))


def blockiness(values: NDArray[np.int16]) -> float:
    """How much more often a step is the largest of three neighbours on an 8-pixel grid than off it, 0 to 1."""
    return max(_grid(values), _grid(values.T))


def _grid(values: NDArray[np.int16]) -> float:
    steps = np.abs(values[:, 1:] - values[:, :-1])
    peaks = (steps[:, 1:-1] > steps[:, :-2]) & (steps[:, 1:-1] > steps[:, 2:])
    rate = peaks.mean(axis=0)
    phases = np.sort([rate[phase::GRID].mean() for phase in range(GRID)])
    return float(phases[-1] - phases[-2])


def aliasing(values: NDArray[np.int16]) -> float:
    """Energy of the steps of one pixel over that of two: 1/4 smooth, 1/2 fractal, 1 noise."""
    ratios = []
    for plane in (values, values.T):
        one, two = (np.mean((plane[:, k:] - plane[:, :-k]).astype(np.float32) ** 2) for k in (1, 2))
        ratios.append(float(one / two) if two else 0.0)
    return max(ratios)
