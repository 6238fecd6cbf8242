"""The smoke recipes: both stages from tiles to checkpoint, as a user runs them, on the tests' own tiles."""

from pathlib import Path

import pytest

from paragonsr import recipe
from paragonsr.train import loop, state
from paragonsr.train.config import Data

RECIPES = Path(__file__).parents[2] / "recipes"


def test_both_stages(data: Data, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (assets / "weights").is_dir():
        pytest.skip(f"the published weights are not at {assets / 'weights'}")
    monkeypatch.setenv("PARAGONSR_ASSETS", str(assets))
    monkeypatch.chdir(tmp_path)
    tiles = (f"train.data.train={data.train}", f"train.data.validation={data.validation}", "train.data.scales=[1.0]")
    for name in ("smoke", "smoke_perceptual"):
        found = recipe.load(RECIPES / f"{name}.toml", tiles)
        best = loop.train(found.train, found.model, found.degradation, Path("runs") / name)
    progress, tensors = state.load(best)
    assert (progress.before, progress.step, progress.images) == (60, 20, 160)
    assert 15 < progress.best_psnr < 60
    assert 0 < progress.best_dists < 1
    assert state.part(tensors, "discriminator")
