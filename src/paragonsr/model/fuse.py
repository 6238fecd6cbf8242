"""The generator as it is released: plain 3x3 convolutions, the last to luma's four phases, the base beside them.

`fuse` is differentiable, and training runs `Fused` with gradients flowing through it into the definition: the
over-parameterised blocks cost nothing per pixel, and the trained network and the shipped one are one function.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from paragonsr.model import magic
from paragonsr.model.generator import SCALE, SLOPE, TAIL_TAPS, LinearBlock, Nano


class Convolution(NamedTuple):
    """An unpadded convolution: `weight [outputs,inputs,k,k]` and `bias [outputs]`."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """`[N,inputs,H,W]` -> `[N,outputs,H-k+1,W-k+1]`."""
        return F.conv2d(x, self.weight.contiguous(memory_format=torch.channels_last), self.bias)


class Fused(NamedTuple):
    """The released network: `body` (each followed by LeakyReLU) and `tail`, whose channels are the 4 phases of luma."""

    body: list[Convolution]
    tail: Convolution

    @property
    def radius(self) -> int:
        """How far, in input pixels, an output pixel looks."""
        return max(magic.BASE_RADIUS, self.reach)

    @property
    def reach(self) -> int:
        """The part of the radius that the learned layers account for."""
        return sum(layer.weight.shape[-1] // 2 for layer in (*self.body, self.tail))

    @property
    def parameters(self) -> int:
        """Learned numbers in the released graph."""
        return sum(layer.weight.numel() + layer.bias.numel() for layer in (*self.body, self.tail))

    def __call__(self, x: Tensor) -> Tensor:
        """`[N,3,H,W]` -> `[N,3,2H,2W]`, the picture extended by its edge pixels."""
        return self.inner(F.pad(x, (self.radius,) * 4, mode="replicate"))

    def inner(self, x: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """`[N,3,H,W]` -> `[N,3,2(H-2r),2(W-2r)]` for radius r: the rim of the input is real context.

        The learned layers run under autocast to `dtype` if one is given; base and sum stay in float32.
        """
        features = crop(x, self.radius - self.reach).contiguous(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, dtype=dtype, enabled=dtype is not None):
            for layer in self.body:
                features = F.leaky_relu(layer(features), SLOPE)
            detail = self.tail(features)
        base = magic.enlarge(crop(x, self.radius - magic.BASE_RADIUS))
        return base + F.pixel_shuffle(detail.to(x.dtype), SCALE)  # the same for R, G and B


def crop(x: Tensor, rim: int) -> Tensor:
    """`x` without `rim` pixels on every side."""
    return x[:, :, rim : x.shape[2] - rim, rim : x.shape[3] - rim]


def fuse(nano: Nano) -> Fused:
    """The network in released form: the same function, in the dtype of its parameters, differentiable in them."""
    body = [_collapse(block) for block in nano.blocks]
    fold = magic.phases(TAIL_TAPS).to(nano.tail)
    weight = torch.einsum("aik,bjl,ockl->oabcij", fold, fold, nano.tail).flatten(0, 2)
    flat = nano.tail.new_zeros(3)  # any colour: the head does not see flat fields
    for layer in body:
        flat = F.leaky_relu(layer.weight.sum((2, 3)) @ flat + layer.bias, SLOPE)
    bias = -(nano.tail.sum((2, 3)) @ flat)
    return Fused(body, Convolution(weight, bias.expand(SCALE * SCALE)))


def _collapse(block: LinearBlock) -> Convolution:
    """3x3 to many channels, 1x1 back and the identity, as one 3x3."""
    weight = torch.einsum("oe,eikl->oikl", block.project, block.expansion())
    if block.identity:
        one = torch.eye(weight.shape[0], dtype=weight.dtype, device=weight.device)
        weight = weight + F.pad(one[:, :, None, None], (1, 1, 1, 1))
    return Convolution(weight, block.bias)
