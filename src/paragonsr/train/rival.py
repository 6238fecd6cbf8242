"""The discriminator of stage 2: what it thinks of a batch, and how it learns from it."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from paragonsr.errors import RecipeError
from paragonsr.judges import weights
from paragonsr.model.discriminator import MUNet
from paragonsr.train.config import Adversarial
from paragonsr.train.losses import adversarial
from paragonsr.train.losses.adversarial import Logits
from paragonsr.train.optimiser import adamw
from paragonsr.train.ranks import Ranks

WON, BLIND = 0.05, math.log(2) - 5e-4  # losses below and above which it teaches nothing; log 2 is that of a coin
STEPS = 50  # fewer say nothing of its state


class Verdict(NamedTuple):
    """The logits of `pictures [2B,3,H,W]`: a batch's targets, then its outputs."""

    pictures: Tensor
    logits: Logits

    @property
    def real(self) -> Logits:
        """Of the targets."""
        return [scale.chunk(2)[0] for scale in self.logits]

    @property
    def fake(self) -> Logits:
        """Of the outputs."""
        return [scale.chunk(2)[1] for scale in self.logits]


class Rival:
    """MUNet with its optimiser. Raises RecipeError for a patch it cannot halve often enough."""

    def __init__(self, config: Adversarial, patch: int, device: torch.device, ranks: Ranks) -> None:
        self.config, self.ranks = config, ranks
        self.munet = weights.place(MUNet(config.width), device)
        if 2 * patch % self.munet.multiple:
            raise RecipeError(
                f"train.batch.patch: {patch} is no multiple of {self.munet.multiple // 2}, as the discriminator needs"
            )
        self.optimiser = adamw(config.optimiser, self.munet)
        self.losses: list[float] = []

    def weight(self, at: int) -> float:
        """What the adversarial term weighs for the generator at a step (from 0)."""
        return self.config.weight * min(1.0, (at + 1) / self.config.ramp)

    def judge(self, target: Tensor, output: Tensor) -> Verdict:
        """One look at `[B,3,H,W]` targets and outputs, from which both networks learn; in float32 throughout."""
        pictures = torch.cat((target, output))
        return Verdict(pictures, self.munet(pictures))

    def learn(self, verdict: Verdict, at: int) -> dict[str, Tensor]:
        """Leave the gradients of RpGAN and, at every `penalty_every`-th step, of R1 and R2; the figures.

        The penalty counts that many times as much for being computed that seldom (Karras et al. 2020, B).
        """
        config = self.config
        figures = {"discriminator": adversarial.discriminator(verdict.real, verdict.fake)}
        loss = figures["discriminator"]
        if config.gamma > 0 and (at + 1) % config.penalty_every == 0:
            slopes = adversarial.squared_slopes(verdict.pictures, verdict.logits)
            figures["r1"], figures["r2"] = (part.mean() for part in slopes.chunk(2))
            loss = loss + config.penalty_every * config.gamma / 2 * (figures["r1"] + figures["r2"])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward(inputs=list(self.munet.parameters()))
        self.ranks.average_gradients(self.munet)
        figures["judged_rightly"] = adversarial.judged_rightly(verdict.real, verdict.fake)
        return figures

    def clip(self) -> Tensor:
        """Clip the gradients; their norm before."""
        return nn.utils.clip_grad_norm_(self.munet.parameters(), self.config.optimiser.clip)

    def warning(self) -> str | None:
        """What has become of it since the last call, if it teaches nothing any more."""
        losses, self.losses = self.losses, []
        if len(losses) < STEPS:
            return None
        loss = sum(losses) / len(losses)
        if loss < WON:
            return f"the discriminator has won, its loss is {loss:.3f}: raise gamma or lower its learning rate"
        if loss > BLIND:
            return f"the discriminator has collapsed, its loss is {loss:.4f} as of a coin: lower gamma"
        return None
