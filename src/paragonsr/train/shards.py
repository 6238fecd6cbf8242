"""Tiles packed once into a memory-mapped array, so that a random crop costs microseconds and not a PNG."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts import tileset
from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BICUBIC
from paragonsr.imaging.resample import resample
from paragonsr.train.config import Data


class Shard(NamedTuple):
    """`levels`, a `[N,H,W,3]` uint8 for each scale, memory-mapped; names, photos and weights have one entry a tile.

    `digest` is of names and files.
    """

    levels: tuple[NDArray[np.uint8], ...]
    names: list[str]
    photos: list[str]
    weights: NDArray[np.float64]
    digest: str

    @property
    def tiles(self) -> NDArray[np.uint8]:
        """The first level, as the files are unless the scales begin otherwise."""
        return self.levels[0]


def pack(folder: Path, cache: Path, data: Data, scales: tuple[float, ...] = (1.0,)) -> Shard:
    """The tiles of `folder` at each of the scales (bicubic), packed into `cache` unless they are there already.

    Whole tiles are taken from the folder's own `shards` if it has them. The photograph of a tile is read from
    `manifest.csv` (columns `tile`, `photo`) in the folder or the one above it; without one each tile is its own.
    Raises AssetError for a missing or empty folder and DataError for tiles that cannot be read, are not RGB or differ
    in size, or a manifest that does not know them.
    """
    files = tileset.files(folder)
    digest = tileset.digest(files)
    whole = np.load(tileset.packed(files, digest, folder / tileset.SHARDS, cache), mmap_mode="r")
    levels = tuple(_level(whole, cache / f"{digest[:16]}-{scale:g}.npy", scale) for scale in scales)
    names = [path.name for path in files]
    photos = _photos(folder, names)
    return Shard(levels, names, photos, _weights(photos, data), digest)


def _level(whole: NDArray[np.uint8], packed: Path, scale: float) -> NDArray[np.uint8]:
    """The tiles reduced by a scale, from `packed`, which is written unless it is there."""
    count, *sides = whole.shape[:3]
    height, width = (max(1, round(side * scale)) for side in sides)
    if [height, width] == sides:
        return whole
    if not packed.exists():
        packed.parent.mkdir(parents=True, exist_ok=True)
        draft = packed.with_name(f".{packed.stem}.{os.getpid()}.npy")
        try:
            tiles = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=(count, height, width, 3))
            for row, tile in zip(tiles, whole, strict=True):
                row[:] = resample(tile, (height, width), BICUBIC)
            tiles.flush()
            draft.replace(packed)
        finally:
            draft.unlink(missing_ok=True)
    return np.load(packed, mmap_mode="r")


def _photos(folder: Path, names: list[str]) -> list[str]:
    known = tileset.photographs(folder)
    if known is None:
        return names
    if missing := [name for name in names if name not in known]:
        raise DataError(f"the manifest.csv of {folder} does not name {missing[0]} (and {len(missing) - 1} more)")
    return [known[name] for name in names]


def _weights(photos: list[str], data: Data) -> NDArray[np.float64]:
    """The chance of each tile in a draw, as `Data` says; sums to 1."""
    tiles = Counter(photos)
    weights = np.array(
        [
            min(tiles[photo], data.tiles_per_photo)
            / tiles[photo]
            * (data.texture_weight if photo.startswith(data.textures) else 1.0)
            for photo in photos
        ]
    )
    if not weights.any():
        raise DataError("every photograph has weight 0: raise train.data.texture_weight or empty train.data.textures")
    return weights / weights.sum()


def corpus(shard: Shard) -> dict[str, float]:
    """The share of each photograph in the draws, largest first: what the audit prints."""
    shares = dict.fromkeys(shard.photos, 0.0)
    for photo, weight in zip(shard.photos, shard.weights, strict=True):
        shares[photo] += float(weight)
    return dict(sorted(shares.items(), key=lambda entry: -entry[1]))
