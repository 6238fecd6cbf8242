"""A folder of tiles, and the array they are packed into once, so that a random crop costs microseconds and no decoding.

Training memory-maps the array; a curation leaves it ready in the folder `shards` beside its tiles.
"""

import csv
import hashlib
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paragonsr.errors import AssetError, DataError

SHARDS = "shards"
SUFFIXES = frozenset({".webp", ".png"})


def files(folder: Path) -> list[Path]:
    """The tiles of a folder by their names. Raises AssetError when there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    if not found:
        raise AssetError(f"{folder} holds no .webp or .png tiles; set PARAGONSR_ASSETS or the recipe's data folders")
    return found


def digest(tiles: list[Path]) -> str:
    """SHA-256 of names and contents."""
    hashed = hashlib.sha256()
    for path in tiles:
        hashed.update(path.name.encode() + b"\0")
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def photographs(folder: Path) -> dict[str, str] | None:
    """The photograph that each tile was cut from, by the tile's name.

    From `manifest.csv` (columns `tile`, `photo`) in the folder or else the one above it; None where there is none.
    Raises DataError for one without those columns.
    """
    for manifest in (folder / "manifest.csv", folder.parent / "manifest.csv"):
        if manifest.is_file():
            with manifest.open(newline="", encoding="utf-8") as lines:
                rows = csv.DictReader(lines)
                if not {"tile", "photo"} <= set(rows.fieldnames or ()):
                    raise DataError(f"{manifest} needs the columns tile and photo, not {rows.fieldnames}")
                return {row["tile"]: row["photo"] for row in rows}
    return None


def packed(tiles: list[Path], digest: str, *places: Path) -> Path:
    """The array of these tiles in one of the folders `places`, packed into the last one if it is in none.

    uint8 [N, H, W, 3], NumPy's own format. Raises DataError for tiles that cannot be read, are not RGB or differ in
    size.
    """
    name = f"{digest[:16]}.npy"
    for place in places:
        if (place / name).exists():
            return place / name
    _write(places[-1] / name, tiles)
    return places[-1] / name


def _write(target: Path, tiles: list[Path]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.stem}.{os.getpid()}.npy")
    first = _read(tiles[0])
    try:
        array = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=(len(tiles), *first.shape))
        for row, path in zip(array, tiles, strict=True):
            tile = _read(path)
            if tile.shape != first.shape:
                raise DataError(
                    f"{path} is {tile.shape[:2]}, {tiles[0].name} is {first.shape[:2]}: tiles must be of one size"
                )
            row[:] = tile
        array.flush()
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            if image.mode != "RGB":
                raise DataError(f"{path} is {image.mode}: training tiles must be 8-bit RGB")
            return np.asarray(image)
    except (OSError, SyntaxError) as error:  # Pillow's broken PNGs are a SyntaxError
        raise DataError(f"{path} cannot be read: {error}") from error
