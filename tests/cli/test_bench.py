"""A bench by its command."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from paragonsr import console
from paragonsr.cli import cli
from paragonsr.runtime import provider

Run = Callable[..., subprocess.CompletedProcess[str]]
SHORT = ("--size", 12, 20, "--rounds", 1, "--threads", 1, "--provider", "cpu")


def test_a_table_and_a_report(run: Run, model: Path, tmp_path: Path) -> None:
    done = run("bench", model, *SHORT, "--json", "speed.json")
    assert done.returncode == 0, done.stderr
    for word in ("Pillow Lanczos", "nearest", "12x20", "MP/s", "peak MB"):
        assert word in done.stdout
    report = json.loads((tmp_path / "speed.json").read_text())
    assert [row["name"] for row in report["rows"]] == ["Pillow Lanczos", "nearest"]
    assert report["machine"]["cores"] >= 1
    assert report["versions"]["onnxruntime"]
    assert all(row["peak_bytes"] > 10e6 for row in report["rows"])


def test_a_report_that_is_there_stays_and_no_time_is_lost(call: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "speed.json").write_text("precious")
    done = call("bench", model, *SHORT, "--json", "speed.json")
    assert done.returncode == 1
    assert "speed.json is there already" in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "speed.json").read_text() == "precious"


def test_a_provider_that_is_not_here_fails_by_name_and_the_others_go_on(call: Run, model: Path) -> None:
    done = call("bench", model, *SHORT, "--provider", "coreml", "--no-memory")
    assert done.returncode == 1
    assert "nearest on coreml" in done.stdout
    assert "nearest" in done.stdout.replace("nearest on coreml", "")


def test_a_provider_that_nobody_asked_for_is_no_failure(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(provider, "available", lambda: ("coreml", "cpu"))
    words = ["bench", str(model), "--size", "12", "20", "--rounds", "1", "--threads", "1", "--no-memory"]
    assert console.run(cli, words) == console.DONE
    assert "not measured: nearest on coreml" in capsys.readouterr().out
    assert console.run(cli, [*words, "--provider", "coreml", "--provider", "cpu"]) == console.FAILED


def test_wrong_usage(call: Run, model: Path) -> None:
    for wrong in (
        ("--size", 0, 4),
        ("--threads", 0),
        ("--threads", 99999999999),
        ("--rounds", 0),
        ("--provider", "abacus"),
    ):
        assert call("bench", model, *wrong).returncode == 2
    assert "neither a model file" in call("bench", "none.onnx", *SHORT).stderr
