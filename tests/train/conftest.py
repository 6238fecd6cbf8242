"""A corpus of synthetic tiles, small enough to train on in a test."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from paragonsr.model.config import Model
from paragonsr.train.config import Batch, Data, Train

Tile = NDArray[np.uint8]
SIDE = 112


def draw(seed: int, side: int = SIDE) -> Tile:
    """Coloured discs and stripes on a slope: edges in every direction, nothing twice."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    tile = np.stack([(x * a + y * b) * 80 + 60 for a, b in rng.uniform(-1, 1, (3, 2))], axis=2)
    for _ in range(12):
        cx, cy, radius = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.05, 0.3)
        tile[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] = rng.uniform(0, 255, 3)
    angle = rng.uniform(0, np.pi)
    stripes = np.sin(2 * np.pi * rng.uniform(8, 16) * (x * np.cos(angle) + y * np.sin(angle)))
    return np.rint(tile + 20 * stripes[..., None]).clip(0, 255).astype(np.uint8)


def write(folder: Path, tiles: dict[str, Tile]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, tile in tiles.items():
        Image.fromarray(tile).save(folder / name)


@pytest.fixture(scope="session")
def picture() -> Callable[..., Tile]:
    """Makes the tile of a seed, uint8 [side, side, 3]."""
    return draw


@pytest.fixture(scope="session")
def save() -> Callable[[Path, dict[str, Tile]], None]:
    """Writes tiles by their names into a folder."""
    return write


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Six training tiles of three photographs, one of them a texture, and two validation tiles of two others."""
    train = {
        f"{photo}-{k}.png": draw(10 * n + k) for n, photo in enumerate(("dog", "cat", "sw_sand")) for k in range(2)
    }
    held_out = {"owl-0.png": draw(90), "elk-0.png": draw(91)}
    write(tmp_path / "data" / "train", train)
    write(tmp_path / "data" / "val", held_out)
    with (tmp_path / "data" / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("tile", "photo"))
        rows.writerows((name, name.split("-")[0]) for name in (*train, *held_out))
    return Data(str(tmp_path / "data" / "train"), str(tmp_path / "data" / "val"), scales=(1.0, 0.9))


@pytest.fixture
def settings(data: Data) -> Train:
    """A training of six steps that writes something down at each."""
    batch = Batch(size=2, patch=22, gray=0.3)
    return Train("test", steps=6, log_every=1, validate_every=3, save_every=2, data=data, batch=batch)


@pytest.fixture(scope="session")
def model() -> Model:
    """The smallest Nano that has every part."""
    return Model(channels=4, layers=2, expansion=8)
