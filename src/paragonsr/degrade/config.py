"""The settings of the training degradation; the validation pattern is fixed and has none."""

from typing import Literal

import msgspec


class Degradation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a low-resolution picture is made from its target, with the model card's numbers as defaults.

    `kind` "bicubic" is clean antialiased bicubic halves and ignores the rest. Sigma is in target pixels,
    uniform in 0 to `blur_sigma`; the steps of a chain and the ratio of each are uniform between their bounds.
    A value out of range is a ValueError (a validation error with its path when a recipe is loaded).
    """

    kind: Literal["card", "bicubic"] = "card"
    blur_probability: float = 0.5
    blur_sigma: float = 0.8
    chain_probability: float = 0.15
    chain_steps: tuple[int, int] = (2, 3)
    chain_ratios: tuple[float, float] = (0.6, 0.9)

    def __post_init__(self) -> None:
        for name in ("blur_probability", "chain_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        if not 0 <= self.blur_sigma <= 5:
            raise ValueError(f"blur_sigma must lie between 0 and 5 pixels, not {self.blur_sigma}")
        if not 1 <= self.chain_steps[0] <= self.chain_steps[1] <= 8:
            raise ValueError(f"chain_steps must be two ascending numbers from 1 to 8, not {self.chain_steps}")
        if not 0.1 <= self.chain_ratios[0] <= self.chain_ratios[1] <= 1:
            raise ValueError(f"chain_ratios must be two ascending numbers from 0.1 to 1, not {self.chain_ratios}")
