"""From a folder of photographs to a training by two commands, and what may go wrong on the way."""

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from paragonsr import console
from paragonsr.cli import cli

CURATION = """
technical = "none"
aesthetic = "none"
statistics = "none"
[tiles]
size = 128
[bounds]
min_entropy = 2
min_sharpness = 1
max_blockiness = 1
max_aliasing = 1000000
"""
TRAINING = """
[train]
name = "tiny"
steps = 2
log_every = 1
validate_every = 2
save_every = 2
data = {{ train = "nowhere", validation = "{validation}", scales = [1.0] }}
batch = {{ size = 2, patch = 24 }}
optimiser = {{ warmup = 1 }}
[model]
channels = 4
layers = 1
expansion = 8
"""


def photograph(seed: int) -> Image.Image:
    draw = np.random.default_rng(seed)
    small = Image.fromarray(draw.integers(0, 256, (40, 50, 3), dtype=np.uint8))
    return small.resize((400, 300), Image.Resampling.BICUBIC)


def run(*arguments: object) -> int:
    return console.run(cli, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder, seeds in {"photos": range(3), "validation": (7, 8)}.items():
        Path(folder).mkdir()
        for seed in seeds:
            size = (0, 0, 256, 256) if folder == "validation" else (0, 0, 400, 300)
            photograph(seed).crop(size).save(Path(folder, f"{seed}.png"))
    Path("photos", "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    Path("curate.toml").write_text(CURATION)
    return tmp_path / "photos"


def test_photographs_become_a_training(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("curate", "run", "curate.toml", "photos", "-o", "set", "--executor", "local:1")
    assert run(*command) == console.DONE
    first = capsys.readouterr()
    assert "4 photographs" in first.out
    assert "broken.jpg: broken" in first.out
    assert re.search(r"with pictures: set.report\.html", first.out)
    assert run(*command) == console.DONE
    assert capsys.readouterr().out == first.out

    Path("train.toml").write_text(TRAINING.format(validation=(photos.parent / "validation").as_posix()))
    tiles = photos.parent / "set" / "tiles"
    train = ("train", "train.toml", "--run", "run", "--set", f"train.data.train={tiles}")
    packed = {path: path.stat().st_mtime_ns for path in (tiles / "shards").iterdir()}
    assert run(*train) == console.DONE
    assert Path("run", "best.safetensors").is_file()
    assert {path: path.stat().st_mtime_ns for path in (tiles / "shards").iterdir()} == packed
    assert len(list(Path("run").rglob("*.npy"))) <= 1, "the training took the packed tiles of the set"

    capsys.readouterr()
    Path("photos").rename("away")
    assert run("curate", "apply", "curate.toml", "-o", "set", "--set", "set.tiles_per_photo=1") == console.DONE
    found = parquet.read_table("set/manifest.parquet").to_pylist()
    assert sum(row["verdict"] == "kept" for row in found) == 3
    assert re.search(r"kept, of 3 photographs\W+3\b", capsys.readouterr().out)
    Path("away").rename("photos")
    assert run("curate", "report", "set", "--executor", "local:1") == console.DONE


def test_a_stage_alone(photos: Path) -> None:
    command = ("curate", "run", "curate.toml", "photos", "-o", "set", "--executor", "local:1")
    assert run(*command, "--stage", "measure", "--stage", "judge") == console.DONE
    assert not Path("set", "tiles").exists()
    assert not Path("set", "report.html").exists()
    assert run(*command, "--stage", "tiles") == console.DONE
    assert list(Path("set", "tiles").glob("*.webp"))


def test_require_licence(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("curate", "run", "curate.toml", "photos", "-o", "set", "--executor", "local:1", "--require-licence")
    assert run(*command) == console.FAILED
    assert "no tile passed" in capsys.readouterr().err
    Path("photos", "SOURCES.csv").write_text("file,licence\n1.png,CC0-1.0\n")
    assert run(*command) == console.DONE
    text = capsys.readouterr().out
    assert "2 licence" in text
    assert "0.png: licence, none is stated" in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("run", "curate.toml", "nowhere", "-o", "set"), "nowhere: there is no such file or folder"),
        (("run", "curate.toml", "validation/../empty", "-o", "set"), "no photograph"),
        (("run", "nowhere.toml", "photos", "-o", "set"), "nowhere.toml"),
        (("run", "curate.toml", "photos", "-o", "set", "--set", "technical=best"), "technical"),
        (("run", "curate.toml", "photos", "-o", "set", "--set", "bounds.min_entrpy=1"), "min_entrpy"),
        (("run", "curate.toml", "photos", "-o", "set", "--set", "tiles.size=8"), "tiles.size"),
        (("run", "curate.toml", "photos", "-o", "set", "--executor", "cloud"), "write local"),
        (("run", "curate.toml", "photos", "-o", "set", "--set", "aesthetic=nima"), "curate prepare nima"),
        (("run", "curate.toml", "photos", "-o", "photos/0.png/set"), "cannot be written"),
        (("apply", "curate.toml", "-o", "set"), "curate first"),
        (("report", "set"), "curate first"),
    ],
)
def test_bad_inputs(
    photos: Path,
    arguments: tuple[str, ...],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("empty").mkdir()
    monkeypatch.setenv("PARAGONSR_ASSETS", str(photos.parent))
    assert run("curate", *arguments) == console.FAILED
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1
    assert reason in error


def test_a_stage_that_is_not_named_is_no_default(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("curate.toml").write_text(CURATION.replace('technical = "none"\n', ""))
    assert run("curate", "run", "curate.toml", "photos", "-o", "set") == console.FAILED
    assert "technical" in capsys.readouterr().err


def test_unknown_stages_are_a_usage_error(photos: Path) -> None:
    assert run("curate", "run", "curate.toml", "photos", "-o", "set", "--stage", "polish") == console.USAGE
