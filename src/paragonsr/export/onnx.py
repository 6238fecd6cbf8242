"""The released graph, written operator by operator: an exporter would surround the pads with shape arithmetic."""

from typing import Any

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from paragonsr.model import magic
from paragonsr.model.fuse import Convolution, Fused
from paragonsr.model.generator import SCALE, SLOPE

OPSET = 17
IR_VERSION = 8  # of the same age as the opset, so that older engines open the file


class _Graph:
    """Nodes and initialisers in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.numbers: list[onnx.TensorProto] = []

    def number(self, name: str, value: Tensor) -> str:
        self.numbers.append(numpy_helper.from_array(value.detach().cpu().contiguous().numpy(), name))
        return name

    def add(self, kind: str, name: str, inputs: list[str], **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def pad(self, name: str, x: str, rim: int) -> str:
        rims = torch.tensor([0, 0, rim, rim, 0, 0, rim, rim])
        return self.add("Pad", name, [x, self.number(f"{name}.pads", rims)], mode="edge")

    def convolve(self, name: str, x: str, weight: Tensor, bias: Tensor | None = None, groups: int = 1) -> str:
        inputs = [x, self.number(f"{name}.weight", weight.float())]
        if bias is not None:
            inputs.append(self.number(f"{name}.bias", bias.float()))
        return self.add("Conv", name, inputs, kernel_shape=list(weight.shape[2:]), group=groups)


def graph(fused: Fused, metadata: dict[str, str]) -> onnx.ModelProto:
    """The model: `input [batch,3,height,width]` RGB in [0,1] to `output [batch,3,2 height,2 width]`, float32.

    Operators: Pad (edge), Conv, LeakyRelu, Add, DepthToSpace. The output is not clipped.
    """
    build = _Graph()
    detail = _detail(build, fused)
    total = build.add("Add", "sum", [detail, _base(build)])
    build.add("DepthToSpace", "output", [total], blocksize=SCALE, mode="CRD")
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    larger = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3, "height_out", "width_out"])
    proto = helper.make_model(
        helper.make_graph(build.nodes, "paragonsr", [picture], [larger], build.numbers),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="paragonsr",
    )
    helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _detail(build: _Graph, fused: Fused) -> str:
    """The learned part as `[batch,12,height,width]`: RGB x 4 phases."""
    x = build.pad("body.pad", "input", fused.reach)
    for index, layer in enumerate(fused.body):
        x = _layer(build, f"body.{index}", x, layer)
        x = build.add("LeakyRelu", f"body.{index}.lrelu", [x], alpha=SLOPE)
    return _layer(build, "tail", x, fused.tail)


def _layer(build: _Graph, name: str, x: str, layer: Convolution) -> str:
    return build.convolve(name, x, layer.weight, layer.bias)


def _base(build: _Graph) -> str:
    """Magic Kernel Sharp 2021 to four phases: two depthwise sharpening passes, then the B-spline's 3x3."""
    taps = torch.tensor(magic.SHARPEN, dtype=torch.float64)
    spline = magic.phases(len(magic.SMOOTH)) @ torch.tensor(magic.SMOOTH, dtype=torch.float64)
    phases = torch.einsum("ai,bj->abij", spline, spline).reshape(1, 4, 1, 3, 3).expand(3, 4, 1, 3, 3)
    x = build.pad("base.pad", "input", magic.BASE_RADIUS)
    x = build.convolve("base.sharpen_down", x, taps.view(1, 1, 7, 1).expand(3, 1, 7, 1), groups=3)
    x = build.convolve("base.sharpen_across", x, taps.view(1, 1, 1, 7).expand(3, 1, 1, 7), groups=3)
    return build.convolve("base.double", x, phases.reshape(12, 1, 3, 3), groups=3)
