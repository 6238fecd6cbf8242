"""Stage 2: the adversarial step. Sharper, while the terms of stage 1 hold the network to its target."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.judges import dists, weights
from paragonsr.judges.look import Look
from paragonsr.model.fuse import crop, fuse
from paragonsr.model.generator import SCALE, Nano
from paragonsr.train import config as settings
from paragonsr.train import state, validate
from paragonsr.train.eyes import Eyes, Seen
from paragonsr.train.fidelity import finite, losses
from paragonsr.train.losses import adversarial
from paragonsr.train.losses.consistency import Consistency
from paragonsr.train.losses.contrastive import Contrastive
from paragonsr.train.losses.dists import Dists
from paragonsr.train.losses.features import Features
from paragonsr.train.losses.frequency import Frequency
from paragonsr.train.losses.overshoot import Overshoot
from paragonsr.train.optimiser import Schedule, adamw
from paragonsr.train.ranks import Ranks
from paragonsr.train.rival import Rival


class Scene(NamedTuple):
    """A batch as the losses see it: `[B,3,2P,2P]` pictures in [0,1], and what each feature space sees in them."""

    output: Tensor
    target: Tensor
    seen: dict[str, Seen]


Term = tuple[float, Callable[[Scene], Tensor]]
"""A weight and the loss it weighs."""


class Perceptual:
    """What the loop needs of stage 2 (see `train.stage`).

    Raises RecipeError for settings that do not go together and AssetError for weights that cannot be had.
    """

    def __init__(self, config: settings.Train, nano: Nano, average: Nano, ranks: Ranks) -> None:
        assert isinstance(config.perceptual, settings.Perceptual)
        self.nano, self.average, self.ranks, self.config = nano, average, ranks, config.perceptual
        self.optimiser, self.clip = adamw(config.optimiser, nano), config.optimiser.clip
        self.schedules: list[Schedule] = [(self.optimiser, config.optimiser)]
        self.parts: state.Parts = {"network": nano, "average": average, "optimiser": self.optimiser}
        device = next(nano.parameters()).device
        self.judge = weights.place(dists.load(), device)
        self.eyes = Eyes(self.config, device)
        self.terms = {name: term for name, term in self._terms(config, device) if term[0] > 0}
        self.weights = {name: weight for name, (weight, _) in self.terms.items()}
        self.rival: Rival | None = None
        if self.config.adversarial.weight > 0:
            self.rival = Rival(self.config.adversarial, config.batch.patch, device, ranks)
            self.schedules.append((self.rival.optimiser, self.config.adversarial.optimiser))
            self.parts |= {"discriminator": self.rival.munet, "discriminator_optimiser": self.rival.optimiser}
            self.weights["adversarial"] = self.config.adversarial.weight
        self.shift = 0.0

    def step(self, at: int, low: Tensor, high: Tensor, *, watched: bool) -> dict[str, float]:
        """One update of both networks from `low [B,3,P+2r,P+2r]` and `high [B,3,2P,2P]`, uint8, r the radius.

        Each term is weighted here and nowhere else. Returns every term's unweighted value, the generator's weighted
        sum `loss`, both gradients' norms before clipping and, if `watched`, each term's share of the gradient on the
        output. Raises TrainingError, before the updates, naming what is not finite.
        """
        scene = self._scene(low.float() / 255, high.float() / 255)
        values = {name: term(scene) for name, (_, term) in self.terms.items()}
        weights = {name: weight for name, (weight, _) in self.terms.items()}
        if self.rival:
            verdict = self.rival.judge(scene.target, scene.output)
            values["adversarial"] = adversarial.generator(verdict.real, verdict.fake)
            weights["adversarial"] = self.rival.weight(at)
        parts = {name: weights[name] * value for name, value in values.items()}
        figures = {**values, "loss": torch.stack(list(parts.values())).sum()}
        shares_ = shares(parts, scene.output) if watched else {}
        self.optimiser.zero_grad(set_to_none=True)
        figures["loss"].backward(inputs=list(self.nano.parameters()), retain_graph=self.rival is not None)
        self.ranks.average_gradients(self.nano)
        norms = {"gradient": nn.utils.clip_grad_norm_(self.nano.parameters(), self.clip)}
        if self.rival:
            figures |= self.rival.learn(verdict, at)
            norms["discriminator_gradient"] = self.rival.clip()
        numbers = finite({**figures, **shares_}, norms, self.ranks)
        self.optimiser.step()
        if self.rival:
            self.rival.optimiser.step()
            self.rival.losses.append(numbers["discriminator"])
        return numbers

    def measure(self, pairs: list[validate.Pair]) -> validate.Figures:
        """PSNR, DISTS and the largest shift of colour, of the average."""
        figures = validate.perceptual(self.average, pairs, self.judge)
        self.shift = figures.colour_shift or 0.0
        return figures

    def begin(self, pairs: list[validate.Pair], progress: state.Progress) -> None:
        """The PSNR that is not to be lost."""
        progress.start_psnr = validate.psnr(self.average, pairs)

    def improves(self, figures: validate.Figures, progress: state.Progress) -> bool:
        """The rule of `config.Perceptual`; while nothing keeps to its limits, the highest PSNR is the best."""
        best = validate.Figures(progress.best_psnr, progress.best_dists, progress.best_shift)
        return not progress.best_step or self._merit(figures, progress) > self._merit(best, progress)

    def warnings(self) -> list[str]:
        """Colour that drifts and a discriminator that teaches nothing, since the last call."""
        drifted, self.shift = self.shift, 0.0
        found = [self.rival.warning() if self.rival else None]
        if drifted > self.config.drift:
            found.append(f"colour drifts: a picture's mean by {drifted:.2f}/255, over {self.config.drift}/255")
        return [sentence for sentence in found if sentence]

    def _merit(self, figures: validate.Figures, progress: state.Progress) -> tuple[bool, float]:
        psnr, distance, shift = figures
        assert distance is not None
        assert shift is not None
        within = psnr >= progress.start_psnr - self.config.floor and shift <= self.config.drift
        return within, -distance if within else psnr

    def _scene(self, low: Tensor, target: Tensor) -> Scene:
        dtype = torch.bfloat16 if low.device.type == "cuda" else None
        output = fuse(self.nano).inner(low, dtype)
        enlarged = F.interpolate(low, scale_factor=SCALE, mode="bicubic", align_corners=False)
        with torch.autocast(low.device.type, dtype=dtype, enabled=dtype is not None):
            seen = self.eyes.look(output, target, crop(enlarged, SCALE * self.nano.radius))
            if self.config.dists > 0:
                some = slice(max(1, round(self.config.dists_share * len(target))))
                with torch.no_grad():
                    known = Look(self.judge.features(target[some]))
                seen["dists"] = Seen(Look(self.judge.features(output[some])), known, None)
        return Scene(output, target, seen)

    def _terms(self, config: settings.Train, device: torch.device) -> Iterator[tuple[str, Term]]:
        """Every term of the generator but the adversarial one."""
        own = self.config
        for name, (weight, loss) in losses(config, device).items():
            yield name, (weight, lambda scene, loss=loss: loss(scene.output, scene.target))
        consistency, frequency, overshoot = Consistency().to(device), Frequency(), Overshoot()
        yield "consistency", (own.consistency, lambda scene: consistency(scene.output, scene.target))
        yield "frequency", (own.frequency, lambda scene: frequency(scene.output, scene.target))
        yield "overshoot", (own.overshoot, lambda scene: overshoot(scene.output, scene.target))
        features = Features(dict(zip(own.features.stages, own.features.stage_weights, strict=True)))
        space, judge = own.features.space, Dists(self.judge)
        yield "features", (own.features.weight, lambda scene: features(*stages(scene.seen[space])))
        yield "dists", (own.dists, lambda scene: judge(*stages(scene.seen["dists"])))
        contrastive, other = Contrastive(own.contrastive.temperature), own.contrastive.space
        yield "contrastive", (own.contrastive.weight, lambda scene: contrastive(*embeddings(scene.seen[other])))


def stages(seen: Seen) -> tuple[list[Tensor], list[Tensor]]:
    """What was seen on the way, in output and target."""
    return seen.output.stages, seen.target.stages


def embeddings(seen: Seen) -> tuple[Tensor, Tensor, Tensor]:
    """What was seen in the end, in output, target and negatives."""
    found = seen.output.embedding, seen.target.embedding, seen.negatives
    assert all(embedding is not None for embedding in found)
    return cast(tuple[Tensor, Tensor, Tensor], found)


def shares(parts: dict[str, Tensor], output: Tensor) -> dict[str, Tensor]:
    """Each weighted term's share, as `share/<name>`: its gradient's norm on the output over the sum of all norms."""
    norms = [torch.autograd.grad(part, output, retain_graph=True)[0].norm() for part in parts.values()]
    total = torch.stack(norms).sum()
    return {f"share/{name}": norm / total for name, norm in zip(parts, norms, strict=True)}
