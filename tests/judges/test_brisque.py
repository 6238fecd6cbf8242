"""BRISQUE: the published scores of published features, and what it must not depend on."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paragonsr.errors import ModelError
from paragonsr.judges.brisque import Brisque

PUBLISHED = {
    52.521: """
        2.187 0.305119 0.731 0.046159 0.078954 0.124348 0.735 0.032419 0.086307 0.118338 0.733 -0.020298
        0.112611 0.092477 0.730 -0.022557 0.114732 0.092231 2.103 0.360946 0.731 -0.055774 0.183185 0.116578
        0.734 -0.046589 0.179101 0.123198 0.730 -0.037948 0.168773 0.123828 0.725 -0.033253 0.165621 0.126170
    """,
    123.74: """
        0.461 0.1652788 0.341 -0.1192659 0.2319912 0.0417499 0.337 -0.1010206 0.2127568 0.0502738 0.341 -0.1070136
        0.1971343 0.0380880 0.339 -0.0978340 0.1865236 0.0413579 0.486 0.1888571 0.348 -0.0518405 0.1354198 0.0621431
        0.350 -0.0487347 0.1329318 0.0642503 0.342 -0.0046308 0.0917469 0.0853537 0.341 -0.0035089 0.0918414 0.0869626
    """,
}
"""MATLAB's score by the authors' program -> the 36 features it computed, as ports of it publish them."""


@pytest.fixture(scope="session")
def brisque(assets: Path) -> Brisque:
    return Brisque(assets / "weights/brisque_svr_live.npz")


@pytest.mark.parametrize("score", PUBLISHED)
def test_published_features_have_their_published_score(brisque: Brisque, score: float) -> None:
    features = np.array(PUBLISHED[score].split(), np.float64)
    assert brisque.predict(features) == pytest.approx(score, abs=0.006)


def test_turning_a_picture_over_swaps_the_diagonals_alone() -> None:
    """Down and across stay; the two diagonals of products change places."""
    plane = _picture()
    found, mirrored = Brisque.features(plane), Brisque.features(plane[:, ::-1].copy())
    order = [*range(10), *range(14, 18), *range(10, 14)]
    assert mirrored[:18] == pytest.approx(found[order], abs=2e-3)


def test_color_counts_by_its_gray(brisque: Brisque) -> None:
    plane = _picture().astype(np.uint8)
    assert brisque.score(plane) == brisque.score(np.stack([plane] * 3, axis=2))


def test_single_precision_gives_the_score_of_double(brisque: Brisque) -> None:
    plane = _picture().astype(np.uint8)
    assert brisque.score(plane) == pytest.approx(brisque.predict(brisque.features(plane.astype(np.float64))), abs=0.05)


def test_flat_pictures_have_a_score(brisque: Brisque) -> None:
    assert np.isfinite(brisque.score(np.full((64, 64), 200, np.uint8)))


def test_other_tables_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "table.npz"
    np.savez(path, sv=np.zeros((3, 35)), sv_coef=np.zeros(3), gamma=0.05, rho=np.nan, feat_min=np.zeros(36), more=1)
    with pytest.raises(ModelError, match="feat_range is missing, more is unexpected, rho is not finite, sv has the sh"):
        Brisque(path)
    path.write_bytes(b"no table")
    with pytest.raises(ModelError, match="cannot be read"):
        Brisque(path)


def _picture() -> NDArray[np.float64]:
    """Noise with its neighbours in it, [144, 176]."""
    noise = np.random.default_rng(1).normal(0, 40, (146, 178))
    smooth = noise[:-2, :-2] + noise[1:-1, 1:-1] + noise[2:, 2:] + noise[1:-1, :-2]
    return np.clip(128 + smooth / 2, 0, 255)
