"""What a few milliseconds can tell of a tile: is anything in it, and which damage shows.

Entropy, contrast and sharpness are as the three-stage CC0 filter of the model card has them. Its blockiness and
aliasing are replaced; bench/curate_roc.py sets ours beside the author's.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paragonsr.imaging.color import gray

BLOCKINESS_LIMIT = 0.15
ALIASING_LIMIT = 0.75

GRID = 8  # the side of JPEG's blocks
NEAR_NYQUIST, BELOW = (0.9, 1.0), (0.7, 0.8)  # two bands of the spectrum, in shares of Nyquist's frequency
_ROUNDING = 0.5
"""Four times the energy, for each pixel of a line, that rounding to whole numbers leaves in a step's spectrum (variance
1/12, doubled at least by the step, times 3/8 by the window): what lies within it is no texture."""
_EVERY = 4  # lines whose spectrum is taken: more of them cost time and move the figure by less than 2 %
_LEAST_SIDE = 32  # below it there is too little to count


class Heuristics(msgspec.Struct, frozen=True):
    """The figures of a tile, all of its gray."""

    entropy: float
    """Bits; low: little in it."""
    contrast: float
    """Standard deviation, 0 to 127.5; low: flat or hazy."""
    sharpness: float
    """Variance of the Laplacian; low: blurred, high: over-sharpened or noisy."""
    blockiness: float
    """0 to 1: how much more often than elsewhere a step is a peak on one grid of 8 pixels; high: JPEG blocks."""
    aliasing: float
    """Energy just under Nyquist's frequency over that at three quarters of it; near 1: aliased, or noise."""


def measure(tile: NDArray[np.uint8]) -> Heuristics:
    """The figures of a uint8 tile, HWC RGB or HW gray, of any size; numpy and Pillow, some 4 ms for 512 x 512."""
    plane = gray(tile)
    counts = np.array(Image.fromarray(plane).histogram(), np.float64)
    return Heuristics(
        entropy=entropy(counts),
        contrast=contrast(counts),
        sharpness=sharpness(plane),
        blockiness=blockiness(plane),
        aliasing=aliasing(plane),
    )


def entropy(counts: NDArray[np.float64]) -> float:
    """Shannon's entropy in bits of the values that a histogram counts."""
    shares = counts[counts > 0] / counts.sum()
    return float(np.sum(shares * -np.log2(shares)))


def contrast(counts: NDArray[np.float64]) -> float:
    """The standard deviation of the values that a histogram counts."""
    levels, shares = np.arange(len(counts)), counts / counts.sum()
    return float(np.sum(shares * (levels - np.sum(shares * levels)) ** 2) ** 0.5)


def sharpness(plane: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian (centre -4, four neighbours 1) where it fits; 0 where it never does."""
    if min(plane.shape) < 3:
        return 0.0
    values = plane.astype(np.int16)
    bend = values[:-2, 1:-1] + values[2:, 1:-1]
    bend += values[1:-1, :-2]
    bend += values[1:-1, 2:]
    bend -= 4 * values[1:-1, 1:-1]
    bends = bend.astype(np.float32)
    mean = float(np.mean(bends))
    bends *= bends
    return float(np.mean(bends)) - mean * mean


def blockiness(plane: NDArray[np.uint8]) -> float:
    """How much more often a step is a peak on the most peaked of the 8 grids of 8 pixels than on the next, 0 to 1.

    A step between two pixels is a peak when it is larger than the steps before and after it along the line. At the
    borders of JPEG's blocks most steps are, in flat parts and in textures alike; elsewhere, wherever the picture was
    cropped, a third at most. Comparing with the next best grid leaves out what repeats every 2 or 4 pixels, such as an
    enlargement. The mean of both axes; after the idea of Bhardwaj and Pankajakshan (2018), who compare steps on the
    grid with those off it.
    """
    if min(plane.shape) < _LEAST_SIDE:
        return 0.0
    found = 0.0
    for axis in (0, 1):
        steps = _steps(plane, axis)
        here, before, after = (_part(steps, axis, start) for start in (1, 0, 2))
        peaks = np.count_nonzero((here > before) & (here > after), axis=1 - axis) / plane.shape[1 - axis]
        rates = sorted(float(peaks[phase::GRID].mean()) for phase in range(GRID))
        found += (rates[-1] - rates[-2]) / 2
    return found


def aliasing(plane: NDArray[np.uint8]) -> float:
    """Energy of the steps at 0.9 to 1 of Nyquist's frequency over that at 0.7 to 0.8, the mean of both axes.

    Whatever was sampled well, by a lens or by an antialiased kernel, keeps falling towards Nyquist's frequency, whether
    it holds much texture or little. Reduced without antialiasing, the spectrum folds over there and is level; so is
    noise. What may be mere rounding counts as nothing, else all blurred tiles would seem level too.
    """
    if min(plane.shape) < _LEAST_SIDE:
        return 0.0
    found = 0.0
    for lines in (plane[::_EVERY], plane.T[::_EVERY]):
        values = lines.astype(np.float32)
        steps = values[:, 1:] - values[:, :-1]
        steps *= np.hanning(steps.shape[1]).astype(np.float32)
        spectrum = np.fft.rfft(steps, n=lines.shape[1], axis=1)  # of a length that is fast where the side is
        energy = np.mean(spectrum.real**2 + spectrum.imag**2, axis=0)
        rounding = _ROUNDING * lines.shape[1]
        found += _band(energy, NEAR_NYQUIST) / (_band(energy, BELOW) + rounding) / 2
    return found


def _steps(plane: NDArray[np.uint8], axis: int) -> NDArray[np.uint8]:
    """Absolute differences of neighbours along an axis."""
    a, b = (plane[1:], plane[:-1]) if axis == 0 else (plane[:, 1:], plane[:, :-1])
    return np.maximum(a, b) - np.minimum(a, b)


def _part(steps: NDArray[np.uint8], axis: int, start: int) -> NDArray[np.uint8]:
    """All but two steps along an axis, from `start`."""
    stop = steps.shape[axis] - 2 + start
    return steps[start:stop] if axis == 0 else steps[:, start:stop]


def _band(energy: NDArray[np.floating], band: tuple[float, float]) -> float:
    """The mean energy between two shares of Nyquist's frequency."""
    last = len(energy) - 1
    return float(np.mean(energy[round(band[0] * last) : round(band[1] * last) + 1]))
