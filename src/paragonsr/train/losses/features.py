"""The distance of pictures in a feature space."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Features(nn.Module):
    """The weighted mean absolute difference of stages: `weights` by the stage's place, from 1.

    Takes what a feature space saw in output and target, so that one look serves several losses. A scalar, 0 at the
    target; in float32 at least.
    """

    def __init__(self, weights: dict[int, float]) -> None:
        super().__init__()
        self.weights = weights

    @property
    def depth(self) -> int:
        """How many stages must be looked at."""
        return max(self.weights)

    def forward(self, output: list[Tensor], target: list[Tensor]) -> Tensor:
        """See the class."""
        terms = [
            weight * F.l1_loss(wide(output[stage - 1]), wide(target[stage - 1]))
            for stage, weight in self.weights.items()
        ]
        return torch.stack(terms).sum()


def wide(x: Tensor) -> Tensor:
    """At least float32, whatever autocast made of it."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
