"""Winograd's convolution: a 3x3 filter with a quarter of the multiplications, for frozen networks on a processor.

F(4x4, 3x3) of Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.3: a tile of 4x4
results from 6x6 pixels, Y = A' [(G g G') * (B' d B)] A. The product in the middle is one matrix product over the
channels for each of its 36 places. The numbers are those of the plain convolution but for rounding, some 1e-5 of the
largest. (PyTorch multiplies out all nine taps on processors without AVX-512.)
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_SIDE = 4  # of a tile of results
_SEEN = 6  # of what a tile is computed from
_TILES = 256  # at once, so that what is in work stays in the processor's cache

_B = ((4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0))
_B += ((0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1))
_G = ((1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6))
_G += ((1 / 24, 1 / 12, 1 / 6), (1 / 24, -1 / 12, 1 / 6), (0, 0, 1))
_A = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


class Winograd(nn.Module):
    """What a 3x3 convolution with stride 1 and padding 1 makes of `[N,C,H,W]`, without gradients.

    Its result, like a convolution's whose filters are in that order, has the channels of a pixel side by side.
    """

    filters: Tensor
    bias: Tensor
    before: Tensor
    after: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        assert fits(conv), "another convolution than this one replaces"
        assert conv.bias is not None
        weight = conv.weight.detach()
        g = torch.tensor(_G, dtype=torch.float64, device=weight.device)
        filters = torch.einsum("ai,ocij,bj->abco", g, weight.double(), g).reshape(_SEEN**2, *weight.shape[1::-1])
        self.register_buffer("filters", filters.to(weight.dtype).contiguous())
        self.register_buffer("bias", conv.bias.detach())
        self.register_buffer("before", torch.tensor(_B, dtype=weight.dtype, device=weight.device))
        self.register_buffer("after", torch.tensor(_A, dtype=weight.dtype, device=weight.device))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        count, channels, height, width = x.shape
        down, along = -(-height // _SIDE), -(-width // _SIDE)
        made = x.new_empty(count, down, _SIDE, along, _SIDE, len(self.bias))
        padded = x.new_empty(_SIDE * down + 2, _SIDE * along + 2, channels)
        for edge in (padded[:1], padded[height + 1 :], padded[:, :1], padded[:, width + 1 :]):
            edge.zero_()
        step = max(1, _TILES // along)
        for picture, result in zip(x, made, strict=True):
            padded[1 : height + 1, 1 : width + 1] = picture.permute(1, 2, 0)
            for start in range(0, down, step):
                self._band(padded[_SIDE * start :], result[start : start + step])
        whole = made.view(count, _SIDE * down, _SIDE * along, -1)
        return whole[:, :height, :width].permute(0, 3, 1, 2)

    def _band(self, padded: Tensor, result: Tensor) -> None:
        """Some rows of tiles `[n,4,along,4,K]` from the pixels `[>=4n+2,4*along+2,C]` that they begin with.

        The rows are transformed by a matrix product, the columns, whose pixels lie apart, by sums of whole slices.
        """
        count, _, along, _, made = result.shape
        _, width, channels = padded.shape
        row = width * channels
        rows = padded.as_strided((count, _SEEN, row), (_SIDE * row, row, 1))
        seen = torch.bmm(self.before.expand(count, -1, -1), rows).view(count, _SEEN, width, channels)
        tiles = seen.new_empty(_SEEN, _SEEN, count, along, channels)
        last = _SIDE * (along - 1) + 1
        columns = [seen[:, :, place : place + last : _SIDE] for place in range(_SEEN)]
        _before(columns, tiles.permute(1, 2, 0, 3, 4))
        products = torch.bmm(tiles.view(_SEEN**2, -1, channels), self.filters)
        sums = torch.mm(self.after, products.view(_SEEN, -1)).view(_SIDE, _SEEN, count, along, made)
        sums[:, 1] += self.bias  # which enters each of the four results of its row once
        _after(sums.unbind(1), result.permute(3, 1, 0, 2, 4))


def fits(module: nn.Module) -> bool:
    """Whether a module is a convolution that this one can replace, and so wide that it pays."""
    return (
        isinstance(module, nn.Conv2d)
        and (module.kernel_size, module.stride, module.padding) == ((3, 3), (1, 1), (1, 1))
        and (module.dilation, module.groups, module.padding_mode) == ((1, 1), 1, "zeros")
        and module.bias is not None
        and module.in_channels >= 64
        and module.out_channels >= 128
    )


def replace(network: nn.Module) -> None:
    """Put this convolution in the place of every one that it fits, in a frozen network."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d) and fits(child):
                setattr(module, name, Winograd(child))


def _before(d: Sequence[Tensor], out: Tensor) -> None:
    """`out[i]` = the sum over j of `_B[i][j]` d[j]."""
    even, odd = torch.sub(d[4], d[2], alpha=4), torch.sub(d[3], d[1], alpha=4)
    torch.add(even, odd, out=out[1])
    torch.sub(even, odd, out=out[2])
    torch.sub(d[4], d[2], out=even)
    torch.sub(d[3], d[1], out=odd)
    torch.add(even, odd, alpha=2, out=out[3])
    torch.sub(even, odd, alpha=2, out=out[4])
    torch.add(even, torch.sub(d[0], d[2]), alpha=4, out=out[0])
    torch.sub(torch.sub(d[5], d[3]), odd, alpha=4, out=out[5])


def _after(m: Sequence[Tensor], out: Tensor) -> None:
    """`out[i]` = the sum over j of `_A[i][j]` m[j]."""
    near, near_apart, far, far_apart = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
    torch.add(near, far, out=out[0])
    out[0] += m[0]
    torch.add(near_apart, far_apart, alpha=2, out=out[1])
    torch.add(near, far, alpha=4, out=out[2])
    torch.add(near_apart, far_apart, alpha=8, out=out[3])
    out[3] += m[5]
