"""What a training writes down: `metrics.jsonl` is the truth, TensorBoard files and a progress line are its views."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from rich.console import Console
from torch.utils.tensorboard.writer import SummaryWriter

from paragonsr.errors import TrainingError


class Line(msgspec.Struct):
    """What every line has, whatever else is in it."""

    step: int


class Journal:
    """Appends one JSON object a line from `start` on and keeps the ETA; closed as a context manager.

    Later lines and events of an interrupted run are dropped: they are about to come again. Raises TrainingError for
    a `metrics.jsonl` of something else.
    """

    def __init__(self, folder: Path, steps: int, start: int) -> None:
        self.path, self.total, self.first = folder / "metrics.jsonl", steps, start
        _forget(self.path, start)
        self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=start + 1)
        self.console = Console(stderr=True)
        self.since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.board.close()

    def note(self, text: str) -> None:
        """A sentence for the person who watches."""
        self.console.print(text, highlight=False, markup=False)

    def shares(self, shares: dict[str, float]) -> None:
        """How often each photograph is drawn."""
        listed = ", ".join(f"{photo} {share:.2%}" for photo, share in shares.items())
        self.note(f"{len(shares)} photographs and their shares of the draws: {listed}")

    def steps(self, step: int, images: int, rate: float, figures: dict[str, float]) -> None:
        """The figures of one step, and how long the rest will take."""
        speed = (step - self.first) / (time.monotonic() - self.since)
        left = (self.total - step) / speed
        self._write({"step": step, "images": images, "rate": rate, **figures})
        loss = figures["loss"]
        self.note(f"{step}/{self.total}  loss {loss:.5f}  {speed:.1f} steps/s  {left / 60:.0f} min left")

    def validation(self, step: int, figures: dict[str, float]) -> None:
        """The validation figures at a step."""
        self._write({"step": step, **figures})
        listed = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        self.note(f"{step}/{self.total}  validation {listed}")

    def _write(self, line: dict[str, float]) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        for name, value in line.items():
            if name != "step":
                self.board.add_scalar(name, value, int(line["step"]))


def _forget(path: Path, step: int) -> None:
    """Drop the lines after `step`, and one that a kill has torn."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    try:
        kept = [line for line in lines if line.endswith(b"\n") and msgspec.json.decode(line, type=Line).step <= step]
    except msgspec.DecodeError as error:
        raise TrainingError(f"{path} is no journal of a training ({error}); move it away") from error
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(b"".join(kept))
    temporary.replace(path)
