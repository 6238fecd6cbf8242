"""From a checkpoint to the files that people use."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray
from safetensors.torch import save as serialise

from paragonsr.artifacts import card as cards
from paragonsr.artifacts.card import Card
from paragonsr.errors import ExportError, OutputExistsError
from paragonsr.export import checkpoint, parity
from paragonsr.export.checkpoint import Checkpoint
from paragonsr.export.onnx import graph
from paragonsr.model.fuse import Fused, fuse
from paragonsr.model.generator import ARCHITECTURE, SCALE

LICENCE = "Apache-2.0"
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
    trained = checkpoint.load(source)
    fused = fuse(trained.nano.double())
    nano = trained.nano.float()
    card = _card(trained, fused, name, version, dict(measured or {}))
    out.mkdir(parents=True, exist_ok=True)
    draft = out / f".{name}.onnx"
    try:
        _write_onnx(draft, fused, card)
        card = msgspec.structs.replace(card, parity=parity.measure(nano, draft, tiles))
        _write_onnx(draft, fused, card)
        return _publish(draft, files, fused, card)
    finally:
        draft.unlink(missing_ok=True)


def _card(trained: Checkpoint, fused: Fused, name: str, version: str, measured: dict[str, float]) -> Card:
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
        measured=measured,
    )


def _write_onnx(path: Path, fused: Fused, card: Card) -> None:
    onnx.save(graph(fused, {cards.METADATA_KEY: cards.dumps(card).decode()}), path)


def _publish(draft: Path, files: list[Path], fused: Fused, card: Card) -> list[Path]:
    """The files under their final names, each complete when it appears."""
    weights = {
        f"body.{index}.{part}": tensor
        for index, layer in enumerate(fused.body)
        for part, tensor in layer._asdict().items()
    }
    weights |= {f"tail.{part}": tensor for part, tensor in fused.tail._asdict().items()}
    temporary = [path.with_name(f".{path.name}") for path in files]
    try:
        numbers = {key: tensor.detach().float().contiguous() for key, tensor in weights.items()}
        temporary[1].write_bytes(serialise(numbers, {cards.METADATA_KEY: cards.dumps(card).decode()}))
        temporary[2].write_bytes(cards.dumps(card))
        for path, final in zip((draft, *temporary[1:]), files, strict=True):
            path.replace(final)
    finally:
        for path in temporary[1:]:
            path.unlink(missing_ok=True)
    return files
