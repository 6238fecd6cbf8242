"""Eight bits: the convolutions of the body in whole numbers, calibrated on pictures, the rest of the graph as it is."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quant_utils,
    quantize_static,
)

Planes = NDArray[np.float32]

PARTS = ("", ".lrelu")
"""A layer's operators: the convolution, and what bends its result."""

FLAT = (1, 3, 48, 48)
"""A picture of one colour, larger than any network here looks."""


def quantise(model: onnx.ModelProto, layers: Sequence[int], pictures: Sequence[Planes]) -> onnx.ModelProto:
    """The released graph with these layers of its body in 8 bits, flat colours still flat.

    Weights are signed and have a scale for each output channel, what goes between the layers is unsigned and has one
    scale for all, from the smallest and largest values (MinMax) that `pictures`, float32 `[1,3,H,W]` in [0,1], give.
    Values stay in float32 outside, between QuantizeLinear and DequantizeLinear.
    """
    source = onnx.ModelProto()
    source.CopyFrom(model)
    quant_utils.add_pre_process_metadata(source)  # there is nothing to simplify; without it, a warning says so
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quantised.onnx"
        quantize_static(
            source,
            path,
            _Reader(pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=[f"body.{layer}{part}" for layer in layers for part in PARTS],
            calibrate_method=CalibrationMethod.MinMax,
        )
        made = onnx.load(path)
    del made.graph.value_info[:]
    made.producer_name, made.producer_version = model.producer_name, model.producer_version
    onnx.helper.set_model_props(made, {entry.key: entry.value for entry in model.metadata_props})
    _flatten(made)
    assert not (wrong := readers(made) - _body(layers)), f"{wrong} must not read what was rounded to 8 bits"
    onnx.checker.check_model(made, full_check=True)
    return made


def _body(layers: Sequence[int]) -> set[str]:
    """The layers and what follows the last of them: all that may read 8-bit numbers."""
    return {"tail", f"body.{max(layers) + 1}", *(f"body.{layer}{part}" for layer in layers for part in PARTS)}


def readers(model: onnx.ModelProto) -> set[str]:
    """The names of all operators that read 8-bit numbers: the base must not be among them."""
    rounded = {node.output[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    return {
        node.name for node in model.graph.node if node.op_type != "QuantizeLinear" and rounded.intersection(node.input)
    }


class _Reader(CalibrationDataReader):
    def __init__(self, pictures: Sequence[Planes]) -> None:
        self.rest: Iterator[Planes] = iter(pictures)

    def get_next(self) -> dict[str, Planes] | None:
        picture = next(self.rest, None)
        return None if picture is None else {"input": picture}


def _flatten(model: onnx.ModelProto) -> None:
    """Make the tail's bias anew, so that it adds nothing to a flat colour.

    The head sees none, so the tail's answer to any is one number for each of its channels; 8 bits have moved it.
    """
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.append(onnx.helper.make_tensor_value_info("tail", onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"input": np.full(FLAT, 0.5, np.float32)})
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "tail.bias")
    moved = numpy_helper.to_array(bias) - np.asarray(answer)[0].mean((1, 2))
    bias.CopyFrom(numpy_helper.from_array(moved.astype(np.float32), bias.name))
