import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import paragonsr
from paragonsr.runtime import builds, catalogue

Run = Callable[..., subprocess.CompletedProcess[str]]


def picture(path: Path, height: int = 6, width: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)).save(path)
    return path


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size


def refused(done: subprocess.CompletedProcess[str], message: str, code: int = 1) -> None:
    """The run failed with one clear line and no traceback."""
    assert done.returncode == code, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_enlarges_a_picture(run: Run, model: Path, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    done = run("upscale", "a.png", "--model", model)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "a.png -> a_2x.png\n"
    assert re.search("nearest on (cpu|openvino), ", done.stderr)
    with Image.open(source) as small, Image.open(tmp_path / "a_2x.png") as large:
        np.testing.assert_array_equal(np.asarray(large), np.asarray(small).repeat(2, 0).repeat(2, 1))


def test_paths_hold_any_letters(run: Run, model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "mein Ordner" / "été 写真 [x].jpg")
    done = run("upscale", tmp_path / "mein Ordner", "-o", tmp_path / "größer", "--model", model)
    assert done.returncode == 0, done.stderr
    assert size(tmp_path / "größer" / "été 写真 [x]_2x.jpg") == (16, 12)


def test_options_reach_the_file(call: Run, model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 40, 40)
    for quality in (20, 99):
        done = call("upscale", "a.png", "-o", f"q{quality}.webp", "--quality", quality, "--model", model, "--tile", 9)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "q20.webp").stat().st_size < (tmp_path / "q99.webp").stat().st_size
    assert call("upscale", "a.png", "--format", "tif", "--model", model, "--threads", 1).returncode == 0
    with Image.open(tmp_path / "a_2x.tif") as image:
        assert image.format == "TIFF"


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 60000)])
def test_extreme_sizes_work(run: Run, model: Path, tmp_path: Path, height: int, width: int) -> None:
    picture(tmp_path / "a.png", height, width)
    done = run("upscale", "a.png", "--model", model)
    assert done.returncode == 0, done.stderr
    assert size(tmp_path / "a_2x.png") == (2 * width, 2 * height)


def test_a_result_too_large_for_its_format_is_refused(call: Run, model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.webp", 2, 9000)
    refused(call("upscale", "a.webp", "--model", model), r"too many for WebP.*choose .*PNG")


def test_missing_file(run: Run, model: Path) -> None:
    refused(run("upscale", "none.jpg", "--model", model), "none.jpg: there is no such file")


def test_folder_without_pictures(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(run("upscale", "empty", "--model", model), "empty: holds no picture")


def test_broken_files_do_not_stop_the_rest(run: Run, model: Path, tmp_path: Path) -> None:
    for name in ("a.jpg", "truncated.jpg", "z.png"):
        picture(tmp_path / "in" / name, 64, 64)
    whole = (tmp_path / "in" / "truncated.jpg").read_bytes()
    (tmp_path / "in" / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in" / "empty.png").touch()
    done = run("upscale", "in", "-o", "out", "--model", model)
    assert done.returncode == 1
    assert "2 enlarged, 0 skipped, 2 failed" in done.stdout
    for name in ("truncated.jpg", "empty.png"):
        assert re.search(f"^error: in/{name}: ", done.stderr, re.M), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(contents(tmp_path / "out")) == ["a_2x.jpg", "z_2x.png"]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animations_are_refused_by_name_or_give_their_first_frame(
    run: Run, call: Run, model: Path, tmp_path: Path, suffix: str
) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    refused(run("upscale", f"a.{suffix}", "--model", model), f"a.{suffix}.*anim")
    done = call("upscale", tmp_path / f"a.{suffix}", "-o", "b.png", "--first-frame", "--model", model)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "b.png") as image:
        assert image.convert("RGB").getpixel((15, 11)) == (255, 0, 0)


def test_a_file_that_is_no_model(run: Run, call: Run, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    refused(run("upscale", "a.png", "--model", "a.png"), "a.png: is not an ONNX model")
    refused(call("upscale", "a.png", "--model", "sharpest"), r"sharpest: is neither.*\(perceptual, fidelity\)")


def test_a_model_of_four_channels(run: Run, four_channels: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    refused(run("upscale", "a.png", "--model", four_channels), "pictures of 4 channels; wanted are three")
    assert sorted(contents(tmp_path)) == ["a.png"]


def test_a_place_that_cannot_be_written(run: Run, model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "file").touch()
    refused(run("upscale", "a.png", "-o", "file/b.png", "--model", model), "file: this folder cannot be made")
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        refused(run("upscale", "a.png", "-o", "locked/b.png", "--model", model), "no permission")


def test_a_full_disk(run: Run, model: Path, tmp_path: Path) -> None:
    """Files may not grow beyond 100 kB here, which fails in a write as a full disk does."""
    resource = pytest.importorskip("resource")
    picture(tmp_path / "a.png", 200, 200)
    before = contents(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        done = run("upscale", "a.png", "-o", "b.tif", "--model", model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    refused(done, "b.tif")
    assert contents(tmp_path) == before


def test_no_input_is_written_over(call: Run, model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    before = contents(tmp_path)
    for options in ((), ("--overwrite",)):
        refused(call("upscale", "a.png", "-o", "a.png", "--model", model, *options), "is an input")
    assert contents(tmp_path) == before


def test_results_are_replaced_only_when_asked(call: Run, model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "a_2x.png").write_text("precious")
    refused(call("upscale", "a.png", "--model", model), "a_2x.png: is already there")
    assert (tmp_path / "a_2x.png").read_text() == "precious"
    assert call("upscale", "a.png", "--overwrite", "--model", model).returncode == 0
    assert size(tmp_path / "a_2x.png") == (16, 12)


def test_a_folder_goes_on_where_it_stopped(run: Run, call: Run, model: Path, tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.png"):
        picture(tmp_path / "in" / name)
    assert call("upscale", "in", "--model", model).returncode == 0
    (tmp_path / "in" / "sub" / "b_2x.png").unlink()
    first = contents(tmp_path)
    done = run("upscale", "in", "--model", model)
    assert done.returncode == 0, done.stderr
    assert "in/a.png: skipped, in/a_2x.png is already there" in done.stdout
    assert "1 enlarged, 2 skipped, 0 failed" in done.stdout
    assert contents(tmp_path).keys() - first.keys() == {"in/sub/b_2x.png"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_ctrl_c_leaves_only_whole_files(model: Path, tmp_path: Path) -> None:
    for i in range(40):
        picture(tmp_path / "in" / f"{i:02}.png", 300, 300)
    code = "import sys; from paragonsr.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "upscale", "in", "-o", "out", "--model", str(model), "--provider", "cpu"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        while not (tmp_path / "out" / "01_2x.png").exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors.splitlines()[1:] == ["", "interrupted: what is finished stays"]
    results = list((tmp_path / "out").iterdir())
    assert 2 <= len(results) < 40
    for path in results:
        assert re.fullmatch(r"\d\d_2x\.png", path.name), "no temporary file is left"
        assert size(path) == (600, 600)


def test_wrong_usage(call: Run, model: Path) -> None:
    for arguments in ((), ("upscale",), ("upscale", "a.png", "--provider", "abacus"), ("upscale", "a", "--tile", "-1")):
        assert call(*arguments).returncode == 2, arguments
    refused(call("upscale", "a.png", "--model", model, "--provider", "coreml"), "'coreml' is not in this installation")


def test_help_and_version(run: Run) -> None:
    assert run("--version").stdout == f"paragonsr, version {paragonsr.__version__}\n"
    help_text = run("upscale", "--help").stdout
    for word in ("-o", "--overwrite", "--provider", "openvino", "perceptual", "goes on where it stopped"):
        assert word in help_text


@pytest.mark.skipif(
    not (files("paragonsr") / "models" / catalogue.MODELS["fidelity"]).is_file(), reason="no model has been trained yet"
)
def test_models_are_listed_with_their_facts(call: Run) -> None:
    done = call("models")
    assert done.returncode == 0, done.stderr
    assert "perceptual (default)" in done.stdout
    assert "fidelity" in done.stdout.replace("perceptual (default)", "")
    assert "enlarges: 2 times" in done.stdout
    assert "trained on: " in done.stdout


def test_what_is_installed_is_checked(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    done = call("models", "--check")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^onnxruntime\S* \d+\.\d+", done.stdout)
    assert "    cpu: works\n" in done.stdout
    monkeypatch.setattr(builds, "installed", lambda: {"onnxruntime": "1.20.0", "onnxruntime-gpu": "1.20.1"})
    refused(
        call("models", "--check"),
        r"onnxruntime 1.20.0 and onnxruntime-gpu 1.20.1 .*pip uninstall -y onnxruntime onnxruntime-gpu, then pip inst",
    )


def test_torch_is_never_imported(model: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    code = """
import sys
from paragonsr.cli import main
code = main()
print(code, [name for name in sys.modules if name.split(".")[0] in ("torch", "onnx")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, "upscale", "a.png", "--model", str(model)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = """
import sys
from paragonsr.cli import main
sys.argv = ["paragonsr", "upscale", "--help"]
main()
print([name for name in ("numpy", "onnxruntime", "PIL", "pyvips", "rich") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
