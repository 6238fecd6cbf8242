"""NIQE, how far a picture lies from pristine photographs (Mittal, Soundararajan and Bovik 2013): lower is better."""

from math import gamma, inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paragonsr.imaging.metrics import luma
from paragonsr.judges import scenes, tables
from paragonsr.judges.scenes import Plane

BLOCK = 96


class Niqe:
    """The model of pristine photographs from `path` (an .npz of numbers).

    The file holds `mu_pris_param` [1, 36], `cov_pris_param` [36, 36] and `gaussian_window` [7, 7]. Raises ModelError
    for another file.
    """

    def __init__(self, path: Path) -> None:
        table = tables.load(path, {"mu_pris_param": (1, 36), "cov_pris_param": (36, 36), "gaussian_window": (7, 7)})
        self._mean, self._covariance = table["mu_pris_param"][0], table["cov_pris_param"]

    def score(self, tile: NDArray[np.uint8]) -> float:
        """The distance of a uint8 picture, HWC RGB or HW gray (equation 10), over its whole blocks of 96 x 96.

        Of luma in 16 to 235, rounded, as MATLAB has it.
        Blocks without any texture say nothing and are left out; a picture with fewer than two others is infinitely
        far from a photograph.
        """
        found = _features(np.rint(luma(tile)))
        if len(found) < 2:
            return inf
        apart = self._mean - found.mean(axis=0)
        inverse = np.linalg.pinv((self._covariance + np.cov(found, rowvar=False)) / 2)
        return float(apart @ inverse @ apart) ** 0.5


def _features(plane: Plane) -> NDArray[np.float64]:
    """36 features of each block that has texture: [n, 36]."""
    rows, columns = (side // BLOCK for side in plane.shape)
    plane = plane[: rows * BLOCK, : columns * BLOCK]
    if not plane.size:
        return np.empty((0, 36))
    scales: list[list[list[float]]] = []
    for size in (BLOCK, BLOCK // 2):
        if size < BLOCK:
            plane = scenes.half(plane)
        natural = scenes.normalise(plane, edge="edge")
        blocks = natural.reshape(rows, size, columns, size).swapaxes(1, 2).reshape(-1, size, size)
        scales.append([_block(block) for block in blocks])
    found = np.concatenate([np.array(scale) for scale in scales], axis=1)
    return found[found[:, 1] > 0]


def _block(block: Plane) -> list[float]:
    """18 features of one block: exponent and mean width of its values, then of the products of its neighbours."""
    alpha, left, right = _widths(block)
    found = [alpha, (left + right) / 2]
    for product in scenes.products(block):
        alpha, left, right = _widths(product)
        found += [alpha, (right - left) * gamma(2 / alpha) / gamma(1 / alpha), left, right]
    return found


def _widths(values: Plane) -> tuple[float, float, float]:
    alpha, left, right = scenes.asymmetric(values)
    scale = (gamma(1 / alpha) / gamma(3 / alpha)) ** 0.5
    return alpha, left * scale, right * scale
