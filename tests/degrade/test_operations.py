import numpy as np
import pytest
from PIL import Image

from paragonsr.degrade.operations import bicubic, blur, gaussian, halves
from paragonsr.errors import DataError
from paragonsr.imaging.resample import apply


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("sigma", [0.01, 0.3, 0.5, 0.8, 2.0])
def test_gaussian_has_unit_sum_and_the_ratios_of_its_formula(sigma: float):
    weights = gaussian(sigma)
    radius = len(weights) // 2
    x = np.arange(-radius, radius + 1)
    assert weights.sum() == 1
    assert np.array_equal(weights, weights[::-1])
    assert abs(weights / weights[radius] - np.exp(-(x**2) / (2 * sigma**2))).max() < 1e-8
    assert np.exp(-((radius + 1) ** 2) / (2 * sigma**2)) < 4e-4  # what the cut leaves out


def test_no_sigma_is_no_blur():
    assert gaussian(0.0).tolist() == [1.0]


def test_blur_is_a_convolution_of_the_repeated_border():
    line = np.random.default_rng(1).random(17)
    expected = np.convolve(np.pad(line, 4, mode="edge"), gaussian(0.8), mode="valid")
    assert len(gaussian(0.8)) == 9
    found = apply(line[:, None], blur(17, 0.8), blur(1, 0.0))
    assert abs(found[:, 0] - expected).max() < 1e-15


def test_bicubic_halves_equal_pillow_within_one_level_inside():
    hr = noise(60, 44, 3) // 2 + 64  # Pillow clips between its passes: keep the overshoot within range
    expected = np.asarray(Image.fromarray(hr).resize((22, 30), Image.Resampling.BICUBIC)).astype(int)
    assert abs(bicubic(hr) - expected)[2:-2, 2:-2].max() <= 1


@pytest.mark.parametrize("shape", [(7, 8, 3), (8, 7, 3), (0, 8, 3), (8,), (1, 1, 3)])
def test_targets_without_halves_are_named(shape: tuple[int, ...]):
    with pytest.raises(DataError, match=r"must be even|uint8 HW or HWC"):
        halves(np.zeros(shape, np.uint8))


def test_targets_of_another_type_are_named():
    with pytest.raises(DataError, match="float32"):
        halves(np.zeros((8, 8, 3), np.float32))
