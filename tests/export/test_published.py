"""The author's published checkpoints: recognised, deployed exactly, borders too, and never mistaken for ours."""

import json
import logging
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file

from paragonsr import Upscaler, console
from paragonsr.artifacts import card as cards
from paragonsr.cli import cli
from paragonsr.errors import ExportError
from paragonsr.export import published as graphs
from paragonsr.export import release
from paragonsr.model import published
from paragonsr.model.generator import ARCHITECTURE

Arrays = dict[str, NDArray[np.generic]]
Tiles = list[NDArray[np.uint8]]
SIZES = [(1, 1), (1, 6), (2, 2), (2, 5), (3, 3), (3, 8), (4, 4), (5, 17), (24, 31)]


def build(arrays: Arrays) -> published.Published:
    return published.build({name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}, torch.float64)


@pytest.fixture
def file(published_arrays: Arrays, tmp_path: Path) -> Path:
    path = tmp_path / "2xTheirs.safetensors"
    save_file(published_arrays, path)
    return path


def export(source: Path, tiles: Tiles, name: str = "2xTheirs") -> list[Path]:
    return release.export(source, source.parent / "out", name=name, version="1", tiles=tiles)


@pytest.mark.parametrize("size", SIZES)
def test_the_quick_graph_is_the_same_function_at_every_border(published_arrays: Arrays, size: tuple[int, int]) -> None:
    net = build(published_arrays)
    x = np.random.default_rng(1).random((2, 3, *size), dtype=np.float32)
    session = onnxruntime.InferenceSession(graphs.graph(net, {}).SerializeToString())
    (given,) = session.run(None, {"input": x})
    np.testing.assert_allclose(given, net(torch.from_numpy(x).double()).numpy(), rtol=0, atol=5e-6)


def test_biases_may_be_left_out(published_arrays: Arrays) -> None:
    last = {
        "conv_out.bias",
        "upsampler.bias",
        *(name for name in published_arrays if name.endswith("project_out.bias")),
    }
    assert len(last & published_arrays.keys()) > 2
    net = build({name: array for name, array in published_arrays.items() if name not in last})
    x = np.random.default_rng(1).random((1, 3, 5, 6), dtype=np.float32)
    session = onnxruntime.InferenceSession(graphs.graph(net, {}).SerializeToString())
    (given,) = session.run(None, {"input": x})
    np.testing.assert_allclose(given, net(torch.from_numpy(x).double()).numpy(), rtol=0, atol=5e-6)


def test_it_takes_few_operators_and_one_convolution_for_the_tail(published_arrays: Arrays) -> None:
    model = graphs.graph(build(published_arrays), {})
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds.keys() == {"Conv", "LeakyRelu", "Add", "DepthToSpace", "Slice", "Concat"}
    strips = 4 * 3
    assert kinds["Conv"] == 1 + 3 * 6 + 1 + 2 + 1 + strips
    (tail,) = (tensor for tensor in model.graph.initializer if tensor.name == "tail.weight")
    assert tuple(tail.dims) == (12, 10, 5, 5)


@pytest.mark.parametrize("side", [16, 64, 256, 512])
def test_strict_shape_inference_finds_the_scale(published_arrays: Arrays, side: int) -> None:
    model = graphs.graph(build(published_arrays), {})
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, 3, side, side + 2), strict=True):
        dim.dim_value = size
    model.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    dims = inferred.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [1, 3, 2 * side, 2 * (side + 2)]


def test_from_their_file_to_ours(
    file: Path, published_arrays: Arrays, tiles: Tiles, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        files = export(file, tiles)
    assert caplog.messages == []
    assert [path.name for path in files] == [f"2xTheirs{end}" for end in release.SUFFIXES]
    weights = load_file(files[1])
    assert weights.keys() == published_arrays.keys()
    assert all(np.array_equal(weights[name], array) for name, array in published_arrays.items())
    card = cards.loads(files[2].read_bytes(), "card")
    assert card.architecture == published.ARCHITECTURE != ARCHITECTURE
    assert (card.scale, card.radius, card.licence) == (2, 22, "MIT")
    assert 0 <= card.parity["published_to_onnx"] <= 1e-5
    assert "not trained here" in card.training.recipe
    first = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    assert [path.read_bytes() for path in export(file, tiles)] == first


def test_the_runtime_takes_it_and_its_tiles_are_the_whole(file: Path, tiles: Tiles) -> None:
    model = export(file, tiles)[0]
    with Upscaler(model, provider="cpu", tile=0) as whole, Upscaler(model, provider="cpu", tile=64) as parts:
        difference = np.abs(whole(tiles[0]).astype(int) - parts(tiles[0]))
    assert difference.max() <= 1  # rounding to whole numbers
    assert (difference > 0).mean() < 1e-3


def test_kernels_that_were_never_averaged_are_named(
    file: Path, published_arrays: Arrays, tiles: Tiles, caplog: pytest.LogCaptureFixture
) -> None:
    flags = {name for name in published_arrays if name.endswith("tracked_initialized")}
    save_file(published_arrays | {name: np.array(False) for name in flags}, file)
    with caplog.at_level(logging.WARNING):
        files = export(file, tiles)
    assert "2xTheirs.safetensors says that its tracked kernels were never averaged" in caplog.text
    weights = load_file(files[1])
    assert all(weights[name] for name in flags)
    card, page = cards.loads(files[2].read_bytes(), "card"), files[3].read_text()
    assert "never averaged" in card.notes["kernels"]
    assert card.notes["kernels"] in page
    assert "see its author's card" in page
    assert "rained on see" not in page + files[4].read_text()
    x = np.random.default_rng(2).random((1, 3, 12, 12), dtype=np.float32)
    (given,) = onnxruntime.InferenceSession(files[0]).run(None, {"input": x})
    np.testing.assert_allclose(given, build(published_arrays)(torch.from_numpy(x).double()).numpy(), rtol=0, atol=5e-6)


def test_the_command_names_the_files_after_it(
    file: Path, tiles: Tiles, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "tiles").mkdir()
    Image.fromarray(tiles[0]).save(file.parent / "tiles" / "one.png")
    monkeypatch.chdir(file.parent)
    words = ["export", str(file), "--out", str(file.parent / "out"), "--tiles", "tiles"]
    for wrong in (("--url", "nowhere"), ("--author", " ")):
        assert console.run(cli, [*words, *wrong]) == console.USAGE
    assert console.run(cli, words) == console.DONE
    assert capsys.readouterr().out.split() == [
        str(file.parent / "out" / f"2xTheirs{suffix}") for suffix in release.SUFFIXES
    ]


def test_a_file_that_only_looks_like_one_is_refused(file: Path, published_arrays: Arrays, tiles: Tiles) -> None:
    save_file(published_arrays | {"extra.weight": np.zeros(3, np.float32)}, file)
    with pytest.raises(ExportError, match=r"2xTheirs\.safetensors cannot be read.*unknown, the first is extra\.weight"):
        export(file, tiles)
    assert not (file.parent / "out").exists()


def test_a_graph_that_computes_something_else_gets_no_name(
    file: Path, tiles: Tiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "RIM", 1)
    with pytest.raises(ExportError, match="does not compute what was trained"):
        export(file, tiles)
    assert list((file.parent / "out").iterdir()) == []


def test_the_published_files_themselves(assets: Path, tiles: Tiles, tmp_path: Path) -> None:
    source = assets / "reference" / "2xParagonSR2_Nano_Pretrain.safetensors"
    if not source.is_file():
        pytest.skip("no published checkpoints in the assets")
    files = release.export(source, tmp_path, name=source.stem, version="1", tiles=tiles)
    stored = np.load(assets / "reference" / "published_nano_io.npz")
    (given,) = onnxruntime.InferenceSession(files[0]).run(None, {"input": stored["input"]})
    np.testing.assert_allclose(given, stored["nonema_static"], rtol=2e-5, atol=2e-5)  # float32 on both sides
    assert json.loads(files[2].read_bytes())["radius"] == 27
