import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from paragonsr.degrade.operations import bicubic
from paragonsr.errors import RecipeError, TrainingError
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import fidelity
from paragonsr.train.config import Batch, Losses, Train
from paragonsr.train.fidelity import losses
from paragonsr.train.optimiser import rate

CPU = torch.device("cpu")
Pair = tuple[torch.Tensor, torch.Tensor]


@pytest.fixture
def nano(model: Model) -> Nano:
    torch.manual_seed(0)
    return Nano(model)


@pytest.fixture
def pair(nano: Nano, picture: Callable[..., np.ndarray]) -> Pair:
    """A low side with its rim, and the high side over its middle."""
    rim = 2 * nano.radius
    wide = picture(1, 44 + 2 * rim)
    low, high = bicubic(wide), np.ascontiguousarray(wide[rim:-rim, rim:-rim])
    return torch.from_numpy(low).permute(2, 0, 1)[None], torch.from_numpy(high).permute(2, 0, 1)[None]


def terms(**weights: float) -> fidelity.Terms:
    return losses(Train("t", batch=Batch(patch=22), losses=Losses(**weights)), CPU)


def take(
    nano: Nano, given: fidelity.Terms, pair: Pair, clip: float = 1e9
) -> tuple[dict[str, float], list[torch.Tensor]]:
    """One step on a copy with plain gradient descent of rate 0: its figures and its gradients."""
    subject = copy.deepcopy(nano)
    optimiser = torch.optim.SGD(subject.parameters(), lr=0.0)
    figures = fidelity.step(subject, optimiser, given, *pair, clip=clip)
    return figures, [parameter.grad.clone() for parameter in subject.parameters()]


def test_figures_are_the_unweighted_terms_and_their_weighted_sum(nano: Nano, pair: Pair) -> None:
    figures, _ = take(nano, terms(l1=0.5, ms_ssim=0.25), pair)
    low, high = pair
    with torch.no_grad():
        rim = 2 * nano.radius
        output = nano(low.float() / 255)[:, :, rim:-rim, rim:-rim]
        target = high.float() / 255
        l1 = float((output - target).abs().mean())
        ms_ssim = float(terms()["ms_ssim"][1](output, target))
    assert figures["l1"] == pytest.approx(l1, rel=1e-5)
    assert figures["ms_ssim"] == pytest.approx(ms_ssim, rel=1e-4)
    assert figures["loss"] == pytest.approx(0.5 * l1 + 0.25 * ms_ssim, rel=1e-4)


def test_a_weight_counts_once(nano: Nano, pair: Pair) -> None:
    """Twice the weight, twice the share of the loss and of the gradient, and shares add up."""
    l1, slope = take(nano, terms(l1=0.2, ms_ssim=0), pair)
    twice, steeper = take(nano, terms(l1=0.4, ms_ssim=0), pair)
    other, sideways = take(nano, terms(l1=0, ms_ssim=0.3), pair)
    both, total = take(nano, terms(l1=0.2, ms_ssim=0.3), pair)
    assert l1["loss"] == pytest.approx(0.2 * l1["l1"], rel=1e-6)
    assert twice["loss"] == pytest.approx(2 * l1["loss"], rel=1e-6)
    assert both["loss"] == pytest.approx(l1["loss"] + other["loss"], rel=1e-6)
    for a, b, c, d in zip(slope, steeper, sideways, total, strict=True):
        torch.testing.assert_close(b, 2 * a, rtol=1e-5, atol=1e-9)
        torch.testing.assert_close(d, a + c, rtol=1e-3, atol=1e-6)
    assert max(float(part.abs().max()) for part in sideways) > 1e-3


def test_weight_zero_is_absence(nano: Nano, pair: Pair) -> None:
    assert set(terms(ms_ssim=0)) == {"l1"}
    silent = {"l1": terms()["l1"], "ms_ssim": (0.0, terms()["ms_ssim"][1])}
    figures, slopes = take(nano, terms(ms_ssim=0), pair)
    muted, same = take(nano, silent, pair)
    assert figures["loss"] == muted["loss"]
    assert all(torch.equal(a, b) for a, b in zip(slopes, same, strict=True))


def test_every_parameter_learns_from_every_term(nano: Nano, pair: Pair) -> None:
    for name in ("l1", "ms_ssim"):
        _, slopes = take(nano, {name: terms()[name]}, pair)
        for (parameter, _), slope in zip(nano.named_parameters(), slopes, strict=True):
            assert float(slope.abs().max()) > 0, f"{name} does not reach {parameter}"


@pytest.mark.parametrize("name", ["l1", "ms_ssim"])
def test_every_term_is_smallest_at_the_target_with_a_gradient_elsewhere(name: str, pair: Pair) -> None:
    term, target = terms()[name][1], pair[1].float() / 255
    assert float(term(target.double(), target.double())) == pytest.approx(0, abs=1e-12)
    output = (target + 0.1 * torch.randn_like(target)).requires_grad_()
    term(output, target).backward()
    assert float((output.grad != 0).float().mean()) > 0.99


def test_the_gradient_is_clipped_and_its_norm_reported(nano: Nano, pair: Pair) -> None:
    free, slopes = take(nano, terms(), pair)
    norm = float(torch.stack([(slope.double() ** 2).sum() for slope in slopes]).sum().sqrt())
    assert free["gradient"] == pytest.approx(norm, rel=1e-5)
    figures, clipped = take(nano, terms(), pair, clip=norm / 10)
    assert figures["gradient"] == pytest.approx(norm, rel=1e-5)
    for a, b in zip(slopes, clipped, strict=True):
        torch.testing.assert_close(b, a / 10, rtol=1e-4, atol=1e-9)
    assert all(torch.equal(a, b) for a, b in zip(slopes, take(nano, terms(), pair, clip=norm * 1.1)[1], strict=True))


class Blown(nn.Module):
    """A loss that leaves the finite numbers; `slope_only`: only its gradient does, as sqrt's does at 0."""

    def __init__(self, factor: float, *, slope_only: bool = False) -> None:
        super().__init__()
        self.factor, self.slope_only = factor, slope_only

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.slope_only:
            return (output - output.detach()).sum().abs().sqrt()
        return (output - target).mean() * self.factor


@pytest.mark.parametrize(
    ("blown", "named"),
    [
        (Blown(float("nan")), "not finite: odd, loss, gradient"),
        (Blown(float("inf")), "not finite: odd, loss, gradient"),
        (Blown(1.0, slope_only=True), "not finite: gradient"),
    ],
)
def test_what_is_not_finite_is_named_and_stops_before_the_update(
    nano: Nano, pair: Pair, blown: Blown, named: str
) -> None:
    before = copy.deepcopy(nano.state_dict())
    optimiser = torch.optim.AdamW(nano.parameters())
    with pytest.raises(TrainingError, match=named):
        fidelity.step(nano, optimiser, {**terms(), "odd": (1.0, blown)}, *pair, clip=1.0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in nano.state_dict().items())
    assert not optimiser.state_dict()["state"]


def test_settings_that_teach_nothing_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"train.losses: every weight is 0"):
        terms(l1=0, ms_ssim=0)
    with pytest.raises(RecipeError, match=r"train.batch.patch: ms_ssim needs at least 22.*not 21"):
        losses(Train("t", batch=Batch(patch=21)), CPU)
    assert set(losses(Train("t", batch=Batch(patch=21), losses=Losses(ms_ssim=0)), CPU)) == {"l1"}


def test_the_learning_rate_warms_up_and_falls_along_a_cosine() -> None:
    config = Train("t").optimiser
    steps = 10_000
    rates = [rate(config, step, steps) for step in range(steps)]
    assert rates[0] == pytest.approx(config.rate / config.warmup, rel=1e-6)
    assert rates[config.warmup - 1] == pytest.approx(config.rate, rel=0.01)
    assert rates[steps // 2] == pytest.approx(config.rate * (1 + config.final) / 2, rel=1e-6)
    assert rate(config, steps, steps) == pytest.approx(config.rate * config.final, rel=1e-6)
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
