"""The Magic layers against the continuous kernel they come from."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from paragonsr.imaging.kernels import MAGIC_KERNEL_SHARP_2021
from paragonsr.imaging.resample import resample
from paragonsr.model import magic

FACTS_PHASE = (-0.000217, -0.003472, 0.019097, -0.111111, 0.898003, 0.232639, -0.039931, 0.006944, -0.001953)


def picture(height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (13, 8)])
def test_enlarge_is_the_continuous_kernel_sampled_at_quarters(size: tuple[int, int]) -> None:
    x = picture(*size)
    ours = magic.enlarge(F.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate"))[0].permute(1, 2, 0).numpy()
    height, width = size
    reference = resample(x[0].permute(1, 2, 0).numpy(), (2 * height, 2 * width), MAGIC_KERNEL_SHARP_2021)
    np.testing.assert_allclose(ours, reference, rtol=0, atol=2e-9)


def test_impulse_gives_the_published_phase() -> None:
    x = torch.zeros(1, 1, 17, 17, dtype=torch.float64)
    x[..., 8, :] = 1.0
    column = magic.enlarge(x)[0, 0, :, 0]
    # Output pixel 2i+1 lies a quarter above input pixel i; going down the rows its offset to the impulse falls.
    np.testing.assert_allclose(column[1::2].flip(0).numpy(), FACTS_PHASE, atol=6e-7)
    np.testing.assert_allclose(column[0::2].numpy(), FACTS_PHASE, atol=6e-7)


def test_frequency_response_is_the_published_one() -> None:
    """The published model's "sharpening" taps answer 0.855, 0.337, 0.023, 0 here: a blur."""
    x = torch.zeros(1, 1, 25, 25, dtype=torch.float64)
    x[..., 12, :] = 1.0
    fine = magic.enlarge(x)[0, 0, :, 0].numpy() / 2
    turns = np.exp(0.5j * np.pi * np.outer((0, 0.25, 0.5, 0.75, 1), np.arange(len(fine))))
    np.testing.assert_allclose(np.abs(turns @ fine), (1, 1.002, 0.975, 0.851, 0.530), atol=6e-4)


def test_double_keeps_constants_and_ramps() -> None:
    ramp = torch.arange(9, dtype=torch.float64).view(1, 1, 1, 9).expand(1, 1, 9, 9)
    doubled = magic.double(ramp)
    expected = torch.arange(14, dtype=torch.float64) / 2 + 0.75
    torch.testing.assert_close(doubled, expected.expand(1, 1, 14, 14))
    torch.testing.assert_close(magic.double(torch.ones(1, 2, 4, 6)), torch.ones(1, 2, 4, 8))


def test_double_is_every_pixel_four_times_under_five_taps() -> None:
    """Where the features' way to the output begins, and what makes its phases alike."""
    x, taps = picture(6, 9, 1), torch.tensor(magic.SMOOTH, dtype=torch.float64)
    factored = F.conv2d(magic.repeat(x), torch.outer(taps, taps)[None, None])
    torch.testing.assert_close(magic.double(x), factored)


@pytest.mark.parametrize("taps", [1, 3, 5, 7])
def test_phases_fold_repeat_then_convolve_exactly(taps: int) -> None:
    x, kernel = picture(15, 12, 2), torch.randn(3, 2, taps, taps, dtype=torch.float64)
    fold = magic.phases(taps)
    folded = torch.einsum("aik,bjl,ockl->oabcij", fold, fold, kernel).flatten(0, 2)
    ours = F.pixel_shuffle(F.conv2d(x, folded), 2)
    literal = F.conv2d(magic.repeat(x), kernel)
    lost = (literal.shape[-1] - ours.shape[-1]) // 2  # the fold's square reach may exceed what one phase needs
    assert lost == 2 * (folded.shape[-1] // 2) - taps // 2
    torch.testing.assert_close(ours, literal[:, :, lost : lost + ours.shape[2], lost : lost + ours.shape[3]])
