"""The released graph of a network trained here."""

import onnx
import torch

from paragonsr.export.assembly import Assembly
from paragonsr.model import magic
from paragonsr.model.fuse import Convolution, Fused
from paragonsr.model.generator import SCALE, SLOPE


def graph(fused: Fused, metadata: dict[str, str]) -> onnx.ModelProto:
    """The model: `input [batch,3,height,width]` RGB in [0,1] to `output [batch,3,2 height,2 width]`, float32.

    Operators: Pad (edge), Conv, LeakyRelu, Concat, Add, DepthToSpace. The output is not clipped. If the numbers
    of `fused` are float16, it computes in float16 between two Casts.
    """
    build = Assembly(torch.float16 if fused.tail.weight.dtype == torch.float16 else torch.float32)
    detail = _detail(build, fused)
    total = build.add("Add", "sum", [detail, _base(build)])
    build.output("DepthToSpace", total, blocksize=SCALE, mode="CRD")
    return build.model(metadata)


def _detail(build: Assembly, fused: Fused) -> str:
    """The learned part as `[batch,12,height,width]`: RGB x 4 phases."""
    x = build.pad("body.pad", build.picture, fused.reach)
    for index, layer in enumerate(fused.body):
        x = _layer(build, f"body.{index}", x, layer)
        x = build.add("LeakyRelu", f"body.{index}.lrelu", [x], alpha=SLOPE)
    luma = _layer(build, "tail", x, fused.tail)
    return build.add("Concat", "tail.rgb", [luma] * 3, axis=1)


def _layer(build: Assembly, name: str, x: str, layer: Convolution) -> str:
    return build.convolve(name, x, layer.weight, layer.bias)


def _base(build: Assembly) -> str:
    """Magic Kernel Sharp 2021 to four phases: two depthwise sharpening passes, then the B-spline's 3x3."""
    taps, phases = base(build.dtype)
    x = build.pad("base.pad", build.picture, magic.BASE_RADIUS)
    x = build.convolve("base.sharpen_down", x, taps.view(1, 1, 7, 1).expand(3, 1, 7, 1), groups=3)
    x = build.convolve("base.sharpen_across", x, taps.view(1, 1, 1, 7).expand(3, 1, 1, 7), groups=3)
    return build.convolve("base.double", x, phases.expand(3, 4, 1, 3, 3).reshape(12, 1, 3, 3), groups=3)


def base(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """The seven taps of the sharpening, and the B-spline as `[4,1,3,3]`: float64, but numbers of `dtype`.

    The spline's are sums of powers of two. Of the taps, the outermost two take what rounding took from the others, so
    that a flat picture keeps its brightness.
    """
    spline = magic.phases(len(magic.SMOOTH)) @ torch.tensor(magic.SMOOTH, dtype=torch.float64)
    phases = torch.einsum("ai,bj->abij", spline, spline).reshape(4, 1, 3, 3)
    taps = torch.tensor(magic.SHARPEN, dtype=torch.float64)
    if dtype == torch.float16:
        taps = taps.half().double()
        taps[[0, -1]] = ((1 - taps[1:-1].sum()) / 2).half().double()
    return taps, phases
