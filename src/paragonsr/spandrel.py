"""A plug-in for spandrel, so that programs built on it open our `.safetensors`.

import paragonsr.spandrel
from spandrel import ModelLoader

paragonsr.spandrel.install()
model = ModelLoader().load_from_file("2xParagonSR2_Nano_Fidelity.safetensors")
"""

from collections.abc import Mapping
from math import isqrt
from typing import Any

from spandrel import (  # pyright: ignore[reportMissingImports] (no extra: it wants torchvision, which we never install)
    MAIN_REGISTRY,
    ArchId,
    Architecture,
    ArchSupport,
    ImageModelDescriptor,
)
from torch import Tensor, nn

from paragonsr.model.fuse import Convolution, Fused
from paragonsr.model.generator import ARCHITECTURE


class Released(nn.Module):
    """The released network with the names of its numbers in the file; `shapes` are those of the kernels, tail last."""

    def __init__(self, shapes: list[tuple[int, ...]]) -> None:
        super().__init__()
        *body, tail = (nn.Conv2d(inputs, outputs, side) for outputs, inputs, side, _ in shapes)
        self.body, self.tail = nn.ModuleList(body), tail

    def forward(self, x: Tensor) -> Tensor:
        """`[N,3,H,W]` RGB in [0,1] -> `[N,3,2H,2W]`, not clipped."""
        *body, tail = (Convolution(layer.weight, layer.bias) for layer in (*self.body, self.tail))  # pyright: ignore
        return Fused(body, tail)(x)


class Nano(Architecture[Released]):
    """The architecture, known by its keys; what else there is to know, the shapes of the numbers say."""

    def __init__(self) -> None:
        super().__init__(id=ARCHITECTURE, name="ParagonSR Nano", detect=detect)

    def load(self, state_dict: dict[str, Any]) -> ImageModelDescriptor[Released]:
        """The network with these numbers."""
        shapes = [tuple(state_dict[f"{layer}.weight"].shape) for layer in _layers(state_dict)]
        return ImageModelDescriptor(
            Released(shapes),
            state_dict,
            architecture=self,
            purpose="SR",
            tags=[f"{shapes[0][0]}nf", f"{len(shapes)}nl"],
            supports_half=False,  # kernels that must have no mean get one by plain rounding; the fp16 file has none
            supports_bfloat16=False,
            scale=isqrt(shapes[-1][0]),
            input_channels=shapes[0][1],
            output_channels=shapes[0][1],
        )


def detect(state_dict: Mapping[str, Any]) -> bool:
    """Whether these are the names of our numbers, all of them and no others, with luma's phases at the end."""
    layers = _layers(state_dict)
    if len(layers) < 2 or set(state_dict) != {f"{layer}.{part}" for layer in layers for part in ("weight", "bias")}:
        return False
    tail = state_dict["tail.weight"].shape
    return len(tail) == 4 and isqrt(tail[0]) ** 2 == tail[0] > 1 and state_dict["body.0.weight"].shape[1] == 3


def install(*, ignore_duplicates: bool = False) -> list[ArchSupport]:
    """Tell spandrel's registry; what was added. Asked before its "Compact", which takes any file with `body.0`."""
    support = ArchSupport.from_architecture(Nano(), before=(ArchId("Compact"),))
    return MAIN_REGISTRY.add(support, ignore_duplicates=ignore_duplicates)


def _layers(state_dict: Mapping[str, Any]) -> list[str]:
    """The layers in the order they are computed; none for another's file."""
    count = sum(name.startswith("body.") and name.endswith(".weight") for name in state_dict)
    layers = [*(f"body.{index}" for index in range(count)), "tail"]
    return layers if all(f"{layer}.weight" in state_dict for layer in layers) else []
