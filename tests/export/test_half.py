from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from paragonsr.export import checkpoint as checkpoints
from paragonsr.export import half
from paragonsr.export.onnx import base, graph
from paragonsr.model import magic
from paragonsr.model.fuse import Convolution, Fused, fuse

Tiles = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def fused(checkpoint: Path) -> Fused:
    found = fuse(checkpoints.load(checkpoint).nano)
    body = [Convolution(layer.weight.detach(), layer.bias.detach()) for layer in found.body]
    return Fused(body, Convolution(found.tail.weight.detach(), found.tail.bias.detach()))


def write(fused: Fused, path: Path) -> Path:
    onnx.save(graph(half.halve(fused), {}), path)
    return path


def test_half_inside_and_single_outside(fused: Fused) -> None:
    model = graph(half.halve(fused), {})
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds == {"Cast": 2, "Pad": 2, "Conv": 7, "LeakyRelu": 3, "Concat": 1, "Add": 1, "DepthToSpace": 1}
    for side in (*model.graph.input, *model.graph.output):
        assert side.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    numbers = {tensor.data_type for tensor in model.graph.initializer if not tensor.name.endswith(".pads")}
    assert numbers == {onnx.TensorProto.FLOAT16}


@pytest.mark.parametrize("side", [16, 64, 256, 512])
def test_strict_shape_inference_finds_the_scale(fused: Fused, side: int) -> None:
    model = graph(half.halve(fused), {})
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side + 2), strict=True):
        dim.dim_value = size
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    dims = inferred.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [1, 3, 2 * side, 2 * (side + 2)]


def test_rounding_keeps_flat_pictures_flat(fused: Fused) -> None:
    rounded = half.halve(fused)
    assert rounded.body[0].weight.double().sum((2, 3)).abs().max() == 0
    assert fused.body[0].weight.half().double().sum((2, 3)).abs().max() > 0, "plain rounding would not do"
    assert (rounded.body[0].weight.float() - fused.body[0].weight).abs().max() < 2e-3
    taps, phases = base(torch.float16)
    assert abs(float(taps.sum()) - 1) < 1e-5
    assert abs(sum(np.float16(tap) for tap in np.float64(magic.SHARPEN)) - 1) > 1e-5, "plain rounding would not do"
    assert (taps - torch.tensor(magic.SHARPEN, dtype=torch.float64)).abs().max() < 5e-4
    assert torch.equal(phases.half().double(), phases)
    assert torch.equal(phases.sum((2, 3)), torch.ones(4, 1, dtype=torch.float64))
    for level in (0.0, 0.2, 1.0):
        flat = torch.full((1, 3, 20, 20), level)
        assert (half.Rounded(rounded)(flat) - level).abs().max() < 2e-3


def test_the_reference_rounds_everything_to_half(fused: Fused) -> None:
    x = torch.rand(1, 3, 12, 14)
    given = half.Rounded(half.halve(fused))
    rounded = given(x)
    assert torch.equal(rounded.half().float(), rounded)
    assert 0.5 < given.largest < 100
    assert 1e-5 < (rounded - fused(x)).abs().mean() < 1e-3
    unrounded = half.Rounded(half.halve(fused), rounding=False)(x)
    assert (rounded - unrounded).abs().max() > 1e-4


def test_a_sound_network_passes_and_says_by_how_much(fused: Fused, tiles: Tiles, tmp_path: Path) -> None:
    verdict = half.measure(fused, write(fused, tmp_path / "half.onnx"), tiles)
    assert verdict.faults == []
    assert verdict.figures["fp16_psnr"] >= 65
    assert verdict.figures["fp16_steps_of_255"] <= 1
    assert 1 <= verdict.figures["fp16_largest_intermediate"] < 8188
    assert verdict.figures["fp16_reference_to_onnx"] <= half.FILE_TOLERANCE
    assert verdict.figures["fp16_bits_of_the_engine_that_proved_it"] in (16, 32)


def test_without_rounding_the_reference_is_the_file_in_single_precision(fused: Fused) -> None:
    """The same numbers in another's hands: the float16 file, its Casts and types taken away, through ONNX Runtime."""
    model = graph(half.halve(fused), {})
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float16:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), tensor.name))
    for node in model.graph.node:
        if node.op_type == "Cast":
            node.attribute[0].i = onnx.TensorProto.FLOAT
    x = torch.rand(1, 3, 12, 14)
    (engine,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"input": x.numpy()})
    assert np.abs(half.Rounded(half.halve(fused), rounding=False)(x).numpy() - engine).max() < 1e-6


@pytest.mark.parametrize(("factor", "fault"), [(3e4, "an intermediate reaches"), (1e9, "is not finite")])
def test_a_network_that_needs_more_than_half_is_refused(
    fused: Fused, tiles: Tiles, tmp_path: Path, factor: float, fault: str
) -> None:
    """The same function, but numbers between its layers are `factor` times as large."""
    first, *rest = fused.body
    scaled = [Convolution(first.weight * factor, first.bias * factor), *rest]
    scaled[1] = Convolution(rest[0].weight / factor, rest[0].bias)
    loud = fused._replace(body=scaled)
    verdict = half.measure(loud, write(loud, tmp_path / "half.onnx"), tiles)
    assert any(fault in line for line in verdict.faults)


def test_a_file_that_computes_something_else_is_refused(fused: Fused, tiles: Tiles, tmp_path: Path) -> None:
    other = fused._replace(tail=fused.tail._replace(bias=fused.tail.bias + 0.004))
    model = graph(half.halve(fused)._replace(tail=half.halve(fused).tail._replace(bias=other.tail.bias.half())), {})
    onnx.save(model, tmp_path / "half.onnx")
    verdict = half.measure(fused, tmp_path / "half.onnx", tiles)
    assert any("away from the reference" in line for line in verdict.faults)


def test_an_engine_in_float32_need_not_round_as_the_reference_does(
    fused: Fused, tiles: Tiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(half, "FILE_TOLERANCE", 0)
    path = write(fused, tmp_path / "half.onnx")
    verdict = half.measure(fused, path, tiles)
    assert (verdict.faults == []) == (verdict.figures["fp16_bits_of_the_engine_that_proved_it"] == 32)


def test_the_special_pictures_are_what_they_are_called() -> None:
    pictures = dict(half.specials())
    assert float(pictures["black"].max()) == 0
    assert float(pictures["white"].min()) == 1
    assert set(pictures["checkerboard"].unique().tolist()) == {0, 1}
    assert (pictures["checkerboard"].diff(dim=3).abs() == 1).all()
    assert (pictures["gradient across"].diff(dim=3) > 0).all()
    assert (pictures["gradient down"].diff(dim=2) > 0).all()
    assert all(picture.min() >= 0 and picture.max() <= 1 for picture in pictures.values())
