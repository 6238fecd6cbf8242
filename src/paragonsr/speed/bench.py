"""All models on all providers beside Pillow's Lanczos: uint8 pixels in, uint8 pixels out, in tiles as they are used."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from paragonsr.artifacts.provenance import commit
from paragonsr.errors import ParagonError
from paragonsr.evaluate import origin
from paragonsr.evaluate.report import Fault
from paragonsr.runtime import catalogue, contest, probe
from paragonsr.runtime import provider as providers
from paragonsr.runtime.upscaler import Upscaler
from paragonsr.speed import memory, picture
from paragonsr.speed.report import Report, Row, row


@dataclass(frozen=True)
class Programme:
    """What is measured: each size (height, width of the input) with each number of threads, `rounds` times."""

    sizes: tuple[tuple[int, int], ...] = ((320, 480), (720, 1280))
    threads: tuple[int, ...] = (1,)
    rounds: int = 9
    memory: bool = True

    @property
    def steps(self) -> int:
        """How often `advance` of `bench` is called with 1."""
        return len(self.sizes) * len(self.threads) * (contest.WARM_UP + self.rounds)


def bench(
    models: Sequence[str | Path],
    named: Sequence[str] = (),
    programme: Programme = Programme(),
    advance: Callable[[int], object] = lambda _: None,
) -> Report:
    """Measure every model on every provider in `named` (none: all that "auto" would try here).

    What cannot run is a fault of the report, with the reason. Raises ModelError for a model that is not there.
    """
    paths = _named(dict.fromkeys(map(catalogue.find, models)))
    engines = tuple(dict.fromkeys(named)) or providers.candidates("auto")
    rows, faults, ran = list[Row](), dict[Fault, None](), dict[tuple[str, str], str]()
    for threads in programme.threads:
        with ExitStack() as opened:
            racers, failed = _open(paths, engines, threads, opened)
            faults |= dict.fromkeys(failed)
            for name, engine in racers.keys() - ran.keys():  # once: some compile for minutes
                ran[name, engine] = providers.precision(paths[name], engine, probe.picture(24, 32))
            for size in programme.sizes:
                rows += _race(racers, ran, threads, size, programme, advance)
    return Report(
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=commit(),
        versions=origin.versions(),
        machine=origin.machine(),
        rounds=programme.rounds,
        warm_up=contest.WARM_UP,
        files=tuple(origin.file(path) for path in paths.values()),
        rows=tuple(rows),
        faults=tuple(faults),
    )


def _named(paths: dict[Path, None]) -> dict[str, Path]:
    """The files by what the table calls them: files of one name by their whole path."""
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): path for path in paths}


def _open(
    paths: dict[str, Path], engines: Sequence[str], threads: int, opened: ExitStack
) -> tuple[dict[tuple[str, str], Upscaler], list[Fault]]:
    """The upscalers by file and provider, closed with `opened`; and what cannot run."""
    racers, faults = dict[tuple[str, str], Upscaler](), list[Fault]()
    for name, path in paths.items():
        for engine in engines:
            try:
                racers[name, engine] = opened.enter_context(Upscaler(path, provider=engine, threads=threads))
            except ParagonError as error:
                faults.append(Fault(name=f"{name} on {engine}", error=type(error).__name__, reason=str(error)))
    return racers, faults


def _race(
    racers: dict[tuple[str, str], Upscaler],
    ran: dict[tuple[str, str], str],
    threads: int,
    size: tuple[int, int],
    programme: Programme,
    advance: Callable[[int], object],
) -> Iterator[Row]:
    """The rows of one size, Pillow's first; `ran` says what each computes in."""
    pixels = picture.noise(*size)
    jobs: dict[str, contest.Job] = {picture.LANCZOS: lambda: picture.lanczos(pixels)}
    for (name, engine), upscaler in racers.items():
        jobs[f"{name} on {engine}"] = lambda upscaler=upscaler: upscaler(pixels)
    costs = contest.interleaved(jobs, programme.rounds, advance=advance)
    base = costs[picture.LANCZOS]

    def held(model: Path | None, engine: str) -> int | None:
        return memory.peak(memory.Enlargement(model, engine, threads, size)) if programme.memory else None

    yield row(picture.LANCZOS, base, base, provider="-", threads=1, size=size, peak=held(None, "-"))
    for (name, engine), upscaler in racers.items():
        yield row(
            name,
            costs[f"{name} on {engine}"],
            base,
            provider=engine,
            precision=ran[name, engine],
            threads=threads,
            size=size,
            scale=upscaler.scale,
            peak=held(upscaler.session.path, engine),
        )
