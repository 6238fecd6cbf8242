"""LPIPS and DISTS. Needs PyTorch, and weights that are never part of the program."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from paragonsr.judges import alexnet, dists, lpips, vgg16, weights

Name = Literal["lpips_alex", "lpips_vgg", "dists"]
Judge = Callable[[NDArray[np.uint8], Sequence[NDArray[np.uint8]]], list[float]]
"""Of a target and versions of it, all uint8 HWC RGB of one size, how far each version is from it."""

FILES: dict[Name, tuple[str, ...]] = {
    "lpips_alex": (alexnet.WEIGHTS, lpips.WEIGHTS),
    "lpips_vgg": (vgg16.WEIGHTS, lpips.WEIGHTS),
    "dists": (vgg16.WEIGHTS, dists.WEIGHTS),
}
"""The weights of each, in the assets folder's `weights`."""


def load(name: Name) -> Judge:
    """A judge with its published weights. Raises AssetError when they cannot be had."""
    network = weights.place(_network(name), "cpu")

    @torch.no_grad()
    def judge(target: NDArray[np.uint8], versions: Sequence[NDArray[np.uint8]]) -> list[float]:
        seen = network.features(_planes(target))
        return [float(network.compare(network.features(_planes(version)), seen)) for version in versions]

    return judge


def _network(name: Name) -> lpips.Lpips | dists.Dists:
    match name:
        case "lpips_alex":
            return lpips.load("alex")
        case "lpips_vgg":
            return lpips.load("vgg")
        case "dists":
            return dists.load()


def _planes(picture: NDArray[np.uint8]) -> torch.Tensor:
    """uint8 HWC -> `[1,3,H,W]` in [0,1]."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
