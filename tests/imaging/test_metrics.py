from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.data import astronaut
from skimage.metrics import structural_similarity

from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BICUBIC
from paragonsr.imaging.metrics import (
    checkerboard_energy,
    colour_shift,
    flicker,
    luma,
    overshoot,
    psnr_y,
    ssim_y,
    ssims_y,
)
from paragonsr.imaging.resample import resample


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_luma_runs_from_16_to_235():
    corners = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert luma(corners)[0] == pytest.approx([16, 235, 81.481, 144.553, 40.966], abs=1e-12)


def test_luma_equals_skimage():
    assert abs(luma(noise(9, 11, 3)) - rgb2ycbcr(noise(9, 11, 3))[..., 0]).max() < 1e-10


def test_luma_of_gray_is_that_of_equal_channels():
    gray = noise(7, 5)
    assert abs(luma(gray) - luma(np.repeat(gray[..., None], 3, 2))).max() < 1e-12


@pytest.mark.parametrize("offset", [1, 4, 100])
def test_psnr_of_a_constant_offset(offset: int):
    a = np.full((8, 9, 3), 50, np.uint8)
    expected = 20 * np.log10(255 / (219 / 255 * offset))
    assert psnr_y(a, a + np.uint8(offset), border=0) == pytest.approx(expected, abs=1e-9)


def test_psnr_of_equal_pictures_is_infinite():
    assert psnr_y(noise(8, 8, 3), noise(8, 8, 3), border=2) == float("inf")


@pytest.mark.parametrize("measure", [psnr_y, ssim_y])
def test_border_is_left_out(measure):
    a, b = noise(24, 30, 3), noise(24, 30, 3, seed=1)
    assert measure(a, b, border=3) == measure(a[3:-3, 3:-3], b[3:-3, 3:-3], border=0)
    b[:3], b[-3:], b[:, :3], b[:, -3:] = 0, 0, 0, 0
    assert measure(a, b, border=3) == measure(a[3:-3, 3:-3], b[3:-3, 3:-3], border=0)


def test_ssim_equals_skimage():
    a = resample(noise(20, 26, 3), (60, 78), BICUBIC)
    b = np.clip(a + np.random.default_rng(2).normal(0, 12, a.shape), 0, 255).astype(np.uint8)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    assert ssim_y(a, b, border=0) == pytest.approx(structural_similarity(luma(a), luma(b), **options), abs=1e-9)


def test_ssim_of_constants_and_of_equal_pictures():
    a, b = np.full((12, 13, 3), 40, np.uint8), np.full((12, 13, 3), 90, np.uint8)
    x, y, c = luma(a)[0, 0], luma(b)[0, 0], (0.01 * 255) ** 2
    assert ssim_y(a, b, border=0) == pytest.approx((2 * x * y + c) / (x * x + y * y + c), abs=1e-9)
    assert ssim_y(noise(15, 15, 3), noise(15, 15, 3), border=0) == pytest.approx(1, abs=1e-12)


def test_colour_shift_is_the_mean_over_the_channels():
    a = noise(16, 16, 3).astype(np.float64)
    assert colour_shift(a + np.array([6, 0, -3]), a) == pytest.approx(3, abs=1e-9)
    assert colour_shift(a[::-1], a) < 1e-9


@pytest.mark.parametrize(("down", "along"), [(1, 0), (0, 1), (1, 1)])
def test_checkerboard_energy_is_the_squared_amplitude_on_luma(down: int, along: int):
    y, x = np.mgrid[:24, :33]
    grid = 10.0 * (-1.0) ** (down * y + along * x)
    assert checkerboard_energy(128 + grid) == pytest.approx((219 / 255 * 10) ** 2)
    assert checkerboard_energy(128.0 + 0 * grid) == 0


def test_a_period_of_eight_is_no_checkerboard():
    x = np.arange(64)
    assert checkerboard_energy(np.tile(128 + 100 * np.cos(np.pi / 4 * x), (64, 1))) < 1e-20


def test_pictures_that_cannot_be_compared_are_named_with_their_sizes():
    a = noise(12, 12, 3)
    for measure in (psnr_y, ssim_y, ssims_y):
        with pytest.raises(DataError, match=r"\(12, 12, 3\) and \(12, 11, 3\)"):
            measure(a, a[:, :11], border=0)
    with pytest.raises(DataError, match="border of 6"):
        psnr_y(a, a, border=6)
    with pytest.raises(DataError, match="fewer than 11"):
        ssim_y(a, a, border=1)
    with pytest.raises(DataError, match="border of -1"):
        psnr_y(a, a, border=-1)
    with pytest.raises(DataError, match="8x8 pixels"):
        checkerboard_energy(a[:7])


def test_published_figures_of_bicubic_on_set5(assets: Path):
    psnrs, ssims = [], []
    for path in sorted((assets / "testsets" / "Set5").glob("*.png")):
        hr = np.asarray(Image.open(path).convert("RGB"))
        height, width = hr.shape[0] // 2, hr.shape[1] // 2
        hr = hr[: 2 * height, : 2 * width]
        enlarged = resample(resample(hr, (height, width), BICUBIC), hr.shape[:2], BICUBIC)
        psnrs.append(psnr_y(enlarged, hr, border=2))
        ssims.append(ssim_y(enlarged, hr, border=2))
    assert len(psnrs) == 5
    assert np.mean(psnrs) == pytest.approx(33.68, abs=0.02)
    assert np.mean(ssims) == pytest.approx(0.9304, abs=0.0003)


def test_overshoot_is_what_leaves_the_neighbourhood_of_the_target():
    target = np.full((6, 8, 3), 100, np.uint8)
    image = target.copy()
    image[2, 3], image[3, 5] = 124, 82
    assert overshoot(image, target) == pytest.approx((24 + 18) / (4 * 6), abs=1e-6)
    ramp = np.repeat((np.arange(8, dtype=np.uint8) * 10)[None, :, None], 6, 0).repeat(3, 2)
    assert overshoot(np.roll(ramp, 1, 1), ramp) == pytest.approx(0, abs=1e-6)
    with pytest.raises(DataError):
        overshoot(target[:2], target[:2])


def ms_ssim_by_hand(a: np.ndarray, b: np.ndarray) -> float:
    """Wang, Simoncelli and Bovik 2003, equation 7, each window of each scale written out."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    result = 1.0
    for scale, exponent in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        views = [np.lib.stride_tricks.sliding_window_view(side, (11, 11)) for side in (a, b)]
        mean_a, mean_b = (np.einsum("ijkl,kl->ij", view, window) for view in views)
        apart = [view - mean[..., None, None] for view, mean in zip(views, (mean_a, mean_b), strict=True)]
        spread_a, spread_b = (np.einsum("ijkl,kl->ij", each**2, window) for each in apart)
        together = np.einsum("ijkl,kl->ij", apart[0] * apart[1], window)
        term = (2 * together + 7.65**2) / (spread_a + spread_b + 7.65**2)
        if scale == 4:
            term = term * (2 * mean_a * mean_b + 2.55**2) / (mean_a**2 + mean_b**2 + 2.55**2)
        result *= term.mean() ** exponent
        a, b = (side[: len(side) // 2 * 2, : side.shape[1] // 2 * 2] for side in (a, b))
        a, b = ((side[::2, ::2] + side[1::2, ::2] + side[::2, 1::2] + side[1::2, 1::2]) / 4 for side in (a, b))
    return result


def test_ms_ssim_equals_the_formula():
    draw = np.random.default_rng(2)
    target = astronaut()[:185, :190]
    noisy = np.clip(target + draw.normal(0, 12, target.shape), 0, 255).astype(np.uint8)
    expected = ms_ssim_by_hand(*(luma(side)[2:-2, 2:-2] for side in (noisy, target)))
    assert 0.8 < expected < 0.999
    assert ssims_y(noisy, target, border=2) == (ssim_y(noisy, target, border=2), pytest.approx(expected, abs=1e-9))
    assert ssims_y(target, target, border=2)[1] == pytest.approx(1)
    assert ssims_y(255 - target, target, border=0)[1] == 0  # every contrast is negative
    assert ssims_y(noisy, target, border=4)[1] is not None
    assert ssims_y(noisy, target, border=5) == (ssim_y(noisy, target, border=5), None)


def test_flicker_is_the_change_that_the_target_does_not_have():
    draw = np.random.default_rng(3)
    first, second = (draw.integers(40, 200, (9, 7, 3), np.uint8) for _ in range(2))
    assert flicker(first + 5, second + 5, first, second) == pytest.approx(0, abs=1e-12)  # brighter, but steady
    assert flicker(first, second + 6, first, second) == pytest.approx(6)
    assert flicker(first, first, first, first) == 0
    half = first.copy()
    half[:, :, 1] -= 20  # green alone: its share of luma
    assert flicker(first, half, first, first) == pytest.approx(20 * 128.553 / 219)
    with pytest.raises(DataError, match="one size"):
        flicker(first[1:], second, first, second)
