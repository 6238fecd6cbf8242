"""Is one model better than another, or were the pictures kind to it? The paired bootstrap says how sure we are."""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
_CHUNK = 500  # resamples at once, so that thousands of photographs need little memory


class Advantage(NamedTuple):
    """The mean of what the first has more than the second, its 95 % interval, the share of resamples above zero."""

    mean: float
    low: float
    high: float
    share: float


def paired(first: Sequence[float], second: Sequence[float], groups: Sequence[str] | None = None) -> Advantage:
    """The advantage of `first` over `second`, each a figure per picture, of the same pictures in the same order.

    Pictures of one group, cut from one photograph, resemble each other and say less than as many photographs would. So
    groups are drawn with replacement, each with all its pictures and both figures of them (Davison and Hinkley 1997,
    section 3.8; percentiles 2.5 and 97.5 of the means over the pictures drawn, Efron and Tibshirani 1993, section
    13.3); without `groups` each picture is its own. The draws are the same each time. A resample of zero counts half.
    """
    apart = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    _, places = np.unique(groups if groups is not None else np.arange(len(apart)), return_inverse=True)
    sums, counts = np.bincount(places, apart), np.bincount(places)
    draw = np.random.default_rng(0)
    drawn = (draw.integers(0, len(sums), (_CHUNK, len(sums))) for _ in repeat(None, RESAMPLES // _CHUNK))
    means = np.concatenate([sums[some].sum(1) / counts[some].sum(1) for some in drawn])
    low, high = np.percentile(means, (2.5, 97.5))
    return Advantage(float(apart.mean()), float(low), float(high), float(np.mean((np.sign(means) + 1) / 2)))
