"""The whole line by its commands, once and small: tiles, training, model files, figures, a larger picture."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paragonsr import console
from paragonsr.cli import cli

RECIPE = """
[train]
name = "tiny"
steps = 4
log_every = 2
validate_every = 4
save_every = 2
data = {{ train = "{tiles}/train", validation = "{tiles}/val" }}
batch = {{ size = 2, patch = 24 }}
optimiser = {{ warmup = 1 }}

[model]
channels = 4
layers = 1
expansion = 8
"""


def run(*arguments: object) -> int:
    return console.run(cli, [str(argument) for argument in arguments])


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    draw = np.random.default_rng(11)
    for name, count in {"train": 3, "val": 2}.items():
        (tmp_path / "tiles" / name).mkdir(parents=True)
        for index in range(count):
            small = Image.fromarray(draw.integers(0, 256, (40, 40, 3), dtype=np.uint8))
            large = small.resize((256, 256), Image.Resampling.BICUBIC)
            large.save(tmp_path / "tiles" / name / f"{name}{index}.webp", lossless=True)
    return tmp_path / "tiles"


def test_from_tiles_to_a_larger_picture(tiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, folder, out = tmp_path / "tiny.toml", tmp_path / "run", tmp_path / "models"
    recipe.write_text(RECIPE.format(tiles=tiles.as_posix()))
    assert run("train", recipe, "--run", folder, "--set", "train.seed=5") == console.DONE
    assert json.loads((folder / "recipe.json").read_bytes())["train"]["seed"] == 5
    assert run("train", recipe, "--run", folder) == console.FAILED  # another seed: another run
    assert "other settings" in capsys.readouterr().err
    assert json.loads((folder / "recipe.json").read_bytes())["train"]["seed"] == 5

    pictures = ("--tiles", tiles / "val", "--calibrate", tiles / "train")
    release = ("export", folder / "best.safetensors", "--name", "2xTiny", "--out", out, *pictures)
    assert run(*release) == console.DONE
    ends = (".json", ".md", ".onnx", ".openmodeldb.json", ".safetensors", ".sha256", "_fp16_dynamic.onnx")
    made = {path.name for path in out.iterdir()} - {"2xTiny_int8_dynamic.onnx", "2xTiny.timing.json"}  # LPIPS is needed
    assert sorted(made) == [f"2xTiny{end}" for end in ends]

    report, model = tmp_path / "report.json", out / "2xTiny.onnx"
    measure = ("evaluate", model, "--hr", tiles / "val", "--lr", "card", "--json", report)
    assert run(*measure) == console.DONE
    assert run(*measure) == console.FAILED  # never replaces a report unasked
    assert run(*release, "--report", report) == console.FAILED  # nor model files
    assert run(*release, "--report", report, "--overwrite") == console.DONE
    measured = json.loads((out / "2xTiny.json").read_bytes())["measured"]
    assert measured["val, card: psnr_y"] == json.loads(report.read_bytes())["summary"]["2xTiny"]["figures"]["psnr_y"]

    assert run("degrade", tiles / "val", "-o", tmp_path / "low", "--pattern", "training") == console.DONE
    assert run("upscale", tmp_path / "low", "-o", tmp_path / "large", "--model", model) == console.DONE
    with Image.open(tmp_path / "large" / "val0_2x.png") as large:
        assert large.size == (256, 256)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("evaluate", "fidelity", "--hr", "nowhere"), "nowhere"),
        (("evaluate", "fidelity", "--hr", ".", "--lr", "cubic"), "neither bicubic nor card nor a folder"),
        (("degrade", "nowhere", "-o", "low"), "holds no picture"),
        (("train", "nowhere.toml", "--run", "run"), "nowhere.toml"),
        (("export", "nowhere.safetensors", "--name", "2xA", "--out", "out", "--tiles", "/"), "holds no picture"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: tuple[str, ...], reason: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == console.FAILED
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert reason in error
    assert list(tmp_path.iterdir()) == []
