"""One picture file to enlarge into another, and working through many of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from paragonsr.errors import OutputError, ParagonError
from paragonsr.imaging import codec
from paragonsr.runtime.upscaler import Upscaler


@dataclass(frozen=True)
class Job:
    """Enlarge the file `source` into the file `target`."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Settings:
    """How results are written: format (None: by the name's suffix), quality (None: the format's own), and so on."""

    format: str | None = None
    quality: int | None = None
    overwrite: bool = False
    first_frame: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a job: done when `error` is None."""

    job: Job
    error: Exception | None = None


Advance = Callable[[int], object]
"""Called after each tile with the number of input pixels done since the last call; what it raises stops the work."""


def pixels(job: Job) -> int:
    """Number of pixels of the source as its header says; 0 where it cannot be read (the work will say why)."""
    try:
        height, width = codec.size(job.source, first_frame=True)
    except ParagonError:
        return 0
    return height * width


def work(
    jobs: Iterable[Job], upscaler: Upscaler, settings: Settings, advance: Advance = lambda _: None
) -> Iterator[Outcome]:
    """Do one job after the other. What fails is reported and does not stop the rest; finished files are whole."""
    for job in jobs:
        try:
            enlarge(job, upscaler, settings, advance)
        except (ParagonError, OSError, MemoryError) as error:
            yield Outcome(job, error)
        else:
            yield Outcome(job)


def enlarge(job: Job, upscaler: Upscaler, settings: Settings, advance: Advance = lambda _: None) -> None:
    """Read, enlarge, write. Whether the result can be written is checked before the work; raises ParagonError."""
    picture = codec.read(job.source, first_frame=settings.first_frame)
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{job.target.parent}: this folder cannot be made: {error.strerror}") from error
    codec.check_output(
        job.target,
        size=(picture.size[0] * upscaler.scale, picture.size[1] * upscaler.scale),
        format=settings.format,
        overwrite=settings.overwrite,
        picture=picture,
        source=job.source,
    )
    last = 0

    def progress(done: int, _: int) -> None:
        nonlocal last
        advance(done - last)
        last = done

    # The small pixels are given back here, before the encoder needs memory.
    picture = replace(picture, pixels=upscaler(picture.pixels, progress=progress))
    codec.write(job.target, picture, format=settings.format, quality=settings.quality, overwrite=settings.overwrite)
