"""What must not change on the way to sharpness: brightness and colour."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TAPS, SIGMA = 21, 3.0
DELTA = 0.03  # of the Huber distance: about 8/255
LINEAR_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LMS_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


class Consistency(nn.Module):
    """Blurred luma, Oklab chroma and mean colour of `[N,3,H,W]` pictures in [0,1]; sides from 21 up.

    The sum of: Huber distance plus half of one minus the cosine similarity, of CIE lightness under a Gaussian of 21
    taps and sigma 3 (its valid part) and of Oklab's a and b (Ottosson 2020); and the absolute difference of each
    picture's mean colour. A scalar, 0 at the target; in float32 at least.
    """

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        offsets = torch.arange(TAPS, dtype=torch.float64) - TAPS // 2
        window = torch.exp(-(offsets**2) / (2 * SIGMA**2))
        self.register_buffer("window", window / window.sum(), persistent=False)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """See the class."""
        dtype = torch.promote_types(output.dtype, torch.float32)
        with torch.autocast(output.device.type, enabled=False):
            x, y = output.to(dtype), target.to(dtype)
            colour = (x.mean((2, 3)) - y.mean((2, 3))).abs().mean()
            x, y = linear(x), linear(y)
            return _distance(self.blur(lightness(x)), self.blur(lightness(y))) + _distance(ab(x), ab(y)) + colour

    def blur(self, x: Tensor) -> Tensor:
        """`[N,1,H,W]` -> `[N,1,H-20,W-20]` under the Gaussian."""
        taps = self.window.to(x.dtype)
        return F.conv2d(F.conv2d(x, taps.view(1, 1, -1, 1)), taps.view(1, 1, 1, -1))


def linear(srgb: Tensor) -> Tensor:
    """sRGB's transfer function undone (IEC 61966-2-1); below 0 and above 1 its ends go on, so that slopes survive."""
    power = ((srgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(srgb <= 0.04045, srgb / 12.92, power)


def lightness(rgb: Tensor) -> Tensor:
    """`[N,3,H,W]` linear -> `[N,1,H,W]`, CIE L* / 100 of BT.709's luminance, its linear toe going on below 0."""
    y = (rgb * rgb.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    toe = (6 / 29) ** 3
    root = y.clamp(min=toe) ** (1 / 3)
    return 1.16 * torch.where(y <= toe, y * (29 / 6) ** 2 / 3 + 4 / 29, root) - 0.16


def ab(rgb: Tensor) -> Tensor:
    """`[N,3,H,W]` linear -> `[N,2,H,W]`, Oklab's a and b."""
    lms = torch.einsum("ij,njhw->nihw", rgb.new_tensor(LINEAR_TO_LMS), rgb)
    # The cube root is vertical at 0: below 1e-4 a line of its slope there takes its place.
    knee = 1e-4
    root = torch.where(
        lms <= knee, knee ** (1 / 3) + (lms - knee) / (3 * knee ** (2 / 3)), lms.clamp(min=knee).pow(1 / 3)
    )
    return torch.einsum("ij,njhw->nihw", rgb.new_tensor(LMS_TO_LAB)[1:], root)


def _distance(x: Tensor, y: Tensor) -> Tensor:
    huber = F.huber_loss(x, y, delta=DELTA) / DELTA
    x, y = x.flatten(1), y.flatten(1)
    floor = 1e-4 * x.shape[1]  # so that two gray pictures have equal chroma, not undefined
    norms = ((x.square().sum(1) + floor) * (y.square().sum(1) + floor)).sqrt()
    return huber + 0.5 * (1 - ((x * y).sum(1) + floor) / norms).mean()
