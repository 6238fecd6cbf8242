"""The generator's promises: what it is at zero, how far it looks, what it cannot do wrong."""

import itertools

import pytest
import torch
from safetensors import safe_open

from paragonsr.model import magic
from paragonsr.model.config import Model
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import ARCHITECTURE, Nano

SIZES = [(1, 1), (1, 2), (2, 3), (7, 1), (16, 16), (17, 31), (33, 20), (64, 48)]


def trained(layers: int = 7, channels: int = 16, *, dtype: torch.dtype = torch.float32) -> Nano:
    """A network moved away from its initialisation in every parameter, as training does."""
    torch.manual_seed(3)
    nano = Nano(Model(channels=channels, layers=layers))
    with torch.no_grad():
        for parameter in nano.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    return nano.to(dtype)


def test_without_detail_it_is_the_exact_enlargement() -> None:
    nano = trained()
    with torch.no_grad():
        nano.tail.zero_()
        x = torch.rand(2, 3, 11, 14)
        extended = torch.nn.functional.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate")
        torch.testing.assert_close(nano(x), magic.enlarge(extended), rtol=0, atol=1e-7)
        torch.testing.assert_close(fuse(nano)(x), nano(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layers", [0, 1, 7])
def test_fused_equals_the_definition(size: tuple[int, int], layers: int) -> None:
    nano = trained(layers)
    x = torch.rand(2, 3, *size)
    with torch.no_grad():
        torch.testing.assert_close(fuse(nano)(x), nano(x), rtol=0, atol=1e-5)
        exact = trained(layers, dtype=torch.float64)
        torch.testing.assert_close(fuse(exact)(x.double()), exact(x.double()), rtol=0, atol=1e-12)


def test_gradients_through_the_fusion_are_those_of_the_definition() -> None:
    nano, x = trained(2, dtype=torch.float64), torch.rand(1, 3, 9, 8, dtype=torch.float64)
    weight = torch.randn(1, 3, 18, 16, dtype=torch.float64)
    direct = torch.autograd.grad((nano(x) * weight).sum(), list(nano.parameters()))
    through = torch.autograd.grad((fuse(nano)(x) * weight).sum(), list(nano.parameters()))
    for a, b in zip(direct, through, strict=True):
        assert a.abs().max() > 0
        torch.testing.assert_close(a, b)


def test_inner_is_the_whole_without_its_rim() -> None:
    nano = trained()
    fused, x = fuse(nano), torch.rand(1, 3, 40, 36)
    rim = 2 * nano.radius
    with torch.no_grad():
        torch.testing.assert_close(fused.inner(x), fused(x)[:, :, rim:-rim, rim:-rim], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("layers", "radius"), [(0, 4), (1, 4), (7, 9), (9, 11)])
def test_radius_is_what_a_perturbation_shows(layers: int, radius: int) -> None:
    nano = trained(layers)
    assert nano.radius == fuse(nano).radius == radius <= 12
    side = 2 * radius + 5
    x = torch.rand(1, 3, side, side)
    moved = x.clone()
    moved[0, :, side // 2, side // 2] += 0.5
    with torch.no_grad():
        changed = (nano(x) - nano(moved)).abs().amax((0, 1)) > 0
    rows = torch.nonzero(changed.any(1)).flatten()
    reach = max(side // 2 - int(rows.min()) // 2, int(rows.max()) // 2 - side // 2)
    assert reach <= radius
    assert reach >= radius - 1  # a bound that is never reached would make tiles larger than they need to be


def test_the_four_phases_have_equal_gain() -> None:
    """No checkerboard can be learned: a free tail to the phases had a spread of 0.45 after training."""
    weight = fuse(trained()).tail.weight
    gains = weight.sum((2, 3))
    assert gains.abs().max() > 1e-3
    assert (gains.amax(0) - gains.amin(0)).max() <= 1e-5


def test_the_detail_is_luma_alone() -> None:
    nano, x = trained(), torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        detail = fuse(nano)(x) - magic.enlarge(torch.nn.functional.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate"))
        assert detail.abs().max() > 1e-2
        assert (detail.amax(1) - detail.amin(1)).max() < 1e-6
        gray = fuse(nano)(x[:, :1].expand(-1, 3, -1, -1))
    assert torch.equal(gray.amax(1), gray.amin(1))


def test_flat_colours_come_out_as_they_went_in() -> None:
    levels = torch.tensor(list(itertools.product(range(0, 256, 51), repeat=3))) / 255
    colours = levels.view(-1, 3, 1, 1).expand(-1, 3, 5, 4)
    with torch.no_grad():
        output = fuse(trained())(colours)
    assert (output - colours.repeat_interleave(2, 2).repeat_interleave(2, 3)).abs().max() < 1e-5


def test_nothing_of_the_published_networks_names_remains(assets) -> None:
    with safe_open(assets / "reference" / "2xParagonSR2_Nano_Pretrain.safetensors", "pt") as published:
        assert not set(published.keys()) & set(trained().state_dict())
    assert ARCHITECTURE.casefold() not in {"paragonsr2_nano", "paragonsr2"}
