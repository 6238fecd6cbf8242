"""Whoever gives a picture a score as people might: loaded once, and whoever cannot be had says why."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts import assets
from paragonsr.errors import AssetError
from paragonsr.evaluate import origin
from paragonsr.evaluate.report import File
from paragonsr.judges.brisque import Brisque
from paragonsr.judges.niqe import Niqe

if TYPE_CHECKING:
    from paragonsr.evaluate.perceptual import Judge

Column = Literal["lpips_alex", "lpips_vgg", "dists", "niqe", "brisque"]

COLUMNS: tuple[Column, ...] = ("lpips_alex", "lpips_vgg", "dists", "niqe", "brisque")
LEAST = 31
"""The smallest side, in pixels, that every judge sees something in (AlexNet's)."""

MOST = 2**22
"""The largest picture, in pixels: VGG's features of it and of its target take about 4 GB."""

_TABLES: dict[Column, str] = {"niqe": "niqe_pris_params.npz", "brisque": "brisque_svr_live.npz"}

Pixels = NDArray[np.uint8]


class Jury:
    """The judges of `columns`. `unmeasured`: the reason for each that cannot be had; `files`: the weights of the rest.

    LPIPS and DISTS hold versions against their target, NIQE and BRISQUE look at each alone; lower is better for all.
    Raises ModelError or AssetError for weights that are there but are not what they should be.
    """

    def __init__(self, columns: Sequence[Column] = COLUMNS) -> None:
        self.unmeasured = dict[str, str]()
        self._judges = dict[Column, "Judge"]()
        found = dict[Path, None]()
        for column in columns:
            try:
                paths = [assets.find(f"weights/{name}") for name in _weights(column)]
            except AssetError:
                self.unmeasured[column] = "weights missing"
            except ModuleNotFoundError as error:
                self.unmeasured[column] = f"{error.name} missing"
            else:
                self._judges[column] = _load(column, paths)
                found |= dict.fromkeys(paths)
        self.files: tuple[File, ...] = tuple(map(origin.file, found))

    def scores(self, target: Pixels, versions: Mapping[str, Pixels]) -> dict[str, dict[str, float]]:
        """Of each version of a picture, all uint8 HWC RGB of the target's size; nothing below `LEAST`, above `MOST`.

        A judge that has no finite score for one version (NIQE, of flat pictures) has none for any.
        """
        rows: dict[str, dict[str, float]] = {name: {} for name in versions}
        height, width = target.shape[:2]
        if min(height, width) < LEAST or height * width > MOST:
            return rows
        for column, judge in self._judges.items():
            values = judge(target, list(versions.values()))
            if np.isfinite(values).all():
                for row, value in zip(rows.values(), values, strict=True):
                    row[column] = value
        return rows


def _weights(column: Column) -> Sequence[str]:
    """The names of a judge's weights. Raises ModuleNotFoundError for a network's without PyTorch."""
    if column in ("niqe", "brisque"):
        return (_TABLES[column],)
    from paragonsr.evaluate import perceptual  # here, because PyTorch is an extra

    return perceptual.FILES[column]


def _load(column: Column, paths: Sequence[Path]) -> "Judge":
    """A judge. Raises ModelError or AssetError for a file that does not hold its weights."""
    match column:
        case "niqe":
            return partial(_alone, Niqe(*paths))
        case "brisque":
            return partial(_alone, Brisque(*paths))
        case _:
            from paragonsr.evaluate import perceptual

            return perceptual.load(column)


def _alone(judge: Niqe | Brisque, _: Pixels, versions: Sequence[Pixels]) -> list[float]:
    return [judge.score(version) for version in versions]
