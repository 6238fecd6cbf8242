"""The filter that `bench/quality.py` measures against is the one of least squared error."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from paragonsr.imaging.kernels import LANCZOS3
from paragonsr.imaging.resample import resample


@pytest.fixture(scope="module")
def linear_filter():
    """The module, which lies beside the scripts and not in the package."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
    try:
        import linear_filter
    finally:
        del sys.path[0]
    return linear_filter


def test_a_single_tap_repeats_pixels(linear_filter):
    low = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    weights = np.zeros((81, 4))
    weights[40] = 1
    assert_array_equal(linear_filter.LinearFilter(weights)(low), low.repeat(2, 0).repeat(2, 1))


def test_phases_and_taps_lie_where_they_should(linear_filter):
    """One tap right of the centre in the lower left phase only: that phase shows the picture moved left."""
    low = np.random.default_rng(1).integers(1, 256, (5, 7, 3), np.uint8)
    weights = np.zeros((81, 4))
    weights[41, 2] = 1
    made = linear_filter.LinearFilter(weights)(low)
    assert_array_equal(made[1::2, ::2][:, :-1], low[:, 1:])
    assert_array_equal(made[1::2, ::2][:, -1], low[:, -1])
    assert not made[::2].any()
    assert not made[:, 1::2].any()


def test_fit_finds_a_kernel_again(linear_filter):
    """Pairs made by Lanczos enlargement, unrounded, have exactly its taps as their answer."""
    rng = np.random.default_rng(2)

    def pair():
        low = rng.integers(0, 256, (40, 40, 3), np.uint8)
        return low, resample(low.astype(float), (80, 80), LANCZOS3)[8:-8, 8:-8]

    found = linear_filter.fit(pair() for _ in range(3))
    low = rng.integers(0, 256, (20, 20, 3), np.uint8)
    expected = resample(low, (40, 40), LANCZOS3)
    assert_array_equal(found(low), expected)
    assert_allclose(found.weights.sum(0), 1, atol=1e-9)


def test_fit_is_the_least_squares_solution(linear_filter):
    """On noise that no filter explains, NumPy's own solver finds the same weights."""
    rng = np.random.default_rng(3)
    low = rng.integers(0, 256, (28, 28, 3), np.uint8)
    high = rng.integers(0, 256, (40, 40, 3), np.uint8)
    rows, right = linear_filter.windows(low), linear_filter.targets(high)
    expected = np.linalg.lstsq(rows, right)[0]
    assert_allclose(linear_filter.fit([(low, high)]).weights, expected, atol=1e-9)
