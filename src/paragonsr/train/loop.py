"""A training from its settings to its checkpoints: the same command again goes on where it stopped.

A run's folder holds `recipe.json` (the resolved settings), `audit.json`, `last.safetensors` (to resume),
`best.safetensors` (the highest validation PSNR of the average), `metrics.jsonl` and TensorBoard files.
"""

import copy
import math
from pathlib import Path

import msgspec
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from paragonsr.artifacts import assets, provenance
from paragonsr.artifacts.card import Training
from paragonsr.degrade.config import Degradation
from paragonsr.errors import TrainingError
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import audit, ema, fidelity, state, validate
from paragonsr.train.config import Losses, Optimiser, Train
from paragonsr.train.data import Crops, batches
from paragonsr.train.journal import Journal
from paragonsr.train.losses.ms_ssim import MsSsim
from paragonsr.train.shards import Shard, pack


def train(config: Train, model: Model, degradation: Degradation, folder: Path) -> Path:
    """Train to the end, resuming from `folder` if something is there; returns the best checkpoint.

    Raises DataError when the audit forbids the data, and TrainingError when the folder holds another run or the
    training leaves the finite numbers.
    """
    # Act 1: the data, and what is wrong with them.
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.threads)
    threadpool_limits(config.threads)  # numpy's too: the degradations are small matrix products
    device = torch.device(config.device)
    shard = pack(assets.find(config.data.train), folder.parent / "shards", config.data)
    held_out = pack(assets.find(config.data.validation), folder.parent / "shards", config.data)
    pairs = validate.pairs(held_out, degradation)
    audit.check(shard, held_out, pairs, folder / "audit.json")

    # Act 2: the networks, as they were left.
    torch.manual_seed(config.seed)
    nano = Nano(model).to(device)
    average = copy.deepcopy(nano)
    optimiser = _optimiser(config.optimiser, nano)
    progress = state.Progress(settings=_settings(config, model, degradation, shard.digest))
    last, best = folder / "last.safetensors", folder / "best.safetensors"
    journal = Journal(folder, config.steps)
    if last.exists():
        progress = _resume(last, progress, nano, average, optimiser, journal)
    progress.machine = state.machine(device)
    about = _about(config, model, degradation, shard)
    terms = losses(config.losses, device)

    # Act 3: the steps.
    crops = Crops(shard, config.batch, degradation, context=nano.radius, seed=config.seed)
    journal.start(progress.step)
    for step, (low, high) in enumerate(
        batches(crops, range(progress.step, config.steps), config.workers), progress.step
    ):
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
                state.save(best, progress, about, nano, average, optimiser)
        if progress.step % config.save_every == 0 or done:
            state.save(last, progress, about, nano, average, optimiser)
    journal.close()
    return best


def rate(config: Optimiser, step: int, steps: int) -> float:
    """The learning rate of a step (from 0): linear warm-up, then a cosine from `rate` to `final * rate`."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return config.rate * min(1.0, (step + 1) / config.warmup) * (config.final + (1 - config.final) * cosine)


def losses(config: Losses, device: torch.device) -> fidelity.Terms:
    """The terms of stage 1 with their weights."""
    return {"l1": (config.l1, nn.L1Loss()), "ms_ssim": (config.ms_ssim, MsSsim().to(device))}


def _optimiser(config: Optimiser, nano: Nano) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        nano.parameters(), lr=config.rate, betas=(config.beta1, config.beta2), weight_decay=config.decay
    )


def _settings(config: Train, model: Model, degradation: Degradation, digest: str) -> str:
    """A digest of what decides the result: all but the name, the machine and how often things are written down."""
    idle = {"name": "", "threads": 1, "workers": 0, "device": "cpu", "log_every": 1, "save_every": 1}
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


def _resume(
    last: Path,
    fresh: state.Progress,
    nano: Nano,
    average: Nano,
    optimiser: torch.optim.AdamW,
    journal: Journal,
) -> state.Progress:
    progress, tensors = state.load(last)
    if progress.settings != fresh.settings:
        raise TrainingError(
            f"{last.parent} holds a run with other settings or other data; name another folder or remove it"
        )
    state.restore(tensors, nano, average, optimiser)
    now = state.machine(nano.tail.device)
    for key, value in progress.machine.items():
        if now.get(key) != value:
            journal.note(f"resumed with {key} = {now.get(key)} after {value}: not bitwise the same run")
    return progress
