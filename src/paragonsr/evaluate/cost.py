"""What a model costs: processor time over that of Pillow's Lanczos, on the same picture, taking turns."""

import numpy as np
from PIL import Image

from paragonsr.evaluate.entrants import Entrant
from paragonsr.runtime import contest
from paragonsr.runtime.upscaler import Upscaler

SIZE = (320, 480)
ROUNDS = 5


def over_lanczos(entrant: Entrant) -> float | None:
    """The median of `ROUNDS` ratios of CPU time, from 8-bit pixels to 8-bit pixels; None for another program.

    `paragonsr bench` measures more closely, and memory too.
    """
    if not isinstance(entrant, Upscaler):
        return None
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    picture, size = Image.fromarray(pixels), (2 * SIZE[1], 2 * SIZE[0])
    jobs = {"model": lambda: entrant(pixels), "Lanczos": lambda: picture.resize(size, Image.Resampling.LANCZOS)}
    costs = contest.interleaved(jobs, ROUNDS, warm_up=1)
    return contest.ratio(costs["model"], costs["Lanczos"]).cpu
