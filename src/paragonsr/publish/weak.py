"""Where a model is weakest: on which pictures of an evaluation, and in which parts of pictures that may be shown."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.evaluate import pairs
from paragonsr.evaluate.report import Report
from paragonsr.imaging.kernels import LANCZOS3
from paragonsr.imaging.metrics import luma
from paragonsr.imaging.resample import resample

Pixels = NDArray[np.uint8]
Enlarge = Callable[[Pixels], Pixels]

SIDE, STEP, TIMES, GAP = 96, 16, 2, 8
WHITE = 255


class Crop(NamedTuple):
    """SIDE x SIDE pixels of a target: its name and corner, the mean difference of luma in 1/255, and its versions."""

    picture: str
    top: int
    left: int
    difference: float
    versions: tuple[Pixels, ...]


def pictures(report: Report, model: str, count: int = 3) -> list[tuple[str, float]]:
    """The pictures on which a model gains least over the best classical kernel, and that gain in dB, least first."""
    gains: list[tuple[float, str]] = []
    for item in report.items:
        own, best = item.figures[model].psnr_y, item.figures[item.best_kernel].psnr_y
        if own is not None and best is not None:
            gains.append((own - best, item.name))
    return [(name, gain) for gain, name in sorted(gains)[:count]]


def crops(folder: Path, enlarge: Enlarge, count: int = 4) -> list[Crop]:
    """Of each picture of a folder, halved by the card's pattern, the part that comes back worst; the worst first.

    A crop's versions are the target, Lanczos and the model. Raises what `evaluate.pairs` does for pictures that are of
    no use; those smaller than a crop are passed over.
    """
    found: list[Crop] = []
    for candidate in pairs.candidates(folder, "card"):
        pair = pairs.load(candidate, "card", gray_as_rgb=True)
        if min(pair.high.shape[:2]) >= SIDE:
            found.append(_worst(candidate.name, pair, enlarge))
    return sorted(found, key=lambda crop: -crop.difference)[:count]


def _worst(name: str, pair: pairs.Pair, enlarge: Enlarge) -> Crop:
    output, height, width = enlarge(pair.low), *pair.high.shape[:2]
    apart = np.abs(luma(output) - luma(pair.high)) * (255 / 219)  # of full range
    sums = np.pad(apart.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    windows = (sums[SIDE:, SIDE:] - sums[:-SIDE, SIDE:] - sums[SIDE:, :-SIDE] + sums[:-SIDE, :-SIDE])[::STEP, ::STEP]
    row, column = np.unravel_index(windows.argmax(), windows.shape)
    top, left = int(row) * STEP, int(column) * STEP
    versions = (pair.high, resample(pair.low, (height, width), LANCZOS3), output)
    part = (slice(top, top + SIDE), slice(left, left + SIDE))
    return Crop(name, top, left, float(windows.max()) / SIDE**2, tuple(version[part] for version in versions))


def sheet(found: Sequence[Crop]) -> Pixels:
    """Crops in rows, their versions in columns, each pixel TIMES as wide and high: uint8 [H, W, 3]."""
    rows = [_join([part.repeat(TIMES, 0).repeat(TIMES, 1) for part in crop.versions], axis=1) for crop in found]
    return _join(rows, axis=0)


def _join(parts: Sequence[Pixels], axis: int) -> Pixels:
    shape = list(parts[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, WHITE, np.uint8)
    return np.concatenate([piece for part in parts for piece in (part, gap)][:-1], axis=axis)
