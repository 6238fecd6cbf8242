"""Models and classical kernels measured on the same pictures, through the real runtime."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from paragonsr.artifacts.provenance import commit
from paragonsr.errors import ParagonError
from paragonsr.evaluate import origin, pairs
from paragonsr.evaluate.cost import over_lanczos
from paragonsr.evaluate.draft import Beginning, Draft, Effort
from paragonsr.evaluate.entrants import Entrant, describe, enter, fault
from paragonsr.evaluate.jury import COLUMNS, Jury
from paragonsr.evaluate.pairs import SCALE, Candidate, Low
from paragonsr.evaluate.report import Fault, Item, Report
from paragonsr.evaluate.summary import compare, summarise, unmeasured
from paragonsr.evaluate.yardstick import BORDER, KERNELS, Yardstick

Progress = Callable[[int, int, str], None]
"""Called with (pictures done, pictures in all, name of the last one)."""


MOST_AT_ONCE = 4
"""Pictures measured at a time, a thread each: the networks' features of one take up to 2 GB."""


class Settings(NamedTuple):
    """How to measure: `fast` leaves out LPIPS, DISTS, NIQE and BRISQUE; with `film` pictures are frames, by name."""

    fast: bool = False
    film: bool = False
    gray_as_rgb: bool = False
    provider: str = "auto"
    threads: int | None = None


def evaluate(
    models: Sequence[str | Path],
    high: Path,
    low: Low = "bicubic",
    settings: Settings = Settings(),  # noqa: B008 (immutable)
    *,
    draft: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure models (see `entrants.enter`) on the targets in `high`, beside the classical kernels.

    A picture or model that cannot be measured becomes a fault of the report, with its reason, and the rest is
    measured; only pictures that every method has enlarged count. Pictures are kept in the file `draft` as they are
    measured, and one that is there already, of the same settings and files, is not measured again.

    Raises MissingInputError for a folder that is not there or holds no picture, ProviderError for a provider that is
    not here.
    """
    start, machine = Effort.until_now(), origin.machine()
    found, jury = pairs.candidates(high, low), Jury(() if settings.fast else COLUMNS)
    source = f"{low.resolve().name}/" if isinstance(low, Path) else low
    faults = list[Fault]()
    with ExitStack() as stack:
        taken = [kernel.name for kernel in KERNELS]
        known = enter(models, stack, faults, taken=taken, provider=settings.provider, threads=settings.threads)
        described = tuple(describe(name, entrant) for name, entrant in known.items())
        code = (origin.program(), origin.versions(), jury.files, jury.unmeasured, described, settings)
        begin = partial(_begin, known)
        named = [(candidate.name, candidate.photo) for candidate in found]
        kept = Draft(draft, (*code, source, named), begin)
        stick = Yardstick(known, jury, low, film=settings.film, gray_as_rgb=settings.gray_as_rgb)
        threads = min(machine.cores, settings.threads or machine.cores)
        workers = 1 if settings.film else min(threads, len(found), MOST_AT_ONCE)
        with ThreadPoolExecutor(workers, "measuring", jury.limit, (threads // workers,)) as pool:
            measured = _measured(pool, found, partial(_measure, stick=stick, kept=kept), progress)
        jury.limit(machine.cores)
    items = [one for one in measured if isinstance(one, Item)]
    faults += [one for one in measured if isinstance(one, Fault)]
    spent = Effort.until_now() - start
    return Report(
        date=kept.beginning.date,
        seconds=round(spent.seconds + kept.spent.seconds, 1),
        cpu_seconds=round(spent.cpu_seconds + kept.spent.cpu_seconds, 1),
        commit=commit(),
        versions=origin.versions(),
        machine=machine,
        high=high.resolve().name,
        low=source,
        film=settings.film,
        scale=SCALE,
        border=BORDER,
        models=tuple(replace(model, cost=kept.beginning.costs[model.name]) for model in described),
        judges=jury.files,
        unmeasured=unmeasured(items, jury.unmeasured, fast=settings.fast, film=settings.film),
        summary=summarise(items),
        comparisons=tuple(compare(items, tuple(known))),
        items=tuple(items),
        faults=tuple(faults),
    )


def _begin(known: dict[str, Entrant]) -> Beginning:
    costs = {name: over_lanczos(entrant) for name, entrant in known.items()}
    return Beginning(datetime.now(UTC).isoformat(timespec="seconds"), costs)


def _measured(
    pool: ThreadPoolExecutor,
    found: Sequence[Candidate],
    measure: Callable[[Candidate, Candidate | None], Item | Fault],
    progress: Progress | None,
) -> list[Item | Fault]:
    """Every pair in order, measured, or why it cannot be; when stopped, what has begun is ended first, and kept."""
    befores = (None, *found[:-1])
    tasks = {pool.submit(measure, *pair): pair[0] for pair in zip(found, befores, strict=True)}
    try:
        for done, task in enumerate(as_completed(tasks), start=1):
            task.result()
            if progress:
                progress(done, len(found), tasks[task].name)
    finally:
        pool.shutdown(cancel_futures=True)
    return [task.result() for task in tasks]


def _measure(candidate: Candidate, before: Candidate | None, stick: Yardstick, kept: Draft) -> Item | Fault:
    try:
        return _item(candidate, before, stick, kept)
    except (ParagonError, MemoryError) as error:
        return fault(candidate.name, error)


def _item(candidate: Candidate, before: Candidate | None, stick: Yardstick, kept: Draft) -> Item:
    """A pair as it was measured before, or measured now and kept."""
    pair = stick.load(candidate)
    assert candidate.high is not None, "a pair that was read has a target"
    high = origin.file(candidate.high)
    low = origin.file(candidate.low[0]) if candidate.low else None
    if item := kept.find(candidate.name, high, low):
        return item
    item = stick.measure(candidate, pair, high, low, before)
    kept.add(item)
    return item
