"""ARNIQA, the technical quality of a picture (Agnolucci et al. 2024): an encoder at full and half scale, and a ridge.

The public files are `ARNIQA.pth` (the encoder) and `regressor_<data set>.pth` (one linear map for each set of
opinions); the names inside them are kept here.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from paragonsr.errors import ModelError
from paragonsr.judges import state

FEATURES = 2048
_DEPTHS = (3, 4, 6, 3)
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Opinions(NamedTuple):
    """The scale a set of opinions was given on, and whether more is better."""

    least: float
    most: float
    more_is_better: bool


OPINIONS = {
    "live": Opinions(1, 100, False),
    "csiq": Opinions(0, 1, False),
    "tid2013": Opinions(0, 9, True),
    "kadid10k": Opinions(1, 5, True),
    "flive": Opinions(1, 100, True),
    "spaq": Opinions(1, 100, True),
    "clive": Opinions(1, 100, True),
    "koniq10k": Opinions(1, 100, True),
}
"""As the authors' code states them; the card's threshold of 0.60 is meant for koniq10k."""


class Bottleneck(nn.Module):
    """A residual block of ResNet-50 (He et al. 2016, figure 5), the stride in its 3x3 as torchvision has it."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride > 1 or before != 4 * width:
            shortcut = nn.Conv2d(before, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        """[N, before, H, W] to [N, 4 width, H / stride, W / stride]."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


def _encoder() -> nn.Sequential:
    """ResNet-50 without its classifier, numbered as the public file numbers it."""
    stages, before = [], 64
    for index, depth in enumerate(_DEPTHS):
        width, blocks = 64 << index, []
        for block in range(depth):
            blocks.append(Bottleneck(before, width, 2 if index and not block else 1))
            before = 4 * width
        stages.append(nn.Sequential(*blocks))
    stem = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
    return nn.Sequential(stem, nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *stages, nn.AdaptiveAvgPool2d(1))


class Arniqa(nn.Module):
    """The encoder, the regressor of one set of opinions, and what stands between pixels and them."""

    mean: Tensor
    deviation: Tensor
    halving: Tensor

    def __init__(self, opinions: str) -> None:
        super().__init__()
        self.opinions = OPINIONS[opinions]
        self.model = _encoder()
        self.regressor = nn.Linear(2 * FEATURES, 1)
        mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in _IMAGENET)
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8  # the triangle of two pixels' half width: antialiased bilinear
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.register_buffer("halving", torch.outer(taps, taps).expand(3, 1, 4, 4), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """RGB [N, 3, H, W] in [0, 1], at least 64 pixels wide and high, to quality [N], mostly 0 to 1; 1 is best."""
        whole = self.embed(x)
        halved = self.embed(self.half(x))
        score = torch.flatten(self.regressor(torch.cat((whole, halved), dim=1)), 0)
        score = (score - self.opinions.least) * (1 / (self.opinions.most - self.opinions.least))
        return score if self.opinions.more_is_better else 1 - score

    def half(self, x: Tensor) -> Tensor:
        """Half the size, antialiased bilinear, the border repeated."""
        return functional.conv2d(functional.pad(x, (1, 1, 1, 1), mode="replicate"), self.halving, stride=2, groups=3)

    def embed(self, x: Tensor) -> Tensor:
        """RGB [N, 3, H, W] in [0, 1] to features of length one [N, 2048]."""
        features = torch.flatten(self.model((x - self.mean) / self.deviation), 1)
        return functional.normalize(features, dim=1)


def files(folder: Path) -> tuple[Path, Path]:
    """The encoder and the regressor in a folder. Raises ModelError unless it holds just one of each."""
    encoder, regressors = folder / "ARNIQA.pth", sorted(folder.glob("regressor_*.pth"))
    if not encoder.is_file() or len(regressors) != 1:
        raise ModelError(
            f"{folder}: must hold ARNIQA.pth and one regressor_<data set>.pth, of {', '.join(OPINIONS)} "
            f"(koniq10k for the usual threshold); it holds {[path.name for path in sorted(folder.glob('*.pth'))]}"
        )
    return encoder, regressors[0]


def load(folder: Path) -> Arniqa:
    """The network from the folder of the two public files, in eval mode. Raises ModelError for other weights."""
    encoder, regressor = files(folder)
    opinions = regressor.stem.removeprefix("regressor_")
    if opinions not in OPINIONS:
        raise ModelError(f"{regressor}: its scale is not known; known are {', '.join(OPINIONS)}")
    net = Arniqa(opinions)
    _fill_encoder(net, encoder)
    _fill_regressor(net, regressor)
    return net.eval()


def _fill_encoder(net: Arniqa, path: Path) -> None:
    """Without the projector, which only the authors' training needs."""
    tensors = {key: value for key, value in state.read(path).items() if not key.startswith("projector.")}
    holder = nn.Module()
    holder.add_module("model", net.model)
    state.fill(holder, tensors, path)


def _fill_regressor(net: Arniqa, path: Path) -> None:
    """The public regressors are TorchScript, converted from scikit-learn: `weights` [1, 4096] and `biases` []."""
    tensors = state.read(path)
    names = {"weights": "weight", "biases": "bias"}
    renamed = {names.get(key, key): value for key, value in tensors.items()}
    if "bias" in renamed:
        renamed["bias"] = renamed["bias"].reshape(-1)
    state.fill(net.regressor, renamed, path)
