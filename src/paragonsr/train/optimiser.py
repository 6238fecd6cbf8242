"""AdamW and its learning rate."""

import math

import torch
from torch import nn

from paragonsr.train.config import Optimiser

Schedule = tuple[torch.optim.Optimizer, Optimiser]
"""An optimiser, and the settings that say its learning rate at each step."""


def adamw(config: Optimiser, network: nn.Module) -> torch.optim.AdamW:
    """The optimiser of a network's parameters."""
    return torch.optim.AdamW(
        network.parameters(), lr=config.rate, betas=(config.beta1, config.beta2), weight_decay=config.decay
    )


def rate(config: Optimiser, step: int, steps: int) -> float:
    """The learning rate of a step (from 0): linear warm-up, then a cosine from `rate` to `final * rate`."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return config.rate * min(1.0, (step + 1) / config.warmup) * (config.final + (1 - config.final) * cosine)
