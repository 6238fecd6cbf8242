import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from paragonsr.artifacts.card import Card, Training, dumps
from paragonsr.errors import ModelError
from paragonsr.runtime.session import Session

Save = Callable[..., Path]
Make = Callable[..., Any]


def card(scale: int = 2, radius: int = 3) -> str:
    training = Training(
        recipe="r",
        degradation="d",
        commit="0",
        steps=1,
        images_seen=1,
        corpus="c",
        corpus_sha256="0",
        corpus_licence="CC0",
        losses={},
    )
    return dumps(
        Card(
            name="Tiny",
            architecture="tiny",
            version="1",
            scale=scale,
            radius=radius,
            channels=3,
            parameters=12,
            licence="CC0",
            checkpoint_sha256="0",
            training=training,
            parity={},
        )
    ).decode()


def picture(height: int = 5, width: int = 7) -> Any:
    return np.random.default_rng(1).random((2, 3, height, width), dtype=np.float32)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_runs_and_finds_the_scale(save: Save, nearest: Make, scale: int, mode: str) -> None:
    with Session(save(nearest(scale, mode=mode), scale=scale, mode=mode), provider="cpu", threads=1) as session:
        assert (session.scale, session.radius, session.name) == (scale, 0, "model")
        assert (session.provider, session.notes, session.card) == ("cpu", (), None)
        x = picture()
        np.testing.assert_array_equal(session.run(x), x.repeat(scale, 2).repeat(scale, 3))


@pytest.mark.parametrize(("sizes", "radius"), [((1,), 0), ((3,), 1), ((5, 3, 3), 4), ((9, 9, 9, 9), 16)])
def test_probes_the_radius_of_a_foreign_file(save: Save, random: Make, sizes: tuple[int], radius: int) -> None:
    with Session(save(random(sizes)), threads=1) as session:
        assert session.radius == radius


def test_a_model_that_sees_everything_has_no_radius(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
        helper.make_node("Add", ["input", "mean"], ["output"]),
    ]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 3, "h", "w"]) for n in ("input", "output")]
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(helper.make_graph(nodes, "g", info[:1], info[1:]), opset_imports=opsets, ir_version=8)
    onnx.save(model, tmp_path / "mean.onnx")
    with Session(tmp_path / "mean.onnx", threads=1) as session:
        assert (session.scale, session.radius) == (1, None)


def test_believes_the_card(save: Save, nearest: Make) -> None:
    with Session(save(nearest(), card=card(radius=3)), threads=1) as session:
        assert session.card is not None
        assert (session.name, session.radius) == ("model", 3)


@pytest.mark.parametrize(("text", "message"), [(card(scale=3), "enlarges 2 times"), ("{", "card cannot be read")])
def test_refuses_a_wrong_card(save: Save, nearest: Make, text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Session(save(nearest(), card=text), threads=1)


def test_refuses_a_card_of_another_time(save: Save, nearest: Make) -> None:
    text = json.dumps(json.loads(card()) | {"schema_version": 99})
    with pytest.raises(ModelError, match="schema version 99"):
        Session(save(nearest(), card=text), threads=1)


@pytest.mark.parametrize("channels", [1, 4])
def test_refuses_other_numbers_of_channels(save: Save, nearest: Make, channels: int) -> None:
    with pytest.raises(ModelError, match=f"of {channels} channels"):
        Session(save(nearest(channels=channels), channels=channels), threads=1)


def test_refuses_a_wrong_output(save: Save, nearest: Make) -> None:
    with pytest.raises(ModelError, match=r"makes \[1, 12, 24, 32\]"):
        Session(save(nearest(2), scale=1), threads=1)


def test_refuses_a_fixed_size(save: Save, nearest: Make) -> None:
    with pytest.raises(ModelError, match="free height and width"):
        Session(save(nearest(), fixed=True), threads=1)


def test_refuses_an_output_that_shrinks(save: Save, random: Make) -> None:
    with pytest.raises(ModelError, match=r"makes \[1, 3, 44, 60\]"):
        Session(save(random((3,)), pad=False), threads=1)


@pytest.mark.parametrize("content", [b"", b"this is no model", b"\x08\x08" + bytes(100)])
def test_refuses_what_is_no_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.onnx: is not an ONNX model"):
        Session(tmp_path / "x.onnx", threads=1)


def test_refuses_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.onnx"):
        with pytest.raises(ModelError, match="no such model file"):
            Session(path)


def test_refuses_impossible_threads(save: Save, nearest: Make) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Session(save(nearest()), threads=0)


def test_paths_may_hold_any_letters(save: Save, nearest: Make, tmp_path: Path) -> None:
    folder = tmp_path / "mit Leerzeichen und Ünïcode 写真"
    folder.mkdir()
    save(nearest(), name=f"{folder.name}/модель.onnx")
    with Session(folder / "модель.onnx", threads=1) as session:
        assert session.name == "модель"


def test_many_threads_share_a_session(save: Save, random: Make) -> None:
    with Session(save(random((3, 3))), threads=1) as session, ThreadPoolExecutor(4) as pool:
        pictures = [picture(8 + i, 9) for i in range(12)]
        alone = [session.run(x) for x in pictures]
        for a, b in zip(alone, pool.map(session.run, pictures), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_closed_session_says_so(save: Save, nearest: Make) -> None:
    session = Session(save(nearest()), threads=1)
    session.close()
    with pytest.raises(ValueError, match="closed"):
        session.run(picture())


def test_a_wrong_picture_is_named(save: Save, nearest: Make) -> None:
    with (
        Session(save(nearest()), provider="cpu", threads=1) as session,
        pytest.raises(ModelError, match=r"fails on \[1, 4, 2, 2\]"),
    ):
        session.run(np.zeros((1, 4, 2, 2), np.float32))
