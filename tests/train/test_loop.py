import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from paragonsr.degrade.config import Degradation
from paragonsr.errors import DataError, RecipeError, TrainingError
from paragonsr.model import magic
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import loop, state, validate
from paragonsr.train.config import Batch, Data, Optimiser, Train
from paragonsr.train.shards import pack

CARD = Degradation()


@pytest.fixture
def straight(settings: Train, model: Model, tmp_path: Path) -> Path:
    """The folder of a run of six steps that nothing interrupted."""
    folder = tmp_path / "straight"
    assert loop.train(settings, model, CARD, folder) == folder / "best.safetensors"
    return folder


def interrupt(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C at step `at`, after its figures are written and before its checkpoint is."""
    psnr = validate.psnr
    calls = iter(range(1, 100))

    def interrupted(*given: object) -> float:
        if next(calls) == at:
            raise KeyboardInterrupt
        return psnr(*given)

    monkeypatch.setattr(validate, "psnr", interrupted)


def same(left: Path, right: Path) -> None:
    """Two checkpoints are equal to the bit: network, average, optimiser, progress."""
    (progress, tensors), (other, others) = state.load(left), state.load(right)
    assert progress == other
    assert tensors.keys() == others.keys()
    assert {name.split(".")[0] for name in tensors} == {"network", "average", "optimiser"}
    assert [name for name in tensors if not torch.equal(tensors[name], others[name])] == []


def test_a_run_leaves_what_it_promises(straight: Path) -> None:
    names = {path.name for path in straight.iterdir()}
    assert names == {"audit.json", "best.safetensors", "last.safetensors", "metrics.jsonl", "tensorboard"}
    assert len(list((straight / "tensorboard").glob("events.out.tfevents.*"))) == 1
    progress, tensors = state.load(straight / "last.safetensors")
    assert (progress.step, progress.images) == (6, 12)
    assert progress.best_step in (3, 6)
    assert state.load(straight / "best.safetensors")[0].step == progress.best_step
    assert not torch.equal(tensors["network.tail"], tensors["average.tail"])


def test_metrics_are_complete_and_plain(straight: Path) -> None:
    lines = [json.loads(line) for line in (straight / "metrics.jsonl").read_text().splitlines()]
    figures = [line for line in lines if "loss" in line]
    assert [line["step"] for line in figures] == [1, 2, 3, 4, 5, 6]
    assert [line["images"] for line in figures] == [2, 4, 6, 8, 10, 12]
    for line in figures:
        assert line["loss"] == pytest.approx(line["l1"] + 0.002 * line["ms_ssim"], rel=1e-5)
    measured = {line["step"]: line["psnr_y"] for line in lines if "psnr_y" in line}
    assert measured.keys() == {3, 6}
    progress, _ = state.load(straight / "last.safetensors")
    assert progress.best_psnr == max(measured.values()) == measured[progress.best_step]


@pytest.mark.parametrize(("validations", "last"), [(1, 2), (2, 4)])
def test_stopped_and_resumed_equals_straight_bitwise(
    straight: Path,
    settings: Train,
    model: Model,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    validations: int,
    last: int,
) -> None:
    """Stopped at step 3 or 6, so that steps after the last checkpoint were taken and are taken again."""
    folder = tmp_path / "resumed"
    with monkeypatch.context() as patch:
        interrupt(validations, patch)
        with pytest.raises(KeyboardInterrupt):
            loop.train(settings, model, CARD, folder)
    assert state.load(folder / "last.safetensors")[0].step == last
    with (folder / "metrics.jsonl").open("ab") as torn:
        torn.write(b'{"step":5,"ima')
    moved = msgspec.structs.replace(settings, name="another name", workers=2)
    loop.train(moved, model, CARD, folder)
    same(straight / "last.safetensors", folder / "last.safetensors")
    same(straight / "best.safetensors", folder / "best.safetensors")
    assert (straight / "metrics.jsonl").read_bytes() == (folder / "metrics.jsonl").read_bytes()


def test_a_finished_run_stays_as_it_is(straight: Path, settings: Train, model: Model) -> None:
    files = ("last.safetensors", "best.safetensors", "metrics.jsonl", "audit.json")
    before = [(straight / name).read_bytes() for name in files]
    loop.train(settings, model, CARD, straight)
    assert [(straight / name).read_bytes() for name in files] == before


def test_another_run_in_the_folder_is_refused_and_stays(
    straight: Path, settings: Train, model: Model, picture: Callable[..., np.ndarray]
) -> None:
    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in straight.rglob("*") if path.is_file()}

    before = content()
    faster = msgspec.structs.replace(settings, optimiser=Optimiser(rate=1e-4))
    for others in ((faster, model, CARD), (settings, Model(4, 1, 8), CARD), (settings, model, Degradation("bicubic"))):
        with pytest.raises(TrainingError, match="another folder"):
            loop.train(*others, straight)
    tile = Path(settings.data.validation) / "owl-0.png"
    Image.fromarray(picture(77)).save(tile)
    with pytest.raises(TrainingError, match="other data"):
        loop.train(settings, model, CARD, straight)
    assert content() == before


@pytest.mark.parametrize("name", ["last.safetensors", "best.safetensors"])
def test_a_broken_checkpoint_is_named(straight: Path, settings: Train, model: Model, name: str) -> None:
    path = straight / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TrainingError, match=name):
        loop.train(settings, model, CARD, straight)


def test_another_machine_is_named_in_a_note(
    straight: Path, settings: Train, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    loop.train(msgspec.structs.replace(settings, threads=2), model, CARD, straight)
    torch.set_num_threads(1)
    said = " ".join(capsys.readouterr().err.split())
    assert "resumed with threads = 2 after 1: not bitwise the same run" in said
    assert "device" not in said


def test_the_shares_of_the_photographs_are_printed(
    settings: Train, model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop.train(msgspec.structs.replace(settings, steps=1), model, CARD, tmp_path / "run")
    said = " ".join(capsys.readouterr().err.split())
    assert "3 photographs and their shares of the draws: cat 44.44%, dog 44.44%, sw_sand 11.11%" in said


def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    settings: Train, model: Model, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    wide = msgspec.structs.replace(settings, batch=Batch(2, 64))
    with pytest.raises(DataError, match="too small"):
        loop.train(wide, model, CARD, folder)
    with pytest.raises(RecipeError, match=r"train\.batch\.patch"):
        loop.train(msgspec.structs.replace(settings, batch=Batch(2, 16)), model, CARD, folder)
    for device in ("warp", "cuda:99"):
        with pytest.raises(RecipeError, match=f"train.device '{device}' cannot be used"):
            loop.train(msgspec.structs.replace(settings, device=device), model, CARD, folder)
    assert not folder.exists()


def test_a_training_that_leaves_the_finite_numbers_stops_by_name(settings: Train, model: Model, tmp_path: Path) -> None:
    wild = msgspec.structs.replace(settings, steps=40, optimiser=Optimiser(rate=1e30, warmup=1))
    with pytest.raises(TrainingError, match="not finite"):
        loop.train(wild, model, CARD, tmp_path / "run")


def test_validation_measures_what_the_network_gives(model: Model, data: Data, tmp_path: Path) -> None:
    """With no detail the network is the Magic Kernel Sharp enlargement, and its figure is that one's."""
    held_out = pack(Path(data.validation), tmp_path / "cache", data)
    pairs = validate.pairs(held_out, CARD)
    nano = Nano(model)
    torch.nn.init.zeros_(nano.tail)
    figures = []
    for low, high in pairs:
        x = torch.from_numpy(np.pad(low, ((4, 4), (4, 4), (0, 0)), mode="edge")).permute(2, 0, 1)[None].double() / 255
        enlarged = np.rint(magic.enlarge(x)[0].permute(1, 2, 0).numpy().clip(0, 1) * 255)
        weights = np.array([65.481, 128.553, 24.966]) / 255
        error = ((enlarged - high) @ weights)[2:-2, 2:-2]
        figures.append(10 * np.log10(255**2 / (error**2).mean()))
    assert validate.psnr(nano, pairs) == pytest.approx(np.mean(figures), abs=1e-3)


def test_bicubic_training_is_validated_on_bicubic_halves(data: Data, tmp_path: Path) -> None:
    held_out = pack(Path(data.validation), tmp_path / "cache", data)
    for (low, high), tile in zip(validate.pairs(held_out, Degradation("bicubic")), held_out.tiles, strict=True):
        assert np.array_equal(high, tile)
        for channel in range(3):  # as floats: between its two passes Pillow rounds and clips bytes
            plane = Image.fromarray(tile[..., channel].astype(np.float32))
            halved = np.asarray(plane.resize((56, 56), Image.Resampling.BICUBIC))
            assert np.abs(low[4:-4, 4:-4, channel] - halved[4:-4, 4:-4].clip(0, 255)).max() < 0.51


def test_a_training_starts_from_the_average_of_another(
    straight: Path, settings: Train, model: Model, tmp_path: Path
) -> None:
    origin, folder = straight / "last.safetensors", tmp_path / "second"
    still = Optimiser(rate=1e-12)
    second = msgspec.structs.replace(settings, start=str(origin), seed=1, steps=3, save_every=3, optimiser=still)
    loop.train(second, model, CARD, folder)
    progress, tensors = state.load(folder / "last.safetensors")
    assert (progress.step, progress.before, progress.images) == (3, 6, 18)
    for name, tensor in state.part(state.load(origin)[1], "average").items():
        torch.testing.assert_close(tensors[f"network.{name}"], tensor, rtol=0, atol=1e-7)
    moved = tmp_path / "elsewhere.safetensors"
    moved.write_bytes(origin.read_bytes())
    loop.train(msgspec.structs.replace(second, start=str(moved)), model, CARD, folder)  # what it holds decides
    moved.write_bytes((straight / "best.safetensors").read_bytes() + b" ")
    with pytest.raises(TrainingError, match="other settings"):
        loop.train(msgspec.structs.replace(second, start=str(moved)), model, CARD, folder)
    with pytest.raises(TrainingError, match="nowhere"):
        loop.train(msgspec.structs.replace(second, start="nowhere"), model, CARD, folder)
    with pytest.raises(TrainingError, match="another network"):
        loop.train(second, Model(channels=5, layers=2, expansion=8), CARD, tmp_path / "third")
