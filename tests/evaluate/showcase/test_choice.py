"""Crops are of their kind, tell most, do not overlap, and come from many pictures."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paragonsr.evaluate.showcase.choice import choose
from paragonsr.evaluate.showcase.windows import SIDE, Window


def windows(pictures, seed=0, rows=5):
    draw = np.random.default_rng(seed)
    return [
        Window(picture, 48 * row, 48 * column, *draw.random(4))
        for picture in range(pictures)
        for row in range(rows)
        for column in range(rows)
    ]


def apart(a, b):
    return a.picture != b.picture or abs(a.top - b.top) >= SIDE or abs(a.left - b.left) >= SIDE


@given(st.integers(0, 9), st.integers(0, 30), st.integers(0, 99))
def test_no_more_than_asked_and_none_overlaps(pictures, count, seed):
    chosen = choose(windows(pictures, seed), count)
    assert len(chosen) <= count
    assert all(apart(a.window, b.window) for a, b in combinations(chosen, 2))
    if 4 * pictures and count:
        assert chosen


def test_all_kinds_in_their_shares():
    chosen = choose(windows(40), 23)
    assert Counter(choice.kind for choice in chosen) == {"gradient": 4, "lines": 7, "texture": 6, "difference": 6}
    assert len({choice.window.picture for choice in chosen}) == 23


def test_of_a_kind_are_only_those_that_have_most_of_it():
    given_ = windows(40)
    for choice in choose(given_, 23):
        if choice.kind in ("lines", "texture"):
            scores = [getattr(window, choice.kind) for window in given_]
            assert getattr(choice.window, choice.kind) >= np.quantile(scores, 0.9)


def test_the_picture_shown_least_comes_first_and_in_it_what_differs_most():
    """Nothing is of any kind here, so every crop is chosen in the same way."""
    given_ = [window._replace(lines=0.0, texture=0.0, gradient=0.0) for window in windows(3)]
    chosen = [choice.window for choice in choose(given_, 3)]
    assert sorted(window.picture for window in chosen) == [0, 1, 2]
    last = chosen[-1]  # of the kind "difference", to which all windows belong
    assert last.difference == max(window.difference for window in given_ if window.picture == last.picture)


def test_one_picture_gives_as_many_as_fit():
    assert len(choose(windows(1, rows=13), 100)) >= 9  # 768 x 768 has room for 16, greedily taken
    assert choose([], 24) == []
