import json
import time
from pathlib import Path

import pytest

from paragonsr.errors import TrainingError
from paragonsr.train.journal import Journal

FIGURES = {"l1": 0.25, "loss": 0.125, "gradient": 1.5}


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_late_start_drops_what_comes_again_and_keeps_the_rest(tmp_path: Path) -> None:
    with Journal(tmp_path, 10, 0) as journal:
        for step in (1, 2, 3):
            journal.steps(step, 8 * step, 1e-3, FIGURES)
        journal.validation(3, {"psnr_y": 30.5})
    with Journal(tmp_path, 10, 2) as journal:
        journal.steps(3, 24, 1e-3, FIGURES)
    assert lines(tmp_path) == [{"step": step, "images": 8 * step, "rate": 1e-3, **FIGURES} for step in (1, 2, 3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.jsonl", "tensorboard"]


def test_a_torn_line_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step":1,"psnr_y":30.0}\n{"step":1,"lo')
    with Journal(tmp_path, 10, 5) as journal:
        journal.validation(6, {"psnr_y": 31.0})
    assert lines(tmp_path) == [{"step": 1, "psnr_y": 30.0}, {"step": 6, "psnr_y": 31.0}]


@pytest.mark.parametrize("content", [b"hello\n", b"[1]\n", b'{"epoch":1}\n'])
def test_a_stranger_s_file_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"metrics.jsonl is no journal"):
        Journal(tmp_path, 10, 0)
    assert path.read_bytes() == content


def test_tensorboard_shows_every_figure_once(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for start in (0, 2):
        with Journal(tmp_path, 4, start) as journal:
            for step in range(start + 1, 5 - start // 2):
                journal.steps(step, step, 1e-3, {"loss": step + start / 100})
        time.sleep(1.1)  # event files are read in the order of their names, which count seconds
    shown = reader.EventAccumulator(str(tmp_path / "tensorboard"))
    shown.Reload()
    assert {"loss", "rate", "images"} <= set(shown.Tags()["scalars"])
    assert [(event.step, round(event.value, 2)) for event in shown.Scalars("loss")] == [(1, 1), (2, 2), (3, 3.02)]


def test_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Counted from this start, not from step 0: 100 steps in 50 s leave 800 steps 400 s."""
    clock = iter((1000.0, 1050.0))
    with monkeypatch.context() as patch:
        patch.setattr("paragonsr.train.journal.time.monotonic", lambda: next(clock, 1050.0))
        journal = Journal(tmp_path, 1000, 100)
        journal.steps(200, 1600, 1e-3, FIGURES)
    journal.board.close()
    assert "200/1000 loss 0.12500 2.0 steps/s 7 min left" in " ".join(capsys.readouterr().err.split())


def test_names_with_brackets_are_printed_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(tmp_path, 10, 0) as journal:
        journal.shares({"[red]barn": 0.75, "cat": 0.25})
    assert "2 photographs and their shares of the draws: [red]barn 75.00%, cat 25.00%" in " ".join(
        capsys.readouterr().err.split()
    )
