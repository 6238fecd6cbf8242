"""The figures under each crop, and which of them cannot be had here."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import AssetError
from paragonsr.evaluate.showcase.record import Figures
from paragonsr.imaging.metrics import psnr_y, ssim_y

if TYPE_CHECKING:
    from paragonsr.evaluate.showcase.perceptual import Judge, Name

PERCEPTUAL: tuple["Name", ...] = ("lpips", "dists")


class Judges:
    """Everything that judges a crop, loaded once; `unmeasured` says which columns are missing, and why."""

    def __init__(self) -> None:
        self.unmeasured = dict[str, str]()
        self._judges = dict["Name", "Judge"]()
        for name in PERCEPTUAL:
            try:
                from paragonsr.evaluate.showcase import perceptual  # here, because PyTorch is an extra

                self._judges[name] = perceptual.load(name)
            except AssetError:
                self.unmeasured[name] = "weights missing"
            except ModuleNotFoundError as error:
                self.unmeasured[name] = f"{error.name} missing"

    def figures(self, target: NDArray[np.uint8], versions: Mapping[str, NDArray[np.uint8]]) -> dict[str, Figures]:
        """Of each version of a crop, all uint8 HWC RGB of the target's size."""
        distances = {name: judge(target, list(versions.values())) for name, judge in self._judges.items()}
        return {
            name: Figures(
                psnr_y=_finite(psnr_y(version, target, border=0)),
                ssim_y=ssim_y(version, target, border=0),
                **{judge: values[index] for judge, values in distances.items()},
            )
            for index, (name, version) in enumerate(versions.items())
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
