"""Stage 1: one step of plain regression, L1 and a little MS-SSIM."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from paragonsr.errors import RecipeError, TrainingError
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import Nano
from paragonsr.train import state, validate
from paragonsr.train.config import Train
from paragonsr.train.losses.ms_ssim import MsSsim
from paragonsr.train.optimiser import Schedule, adamw
from paragonsr.train.ranks import Ranks

Terms = dict[str, tuple[float, Callable[[Tensor, Tensor], Tensor]]]


class Fidelity:
    """What the loop needs of stage 1 (see `train.stage`)."""

    def __init__(self, config: Train, nano: Nano, average: Nano, ranks: Ranks) -> None:
        self.nano, self.average, self.ranks = nano, average, ranks
        self.optimiser = adamw(config.optimiser, nano)
        self.terms = losses(config, next(nano.parameters()).device)
        self.clip = config.optimiser.clip
        self.schedules: list[Schedule] = [(self.optimiser, config.optimiser)]
        self.parts: state.Parts = {"network": nano, "average": average, "optimiser": self.optimiser}
        self.weights = {"l1": config.losses.l1, "ms_ssim": config.losses.ms_ssim}

    def step(self, at: int, low: Tensor, high: Tensor, *, watched: bool) -> dict[str, float]:
        """One update; the step's number changes nothing here."""
        return step(self.nano, self.optimiser, self.terms, low, high, clip=self.clip, ranks=self.ranks)

    def measure(self, pairs: list[validate.Pair]) -> validate.Figures:
        """The average's PSNR."""
        return validate.Figures(validate.psnr(self.average, pairs))

    def begin(self, pairs: list[validate.Pair], progress: state.Progress) -> None:
        """Nothing is compared with the start."""

    def improves(self, figures: validate.Figures, progress: state.Progress) -> bool:
        """The highest PSNR is the best."""
        return figures.psnr_y > progress.best_psnr

    def warnings(self) -> list[str]:
        """Nothing is watched but what `step` raises."""
        return []


def step(
    nano: Nano,
    optimiser: Optimizer,
    terms: Terms,
    low: Tensor,
    high: Tensor,
    *,
    clip: float,
    ranks: Ranks = Ranks(),  # noqa: B008 (a constant)
) -> dict[str, float]:
    """One update from `low [B,3,P+2r,P+2r]` to `high [B,3,2P,2P]`, both uint8, r the network's radius.

    Each term of the loss is weighted here and nowhere else. Returns every term's unweighted value, their weighted
    sum `loss` and the gradient's norm before clipping. Raises TrainingError, before the update, naming what is
    not finite.
    """
    dtype = torch.bfloat16 if low.device.type == "cuda" else None
    target = high.float() / 255
    output = fuse(nano).inner(low.float() / 255, dtype)
    values = {name: term(output, target) for name, (_, term) in terms.items()}
    loss = torch.stack([weight * values[name] for name, (weight, _) in terms.items()]).sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    ranks.average_gradients(nano)
    norm = nn.utils.clip_grad_norm_(nano.parameters(), clip)
    figures = finite({**values, "loss": loss}, {"gradient": norm}, ranks)
    optimiser.step()
    return figures


def finite(shared: dict[str, Tensor], own: dict[str, Tensor], ranks: Ranks) -> dict[str, float]:
    """A step's figures as numbers: `shared` averaged over the processes, `own` the same in all of them already.

    Raises TrainingError naming those that are not finite.
    """
    means = torch.stack([value.detach().float() for value in shared.values()])
    ranks.average([means])
    rest = [value.detach().float() for value in own.values()]
    figures = dict(zip((*shared, *own), torch.cat((means, torch.stack(rest))).tolist(), strict=True))
    if wrong := [name for name, value in figures.items() if value - value != 0]:
        raise TrainingError(f"not finite: {', '.join(wrong)} (of {figures}); lower the learning rate")
    return figures


def losses(config: Train, device: torch.device) -> Terms:
    """The terms of `train.losses` that weigh anything, with their weights.

    Raises RecipeError when none does, or when the patch is too small for one.
    """
    known: dict[str, tuple[float, nn.Module]] = {
        "l1": (config.losses.l1, nn.L1Loss()),
        "ms_ssim": (config.losses.ms_ssim, similarity := MsSsim().to(device)),
    }
    terms: Terms = {name: term for name, term in known.items() if term[0] > 0}
    if not terms:
        raise RecipeError("train.losses: every weight is 0, there is nothing to learn from")
    if "ms_ssim" in terms and 2 * config.batch.patch < similarity.side:
        raise RecipeError(
            f"train.batch.patch: ms_ssim needs at least {similarity.side // 2} input pixels, not {config.batch.patch}"
        )
    return terms
