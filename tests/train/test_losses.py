"""The losses of stage 2: slopes by finite differences, least at the target, float32 under autocast, the formulas."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from paragonsr.imaging import metrics
from paragonsr.train.losses import adversarial
from paragonsr.train.losses.consistency import Consistency, ab, lightness, linear
from paragonsr.train.losses.contrastive import Contrastive
from paragonsr.train.losses.features import Features
from paragonsr.train.losses.frequency import Frequency
from paragonsr.train.losses.overshoot import Overshoot

Loss = Callable[[Tensor, Tensor], Tensor]


def features(output: Tensor, target: Tensor) -> Tensor:
    seen = [[x, torch.nn.functional.avg_pool2d(x, 2)] for x in (output, target)]
    return Features({1: 1.0, 2: 0.5})(*seen)


def contrastive(output: Tensor, target: Tensor) -> Tensor:
    negatives = torch.stack((target.flatten(1).roll(1, 1), target.flatten(1).flip(1)))
    return Contrastive(0.1)(output.flatten(1), target.flatten(1), negatives)


LOSSES: dict[str, Loss] = {
    "consistency": Consistency(),
    "frequency": Frequency(),
    "overshoot": Overshoot(),
    "features": features,
    "contrastive": contrastive,
}


def pictures(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(3)
    target = 0.2 + 0.6 * torch.rand(2, 3, 24, 24, generator=draw, dtype=torch.float64)
    noise = 0.1 * torch.randn(target.shape, generator=draw, dtype=torch.float64)
    return (target + noise).to(dtype), target.to(dtype)


@pytest.fixture(params=LOSSES.values(), ids=LOSSES.keys())
def loss(request: pytest.FixtureRequest) -> Loss:
    return request.param


def test_the_slope_is_that_of_finite_differences(loss: Loss) -> None:
    """Along the gradient and along a random way; the focal weight of the frequency loss is held, as it is defined."""
    output, target = pictures()
    output.requires_grad_(True)
    value = loss(output, target)
    (slope,) = torch.autograd.grad(value, output)
    assert torch.isfinite(slope).all()
    assert float(slope.norm()) > 1e-4
    random = torch.randn(output.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    function = loss
    if isinstance(loss, Frequency):
        power = loss.power(output, target).detach().sqrt()
        weight = power / power.amax((2, 3), keepdim=True)
        frequency = loss

        def held(x: Tensor, y: Tensor) -> Tensor:
            return (weight * frequency.power(x, y)).mean()

        function = held
    for way in (slope / slope.norm(), random / random.norm()):
        step = 1e-6
        with torch.no_grad():
            measured = (function(output + step * way, target) - function(output - step * way, target)) / (2 * step)
        assert float(measured) == pytest.approx(float((slope * way).sum()), rel=1e-4, abs=1e-7)


def test_it_is_least_at_the_target(loss: Loss) -> None:
    output, target = pictures()
    assert float(loss(target, target)) == pytest.approx(0, abs=1e-9)
    values = [float(loss(target + share * (output - target), target)) for share in (1.0, 0.5, 0.1)]
    assert values[0] > values[1] > values[2] > 0


def test_autocast_does_not_make_it_coarse(loss: Loss) -> None:
    output, target = pictures(torch.float32)
    exact = loss(output, target)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(output, target)
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(float(exact), rel=1e-6)


def test_frequency_equals_the_formula() -> None:
    """Jiang et al. 2021, equations 5, 8 and 9 with alpha 1, by numpy's FFT."""
    output, target = (side.numpy() for side in pictures())
    total = []
    for x, y in zip(output.reshape(-1, 24, 24), target.reshape(-1, 24, 24), strict=True):
        apart = np.abs(np.fft.fft2(x, norm="ortho") - np.fft.fft2(y, norm="ortho"))
        total.append((apart / apart.max() * apart**2).mean())
    assert float(Frequency()(*pictures())) == pytest.approx(np.mean(total), rel=1e-9)


def test_overshoot_is_the_figure_that_is_reported() -> None:
    draw = np.random.default_rng(2)
    output, target = (draw.integers(0, 256, (24, 20, 3), dtype=np.uint8) for _ in range(2))
    found = Overshoot()(*(torch.from_numpy(x / 255).permute(2, 0, 1)[None] for x in (output, target)))
    assert float(found) * 255 == pytest.approx(metrics.overshoot(output, target), rel=1e-4)


def test_contrastive_equals_the_formula() -> None:
    draw = np.random.default_rng(1)
    o, t, *n = (x / np.linalg.norm(x) for x in draw.normal(size=(4, 16)))
    far = [max(o @ x, t @ x) for x in n]
    own = [t @ x for x in n]

    def entropy(near: float, others: list[float]) -> float:
        return float(-np.log(np.exp(near / 0.1) / (np.exp(near / 0.1) + np.exp(np.array(others) / 0.1).sum())))

    given = (torch.from_numpy(x)[None] for x in (3 * o, 7 * t))
    negatives = torch.from_numpy(np.stack(n))[:, None]
    found = Contrastive(0.1)(*given, negatives)
    assert float(found) == pytest.approx(entropy(o @ t, far) - entropy(1, own), rel=1e-9)


def test_features_weigh_each_stage_once() -> None:
    ones, zeros = ([value(2, 3, 4, 4), value(2, 5, 2, 2)] for value in (torch.ones, torch.zeros))
    assert float(Features({1: 0.25, 2: 3.0})(ones, zeros)) == pytest.approx(3.25)
    assert Features({1: 1.0, 2: 0.5}).depth == 2


def test_lightness_and_chroma_are_the_standards() -> None:
    """CIE L* of BT.709 middle gray and the toe; Oklab of sRGB's red and blue as its author's code gives them."""
    gray = torch.full((1, 3, 1, 1), 0.18, dtype=torch.float64)
    assert float(lightness(gray)) == pytest.approx(1.16 * 0.18 ** (1 / 3) - 0.16, abs=1e-9)
    assert float(lightness(0 * gray)) == pytest.approx(0, abs=1e-9)
    for rgb, expected in (((1, 0, 0), (0.22486, 0.12585)), ((0, 0, 1), (-0.03246, -0.31153)), ((1, 1, 1), (0, 0))):
        found = ab(linear(torch.tensor(rgb, dtype=torch.float64).view(1, 3, 1, 1))).flatten()
        assert found.tolist() == pytest.approx(expected, abs=1e-4)
    assert float(linear(torch.tensor(0.5, dtype=torch.float64))) == pytest.approx(0.21404114, abs=1e-8)


def test_consistency_sees_colour_and_brightness_but_not_fine_detail() -> None:
    _, target = pictures()
    fine = 0.02 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64).repeat(12, 12)
    detail, bright = Consistency()(target + fine, target), Consistency()(target + 0.02, target)
    assert float(bright) > 4 * float(detail)


def logits(seed: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(2, 1, side, side, generator=draw, dtype=torch.float64) for side in (8, 4)]


def test_the_adversarial_terms_equal_the_formula_and_mirror_each_other() -> None:
    real, fake = logits(1), logits(2)
    pairs = list(zip(real, fake, strict=True))
    expected = np.mean([np.log1p(np.exp(-(f - r).numpy())).mean() for r, f in pairs])
    assert float(adversarial.generator(real, fake)) == pytest.approx(expected, rel=1e-9)
    assert float(adversarial.discriminator(fake, real)) == pytest.approx(expected, rel=1e-9)
    assert float(adversarial.generator(real, real)) == pytest.approx(np.log(2))
    rightly = np.mean([(r > f).double().mean() for r, f in pairs])
    assert float(adversarial.judged_rightly(real, fake)) == pytest.approx(rightly)


def test_the_generator_is_pulled_by_every_pixel() -> None:
    real, fake = logits(1), [scale.requires_grad_(True) for scale in logits(2)]
    slopes = torch.autograd.grad(adversarial.generator(real, fake), fake)
    for slope, r, f in zip(slopes, real, fake, strict=True):
        torch.testing.assert_close(slope, -torch.sigmoid(r - f.detach()) / (2 * f.numel()))


def test_squared_slopes_are_those_of_the_mean_logit() -> None:
    """A judge whose logits are known functions of the picture: x^2 / 2 at full size and the sum over 2x2 at half."""
    x = torch.randn(3, 3, 4, 4, generator=torch.Generator().manual_seed(4), dtype=torch.float64, requires_grad=True)
    fine = (x.square() / 2).sum(1, keepdim=True)
    coarse = 4 * torch.nn.functional.avg_pool2d(x.sum(1, keepdim=True), 2)
    found = adversarial.squared_slopes(x, [fine, coarse])
    expected = ((x + 1) / (16 + 4)).square().sum((1, 2, 3))
    torch.testing.assert_close(found, expected)
    (again,) = torch.autograd.grad(found.sum(), x)
    torch.testing.assert_close(again, 2 * (x + 1).detach() / 400)
