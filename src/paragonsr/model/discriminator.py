"""MUNet: a U-Net that judges, for every pixel and at several scales, how real a picture looks.

On the way up the only enlargement is the exact Magic Kernel Sharp one, fixed, so that the judge's own gradients
leave no grid. It looks at luma alone: the generator's detail is luma, and its chroma, which nothing could mend, would
give it away at once.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.model import magic

SLOPE = 0.2
LUMA = (0.299, 0.587, 0.114)
GROWTH = (1, 3, 6, 8, 8)  # widths of the levels, in multiples of the first: most pixels, fewest channels
HEADS = 3  # scales with logits: 1, 1/2 and 1/4


class MUNet(nn.Module):
    """`[N,3,H,W]` RGB in [0,1] -> logits `[N,1,H,W]`, `[N,1,H/2,W/2]` and `[N,1,H/4,W/4]`; sides multiples of 16."""

    luma: Tensor

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        widths = [width * factor for factor in GROWTH]
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.head = nn.Conv2d(1, width, 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in itertools.pairwise(widths))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 3, padding=1) for a, b in itertools.pairwise(widths))
        self.merge = nn.ModuleList(nn.Conv2d(2 * a, a, 3, padding=1) for a in widths[:-1])
        self.logits = nn.ModuleList(nn.Conv2d(a, 1, 3, padding=1) for a in widths[:HEADS])

    @property
    def multiple(self) -> int:
        """What a picture's sides must be multiples of."""
        return 2 ** len(self.down)

    def forward(self, x: Tensor) -> list[Tensor]:
        """See the class. Raises ValueError for other sides."""
        if any(side % self.multiple for side in x.shape[2:]):
            raise ValueError(f"the sides must be multiples of {self.multiple}, not {tuple(x.shape[2:])}")
        x = 2 * (x * self.luma).sum(1, keepdim=True) - 1
        levels = [_active(self.head, x.contiguous(memory_format=torch.channels_last))]
        for layer in self.down:
            levels.append(_active(layer, levels[-1]))
        logits: list[Tensor] = []
        x = levels.pop()
        for level in reversed(range(len(levels))):
            x = _active(self.up[level], enlarge(x))
            x = _active(self.merge[level], torch.cat((x, levels[level]), 1))
            if level < HEADS:
                logits.append(self.logits[level](x))
        return logits[::-1]


def enlarge(x: Tensor) -> Tensor:
    """`[N,C,H,W]` -> `[N,C,2H,2W]`, channels last: Magic Kernel Sharp 2021, the edges extended; nothing is learned."""
    count, channels, height, width = x.shape
    down, across = magic.matrix(height).to(x), magic.matrix(width).to(x)
    rows = down @ x.permute(0, 2, 3, 1).reshape(count, height, width * channels)
    return (across @ rows.view(count, 2 * height, width, channels)).permute(0, 3, 1, 2)


def _active(layer: nn.Module, x: Tensor) -> Tensor:
    return F.leaky_relu(layer(x), SLOPE)
