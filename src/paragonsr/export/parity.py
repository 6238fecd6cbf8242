"""Proof, before a file gets its name, that it computes what was trained."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from paragonsr.errors import ExportError
from paragonsr.model.fuse import fuse
from paragonsr.model.generator import Nano
from paragonsr.model.published import Published
from paragonsr.runtime.engine import CPU
from paragonsr.runtime.provider import open_model
from paragonsr.runtime.session import Session

TOLERANCE = 1e-5
PUBLISHED_TOLERANCE = 5e-5
"""The published network blows up the rounding of float32: its author's program is 1.2e-5 away from float64."""
SHAPES = (
    (1, 1, 1),
    (1, 1, 9),
    (1, 2, 3),
    (3, 16, 16),
    (1, 17, 31),
    (2, 33, 64),
    (1, 64, 65),
    (1, 127, 96),
    (1, 256, 256),
)
"""(batch, height, width), cut from real tiles."""
SIDE = max(max(shape[1:]) for shape in SHAPES)


@torch.no_grad()
def measure(nano: Nano, model: Path, tiles: Sequence[NDArray[np.uint8]]) -> dict[str, float]:
    """The largest differences, over `SHAPES`, of trained to fused to ONNX through the runtime.

    `tiles` are uint8 HWC pictures of at least `SIDE` x `SIDE`. Raises ExportError for others, and if any difference
    exceeds `TOLERANCE`.
    """
    fused, session = fuse(nano), Session(model, provider="cpu")
    found = {"trained_to_fused": 0.0, "fused_to_onnx": 0.0, "trained_to_onnx": 0.0}
    for crop in crops(tiles):
        trained, released, shipped = nano(crop), fused(crop), torch.from_numpy(session.run(crop.numpy()))
        for name, pair in zip(found, ((trained, released), (released, shipped), (trained, shipped)), strict=True):
            found[name] = _worse(found[name], *pair)
    return _judge(found, model, TOLERANCE)


@torch.no_grad()
def measure_published(network: Published, model: Path, tiles: Sequence[NDArray[np.uint8]]) -> dict[str, float]:
    """The same for a published network in float64, to ONNX alone, within `PUBLISHED_TOLERANCE`."""
    session, worst = Session(model, provider="cpu"), 0.0
    for crop in crops(tiles):
        worst = _worse(worst, network(crop.double()), torch.from_numpy(session.run(crop.numpy())))
    return _judge({"published_to_onnx": worst}, model, PUBLISHED_TOLERANCE)


def measure_fixed(
    model: Path, fixed: Path, size: tuple[int, int], tiles: Sequence[NDArray[np.uint8]]
) -> dict[str, float]:
    """The largest difference of a file for one input size to the proved one for any, on all of `tiles`.

    A tile smaller than `size` (height, width) is repeated. Raises ExportError beyond `TOLERANCE`.
    """
    session, whole, worst = open_model(fixed, CPU, 1), Session(model, provider="cpu"), 0.0
    for tile in tiles:
        filled = np.tile(tile, (*(-(-wanted // had) for wanted, had in zip(size, tile.shape, strict=False)), 1))
        x = np.ascontiguousarray(filled[None, : size[0], : size[1]].transpose(0, 3, 1, 2), np.float32)
        x /= np.float32(255)
        worst = _worse(worst, torch.from_numpy(session.run(None, {"input": x})[0]), torch.from_numpy(whole.run(x)))
    found = {f"any_size_to_{size[0]}x{size[1]}": worst}
    _judge(found, fixed, TOLERANCE)
    return found


def _worse(worst: float, a: torch.Tensor, b: torch.Tensor) -> float:
    return float(np.maximum(worst, float((a - b).abs().max())))  # max() would drop a NaN


def _judge(found: dict[str, float], model: Path, tolerance: float) -> dict[str, float]:
    if wrong := {name: value for name, value in found.items() if not value <= tolerance}:
        raise ExportError(
            f"{model.name} does not compute what was trained: largest differences {wrong}, allowed {tolerance}"
        )
    return found | {"shapes": float(len(SHAPES)), "tolerance": tolerance}


def crops(tiles: Sequence[NDArray[np.uint8]]) -> Iterator[torch.Tensor]:
    """Batches `[N,3,H,W]` of all `SHAPES` in [0,1]. Raises ExportError for tiles that are too small."""
    if not tiles or any(min(tile.shape[:2]) < SIDE for tile in tiles):
        raise ExportError(f"parity is proved on tiles of at least {SIDE}x{SIDE}: {[tile.shape[:2] for tile in tiles]}")
    for turn, (batch, height, width) in enumerate(SHAPES):
        parts = [tiles[(turn + index) % len(tiles)][:height, :width] for index in range(batch)]
        yield torch.from_numpy(np.stack(parts)).permute(0, 3, 1, 2).float() / 255
