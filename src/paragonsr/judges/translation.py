"""From a torch network to an ONNX graph: traced, then written operator by operator, for the few our judges use.

PyTorch's own exporter needs a further package and changes with each release; this one knows little and says so.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, fx, nn
from torch.nn import functional

from paragonsr.errors import ExportError

OPSET = 17
IR_VERSION = 8  # of the same age as the opset, so that older engines open the file

Size = Sequence[int | str]


def translate(net: nn.Module, size: Size, metadata: dict[str, str]) -> onnx.ModelProto:
    """The network behind its pixels: `tiles` uint8 [batch, height, width, 3] to `scores` float32 [batch].

    `size` is (batch, height, width): numbers are fixed, names are free. `net` takes float [N, 3, H, W] in [0, 1].
    Raises ExportError for an operator that is not known here.
    """
    writer = _Writer(fx.symbolic_trace(net))
    tiles = helper.make_tensor_value_info("tiles", TensorProto.UINT8, [*size, 3])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [size[0]])
    graph = helper.make_graph(writer.nodes, type(net).__name__, [tiles], [scores], writer.numbers)
    opsets = [helper.make_opsetid("", OPSET)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="paragonsr")
    helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto


class _Writer:
    """Walks a traced network and keeps the nodes and numbers of its graph."""

    def __init__(self, traced: fx.GraphModule) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.numbers: list[onnx.TensorProto] = []
        self._known: set[str] = set()
        self._traced = traced
        for node in traced.graph.nodes:
            self._write(node)

    def number(self, name: str, value: Tensor) -> str:
        """Keep a constant, once for each name, since a layer may be used twice; the name."""
        if name not in self._known:
            self._known.add(name)
            self.numbers.append(numpy_helper.from_array(value.detach().cpu().contiguous().numpy(), name))
        return name

    def add(self, kind: str, name: str, inputs: Sequence[str], **attributes: Any) -> None:
        """Keep a node; its output has its name."""
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))

    def value(self, name: str, argument: Any) -> str:
        """The name of a traced value, or of the constant made of a number."""
        if isinstance(argument, fx.Node):
            return argument.name
        return self.number(f"{name}.number", torch.tensor(float(argument)))

    def _write(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self.add("Cast", "pixels", ["tiles"], to=TensorProto.FLOAT)
            self.add("Mul", "unit", ["pixels", self.number("unit.number", torch.tensor(1 / 255))])
            self.add("Transpose", node.name, ["unit"], perm=[0, 3, 1, 2])
        elif node.op == "output":
            self.add("Identity", "scores", [node.args[0].name])  # type: ignore[union-attr]
        elif node.op == "get_attr":
            self.number(node.name, self._traced.get_buffer(str(node.target)))
        elif node.op == "call_module":
            layer = self._traced.get_submodule(str(node.target))
            write = _LAYERS.get(type(layer))
            if write is None:
                raise ExportError(f"{type(layer).__name__} has no translation to ONNX here")
            write(self, node.name, str(node.target), layer, self.value(node.name, node.args[0]))
        else:
            write = _FUNCTIONS.get(node.target)
            if write is None:
                raise ExportError(f"{node.target} has no translation to ONNX here")
            write(self, node.name, *node.args, **node.kwargs)


def _convolution(writer: _Writer, name: str, stem: str, layer: nn.Conv2d, x: str) -> None:
    inputs = [x, writer.number(f"{stem}.weight", layer.weight)]
    if layer.bias is not None:
        inputs.append(writer.number(f"{stem}.bias", layer.bias))
    pads = [*layer.padding, *layer.padding]
    writer.add("Conv", name, inputs, strides=list(layer.stride), pads=pads, group=layer.groups)


def _normalisation(writer: _Writer, name: str, stem: str, layer: nn.BatchNorm2d, x: str) -> None:
    parts = {
        "weight": layer.weight,
        "bias": layer.bias,
        "mean": layer.running_mean,
        "variance": layer.running_var,
    }
    inputs = [x, *(writer.number(f"{stem}.{part}", value) for part, value in parts.items() if value is not None)]
    writer.add("BatchNormalization", name, inputs, epsilon=layer.eps)


def _maximum(writer: _Writer, name: str, stem: str, layer: nn.MaxPool2d, x: str) -> None:
    size, stride, rim = (int(value) for value in (layer.kernel_size, layer.stride, layer.padding))  # type: ignore[arg-type]
    writer.add("MaxPool", name, [x], kernel_shape=[size] * 2, strides=[stride] * 2, pads=[rim] * 4)


def _linear(writer: _Writer, name: str, stem: str, layer: nn.Linear, x: str) -> None:
    inputs = [x, writer.number(f"{stem}.weight", layer.weight), writer.number(f"{stem}.bias", layer.bias)]
    writer.add("Gemm", name, inputs, transB=1)


def _pooled(writer: _Writer, name: str, _: str, __: nn.Module, x: str) -> None:
    writer.add("GlobalAveragePool", name, [x])


def _rectified(writer: _Writer, name: str, _: str, __: nn.Module, x: str) -> None:
    writer.add("Relu", name, [x])


def _arithmetic(kind: str) -> Callable[..., None]:
    def write(writer: _Writer, name: str, a: Any, b: Any) -> None:
        writer.add(kind, name, [writer.value(f"{name}.0", a), writer.value(f"{name}.1", b)])

    return write


def _relu(writer: _Writer, name: str, x: fx.Node, inplace: bool = False) -> None:
    writer.add("Relu", name, [x.name])


def _relu6(writer: _Writer, name: str, x: fx.Node, inplace: bool = False) -> None:
    ends = [writer.number(f"{name}.{end}", torch.tensor(float(end))) for end in (0, 6)]
    writer.add("Clip", name, [x.name, *ends])


def _pool(writer: _Writer, name: str, x: fx.Node, size: int) -> None:
    writer.add("GlobalAveragePool", name, [x.name])


def _flatten(writer: _Writer, name: str, x: fx.Node, start: int) -> None:
    shape = torch.tensor([-1]) if start == 0 else torch.tensor([0, -1])
    writer.add("Reshape", name, [x.name, writer.number(f"{name}.shape", shape)])


def _softmax(writer: _Writer, name: str, x: fx.Node, dim: int) -> None:
    writer.add("Softmax", name, [x.name], axis=dim)


def _concatenate(writer: _Writer, name: str, parts: Sequence[fx.Node], dim: int) -> None:
    writer.add("Concat", name, [part.name for part in parts], axis=dim)


def _unit_length(writer: _Writer, name: str, x: fx.Node, dim: int, **_: Any) -> None:
    writer.add("LpNormalization", name, [x.name], axis=dim, p=2)


def _pad(writer: _Writer, name: str, x: fx.Node, pad: Sequence[int], mode: str, **_: Any) -> None:
    if mode != "replicate":
        raise ExportError(f"padding by {mode} has no translation to ONNX here")
    left, right, top, bottom = pad
    rims = torch.tensor([0, 0, top, left, 0, 0, bottom, right])
    writer.add("Pad", name, [x.name, writer.number(f"{name}.rims", rims)], mode="edge")


def _convolve(writer: _Writer, name: str, x: fx.Node, weight: fx.Node, *, stride: int, groups: int) -> None:
    writer.add("Conv", name, [x.name, weight.name], strides=[stride] * 2, group=groups)


_LAYERS: dict[type[nn.Module], Callable[..., None]] = {
    nn.Conv2d: _convolution,
    nn.BatchNorm2d: _normalisation,
    nn.MaxPool2d: _maximum,
    nn.Linear: _linear,
    nn.AdaptiveAvgPool2d: _pooled,
    nn.ReLU: _rectified,
}
_FUNCTIONS: dict[Any, Callable[..., None]] = {
    operator.add: _arithmetic("Add"),
    operator.sub: _arithmetic("Sub"),
    operator.mul: _arithmetic("Mul"),
    operator.truediv: _arithmetic("Div"),
    torch.matmul: _arithmetic("MatMul"),
    torch.flatten: _flatten,
    torch.softmax: _softmax,
    torch.cat: _concatenate,
    torch.conv2d: _convolve,
    functional.conv2d: _convolve,
    functional.relu: _relu,
    functional.relu6: _relu6,
    functional.adaptive_avg_pool2d: _pool,
    functional.normalize: _unit_length,
    functional.pad: _pad,
}
