"""From other people's torch weights to the ONNX files that curation runs, once."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import onnx
import torch
from torch import nn

from paragonsr.curate.scorers import METADATA_KEY, Prepared, Scorer
from paragonsr.errors import ExportError, ModelError, OutputExistsError
from paragonsr.judges import arniqa, nima
from paragonsr.judges.translation import Size, translate

TOLERANCE = 1e-4


class Recipe(NamedTuple):
    """How one network is prepared."""

    load: Callable[[Path], nn.Module]
    size: Size
    tries: tuple[tuple[int, int], ...]
    """Heights and widths at which parity is measured."""
    meaning: str


NETWORKS = {
    "nima": Recipe(
        nima.load,
        (8, nima.SIDE, nima.SIDE),
        ((nima.SIDE, nima.SIDE),),
        "mean of the grades 1 to 10 that people would give; the whole tile reduced to 224 x 224 by an antialiased "
        "bilinear kernel, 2x - 1",
    ),
    "arniqa": Recipe(
        arniqa.load,
        (1, "height", "width"),
        ((512, 512), (96, 130)),
        "technical quality, 1 is best; the whole tile and its antialiased bilinear half, ImageNet's mean and deviation",
    ),
}


def prepare(name: str, weights: Path, out: Path) -> Path:
    """Write the network `name` ("nima", "arniqa") with its `weights` to the ONNX file `out`; gives `out`.

    `weights` is the file (NIMA) or the folder (ARNIQA) that their loaders describe. The file gets its name only when
    ONNX Runtime computes what torch does; if it is there already from the same weights nothing is done. Raises
    ModelError for wrong weights, OutputExistsError when `out` is something else, ExportError when parity fails.
    """
    if name not in NETWORKS:
        raise ModelError(f"there is no network {name!r} to prepare; known are {', '.join(NETWORKS)}")
    recipe = NETWORKS[name]
    net = recipe.load(weights)
    about = Prepared(name=name, source=_hashes(weights), meaning=recipe.meaning, parity=0.0)
    if out.exists():
        _same(out, about)
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}")
    try:
        _write(draft, net, recipe.size, about)
        parity = measure(net, draft, recipe.tries)
        if not parity <= TOLERANCE:
            raise ExportError(f"{name}: ONNX Runtime differs from torch by {parity:g}, allowed {TOLERANCE:g}")
        _write(draft, net, recipe.size, msgspec.structs.replace(about, parity=parity))
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return out


@torch.no_grad()
def measure(net: nn.Module, path: Path, sizes: tuple[tuple[int, int], ...]) -> float:
    """The largest difference between torch and ONNX Runtime on pictures (height, width): smooth, noise, flat."""
    scorer, worst = Scorer(path), 0.0
    for height, width in sizes:
        across = np.broadcast_to(np.linspace(0, 255, width), (height, width))
        noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
        ramps = np.stack([across, across[:, ::-1], 255 - across / 2], axis=2)
        tiles = [picture.astype(np.uint8) for picture in (ramps, noise, np.full_like(noise, 90))]
        x = torch.from_numpy(np.stack(tiles)).permute(0, 3, 1, 2).float() / 255
        difference = np.abs(net(x).numpy() - np.array(scorer.score(tiles))).max()
        worst = float(np.maximum(worst, difference))  # max() would drop a NaN
    return worst


def _write(path: Path, net: nn.Module, size: Size, about: Prepared) -> None:
    onnx.save(translate(net, size, {METADATA_KEY: msgspec.json.encode(about).decode()}), path)


def _hashes(weights: Path) -> dict[str, str]:
    files = [weights] if weights.is_file() else arniqa.files(weights)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _same(out: Path, about: Prepared) -> None:
    try:
        there = Scorer(out).prepared
    except ModelError as error:
        raise OutputExistsError(f"{out} is there already and is no prepared network; name another file") from error
    if msgspec.structs.replace(there, parity=about.parity) != about:
        raise OutputExistsError(f"{out} was prepared from other weights; name another file or remove it")
