"""BRISQUE, how unnatural a picture looks (Mittal, Moorthy and Bovik 2012): 0 is natural, 100 ruined."""

from math import gamma
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paragonsr.imaging.color import gray
from paragonsr.judges import scenes, tables
from paragonsr.judges.scenes import Plane


class Brisque:
    """The support vector regression trained on LIVE, from `path` (an .npz of numbers).

    The file holds `sv` [n, 36], `sv_coef` [n], `gamma`, `rho`, `feat_min` [36] and `feat_range` [36]. Raises ModelError
    for another file.
    """

    def __init__(self, path: Path) -> None:
        table = tables.load(
            path, {"sv": (None, 36), "sv_coef": (None,), "gamma": (), "rho": (), "feat_min": (36,), "feat_range": (36,)}
        )
        self._vectors, self._weights = table["sv"], table["sv_coef"]
        self._gamma, self._rho = float(table["gamma"]), float(table["rho"])
        self._least, self._range = table["feat_min"], table["feat_range"]

    def score(self, tile: NDArray[np.uint8]) -> float:
        """The score of a uint8 picture, HWC RGB or HW gray; lower is better, some lie outside 0 to 100."""
        return self.predict(self.features(gray(tile)))

    def predict(self, found: NDArray[np.float64]) -> float:
        """The score of 36 features: each scaled to -1 + 2 (f - min) / range, then the regression's RBF kernel."""
        scaled = 2 * (found - self._least) / self._range - 1
        distances = np.sum((self._vectors - scaled) ** 2, axis=1)
        return float(np.sum(self._weights * np.exp(-self._gamma * distances)) - self._rho)

    @staticmethod
    def features(luma: Plane | NDArray[np.uint8]) -> NDArray[np.float64]:
        """The 36 features of a gray picture [H, W] in 0 to 255 (table I): 18 at full scale, 18 at half."""
        plane: Plane = luma.astype(np.float64 if luma.dtype == np.float64 else np.float32)
        found: list[float] = []
        for scale in range(2):
            if scale:
                plane = scenes.half(plane)
            natural = scenes.normalise(plane, edge="zero")
            found += scenes.symmetric(natural)
            for product in scenes.products(natural):
                alpha, left, right = scenes.asymmetric(product)
                mean = (right - left) * gamma(2 / alpha) / (gamma(1 / alpha) * gamma(3 / alpha)) ** 0.5
                found += [alpha, mean, left * left, right * right]
        return np.array(found)
