"""Reading a training's checkpoint without the training, or one of the author's published checkpoints."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from paragonsr.artifacts.card import Training
from paragonsr.errors import ExportError
from paragonsr.model import published
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.model.published import Published


class Progress(msgspec.Struct, frozen=True):
    """How far the training had come: what an export needs of what `train.state` writes."""

    step: int
    images: int
    before: int = 0


class Checkpoint(NamedTuple):
    """The averaged network of a training, in eval mode and float32, and what is known of it."""

    nano: Nano
    training: Training
    sha256: str


class Adopted(NamedTuple):
    """A published checkpoint: its tensors under their own names, the network they make, and the file's hash."""

    tensors: dict[str, Tensor]
    network: Published
    sha256: str


def adopt(path: Path) -> Adopted | None:
    """The published checkpoint at `path`, known by the names in it; None for another readable file.

    The network is in float64. Raises ExportError for a file that cannot be read or only looks like one.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a folder; name a checkpoint in it, best.safetensors say")
    try:
        with safe_open(path, "pt") as opened:
            names = list(opened.keys())
            if not published.recognises(names):
                return None
            tensors = {name: opened.get_tensor(name) for name in names}
        return Adopted(tensors, published.build(tensors, torch.float64), hashlib.sha256(path.read_bytes()).hexdigest())
    except (SafetensorError, OSError, ValueError) as error:
        raise ExportError(f"{path} cannot be read as a checkpoint (.safetensors): {error}") from error


def load(path: Path) -> Checkpoint:
    """The checkpoint at `path` (`best.safetensors`, say). Raises ExportError for any other file."""
    try:
        with safe_open(path, "pt") as opened:
            metadata = opened.metadata() or {}
            names = [name for name in opened.keys() if name.startswith("average.")]  # noqa: SIM118 (not a dict)
            tensors = {name.removeprefix("average."): opened.get_tensor(name) for name in names}
        if not {"model", "training", "progress"} <= metadata.keys():
            raise ExportError(f"{path} is no checkpoint of a paragonsr training")
        nano = Nano(msgspec.json.decode(metadata["model"], type=Model))
        training = msgspec.json.decode(metadata["training"], type=Training)
        progress = msgspec.json.decode(metadata["progress"], type=Progress)
        nano.load_state_dict(tensors)
    except (SafetensorError, OSError, msgspec.DecodeError, RuntimeError) as error:
        raise ExportError(f"{path} cannot be read as a checkpoint: {error}") from error
    training = msgspec.structs.replace(training, steps=progress.before + progress.step, images_seen=progress.images)
    return Checkpoint(nano.eval(), training, hashlib.sha256(path.read_bytes()).hexdigest())
