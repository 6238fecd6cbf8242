"""No degradation may move the picture: measured by phase correlation with what a perfect half would be."""

import numpy as np
import pytest

from paragonsr.degrade import training, validation
from paragonsr.degrade.config import Degradation
from paragonsr.degrade.training import EVEN, Plan, compose
from paragonsr.imaging.kernels import BOX, NEAREST, Kernel

SIDE = 192


def picture(spacing: int) -> np.ndarray:
    """One smooth continuous picture sampled at the centres of pixels `spacing` wide, [SIDE / spacing] squared."""
    rng = np.random.default_rng(11)
    centres = (np.arange(SIDE // spacing) + 0.5) * spacing
    y, x = centres[:, None], centres[None]
    waves = rng.uniform(-0.08, 0.08, (40, 2)), rng.uniform(0, 2 * np.pi, 40)
    total = sum(np.cos(2 * np.pi * (fy * y + fx * x) + phase) for (fy, fx), phase in zip(*waves, strict=True))
    return 128 + 12 * total


def shift(low: np.ndarray) -> np.ndarray:
    """(down, right) in low-resolution pixels: the slope of the cross-power spectrum's phase, weighted by power."""
    window = np.hanning(SIDE // 2)[:, None] * np.hanning(SIDE // 2)
    a, b = (np.fft.fft2((image - image.mean()) * window) for image in (low.astype(float), picture(2)))
    cross = a * np.conj(b)
    f = np.fft.fftfreq(SIDE // 2)
    fy, fx = np.meshgrid(f, f, indexing="ij")
    used = (np.hypot(fy, fx) < 0.2) & (abs(cross) > abs(cross).max() * 1e-3)
    weight = abs(cross[used])
    rays = -2 * np.pi * np.stack([fy[used], fx[used]], axis=1)
    return np.linalg.lstsq(rays * weight[:, None], np.angle(cross[used]) * weight, rcond=None)[0]


@pytest.fixture(scope="module")
def hr() -> np.ndarray:
    return np.repeat(np.rint(picture(1)).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_a_nearest_half_is_found_to_be_moved_by_half_a_target_pixel(hr: np.ndarray):
    assert shift(hr[1::2, ::2, 0]) == pytest.approx([-0.25, 0.25], abs=0.005)


@pytest.mark.parametrize("kernel", EVEN, ids=lambda kernel: kernel.name)
@pytest.mark.parametrize("sigma", [0.0, 0.8])
def test_no_kernel_moves_the_picture(hr: np.ndarray, kernel: Kernel, sigma: float):
    linear = compose(SIDE, Plan(sigma, (), kernel))
    assert abs(shift(np.rint(linear @ hr[..., 0] @ linear.T))).max() < 0.003


@pytest.mark.parametrize("index", range(4))
def test_the_validation_pattern_does_not_move_the_picture(hr: np.ndarray, index: int):
    assert abs(shift(validation.degrade(hr[..., 0], index))).max() < 0.003


def test_chains_do_not_move_the_picture(hr: np.ndarray):
    config = Degradation(chain_probability=1.0)
    smooth, rough = [], []
    for step in range(80):
        plan = training.draw(0, "chain", step, config)
        moved = shift(training.degrade(hr, seed=0, tile="chain", step=step, config=config)[..., 0])
        kernels = {plan.last, *(kernel for _, kernel in plan.steps)}
        (rough if {BOX, NEAREST} & kernels else smooth).append(moved)
    assert len(smooth) > 10
    assert abs(np.array(smooth)).max() < 0.01
    # Box and nearest move each pixel by up to half a one, to and fro: little is left of it over a picture.
    assert abs(np.array(rough)).max() < 0.06
    assert abs(np.mean(rough, axis=0)).max() < 0.01
