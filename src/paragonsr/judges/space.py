"""Feature spaces by name."""

from typing import Literal, Protocol

import torch
from torch import Tensor

from paragonsr.errors import AssetError
from paragonsr.judges import efficientnet, vgg16, weights
from paragonsr.judges.look import Look

Name = Literal["efficientnet_lite2", "vgg16", "convnext_tiny", "clip_vit_b32"]


class Space(Protocol):
    """A network that looks at `[N,3,H,W]` pictures in [0,1]: its first `depth` stages, and its embedding if `embed`.

    `depths` counts its stages (0: it has an embedding only); `embeds` says whether it has an embedding.
    """

    depths: int
    embeds: bool

    def __call__(self, x: Tensor, depth: int, *, embed: bool) -> Look:
        """See the class."""
        ...


def load(name: Name, device: torch.device | str = "cpu") -> Space:
    """The space of a name, with its published weights, frozen, as it is fastest on `device`.

    Raises AssetError when the weights, or the library that a space needs, cannot be had: nothing takes its place.
    """
    match name:
        case "efficientnet_lite2":
            return weights.place(efficientnet.load(), device)
        case "vgg16":
            return weights.place(vgg16.load(), device)
        case "convnext_tiny" | "clip_vit_b32":
            try:
                from paragonsr.judges import hub  # here, because its library is an extra of its own
            except ModuleNotFoundError as error:
                raise AssetError(f"{name} needs {error.name}: pip install 'paragonsr[hub]'") from error
            return weights.place(hub.load(name), device)
