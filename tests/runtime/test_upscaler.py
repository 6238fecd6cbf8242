import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from paragonsr.errors import InputError, ModelError
from paragonsr.runtime import catalogue
from paragonsr.runtime.upscaler import Upscaler, upscale

Save = Callable[..., Path]
Make = Callable[..., Any]

DTYPES = [np.uint8, np.uint16, np.float32]


def noise(shape: tuple[int, ...], dtype: type = np.uint8, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return (
        rng.random(shape, dtype=np.float32)
        if dtype is np.float32
        else rng.integers(0, np.iinfo(dtype).max, shape, dtype, True)
    )


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Upscaler]:
    """Random models by their radius, as Upscalers that tile only when told to."""
    spec = importlib.util.spec_from_file_location("models", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(models)
    folder, found = tmp_path_factory.mktemp("models"), {}
    for sizes in ((1,), (3, 3), (5, 3, 7)):
        path = folder / f"{len(sizes)}.onnx"
        onnx.save(models.graph(models.random(sizes)), path)
        upscaler = Upscaler(path, tile="whole", threads=1)
        found[upscaler.session.radius or 0] = upscaler
    return found


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([0, 2, 6]), st.integers(1, 70), st.integers(1, 70), st.integers(1, 80), st.integers(0, 99))
def test_tiles_equal_the_whole(
    looking: dict[int, Upscaler], radius: int, height: int, width: int, tile: int, seed: int
) -> None:
    upscaler, image = looking[radius], noise((height, width, 3), np.float32, seed)
    expected = upscaler(image)
    with Upscaler(upscaler.session.path, tile=max(tile, 4), threads=1) as tiled:
        np.testing.assert_allclose(tiled(image), expected, rtol=0, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(4, 90))
def test_tiles_of_a_network_that_halves_inside_equal_the_whole(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, tile: int
) -> None:
    rng, path = np.random.default_rng(0), tmp_path_factory.getbasetemp() / "halves.onnx"
    kernels = [rng.normal(0.05, 0.1, shape).astype(np.float32) for shape in ((6, 3, 2, 2), (48, 6, 3, 3))]
    nodes = [
        helper.make_node("Conv", ["input", "a"], ["half"], strides=[2, 2]),
        helper.make_node("Conv", ["half", "b"], ["phases"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["phases"], ["output"], blocksize=4),
    ]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 3, None, None]) for n in ("input", "output")]
    constants = [numpy_helper.from_array(kernel, name) for kernel, name in zip(kernels, "ab", strict=True)]
    graph = helper.make_graph(nodes, "g", info[:1], info[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    image = noise((2 * height, 2 * width, 3), np.float32)
    with Upscaler(path, tile=tile, threads=1) as tiled, Upscaler(path, tile=0, threads=1) as whole:
        expected = whole(image)
        assert expected.std() > 0.02
        np.testing.assert_allclose(tiled(image), expected, rtol=0, atol=1e-5)


def test_the_models_of_these_tests_do_not_saturate(looking: dict[int, Upscaler]) -> None:
    for upscaler in looking.values():
        result = upscaler(noise((40, 40, 3), np.float32))
        assert ((result > 0) & (result < 1)).mean() > 0.5
        assert result.std() > 0.05


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (1, 1, 4), (5, 7, 4)])
def test_keeps_type_and_channels(save: Save, nearest: Make, dtype: type, shape: tuple[int, ...]) -> None:
    image = noise(shape, dtype)
    if shape[-1] in (2, 4):
        image[..., -1] = 1
    result = upscale(image, save(nearest()), threads=1)
    assert result.dtype == dtype
    tolerance = 1e-6 if dtype is np.float32 else 0
    np.testing.assert_allclose(result, image.repeat(2, 0).repeat(2, 1), rtol=0, atol=tolerance)


@pytest.mark.parametrize("scale", [1, 3])
def test_other_scales(save: Save, nearest: Make, scale: int) -> None:
    image = noise((40, 50, 4))
    image[..., 3] = 255
    result = upscale(image, save(nearest(scale), scale=scale), tile=16, threads=1)
    np.testing.assert_array_equal(result, image.repeat(scale, 0).repeat(scale, 1))


def test_gray_stays_gray(save: Save, random: Make) -> None:
    gray = noise((30, 20), np.uint16)
    with Upscaler(save(random((3, 3))), threads=1) as upscaler:
        assert np.ptp(upscaler.session.run(np.full((1, 3, 2, 2), 0.5, np.float32))[0, :, 0, 0]) > 0.01  # it tints
        single = upscaler(gray)
        triple = upscaler(np.stack([gray] * 3, 2))
        for channel in range(3):
            np.testing.assert_array_equal(triple[:, :, channel], single)
        almost = np.stack([gray] * 3, 2)
        almost[29, 19, 1] ^= 1
        assert (np.ptp(upscaler(almost), axis=2) > 0).any()


def test_alpha_keeps_its_ends_and_never_overshoots(save: Save, nearest: Make) -> None:
    image = noise((40, 40, 4))
    image[..., 3] = 0
    image[:, 20:, 3] = 200
    image[:, 30:, 3] = 255
    alpha = upscale(image, save(nearest()), tile=17, threads=1)[..., 3]
    expected = [0] * 39 + [50, 150] + [200] * 18 + [214, 241] + [255] * 19
    assert (alpha == expected).all()


def test_alpha_of_tiles_equals_alpha_of_the_whole(save: Save, nearest: Make) -> None:
    image, path = noise((41, 37, 2)), save(nearest())
    whole = upscale(image, path, tile=0, threads=1)
    np.testing.assert_array_equal(upscale(image, path, tile=9, threads=1), whole)


def test_hidden_colours_leave_no_halo(save: Save, random: Make) -> None:
    image = np.full((40, 40, 4), 255, np.uint8)
    image[:, :20] = 0  # black, fully transparent, beside opaque white
    path = save(random((5,)))
    result = upscale(image, path, threads=1)
    white = upscale(np.full((40, 40, 3), 255, np.uint8), path, threads=1)
    np.testing.assert_array_equal(result[:, 41:, :3], white[:, 41:])


def test_the_picture_given_is_not_changed(save: Save, nearest: Make) -> None:
    image = noise((9, 9, 4))
    image[:4, :, 3] = 0
    copy = image.copy()
    upscale(image, save(nearest()), threads=1)
    np.testing.assert_array_equal(image, copy)


def test_takes_views(save: Save, nearest: Make) -> None:
    image = noise((20, 30, 3))[::-2, 3::3]
    np.testing.assert_array_equal(upscale(image, save(nearest()), threads=1), image.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize(
    ("image", "error"),
    [
        ([[1, 2]], TypeError),
        (np.zeros((4, 4, 3)), TypeError),
        (np.zeros((4, 4, 3), np.int32), TypeError),
        (np.zeros((4, 4, 5), np.uint8), TypeError),
        (np.zeros(4, np.uint8), TypeError),
        (np.zeros((1, 4, 4, 3), np.uint8), TypeError),
        (np.zeros((0, 4, 3), np.uint8), ValueError),
        (np.full((4, 4, 3), np.nan, np.float32), InputError),
        (np.full((4, 4), np.inf, np.float32), InputError),
        (np.full((4, 4), 255, np.float32), InputError),
    ],
)
def test_refuses_what_is_no_picture(save: Save, nearest: Make, image: Any, error: type[Exception]) -> None:
    with Upscaler(save(nearest()), threads=1) as upscaler, pytest.raises(error):
        upscaler(image)


def test_refuses_impossible_tiles(save: Save, nearest: Make) -> None:
    with pytest.raises(ValueError, match="tile is a number"):
        Upscaler(save(nearest()), tile=-1)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ModelError, match="sharp: is neither"):
        Upscaler("sharp")


def test_progress_ends_with_all_pixels(save: Save, nearest: Make) -> None:
    calls: list[tuple[int, int]] = []
    upscale(noise((30, 50)), save(nearest()), tile=20, threads=1, progress=lambda *call: calls.append(call))
    assert len(calls) == 6
    assert calls[-1] == (1500, 1500)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})


@pytest.mark.parametrize("shape", [(30, 50), (70, 20, 4)])
def test_bands_are_the_whole_from_the_top(save: Save, random: Make, shape: tuple[int, ...]) -> None:
    image, rooms = noise(shape), list[tuple[Any, Any]]()
    with Upscaler(save(random((3, 3))), tile=16, threads=1) as upscaler:

        def room(rows: Any) -> Any:
            rooms.append((rows, np.zeros((rows.length, 2 * shape[1], *shape[2:]), np.uint8)))
            return rooms[-1][1]

        for number, rows in enumerate(upscaler.bands(image, room), 1):
            assert (rows, number) == (rooms[-1][0], len(rooms)), "a band is asked for when the last one is filled"
        np.testing.assert_array_equal(np.concatenate([band for _, band in rooms]), upscaler(image))
    assert [rows.start for rows, _ in rooms] == [0, *(rows.stop for rows, _ in rooms[:-1])]
    assert len(rooms) == -(-shape[0] // 16)


def test_many_threads_share_one(save: Save, random: Make) -> None:
    pictures = [noise((30 + i, 40, 3), seed=i) for i in range(8)]
    with Upscaler(save(random((3, 3))), tile=16, threads=1) as upscaler, ThreadPoolExecutor(4) as pool:
        alone = [upscaler(image) for image in pictures]
        for a, b in zip(alone, pool.map(upscaler, pictures), strict=True):
            np.testing.assert_array_equal(a, b)


def run(code: str, *arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_never_imports_torch(save: Save, nearest: Make) -> None:
    code = """
import json, sys, numpy
from paragonsr.runtime.upscaler import upscale
upscale(numpy.zeros((4, 4, 4), numpy.uint8), sys.argv[1], threads=1)
print(json.dumps([name for name in sys.modules if name.split(".")[0] in ("torch", "onnx")]))
"""
    assert run(code, save(nearest())) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_goes_on_with_smaller_tiles_when_memory_runs_out(save: Save, random: Make) -> None:
    code = """
import json, logging, re, resource, sys, numpy
from paragonsr.runtime.upscaler import Upscaler
messages, handler = [], logging.Handler()
handler.emit = lambda record: messages.append(record.getMessage())
logging.getLogger("paragonsr").addHandler(handler)
image = numpy.random.default_rng(0).integers(0, 256, (400, 300, 3), numpy.uint8)
with Upscaler(sys.argv[1], tile=50, threads=1, provider="cpu") as small:
    expected = small(image)
upscaler = Upscaler(sys.argv[1], tile="whole", threads=1, provider="cpu")
used = int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, resource.RLIM_INFINITY))
result = upscaler(image)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps([messages, int(abs(result.astype(int) - expected).max())]))
"""
    messages, difference = run(code, save(random((3, 3), width=64)))
    assert messages
    assert "going on with tiles of 200 pixels" in messages[0]
    assert difference == 0


def test_without_a_name_it_is_the_model_the_command_takes() -> None:
    with Upscaler(provider="cpu", threads=1) as upscaler:
        assert upscaler.session.path == catalogue.find(catalogue.DEFAULT)
