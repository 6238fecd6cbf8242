import numpy as np
import pytest

from paragonsr.runtime.conversion import to_pixels, to_planes


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_value_comes_back(dtype: type) -> None:
    pixels = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(-1, 64, 1).repeat(3, 2)
    planes, back = np.empty((3, *pixels.shape[:2]), np.float32), np.empty_like(pixels)
    to_planes(pixels, planes)
    assert planes.min() == 0
    assert planes.max() == 1
    to_pixels(planes, back)
    np.testing.assert_array_equal(back, pixels)


def test_rounds_half_to_even_and_clips() -> None:
    values = np.array([-1, 0.5, 1.5, 2.5, 3.49, 254.5, 300], np.float32) / np.float32(255)
    pixels = np.empty((1, 7, 1), np.uint8)
    to_pixels(values.reshape(1, 1, 7), pixels)
    assert pixels.ravel().tolist() == [0, 0, 2, 2, 3, 254, 255]


def test_floats_are_clipped_but_not_rounded() -> None:
    values = np.array([-0.2, 0.123456, 1.2], np.float32)
    planes, pixels = np.empty((3, 1, 3), np.float32), np.empty((1, 3, 3), np.float32)
    to_planes(values[None, :, None].repeat(3, 2), planes)
    to_pixels(planes, pixels)
    np.testing.assert_array_equal(pixels[0, :, 1], np.array([0, 0.123456, 1], np.float32))
    to_pixels(values.reshape(1, 1, 3), pixels[:, :, :1])
    np.testing.assert_array_equal(pixels[0, :, 0], np.array([0, 0.123456, 1], np.float32))


def test_channels_keep_their_order_and_gray_fills_all() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (70, 5, 3), np.uint8)
    planes, back = np.empty((3, 70, 5), np.float32), np.empty_like(pixels)
    to_planes(pixels, planes)
    np.testing.assert_array_equal(planes[2] * 255, pixels[:, :, 2])
    to_pixels(planes, back)
    np.testing.assert_array_equal(back, pixels)
    to_planes(pixels[:, :, :1], planes)
    assert (planes == planes[:1]).all()
    to_pixels(planes[:1], back)
    assert (back == pixels[:, :, :1]).all()
