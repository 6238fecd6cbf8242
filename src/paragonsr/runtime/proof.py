"""Whether a provider may be trusted with a model: it has to show it on small pictures, each time a model is opened."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paragonsr.errors import ProviderError
from paragonsr.runtime import contest, openvino, probe
from paragonsr.runtime import provider as providers
from paragonsr.runtime.probe import Floats, Run

TOLERANCE = 1e-3
"""Largest difference from the CPU, on [0, 1], of a provider that is trusted: a quarter of an 8-bit step."""

PSNR, BANDING = 59.0, 0.25
"""What is asked of a provider of less precision instead: dB on noise, as near as the rounding to eight bits stays, and
of 255 on slow gradients, pixel by pixel: half as far as bfloat16 moves them where it rounds the picture itself."""

SLOW = 4.0
"""How many times as long as the CPU a provider that nobody asked for may take on a small picture, which is not what it
is made for. A narrow race would be won now and lost then, and pictures differ in their last bits."""

_SIDE, _ROUNDS = 96, 5  # of the race: some milliseconds on a CPU


def prove(path: Path, name: str, threads: int, reference: Run, *, lanes: int = 1) -> tuple[Run, tuple[str, ...]]:
    """What computes the model on the provider, once it has computed what the CPU computes, and notes about it.

    It uses `threads` processor cores, which `lanes` calls at once share.

    Raises ProviderError with what is wrong.
    """
    image = probe.picture(24, 32)
    run = providers.runner(path, name, threads, lanes)
    if name in openvino.PRECISIONS:
        check = check_coarse if openvino.PRECISIONS[name] != "f32" else check_exact
        return check(path, name, run, reference), ()
    share = providers.share(path, name, image)
    if not share.own:
        raise ProviderError(
            f"{path}: provider {name!r} computes none of its operators, all run on the CPU; its drivers "
            f"or libraries may be missing (offered are {', '.join(providers.available())})"
        )
    rest = share.total - share.own
    notes = (f"{rest} of {share.total} operators run on the CPU",) if rest else ()
    return check_exact(path, name, run, reference), notes


def check_exact(path: Path, name: str, run: Run, reference: Run) -> Run:
    """`run`, if it computes what `reference` computes."""
    image = probe.picture(24, 32)
    error = float(np.abs(run(image) - reference(image)).max())
    if not error <= TOLERANCE:  # NaN fails too
        raise ProviderError(f"{path}: provider {name!r} computes it wrongly: {error:.2g} away from the CPU")
    return run


def check_coarse(path: Path, name: str, run: Run, reference: Run) -> Run:
    """`run`, if what it computes in less precision is near enough to be seen by nobody."""
    image = probe.picture(_SIDE, _SIDE)
    psnr = float(-10 * np.log10(np.square(run(image) - reference(image), dtype=np.float64).mean() + 1e-20))
    bands = max(float(np.abs(run(x) - reference(x)).max()) * 255 for x in _gradients())
    if not (psnr >= PSNR and bands <= BANDING):
        raise ProviderError(
            f"{path}: provider {name!r} computes it too coarsely: {psnr:.1f} dB from the CPU on noise, wanted are "
            f"{PSNR:.0f}, and {bands:.2f} of 255 on slow gradients, allowed is {BANDING}"
        )
    return run


def race(path: Path, name: str, run: Run, reference: Run) -> None:
    """Raise ProviderError if the provider is much slower than the CPU; both take turns, the best of each counts."""
    image = probe.picture(_SIDE, _SIDE)
    costs = contest.interleaved({"it": lambda: run(image), "cpu": lambda: reference(image)}, _ROUNDS, warm_up=1)
    best, other = (min(cost.wall for cost in costs[which]) for which in ("it", "cpu"))
    slower = best / other
    if slower > SLOW:
        raise ProviderError(f"{path}: provider {name!r} takes {slower:.1f} times as long as the CPU")


def _gradients() -> Iterator[Floats]:
    """Slow ramps [1, 3, 32, 256], gray: dark, middling and whole; bands show on them."""
    for low, high in ((0, 16 / 255), (0.4, 0.6), (0, 1)):
        ramp = np.linspace(low, high, 256, dtype=np.float32)
        yield np.ascontiguousarray(np.broadcast_to(ramp, (1, 3, 32, 256)))
