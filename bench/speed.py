"""CPU time of a model's session alone per output megapixel, against Pillow's Lanczos enlargement of the same picture.

    python bench/speed.py [MODEL ...] [--rounds N]

float32 planes in, float32 planes out, the picture as a whole; `paragonsr bench` measures the same from pixels to
pixels. Everything takes turns, both pictures and both thread counts too, so that a neighbour's busy minute is a few
rounds of each and not all of one; a ratio is the median of the rounds' ratios.
"""

import argparse
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from rich.console import Console

import heading
from paragonsr.runtime import catalogue, contest
from paragonsr.runtime.session import Session
from paragonsr.speed import picture
from paragonsr.speed.report import Row, row
from paragonsr.speed.table import rows

SIZES = ((320, 480), (720, 1280))
THREADS = (2, 1)


class Entry(NamedTuple):
    name: str
    provider: str
    threads: int
    size: tuple[int, int]
    job: contest.Job


def entries(sessions: list[Session]) -> Iterator[Entry]:
    """Pillow and each session on each picture; what a session reads is ready, and what it writes is left as it is."""
    for size in SIZES:
        pixels = picture.noise(*size)
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        yield Entry(picture.LANCZOS, "-", 1, size, partial(picture.lanczos, pixels))
        for session in sessions:
            yield Entry(session.path.stem, "cpu", session.threads, size, partial(session.run, planes))


def race(field: list[Entry], rounds: int) -> list[Row]:
    found = contest.interleaved({str(number): entry.job for number, entry in enumerate(field)}, rounds)
    costs = [found[str(number)] for number in range(len(field))]
    lanczos = {entry.size: cost for entry, cost in zip(field, costs, strict=True) if entry.name == picture.LANCZOS}
    return [
        row(entry.name, cost, lanczos[entry.size], provider=entry.provider, threads=entry.threads, size=entry.size)
        for entry, cost in zip(field, costs, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[catalogue.DEFAULT], help="names or files; default: the shipped")
    parser.add_argument("--rounds", type=int, default=15, help="measured rounds (default 15)")
    options = parser.parse_args()
    heading.show()
    models = [catalogue.find(model) for model in options.models]
    sessions = [Session(model, provider="cpu", threads=threads) for threads in THREADS for model in models]
    found = race(list(entries(sessions)), options.rounds)
    title = "session alone, per output megapixel; wanted: CPU ratio at 2 threads <= 9, hoped for: <= 6"
    Console(width=max(120, Console().width)).print(rows(found, title))


if __name__ == "__main__":
    main()
