import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paragonsr.imaging.tiles import Box, Span, cut, whole

sides = st.integers(1, 60)


@settings(deadline=None)
@given(sides, sides, st.integers(1, 40), st.integers(0, 30), st.sampled_from([1, 2, 8, 16]))
def test_cores_part_the_picture_and_windows_hold_their_context(
    height: int, width: int, size: int, context: int, align: int
) -> None:
    picture = whole(height, width)
    seen = np.zeros((height, width), int)
    for tile in cut(picture, picture, size, context, align):
        seen[tile.core.slices] += 1
        for core, window, end in zip(tile.core, tile.window, (height, width), strict=True):
            assert 1 <= core.length <= size
            assert 0 <= window.start <= max(core.start - context, 0)
            assert min(core.stop + context, end) <= window.stop <= end
            assert window.start % align == 0
            assert window.stop == end or window.stop % align == 0
    assert (seen == 1).all()


@settings(deadline=None)
@given(sides, sides, st.integers(1, 40), st.integers(0, 30))
def test_all_windows_have_one_shape(height: int, width: int, size: int, context: int) -> None:
    picture = whole(height, width)
    shapes = {(tile.window.rows.length, tile.window.columns.length) for tile in cut(picture, picture, size, context)}
    assert len(shapes) == 1


@settings(deadline=None)
@given(st.integers(60, 90), st.integers(1, 59), st.integers(1, 60), st.integers(1, 40))
def test_a_core_can_be_cut_again(side: int, start: int, length: int, size: int) -> None:
    picture = whole(side, side)
    core = Box(Span(start, min(start + length, side)), Span(0, side))
    seen = np.zeros((side, side), int)
    for tile in cut(core, picture, size, context=5):
        seen[tile.core.slices] += 1
    expected = np.zeros_like(seen)
    expected[core.slices] = 1
    np.testing.assert_array_equal(seen, expected)


def test_windows_waste_no_more_than_the_context() -> None:
    picture = whole(4000, 6000)
    tiles = list(cut(picture, picture, size=384, context=12))
    assert len(tiles) == 11 * 16
    assert sum(tile.window.area for tile in tiles) < 1.14 * picture.area


def test_boxes_scale_and_count_from_a_corner() -> None:
    box = Box(Span(3, 7), Span(10, 12))
    assert box.area == 8
    assert box.scaled(2) == Box(Span(6, 14), Span(20, 24))
    assert box.within(Box(Span(1, 9), Span(10, 20))) == Box(Span(2, 6), Span(0, 2))


@pytest.mark.parametrize(("size", "context", "align"), [(0, 0, 1), (1, -1, 1), (1, 0, 0)])
def test_impossible_sizes_are_refused(size: int, context: int, align: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        list(cut(whole(4, 4), whole(4, 4), size, context, align))
