"""A showcase by its command."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paragonsr import console
from paragonsr.cli import cli


def run(*arguments: object) -> int:
    return console.run(cli, [str(argument) for argument in arguments])


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path))
    Path("images").mkdir()
    for seed in range(2):
        coarse = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)
        Image.fromarray(coarse).resize((300, 240), Image.Resampling.BICUBIC).save(f"images/{seed}.png")
    return tmp_path / "images"


def test_a_page_and_sheets(images: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("faces.csv").write_text("file,x,y\nimages/0.png,150,120\n")
    command = ("showcase", "fidelity", model, "--images", "images", "--out", "out", "--provider", "cpu")
    assert run(*command, "--crops", 3, "--faces", "faces.csv") == console.DONE
    printed = capsys.readouterr().out.splitlines()
    assert printed[:4] == ["out/index.html", "out/showcase.json", "out/sheets/overview.png", "out/sheets/face.png"]
    record = json.loads(Path("out/showcase.json").read_bytes())
    assert record["shown"][-2:] == ["fidelity", "nearest"]
    assert record["low"] == "card"
    assert [crop["picture"]["name"] for crop in record["crops"]][:2] == ["astronaut.webp", "0.png"]
    page = Path("out/index.html").read_bytes()
    assert run(*command) == console.FAILED  # never replaces a showcase unasked
    assert "is there already" in capsys.readouterr().err
    assert Path("out/index.html").read_bytes() == page
    assert run(*command, "--crops", 2, "--lr", "bicubic", "--overwrite") == console.DONE
    assert json.loads(Path("out/showcase.json").read_bytes())["low"] == "bicubic"


def test_inputs_from_a_folder(images: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("halves").mkdir()
    for path in images.iterdir():
        Image.new("RGB", (150, 120), (10, 200, 30)).save(f"halves/{path.name}")
    command = ("showcase", model, "--images", "images", "--lr", "halves", "--crops", 3, "--provider", "cpu")
    assert run(*command, "--out", "out") == console.DONE
    record = json.loads(Path("out/showcase.json").read_bytes())
    assert record["low"] == "halves/"
    assert record["crops"][0]["picture"]["name"] == "astronaut.webp"
    assert len(record["crops"]) == 3
    assert all(crop["difference"] == 0 for crop in record["crops"][1:])  # of what no photograph shows: one green
    assert "the small pictures of halves/" in Path("out/index.html").read_text()
    Path("halves/1.png").unlink()
    assert run(*command, "--out", "out", "--overwrite") == console.FAILED
    assert "error: 1.png: 1.png has no partner" in capsys.readouterr().err


def test_a_refusal_leaves_no_folder(images: Path, four_channels: Path) -> None:
    assert run("showcase", four_channels, "--images", "images", "--out", "new/out") == console.FAILED
    assert run("showcase", "fidelity", "--images", "images", "--out", "new/out", "--lr", "nowhere") == console.FAILED
    assert not Path("new").exists()
    Path("mine").mkdir()
    assert run("showcase", four_channels, "--images", "images", "--out", "mine") == console.FAILED
    assert list(Path("mine").iterdir()) == []


def test_what_fails_is_named_and_the_rest_done(
    images: Path, model: Path, four_channels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (300, 300)).save("images/gray.png")
    assert run("showcase", model, four_channels, "--images", "images", "--out", "out", "--crops", 2) == console.FAILED
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith(f"error: {four_channels}: ")
    assert "4 channels" in errors[0]
    assert errors[1].startswith("error: gray.png: ")
    assert Path("out/index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nothing", "--images", "images", "--out", "out"), "no model to show: nothing: is neither"),
        (("fidelity", "--images", "nowhere", "--out", "out"), "nowhere is no folder"),
        (("fidelity", "--images", "images", "--out", "out", "--faces", "none.csv"), "none.csv cannot be read"),
        (("fidelity", "--images", "images", "--out", "images/0.png"), "this folder cannot be made"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    images: Path, arguments: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("showcase", *arguments) == console.FAILED
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert reason in error


def test_wrong_usage(images: Path) -> None:
    assert run("showcase", "--images", "images", "--out", "out") == console.USAGE
    assert run("showcase", "fidelity", "--images", "images", "--out", "out", "--crops", 0) == console.USAGE
