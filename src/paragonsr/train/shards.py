"""Tiles packed once into a memory-mapped array, so that a random crop costs microseconds and not a PNG."""

import csv
import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paragonsr.errors import AssetError, DataError
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

    The photograph of a tile is read from `manifest.csv` (columns `tile`, `photo`) in the folder or the one above it;
    without one each tile is its own photograph. Raises AssetError for a missing or empty folder and DataError for
    tiles that cannot be read, are not RGB or differ in size, or a manifest that does not know them.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix in {".webp", ".png"})
    if not files:
        raise AssetError(f"{folder} holds no .webp or .png tiles; set PARAGONSR_ASSETS or the recipe's data folders")
    digest = _digest(files)
    levels = tuple(_level(cache / f"{digest[:16]}-{scale:g}.npy", files, scale) for scale in scales)
    names = [path.name for path in files]
    photos = _photos(folder, names)
    return Shard(levels, names, photos, _weights(photos, data), digest)


def _digest(files: list[Path]) -> str:
    hashed = hashlib.sha256()
    for path in files:
        hashed.update(path.name.encode() + b"\0")
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def _level(packed: Path, files: list[Path], scale: float) -> NDArray[np.uint8]:
    if not packed.exists():
        _write(packed, files, scale)
    return np.load(packed, mmap_mode="r")


def _write(packed: Path, files: list[Path], scale: float) -> None:
    packed.parent.mkdir(parents=True, exist_ok=True)
    temporary = packed.with_name(f".{packed.stem}.{os.getpid()}.npy")
    first = _read(files[0])
    height, width = (max(1, round(side * scale)) for side in first.shape[:2])
    try:
        tiles = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=(len(files), height, width, 3))
        for row, path in zip(tiles, files, strict=True):
            tile = _read(path)
            if tile.shape != first.shape:
                raise DataError(
                    f"{path} is {tile.shape[:2]}, {files[0].name} is {first.shape[:2]}: tiles must be of one size"
                )
            row[:] = tile if tile.shape == row.shape else resample(tile, (height, width), BICUBIC)
        tiles.flush()
        temporary.replace(packed)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            if image.mode != "RGB":
                raise DataError(f"{path} is {image.mode}: training tiles must be 8-bit RGB")
            return np.asarray(image)
    except (OSError, SyntaxError) as error:  # Pillow's broken PNGs are a SyntaxError
        raise DataError(f"{path} cannot be read: {error}") from error


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
