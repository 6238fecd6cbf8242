"""NIQE: the published score of a published picture, and what it must do at its edges."""

from math import inf
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from paragonsr.errors import ModelError
from paragonsr.judges.niqe import BLOCK, Niqe


@pytest.fixture(scope="session")
def niqe(assets: Path) -> Niqe:
    return Niqe(assets / "weights/niqe_pris_params.npz")


@pytest.fixture(scope="session")
def baboon(assets: Path) -> Image.Image:
    with Image.open(assets / "testsets/Set14/baboon.png") as image:
        return image.convert("RGB")


def test_the_published_score_of_baboon(niqe: Niqe, baboon: Image.Image) -> None:
    assert niqe.score(np.asarray(baboon)) == pytest.approx(5.7296, abs=2e-3)


def test_damage_takes_a_picture_away_from_photographs(niqe: Niqe, baboon: Image.Image) -> None:
    clean = niqe.score(np.asarray(baboon))
    blurred = niqe.score(np.asarray(baboon.filter(ImageFilter.GaussianBlur(4))))
    noise = np.random.default_rng(0).normal(0, 60, (*baboon.size[::-1], 1))
    noisy = niqe.score(np.clip(np.asarray(baboon) + noise, 0, 255).astype(np.uint8))
    assert min(blurred, noisy) > clean


def test_only_whole_blocks_count(niqe: Niqe, baboon: Image.Image) -> None:
    pixels = np.asarray(baboon)
    assert niqe.score(pixels) == niqe.score(pixels[: 500 // BLOCK * BLOCK, : 480 // BLOCK * BLOCK])


@pytest.mark.parametrize("side", [BLOCK - 1, BLOCK, 2 * BLOCK])
def test_too_few_blocks_with_texture_are_no_photograph(niqe: Niqe, side: int) -> None:
    assert niqe.score(np.full((side, side, 3), 77, np.uint8)) == inf


def test_other_tables_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "table.npz"
    np.savez(path, mu_pris_param=np.zeros(36), gaussian_window=np.zeros((7, 7)))
    with pytest.raises(ModelError, match="cov_pris_param is missing, mu_pris_param has the shape"):
        Niqe(path)
