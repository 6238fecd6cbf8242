"""Halos, the price of sharpness: luma beyond everything that the target holds around."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.train.losses.luma import luma


class Overshoot(nn.Module):
    """Mean excess of luma over the target's 3x3 maximum or under its 3x3 minimum, pictures `[N,3,H,W]` in [0,1].

    What `imaging.metrics.overshoot` measures, as a slope: luma is BT.601's in full range, the outermost pixels have no
    say. A scalar, 0 at the target and wherever nothing overshoots; in float32 at least.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """See the class."""
        dtype = torch.promote_types(output.dtype, torch.float32)
        with torch.autocast(output.device.type, enabled=False):
            inner, y = luma(output.to(dtype))[..., 1:-1, 1:-1], luma(target.to(dtype))
            highest, lowest = F.max_pool2d(y, 3, 1), -F.max_pool2d(-y, 3, 1)
            return (F.relu(inner - highest) + F.relu(lowest - inner)).mean()
