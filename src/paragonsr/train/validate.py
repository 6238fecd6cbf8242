"""The figures a training is steered by, over fixed pairs: PSNR on luma, and in stage 2 DISTS and colour."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from paragonsr.degrade import validation
from paragonsr.degrade.config import Degradation
from paragonsr.degrade.operations import bicubic
from paragonsr.imaging.metrics import colour_shift, psnr_y
from paragonsr.judges.dists import Dists
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import SCALE, Nano
from paragonsr.train.shards import Shard

MIDDLE = 256


class Pair(NamedTuple):
    """A validation tile and its low resolution twin, uint8 HWC."""

    low: NDArray[np.uint8]
    high: NDArray[np.uint8]


class Figures(NamedTuple):
    """Means over the pairs: PSNR-Y in dB, DISTS; and the largest shift of a picture's mean colour, in 1/255."""

    psnr_y: float
    dists: float | None = None
    colour_shift: float | None = None

    def measured(self) -> dict[str, float]:
        """Those that were measured, by their names."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def pairs(shard: Shard, degradation: Degradation) -> list[Pair]:
    """Every tile with the card's fixed pattern, or with clean bicubic halves where those are trained on."""
    clean = degradation.kind == "bicubic"
    return [
        Pair(bicubic(tile) if clean else validation.degrade(tile, index), tile)
        for index, tile in enumerate(np.asarray(shard.tiles))
    ]


def psnr(nano: Nano, pairs: list[Pair]) -> float:
    """Mean PSNR-Y in dB over the pairs, rounded to 8 bits, border of 2 cut."""
    return float(np.mean([psnr_y(output, pair.high, border=SCALE) for output, pair in _outputs(nano, pairs)]))


@torch.no_grad()
def perceptual(nano: Nano, pairs: list[Pair], judge: Dists) -> Figures:
    """All figures; DISTS of the middle `MIDDLE` x `MIDDLE` pixels at their size, which keeps a validation short."""
    device = next(nano.parameters()).device
    rows: list[tuple[float, float, float]] = []
    for output, (_, high) in _outputs(nano, pairs):
        seen, target = (_middle(picture, device) for picture in (output, high))
        rows.append((psnr_y(output, high, border=SCALE), float(judge(seen, target)), colour_shift(output, high)))
    psnrs, distances, shifts = zip(*rows, strict=True)
    return Figures(float(np.mean(psnrs)), float(np.mean(distances)), max(shifts))


def _outputs(nano: Nano, pairs: list[Pair]) -> Iterator[tuple[NDArray[np.uint8], Pair]]:
    with torch.no_grad():
        network, device = fuse(nano), next(nano.parameters()).device
    for pair in pairs:
        yield enlarge(network, pair.low, device), pair


def _middle(picture: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    top, left = (max(0, (side - MIDDLE) // 2) for side in picture.shape[:2])
    crop = picture[top : top + MIDDLE, left : left + MIDDLE].copy()
    return torch.from_numpy(crop).to(device).permute(2, 0, 1)[None].float() / 255


@torch.no_grad()
def enlarge(
    network: Callable[[torch.Tensor], torch.Tensor], low: NDArray[np.uint8], device: torch.device
) -> NDArray[np.uint8]:
    """uint8 HWC through a network of `[N,3,H,W]` in [0,1], and back."""
    x = torch.from_numpy(low.copy()).to(device).permute(2, 0, 1)[None].float() / 255
    y = network(x)[0].permute(1, 2, 0)
    return (y.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
