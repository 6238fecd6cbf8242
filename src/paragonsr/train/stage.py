"""What a stage brings to the one loop: its step, its state, and what it calls better."""

from typing import Protocol

from torch import Tensor

from paragonsr.model.generator import Nano
from paragonsr.train import state
from paragonsr.train.config import Train
from paragonsr.train.fidelity import Fidelity
from paragonsr.train.optimiser import Schedule
from paragonsr.train.perceptual import Perceptual
from paragonsr.train.ranks import Ranks
from paragonsr.train.validate import Figures, Pair


class Stage(Protocol):
    """A stage of training; `parts` is all its state, `weights` what each term weighs in the end, for the card."""

    nano: Nano
    average: Nano
    schedules: list[Schedule]
    parts: state.Parts
    weights: dict[str, float]

    def step(self, at: int, low: Tensor, high: Tensor, *, watched: bool) -> dict[str, float]:
        """Update everything but the average from a batch at step `at`, from 0; the figures, all of them if `watched`.

        What is watched never changes what is learned.
        """
        ...

    def measure(self, pairs: list[Pair]) -> Figures:
        """The figures of the average on the validation pairs."""
        ...

    def begin(self, pairs: list[Pair], progress: state.Progress) -> None:
        """Note in `progress` what later validations are compared with."""
        ...

    def improves(self, figures: Figures, progress: state.Progress) -> bool:
        """Whether a validation is better than the best so far, whose figures `progress` holds."""
        ...

    def warnings(self) -> list[str]:
        """What has gone wrong since the last call, in sentences."""
        ...


def build(config: Train, nano: Nano, average: Nano, ranks: Ranks) -> Stage:
    """The stage that the settings ask for. Raises RecipeError for settings that do not go together."""
    kind = Perceptual if config.perceptual else Fidelity
    return kind(config, nano, average, ranks)
