from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from paragonsr.export import checkpoint as checkpoints
from paragonsr.export.onnx import graph
from paragonsr.model.config import Model
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import Nano


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> onnx.ModelProto:
    return graph(fuse(checkpoints.load(checkpoint).nano), {"note": "n"})


def attributes(node: onnx.NodeProto) -> dict[str, object]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def test_only_the_operators_that_every_tool_has(model: onnx.ModelProto) -> None:
    """FACTS of the consumers: two edge pads at most, nothing that computes shapes."""
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds == {"Pad": 2, "Conv": 3 + 1 + 2 + 1, "LeakyRelu": 3, "Concat": 1, "Add": 1, "DepthToSpace": 1}
    for node in model.graph.node:
        found = attributes(node)
        assert node.domain == ""
        if node.op_type == "Pad":
            assert found["mode"] == b"edge"
        if node.op_type == "Conv":
            assert "pads" not in found, "every convolution is unpadded"
            assert "auto_pad" not in found
    onnx.checker.check_model(model, full_check=True)


def test_the_interface(model: onnx.ModelProto) -> None:
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    (given,), (made,) = model.graph.input, model.graph.output
    assert (given.name, made.name) == ("input", "output")
    for side in (given, made):
        kind = side.type.tensor_type
        assert kind.elem_type == onnx.TensorProto.FLOAT
        batch, channels, height, width = kind.shape.dim
        assert channels.dim_value == 3
        assert all(dim.dim_param and not dim.dim_value for dim in (batch, height, width))
    assert all(
        tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT64) for tensor in model.graph.initializer
    )
    assert [(entry.key, entry.value) for entry in model.metadata_props] == [("note", "n")]


@pytest.mark.parametrize("side", [16, 64, 256, 512])
def test_strict_shape_inference_finds_the_scale(model: onnx.ModelProto, side: int) -> None:
    """How other tools learn that the scale is 2."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for dim, size in zip(fixed.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side + 2), strict=True):
        dim.dim_value = size
    del fixed.graph.output[0].type.tensor_type.shape.dim[2:]
    fixed.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, check_type=True, strict_mode=True, data_prop=True)
    dims = inferred.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [1, 3, 2 * side, 2 * (side + 2)]


@pytest.mark.parametrize("layers", [0, 1, 2, 9])
def test_computes_the_definition_in_float64_at_any_depth(layers: int) -> None:
    """Against the definition, not against the fusion that the graph is written from; the base is the wider at 0."""
    torch.manual_seed(layers)
    nano = Nano(Model(channels=4, layers=layers, expansion=8)).eval()
    torch.nn.init.normal_(nano.tail, std=0.1)
    for block in (nano.head, *nano.body):
        torch.nn.init.normal_(block.bias, std=0.1)
    with torch.no_grad():
        x = torch.rand(2, 3, 13, 17)
        session = onnxruntime.InferenceSession(graph(fuse(nano.double()), {}).SerializeToString())
        expected = nano(x.double()).numpy()
    (given,) = session.run(None, {"input": x.numpy()})
    assert given.dtype == np.float32
    assert given.shape == (2, 3, 26, 34)
    assert np.abs(given - expected).max() < 1e-5
    assert np.abs(expected - nano.double()(x.double() * 0 + 0.5).detach().numpy()).max() > 0.1
