"""Half precision: the released network in float16, and the proof that it holds.

Engines on a CPU compute a float16 file in float32 and prove nothing. So the gate is a reference in torch that rounds
the result of every operation to float16, which no engine does more often.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from paragonsr.export import parity
from paragonsr.export.onnx import base
from paragonsr.model import magic
from paragonsr.model.fuse import Convolution, Fused
from paragonsr.model.generator import SCALE, SLOPE
from paragonsr.runtime.session import Session

LARGEST = 65504 / 8
"""No intermediate may be larger: an eighth of what float16 can hold."""
PSNR = 65.0
"""dB against float32, peak 1, over all pictures of the proof."""
STEPS = 1
"""Of 255, per pixel, after rounding."""
FILE_TOLERANCE = 2e-3
"""From the reference to the file through an engine that rounds as well, at other places: half a step of 255."""
SINGLE_TOLERANCE = 1e-5
"""From the same numbers computed in float32 to the file through an engine that computes in float32."""


class Verdict(NamedTuple):
    """The figures for the card, and in words what failed, if anything."""

    figures: dict[str, float]
    faults: list[str]


def halve(fused: Fused) -> Fused:
    """The same network in numbers of float16, which leaves a flat picture flat as well.

    Rounding would give the head's kernels a mean: their smallest number takes it. The tail's bias is made anew.
    """
    head, *rest = fused.body
    body = [Convolution(_without_mean(head.weight), head.bias.half())]
    body += [Convolution(layer.weight.half(), layer.bias.half()) for layer in rest]
    tail = fused.tail.weight.half()
    flat = head.bias.new_zeros(head.weight.shape[1]).double()
    for layer in body:
        flat = F.leaky_relu(layer.weight.double().sum((2, 3)) @ flat + layer.bias.double(), SLOPE)
    return Fused(body, Convolution(tail, -(tail.double().sum((2, 3)) @ flat).half()))


def _without_mean(weight: Tensor) -> Tensor:
    """Kernels `[O,I,3,3]` of no sum, in float16 and without a sum once more."""
    flat = weight.detach().half().double().flatten(2)
    least = flat.abs().argmin(2, keepdim=True)
    return flat.scatter_add(2, least, -flat.sum(2, keepdim=True)).half().view_as(weight)


class Rounded:
    """Computes a float16 network with every intermediate rounded to float16; `largest` is the largest of them all.

    Without `rounding` it computes in float32 with the same numbers, as engines do that have no float16.
    """

    def __init__(self, fused: Fused, *, rounding: bool = True) -> None:
        self.fused = fused
        self.rounding = rounding
        self.largest = 0.0

    def keep(self, x: Tensor) -> Tensor:
        """`x` rounded, in float32 again."""
        x = x.half().float() if self.rounding else x
        self.largest = float(np.maximum(self.largest, float(x.abs().max())))
        return x

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None = None, groups: int = 1) -> Tensor:
        """Products and their sum as they are, the result rounded."""
        return self.keep(F.conv2d(x, weight.float(), None if bias is None else bias.float(), groups=groups))

    def __call__(self, x: Tensor) -> Tensor:
        """`[N,3,H,W]` -> `[N,3,2H,2W]`, float32 numbers that are float16 numbers."""
        x = self.keep(x)
        y = F.pad(x, (self.fused.reach,) * 4, mode="replicate")
        for layer in self.fused.body:
            y = self.keep(F.leaky_relu(self.convolve(y, layer.weight, layer.bias), SLOPE))
        detail = self.convolve(y, self.fused.tail.weight, self.fused.tail.bias)
        taps, phases = base(torch.float16)
        x = F.pad(x, (magic.BASE_RADIUS,) * 4, mode="replicate")
        x = self.convolve(x, taps.view(1, 1, 7, 1).expand(3, 1, 7, 1), groups=3)
        x = self.convolve(x, taps.view(1, 1, 1, 7).expand(3, 1, 1, 7), groups=3)
        x = self.convolve(x, phases.repeat(3, 1, 1, 1), groups=3)
        return F.pixel_shuffle(self.keep(x + detail.repeat(1, 3, 1, 1)), SCALE)


def specials() -> Iterator[tuple[str, Tensor]]:
    """Pictures that have broken half precision elsewhere, `[1,3,64,64]` in [0,1], by name."""
    ramp = torch.linspace(0, 1, 64)
    yield "black", torch.zeros(1, 3, 64, 64)
    yield "white", torch.ones(1, 3, 64, 64)
    yield "checkerboard", ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float().expand(1, 3, 64, 64)
    yield "gradient across", ramp.expand(1, 3, 64, 64)
    yield "gradient down", ramp[:, None].expand(1, 3, 64, 64)
    yield "dark gradient", ramp.expand(1, 3, 64, 64) / 255


@torch.no_grad()
def measure(fused: Fused, model: Path, tiles: Sequence[NDArray[np.uint8]]) -> Verdict:
    """Hold the float16 file `model` of `fused` (float32) to the gates above, on tiles and on `specials`."""
    session, network = Session(model, provider="cpu"), halve(fused)
    rounded, single = Rounded(network), Rounded(network, rounding=False)
    pictures = [*((f"tile {index}", crop) for index, crop in enumerate(parity.crops(tiles))), *specials()]
    steps, file, apart, squares, count, broken = 0.0, 0.0, 0.0, 0.0, 0, list[str]()
    for name, x in pictures:
        full, half, made = fused(x), rounded(x), torch.from_numpy(session.run(x.numpy()))
        if not bool(half.isfinite().all()):
            broken.append(name)
        steps = float(np.maximum(steps, float((_bytes(full) - _bytes(half)).abs().max())))
        file = float(np.maximum(file, float((half - made).abs().max())))
        apart = float(np.maximum(apart, float((single(x) - made).abs().max())))
        squares, count = squares + float(((full - half).double() ** 2).sum()), count + full.numel()
    psnr = float("inf") if squares == 0 else float(-10 * np.log10(squares / count))
    faults = [f"{name} is not finite" for name in broken]
    faults += [] if rounded.largest < LARGEST else [f"an intermediate reaches {rounded.largest:.0f}"]
    faults += [] if steps <= STEPS else [f"a pixel is {steps:.0f}/255 off"]
    faults += [] if psnr >= PSNR else [f"{psnr:.1f} dB from float32, wanted are {PSNR:.0f}"]
    same = apart <= SINGLE_TOLERANCE or file <= FILE_TOLERANCE
    faults += [] if same else [f"the file is {file:.2g} away from the reference"]
    figures = {"psnr": psnr, "largest_intermediate": rounded.largest, "steps_of_255": steps, "reference_to_onnx": file}
    figures["bits_of_the_engine_that_proved_it"] = 32.0 if apart <= SINGLE_TOLERANCE else 16.0
    return Verdict({f"fp16_{name}": value for name, value in figures.items()}, faults)


def _bytes(x: Tensor) -> Tensor:
    return (x * 255).round().clamp(0, 255)
