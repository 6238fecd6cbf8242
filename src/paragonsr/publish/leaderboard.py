"""The leaderboard: a table for each set of pictures, a row for each model ever measured on it."""

from collections.abc import Iterable
from pathlib import Path

from paragonsr.artifacts import output
from paragonsr.artifacts.card import Card
from paragonsr.errors import DataError
from paragonsr.evaluate.report import Report
from paragonsr.evaluate.table import NAMES, number
from paragonsr.export.markdown import join, section, table

FIGURES = tuple(name for name in NAMES if name != "flicker")
HEAD = (
    "model", "checkpoint", "date", "commit", "recipe", "images seen", "numbers", "CPU x Lanczos",
    *(NAMES[figure] for figure in FIGURES), "colour shift, largest", "over best kernel, dB", "checkerboard x target",
)  # fmt: skip

Row = tuple[str, ...]
Board = dict[str, dict[tuple[str, str], Row]]
"""By the title of the set, then by model and checkpoint."""

OPENING = (
    "# Leaderboard",
    "",
    "Written by `paragonsr leaderboard` from reports of `paragonsr evaluate`; a row stays until the same checkpoint is",
    "measured anew. PSNR, SSIM and MS-SSIM: more is better; everything else: less. CPU x Lanczos: processor time over",
    "that of Pillow's Lanczos enlargement. Empty: not measured.",
)


def add(board: Board, report: Report, name: str, card: Card) -> None:
    """The row of the model that `report` calls `name`, in place of an older one of its checkpoint."""
    summary = report.summary[name]
    cost = next(model.cost for model in report.models if model.name == name)
    values = [getattr(summary.figures, figure) for figure in FIGURES]
    cells = (
        card.name, card.checkpoint_sha256[:12], report.date[:10], report.commit, card.training.recipe,
        f"{card.training.images_seen:,}", f"{card.parameters:,}", _or(cost, ".1f"),
        *("" if value is None else number(figure, value) for figure, value in zip(FIGURES, values, strict=True)),
        f"{summary.largest_colour_shift:.3f}", _or(summary.over_best_kernel, "+.2f"),
        _or(summary.checkerboard_ratio, ".3f"),
    )  # fmt: skip
    board.setdefault(f"{report.high}, low resolution {report.low}", {})[cells[0], cells[1]] = cells


def load(path: Path) -> Board:
    """The board in a file, empty if there is none. Raises DataError for a file that is something else."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else list(OPENING)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a leaderboard: {error}") from error
    if tuple(lines[: len(OPENING)]) != OPENING:
        raise DataError(f"{path} is no leaderboard of this version; move it away to begin a new one")
    board, title = Board(), ""
    for line in lines[len(OPENING) :]:
        if line.startswith("## "):
            title = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith(("| model |", "| --- |")):
            row = tuple(cell.strip() for cell in line.strip("|").split("|"))
            if len(row) != len(HEAD) or not title:
                raise DataError(f"{path}: a row has {len(row)} cells and not {len(HEAD)}: {line}")
            board.setdefault(title, {})[row[0], row[1]] = row
    return board


def dumps(board: Board) -> str:
    """The page; newest rows first, then by name."""
    return join(OPENING, *(section(title, table(HEAD, _sorted(board[title].values()))) for title in sorted(board)))


def save(board: Board, path: Path) -> None:
    """Write the page in place of the old one. Raises what `output` does."""
    output.check(path, overwrite=True)
    output.write(path, dumps(board).encode())


def _sorted(rows: Iterable[Row]) -> list[Row]:
    named = sorted(rows, key=lambda row: row[:2])
    return sorted(named, key=lambda row: row[2], reverse=True)


def _or(value: float | None, style: str) -> str:
    return "" if value is None else format(value, style)
