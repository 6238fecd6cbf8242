"""Models of the released kind with random weights, and pictures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from paragonsr.export.onnx import graph
from paragonsr.model.config import Model
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import Nano

Draw = Callable[..., Path]


def _nano(path: Path, strength: float) -> Path:
    torch.manual_seed(3)
    nano = Nano(Model(channels=16, layers=2, expansion=16)).double().eval()
    with torch.no_grad():
        nano.tail *= strength
        onnx.save(graph(fuse(nano), {}), path)
    return path


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Nano whose detail is random and far from zero."""
    return _nano(tmp_path_factory.mktemp("random") / "2xRandom.onnx", 20.0)


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Nano without detail: exactly Magic Kernel Sharp 2021."""
    return _nano(tmp_path_factory.mktemp("plain") / "2xPlain.onnx", 0.0)


@pytest.fixture(scope="session")
def four_times(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that repeats each pixel 4 x 4 times."""
    weight = np.tile(np.eye(3, dtype=np.float32), (16, 1))[:, :, None, None]
    size = ["height", "width"]
    nodes = [
        helper.make_node("Conv", ["input", "weight"], ["phases"]),
        helper.make_node("DepthToSpace", ["phases"], ["output"], blocksize=4),
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, *size])
    made = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3, "h", "w"])
    body = helper.make_graph(nodes, "four", [given], [made], [numpy_helper.from_array(weight, "weight")])
    path = tmp_path_factory.mktemp("four") / "4x.onnx"
    onnx.save(helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def draw() -> Draw:
    """Saves a smooth random picture: draw(path, height, width, mode="RGB")."""

    def save(path: Path, height: int, width: int, mode: str = "RGB", seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        if mode == "I;16":
            Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * np.uint16(257)).save(path)
        else:
            picture.convert(mode).save(path)
        return path

    return save


@pytest.fixture
def pixels() -> Callable[[Path], NDArray[np.uint8]]:
    """Reads a picture with Pillow."""

    def read(path: Path) -> NDArray[np.uint8]:
        with Image.open(path) as image:
            return np.asarray(image)

    return read
