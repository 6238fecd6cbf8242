"""RpGAN with R1 and R2 as in R3GAN (Huang et al. 2024), for discriminators that judge every pixel at several scales."""

import torch
import torch.nn.functional as F
from torch import Tensor

Logits = list[Tensor]
"""One `[N,1,h,w]` for each scale."""


def generator(real: Logits, fake: Logits) -> Tensor:
    """softplus(-(D(fake) - D(real))): paired, mean over pixels, then over scales. A scalar in float32 at least."""
    return _relativistic(fake, real)


def discriminator(real: Logits, fake: Logits) -> Tensor:
    """softplus(-(D(real) - D(fake))), the mirror of `generator`."""
    return _relativistic(real, fake)


def _relativistic(up: Logits, down: Logits) -> Tensor:
    dtype = torch.promote_types(up[0].dtype, torch.float32)
    scales = [F.softplus(y.to(dtype) - x.to(dtype)).mean() for x, y in zip(up, down, strict=True)]
    return torch.stack(scales).mean()


def squared_slopes(pictures: Tensor, logits: Logits) -> Tensor:
    """The squared norm of the gradient of each picture's mean logit, `[N]`: what R1 and R2 keep small.

    The mean is over all of a picture's logits, whatever their scale. `logits` must have come from `pictures`, in
    float32 at least; the result can be differentiated again.
    """
    count = sum(scale[0].numel() for scale in logits)
    total = torch.stack([scale.sum() for scale in logits]).sum() / count
    (slope,) = torch.autograd.grad(total, pictures, create_graph=True)
    return slope.square().sum((1, 2, 3))


def judged_rightly(real: Logits, fake: Logits) -> Tensor:
    """The share of pixels, mean over scales, at which the real picture is judged the more real; 0.5 is chance."""
    return torch.stack([(x > y).float().mean() for x, y in zip(real, fake, strict=True)]).mean()
