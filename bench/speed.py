"""CPU time of a model's session alone per output megapixel, against Pillow's Lanczos enlargement of the same picture.

    python bench/speed.py [MODEL ...] [--rounds N]

float32 planes in, float32 planes out, the picture as a whole; `paragonsr bench` measures the same from pixels to
pixels. All contestants take turns in one run; a ratio is the median of the rounds' ratios.
"""

import argparse

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


def race(sessions: list[Session], size: tuple[int, int], rounds: int) -> list[Row]:
    """Pillow and each model on one picture."""
    pixels = picture.noise(*size)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    jobs: dict[str, contest.Job] = {picture.LANCZOS: lambda: picture.lanczos(pixels)}
    jobs |= {session.path.stem: lambda session=session: session.run(planes) for session in sessions}
    costs = contest.interleaved(jobs, rounds)
    base = costs[picture.LANCZOS]
    found = [row(picture.LANCZOS, base, base, provider="-", threads=1, size=size)]
    for session in sessions:
        own = costs[session.path.stem]
        found.append(row(session.path.stem, own, base, provider="cpu", threads=session.threads, size=size))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[catalogue.default()], help="names or files; default: the shipped")
    parser.add_argument("--rounds", type=int, default=9, help="measured rounds (default 9)")
    options = parser.parse_args()
    heading.show()
    found: list[Row] = []
    for threads in THREADS:
        sessions = [Session(catalogue.find(model), provider="cpu", threads=threads) for model in options.models]
        for size in SIZES:
            found += race(sessions, size, options.rounds)
        for session in sessions:
            session.close()
    title = "session alone, per output megapixel; wanted: CPU ratio at 2 threads <= 9, hoped for: <= 6"
    Console(width=max(120, Console().width)).print(rows(found, title))


if __name__ == "__main__":
    main()
