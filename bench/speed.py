"""CPU time of models per output megapixel, against Pillow's Lanczos enlargement of the same picture.

    python bench/speed.py [MODEL ...] [--rounds N]

The session alone: float32 planes in, float32 planes out, the picture as a whole. All contestants take turns in one
run, so that a busy machine slows them alike; CPU time counts all threads of the process. A ratio is the median of
the rounds' ratios.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

import heading
from paragonsr.runtime import catalogue
from paragonsr.runtime.session import Session

SIZES = ((320, 480), (720, 1280))
THREADS = (2, 1)
WARM_UP = 2
LANCZOS = "Pillow Lanczos"


class Cost(NamedTuple):
    """Milliseconds per output megapixel."""

    cpu: float
    wall: float


def cost(job: Callable[[], object], megapixels: float) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1e3 * cpu / megapixels, 1e3 * wall / megapixels)


def jobs(sessions: list[Session], height: int, width: int) -> dict[str, Callable[[], object]]:
    """What takes turns: Pillow and each model on one picture of noise (no time depends on its content)."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    picture, size = Image.fromarray(pixels), (2 * width, 2 * height)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    models = {session.name: lambda session=session: session.run(planes) for session in sessions}
    return {LANCZOS: lambda: picture.resize(size, Image.Resampling.LANCZOS), **models}


def interleaved(contest: dict[str, Callable[[], object]], megapixels: float, rounds: int) -> dict[str, list[Cost]]:
    """The cost of each job in each round, the first rounds left out."""
    costs = [{name: cost(job, megapixels) for name, job in contest.items()} for _ in range(WARM_UP + rounds)]
    return {name: [turn[name] for turn in costs[WARM_UP:]] for name in contest}


def add_rows(table: Table, place: tuple[str, ...], costs: dict[str, list[Cost]]) -> None:
    base = costs[LANCZOS]
    for name, turns in costs.items():
        cpu = median(turn.cpu / other.cpu for turn, other in zip(turns, base, strict=True))
        wall = median(turn.wall / other.wall for turn, other in zip(turns, base, strict=True))
        speed = 1e3 / median(turn.wall for turn in turns)
        figures = (median(turn.cpu for turn in turns), median(turn.wall for turn in turns), speed, cpu, wall)
        table.add_row(*place, name, *(f"{figure:.1f}" for figure in figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[catalogue.default()], help="names or files; default: the shipped")
    parser.add_argument("--rounds", type=int, default=9, help="measured rounds (default 9)")
    options = parser.parse_args()
    heading.show()
    table = Table(
        title="per output megapixel; wanted: CPU ratio at 2 threads <= 9, hoped for: <= 6", title_justify="left"
    )
    for column in (
        "picture",
        "threads",
        "enlarged by",
        "CPU ms",
        "wall ms",
        "MP/s",
        "x Lanczos, CPU",
        "x Lanczos, wall",
    ):
        table.add_column(column, justify="left" if column == "enlarged by" else "right")
    for threads in THREADS:
        sessions = [Session(catalogue.find(model), provider="cpu", threads=threads) for model in options.models]
        for height, width in SIZES:
            megapixels = 4 * height * width / 1e6
            costs = interleaved(jobs(sessions, height, width), megapixels, options.rounds)
            add_rows(table, (f"{height}x{width}", str(threads)), costs)
        for session in sessions:
            session.close()
    Console(width=max(120, Console().width)).print(table)


if __name__ == "__main__":
    main()
