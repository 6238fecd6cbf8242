"""ParagonSR2 Nano, 2x: detail added to an exact Magic Kernel Sharp 2021 enlargement of the input.

This file is the definition, written to be read. The same function in the few operators of the release is
`paragonsr.model.fuse`, which is also what training runs, so that what ships is what was trained.

    input ------------------------- sharpen -- each pixel four times -- smooth --------------------------- + -- output
      `-- head -- lrelu -- layers x (3x3 -- lrelu) -- each pixel four times -- 5x5 to luma at output size --'

- The detail is luma: one plane, the same for R, G and B. So gray stays gray and no colour can drift, by construction,
  and the whole network works for what eyes look at; detail of its own for each channel gained nothing (decision 7).
- The head's kernels have no response to a flat field, and the detail's answer to one is taken off at the end, so a
  flat colour comes out as it went in, by construction and not by training.
- Magic Kernel's doubling is exactly "each pixel four times, then five taps". The base keeps the taps; for the features
  they are only where training begins, because fixed they cost 0.2 to 0.3 dB on sharp edges (decision 4). All four
  phases of the output see one convolution, so they have equal gain and no checkerboard can be learned.
- No layer pads: the picture is extended once by its edge pixels and only shrinks after that.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.model import magic
from paragonsr.model.config import Model

ARCHITECTURE = "paragonsr-nano-1"
SCALE = 2
SLOPE = 0.1  # of the activation below zero
TAIL_TAPS = len(magic.SMOOTH)
TAIL_RADIUS = magic.DOUBLE_RADIUS


class LinearBlock(nn.Module):
    """A 3x3 convolution trained as 3x3 to many channels, then 1x1 back (Bhardwaj et al. 2022, "Collapsible linear
    blocks for super-efficient super resolution"), plus the identity where the sizes allow.

    `[N,inputs,H,W]` -> `[N,outputs,H-2,W-2]`. Linear throughout, so it *is* one 3x3 convolution.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, *, flat_blind: bool = False) -> None:
        super().__init__()
        self.expand = nn.Parameter(torch.randn(expansion, inputs, 3, 3) * (9 * inputs) ** -0.5)
        self.project = nn.Parameter(torch.randn(outputs, expansion) * expansion**-0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.identity = inputs == outputs
        self.flat_blind = flat_blind

    def expansion(self) -> Tensor:
        """The 3x3 kernels `[expansion,inputs,3,3]`; without a mean where flat fields must not be seen."""
        return self.expand - self.expand.mean((2, 3), keepdim=True) if self.flat_blind else self.expand

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        y = F.conv2d(F.conv2d(x, self.expansion()), self.project[:, :, None, None], self.bias)
        return y + x[:, :, 1:-1, 1:-1] if self.identity else y


class Nano(nn.Module):
    """The generator: `[N,3,H,W]` RGB in [0,1] -> `[N,3,2H,2W]`, not clipped; any H and W from 1 up."""

    def __init__(self, config: Model) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        self.head = LinearBlock(3, width, config.expansion, flat_blind=True)
        self.body = nn.ModuleList(LinearBlock(width, width, config.expansion) for _ in range(config.layers))
        taps = torch.tensor(magic.SMOOTH)
        self.tail = nn.Parameter(torch.randn(1, width, 1, 1) * 1e-2 * torch.outer(taps, taps))

    @property
    def blocks(self) -> list[LinearBlock]:
        """The head and the body, in order."""
        return cast("list[LinearBlock]", [self.head, *self.body])

    @property
    def radius(self) -> int:
        """How far, in input pixels, an output pixel looks."""
        return max(magic.BASE_RADIUS, len(self.blocks) + TAIL_RADIUS)

    def detail(self, x: Tensor) -> Tensor:
        """`[N,3,H,W]` -> `[N,1,2H,2W]`: what is added to the enlargement, flat answer still in it."""
        x = F.pad(x, (len(self.blocks) + TAIL_RADIUS,) * 4, mode="replicate")
        for block in self.blocks:
            x = F.leaky_relu(block(x), SLOPE)
        return F.conv2d(magic.repeat(x), self.tail)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        base = magic.enlarge(F.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate"))
        flat = self.detail(x.new_zeros(1, 3, 1, 1)).mean((2, 3), keepdim=True)
        return base + self.detail(x) - flat
