"""Winograd's convolution is the convolution."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from paragonsr.judges import vgg16, winograd
from paragonsr.judges.winograd import Winograd


@settings(max_examples=25)
@given(st.integers(1, 2), st.integers(1, 21), st.integers(1, 70))
def test_it_is_the_plain_convolution_at_every_size(count: int, height: int, width: int) -> None:
    torch.manual_seed(height * 100 + width)
    conv = nn.Conv2d(64, 128, 3, padding=1).double()
    x = torch.randn(count, 64, height, width, dtype=torch.float64)
    torch.testing.assert_close(Winograd(conv)(x), conv(x).detach(), rtol=1e-10, atol=1e-10)


def test_many_bands_in_single_precision() -> None:
    torch.manual_seed(0)
    conv, x = nn.Conv2d(64, 128, 3, padding=1), torch.rand(1, 64, 90, 130)
    exact = conv.double()(x.double()).detach()
    made = Winograd(conv.float())(x)
    assert float((made - exact).abs().max() / exact.abs().max()) < 2e-5
    assert made.stride(1) == 1  # a pixel's channels side by side


def test_what_it_does_not_fit_stays() -> None:
    network = nn.Sequential(nn.Conv2d(64, 128, 3, padding=1), nn.Conv2d(128, 128, 3), nn.Conv2d(128, 8, 3, padding=1))
    winograd.replace(network)
    assert [type(layer).__name__ for layer in network] == ["Winograd", "Conv2d", "Conv2d"]
    with pytest.raises(AssertionError):
        Winograd(nn.Conv2d(128, 128, 3, stride=2, padding=1))


def test_a_network_sees_the_same() -> None:
    torch.manual_seed(0)
    plain = vgg16.Vgg16().requires_grad_(False)
    x = torch.rand(1, 3, 70, 54)
    expected = plain.stages(x)
    winograd.replace(plain)
    assert sum(isinstance(layer, Winograd) for layer in plain.modules()) == 11
    for made, stage in zip(plain.stages(x), expected, strict=True):
        torch.testing.assert_close(made, stage, rtol=1e-4, atol=1e-5 * float(stage.max()))
    assert F.relu(expected[0]).equal(expected[0])
