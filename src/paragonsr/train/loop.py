"""A training from its settings to its checkpoints: the same command again goes on where it stopped.

A run's folder holds `recipe.json` (the resolved settings), `audit.json`, `last.safetensors` (to resume),
`best.safetensors` (what the stage calls best among the validated averages), `metrics.jsonl` and TensorBoard files.
"""

import copy
from collections.abc import Iterator
from pathlib import Path

import msgspec
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from paragonsr.artifacts import assets, provenance
from paragonsr.artifacts.card import Training
from paragonsr.degrade.config import Degradation
from paragonsr.errors import RecipeError, TrainingError
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import audit, ema, ranks, state, validate
from paragonsr.train.config import Train
from paragonsr.train.data import Crops, batches
from paragonsr.train.journal import Journal
from paragonsr.train.optimiser import rate
from paragonsr.train.ranks import Ranks
from paragonsr.train.shards import Shard, pack
from paragonsr.train.stage import Stage, build

LAST, BEST = "last.safetensors", "best.safetensors"


def train(config: Train, model: Model, degradation: Degradation, folder: Path) -> Path:
    """Train to the end, resuming from `folder` if something is there; returns the best checkpoint.

    Under `torchrun` every process calls this, and one writes. Raises RecipeError for settings that do not go together,
    DataError when the audit forbids the data, AssetError when data or weights are missing, and TrainingError when the
    folder holds another run (which stays as it is) or the training leaves the finite numbers.
    """
    device = settle(config)
    with ranks.group(device) as group:
        _train(config, model, degradation, folder, device, group)
    return folder / BEST


def _train(
    config: Train, model: Model, degradation: Degradation, folder: Path, device: torch.device, group: Ranks
) -> None:
    # Act 1: the data, and what is wrong with them.
    with group.in_turn():
        data, cache = config.data, folder.parent / "shards"
        shard = pack(assets.find(data.train), cache, data, data.scales)
        held_out = pack(assets.find(data.validation), cache, data)
    settings = _settings(config, model, degradation, shard.digest)
    left = _left(folder, settings, held_out.digest)
    torch.manual_seed(config.seed)
    nano = Nano(model).to(device)
    crops = Crops(shard, config.batch, degradation, context=nano.radius, seed=config.seed, ranks=group)
    progress = state.Progress(settings, machine=state.machine(device, group))
    if config.start:
        origin = state.start(Path(config.start), nano)
        progress.before, progress.images = origin.before + origin.step, origin.images
    stage = build(config, nano, copy.deepcopy(nano), group)
    pairs = validate.pairs(held_out, degradation)
    folder.mkdir(parents=True, exist_ok=True)
    with group.in_turn():
        found = audit.check(shard, held_out, pairs, folder / "audit.json")

    # Act 2: the networks, as they were left.
    then = progress.machine
    if left:
        progress, then = msgspec.structs.replace(left[0], machine=progress.machine), left[0].machine
        state.restore(left[1], stage.parts)
    elif group.first:
        stage.begin(pairs, progress)

    # Act 3: the steps. Only the first process writes.
    about = _about(config, model, degradation, shard, stage.weights)
    if not group.first:
        for _ in _steps(config, stage, crops, progress, device):
            pass
        return
    with Journal(folder, config.steps, progress.step) as journal:
        journal.shares(found.shares)
        for key, value in then.items():
            if (now := progress.machine.get(key)) != value:
                journal.note(f"resumed with {key} = {now} after {value}: not bitwise the same run")
        for figures in _steps(config, stage, crops, progress, device):
            _write_down(config, stage, progress, figures, pairs, about, journal, folder)


def _steps(
    config: Train, stage: Stage, crops: Crops, progress: state.Progress, device: torch.device
) -> Iterator[dict[str, float]]:
    """Take the steps that are left, each with its figures; `progress` goes along."""
    steps = range(progress.step, config.steps)
    for step, (low, high) in zip(steps, batches(crops, steps, config.workers), strict=True):
        for optimiser, settings in stage.schedules:
            optimiser.param_groups[0]["lr"] = rate(settings, step, config.steps)
        watched = _due(step + 1, config.log_every, config.steps)
        figures = stage.step(step, low.to(device), high.to(device), watched=watched)
        ema.update(stage.average, stage.nano, config.ema, step)
        progress.step, progress.images = step + 1, progress.images + config.batch.size
        yield figures


def _write_down(
    config: Train,
    stage: Stage,
    progress: state.Progress,
    figures: dict[str, float],
    pairs: list[validate.Pair],
    about: state.About,
    journal: Journal,
    folder: Path,
) -> None:
    """After a step: its figures, the validation and the checkpoints, each when it is due."""
    if _due(progress.step, config.log_every, config.steps):
        journal.steps(progress.step, progress.images, stage.schedules[0][0].param_groups[0]["lr"], figures)
    if _due(progress.step, config.validate_every, config.steps):
        measured = stage.measure(pairs)
        journal.validation(progress.step, measured.measured())
        for sentence in stage.warnings():
            journal.note(f"{progress.step}/{config.steps}  {sentence}")
        if stage.improves(measured, progress):
            progress.best_step, progress.best_psnr = progress.step, measured.psnr_y
            progress.best_dists, progress.best_shift = measured.dists or 0.0, measured.colour_shift or 0.0
            state.save(folder / BEST, progress, about, stage.parts)
    if _due(progress.step, config.save_every, config.steps):
        state.save(folder / LAST, progress, about, stage.parts)


def _due(step: int, every: int, steps: int) -> bool:
    return step % every == 0 or step == steps


def settle(config: Train) -> torch.device:
    """The device of a training, set so that it computes in full float32 and the same every time.

    Raises RecipeError for a device that is not there.
    """
    try:
        device = torch.device(ranks.local(config.device))
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


def _settings(config: Train, model: Model, degradation: Degradation, digest: str) -> str:
    """A digest of what decides the result: all but the name, the machine and how often things are written down."""
    idle = {"name": "", "threads": 1, "workers": 0, "device": "cpu", "log_every": 1, "save_every": 1}
    if config.start:  # what it holds decides, not where it lies
        idle["start"] = state.digest_of(Path(config.start))
    return state.digest(msgspec.structs.replace(config, **idle), model, degradation, digest)


def _about(
    config: Train, model: Model, degradation: Degradation, shard: Shard, weights: dict[str, float]
) -> state.About:
    training = Training(
        recipe=config.name,
        degradation=degradation.kind,
        commit=provenance.commit(),
        corpus=f"{len(shard.names)} tiles of {len(set(shard.photos))} photographs",
        corpus_sha256=shard.digest,
        corpus_licence=config.data.licence,
        losses=weights,
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
