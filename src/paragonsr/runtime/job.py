"""One picture file to enlarge into another, and working through many of them.

Three threads share the work: one decodes the next picture, this one computes, and one encodes rows as soon as they are
there, the last of one picture while the next is begun. With one processor core they take turns instead.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from paragonsr.errors import OutputError, ParagonError
from paragonsr.imaging import codec
from paragonsr.imaging.codec import Picture
from paragonsr.imaging.feed import Abandoned, Feed
from paragonsr.runtime.upscaler import Upscaler

_FAILURES = (ParagonError, OSError, MemoryError)


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
) -> Generator[Outcome, None, None]:
    """Do all jobs, with their outcomes in their order. What fails does not stop the rest; finished files are whole.

    Who stops in between closes it (`contextlib.closing`): its threads wait for each other.
    """
    line = _Line(upscaler, settings, advance)
    waiting: deque[tuple[Job, Future[None]]] = deque()
    with line.decoder, line.encoder:
        for job, coming in line.decode(jobs):
            if len(waiting) > 1:
                yield _outcome(*waiting.popleft())
            written = Future[None]()
            try:
                for coming_file in line.enlarge(job, line.picture(job, coming)):
                    written = coming_file
                    while waiting and waiting[0][1].done():
                        yield _outcome(*waiting.popleft())
            except _FAILURES as error:
                written = Future[None]()
                written.set_exception(error)
            waiting.append((job, written))
        yield from (_outcome(*pair) for pair in waiting)


def _outcome(job: Job, future: "Future[None]") -> Outcome:
    """What became of it, once it is written; what nobody expects is raised."""
    try:
        future.result()
    except _FAILURES as error:
        return Outcome(job, error)
    return Outcome(job)


class _Line:
    """The two threads beside this one, and what goes from one to the other."""

    def __init__(self, upscaler: Upscaler, settings: Settings, advance: Advance) -> None:
        self.upscaler, self.settings, self.advance = upscaler, settings, advance
        self.decoder, self.encoder = ThreadPoolExecutor(1, "decoder"), ThreadPoolExecutor(1, "encoder")
        self.overlap = upscaler.session.threads > 1

    def decode(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, "Future[Picture]"]]:
        """Each job, its picture being decoded; one ahead."""
        before: tuple[Job, Future[Picture]] | None = None
        for job in jobs:
            coming = job, self.decoder.submit(codec.read, job.source, first_frame=self.settings.first_frame)
            if not self.overlap:
                yield coming
                continue
            if before:
                yield before
            before = coming
        if before:
            yield before

    def picture(self, job: Job, coming: "Future[Picture]") -> Picture:
        """The picture decoded; once more when the one before it left too little memory."""
        try:
            return coming.result()
        except MemoryError:
            return codec.read(job.source, first_frame=self.settings.first_frame)

    def enlarge(self, job: Job, picture: Picture) -> Iterator["Future[None]"]:
        """Compute band by band; each time the same future, of the file. Whether it can be written is checked before."""
        upscaler, settings = self.upscaler, self.settings
        size = (picture.size[0] * upscaler.scale, picture.size[1] * upscaler.scale)
        try:
            job.target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{job.target.parent}: this folder cannot be made: {error.strerror}") from error
        codec.check_output(
            job.target,
            size=size,
            format=settings.format,
            overwrite=settings.overwrite,
            picture=picture,
            source=job.source,
        )
        picture = codec.fitting(picture, job.target, settings.format)
        last = 0

        def progress(done: int, _: int) -> None:
            nonlocal last
            self.advance(done - last)
            last = done

        rows = Feed((*size, *picture.pixels.shape[2:]), picture.pixels.dtype, ahead=self.overlap)
        future = self.encoder.submit(
            codec.write_rows,
            job.target,
            rows,
            picture.metadata,
            format=settings.format,
            quality=settings.quality,
            overwrite=settings.overwrite,
        )
        try:
            for _ in upscaler.bands(picture.pixels, rows.room, progress=progress):
                rows.send()
                yield future
        except Abandoned:
            yield future
        except BaseException:
            rows.abandon()
            future.exception()  # waits: no half file is left when this goes on
            raise
