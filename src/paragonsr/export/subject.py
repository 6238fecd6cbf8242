"""What is released: a network trained here, or one of the author's published checkpoints."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from paragonsr.artifacts.card import Card, Training
from paragonsr.export import checkpoint, parity
from paragonsr.export.checkpoint import Checkpoint
from paragonsr.export.onnx import graph
from paragonsr.export.published import graph as published_graph
from paragonsr.model import published
from paragonsr.model.fuse import Convolution, Fused, fuse
from paragonsr.model.generator import ARCHITECTURE, SCALE

LICENCE = "Apache-2.0"
_log = logging.getLogger("paragonsr")


class Subject(NamedTuple):
    """What is released, of either kind of checkpoint: `prove` compares a file with it and gives the parity figures."""

    card: Card
    graph: Callable[[dict[str, str]], onnx.ModelProto]
    weights: dict[str, Tensor]
    prove: Callable[[Path, Sequence[NDArray[np.uint8]]], dict[str, float]]
    fused: Fused | None = None  # a published network is released in float32 alone


def trained(source: Path, name: str, version: str) -> Subject:
    """A checkpoint of a training here. Raises ExportError for another file."""
    found = checkpoint.load(source)
    fused = _numbers(fuse(found.nano.double()))
    nano = found.nano.float()
    weights = {
        f"body.{index}.{part}": tensor
        for index, layer in enumerate(fused.body)
        for part, tensor in layer._asdict().items()
    }
    weights |= {f"tail.{part}": tensor for part, tensor in fused.tail._asdict().items()}
    return Subject(
        _card(found, fused, name, version),
        lambda metadata: graph(fused, metadata),
        weights,
        lambda path, tiles: parity.measure(nano, path, tiles),
        fused,
    )


def adopted(source: Path, name: str, version: str) -> Subject | None:
    """A published checkpoint, with the kernels in the file; None for another file."""
    found = checkpoint.adopt(source)
    if found is None:
        return None
    net, weights = found.network, dict(found.tensors)
    notes = {"half precision and 8 bits": "not made of published networks"}
    if not net.averaged:
        _log.warning(
            "%s says that its tracked kernels were never averaged (an average of weights leaves that flag out); they "
            "are used as they are, and the .safetensors has the flag set, or other programs would run identity kernels",
            source,
        )
        notes["kernels"] = (
            "the checkpoint says that they were never averaged; they are used as they are, and the .safetensors says "
            "that they were"
        )
        weights |= {key: torch.tensor(True) for key in weights if key.endswith(".tracked_initialized")}
    training = Training("published by its author, not trained here", *["see its author's card"] * 5, losses={})
    card = Card(
        name=name,
        architecture=published.ARCHITECTURE,
        version=version,
        scale=SCALE,
        radius=net.radius,
        channels=3,
        parameters=net.parameters,
        licence="MIT",
        checkpoint_sha256=found.sha256,
        training=training,
        parity={},
        notes=notes,
    )
    return Subject(
        card,
        lambda metadata: published_graph(net, metadata),
        weights,
        lambda path, tiles: parity.measure_published(net, path, tiles),
    )


def _card(trained: Checkpoint, fused: Fused, name: str, version: str) -> Card:
    return Card(
        name=name,
        architecture=ARCHITECTURE,
        version=version,
        scale=SCALE,
        radius=fused.radius,
        channels=3,
        parameters=fused.parameters,
        licence=LICENCE,
        checkpoint_sha256=trained.sha256,
        training=trained.training,
        parity={},
    )


def _numbers(fused: Fused) -> Fused:
    """As float32 numbers, no longer part of a computation."""
    layers = [
        Convolution(*(part.detach().float().contiguous() for part in layer)) for layer in (*fused.body, fused.tail)
    ]
    return Fused(layers[:-1], layers[-1])
