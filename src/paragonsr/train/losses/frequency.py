"""Focal frequency loss (Jiang et al. 2021): the frequencies that are wrong most count most."""

import torch
from torch import Tensor, nn


class Frequency(nn.Module):
    """The mean of w |F(output) - F(target)|^2 over the orthonormal spectra of `[N,3,H,W]` pictures in [0,1].

    w is |F(output) - F(target)|, divided by its largest value in each plane and held constant (equations 8 and 9,
    alpha = 1). A scalar, 0 at the target; in float32 at least.
    """

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """See the class."""
        power = self.power(output, target)
        weight = power.detach().sqrt()
        weight = weight / weight.amax((2, 3), keepdim=True).clamp(min=torch.finfo(weight.dtype).tiny)
        return (weight * power).mean()

    def power(self, output: Tensor, target: Tensor) -> Tensor:
        """|F(output) - F(target)|^2, `[N,3,H,W]`."""
        dtype = torch.promote_types(output.dtype, torch.float32)
        with torch.autocast(output.device.type, enabled=False):
            spectrum = torch.fft.fft2(output.to(dtype) - target.to(dtype), norm="ortho")
            return spectrum.real.square() + spectrum.imag.square()
