"""LPIPS and DISTS of crops. Needs PyTorch, and weights that are never part of the program."""

# pyright: basic
# (PyTorch tells little of its types)

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from paragonsr.judges import dists, lpips, weights

Name = Literal["lpips", "dists"]
Judge = Callable[[NDArray[np.uint8], Sequence[NDArray[np.uint8]]], list[float]]
"""Of a target and versions of it, all uint8 HWC RGB of one size, how far each version is from it."""


def load(name: Name) -> Judge:
    """A judge with its published weights. Raises AssetError when they cannot be had."""
    network = weights.place(lpips.load("alex") if name == "lpips" else dists.load(), "cpu")

    @torch.no_grad()
    def judge(target: NDArray[np.uint8], versions: Sequence[NDArray[np.uint8]]) -> list[float]:
        x, y = _planes(versions), _planes([target])
        if isinstance(network, dists.Dists):
            seen = [features.expand(len(x), -1, -1, -1) for features in network.features(y)]
            return network.compare(network.features(x), seen).tolist()
        return network(x, y.expand_as(x)).tolist()

    return judge


def _planes(pictures: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
    """uint8 HWC pictures -> `[N,3,H,W]` in [0,1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
