"""Whoever gives a picture a score as people might: loaded once, and whoever cannot be had says why."""

from collections.abc import Mapping, Sequence
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
    from paragonsr.judges.panel import Name, Panel

Column = Literal["lpips_alex", "lpips_vgg", "dists", "niqe", "brisque"]

COLUMNS: tuple[Column, ...] = ("lpips_alex", "lpips_vgg", "dists", "niqe", "brisque")
LEAST = 31
"""The smallest side, in pixels, that every judge sees something in (AlexNet's)."""

_TABLES: dict[Column, str] = {"niqe": "niqe_pris_params.npz", "brisque": "brisque_svr_live.npz"}

Pixels = NDArray[np.uint8]


class Jury:
    """The judges of `columns`. `unmeasured`: the reason for each that cannot be had; `files`: the weights of the rest.

    LPIPS and DISTS hold versions against their target, NIQE and BRISQUE look at each alone; lower is better for all.
    Raises ModelError or AssetError for weights that are there but are not what they should be.
    """

    def __init__(self, columns: Sequence[Column] = COLUMNS) -> None:
        self.unmeasured = dict[str, str]()
        self._alone = dict[Column, Niqe | Brisque]()
        beside, found = list["Name"](), dict[Path, None]()
        for column in columns:
            try:
                paths = [assets.find(f"weights/{name}") for name in _weights(column)]
            except AssetError:
                self.unmeasured[column] = "weights missing"
            except ModuleNotFoundError as error:
                self.unmeasured[column] = f"{error.name} missing"
            else:
                found |= dict.fromkeys(paths)
                match column:
                    case "niqe":
                        self._alone[column] = Niqe(*paths)
                    case "brisque":
                        self._alone[column] = Brisque(*paths)
                    case _:
                        beside.append(column)
        self._panel = _seat(beside) if beside else None
        self.files: tuple[File, ...] = tuple(map(origin.file, found))

    def scores(self, target: Pixels, versions: Mapping[str, Pixels]) -> dict[str, dict[str, float]]:
        """Of each version of a picture, all uint8 HWC RGB of the target's size; nothing below `LEAST`.

        A judge that has no finite score for one version (NIQE, of flat pictures) has none for any. May be called by
        several threads at once.
        """
        rows: dict[str, dict[str, float]] = {name: {} for name in versions}
        if min(target.shape[:2]) < LEAST:
            return rows
        seen = list(versions.values())
        found: dict[Column, list[float]] = {**self._panel(target, seen)} if self._panel else {}
        found |= {column: [judge.score(version) for version in seen] for column, judge in self._alone.items()}
        for column, values in found.items():
            if np.isfinite(values).all():
                for row, value in zip(rows.values(), values, strict=True):
                    row[column] = value
        return rows

    def limit(self, threads: int) -> None:
        """Let PyTorch use this many threads where it is called by this one, and by those that begin after it."""
        if self._panel:
            self._panel.limit(threads)


def _weights(column: Column) -> Sequence[str]:
    """The names of a judge's weights. Raises ModuleNotFoundError for a network's without PyTorch."""
    if column in ("niqe", "brisque"):
        return (_TABLES[column],)
    from paragonsr.judges import panel

    return panel.FILES[column]


def _seat(names: Sequence["Name"]) -> "Panel":
    """The networks. Raises AssetError for a file that does not hold their weights."""
    from paragonsr.judges.panel import Panel

    return Panel(names)
