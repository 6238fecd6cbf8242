"""Models and classical kernels measured on the same pictures, through the real runtime."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts.provenance import commit
from paragonsr.errors import ParagonError
from paragonsr.evaluate import origin, pairs
from paragonsr.evaluate.entrants import describe, enter, fault
from paragonsr.evaluate.pairs import SCALE, Candidate, Low
from paragonsr.evaluate.report import Fault, Figures, Item, Report, Summary
from paragonsr.imaging.kernels import BICUBIC, BILINEAR, LANCZOS3, MAGIC_KERNEL_SHARP_2021, Kernel
from paragonsr.imaging.metrics import checkerboard_energy, colour_shift, psnr_y, ssim_y
from paragonsr.imaging.resample import resample

KERNELS = (BILINEAR, BICUBIC, LANCZOS3, MAGIC_KERNEL_SHARP_2021)
BORDER = SCALE

Pixels = NDArray[np.uint8]
Enlarge = Callable[[Pixels], Pixels]
Progress = Callable[[int, int, str], None]
"""Called with (pictures done, pictures in all, name of the last one)."""


def evaluate(
    models: Sequence[str | Path],
    high: Path,
    low: Low = "bicubic",
    *,
    provider: str = "auto",
    threads: int | None = None,
    gray_as_rgb: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Measure built-in models (by name) and model files on the targets in `high`, beside the classical kernels.

    A picture or model that cannot be measured becomes a fault of the report, with its reason, and the rest is
    measured; only pictures that every method has enlarged count. Raises MissingInputError for a folder that is not
    there or holds no picture, ProviderError for a provider that is not here.
    """
    start, date = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    found = pairs.candidates(high, low)
    faults = list[Fault]()
    with ExitStack() as stack:
        methods: dict[str, Enlarge] = {kernel.name: classical(kernel) for kernel in KERNELS}
        known = enter(models, stack, faults, taken=methods, provider=provider, threads=threads)
        methods |= known
        items = list(_measured(found, low, methods, gray_as_rgb, faults, progress))
        described = tuple(describe(name, upscaler) for name, upscaler in known.items())
    return Report(
        date=date,
        seconds=round(time.monotonic() - start, 1),
        commit=commit(),
        versions=origin.versions(),
        machine=origin.machine(),
        high=high.resolve().name,
        low=f"{low.resolve().name}/" if isinstance(low, Path) else low,
        scale=SCALE,
        border=BORDER,
        models=described,
        summary=summarise(items),
        items=tuple(items),
        faults=tuple(faults),
    )


def summarise(items: Sequence[Item]) -> dict[str, Summary]:
    """The means of every method; empty without items."""
    return {name: _summary(name, items) for name in items[0].figures} if items else {}


def classical(kernel: Kernel) -> Enlarge:
    """Enlargement by a classical kernel, border pixels repeated outwards, rounded to 8 bits."""

    def enlarge(image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        return resample(image, (SCALE * height, SCALE * width), kernel)

    return enlarge


def _measured(
    found: Sequence[Candidate],
    low: Low,
    methods: Mapping[str, Enlarge],
    gray_as_rgb: bool,
    faults: list[Fault],
    progress: Progress | None,
) -> Iterator[Item]:
    """Every pair that can be measured; what cannot is added to `faults`."""
    for done, candidate in enumerate(found, start=1):
        try:
            yield _measure(candidate, low, methods, gray_as_rgb)
        except (ParagonError, MemoryError) as error:
            faults.append(fault(candidate.name, error))
        if progress:
            progress(done, len(found), candidate.name)


def _measure(candidate: Candidate, low: Low, methods: Mapping[str, Enlarge], gray_as_rgb: bool) -> Item:
    """All methods on one pair."""
    pair = pairs.load(candidate, low, gray_as_rgb=gray_as_rgb)
    assert candidate.high is not None, "a pair that was read has a target"
    figures = {name: _figures(enlarge(pair.low), pair.high) for name, enlarge in methods.items()}
    height, width = pair.high.shape[:2]
    return Item(
        name=candidate.name,
        size=(height, width),
        cropped=pair.cropped,
        high=origin.file(candidate.high),
        low=origin.file(candidate.low[0]) if candidate.low else None,
        target_checkerboard=checkerboard_energy(pair.high),
        figures=figures,
        best_kernel=max((kernel.name for kernel in KERNELS), key=lambda name: _decibels(figures[name])),
    )


def _figures(image: Pixels, target: Pixels) -> Figures:
    return Figures(
        psnr_y=_finite(psnr_y(image, target, border=BORDER)),
        ssim_y=ssim_y(image, target, border=BORDER),
        colour_shift=colour_shift(image, target),
        checkerboard=checkerboard_energy(image),
    )


def _summary(name: str, items: Sequence[Item]) -> Summary:
    rows = [item.figures[name] for item in items]
    gains = [_decibels(item.figures[name]) - _decibels(item.figures[item.best_kernel]) for item in items]
    energy, target = fmean(row.checkerboard for row in rows), fmean(item.target_checkerboard for item in items)
    return Summary(
        figures=Figures(
            psnr_y=_finite(fmean(_decibels(row) for row in rows)),
            ssim_y=fmean(row.ssim_y for row in rows),
            colour_shift=fmean(row.colour_shift for row in rows),
            checkerboard=energy,
        ),
        over_best_kernel=_finite(fmean(gains)),
        checkerboard_ratio=energy / target if target else None,
    )


def _decibels(figures: Figures) -> float:
    return math.inf if figures.psnr_y is None else figures.psnr_y


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
