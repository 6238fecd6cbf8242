"""Photographs made here, the same on every machine, for the benches of curation.

    python bench/photographs.py FOLDER [--count 318] [--side 4000x3000]

Each is a window of one canvas of noise in octaves, as in clouds and foliage, mixed with another window of it, with
softer and with flatter parts and a little grain: JPEG, quality 92. At 4000 x 3000 one holds 63 tiles.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 92


def canvas(height: int, width: int) -> NDArray[np.uint8]:
    """Octaves of 2 to 512 pixels, amplitudes falling as in nature; uint8 [H, W]."""
    rng = np.random.default_rng(24)
    total = np.full((height, width), 128, np.float32)
    for octave in range(1, 10):
        cell = 2**octave
        small = rng.integers(0, 256, (-(-height // cell), -(-width // cell)), np.uint8)
        layer = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(layer, np.float32) - 128) * np.float32(0.07 * octave)
    return np.clip(np.rint(total), 0, 255).astype(np.uint8)


def photograph(field: NDArray[np.uint8], seed: int, height: int, width: int) -> Image.Image:
    """Photograph number `seed`, of windows of a canvas that is larger than it."""
    rng = np.random.default_rng([seed, 7])
    planes = [np.ascontiguousarray(_window(field, rng, height, width)) for _ in range(3)]
    y, x = (np.linspace(0, 1, side, dtype=np.float32) for side in (height, width))
    waves = rng.uniform(1, 4, 2)
    mask = np.outer(np.sin(waves[0] * np.pi * y) ** 2, np.sin(waves[1] * np.pi * x) ** 2) * 255
    mixed = Image.composite(*map(Image.fromarray, planes[:2]), Image.fromarray(mask.astype(np.uint8)))
    luma = Image.blend(mixed, Image.fromarray(planes[2]), 0.2)
    tints = rng.uniform(0.75, 1.1, 3)
    return Image.merge("RGB", [luma.point(lambda value, t=tint: round(value * t)) for tint in tints])


def write(folder: Path, count: int, height: int, width: int) -> None:
    """Write `count` photographs into a folder, those that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    field = canvas(height * 2, width * 2)
    for seed in range(count):
        path = folder / f"made-{seed:04d}.jpg"
        if not path.exists():
            photograph(field, seed, height, width).save(path, quality=QUALITY)


def _window(field: NDArray[np.uint8], rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    top, left = (rng.integers(0, whole - part + 1) for whole, part in zip(field.shape, (height, width), strict=True))
    window = field[top : top + height, left : left + width]
    return window[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=318)
    parser.add_argument("--side", default="4000x3000", help="width x height")
    options = parser.parse_args()
    width, height = map(int, options.side.split("x"))
    write(options.folder, options.count, height, width)


if __name__ == "__main__":
    main()
