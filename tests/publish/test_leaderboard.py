"""The leaderboard: a row for each checkpoint, and none lost."""

from pathlib import Path

import msgspec
import pytest

from paragonsr import console
from paragonsr.cli import cli
from paragonsr.errors import DataError
from paragonsr.evaluate import report
from paragonsr.publish import leaderboard
from paragonsr.publish.folder import known
from paragonsr.publish.page import find


def test_writing_it_again_changes_nothing_and_a_new_checkpoint_is_a_new_row(measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "board.md"
    given = ["leaderboard", "perceptual", "fidelity", "--report", str(measured), "--out", str(out)]
    assert console.run(cli, given) == 0
    first = out.read_text()
    assert console.run(cli, given) == 0
    assert out.read_text() == first

    board, one = leaderboard.load(out), report.load(measured)
    path, card = known("fidelity")
    retrained = msgspec.structs.replace(card, checkpoint_sha256="0123456789abcdef")
    leaderboard.add(board, *find(one, path), retrained)
    leaderboard.save(board, out)
    lines = out.read_text().splitlines()
    assert set(first.splitlines()) < set(lines)
    assert sum("Nano_Fidelity |" in line for line in lines) == 2
    assert leaderboard.dumps(leaderboard.load(out)) == out.read_text()


def test_a_row_says_what_the_report_and_the_card_say(measured: Path) -> None:
    one, (path, card) = report.load(measured), known("perceptual")
    board = leaderboard.Board()
    leaderboard.add(board, *find(one, path), card)
    ((title, rows),) = board.items()
    assert title == f"{one.high}, low resolution card"
    row = dict(zip(leaderboard.HEAD, *rows.values(), strict=True))
    assert row["PSNR-Y"] == f"{one.summary[card.name].figures.psnr_y:.2f}"
    assert row["images seen"] == f"{card.training.images_seen:,}"
    assert row["LPIPS alex"] == ""


@pytest.mark.parametrize("text", ["# My notes\n", "\udcff"])
def test_another_file_is_not_overwritten(text: str, measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "notes.md"
    out.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match="leaderboard"):
        leaderboard.load(out)
    assert console.run(cli, ["leaderboard", "fidelity", "--report", str(measured), "--out", str(out)]) == 1
    assert out.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_a_row_that_was_edited_by_hand_is_named(tmp_path: Path) -> None:
    out = tmp_path / "board.md"
    out.write_text("\n".join((*leaderboard.OPENING, "", "## set", "", "| a | b |")))
    with pytest.raises(DataError, match="2 cells"):
        leaderboard.load(out)
