"""Between two checkpoints, by the command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from paragonsr.export import checkpoint

Run = Callable[..., subprocess.CompletedProcess[str]]
OWN = Path(__file__).parents[2] / "bench/checkpoints"
TWO = OWN / "fidelity.safetensors", OWN / "perceptual.safetensors"


def test_a_blend_of_the_shipped_checkpoints(call: Run, tmp_path: Path) -> None:
    done = call("blend", *TWO, "--share", 0.5, "--out", "half.safetensors")
    assert (done.returncode, done.stdout) == (0, "half.safetensors\n")
    assert checkpoint.load(tmp_path / "half.safetensors").training.blend == {
        "fidelity_finish": 0.41,
        "perceptual_calm": 0.295,
        "perceptual_finish": 0.295,
    }
    again = call("blend", *TWO, "--share", 0.6, "--out", "half.safetensors")
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert call("blend", *TWO, "--share", 0.6, "--out", "half.safetensors", "--overwrite").returncode == 0


def test_wrong_files_and_wrong_usage(call: Run, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no checkpoint")
    for pair in ((TWO[0], "missing"), (TWO[0], "text")):
        done = call("blend", *pair, "--share", 0.5, "--out", "c.safetensors")
        assert done.returncode == 1
        assert pair[1] in done.stderr
    assert call("blend", *TWO, "--share", 2.5, "--out", "c.safetensors").returncode == 2
    assert not (tmp_path / "c.safetensors").exists()
