import numpy as np
import pytest

from paragonsr.imaging.kernels import (
    BICUBIC,
    KERNELS,
    LANCZOS3,
    MAGIC_KERNEL_SHARP_2013,
    MAGIC_KERNEL_SHARP_2021,
    Kernel,
)

SHARPEN = {
    MAGIC_KERNEL_SHARP_2021.name: np.array([-1, 6, -35, 204, -35, 6, -1]) / 144,
    MAGIC_KERNEL_SHARP_2013.name: np.array([-1, 6, -1]) / 4,
}
sharp = pytest.mark.parametrize("kernel", [KERNELS[name] for name in SHARPEN], ids=lambda kernel: kernel.name)


def b_spline(x: np.ndarray) -> np.ndarray:
    """The quadratic B-spline as a difference of truncated parabolas, unlike the pieces under test."""
    return sum(c / 2 * np.maximum(x + 1.5 - k, 0) ** 2 for k, c in enumerate((1, -3, 3, -1)))


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=list(KERNELS))
def test_kernel_is_even_and_ends_at_its_support(kernel: Kernel):
    x = np.linspace(0, 6, 1201)
    assert np.array_equal(kernel.weight(x), kernel.weight(-x))
    assert not kernel.weight(x[x > max(kernel.support, 0.5)]).any()
    assert kernel.weight(x[x < max(kernel.support, 0.5)])[-1] != 0


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=list(KERNELS))
def test_shifted_copies_add_up_to_one(kernel: Kernel):
    x = np.linspace(-0.5, 0.5, 101)
    total = sum(kernel.weight(x + k) for k in range(-6, 7))
    # Windowed sinc does not reproduce constants by itself: at most 1.1 % off, resample normalises it.
    assert abs(total - 1).max() < (0.012 if kernel is LANCZOS3 else 1e-14)


@sharp
def test_magic_kernels_are_the_b_spline_after_their_filter(kernel: Kernel):
    x = np.linspace(-5, 5, 2001)
    filter_ = SHARPEN[kernel.name]
    expected = sum(w * b_spline(x - k + len(filter_) // 2) for k, w in enumerate(filter_))
    assert abs(kernel.weight(x) - expected).max() < 1e-13


def test_magic_kernel_sharp_2021_at_a_quarter_is_the_published_row():
    quarter = MAGIC_KERNEL_SHARP_2021.weight(np.arange(-4, 5) - 0.25)
    row = [-0.000217, -0.003472, 0.019097, -0.111111, 0.898003, 0.232639, -0.039931, 0.006944, -0.001953]
    assert abs(quarter - row).max() < 5e-7


def test_doubling_by_magic_kernel_sharp_2021_is_its_filter_then_the_b_splines_doubling():
    fine = np.convolve(np.kron(SHARPEN[MAGIC_KERNEL_SHARP_2021.name], [1, 0]), np.array([1, 9, 22, 22, 9, 1]) / 32)
    positions = (np.arange(len(fine)) - (len(fine) - 2) / 2) / 2
    assert abs(MAGIC_KERNEL_SHARP_2021.weight(positions) - fine).max() < 1e-15


def test_bicubic_has_the_published_values_of_keys():
    found = BICUBIC.weight(np.array([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]))
    assert np.array_equal(found * 128, [128, 111, 72, 29, 0, -9, -8, -3, 0])


def test_lanczos3_is_one_at_zero_and_zero_at_other_whole_numbers():
    assert abs(LANCZOS3.weight(np.arange(-4.0, 5.0)) - (np.arange(-4, 5) == 0)).max() < 1e-16
    assert LANCZOS3.weight(np.array([1.5]))[0] == pytest.approx(-4 / (3 * np.pi**2))
