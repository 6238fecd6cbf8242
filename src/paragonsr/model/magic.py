"""Magic Kernel Sharp 2021 at exactly 2x, as layers.

The kernel (J. Costella, "The Magic Kernel") is the quadratic B-spline after a discrete sharpening filter, and both
are exact short filters when a picture is doubled: seven taps on the input's grid; then every pixel four times, and
five taps on the output's grid. Every function takes NCHW float tensors and works on the valid part only, so whoever
calls brings the context.
"""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

SHARPEN = (-1 / 144, 6 / 144, -35 / 144, 204 / 144, -35 / 144, 6 / 144, -1 / 144)
SMOOTH = (1 / 32, 8 / 32, 14 / 32, 8 / 32, 1 / 32)
DOUBLE = (1 / 32, 9 / 32, 22 / 32, 22 / 32, 9 / 32, 1 / 32)  # each pixel twice, then SMOOTH
SHARPEN_RADIUS = 3
DOUBLE_RADIUS = 1  # in input pixels
BASE_RADIUS = SHARPEN_RADIUS + DOUBLE_RADIUS


def sharpen(x: Tensor) -> Tensor:
    """`[N,C,H,W]` -> `[N,C,H-6,W-6]`: each channel under the seven taps, down and across."""
    channels = x.shape[1]
    taps = x.new_tensor(SHARPEN)
    down = taps.view(1, 1, 7, 1).expand(channels, 1, 7, 1)
    across = taps.view(1, 1, 1, 7).expand(channels, 1, 1, 7)
    return F.conv2d(F.conv2d(x, down, groups=channels), across, groups=channels)


def double(x: Tensor) -> Tensor:
    """`[N,C,H,W]` -> `[N,C,2H-4,2W-4]`: the B-spline enlargement, one input pixel short on every side."""
    channels = x.shape[1]
    taps = x.new_tensor(DOUBLE)
    kernel = torch.outer(taps, taps).expand(channels, 1, 6, 6)
    # Tap t of input pixel i lands on output pixel 2i + t - 2; the outer two on each side miss a neighbour.
    return F.conv_transpose2d(x, kernel, stride=2, groups=channels, padding=4)


def repeat(x: Tensor) -> Tensor:
    """`[N,C,H,W]` -> `[N,C,2H,2W]`: each pixel four times."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def enlarge(x: Tensor) -> Tensor:
    """`[N,C,H,W]` -> `[N,C,2H-16,2W-16]`: the exact enlargement of all but a rim of `BASE_RADIUS` pixels."""
    return double(sharpen(x))


@cache
def matrix(side: int) -> Tensor:
    """The exact enlargement of `side` samples, extended by the edge ones, as a matrix `[2 side, side]`, float64.

    On wide layers two products with it are much faster than the filters, and their gradients' gradients too.
    """
    one = torch.eye(side, dtype=torch.float64)[:, None, :, None]
    return enlarge(F.pad(one, (BASE_RADIUS,) * 4, mode="replicate"))[:, 0, :, 0].T.contiguous()


def phases(taps: int) -> Tensor:
    """How a repeated picture under `taps` (odd) fine taps is seen from the coarse grid: `[2, reach, taps]`, float64.

    Entry `[p, i, k]` is 1 where fine tap `k` of output phase `p` falls on input pixel `i - reach//2`, else 0.
    One matrix an axis folds "repeat, then convolve" into one coarse convolution with 2 x 2 phases, exactly.
    """
    side = (taps // 2 + 1) // 2
    fold = torch.zeros(2, 2 * side + 1, taps, dtype=torch.float64)
    for phase in range(2):
        for tap in range(taps):
            fold[phase, side + (phase + tap - taps // 2) // 2, tap] = 1
    return fold
