"""Pictures of our own making, and a report that measures the shipped models on them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paragonsr.evaluate import report, suite


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stripes of three widths behind a square; the third picture is smaller than a crop."""
    folder = tmp_path_factory.mktemp("photographs")
    y, x = np.mgrid[:160, :160]
    for number, side in enumerate((160, 128, 60)):
        shades = np.random.default_rng(number).uniform(-1, 1, 3)
        picture = np.stack([128 + 60 * np.sin(x / (1 + number) + y * shade) for shade in shades], axis=2)
        picture[40:80, 30:70] = 200
        Image.fromarray(np.rint(picture[:side, :side]).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def measured(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports") / "own.json"
    report.save(suite.evaluate(["perceptual", "fidelity"], photographs, "card", suite.Settings(fast=True)), path)
    return path
