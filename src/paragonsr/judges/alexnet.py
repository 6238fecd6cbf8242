"""AlexNet's convolutions (Krizhevsky 2014, "One weird trick"), with torchvision's key names."""

import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.judges import weights

WEIGHTS = "alexnet_torchvision_features.fp16.safetensors"
WIDTHS = (64, 192, 384, 256, 256)
STRIDES = (4, 8, 16, 16, 16)


class AlexNet(nn.Module):
    """`[N,3,H,W]`, already normalised, H and W at least 31, to its five ReLUs."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.ModuleDict(
            {
                "0": nn.Conv2d(3, 64, 11, stride=4, padding=2),
                "3": nn.Conv2d(64, 192, 5, padding=2),
                "6": nn.Conv2d(192, 384, 3, padding=1),
                "8": nn.Conv2d(384, 256, 3, padding=1),
                "10": nn.Conv2d(256, 256, 3, padding=1),
            }
        )

    def stages(self, x: Tensor) -> list[Tensor]:
        """The ReLUs after the five convolutions; 3x3 maxima with stride 2 before the second and the third."""
        seen: list[Tensor] = []
        for place, layer in self.features.items():
            x = F.relu(layer(F.max_pool2d(x, 3, 2) if place in {"3", "6"} else x))
            seen.append(x)
        return seen


def load() -> AlexNet:
    """With torchvision's ImageNet weights. Raises AssetError when they cannot be had."""
    return weights.load(AlexNet(), WEIGHTS)
