"""A checkpoint as a training leaves it, made in a second, and pictures to prove its export on."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from paragonsr.artifacts.card import Training
from paragonsr.degrade import validation
from paragonsr.export import eight
from paragonsr.judges import alexnet, lpips
from paragonsr.model.config import Model
from paragonsr.model.fuse import crop, fuse
from paragonsr.model.generator import Nano
from paragonsr.train import ema, state

MODEL = Model(channels=8, layers=2, expansion=16)


@pytest.fixture(scope="session")
def tiles() -> list[NDArray[np.uint8]]:
    """Two pictures of 256 x 256 with waves, edges and noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:256, :256]
    waves = np.stack([128 + 90 * np.sin(x / (5 + c) + y / 9) for c in range(3)], axis=2)
    edges = np.where(((x // 37 + y // 23) % 2 == 0)[..., None], waves, 255 - waves[::-1])
    return [np.rint(side + rng.normal(0, 6, side.shape)).clip(0, 255).astype(np.uint8) for side in (waves, edges)]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network moved by a few strong steps, so that no layer is as it began, and its average behind it."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    nano, average = Nano(MODEL), Nano(MODEL)
    average.load_state_dict(nano.state_dict())
    optimiser = torch.optim.AdamW(nano.parameters(), lr=3e-3)
    for step in range(12):
        optimiser.zero_grad()
        low = torch.rand(2, 3, 26, 26)
        doubled = crop(low, nano.radius).repeat_interleave(2, 2).repeat_interleave(2, 3)
        (fuse(nano).inner(low) - doubled).abs().mean().backward()
        optimiser.step()
        ema.update(average, nano, 0.5, step)
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    training = Training("test", "card", "0123456789ab", "2 tiles of 2 photographs", "d" * 64, "CC0-1.0", {"l1": 1.0})
    about = {name: msgspec.json.encode(part).decode() for name, part in (("model", MODEL), ("training", training))}
    state.save(
        path, state.Progress("settings", 12, 24), about, {"network": nano, "average": average, "optimiser": optimiser}
    )
    return path


@pytest.fixture(scope="session")
def material(tiles: list[NDArray[np.uint8]]) -> eight.Material:
    """Parts of the tiles and their halves, and LPIPS with weights that were drawn."""
    torch.manual_seed(0)
    judge = lpips.Lpips(alexnet.AlexNet(), lpips.Heads(alexnet.WIDTHS)).eval().requires_grad_(False)
    for head in judge.heads.parameters():
        head.abs_()
    highs = [np.ascontiguousarray(tile[top : top + 128, :160]) for tile in tiles for top in (0, 100)]
    lows = [validation.degrade(high, index) for index, high in enumerate(highs)]
    planes = [np.ascontiguousarray(low.transpose(2, 0, 1)[None], np.float32) / np.float32(255) for low in lows]
    return eight.Material(planes, list(zip(planes, highs, strict=True)), judge)
