import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from paragonsr.train.losses.ms_ssim import MsSsim

Floats = NDArray[np.float64]


def reference(x: Floats, y: Floats, scales: int) -> float:
    """MS-SSIM of two `[H,W,3]` pictures in [0,1], from Wang, Simoncelli and Bovik 2003, written window by window."""
    exponents = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])[:scales]
    exponents /= exponents.sum()
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    a, b = (picture @ np.array([0.299, 0.587, 0.114]) for picture in (x, y))
    result = 1.0
    for scale in range(scales):
        views = [np.lib.stride_tricks.sliding_window_view(side, (11, 11)) for side in (a, b)]
        ma, mb = (np.einsum("ijkl,kl->ij", view, window) for view in views)
        va, vb = (
            np.einsum("ijkl,kl->ij", (view - mean[..., None, None]) ** 2, window)
            for view, mean in zip(views, (ma, mb), strict=True)
        )
        centred = (views[0] - ma[..., None, None]) * (views[1] - mb[..., None, None])
        contrast_structure = (2 * np.einsum("ijkl,kl->ij", centred, window) + 0.03**2) / (va + vb + 0.03**2)
        luminance = (2 * ma * mb + 0.01**2) / (ma**2 + mb**2 + 0.01**2)
        term = contrast_structure * luminance if scale == scales - 1 else contrast_structure
        result *= term.mean() ** exponents[scale]
        a, b = (side[: side.shape[0] // 2 * 2, : side.shape[1] // 2 * 2] for side in (a, b))
        a, b = ((side[::2, ::2] + side[1::2, ::2] + side[::2, 1::2] + side[1::2, 1::2]) / 4 for side in (a, b))
    return result


def pair(seed: int, height: int, width: int, noise: float = 0.08) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    target = (
        0.5
        + 0.3 * np.sin(x / 5.0 + y / 9.0)[..., None] * rng.uniform(0.5, 1, 3)
        + rng.normal(0, 0.05, (height, width, 3))
    )
    return (target + rng.normal(0, noise, target.shape)).clip(0, 1), target.clip(0, 1)


def nchw(*pictures: Floats) -> list[torch.Tensor]:
    return [torch.from_numpy(picture).permute(2, 0, 1)[None] for picture in pictures]


@pytest.mark.parametrize(("scales", "height", "width"), [(3, 44, 44), (3, 61, 50), (5, 176, 176), (5, 181, 190)])
def test_equals_the_formula(scales: int, height: int, width: int) -> None:
    output, target = pair(scales, height, width)
    expected = 1 - reference(output, target, scales)
    assert 0.001 < expected < 0.9
    doubles = MsSsim(scales)(*nchw(output, target))
    assert doubles.dtype == torch.float64
    assert float(doubles) == pytest.approx(expected, abs=1e-6)
    singles = MsSsim(scales)(*(side.float() for side in nchw(output, target)))
    assert singles.dtype == torch.float32
    assert float(singles) == pytest.approx(expected, abs=2e-5)


def test_a_batch_is_the_mean_of_its_pictures() -> None:
    loss = MsSsim()
    pairs = [nchw(*pair(seed, 48, 48, noise)) for seed, noise in ((1, 0.02), (2, 0.2))]
    together = loss(*(torch.cat(sides) for sides in zip(*pairs, strict=True)))
    assert float(together) == pytest.approx(float(sum(loss(*sides) for sides in pairs)) / 2, abs=1e-12)


def test_smallest_at_the_target_with_a_gradient_away_from_it() -> None:
    loss, (noisy, target) = MsSsim(), nchw(*pair(3, 48, 48))
    assert float(loss(target, target)) == pytest.approx(0, abs=1e-12)
    losses = [float(loss(target + share * (noisy - target), target)) for share in (0, 0.25, 0.5, 1)]
    assert losses == sorted(losses)
    assert losses[1] > 1e-5
    there = target.clone().requires_grad_()
    loss(there, target).backward()
    assert float(there.grad.abs().max()) < 1e-9
    away = noisy.clone().requires_grad_()
    loss(away, target).backward()
    assert float((away.grad != 0).double().mean()) > 0.99


def test_gradient_equals_differences() -> None:
    """In float64, along random directions: no zone of the picture is blind and no scale is dropped."""
    loss, (output, target) = MsSsim(), nchw(*pair(4, 44, 44))
    torch.manual_seed(0)
    output.requires_grad_()
    (slope,) = torch.autograd.grad(loss(output, target), output)
    for _ in range(6):
        direction = torch.randn_like(output)
        with torch.no_grad():
            change = (loss(output + 1e-6 * direction, target) - loss(output - 1e-6 * direction, target)) / 2e-6
        assert float((slope * direction).sum()) == pytest.approx(float(change), rel=1e-5, abs=1e-9)


def test_gradcheck_of_a_corner() -> None:
    """Every number of the Jacobian, for a 4x4 corner of each channel."""
    loss, (output, target) = MsSsim(), nchw(*pair(5, 44, 44))

    def of_corner(corner: torch.Tensor) -> torch.Tensor:
        whole = output.clone()
        whole[:, :, :4, :4] = corner
        return 1e3 * loss(whole, target)

    assert torch.autograd.gradcheck(of_corner, output[:, :, :4, :4].clone().requires_grad_(), rtol=1e-4, atol=1e-6)


def test_autocast_does_not_reach_it() -> None:
    loss, sides = MsSsim(), [side.float() for side in nchw(*pair(6, 48, 48))]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(*sides)
    assert torch.equal(inside, loss(*sides))
    assert loss(*(side.bfloat16() for side in sides)).dtype == torch.float32


@pytest.mark.parametrize("scales", [1, 3, 5])
def test_too_small_a_picture_is_refused(scales: int) -> None:
    loss = MsSsim(scales)
    flat = torch.full((1, 3, loss.side, loss.side), 0.5)
    assert float(loss(flat, flat)) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match=f"{scales} scales need a side of {loss.side}"):
        loss(flat[..., 1:], flat[..., 1:])
