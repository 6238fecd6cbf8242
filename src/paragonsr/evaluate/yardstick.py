"""What is measured of one picture: all methods, all figures."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import ParagonError
from paragonsr.evaluate import pairs
from paragonsr.evaluate.jury import Jury
from paragonsr.evaluate.pairs import SCALE, Candidate, Low, Pair
from paragonsr.evaluate.report import Figures, File, Item
from paragonsr.imaging.kernels import BICUBIC, BILINEAR, LANCZOS3, MAGIC_KERNEL_SHARP_2021, Kernel
from paragonsr.imaging.metrics import (
    checkerboard_energy,
    colour_shift,
    flicker,
    overshoot,
    psnr_y,
    ssims_y,
)
from paragonsr.imaging.resample import resample

KERNELS = (BILINEAR, BICUBIC, LANCZOS3, MAGIC_KERNEL_SHARP_2021)
JUDGED = (BICUBIC.name, LANCZOS3.name)
"""The kernels that the jury looks at as well as the models: its networks are dear."""

BORDER = SCALE

Pixels = NDArray[np.uint8]
Enlarge = Callable[[Pixels], Pixels]


class Shot(NamedTuple):
    """A pair and what every method has made of it."""

    candidate: Candidate
    pair: Pair
    larges: dict[str, Pixels]


class Yardstick:
    """Measures one pair after the other. `models` stand beside the kernels, by name; `film`: see `measure`."""

    def __init__(
        self, models: Mapping[str, Enlarge], jury: Jury, low: Low, *, film: bool = False, gray_as_rgb: bool = False
    ) -> None:
        self._methods: dict[str, Enlarge] = {kernel.name: classical(kernel) for kernel in KERNELS} | dict(models)
        self._judged = (*JUDGED, *models)
        self._jury, self._film, self._gray_as_rgb = jury, film, gray_as_rgb
        self._low: Low = low
        self._last: Shot | None = None

    def load(self, candidate: Candidate) -> Pair:
        """The pair, read; see `pairs.load`."""
        return pairs.load(candidate, self._low, gray_as_rgb=self._gray_as_rgb)

    def measure(self, candidate: Candidate, pair: Pair, high: File, low: File | None, before: Candidate | None) -> Item:
        """All methods on one pair, whose files are `high` and `low`. Raises DataError when it is too small, ModelError.

        Of a film's frame the one `before` is needed too; it is enlarged again if it is not the pair measured last.
        """
        shot = self._take(candidate, pair)
        previous = self._previous(before) if self._film else None
        self._last = shot if self._film else None
        seen = {name: shot.larges[name] for name in self._judged}
        scores = self._jury.scores(pair.high, seen)
        figures = {
            name: _figures(large, pair.high, scores.get(name, {}), _flicker(name, shot, previous))
            for name, large in shot.larges.items()
        }
        height, width = pair.high.shape[:2]
        return Item(
            name=candidate.name,
            size=(height, width),
            cropped=pair.cropped,
            high=high,
            low=low,
            target_checkerboard=checkerboard_energy(pair.high),
            figures=figures,
            photo=candidate.photo,
            best_kernel=max((kernel.name for kernel in KERNELS), key=lambda name: decibels(figures[name])),
        )

    def _take(self, candidate: Candidate, pair: Pair) -> Shot:
        return Shot(candidate, pair, {name: enlarge(pair.low) for name, enlarge in self._methods.items()})

    def _previous(self, before: Candidate | None) -> Shot | None:
        """The frame before, unless there is none that can be used."""
        if before is None or (self._last and self._last.candidate == before):
            return self._last if before else None
        with suppress(ParagonError, MemoryError):  # it has become a fault of its own
            return self._take(before, self.load(before))
        return None


def classical(kernel: Kernel) -> Enlarge:
    """Enlargement by a classical kernel, border pixels repeated outwards, rounded to 8 bits."""

    def enlarge(image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        return resample(image, (SCALE * height, SCALE * width), kernel)

    return enlarge


def decibels(figures: Figures) -> float:
    """PSNR-Y, infinite where it is."""
    return math.inf if figures.psnr_y is None else figures.psnr_y


def finite(value: float) -> float | None:
    """The value as a report has it: None where it is infinite."""
    return value if math.isfinite(value) else None


def _figures(image: Pixels, target: Pixels, scores: Mapping[str, float], unrest: float | None) -> Figures:
    ssim, ms_ssim = ssims_y(image, target, border=BORDER)
    return Figures(
        psnr_y=finite(psnr_y(image, target, border=BORDER)),
        ssim_y=ssim,
        ms_ssim_y=ms_ssim,
        colour_shift=colour_shift(image, target),
        overshoot=overshoot(image, target),
        checkerboard=checkerboard_energy(image),
        flicker=unrest,
        **scores,
    )


def _flicker(name: str, shot: Shot, previous: Shot | None) -> float | None:
    if previous is None or previous.pair.high.shape != shot.pair.high.shape:
        return None
    return flicker(previous.larges[name], shot.larges[name], previous.pair.high, shot.pair.high)
