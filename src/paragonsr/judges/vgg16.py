"""VGG16's convolutions (Simonyan and Zisserman 2015, configuration D), with torchvision's key names."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.judges import weights
from paragonsr.judges.look import Look, normalise

WEIGHTS = "vgg16_torchvision_features.fp16.safetensors"
WIDTHS = (64, 128, 256, 512, 512)
STAGES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
"""The convolutions of each stage by their places in torchvision's `features`; a ReLU follows each."""
STRIDES = (1, 2, 4, 8, 16)
REACH = 105
"""How far a pixel can be from where it changes the last stage, if `pool` sees a pixel more to each side."""


class Vgg16(nn.Module):
    """`[N,3,H,W]`, already normalised, to the last ReLU of each stage; `pool` halves between stages."""

    depths = len(STAGES)
    embeds = False

    def __init__(self, pool: Callable[[Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.pool = pool or (lambda x: F.max_pool2d(x, 2))
        self.features = nn.ModuleDict()
        inputs = 3
        for width, places in zip(WIDTHS, STAGES, strict=True):
            for place in places:
                self.features[str(place)] = nn.Conv2d(inputs, width, 3, padding=1)
                inputs = width

    def stages(self, x: Tensor, depth: int = len(STAGES)) -> list[Tensor]:
        """The first `depth` stages: relu1_2, relu2_2, relu3_3, relu4_3, relu5_3."""
        return self.onward(self.stage(0, x), depth)

    def onward(self, first: Tensor, depth: int = len(STAGES)) -> list[Tensor]:
        """The first `depth` stages, of which the first, that no pooling has touched, is known."""
        seen = [first]
        for index in range(1, depth):
            seen.append(self.stage(index, self.pool(seen[-1])))
        return seen

    def stage(self, index: int, x: Tensor) -> Tensor:
        """One stage, from the pooled result of the one before."""
        for place in STAGES[index]:
            x = F.relu(self.features[str(place)](x), inplace=True)
        return x

    def forward(self, x: Tensor, depth: int = len(STAGES), *, embed: bool = False) -> Look:
        """The stages for pictures in [0,1], as a feature space."""
        return Look(self.stages(normalise(x), depth), None)


def load(pool: Callable[[Tensor], Tensor] | None = None) -> Vgg16:
    """With torchvision's ImageNet weights. Raises AssetError when they cannot be had."""
    return weights.load(Vgg16(pool), WEIGHTS)
