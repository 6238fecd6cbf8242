"""The model card, by the command and from what it is assembled."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from paragonsr import console, recipe
from paragonsr.artifacts import card as cards
from paragonsr.cli import cli
from paragonsr.errors import DataError
from paragonsr.evaluate import report
from paragonsr.publish import weak
from paragonsr.publish.folder import known
from paragonsr.publish.page import find, page

ROOT = Path(__file__).parents[2]
NAME = "2xParagonSR2_Nano_Fidelity"
COMMAND = (sys.executable, "-c", "import sys; from paragonsr.cli import main; sys.exit(main())")


def run(*arguments: object) -> int:
    return console.run(cli, [*map(str, arguments)])


def test_the_same_files_make_the_same_card(measured: Path, photographs: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        done = subprocess.run(
            [*COMMAND, "card", "fidelity", "--report", measured, "--images", photographs,
             "--recipe", ROOT / "recipes/fidelity_finish.toml", "--out", tmp_path / out],
            capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == [f"{NAME}.md", f"{NAME}_weak.png"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_its_figures_are_those_of_the_report(measured: Path, photographs: Path, tmp_path: Path) -> None:
    assert run("card", "fidelity", "--report", measured, "--images", photographs, "--out", tmp_path) == 0
    text = (tmp_path / f"{NAME}.md").read_text()
    own = report.load(measured).summary[NAME]
    assert f"| **{NAME}** | {own.figures.psnr_y:.2f} | {own.figures.ssim_y:.4f} |" in text
    assert f"{own.largest_colour_shift:.2f}" in text
    _, card = known("fidelity")
    assert "DISTS is not measured: left out, for speed." in text
    for fact in (card.training.recipe, card.checkpoint_sha256, f"{card.training.images_seen:,}", "Philip Hofmann"):
        assert fact in text
    assert f"]({NAME}_weak.png)" in text


def test_nothing_is_replaced_unasked_and_nothing_done_before_that_is_known(measured: Path, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.md").write_text("precious")
    given = ("card", "fidelity", "--report", measured, "--out", tmp_path)
    assert run(*given) == 1
    assert (tmp_path / f"{NAME}.md").read_text() == "precious"
    assert run(*given, "--overwrite") == 0
    assert (tmp_path / f"{NAME}.md").read_text().startswith(f"# {NAME}")


def test_wrong_files_are_named(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], photographs: Path
) -> None:
    lonely = tmp_path / "2xlonely.onnx"
    lonely.write_bytes(known("fidelity")[0].read_bytes())
    text = tmp_path / "text.json"
    text.write_text("no report")
    for arguments, word in (
        ((lonely, "--report", measured), "no card beside it"),
        (("fidelity", "--report", text), "cannot be read as a report"),
        (("fidelity", "--report", measured, "--recipe", ROOT / "recipes/smoke.toml"), "was trained by"),
        (("missing", "--report", measured), "neither a model file"),
        (("fidelity", "--report", measured, "--images", tmp_path / "nowhere"), "nowhere"),
    ):
        assert run("card", *arguments, "--out", tmp_path / "out") == 1
        assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_recipe_tells_what_replaced_the_described_networks() -> None:
    trained = recipe.load(ROOT / "recipes/perceptual_finish.toml")
    path, card = known("perceptual")
    text = page(card, [path], [], trained, []).replace("\n", " ")
    assert "efficientnet_lite2 (in place of convnext_tiny" in text
    assert "a chain of 2 to 3 reductions to 0.6 to 0.9" in text
    other = msgspec.structs.replace(card, training=msgspec.structs.replace(card.training, losses={"l1": 3.0}))
    with pytest.raises(DataError, match="l1 3"):
        page(other, [path], [], trained, [])


def test_a_report_on_another_model_or_another_file_of_its_name_is_refused(measured: Path, tmp_path: Path) -> None:
    own, one = known("fidelity")[0], report.load(measured)
    assert find(one, own)[1] == NAME
    for name, reason in (("other.onnx", "does not measure other"), (own.name, "is of another")):
        (tmp_path / name).write_bytes(own.read_bytes() + b"!")
        with pytest.raises(DataError, match=reason):
            find(one, tmp_path / name)


def test_the_worst_part_is_where_the_damage_is(tmp_path: Path) -> None:
    flat = np.full((256, 320, 3), 100, np.uint8)
    Image.fromarray(flat).save(tmp_path / "flat.png")

    def spoiled(low: np.ndarray) -> np.ndarray:
        high = low.repeat(2, 0).repeat(2, 1)
        high[128:224, 192:288] += 50
        return high

    (crop,) = weak.crops(tmp_path, spoiled)
    assert (crop.picture, crop.top, crop.left) == ("flat.png", 128, 192)
    assert crop.difference == pytest.approx(50)
    assert [version.shape for version in crop.versions] == [(96, 96, 3)] * 3
    assert weak.sheet([crop, crop]).shape == (2 * 192 + 8, 3 * 192 + 16, 3)


def test_the_least_gain_comes_first(measured: Path) -> None:
    found = weak.pictures(report.load(measured), NAME, count=2)
    gains = [gain for _, gain in found]
    assert gains == sorted(gains)
    assert len(found) == 2


def test_files_that_are_there_are_listed(measured: Path, tmp_path: Path) -> None:
    path, card = known("fidelity")
    for ending in (".onnx", "_fp16_dynamic.onnx"):
        (tmp_path / f"{NAME}{ending}").write_bytes(path.read_bytes())
    (tmp_path / f"{NAME}.json").write_bytes(cards.dumps(card))
    assert run("card", tmp_path / f"{NAME}.onnx", "--report", measured, "--out", tmp_path) == 0
    text = (tmp_path / f"{NAME}.md").read_text()
    assert "_fp16_dynamic.onnx` |" in text
    assert "_int8_dynamic.onnx" not in text
