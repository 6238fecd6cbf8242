"""What a model file does not say, found by running it: how much it enlarges, and how far it looks."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import ModelError

Floats = NDArray[np.float32]
Run = Callable[[Floats], NDArray[Any]]

_SIDES = (33, 65, 129, 257)  # of the pictures in which a pixel is changed, until the change stays inside
_SHIFTS = range(4)  # networks that halve the picture look further from some pixels than from others


def picture(height: int, width: int, seed: int = 0) -> Floats:
    """Random noise, float32 [1, 3, height, width] in [0, 1): it wakes more of a network than a photograph."""
    return np.random.default_rng(seed).random((1, 3, height, width), dtype=np.float32)


def scale(run: Run, where: str) -> int:
    """By how much `run` enlarges; ModelError unless it makes [1, 3, sH, sW] of [1, 3, H, W], s whole."""
    height, width = 24, 32
    shape = run(picture(height, width)).shape
    times = shape[2] // height if len(shape) == 4 else 0
    if times < 1 or shape != (1, 3, times * height, times * width):
        raise ModelError(
            f"{where}: makes {list(shape)} of [1, 3, {height}, {width}]; an upscaler makes [1, 3, s*H, s*W] "
            "(RGB, the same whole number s both ways)"
        )
    return times


def radius(run: Run, times: int) -> int | None:
    """Distance in input pixels over which one pixel changes the output; None: over the whole picture.

    Changes pixels far beyond [0, 1], both ways and at several places, so that few of them die in a ReLU.
    """
    for side in _SIDES:
        reach = max(_reach(run, times, side, shift, value) for shift in _SHIFTS for value in (-8.0, 8.0))
        if reach < side // 2 - max(_SHIFTS):
            return reach
    return None


def _reach(run: Run, times: int, side: int, shift: int, value: float) -> int:
    """How far (Chebyshev distance, input pixels) the output changes with one pixel near the centre."""
    image, place = picture(side, side, seed=shift), side // 2 + shift
    before = run(image)
    image[:, :, place, place] = value
    changed = (run(image) != before).any(axis=(0, 1))
    return max(int(abs(np.flatnonzero(changed.any(axis)) // times - place).max(initial=0)) for axis in (0, 1))
