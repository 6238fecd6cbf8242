"""The figures under each crop."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from paragonsr.evaluate.jury import Column, Jury
from paragonsr.evaluate.showcase.record import Figures
from paragonsr.evaluate.yardstick import finite
from paragonsr.imaging.metrics import psnr_y, ssim_y

_COLUMNS: dict[str, Column] = {"lpips": "lpips_alex", "dists": "dists"}


class Judges:
    """Everything that judges a crop, loaded once; `unmeasured` says which columns are missing, and why."""

    def __init__(self) -> None:
        self._jury = Jury(tuple(_COLUMNS.values()))
        self.unmeasured = {
            name: self._jury.unmeasured[column] for name, column in _COLUMNS.items() if column in self._jury.unmeasured
        }

    def figures(self, target: NDArray[np.uint8], versions: Mapping[str, NDArray[np.uint8]]) -> dict[str, Figures]:
        """Of each version of a crop, all uint8 HWC RGB of the target's size."""
        scores = self._jury.scores(target, versions)
        return {
            name: Figures(
                psnr_y=finite(psnr_y(version, target, border=0)),
                ssim_y=ssim_y(version, target, border=0),
                lpips=scores[name].get("lpips_alex"),
                dists=scores[name].get("dists"),
            )
            for name, version in versions.items()
        }
