"""What a tile must pass, in order; the first gate it fails is why it was rejected."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.curate.config import Curation

Column = NDArray[Any]
Stage = Literal["fast", "technical", "aesthetic"]


class Gate(NamedTuple):
    """One bound on one column: `reason` is what a rejected tile's row says; with `sense` +1 the score must reach it."""

    reason: str
    column: str
    sense: int
    bound: float
    stage: Stage = "fast"

    @property
    def label(self) -> str:
        """What its score is called: the column, or the judge behind it."""
        return self.column if self.stage == "fast" else self.reason

    def passes(self, values: Column) -> NDArray[np.bool_]:
        """Where a score is on the right side of the bound or on it; what is no number never is."""
        return values >= self.bound if self.sense > 0 else values <= self.bound


def gates(config: Curation) -> tuple[Gate, ...]:
    """The gates of a curation, in the order of the stages."""
    bounds = config.bounds
    found = [
        Gate("entropy", "entropy", +1, bounds.min_entropy),
        Gate("contrast", "contrast", +1, bounds.min_contrast),
        Gate("soft", "sharpness", +1, bounds.min_sharpness),
        Gate("harsh", "sharpness", -1, bounds.max_sharpness),
        Gate("blocky", "blockiness", -1, bounds.max_blockiness),
        Gate("aliased", "aliasing", -1, bounds.max_aliasing),
    ]
    if config.statistics == "brisque":
        found.append(Gate("brisque", "brisque", -1, bounds.max_brisque))
    match config.technical:
        case "niqe":
            found.append(Gate("niqe", "technical", -1, bounds.max_niqe, "technical"))
        case "arniqa":
            found.append(Gate("arniqa", "technical", +1, bounds.min_arniqa, "technical"))
        case "none":
            pass
    if config.aesthetic == "nima":
        found.append(Gate("nima", "aesthetic", +1, bounds.min_nima, "aesthetic"))
    return tuple(found)


def first_failed(columns: Mapping[str, Column], chosen: tuple[Gate, ...], size: int) -> NDArray[np.intp]:
    """For each of `size` tiles the index of the first gate it fails; len(chosen) where it passes them all."""
    failed = np.full(size, len(chosen), np.intp)
    for index in reversed(range(len(chosen))):
        failed[~chosen[index].passes(columns[chosen[index].column])] = index
    return failed
