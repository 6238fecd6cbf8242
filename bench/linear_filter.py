"""The best that a linear filter can do: 9x9 taps for each of the four phases, by least squares on training pairs."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paragonsr.degrade.config import Degradation
from paragonsr.train.config import Batch, Data
from paragonsr.train.data import Crops
from paragonsr.train.shards import pack

TAPS = 9
CROP = 96
CACHE = Path(__file__).parents[1] / "runs" / "shards"

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


class LinearFilter(NamedTuple):
    """`weights` [81, 4]: taps of the window by rows, phases (dy, dx) by rows; one filter for all three channels."""

    weights: Floats

    def __call__(self, low: Pixels) -> Pixels:
        """uint8 [H, W, 3] -> [2H, 2W, 3], the border pixels repeated outwards."""
        height, width = low.shape[:2]
        rim = TAPS // 2
        phases = windows(np.pad(low, ((rim, rim), (rim, rim), (0, 0)), "edge")) @ self.weights
        image = phases.reshape(height, width, 3, 2, 2).transpose(0, 3, 1, 4, 2).reshape(2 * height, 2 * width, 3)
        return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def windows(low: Pixels) -> Floats:
    """All 9x9 windows of [H + 8, W + 8, 3] as rows: float64 [H * W * 3, 81]."""
    return sliding_window_view(low, (TAPS, TAPS), axis=(0, 1)).reshape(-1, TAPS * TAPS).astype(np.float64)


def targets(high: Pixels) -> Floats:
    """The four phases of [2H, 2W, 3] that belong to the rows of `windows`: float64 [H * W * 3, 4]."""
    height, width = high.shape[0] // 2, high.shape[1] // 2
    return high.reshape(height, 2, width, 2, 3).transpose(0, 2, 4, 1, 3).reshape(-1, 4).astype(np.float64)


def training_pairs(tiles: Path, samples: int) -> Iterator[tuple[Pixels, Pixels]]:
    """The first crops of a training with seed 0, CROP x CROP input pixels each and 4 more around them."""
    crops = Crops(pack(tiles, CACHE, Data()), Batch(patch=CROP, gray=0), Degradation(), context=TAPS // 2, seed=0)
    return (crops.pair(index) for index in range(samples))


def fit(pairs: Iterable[tuple[Pixels, Pixels]]) -> LinearFilter:
    """The filter of least squared error over pairs ([H + 8, W + 8, 3], [2H, 2W, 3]), by the normal equations."""
    normal, right = np.zeros((TAPS**2, TAPS**2)), np.zeros((TAPS**2, 4))
    for low, high in pairs:
        rows = windows(low)
        normal += rows.T @ rows
        right += rows.T @ targets(high)
    return LinearFilter(np.linalg.solve(normal, right))
