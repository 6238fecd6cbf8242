"""The random degradation of training: slight blur, random kernel, now and then a chain of resamples.

All of it is linear and separable, so each axis is one dense matrix and a crop costs two matrix products.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from paragonsr.degrade.config import Degradation
from paragonsr.degrade.operations import gaussian, halves
from paragonsr.imaging.kernels import (
    BICUBIC,
    BILINEAR,
    BOX,
    LANCZOS3,
    MAGIC_KERNEL_SHARP_2021,
    NEAREST,
    Floats,
    Kernel,
)
from paragonsr.imaging.resample import matrix

EVEN = (BICUBIC, BILINEAR, LANCZOS3, BOX, MAGIC_KERNEL_SHARP_2021)


@dataclass(frozen=True)
class Plan:
    """What happens to a crop: blur by `sigma` target pixels, `steps` (ratio, kernel), then `last` to half."""

    sigma: float
    steps: tuple[tuple[float, Kernel], ...]
    last: Kernel


def draw(seed: int, tile: str | int, step: int, config: Degradation) -> Plan:
    """The plan of one crop, decided by nothing but the arguments.

    Nearest is drawn only for the steps of a chain: a half made by nearest takes one pixel of each 2x2 block
    and is thereby shifted by half a target pixel, while at a chain's ratios its shifts cancel over the crop.
    """
    if config.kind == "bicubic":
        return Plan(0.0, (), BICUBIC)
    key = blake2b(f"{seed}/{tile!r}/{step}".encode(), digest_size=16).digest()
    rng = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
    sigma = rng.uniform(0, config.blur_sigma) if rng.random() < config.blur_probability else 0.0
    count = rng.integers(*config.chain_steps, endpoint=True) if rng.random() < config.chain_probability else 0
    kernels = (*EVEN, NEAREST)
    steps = tuple((rng.uniform(*config.chain_ratios), kernels[rng.integers(len(kernels))]) for _ in range(count))
    return Plan(sigma, steps, EVEN[rng.integers(len(EVEN))])


@lru_cache(maxsize=64)
def _half(length: int, kernel: Kernel) -> Floats:
    return matrix(length, length // 2, kernel)


def _blurred(linear: Floats, sigma: float) -> Floats:
    """`linear` [m, n] after a Gaussian blur of its n inputs, border pixels repeated: the product of both."""
    weights, n = gaussian(sigma), linear.shape[1]
    radius = len(weights) // 2
    wide = np.zeros((len(linear), n + 2 * radius))
    for k, weight in enumerate(weights):
        wide[:, k : k + n] += weight * linear
    wide[:, radius] += wide[:, :radius].sum(axis=1)
    wide[:, radius + n - 1] += wide[:, radius + n :].sum(axis=1)
    return wide[:, radius : radius + n]


def compose(length: int, plan: Plan) -> Floats:
    """A plan as one matrix for an axis of `length` pixels: float64 [length / 2, length], rows sum to 1."""
    size, links = length, list[Floats]()
    for ratio, kernel in plan.steps:
        links.append(matrix(size, max(1, round(size * ratio)), kernel))
        size = len(links[-1])
    linear = matrix(size, length // 2, plan.last) if links else _half(length, plan.last)
    for link in reversed(links):
        linear = linear @ link
    return _blurred(linear, plan.sigma) if plan.sigma else linear


def degrade(
    hr: NDArray[np.uint8], *, seed: int, tile: str | int, step: int, config: Degradation | None = None
) -> NDArray[np.uint8]:
    """The low-resolution half [H/2, W/2, C] of a target [H, W, C], rounded to 8 bits.

    A pure function of its arguments. Raises DataError for odd sides or another type than uint8.
    """
    height, width = halves(hr)
    plan = draw(seed, tile, step, config or Degradation())
    vertical = compose(2 * height, plan)
    horizontal = vertical if height == width else compose(2 * width, plan)
    planes = np.ascontiguousarray(hr.transpose(2, 0, 1), dtype=np.float32)
    result = vertical.astype(np.float32) @ planes @ horizontal.T.astype(np.float32)
    return np.ascontiguousarray(np.clip(np.rint(result), 0, 255).astype(np.uint8).transpose(1, 2, 0))
