"""Is one model better than another, or were the pictures kind to it? The paired bootstrap says how sure we are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
_CHUNK = 500  # resamples at once, so that thousands of pictures need little memory


class Advantage(NamedTuple):
    """The mean of what the first has more than the second, its 95 % interval, the share of resamples above zero."""

    mean: float
    low: float
    high: float
    share: float


def paired(first: Sequence[float], second: Sequence[float]) -> Advantage:
    """The advantage of `first` over `second`, each a figure per picture, of the same pictures in the same order.

    Pictures are drawn with replacement, both figures of one together (Efron and Tibshirani 1993, sections 6 and 13.3:
    percentiles 2.5 and 97.5 of the means); the draws are the same each time. A resample of zero counts half.
    """
    apart = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    draw = np.random.default_rng(0)
    means = np.concatenate(
        [apart[draw.integers(0, len(apart), (_CHUNK, len(apart)))].mean(1) for _ in range(RESAMPLES // _CHUNK)]
    )
    low, high = np.percentile(means, (2.5, 97.5))
    return Advantage(float(apart.mean()), float(low), float(high), float(np.mean((np.sign(means) + 1) / 2)))
