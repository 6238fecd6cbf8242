"""LPIPS 0.1 (Zhang et al. 2018): the distance of features, weighted as people judged pictures. Our witness."""

from typing import Literal

import torch
from torch import Tensor, nn

from paragonsr.judges import alexnet, vgg16, weights
from paragonsr.judges.look import normalise

WEIGHTS = "lpips_v0.1_lins_and_dists_heads.safetensors"
MEAN, STD = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of pictures in [-1,1]; of pictures in [0,1] they are ImageNet's, `look.MEAN` and `look.STD`."""
Backbone = Literal["alex", "vgg"]


class Lpips(nn.Module):
    """How different two `[N,3,H,W]` pictures in [0,1] look: `[N]`, 0 for equal ones.

    `features` sees the picture and `compare` judges what it saw, so that a target need be seen only once.
    """

    def __init__(self, backbone: alexnet.AlexNet | vgg16.Vgg16, heads: "Heads") -> None:
        super().__init__()
        self.backbone, self.heads = backbone, heads

    def features(self, x: Tensor) -> list[Tensor]:
        """The five layers, each place's channels scaled to a length of 1."""
        return [unit(stage) for stage in self.backbone.stages(normalise(2 * x - 1, MEAN, STD))]

    def compare(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Equation 1 of the paper, for two sets of features."""
        pairs = zip(self.heads.layers, a, b, strict=True)
        return torch.stack([head((x - y) ** 2).mean((1, 2, 3)) for head, x, y in pairs]).sum(0)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """See the class."""
        return self.compare(self.features(a), self.features(b))


class Heads(nn.Module):
    """One non-negative weight for each channel of the five layers; the keys are the published `lin0.model.1.weight`."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        for index, width in enumerate(widths):
            head = nn.Sequential(nn.Identity(), nn.Conv2d(width, 1, 1, bias=False))
            self.add_module(f"lin{index}", nn.ModuleDict({"model": head}))

    @property
    def layers(self) -> list[nn.Module]:
        """The heads, first layer to last."""
        return [head["model"] for head in self.children() if isinstance(head, nn.ModuleDict)]


def unit(x: Tensor) -> Tensor:
    """`[N,C,...]`, each place's channels scaled to a length of 1."""
    return x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)


def load(backbone: Backbone) -> Lpips:
    """LPIPS-alex or LPIPS-vgg, version 0.1. Raises AssetError when the weights cannot be had."""
    network, widths = (alexnet.load(), alexnet.WIDTHS) if backbone == "alex" else (vgg16.load(), vgg16.WIDTHS)
    return weights.freeze(Lpips(network, weights.load(Heads(widths), WEIGHTS, f"lpips_v0.1.{backbone}.")))
