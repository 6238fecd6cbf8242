"""What jobs cost beside each other: they take turns, so that a busy machine slows them alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

Job = Callable[[], object]

WARM_UP = 2
"""Rounds that are not counted: memory is still being fetched in them, and plans made."""


class Cost(NamedTuple):
    """Seconds; `cpu` counts all threads of the process, so jobs must not run beside other work of their own process."""

    cpu: float
    wall: float


def cost(job: Job) -> Cost:
    """What one run costs."""
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu, wall)


def interleaved(
    jobs: Mapping[str, Job], rounds: int, *, warm_up: int = WARM_UP, advance: Callable[[int], object] = lambda _: None
) -> dict[str, list[Cost]]:
    """The cost of each job in each of `rounds`, in which every job runs once; `advance` is called with 1 after each."""
    turns: list[dict[str, Cost]] = []
    for _ in range(warm_up + rounds):
        turns.append({name: cost(job) for name, job in jobs.items()})
        advance(1)
    return {name: [turn[name] for turn in turns[warm_up:]] for name in jobs}


def typical(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    return Cost(median(cost.cpu for cost in costs), median(cost.wall for cost in costs))


def ratio(costs: Sequence[Cost], other: Sequence[Cost]) -> Cost:
    """By how much the first cost more: the median of the rounds' ratios, which a slow minute leaves alone."""
    pairs = list(zip(costs, other, strict=True))
    return Cost(median(one.cpu / two.cpu for one, two in pairs), median(one.wall / two.wall for one, two in pairs))
