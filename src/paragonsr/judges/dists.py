"""DISTS (Ding et al. 2020): structure and texture similarity in VGG's features, differentiable."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.judges import vgg16, weights
from paragonsr.judges.look import normalise
from paragonsr.judges.vgg16 import Vgg16

WEIGHTS = "lpips_v0.1_lins_and_dists_heads.safetensors"
WIDTHS = (3, *vgg16.WIDTHS)
FLOOR = 1e-6  # c1 and c2 of equations 8 and 9


class Dists(nn.Module):
    """How different two `[N,3,H,W]` pictures in [0,1] look: `[N]` in [0,1], 0 for equal ones; sides from 16 up.

    `features` sees the picture and `compare` judges what it saw, so that a target need be seen only once.
    """

    def __init__(self, vgg: Vgg16, heads: "Heads") -> None:
        super().__init__()
        self.vgg, self.heads = vgg, heads

    def features(self, x: Tensor) -> list[Tensor]:
        """The picture itself and VGG's five stages, halved between them by `hanning`."""
        return [x, *self.vgg.stages(normalise(x))]

    def compare(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """How different two sets of features are."""
        return self.judge([_moments(x, y) for x, y in zip(a, b, strict=True)])

    def judge(self, moments: list["Moments"]) -> Tensor:
        """Equation 10: one minus the weighted similarities of means and of correlations, for the moments of stages."""
        total = self.heads.alpha.sum() + self.heads.beta.sum()
        alphas, betas = (head.view(-1).split(WIDTHS) for head in (self.heads.alpha / total, self.heads.beta / total))
        similarity = moments[0].mean_x.new_zeros(len(moments[0].mean_x))
        for (mean_x, mean_y, var_x, var_y, covariance), alpha, beta in zip(moments, alphas, betas, strict=True):
            texture = (2 * mean_x * mean_y + FLOOR) / (mean_x**2 + mean_y**2 + FLOOR)
            structure = (2 * covariance + FLOOR) / (var_x + var_y + FLOOR)
            similarity = similarity + (alpha * texture + beta * structure).sum(1)
        return 1 - similarity

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """See the class."""
        return self.compare(self.features(a), self.features(b))


class Heads(nn.Module):
    """The published weights of texture and structure, one for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1, sum(WIDTHS), 1, 1), 0.1))
        self.beta = nn.Parameter(torch.full((1, sum(WIDTHS), 1, 1), 0.1))


class Moments(NamedTuple):
    """Of two pictures' features of one stage, each `[N,C]`."""

    mean_x: Tensor
    mean_y: Tensor
    var_x: Tensor
    var_y: Tensor
    covariance: Tensor


def _moments(x: Tensor, y: Tensor) -> Moments:
    """Of features `[N,C,h,w]`, in single precision at least."""
    x, y = x.float() if x.dtype.itemsize < 4 else x, y.float() if y.dtype.itemsize < 4 else y
    mean_x, mean_y = x.mean((2, 3)), y.mean((2, 3))
    var_x = (x - mean_x[:, :, None, None]).square().mean((2, 3))
    var_y = (y - mean_y[:, :, None, None]).square().mean((2, 3))
    return Moments(mean_x, mean_y, var_x, var_y, (x * y).mean((2, 3)) - mean_x * mean_y)


def hanning(x: Tensor) -> Tensor:
    """The l2 pooling of the paper (equation 4): the root of the squares under a 3x3 Hanning window, every second."""
    taps = x.new_tensor([0.25, 0.5, 0.25])
    window = torch.outer(taps, taps).expand(x.shape[1], 1, 3, 3)
    return (F.conv2d(x * x, window, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


def load() -> Dists:
    """With the published weights. Raises AssetError when they cannot be had."""
    return weights.freeze(Dists(vgg16.load(hanning), weights.load(Heads(), WEIGHTS, "dists.")))
