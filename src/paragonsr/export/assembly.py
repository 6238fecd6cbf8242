"""An ONNX graph put together operator by operator: an exporter would surround it with shape arithmetic."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

OPSET = 17
IR_VERSION = 8  # of the same age as the opset, so that older engines open the file


class Assembly:
    """Nodes and initialisers in the order they are added; every method returns the name of what it adds.

    It computes in `dtype`, float32 or float16; whatever it is, the file takes float32 at `picture` and gives float32.
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        self.dtype = dtype
        self.nodes: list[onnx.NodeProto] = []
        self.numbers: list[onnx.TensorProto] = []
        half = dtype == torch.float16
        self.picture = self.add("Cast", "picture", ["input"], to=TensorProto.FLOAT16) if half else "input"

    def output(self, kind: str, x: str, **attributes: Any) -> str:
        """The operator that makes the picture."""
        if self.dtype == torch.float32:
            return self.add(kind, "output", [x], **attributes)
        return self.add("Cast", "output", [self.add(kind, "larger", [x], **attributes)], to=TensorProto.FLOAT)

    def number(self, name: str, value: Tensor | NDArray[Any]) -> str:
        """An initialiser."""
        array = value.detach().cpu().contiguous().numpy() if isinstance(value, Tensor) else value
        self.numbers.append(numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        """An operator of one output."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def pad(self, name: str, x: str, rim: int) -> str:
        """`x` extended by its edge pixels."""
        rims = torch.tensor([0, 0, rim, rim, 0, 0, rim, rim])
        return self.add("Pad", name, [x, self.number(f"{name}.pads", rims)], mode="edge")

    def convolve(
        self, name: str, x: str, weight: Tensor, bias: Tensor | None = None, *, groups: int = 1, same: bool = False
    ) -> str:
        """A convolution; `same` pads with zeros to keep the size."""
        inputs = [x, self.number(f"{name}.weight", weight.to(self.dtype))]
        if bias is not None:
            inputs.append(self.number(f"{name}.bias", bias.to(self.dtype)))
        rims = [side // 2 for side in weight.shape[2:]] * 2
        pads = {"pads": rims} if same and any(rims) else {}
        return self.add("Conv", name, inputs, kernel_shape=list(weight.shape[2:]), group=groups, **pads)

    def cut(self, name: str, x: str, axis: int, start: int, stop: int | None = None) -> str:
        """`x[start:stop]` along `axis`; negative numbers count from the end, None is the end."""
        ends = (start, np.iinfo(np.int64).max if stop is None else stop, axis)
        parts = [
            self.number(f"{name}.{part}", np.array([end], np.int64))
            for part, end in zip(("start", "stop", "axis"), ends, strict=True)
        ]
        return self.add("Slice", name, [x, *parts])

    def model(self, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """The checked model: `input [batch,3,height,width]` to `output [batch,3,height_out,width_out]`, float32."""
        picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, "height", "width"])
        larger = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3, "height_out", "width_out"])
        proto = helper.make_model(
            helper.make_graph(self.nodes, "paragonsr", [picture], [larger], self.numbers),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="paragonsr",
        )
        helper.set_model_props(proto, dict(metadata))
        onnx.checker.check_model(proto, full_check=True)
        return proto


def fix_size(model: onnx.ModelProto, height: int, width: int, *, scale: int) -> onnx.ModelProto:
    """The same model for one picture of one size, for engines that plan everything ahead."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for side, times in ((fixed.graph.input[0], 1), (fixed.graph.output[0], scale)):
        for dim, size in zip(side.type.tensor_type.shape.dim, (1, 3, height * times, width * times), strict=True):
            dim.dim_value = size
    onnx.checker.check_model(fixed, full_check=True)
    return fixed
