"""Writes the golden outputs: what the shipped models make of tiny pictures, held by tests/golden/test_golden.py.

    python bench/golden.py

Run it after a shipped model has changed on purpose, look at the page that the test names, and commit what it wrote.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paragonsr.evaluate import pairs
from paragonsr.evaluate.showcase.faces import astronaut
from paragonsr.imaging import codec
from paragonsr.runtime import catalogue
from paragonsr.runtime.upscaler import Upscaler

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
TARGETS, SMALL = GOLDEN / "targets", GOLDEN / "targets" / "small"
SIDE = 192

Pixels = NDArray[np.uint8]


def lines() -> Pixels:
    """A zone plate left, strokes at 16 angles right: everything that can alias or ring."""
    y, x = np.mgrid[:SIDE, :SIDE]
    radius = (x - 48) ** 2 + (y - 96) ** 2
    plate = np.rint(127.5 + 127.5 * np.cos(np.pi * radius / 300))
    angle = np.round(16 * np.arctan2(y - 96, x - 144) / (2 * np.pi))
    strokes = 40 + 190 * (angle.astype(int) % 2)
    gray = np.where(x < 96, plate, strokes)
    return np.stack([gray, np.roll(gray, 1, 0), 255 - gray], axis=2).astype(np.uint8)


def texture() -> Pixels:
    """Noise of three grains over each other, in colour."""
    draw = np.random.default_rng(11)
    grains = [draw.integers(0, 80, (SIDE // n, SIDE // n, 3)).repeat(n, 0).repeat(n, 1) for n in (1, 3, 8)]
    return np.sum(grains, axis=0).astype(np.uint8)


def gradient() -> Pixels:
    """Slow ramps of three colours: nothing should happen here."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.stack([60 + x // 3, 200 - y // 2, 90 + (x + y) // 8], axis=2).astype(np.uint8)


def small() -> dict[str, Pixels]:
    """Sizes at which tiles, borders and rounding go wrong first."""
    draw = np.random.default_rng(12)
    sizes = {"1x1": (2, 2), "3x2": (6, 4), "1x19": (2, 38), "21x20": (42, 40)}
    return {name: draw.integers(0, 256, (*size, 3), np.uint8) for name, size in sizes.items()}


def write(folder: Path, pictures: dict[str, Pixels]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        codec.write(folder / f"{name}.png", codec.Picture(pixels), overwrite=True)


def inputs() -> dict[str, Pixels]:
    """What is enlarged, by name: clean bicubic halves of the targets, and of the astronaut that every showcase has."""
    paths = [astronaut().path, *sorted(TARGETS.glob("*.png")), *sorted(SMALL.glob("*.png"))]
    return {path.stem: pairs.load(pairs.Candidate(0, path.name, path, ()), "bicubic").low for path in paths}


def main() -> None:
    write(TARGETS, {"lines": lines(), "texture": texture(), "gradient": gradient()})
    write(SMALL, small())
    for model in catalogue.MODELS:
        with Upscaler(model, provider="cpu", threads=1) as upscaler:
            write(GOLDEN / model, {name: upscaler(low) for name, low in inputs().items()})
        print(GOLDEN / model)


if __name__ == "__main__":
    main()
