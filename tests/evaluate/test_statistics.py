"""The bootstrap says what statistics says of the same numbers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paragonsr.evaluate.statistics import paired

FLOATS = st.floats(-100, 100, allow_nan=False)


def test_normal_figures_have_the_interval_of_the_t_distribution():
    """Of 400 pictures whose figures differ by a normal amount: mean +- 1.96 deviations / 20."""
    draw = np.random.default_rng(1)
    quality = draw.normal(30, 5, 400)  # differs far more from picture to picture than the two from each other
    ahead = draw.normal(0.2, 1.0, 400)
    found = paired((quality + ahead).tolist(), quality.tolist())
    reach = 1.96 * ahead.std() / 20
    assert found.mean == pytest.approx(ahead.mean())
    assert found.low == pytest.approx(ahead.mean() - reach, abs=0.05 * reach)
    assert found.high == pytest.approx(ahead.mean() + reach, abs=0.05 * reach)


def test_three_pictures_counted_out():
    """All 27 resamples of three differences: their shares and percentiles, exactly."""
    apart = [-1.0, 0.5, 2.0]
    means = np.array([np.mean(draw) for draw in product(apart, repeat=3)])
    found = paired(apart, [0.0, 0.0, 0.0])
    assert found.share == pytest.approx(np.mean((np.sign(means) + 1) / 2), abs=0.02)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(means, (2.5, 97.5), method="inverted_cdf")))


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=2, max_size=8))
def test_laws(rows):
    first, second = ([*column] for column in zip(*rows, strict=True))
    found, back = paired(first, second), paired(second, first)
    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9 or len(set(rows)) > 1
    assert back.mean == pytest.approx(-found.mean)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low), abs=1e-9)
    assert back.share == pytest.approx(1 - found.share)
    assert paired(first, first) == (0, 0, 0, 0.5)


def test_pictures_of_one_photograph_count_as_one():
    """Each picture twice says no more than once; by hand where the photographs have different numbers of pictures."""
    draw = np.random.default_rng(2)
    apart, none = draw.normal(0.1, 1, 40).tolist(), [0.0] * 40
    names = [f"{index:02}" for index in range(40)]
    assert paired(apart, none, names) == paired(apart, none)
    twice = paired(2 * apart, 2 * none, 2 * names)
    assert twice == pytest.approx(paired(apart, none))
    alone = paired(2 * apart, 2 * none)
    assert alone.high - alone.low < 0.8 * (twice.high - twice.low)
    groups = {"a": [1.0, 2.0, 3.0], "b": [-1.0], "c": [0.0, 4.0]}
    rows = [(value, name) for name, values in groups.items() for value in values]
    means = np.array([np.mean([x for name in names for x in groups[name]]) for names in product("abc", repeat=3)])
    found = paired([value for value, _ in rows], [0.0] * 6, [name for _, name in rows])
    assert found.mean == pytest.approx(1.5)
    assert found.share == pytest.approx(np.mean((np.sign(means) + 1) / 2), abs=0.02)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(means, (2.5, 97.5), method="inverted_cdf")))
