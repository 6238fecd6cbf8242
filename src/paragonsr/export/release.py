"""From a checkpoint to the files that people use."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors.torch import save as serialise
from torch import Tensor

from paragonsr.artifacts import card as cards
from paragonsr.artifacts.card import Card, Training
from paragonsr.errors import ExportError, OutputExistsError
from paragonsr.export import checkpoint, parity
from paragonsr.export.checkpoint import Checkpoint
from paragonsr.export.onnx import graph
from paragonsr.export.published import graph as published_graph
from paragonsr.model import published
from paragonsr.model.fuse import Fused, fuse
from paragonsr.model.generator import ARCHITECTURE, SCALE

LICENCE = "Apache-2.0"
_log = logging.getLogger("paragonsr")
SUFFIXES = (".onnx", ".safetensors", ".json")


def export(
    source: Path,
    out: Path,
    *,
    name: str,
    version: str,
    tiles: Sequence[NDArray[np.uint8]],
    measured: Mapping[str, float] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write `name`.onnx, .safetensors and .json (the card) for the checkpoint `source` into the folder `out`.

    Nothing gets its name before parity on `tiles` (uint8 HWC, at least 256 x 256) has passed. `measured` are an
    evaluation's figures for the card. Raises ExportError when parity fails, the name hides the scale, or the checkpoint
    cannot be read, and OutputExistsError for files that are there already, unless `overwrite`.
    """
    if not re.search(rf"(?<![\d.]){SCALE}x", name) or Path(name).name != name:
        raise ExportError(
            f"{name!r} must be a plain name and contain {SCALE}x: other tools read the scale from the file name"
        )
    files = [out / f"{name}{suffix}" for suffix in SUFFIXES]
    if there := [path for path in files if path.exists() and not overwrite]:
        raise OutputExistsError(f"{there[0]} is there already; name another folder or ask to overwrite")
    model = _adopted(source, name, version) or _trained(source, name, version)
    card = msgspec.structs.replace(model.card, measured=dict(measured or {}))
    out.mkdir(parents=True, exist_ok=True)
    draft = out / f".{name}.onnx"
    try:
        _write_onnx(draft, model, card)
        card = msgspec.structs.replace(card, parity=model.prove(draft, tiles))
        _write_onnx(draft, model, card)
        return _publish(draft, files, model, card)
    finally:
        draft.unlink(missing_ok=True)


def default_name(source: Path) -> str:
    """`2x` and the recipe of a training; a published checkpoint keeps its own. Raises ExportError for other files."""
    if checkpoint.adopt(source):
        return source.stem
    words = re.split(r"\W|_", checkpoint.load(source).training.recipe)
    return f"{SCALE}x{''.join(word.capitalize() for word in words)}"


class _Model(NamedTuple):
    """What is released, of either kind of checkpoint: `prove` compares a file with it and gives the parity figures."""

    card: Card
    graph: Callable[[dict[str, str]], onnx.ModelProto]
    weights: dict[str, Tensor]
    prove: Callable[[Path, Sequence[NDArray[np.uint8]]], dict[str, float]]


def _trained(source: Path, name: str, version: str) -> _Model:
    trained = checkpoint.load(source)
    fused = fuse(trained.nano.double())
    nano = trained.nano.float()
    weights = {
        f"body.{index}.{part}": tensor
        for index, layer in enumerate(fused.body)
        for part, tensor in layer._asdict().items()
    }
    weights |= {f"tail.{part}": tensor for part, tensor in fused.tail._asdict().items()}
    return _Model(
        _card(trained, fused, name, version),
        lambda metadata: graph(fused, metadata),
        {key: tensor.detach().float().contiguous() for key, tensor in weights.items()},
        lambda path, tiles: parity.measure(nano, path, tiles),
    )


def _adopted(source: Path, name: str, version: str) -> _Model | None:
    """A published checkpoint, with the kernels in the file; None for another file."""
    adopted = checkpoint.adopt(source)
    if adopted is None:
        return None
    net, weights = adopted.network, dict(adopted.tensors)
    if not net.averaged:
        _log.warning(
            "%s says that its tracked kernels were never averaged (an average of weights leaves that flag out); they "
            "are used as they are, and the .safetensors has the flag set, or other programs would run identity kernels",
            source,
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
        checkpoint_sha256=adopted.sha256,
        training=training,
        parity={},
    )
    return _Model(
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


def _write_onnx(path: Path, model: _Model, card: Card) -> None:
    onnx.save(model.graph({cards.METADATA_KEY: cards.dumps(card).decode()}), path)


def _publish(draft: Path, files: list[Path], model: _Model, card: Card) -> list[Path]:
    """The files under their final names, each complete when it appears."""
    temporary = [path.with_name(f".{path.name}") for path in files]
    try:
        temporary[1].write_bytes(serialise(model.weights, {cards.METADATA_KEY: cards.dumps(card).decode()}))
        temporary[2].write_bytes(cards.dumps(card))
        for path, final in zip((draft, *temporary[1:]), files, strict=True):
            path.replace(final)
    finally:
        for path in temporary[1:]:
            path.unlink(missing_ok=True)
    return files
