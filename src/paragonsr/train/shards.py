"""Tiles packed once into a memory-mapped array, so that a random crop costs microseconds and not a PNG."""

import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts import tileset
from paragonsr.errors import DataError
from paragonsr.train.config import Data


class Shard(NamedTuple):
    """`tiles [N,H,W,3]` uint8, memory-mapped; the rest has one entry a tile. `digest` is of names and files."""

    tiles: NDArray[np.uint8]
    names: list[str]
    photos: list[str]
    weights: NDArray[np.float64]
    digest: str


def pack(folder: Path, cache: Path, data: Data) -> Shard:
    """The tiles of `folder`, packed into `cache` unless they are there already, or in the folder's own `shards`.

    The photograph of a tile is read from `manifest.csv` (columns `tile`, `photo`) in the folder or the one above it;
    without one each tile is its own photograph. Raises AssetError for a missing or empty folder and DataError for
    tiles that cannot be read, are not RGB or differ in size, or a manifest that does not know them.
    """
    files = tileset.files(folder)
    digest = tileset.digest(files)
    packed = tileset.packed(files, digest, folder / tileset.SHARDS, cache)
    names = [path.name for path in files]
    photos = _photos(folder, names)
    return Shard(np.load(packed, mmap_mode="r"), names, photos, _weights(photos, data), digest)


def _photos(folder: Path, names: list[str]) -> list[str]:
    for manifest in (folder / "manifest.csv", folder.parent / "manifest.csv"):
        if manifest.is_file():
            with manifest.open(newline="", encoding="utf-8") as lines:
                rows = csv.DictReader(lines)
                if not {"tile", "photo"} <= set(rows.fieldnames or ()):
                    raise DataError(f"{manifest} needs the columns tile and photo, not {rows.fieldnames}")
                known = {row["tile"]: row["photo"] for row in rows}
            if missing := [name for name in names if name not in known]:
                raise DataError(f"{manifest} does not name {missing[0]} (and {len(missing) - 1} more)")
            return [known[name] for name in names]
    return names


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
