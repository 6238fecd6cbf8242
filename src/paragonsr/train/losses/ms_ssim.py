"""Multi-scale structural similarity as a loss."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.train.losses.luma import luma

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
TAPS, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


class MsSsim(nn.Module):
    """1 - MS-SSIM of luma (Wang, Simoncelli and Bovik 2003, eq. 7), for `[N,3,H,W]` pictures in [0,1].

    The paper's five scales need a side of 176; trainings use the first three with their weights rescaled to sum
    to 1, which a side of 44 satisfies. Returns a scalar in [0, 2]; computed in float32 (float64 for float64 pictures)
    under autocast too. Raises ValueError when the picture is too small for the scales.
    """

    weights: Tensor
    window: Tensor

    def __init__(self, scales: int = 3) -> None:
        super().__init__()
        weights = torch.tensor(WEIGHTS[:scales])
        offsets = torch.arange(TAPS, dtype=torch.float64) - TAPS // 2
        window = torch.exp(-(offsets**2) / (2 * SIGMA**2))
        self.register_buffer("weights", weights / weights.sum(), persistent=False)
        self.register_buffer("window", (window / window.sum()).float(), persistent=False)

    @property
    def side(self) -> int:
        """The smallest height and width, in pixels, that hold the window at every scale."""
        return TAPS * 2 ** (len(self.weights) - 1)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """See the class."""
        scales = len(self.weights)
        if min(output.shape[-2:]) < self.side:
            raise ValueError(f"{scales} scales need a side of {self.side}, not {tuple(output.shape[-2:])}")
        dtype = torch.promote_types(output.dtype, torch.float32)
        with torch.autocast(output.device.type, enabled=False):
            x, y = luma(output.to(dtype)), luma(target.to(dtype))
            product = x.new_ones(x.shape[0])
            for scale, weight in enumerate(self.weights):
                luminance, contrast = self._similarity(x, y)
                last = scale == scales - 1
                term = (luminance * contrast if last else contrast).mean((1, 2, 3))
                product = product * term.clamp(min=1e-6) ** weight
                x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
            return 1 - product.mean()

    def _similarity(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The luminance and the contrast-structure maps (Wang et al. 2004, eqs. 6 and 13), valid region."""
        moments = torch.cat((x, y, x * x, y * y, x * y), 1)
        down, across = (self._band(length, x.dtype) for length in x.shape[-2:])
        mx, my, xx, yy, xy = (down @ moments @ across.T).split(1, 1)
        luminance = (2 * mx * my + C1) / (mx * mx + my * my + C1)
        contrast = (2 * (xy - mx * my) + C2) / (xx - mx * mx + yy - my * my + C2)
        return luminance, contrast

    def _band(self, length: int, dtype: torch.dtype) -> Tensor:
        """The window along an axis as a matrix `[length-10,length]`: on a CPU half the time of a convolution."""
        rows = length - TAPS + 1
        shifted = F.pad(self.window.to(dtype).expand(rows, TAPS), (0, rows))  # a row too long shifts the next by one
        return shifted.flatten()[: rows * length].view(rows, length)
