import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paragonsr.errors import ModelError, ProviderError
from paragonsr.runtime import catalogue, openvino
from paragonsr.runtime.session import Session
from paragonsr.runtime.upscaler import Upscaler

pytest.importorskip("openvino", reason="pip install '.[openvino]' runs these")
Save = Callable[..., Path]
Make = Callable[..., Any]


def test_computes_what_onnx_runtime_computes(save: Save, random: Make) -> None:
    path, rng = save(random((3, 5, 3))), np.random.default_rng(0)
    with Session(path, provider="openvino", threads=1) as here, Session(path, provider="cpu", threads=1) as there:
        assert (here.provider, here.scale, here.radius, here.notes) == ("openvino", 2, 4, ())
        for shape in ((1, 3, 1, 1), (1, 3, 33, 17), (3, 3, 8, 9), (1, 3, 33, 17)):
            x = rng.random(shape, dtype=np.float32)
            np.testing.assert_allclose(here.run(x), there.run(x), rtol=0, atol=2e-6)


def test_results_stay_when_the_next_one_is_made(save: Save, nearest: Make) -> None:
    with Session(save(nearest()), provider="openvino", threads=1) as session:
        first, second = (np.full((1, 3, 4, 4), value, np.float32) for value in (0.25, 0.75))
        made = session.run(first)
        session.run(second)
        assert (made == 0.25).all()


def test_many_threads_share_a_session(save: Save, random: Make) -> None:
    pictures = [np.random.default_rng(i).random((1, 3, 8 + i, 9), dtype=np.float32) for i in range(12)]
    with Session(save(random((3, 3))), provider="openvino", threads=1) as session, ThreadPoolExecutor(4) as pool:
        alone = [session.run(x) for x in pictures]
        for a, b in zip(alone, pool.map(session.run, pictures), strict=True):
            np.testing.assert_array_equal(a, b)


def test_auto_takes_it_and_the_picture_is_the_same(save: Save, random: Make) -> None:
    path, image = save(random((3, 3))), np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    with Upscaler(path, tile=16, threads=1, provider="openvino") as one, Upscaler(path, provider="cpu") as other:
        apart = np.abs(one(image).astype(int) - other(image))
        assert apart.max() <= 1
        assert (apart > 0).mean() < 1e-3, "only where a value lies between two"


def test_precision_is_what_was_asked_for(save: Save, nearest: Make) -> None:
    """Where the processor has no bfloat16 that is said."""
    if openvino.is_native("openvino-bf16"):
        pytest.skip("this processor has bfloat16")
    with pytest.raises(ProviderError, match="would compute in float32 on this processor, not in bfloat16"):
        Session(save(nearest()), provider="openvino-bf16", threads=1)


def test_bfloat16_leaves_the_base_alone() -> None:
    core = importlib.import_module("openvino").Core()
    model = openvino.base_kept(core, core.read_model(str(catalogue.find("fidelity"))))
    marked = {
        operator.get_friendly_name()
        for operator in model.get_ordered_ops()
        if any("Precision" in mark or "precise" in mark for mark in operator.get_rt_info())
    }
    assert marked == {"base.pad", "base.sharpen_down", "base.sharpen_across", "base.double"}


@pytest.mark.skipif(not openvino.is_native("openvino-bf16"), reason="this processor has no bfloat16")
@pytest.mark.parametrize("name", ["fidelity", "perceptual"])
def test_bfloat16_where_the_processor_has_it(name: str) -> None:
    """It passes its gate; flat colours stay what they are, and a picture in tiles is the picture as a whole."""
    rng, exact = np.random.default_rng(0), Session(catalogue.find(name), provider="cpu", threads=1)
    with exact, Session(catalogue.find(name), provider="openvino-bf16", threads=1) as session:
        for colour in rng.integers(0, 256, (50, 3)):
            flat = np.broadcast_to((colour / 255).astype(np.float32)[None, :, None, None], (1, 3, 9, 9))
            assert ((session.run(flat) * 255).round() == colour[None, :, None, None]).all()
        rim, picture = session.radius, rng.random((1, 3, 90, 120), dtype=np.float32)
        whole, part = session.run(picture), session.run(picture[:, :, 20:70, 30:95])
        inner = part[:, :, 2 * rim : -2 * rim, 2 * rim : -2 * rim]
        place = whole[:, :, 40 + 2 * rim : 140 - 2 * rim, 60 + 2 * rim : 190 - 2 * rim]
        np.testing.assert_array_equal(inner, place)
        assert 0 < np.abs(whole - exact.run(picture)).max() <= 1 / 255


def test_refuses_what_it_cannot_read(tmp_path: Path, save: Save, nearest: Make) -> None:
    (tmp_path / "x.onnx").write_bytes(b"this is no model")
    with pytest.raises(ProviderError, match=r"x\.onnx: provider 'openvino' cannot open it: "):
        openvino.Model(tmp_path / "x.onnx", "openvino", 1)
    with (
        Session(save(nearest()), provider="openvino", threads=1) as session,
        pytest.raises(ModelError, match=r"\[1, 4, 2, 2\]"),
    ):
        session.run(np.zeros((1, 4, 2, 2), np.float32))
