"""The most memory that one enlargement takes: measured in a process that does nothing else."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from paragonsr.runtime.upscaler import Upscaler
from paragonsr.speed import picture

if sys.platform != "win32":
    import resource


class Enlargement(NamedTuple):
    """A picture of noise of `size` (height, width), by Pillow's Lanczos if there is no model."""

    model: Path | None
    provider: str
    threads: int
    size: tuple[int, int]


def peak(work: Enlargement) -> int | None:
    """The most bytes a new process held that did `work`, all it had loaded for it included; None on Windows."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_enlarge, work).result()


def _enlarge(work: Enlargement) -> int | None:
    pixels = picture.noise(*work.size)
    if work.model is None:
        picture.lanczos(pixels)
    else:
        with Upscaler(work.model, provider=work.provider, threads=work.threads) as upscaler:
            upscaler(pixels)
    return _held()


def _held() -> int | None:
    """The most bytes this process has held; on Linux not from `resource`, which counts its parent's as well."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
