"""The exponential moving average of a network."""

import torch
from torch import nn


@torch.no_grad()
def update(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move every floating tensor of `average`'s state, buffers too, towards `network`'s; copy the others.

    The decay of step n (from 0) is at most (1 + n) / (10 + n), so that the start is soon forgotten.
    """
    rate = 1 - min(decay, (1 + step) / (10 + step))
    source = network.state_dict()
    for name, tensor in average.state_dict().items():
        if tensor.is_floating_point():
            tensor.lerp_(source[name], rate)
        else:
            tensor.copy_(source[name])
