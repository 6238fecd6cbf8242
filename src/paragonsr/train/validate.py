"""The figure a training is steered by: PSNR on luma over fixed pairs, as everywhere."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from paragonsr.degrade import validation
from paragonsr.degrade.config import Degradation
from paragonsr.degrade.operations import bicubic
from paragonsr.imaging.metrics import psnr_y
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import SCALE, Nano
from paragonsr.train.shards import Shard


class Pair(NamedTuple):
    """A validation tile and its low resolution twin, uint8 HWC."""

    low: NDArray[np.uint8]
    high: NDArray[np.uint8]


def pairs(shard: Shard, degradation: Degradation) -> list[Pair]:
    """Every tile with the card's fixed pattern, or with clean bicubic halves where those are trained on."""
    clean = degradation.kind == "bicubic"
    return [
        Pair(bicubic(tile) if clean else validation.degrade(tile, index), tile)
        for index, tile in enumerate(np.asarray(shard.tiles))
    ]


@torch.no_grad()
def psnr(nano: Nano, pairs: list[Pair]) -> float:
    """Mean PSNR-Y in dB over the pairs, rounded to 8 bits, border of 2 cut."""
    network, device = fuse(nano), next(nano.parameters()).device
    return float(np.mean([psnr_y(enlarge(network, pair.low, device), pair.high, border=SCALE) for pair in pairs]))


def enlarge(
    network: Callable[[torch.Tensor], torch.Tensor], low: NDArray[np.uint8], device: torch.device
) -> NDArray[np.uint8]:
    """uint8 HWC through a network of `[N,3,H,W]` in [0,1], and back."""
    x = torch.from_numpy(low.copy()).to(device).permute(2, 0, 1)[None].float() / 255
    y = network(x)[0].permute(1, 2, 0)
    return (y.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
