"""What a network sees in pictures, on the way and in the end."""

from typing import NamedTuple

import torch
from torch import Tensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


class Look(NamedTuple):
    """The outputs `[N,C,h,w]` of the stages, first to deepest, and the embedding `[N,E]` if it was asked for."""

    stages: list[Tensor]
    embedding: Tensor | None = None


def normalise(x: Tensor, mean: tuple[float, ...] = MEAN, std: tuple[float, ...] = STD) -> Tensor:
    """`[N,3,H,W]` in [0,1] to the mean and the deviation a network was trained with."""
    shift = torch.tensor(mean, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
    scale = torch.tensor(std, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
    return (x - shift) / scale
