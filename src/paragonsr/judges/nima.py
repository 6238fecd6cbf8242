"""NIMA, how much people would like a picture (Talebi and Milanfar 2018): MobileNet v1, trained by idealo on AVA."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from paragonsr.judges import state

SIDE = 224
GRADES = 10
_EPSILON = 1e-3
_WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


class Nima(nn.Module):
    """MobileNet v1 (Howard et al. 2017, table 1) and a softmax over the grades 1 to 10."""

    grades: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, _WIDTHS[0], 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(_WIDTHS[0], eps=_EPSILON)
        for n, stride in enumerate(_STRIDES, 1):
            before, after = _WIDTHS[n - 1], _WIDTHS[n]
            self.add_module(f"dw{n}", nn.Conv2d(before, before, 3, stride, padding=1, groups=before, bias=False))
            self.add_module(f"dwbn{n}", nn.BatchNorm2d(before, eps=_EPSILON))
            self.add_module(f"pw{n}", nn.Conv2d(before, after, 1, bias=False))
            self.add_module(f"pwbn{n}", nn.BatchNorm2d(after, eps=_EPSILON))
        self.fc = nn.Linear(_WIDTHS[-1], GRADES)
        self.register_buffer("grades", torch.arange(1.0, GRADES + 1)[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """RGB [N, 3, 224, 224] in [0, 1] to the mean grade [N], the sum of i p_i, in 1 to 10."""
        return torch.flatten(torch.matmul(self.distribution(x), self.grades), 0)

    def distribution(self, x: Tensor) -> Tensor:
        """RGB [N, 3, 224, 224] in [0, 1] to the shares of the grades [N, 10]."""
        x = functional.relu6(self.bn1(self.conv1(2 * x - 1)))
        for n in range(1, len(_STRIDES) + 1):
            for kind in ("dw", "pw"):
                x = self.get_submodule(f"{kind}{n}")(x)
                x = functional.relu6(self.get_submodule(f"{kind}bn{n}")(x))
        x = torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1)
        return torch.softmax(self.fc(x), dim=1)


def load(path: Path) -> Nima:
    """The network with the weights of `path`, in eval mode. Raises ModelError for weights of anything else."""
    net = Nima()
    state.fill(net, state.read(path), path)
    return net.eval()
