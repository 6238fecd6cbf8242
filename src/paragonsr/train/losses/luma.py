"""Luma, of which MS-SSIM and overshoot are computed."""

from torch import Tensor

BT601 = (0.299, 0.587, 0.114)


def luma(rgb: Tensor) -> Tensor:
    """`[N,3,H,W]` -> `[N,1,H,W]`, BT.601 in full range."""
    return (rgb * rgb.new_tensor(BT601).view(1, 3, 1, 1)).sum(1, keepdim=True)
