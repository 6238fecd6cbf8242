from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from paragonsr.degrade import validation
from paragonsr.errors import AssetError
from paragonsr.export import checkpoint as checkpoints
from paragonsr.export import eight
from paragonsr.export.onnx import graph
from paragonsr.imaging.metrics import psnr_y
from paragonsr.model.fuse import Fused, fuse
from paragonsr.runtime.session import Session

SOUND = {
    "psnr": 54.0,
    "psnr_worst": 50.0,
    "loss": 0.05,
    "lpips_rise": 0.002,
    "banding": 0.5,
    "engine_to_exact": 9.0,
    "shapes_psnr": 50.0,
}


@pytest.fixture(scope="module")
def fused(checkpoint: Path) -> Fused:
    return fuse(checkpoints.load(checkpoint).nano)


@pytest.fixture(scope="module")
def model(fused: Fused, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eight") / "2xTest.onnx"
    onnx.save(graph(fused, {}), path)
    return path


Attempts = Callable[[], list[eight.Attempt]]


@pytest.fixture
def attempts(
    model: Path, fused: Fused, material: eight.Material, tiles: list[NDArray[np.uint8]], tmp_path: Path
) -> Attempts:
    return lambda: list(eight.attempts(model, fused, material, tiles, tmp_path / "draft.onnx"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eight, "RACE", (40, 60))
    monkeypatch.setattr(eight, "ROUNDS", 3)
    monkeypatch.setattr(eight, "_slow", lambda faster: [])


def set_limit(monkeypatch: pytest.MonkeyPatch, psnr: float) -> None:
    for name, limit in {"PSNR": psnr, "WORST": psnr, "LOSS": 9, "LPIPS": 9, "BANDING": 99}.items():
        monkeypatch.setattr(eight, name, limit)


def test_the_first_way_that_holds_is_the_last_tried(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    set_limit(monkeypatch, 10)
    (only,) = attempts()
    assert (only.name, only.verdict.faults) == ("whole body", [])
    assert only.faster > 0
    assert only.note.startswith("holds (")


def test_what_is_refused_is_told_with_its_figures_and_the_next_way_is_tried(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    set_limit(monkeypatch, 200)
    both = attempts()
    assert [attempt.name for attempt in both] == ["whole body", "body without its last layer"]
    figures = [attempt.verdict.figures["int8_psnr"] for attempt in both]
    assert figures[1] > figures[0] > 40, "fewer layers lose less"
    for attempt, figure in zip(both, figures, strict=True):
        assert f"refused, {figure:.2f} dB from float32, wanted are 200; " in attempt.note


def test_the_figures_are_those_of_the_file(
    attempts: Attempts,
    model: Path,
    material: eight.Material,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick: None,
) -> None:
    set_limit(monkeypatch, 10)
    (made,) = attempts()
    onnx.save(made.graph, tmp_path / "kept.onnx")
    full, small = (Session(path, provider="cpu", threads=1) for path in (model, tmp_path / "kept.onnx"))
    psnr, lost, rise = [], [], []
    for low, high in material.pairs:
        outputs = [np.rint(session.run(low)[0].transpose(1, 2, 0) * 255).clip(0, 255) for session in (full, small)]
        psnr.append(10 * np.log10(1 / np.mean((full.run(low) - small.run(low)).astype(np.float64) ** 2)))
        before, after = (output.astype(np.uint8) for output in outputs)
        lost.append(psnr_y(before, high, border=2) - psnr_y(after, high, border=2))
        tensors = [torch.from_numpy(p.astype(np.float32) / 255).permute(2, 0, 1)[None] for p in (before, after, high)]
        with torch.no_grad():
            distances = [float(material.judge(tensor, tensors[2])) for tensor in tensors[:2]]
        rise.append(distances[1] - distances[0])
    figures = made.verdict.figures
    assert figures["int8_psnr"] == pytest.approx(np.mean(psnr), abs=1e-6)
    assert figures["int8_psnr_worst"] == pytest.approx(min(psnr), abs=1e-6)
    assert figures["int8_loss"] == pytest.approx(np.mean(lost), abs=1e-9)
    assert figures["int8_lpips_rise"] == pytest.approx(np.mean(rise), abs=1e-6)
    assert 0 < figures["int8_banding"] < 3
    assert 40 < figures["int8_shapes_psnr"] < 80


def test_at_the_limits_it_holds_and_just_beyond_each_it_does_not() -> None:
    sound = {f"int8_{name}": value for name, value in SOUND.items()}
    assert eight._faults(sound) == []
    worse = {
        "psnr": 53.99,
        "psnr_worst": 49.99,
        "loss": 0.051,
        "lpips_rise": 0.0021,
        "banding": 0.51,
        "shapes_psnr": 49.99,
    }
    for name, value in worse.items():
        for wrong in (value, float("nan")):
            (fault,) = eight._faults(sound | {f"int8_{name}": wrong})
            assert str(wrong) in fault
    assert eight._slow(1.0) == ["not faster than float32 on the machine that exported it"]
    assert eight._slow(1.01) == []


def test_the_gradients_are_slow_and_of_every_kind() -> None:
    ramps = list(eight.gradients())
    assert all(ramp.shape == (1, 3, 256, 256) and ramp.dtype == np.float32 for ramp in ramps)
    assert all(np.abs(np.diff(ramp, axis=axis)).max() <= 1 / 255 + 1e-6 for ramp in ramps for axis in (2, 3))
    assert any(np.ptp(ramp, axis=1).max() > 0.1 for ramp in ramps), "tinted"
    assert any(ramp.max() < 0.1 for ramp in ramps), "dark"
    assert {int(np.abs(np.diff(ramp, axis=2)).max() > 0) for ramp in ramps} == {0, 1}, "across and down"


def test_the_exact_computation_of_a_float_file_is_the_engine_s(model: Path) -> None:
    x = np.random.default_rng(0).random((1, 3, 20, 30), dtype=np.float32)
    assert np.abs(eight.unfused(model, x) - Session(model, provider="cpu").run(x)).max() < 1e-6


def test_material_is_gathered_from_folders_by_the_card_s_pattern(assets: Path) -> None:
    found = eight.gather("testsets/Set5", "testsets/Set5")
    assert len(found.calibration) == 5, "no more than there are"
    assert len(found.pairs) == 5
    low, high = found.pairs[1]
    assert high.shape[0] % 2 == high.shape[1] % 2 == 0
    assert np.array_equal(np.rint(low[0].transpose(1, 2, 0) * 255).astype(np.uint8), validation.degrade(high, 1))


def test_missing_material_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path))
    with pytest.raises(AssetError, match="PARAGONSR_ASSETS"):
        eight.gather("data/train", "data/val")


def test_pixels_and_planes_are_each_other_s_inverse() -> None:
    pixels: NDArray[np.uint8] = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(eight._pixels(eight._planes(pixels)), pixels)
