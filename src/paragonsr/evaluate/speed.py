"""What a model costs: processor time over that of Pillow's Lanczos, on the same picture, taking turns."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from PIL import Image

from paragonsr.evaluate.entrants import Entrant
from paragonsr.runtime.upscaler import Upscaler

SIZE = (320, 480)
WARM_UP, ROUNDS = 1, 5


def ratio(entrant: Entrant) -> float | None:
    """The median of `ROUNDS` ratios of CPU time, from 8-bit pixels to 8-bit pixels; None for another program.

    A busy machine slows both alike. `bench/speed.py` measures the network alone, and more closely.
    """
    if not isinstance(entrant, Upscaler):
        return None
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    picture, size = Image.fromarray(pixels), (2 * SIZE[1], 2 * SIZE[0])
    turns = [
        _cost(lambda: entrant(pixels)) / _cost(lambda: picture.resize(size, Image.Resampling.LANCZOS))
        for _ in range(WARM_UP + ROUNDS)
    ]
    return median(turns[WARM_UP:])


def _cost(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start
