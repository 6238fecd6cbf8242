"""Where tiles lie: laws for every photograph, and the reduction against our own kernel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paragonsr.curate import tiling
from paragonsr.curate.config import Tiles
from paragonsr.imaging import kernels, resample

SIDES = st.integers(1, 3000)
FACTORS = st.lists(st.floats(0.05, 1), min_size=1, max_size=4).map(tuple)
TILES = st.builds(Tiles, size=st.integers(64, 600), scales=FACTORS, fit=st.booleans())


@given(SIDES, SIDES, TILES)
def test_tiles_lie_inside_and_never_overlap(height, width, tiles):
    sizes = tiling.sizes(height, width, tiles)
    seen = {name: np.zeros((-(-size[0] // 8), -(-size[1] // 8)), int) for name, size in sizes.items()}
    boxes = {}
    for scale, top, left in tiling.places(height, width, tiles):
        assert top >= 0
        assert left >= 0
        assert top + tiles.size <= sizes[scale][0]
        assert left + tiles.size <= sizes[scale][1]
        for other_top, other_left in boxes.setdefault(scale, []):
            assert abs(top - other_top) >= tiles.size or abs(left - other_left) >= tiles.size
        boxes[scale].append((top, left))
    assert set(boxes) == set(seen), "every size that is offered holds a tile"


@given(SIDES, SIDES, TILES)
def test_no_size_comes_twice_and_none_is_an_enlargement(height, width, tiles):
    found = list(tiling.sizes(height, width, tiles).values())
    assert len(found) == len(set(found))
    assert all(h <= height and w <= width for h, w in found)


@given(SIDES, SIDES, TILES)
def test_what_is_left_over_is_less_than_a_tile_and_shared(height, width, tiles):
    for size in tiling.sizes(height, width, tiles).values():
        corners = tiling.grid(*size, tiles.size)
        for axis, length in enumerate(size):
            first, last = min(c[axis] for c in corners), max(c[axis] for c in corners)
            after = length - last - tiles.size
            assert 0 <= after - first <= 1
            assert first + after < tiles.size


def test_the_five_scales_of_the_card():
    found = tiling.sizes(3000, 4000, Tiles())
    assert found == {
        "100": (3000, 4000), "75": (2250, 3000), "50": (1500, 2000), "25": (750, 1000), "fit": (512, 683),
    }  # fmt: skip
    assert len(tiling.places(3000, 4000, Tiles())) == 35 + 20 + 6 + 1 + 1


def test_a_photograph_of_one_tile_gives_it_once():
    assert tiling.places(512, 512, Tiles()) == [tiling.Place("100", 0, 0)]
    assert tiling.places(511, 4000, Tiles()) == []


@pytest.mark.parametrize("factor", [0.75, 0.5, 0.25, 0.31])
def test_reduction_is_our_own_kernel(picture, factor):
    pixels = picture(3, 200, 260)
    size = round(200 * factor), round(260 * factor)
    ours = resample.resample(pixels, size, kernels.MAGIC_KERNEL_SHARP_2021)
    got = tiling.reduce(pixels, size, linear=False)
    assert got.shape == (*size, 3)
    inner = np.abs(got.astype(int) - ours)[8:-8, 8:-8]
    assert inner.max() <= 2
    assert inner.mean() < 0.3


def test_linear_light_keeps_the_light_of_a_fine_pattern():
    board = np.indices((256, 256)).sum(0) % 2 * 255
    pixels = np.repeat(board.astype(np.uint8)[..., None], 3, axis=2)
    linear, plain = (tiling.reduce(pixels, (64, 64), linear=flag)[16:48, 16:48].mean() for flag in (True, False))
    assert linear == pytest.approx(188, abs=1)  # half the light is 0.5 ** (1 / 2.4) of sRGB, about 188
    assert plain == pytest.approx(127.5, abs=1)


def test_cut_gives_what_lies_there(picture):
    pixels, tiles = picture(1, 300, 400), Tiles(size=64)
    for place, tile in tiling.cut(pixels, tiles):
        assert tile.shape == (64, 64, 3)
        if place.scale == "100":
            np.testing.assert_array_equal(tile, pixels[place.top : place.top + 64, place.left : place.left + 64])
    everything = dict(tiling.cut(pixels, tiles))
    assert list(everything) == tiling.places(300, 400, tiles)
    some = list(everything)[1::3]
    for place, tile in tiling.cut(pixels, tiles, some):
        assert place in some
        np.testing.assert_array_equal(tile, everything[place])
