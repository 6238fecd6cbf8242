"""A hundred cheap steps, held to the numbers they gave when they were written down."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from paragonsr.degrade.config import Degradation
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import loop, state, validate
from paragonsr.train.config import Batch, Data, Optimiser, Train
from paragonsr.train.shards import pack

TRAJECTORY = Path(__file__).parents[1] / "trajectories" / "fidelity.json"
CLEAN = Degradation("bicubic")
MODEL = Model(channels=8, layers=1, expansion=16)


def gratings(seed: int) -> NDArray[np.uint8]:
    """Waves near the limit of the halved picture: bicubic halves weaken them, which can be learned to be undone."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:112, :112]
    tile = np.full((112, 112, 3), 128.0)
    for angle, frequency, phase in rng.uniform((0, 0.12, 0), (np.pi, 0.2, 7), (8, 3)):
        wave = np.sin(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
        tile += wave[..., None] * rng.uniform(4, 16, 3)
    return np.rint(tile).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, save: Callable[..., None]) -> tuple[Path, Train]:
    """The folder of a finished training of 120 steps on one tile."""
    folder = tmp_path_factory.mktemp("learning")
    save(folder / "train", {"a.png": gratings(0)})
    save(folder / "val", {"b.png": gratings(90)})
    config = Train(
        "learning",
        steps=120,
        log_every=5,
        validate_every=40,
        save_every=120,
        ema=0.9,
        data=Data(str(folder / "train"), str(folder / "val"), scales=(1.0,)),
        batch=Batch(2, 22, drawn=0),
        optimiser=Optimiser(rate=4e-3, warmup=10),
    )
    loop.train(config, MODEL, CLEAN, folder / "run")
    return folder / "run", config


def figures(folder: Path, name: str) -> list[float]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def test_the_loss_falls_and_the_enlargement_beats_the_kernel(run: tuple[Path, Train]) -> None:
    folder, config = run
    losses = figures(folder, "loss")
    assert np.mean(losses[-8:]) < 0.5 * np.mean(losses[:4])
    pairs = validate.pairs(pack(Path(config.data.validation), folder.parent / "shards", config.data), CLEAN)
    kernel, trained = Nano(MODEL), Nano(MODEL)
    torch.nn.init.zeros_(kernel.tail)
    progress, tensors = state.load(folder / "best.safetensors")
    trained.load_state_dict(state.part(tensors, "average"))
    assert validate.psnr(trained, pairs) == pytest.approx(progress.best_psnr, abs=1e-9)
    assert progress.best_psnr > validate.psnr(kernel, pairs) + 5


def test_the_trajectory_is_the_one_written_down(run: tuple[Path, Train]) -> None:
    """Within what another processor's rounding may do in 120 steps; a change on purpose rewrites the file."""
    known = json.loads(TRAJECTORY.read_bytes())
    assert figures(run[0], "loss") == pytest.approx(known["loss"], rel=0.05)
    assert figures(run[0], "psnr_y") == pytest.approx(known["psnr_y"], abs=0.3)
