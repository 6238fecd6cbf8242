"""What a training writes down: `metrics.jsonl` is the truth, TensorBoard files and a progress line are its views."""

import time
from pathlib import Path

import msgspec
from rich.console import Console


class Journal:
    """Appends one JSON object a line, drops the lines a resumed run will write again, and keeps the ETA."""

    def __init__(self, folder: Path, steps: int) -> None:
        from torch.utils.tensorboard.writer import (
            SummaryWriter,
        )  # slow to import, and only a training needs it

        self.path, self.steps_total = folder / "metrics.jsonl", steps
        self.board = SummaryWriter(str(folder / "tensorboard"))
        self.console = Console(stderr=True)

    def start(self, step: int) -> None:
        """Begin or go on at `step`: later lines of an interrupted run are dropped, they are about to come again."""
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        kept = [line for line in lines if line.endswith(b"\n") and msgspec.json.decode(line).get("step", 0) <= step]
        temporary = self.path.with_name(".metrics.jsonl")
        temporary.write_bytes(b"".join(kept))
        temporary.replace(self.path)
        self.first, self.since = step, time.monotonic()

    def note(self, text: str) -> None:
        """A sentence for the person who watches."""
        self.console.print(text, highlight=False)

    def steps(self, step: int, images: int, rate: float, figures: dict[str, float]) -> None:
        """The figures of one step, and how long the rest will take."""
        speed = (step - self.first) / (time.monotonic() - self.since)
        left = (self.steps_total - step) / speed
        self._write({"step": step, "images": images, "rate": rate, **figures})
        loss = figures["loss"]
        self.note(f"{step}/{self.steps_total}  loss {loss:.5f}  {speed:.1f} steps/s  {left / 60:.0f} min left")

    def validation(self, step: int, psnr: float) -> None:
        """The validation figure at a step."""
        self._write({"step": step, "psnr_y": psnr})
        self.note(f"{step}/{self.steps_total}  validation PSNR-Y {psnr:.3f} dB")

    def close(self) -> None:
        """Write out what TensorBoard still holds."""
        self.board.close()

    def _write(self, line: dict[str, float]) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        for name, value in line.items():
            if name != "step":
                self.board.add_scalar(name, value, int(line["step"]))
