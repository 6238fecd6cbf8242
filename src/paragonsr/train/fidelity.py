"""Stage 1: one step of plain regression, L1 and a little MS-SSIM."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from paragonsr.errors import TrainingError
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import Nano

Terms = dict[str, tuple[float, Callable[[Tensor, Tensor], Tensor]]]


def step(nano: Nano, optimiser: Optimizer, terms: Terms, low: Tensor, high: Tensor, *, clip: float) -> dict[str, float]:
    """One update from `low [B,3,P+2r,P+2r]` to `high [B,3,2P,2P]`, both uint8, r the network's radius.

    Each term of the loss is weighted here and nowhere else. Returns every term's unweighted value, their weighted
    sum `loss` and the gradient's norm before clipping. Raises TrainingError, before the update, naming what is
    not finite.
    """
    dtype = torch.bfloat16 if low.device.type == "cuda" else None
    target = high.float() / 255
    output = fuse(nano).inner(low.float() / 255, dtype)
    values = {name: term(output, target) for name, (_, term) in terms.items()}
    loss = torch.stack([weight * values[name] for name, (weight, _) in terms.items()]).sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(nano.parameters(), clip)
    report = {**values, "loss": loss, "gradient": norm}
    figures = dict(zip(report, torch.stack([value.detach() for value in report.values()]).tolist(), strict=True))
    if wrong := [name for name, value in figures.items() if value - value != 0]:
        raise TrainingError(f"not finite: {', '.join(wrong)} (of {figures}); lower the learning rate")
    optimiser.step()
    return figures
