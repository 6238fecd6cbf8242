from pathlib import Path

import msgspec
import pytest
import torch

from paragonsr.artifacts.card import Training
from paragonsr.errors import TrainingError
from paragonsr.export import checkpoint
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import blend, state

SMALL = Model(channels=16, layers=2)


def write(path: Path, recipe: str, seed: int, images: int, model: Model = SMALL) -> Path:
    """A checkpoint as a training leaves it, of random weights."""
    torch.manual_seed(seed)
    training = Training(recipe, "card", "abc", "6 tiles", "00", "CC0-1.0", {"l1": 1.0})
    about = {"model": msgspec.json.encode(model).decode(), "training": msgspec.json.encode(training).decode()}
    progress = state.Progress("settings", step=images // 8, images=images)
    state.save(path, progress, about, {"network": Nano(model), "average": Nano(model)})
    return path


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "a", "fidelity", 1, 80), write(tmp_path / "b", "perceptual", 2, 160)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0, 1.25])
def test_every_number_is_that_share_of_the_way(two: tuple[Path, Path], share: float, tmp_path: Path) -> None:
    blend.blend(*two, share, tmp_path / "c")
    a, b, c = (state.part(state.load(path)[1], "average") for path in (*two, tmp_path / "c"))
    assert a.keys() == c.keys()
    for name, found in c.items():
        torch.testing.assert_close(found, (1 - share) * a[name] + share * b[name])
    assert any(not torch.equal(a[name], b[name]) for name in a)


def test_it_says_what_it_is_of_and_can_be_exported(two: tuple[Path, Path], tmp_path: Path) -> None:
    blend.blend(*two, 0.9, tmp_path / "c")
    training = checkpoint.load(tmp_path / "c").training
    assert training.blend == {"fidelity": 0.1, "perceptual": 0.9}
    assert (training.recipe, training.images_seen, training.steps) == ("perceptual", 160, 20)


def test_a_blend_of_a_blend_names_every_training(two: tuple[Path, Path], tmp_path: Path) -> None:
    blend.blend(write(tmp_path / "d", "calm", 3, 40), two[1], 0.5, tmp_path / "half")
    blend.blend(two[0], tmp_path / "half", 1.2, tmp_path / "c")
    assert checkpoint.load(tmp_path / "c").training.blend == {"fidelity": -0.2, "calm": 0.6, "perceptual": 0.6}
    blend.blend(two[0], tmp_path / "c", 0.5, tmp_path / "e")
    assert checkpoint.load(tmp_path / "e").training.blend == {"fidelity": 0.4, "calm": 0.3, "perceptual": 0.3}


def test_other_networks_and_other_files_are_refused(two: tuple[Path, Path], tmp_path: Path) -> None:
    wide = write(tmp_path / "wide", "fidelity", 3, 8, Model(channels=32, layers=2))
    with pytest.raises(TrainingError, match="different networks"):
        blend.blend(wide, two[1], 0.5, tmp_path / "c")
    for wrong in (tmp_path / "missing", Path(__file__)):
        with pytest.raises(TrainingError, match="checkpoint"):
            blend.blend(two[0], wrong, 0.5, tmp_path / "c")
    assert not (tmp_path / "c").exists()
