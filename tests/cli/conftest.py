"""The real program in a process of its own, on tiny pictures with a tiny model."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from paragonsr import console
from paragonsr.cli import cli

COMMAND = (sys.executable, "-c", "import sys; from paragonsr.cli import main; sys.exit(main())")
ENVIRONMENT = os.environ | {"PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `paragonsr` with these arguments in an empty folder; warnings are errors there as well."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND[0], "-W", "error", *COMMAND[1:], *map(str, arguments)],
            cwd=tmp_path, capture_output=True, text=True, check=False, env=ENVIRONMENT, encoding="utf-8",
        )  # fmt: skip

    return call


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same within this process, where a process of its own would show nothing more."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        code = console.run(cli, list(map(str, arguments)))
        captured = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, captured.out, captured.err)

    return call


def write_model(path: Path, channels: int = 3) -> Path:
    """A model that repeats each pixel."""
    phases = np.tile(np.eye(channels, dtype=np.float32), (4, 1))[:, :, None, None]
    nodes = [
        helper.make_node("Conv", ["input", "w"], ["phases"]),
        helper.make_node("DepthToSpace", ["phases"], ["output"], blocksize=2),
    ]
    size = [1, channels, "h", "w"]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, size)
    made = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, channels, "h2", "w2"])
    graph = helper.make_graph(nodes, "nearest", [given], [made], [numpy_helper.from_array(phases, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "nearest.onnx")


@pytest.fixture(scope="session")
def four_channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "four.onnx", channels=4)
