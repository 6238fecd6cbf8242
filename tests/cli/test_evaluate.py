"""`paragonsr evaluate`: the table, the report, and going on after being killed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paragonsr.evaluate import report

Run = Callable[..., subprocess.CompletedProcess[str]]

PROGRAM = (sys.executable, "-c", "import sys; from paragonsr.cli import main; sys.exit(main())")
SLOW = "import sys, time; from PIL import Image; time.sleep(0.2); a = Image.open(sys.argv[1]); "
SLOW += "a.resize((2 * a.width, 2 * a.height)).save(sys.argv[2])"
COMMAND = f'"{sys.executable}" -c "{SLOW}" {{in}} {{out}}'


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for seed in range(5):
        coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8))
        coarse.resize((48, 40), Image.Resampling.BICUBIC).save(folder / f"{seed}.png")
    Image.new("L", (48, 40)).save(folder / "gray.png")
    return folder


def figures(path: Path) -> dict[str, object]:
    """A report without what differs from run to run."""
    found = json.loads(path.read_bytes())
    return {key: value for key, value in found.items() if key not in {"date", "seconds", "cpu_seconds"}}


def test_the_table_and_the_report(call: Run, model: Path, photographs: Path, tmp_path: Path) -> None:
    done = call("evaluate", model, "--hr", photographs, "--lr", "card", "--json", "r.json", "--fast", "--film")
    assert done.returncode == 1  # the gray picture
    assert "nearest" in done.stdout
    assert "Who is better" in done.stdout
    assert "…" not in done.stdout  # no figure is cut, though this is no wide terminal
    assert "gray.png" in done.stdout
    found = report.load(tmp_path / "r.json")
    assert [item.name for item in found.items] == [f"{seed}.png" for seed in range(5)]
    assert found.film
    assert found.summary["nearest"].figures.flicker is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photographs", "r.json"]
    refused = call("evaluate", model, "--hr", photographs, "--json", "r.json", "--fast")
    assert refused.returncode == 1
    assert "r.json is there already" in refused.stderr


def test_killed_half_way_and_started_again(run: Run, photographs: Path, tmp_path: Path) -> None:
    words = ("evaluate", COMMAND, "--hr", str(photographs), "--fast", "--json")
    run(*words, "whole.json")
    killed = subprocess.Popen([*PROGRAM, *words, "r.json"], cwd=tmp_path, env=os.environ | {"PYTHONUTF8": "1"})
    draft, end = tmp_path / ".r.json.draft", time.monotonic() + 120
    while not draft.exists() or len(draft.read_bytes().splitlines()) < 3:
        assert killed.poll() is None, "it was faster than this test"
        assert time.monotonic() < end
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    assert not (tmp_path / "r.json").exists()
    kept = draft.read_bytes()
    done = run(*words, "r.json")
    assert done.returncode == 1, done.stderr
    assert figures(tmp_path / "r.json") == figures(tmp_path / "whole.json")
    assert (
        json.loads((tmp_path / "r.json").read_bytes())["date"] == json.loads(kept.splitlines()[0])["beginning"]["date"]
    )
    assert not draft.exists()
