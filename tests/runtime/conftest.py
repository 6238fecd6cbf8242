"""Small ONNX models as our exporter writes them: an edge pad, unpadded convolutions, depth-to-space."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = Sequence[NDArray[np.float32]]


def graph(
    weights: Weights,
    scale: int = 2,
    mode: str = "DCR",
    pad: bool = True,
    fixed: bool = False,
    channels: int = 3,
) -> onnx.ModelProto:
    """Pad, convolutions with ReLU between them, depth-to-space; `fixed` nails the size to 8 x 8."""
    margin = sum(kernel.shape[2] // 2 for kernel in weights)
    nodes, constants, name = [], [], "input"
    if margin and pad:
        pads = np.array([0, 0, margin, margin] * 2, np.int64)
        constants.append(numpy_helper.from_array(pads, "pads"))
        nodes.append(helper.make_node("Pad", [name, "pads"], ["padded"], mode="edge"))
        name = "padded"
    for i, kernel in enumerate(weights):
        constants.append(numpy_helper.from_array(kernel.astype(np.float32), f"w{i}"))
        nodes.append(helper.make_node("Conv", [name, f"w{i}"], [f"c{i}"]))
        name = f"c{i}"
        if i < len(weights) - 1:
            nodes.append(helper.make_node("Relu", [name], [f"r{i}"]))
            name = f"r{i}"
    if scale > 1:
        nodes.append(helper.make_node("DepthToSpace", [name], ["up"], blocksize=scale, mode=mode))
        name = "up"
    nodes.append(helper.make_node("Identity", [name], ["output"]))
    size = [8, 8] if fixed else ["height", "width"]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", channels, *size])
    made = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", None, None, None])
    model = helper.make_model(
        helper.make_graph(nodes, "test", [given], [made], constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


def nearest(scale: int = 2, channels: int = 3, mode: str = "DCR") -> Weights:
    """Each pixel repeated: exact in every arithmetic."""
    phases = np.repeat(np.eye(channels), scale**2, 0) if mode == "CRD" else np.tile(np.eye(channels), (scale**2, 1))
    return [phases[:, :, None, None].astype(np.float32)]


def random(sizes: Sequence[int], seed: int = 0, width: int = 6, scale: int = 2) -> Weights:
    """Random kernels of these sizes that keep pictures within [0, 1] mostly, and tint them a little."""
    rng = np.random.default_rng(seed)
    channels = [3, *[width] * (len(sizes) - 1), 3 * scale**2]
    kernels: list[NDArray[np.float32]] = []
    for given, made, size in zip(channels[:-1], channels[1:], sizes, strict=True):
        count = given * size**2
        detail = rng.normal(0, 0.5 / count**0.5, (made, count))
        gain = rng.uniform(0.8, 1, (made, 1))
        kernel = detail - detail.mean(1, keepdims=True) + gain / count
        kernels.append(kernel.reshape(made, given, size, size).astype(np.float32))
    return kernels


Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a model of the given weights to a file; `card` becomes its card."""

    def write(weights: Weights, name: str = "model.onnx", card: str | None = None, **options: object) -> Path:
        model = graph(weights, **options)  # type: ignore[arg-type]
        if card is not None:
            helper.set_model_props(model, {"paragonsr.card": card})
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture(name="nearest")
def _nearest() -> Callable[..., Weights]:
    return nearest


@pytest.fixture(name="random")
def _random() -> Callable[..., Weights]:
    return random
