from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, quantize_static

from paragonsr.export import checkpoint as checkpoints
from paragonsr.export import quantize
from paragonsr.export.onnx import graph
from paragonsr.model.fuse import Convolution, Fused, fuse

Planes = NDArray[np.float32]
LAYERS = (1, 2)


@pytest.fixture(scope="module")
def fused(checkpoint: Path) -> Fused:
    return fuse(checkpoints.load(checkpoint).nano)


@pytest.fixture(scope="module")
def model(fused: Fused) -> onnx.ModelProto:
    return graph(fused, {"note": "n"})


@pytest.fixture(scope="module")
def pictures(tiles: list[NDArray[np.uint8]]) -> list[Planes]:
    parts = [tile[top : top + 96, 20:140] for tile in tiles for top in (0, 130)]
    return [np.ascontiguousarray(part.transpose(2, 0, 1)[None], np.float32) / np.float32(255) for part in parts]


@pytest.fixture(scope="module")
def made(model: onnx.ModelProto, pictures: list[Planes]) -> onnx.ModelProto:
    return quantize.quantise(model, LAYERS, pictures)


def run(model: onnx.ModelProto, x: Planes) -> Planes:
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"input": x})[0]


def test_the_body_is_in_8_bits_with_a_scale_for_each_channel_and_nothing_else_is(made: onnx.ModelProto) -> None:
    numbers = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
    for layer in LAYERS:
        weight = numbers[f"body.{layer}.weight_quantized"]
        assert weight.dtype == np.int8
        assert numbers[f"body.{layer}.weight_scale"].shape == (len(weight),)
        assert numbers[f"body.{layer}_zero_point"].dtype == np.uint8
    for name in ("body.0.weight", "tail.weight", "base.sharpen_down.weight", "base.double.weight"):
        assert numbers[name].dtype == np.float32
    convolutions = [node for node in made.graph.node if node.op_type == "Conv"]
    eight = {node.name for node in convolutions if "DequantizeLinear" in node.input[0]}
    assert eight == {"body.1", "body.2", "tail"}
    assert {node.name for node in convolutions} - eight == {
        *("body.0", "base.sharpen_down", "base.sharpen_across", "base.double")
    }


def test_the_interface_is_the_same(made: onnx.ModelProto, model: onnx.ModelProto) -> None:
    assert made.graph.input == model.graph.input
    assert made.graph.output == model.graph.output
    assert (made.opset_import, made.ir_version) == (model.opset_import, model.ir_version)
    assert (made.metadata_props, made.producer_name) == (model.metadata_props, model.producer_name)
    assert len(made.SerializeToString()) < len(model.SerializeToString()) + 20_000


def test_it_computes_nearly_the_same(made: onnx.ModelProto, model: onnx.ModelProto, pictures: list[Planes]) -> None:
    errors = [float(np.square(run(made, x) - run(model, x)).mean()) for x in pictures]
    assert -10 * np.log10(max(errors)) > 45
    assert min(errors) > 0


def test_flat_colours_stay_flat(made: onnx.ModelProto, model: onnx.ModelProto, pictures: list[Planes]) -> None:
    for level in (0.0, 0.3, 1.0):
        flat = np.full((1, 3, 20, 24), level, np.float32)
        assert np.abs(run(made, flat) - level).max() < 2e-6


def test_without_mending_flat_colours_would_move(
    model: onnx.ModelProto, pictures: list[Planes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "_flatten", lambda model: None)
    flat = np.full((1, 3, 20, 24), 0.3, np.float32)
    assert np.abs(run(quantize.quantise(model, LAYERS, pictures), flat) - 0.3).max() > 1e-5


def test_the_base_is_exact(fused: Fused, pictures: list[Planes]) -> None:
    """Without detail what is left is the base: the same to the last bit."""
    silent = fused._replace(tail=Convolution(torch.zeros_like(fused.tail.weight), torch.zeros_like(fused.tail.bias)))
    bare = graph(silent, {})
    assert np.array_equal(run(quantize.quantise(bare, LAYERS, pictures), pictures[0]), run(bare, pictures[0]))


class Reader(CalibrationDataReader):
    def __init__(self, pictures: Sequence[Planes]) -> None:
        self.rest = iter(pictures)

    def get_next(self) -> dict[str, Planes] | None:
        picture = next(self.rest, None)
        return None if picture is None else {"input": picture}


def test_a_base_that_reads_8_bits_is_seen(model: onnx.ModelProto, pictures: list[Planes], tmp_path: Path) -> None:
    """Leaving the base's own operators out is not enough: the body's pad takes the picture, which is then rounded."""
    base = [node.name for node in model.graph.node if node.name.startswith("base")]
    source = onnx.ModelProto()
    source.CopyFrom(model)
    quantize.quant_utils.add_pre_process_metadata(source)
    quantize_static(source, tmp_path / "trap.onnx", Reader(pictures), nodes_to_exclude=[*base, "sum", "output"])
    assert {"body.pad", "base.pad"} <= quantize.readers(onnx.load(tmp_path / "trap.onnx"))


def test_made_again_it_is_the_same(made: onnx.ModelProto, model: onnx.ModelProto, pictures: list[Planes]) -> None:
    assert quantize.quantise(model, LAYERS, pictures).SerializeToString() == made.SerializeToString()


@pytest.mark.parametrize("side", [16, 64, 256, 512])
def test_strict_shape_inference_finds_the_scale(made: onnx.ModelProto, side: int) -> None:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(made)
    for dim, size in zip(fixed.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side + 2), strict=True):
        dim.dim_value = size
    fixed.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, check_type=True, strict_mode=True, data_prop=True)
    dims = inferred.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [1, 3, 2 * side, 2 * (side + 2)]
