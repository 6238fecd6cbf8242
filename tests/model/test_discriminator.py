import pytest
import torch

from paragonsr.model import magic
from paragonsr.model.discriminator import MUNet, enlarge


def test_it_judges_every_pixel_at_three_scales_with_half_a_million_numbers_at_most() -> None:
    munet = MUNet()
    assert sum(parameter.numel() for parameter in munet.parameters()) <= 500_000
    shapes = [tuple(logits.shape) for logits in munet(torch.rand(2, 3, 32, 48))]
    assert shapes == [(2, 1, 32, 48), (2, 1, 16, 24), (2, 1, 8, 12)]
    with pytest.raises(ValueError, match="multiples of 16"):
        munet(torch.rand(1, 3, 40, 32))


def test_its_enlargement_is_the_exact_one() -> None:
    x = torch.rand(2, 5, 6, 9, dtype=torch.float64)
    padded = torch.nn.functional.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate")
    torch.testing.assert_close(enlarge(x), magic.enlarge(padded))


def test_every_number_and_every_pixel_is_reached() -> None:
    munet = MUNet(2)
    x = torch.rand(1, 3, 32, 32, requires_grad=True)
    torch.stack([logits.square().mean() for logits in munet(x)]).sum().backward()
    assert x.grad is not None
    assert (x.grad.abs().sum(1) > 0).float().mean() > 0.99
    for name, parameter in munet.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.norm()) > 0, name


def test_colour_does_not_give_a_picture_away() -> None:
    munet, x = MUNet(2).double(), torch.rand(1, 3, 16, 16, dtype=torch.float64)
    gray = (x * munet.luma).sum(1, keepdim=True).expand_as(x)
    for coloured, plain in zip(munet(x), munet(gray), strict=True):
        torch.testing.assert_close(coloured, plain)
