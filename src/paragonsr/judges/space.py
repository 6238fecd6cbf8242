"""Feature spaces: what a network sees in pictures, on the way and in the end."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


class Look(NamedTuple):
    """The outputs `[N,C,h,w]` of the stages, first to deepest, and the embedding `[N,E]` if it was asked for."""

    stages: list[Tensor]
    embedding: Tensor | None


class Space(Protocol):
    """A network that looks at `[N,3,H,W]` pictures in [0,1]: its first `depth` stages, and its embedding if `embed`.

    `depths` counts its stages; one of 0 has an embedding only, and `embeds` says whether it has one.
    """

    depths: int
    embeds: bool

    def __call__(self, x: Tensor, depth: int, *, embed: bool) -> Look:
        """See the class."""
        ...


def normalise(x: Tensor, mean: tuple[float, ...] = MEAN, std: tuple[float, ...] = STD) -> Tensor:
    """`[N,3,H,W]` in [0,1] to the mean and the deviation a network was trained with."""
    shift = torch.tensor(mean, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
    scale = torch.tensor(std, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
    return (x - shift) / scale
