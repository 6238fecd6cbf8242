"""A training on disk: everything the next step depends on, in one safetensors file replaced atomically."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn
from torch.optim import Optimizer

from paragonsr.artifacts.card import Training
from paragonsr.errors import TrainingError
from paragonsr.model.config import Model
from paragonsr.train.ranks import Ranks

SCHEMA_VERSION = 1

Parts = dict[str, nn.Module | Optimizer]
"""What a training changes, by the names its tensors have in a checkpoint; `average` is what starts others and ships."""

About = dict[str, str]
"""What else a checkpoint says, for whoever exports it: the `model` settings and its `training`, as JSON."""


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """What a checkpoint says of itself. `settings` is the digest of all that decides the result.

    `before` counts the steps of the trainings this one started from; `images` are those of all. The figures are of
    the validations that chose the best checkpoint: its own, and in stage 2 the PSNR at the start.
    """

    settings: str
    step: int = 0
    images: int = 0
    best_step: int = 0
    best_psnr: float = 0.0
    machine: dict[str, str] = {}
    before: int = 0
    best_dists: float = 0.0
    best_shift: float = 0.0
    start_psnr: float = 0.0
    schema_version: int = SCHEMA_VERSION


def save(path: Path, progress: Progress, about: About, parts: Parts) -> None:
    """Write the checkpoint; a kill at any moment leaves the old one or the new one, whole."""
    tensors = {f"{part}.{name}": tensor for part, subject in parts.items() for name, tensor in _tensors(subject)}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    metadata = {"progress": msgspec.json.encode(progress).decode(), **about}
    try:
        with temporary.open("wb") as file:
            file.write(
                serialise({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> tuple[Progress, dict[str, Tensor]]:
    """A checkpoint's progress and its tensors by their full names. Raises TrainingError for another file."""
    with _opened(path) as (opened, metadata):
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (not a dict)
        progress = msgspec.json.decode(metadata["progress"], type=Progress)
    if progress.schema_version != SCHEMA_VERSION:
        raise TrainingError(
            f"{path} has schema version {progress.schema_version}; this program reads {SCHEMA_VERSION}. "
            "Go on with the paragonsr version that began the run."
        )
    return progress, tensors


def about(path: Path) -> tuple[Model, Training]:
    """The network's settings and its training, as a checkpoint states them. Raises TrainingError for another file."""
    with _opened(path) as (_, metadata):
        model, training = metadata.get("model", ""), metadata.get("training", "")
        return msgspec.json.decode(model, type=Model), msgspec.json.decode(training, type=Training)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[safe_open, dict[str, str]]]:
    """The file and what it says of itself, if it is a checkpoint that can be read; else TrainingError."""
    try:
        with safe_open(path, "pt") as opened:
            metadata = opened.metadata() or {}
            if "progress" not in metadata:
                raise TrainingError(f"{path} is no checkpoint of a paragonsr training")
            yield opened, metadata
    except (SafetensorError, OSError, msgspec.DecodeError) as error:
        raise TrainingError(f"{path} cannot be read as a checkpoint: {error}") from error


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors under `name.`, without that prefix."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def restore(tensors: dict[str, Tensor], parts: Parts) -> None:
    """Put a checkpoint's tensors back where `save` took them from. Raises TrainingError when they do not fit."""
    for name, subject in parts.items():
        if isinstance(subject, Optimizer):
            _remember(subject, part(tensors, name), name)
        else:
            try:
                subject.load_state_dict(part(tensors, name))
            except RuntimeError as error:
                raise TrainingError(f"the checkpoint is of another {name}: {error}") from error


def _tensors(subject: nn.Module | Optimizer) -> Iterator[tuple[str, Tensor]]:
    if isinstance(subject, nn.Module):
        yield from subject.state_dict().items()
        return
    for index, entry in subject.state_dict()["state"].items():
        yield from ((f"{index}.{name}", tensor) for name, tensor in entry.items())


def _remember(optimiser: Optimizer, tensors: dict[str, Tensor], name: str) -> None:
    entries: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, field = key.split(".", 1)
        entries.setdefault(int(index), {})[field] = value
    sizes = [parameter.shape for group in optimiser.param_groups for parameter in group["params"]]
    if [entries.get(index, {}).get("exp_avg", torch.empty(0)).shape for index in range(len(sizes))] != sizes:
        raise TrainingError(f"the checkpoint's {name} is of another network, or part of it is missing")
    optimiser.load_state_dict({"state": entries, "param_groups": optimiser.state_dict()["param_groups"]})


def start(path: Path, network: nn.Module) -> Progress:
    """Begin with the average in another training's checkpoint; what that checkpoint says of itself."""
    progress, tensors = load(path)
    try:
        network.load_state_dict(part(tensors, "average"))
    except RuntimeError as error:
        raise TrainingError(f"{path} is of another network: {error}") from error
    return progress


def machine(device: torch.device, ranks: Ranks) -> dict[str, str]:
    """What a bitwise equal resume needs to stay the same."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else torch.backends.cpu.get_cpu_capability()
    return {
        "device": f"{device.type} {name}",
        "threads": str(torch.get_num_threads()),
        "torch": str(torch.__version__),
        "processes": str(ranks.count),
    }


def digest(*settings: msgspec.Struct | str) -> str:
    """One hash for all that decides a training's result."""
    return hashlib.sha256(msgspec.json.encode(settings)).hexdigest()


def digest_of(path: Path) -> str:
    """The hash of a file. Raises TrainingError when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(f"{path} cannot be read as a checkpoint: {error.strerror}") from error
