"""A training from its settings to its checkpoints: the same command again goes on where it stopped.

A run's folder holds `recipe.json` (the resolved settings), `audit.json`, `last.safetensors` (to resume),
`best.safetensors` (the highest validation PSNR of the average), `metrics.jsonl` and TensorBoard files.
"""

import copy
import math
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from paragonsr.artifacts import assets, provenance
from paragonsr.artifacts.card import Training
from paragonsr.degrade.config import Degradation
from paragonsr.errors import RecipeError, TrainingError
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import audit, ema, fidelity, state, validate
from paragonsr.train.config import Optimiser, Train
from paragonsr.train.data import Crops, batches
from paragonsr.train.journal import Journal
from paragonsr.train.losses.ms_ssim import MsSsim
from paragonsr.train.shards import Shard, pack

LAST, BEST = "last.safetensors", "best.safetensors"


class Trainee(NamedTuple):
    """What a training changes."""

    nano: Nano
    average: Nano
    optimiser: torch.optim.AdamW
    progress: state.Progress


def train(config: Train, model: Model, degradation: Degradation, folder: Path) -> Path:
    """Train to the end, resuming from `folder` if something is there; returns the best checkpoint.

    Raises RecipeError for settings that do not go together, DataError when the audit forbids the data, and
    TrainingError when the folder holds another run (which stays as it is) or the training leaves the finite numbers.
    """
    # Act 1: the data, and what is wrong with them.
    device = settle(config)
    data, cache = config.data, folder.parent / "shards"
    shard = pack(assets.find(data.train), cache, data, data.scales)
    held_out = pack(assets.find(data.validation), cache, data)
    settings = _settings(config, model, degradation, shard.digest)
    left = _left(folder, settings, held_out.digest)
    torch.manual_seed(config.seed)
    nano = Nano(model).to(device)
    crops = Crops(shard, config.batch, degradation, context=nano.radius, seed=config.seed)
    terms = losses(config, device)
    pairs = validate.pairs(held_out, degradation)
    folder.mkdir(parents=True, exist_ok=True)
    found = audit.check(shard, held_out, pairs, folder / "audit.json")

    # Act 2: the networks, as they were left.
    progress = state.Progress(settings)
    if config.start:
        origin = state.start(Path(config.start), nano)
        progress.before, progress.images = origin.before + origin.step, origin.images
    trainee = Trainee(nano, copy.deepcopy(nano), _optimiser(config.optimiser, nano), progress)
    if left:
        trainee = trainee._replace(progress=left[0])
        state.restore(left[1], *trainee[:3])
    then, trainee.progress.machine = trainee.progress.machine, state.machine(device)

    # Act 3: the steps.
    with Journal(folder, config.steps, trainee.progress.step) as journal:
        journal.shares(found.shares)
        for key, value in then.items():
            if (now := trainee.progress.machine.get(key)) != value:
                journal.note(f"resumed with {key} = {now} after {value}: not bitwise the same run")
        _steps(config, trainee, crops, terms, pairs, _about(config, model, degradation, shard), journal, folder)
    return folder / BEST


def _steps(
    config: Train,
    trainee: Trainee,
    crops: Crops,
    terms: fidelity.Terms,
    pairs: list[validate.Pair],
    about: state.About,
    journal: Journal,
    folder: Path,
) -> None:
    nano, average, optimiser, progress = trainee
    steps, device = range(progress.step, config.steps), next(nano.parameters()).device
    for step, (low, high) in zip(steps, batches(crops, steps, config.workers), strict=True):
        optimiser.param_groups[0]["lr"] = rate(config.optimiser, step, config.steps)
        figures = fidelity.step(nano, optimiser, terms, low.to(device), high.to(device), clip=config.optimiser.clip)
        ema.update(average, nano, config.ema, step)
        progress.step, progress.images = step + 1, progress.images + len(low)
        done = progress.step == config.steps
        if progress.step % config.log_every == 0 or done:
            journal.steps(progress.step, progress.images, optimiser.param_groups[0]["lr"], figures)
        if progress.step % config.validate_every == 0 or done:
            psnr = validate.psnr(average, pairs)
            journal.validation(progress.step, psnr)
            if psnr > progress.best_psnr:
                progress.best_step, progress.best_psnr = progress.step, psnr
                state.save(folder / BEST, progress, about, nano, average, optimiser)
        if progress.step % config.save_every == 0 or done:
            state.save(folder / LAST, progress, about, nano, average, optimiser)


def settle(config: Train) -> torch.device:
    """The device of a training, set so that it computes in full float32 and the same every time.

    Raises RecipeError for a device that is not there.
    """
    try:
        device = torch.device(config.device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise RecipeError(f"train.device {config.device!r} cannot be used: {error}") from error
    torch.set_num_threads(config.threads)
    threadpool_limits(config.threads)  # numpy's too: the degradations are small matrix products
    if device.type == "cuda":
        # Convolutions are TF32 there unless this is said, ten bits for the base and for MS-SSIM's variances.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.deterministic = True
    return device


def rate(config: Optimiser, step: int, steps: int) -> float:
    """The learning rate of a step (from 0): linear warm-up, then a cosine from `rate` to `final * rate`."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return config.rate * min(1.0, (step + 1) / config.warmup) * (config.final + (1 - config.final) * cosine)


def losses(config: Train, device: torch.device) -> fidelity.Terms:
    """The terms of stage 1 that weigh anything, with their weights.

    Raises RecipeError when none does, or when the patch is too small for one.
    """
    known: dict[str, tuple[float, nn.Module]] = {
        "l1": (config.losses.l1, nn.L1Loss()),
        "ms_ssim": (config.losses.ms_ssim, similarity := MsSsim().to(device)),
    }
    terms: fidelity.Terms = {name: term for name, term in known.items() if term[0] > 0}
    if not terms:
        raise RecipeError("train.losses: every weight is 0, there is nothing to learn from")
    if "ms_ssim" in terms and 2 * config.batch.patch < similarity.side:
        raise RecipeError(
            f"train.batch.patch: ms_ssim needs at least {similarity.side // 2} input pixels, not {config.batch.patch}"
        )
    return terms


def _optimiser(config: Optimiser, nano: Nano) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        nano.parameters(), lr=config.rate, betas=(config.beta1, config.beta2), weight_decay=config.decay
    )


def _settings(config: Train, model: Model, degradation: Degradation, digest: str) -> str:
    """A digest of what decides the result: all but the name, the machine and how often things are written down."""
    idle = {"name": "", "threads": 1, "workers": 0, "device": "cpu", "log_every": 1, "save_every": 1}
    if config.start:  # what it holds decides, not where it lies
        idle["start"] = state.digest_of(Path(config.start))
    return state.digest(msgspec.structs.replace(config, **idle), model, degradation, digest)


def _about(config: Train, model: Model, degradation: Degradation, shard: Shard) -> state.About:
    training = Training(
        recipe=config.name,
        degradation=degradation.kind,
        commit=provenance.commit(),
        corpus=f"{len(shard.names)} tiles of {len(set(shard.photos))} photographs",
        corpus_sha256=shard.digest,
        corpus_licence=config.data.licence,
        losses=msgspec.to_builtins(config.losses),
    )
    return {"model": msgspec.json.encode(model).decode(), "training": msgspec.json.encode(training).decode()}


def _left(folder: Path, settings: str, validation: str) -> tuple[state.Progress, dict[str, Tensor]] | None:
    """What an earlier call left of this very run. Raises TrainingError when it is another one's."""
    report = folder / "audit.json"
    found = {name: state.load(folder / name) for name in (BEST, LAST) if (folder / name).exists()}
    if any(progress.settings != settings for progress, _ in found.values()) or (
        found and report.exists() and audit.load(report).validation_sha256 != validation
    ):
        raise TrainingError(f"{folder} holds a run with other settings or other data; name another folder or remove it")
    return found.get(LAST)
