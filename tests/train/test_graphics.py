"""Drawn pages: a pure function of the generator, sharper than photographs, no two alike."""

import numpy as np

from paragonsr.train.graphics import page


def pages(count: int, side: int = 120) -> list[np.ndarray]:
    return [page(side, np.random.Generator(np.random.Philox(key=[5, index]))) for index in range(count)]


def test_a_page_is_a_pure_function_of_its_generator() -> None:
    first, again = pages(6), pages(6)
    assert all(page.shape == (120, 120, 3) and page.dtype == np.uint8 for page in first)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({page.tobytes() for page in first}) == 6


def test_pages_hold_flat_colours_and_edges_of_both_kinds() -> None:
    flat, colours = [], []
    for drawn in pages(24):
        level = drawn.astype(int)
        flat.append(float((np.abs(np.diff(level, axis=1)).max(2) == 0).mean()))
        colours.append(len(np.unique(drawn.reshape(-1, 3), axis=0)))
        assert np.abs(np.diff(level, axis=1)).max() > 100
    assert min(flat) > 0.3
    assert min(colours) <= 1 + 2 * 19  # hard pixels: no colour but those that were drawn
    assert max(colours) > 300  # averaged: all between
