"""Laws of the colour spread under transparent pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paragonsr.imaging.alpha import bleed

sides = st.tuples(st.integers(1, 24), st.integers(1, 24))


@st.composite
def pictures(draw):
    height, width = draw(sides)
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    top = int(np.iinfo(dtype).max)
    rgb = draw(arrays(dtype, (height, width, draw(st.sampled_from([1, 3])))))
    alpha = draw(arrays(dtype, (height, width), elements=st.sampled_from([0, 0, 0, 1, top // 2, top])))
    return rgb, alpha


@given(pictures())
def test_visible_pixels_keep_their_colour_and_the_input_is_untouched(picture):
    rgb, alpha = picture
    before = rgb.copy()
    result = bleed(rgb, alpha)
    assert result.dtype == rgb.dtype
    assert result.shape == rgb.shape
    np.testing.assert_array_equal(result[alpha > 0], rgb[alpha > 0])
    np.testing.assert_array_equal(rgb, before)


@given(pictures())
def test_the_filled_colours_lie_among_the_visible_ones(picture):
    rgb, alpha = picture
    result = bleed(rgb, alpha)
    if (alpha > 0).any():
        visible = rgb[alpha > 0]
        assert (result >= visible.min(axis=0)).all()
        assert (result <= visible.max(axis=0)).all()


@given(pictures())
def test_what_was_hidden_does_not_matter(picture):
    rgb, alpha = picture
    if (alpha > 0).any():
        other = np.where((alpha > 0)[..., None], rgb, np.iinfo(rgb.dtype).max - rgb)
        np.testing.assert_array_equal(bleed(rgb, alpha), bleed(other, alpha))


@given(pictures())
def test_turning_the_picture_by_its_diagonal_turns_the_result(picture):
    rgb, alpha = picture
    turned = bleed(rgb.swapaxes(0, 1), alpha.T).swapaxes(0, 1)
    assert np.abs(bleed(rgb, alpha).astype(int) - turned).max() <= 1  # the order of float32 sums


def test_wholly_opaque_and_wholly_transparent_pictures_are_returned_as_they_are():
    rgb = np.arange(75, dtype=np.uint8).reshape(5, 5, 3)
    for alpha in (np.zeros((5, 5), np.uint8), np.ones((5, 5), np.uint8)):
        assert bleed(rgb, alpha) is rgb


def test_next_to_an_edge_the_colour_is_the_edges():
    """A red and a blue square, far apart on every dyadic grid: each halo has its own square's colour."""
    for shift in range(16):
        rgb, alpha = np.zeros((64, 80, 3), np.uint8), np.zeros((64, 80), np.uint8)
        for left, colour in ((shift, (255, 0, 0)), (shift + 48, (0, 0, 255))):
            rgb[20:36, left : left + 16] = colour
            alpha[20:36, left : left + 16] = 255
        halo = bleed(rgb, alpha)[20:36, shift + 16 : shift + 20].astype(int)
        assert (halo[..., 0] > 5 * halo[..., 2]).all()


def test_a_box_enlargement_of_the_filled_picture_has_no_dark_edge():
    rgb, alpha = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8)
    rgb[8:24, 8:24], alpha[8:24, 8:24] = 200, 255
    assert (bleed(rgb, alpha) == 200).all()


@pytest.mark.parametrize("height", [1, 2, 3, 8, 37])
def test_bands_change_nothing(height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(height)
    rgb = draw.integers(0, 256, (height, 21, 3), dtype=np.uint8)
    alpha = draw.choice(np.array([0, 0, 0, 128, 255], np.uint8), (height, 21))
    whole = bleed(rgb, alpha)
    monkeypatch.setattr("paragonsr.imaging.alpha._BAND", 2)
    np.testing.assert_array_equal(bleed(rgb, alpha), whole)
