"""The feature spaces of stage 2, each looked through once a step for all the losses that need it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from paragonsr.errors import RecipeError
from paragonsr.judges import space
from paragonsr.judges.look import Look
from paragonsr.train.config import Perceptual

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class Seen(NamedTuple):
    """What one space sees: in the outputs, with their gradient; in the targets; the negatives' embeddings `[K,N,E]`."""

    output: Look
    target: Look
    negatives: Tensor | None


class _Wanted(NamedTuple):
    """A space, how many of its stages are looked at, and whether its embedding is."""

    space: space.Space
    depth: int
    embed: bool


class Eyes:
    """The spaces that the features and the contrastive loss ask for, with their published weights.

    Raises RecipeError for stages that a space has not, and AssetError for weights that cannot be had.
    """

    def __init__(self, config: Perceptual, device: torch.device) -> None:
        features, self.contrastive = config.features, config.contrastive
        depth = max(features.stages, default=0) if features.weight > 0 else 0
        depths: dict[space.Name, int] = {features.space: depth} if depth else {}
        embeds: set[space.Name] = {self.contrastive.space} if self.contrastive.weight > 0 else set()
        if len(features.stages) != len(features.stage_weights):
            raise RecipeError(
                f"train.perceptual.features: {len(features.stages)} stages, but {len(features.stage_weights)} weights"
            )
        names: list[space.Name] = sorted({*depths, *embeds})
        self.wanted = {name: _Wanted(space.load(name, device), depths.get(name, 0), name in embeds) for name in names}
        if depth and depth > (most := self.wanted[features.space].space.depths):
            raise RecipeError(f"train.perceptual.features: {features.space} has {most} stages, not {depth}")

    def look(self, output: Tensor, target: Tensor, enlarged: Tensor) -> dict[str, Seen]:
        """What each space sees of `[N,3,H,W]` pictures in [0,1]; `enlarged` is the input at their size."""
        return {name: self._look(wanted, output, target, enlarged) for name, wanted in self.wanted.items()}

    def _look(self, wanted: _Wanted, output: Tensor, target: Tensor, enlarged: Tensor) -> Seen:
        look, depth, embed = wanted
        negatives = None
        with torch.no_grad():
            seen = look(target, depth, embed=embed)
            if embed:
                pictures = self._negatives(target, enlarged)
                found = look(torch.cat(pictures), 0, embed=True).embedding
                assert found is not None
                negatives = found.view(len(pictures), len(target), -1)
        return Seen(look(output, depth, embed=embed), seen, negatives)

    def _negatives(self, target: Tensor, enlarged: Tensor) -> list[Tensor]:
        """What the output must not be, `[N,3,H,W]` each: the enlarged input, a soft target, an over-sharpened one."""
        soft = blur(target)
        chosen = [(True, enlarged), (self.contrastive.blurred, soft), (self.contrastive.sharpened, 2 * target - soft)]
        return [picture for wanted, picture in chosen if wanted]


def blur(x: Tensor) -> Tensor:
    """`[N,C,H,W]` under five binomial taps down and across (sigma 1), the edges extended."""
    taps = x.new_tensor(BINOMIAL)
    channels = x.shape[1]
    x = nn.functional.pad(x, (2, 2, 2, 2), mode="replicate")
    x = nn.functional.conv2d(x, taps.view(1, 1, 5, 1).expand(channels, 1, 5, 1), groups=channels)
    return nn.functional.conv2d(x, taps.view(1, 1, 1, 5).expand(channels, 1, 1, 5), groups=channels)
