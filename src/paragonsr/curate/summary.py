"""What a manifest says in numbers: how many were lost at each gate, and how the scores lie."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts import manifest
from paragonsr.artifacts.store import Store
from paragonsr.curate import judge
from paragonsr.curate.config import Curation
from paragonsr.curate.gates import Gate, gates

WORDS = {
    "entropy": "little to see (entropy)",
    "contrast": "little contrast",
    "soft": "too soft (variance of the Laplacian)",
    "harsh": "over-sharpened or noise (variance of the Laplacian)",
    "blocky": "blocks of JPEG",
    "aliased": "aliasing",
    "brisque": "unnatural (BRISQUE)",
    "niqe": "technical quality (NIQE)",
    "arniqa": "technical quality (ARNIQA)",
    "nima": "aesthetics (NIMA)",
    "duplicate": "near duplicate of a better tile",
    "cap": "more than a photograph may give",
}
"""What the reasons for which tiles are rejected mean."""


class Loss(NamedTuple):
    """How many tiles were lost for a reason, and how many were left."""

    reason: str
    words: str
    tiles: int
    left: int


class Photograph(NamedTuple):
    """A photograph with its tiles; one that gave none says why."""

    name: str
    licence: str
    tiles: int
    kept: int
    reason: str
    detail: str


class Summary(NamedTuple):
    """A curation in numbers. `rows` are the tiles alone, a column each."""

    config: Curation
    gates: tuple[Gate, ...]
    photographs: list[Photograph]
    losses: list[Loss]
    unscored: int
    scales: dict[str, tuple[int, int]]
    rows: Mapping[str, NDArray[Any]]

    @property
    def tiles(self) -> int:
        """How many tiles were cut."""
        return len(self.rows["tile"])

    @property
    def kept(self) -> int:
        """How many tiles make the set."""
        return int(np.count_nonzero(self.rows["verdict"] == judge.KEPT))

    def refused(self) -> dict[str, int]:
        """How many photographs gave no tiles, by reason, the commonest first."""
        return dict(Counter(photo.reason for photo in self.photographs if photo.reason).most_common())


def summarise(out: Path) -> Summary:
    """The summary of the set in a folder. Raises MissingInputError where there is none."""
    store = Store(out)
    found = manifest.read(store, judge.NAME, "manifest")
    config = judge.recipe(found)
    rows = {name: np.array(found[name].to_pylist(), dtype) for name, dtype in _columns(found.schema)}
    whole = np.array([tile is None for tile in rows["tile"]], bool)
    tiles = {name: values[~whole] for name, values in rows.items()}
    kept = tiles["verdict"] == judge.KEPT
    scales = {
        scale: (int(np.sum(tiles["scale"] == scale)), int(np.sum(kept & (tiles["scale"] == scale))))
        for scale in dict.fromkeys(tiles["scale"].tolist())
    }
    return Summary(
        config=config,
        gates=gates(config),
        photographs=_photographs(rows, tiles, whole),
        losses=_losses(tiles, gates(config)),
        unscored=int(np.sum(tiles["verdict"] == judge.UNSCORED)),
        scales=scales,
        rows=tiles,
    )


def _columns(schema: Any) -> list[tuple[str, Any]]:
    """Numbers as float64, NaN where there is none; everything else as Python has it."""
    return [(field.name, np.float64 if str(field.type) == "double" else object) for field in schema]


def _photographs(
    rows: Mapping[str, NDArray[Any]], tiles: Mapping[str, NDArray[Any]], whole: NDArray[np.bool_]
) -> list[Photograph]:
    cut = Counter(tiles["photo"].tolist())
    kept = Counter(tiles["photo"][tiles["verdict"] == judge.KEPT].tolist())
    first = {name: index for index, name in reversed(list(enumerate(rows["photo"].tolist())))}
    return [
        Photograph(
            name=name,
            licence=rows["licence"][index] or "",
            tiles=cut[name],
            kept=kept[name],
            reason=rows["reason"][index] if whole[index] else "",
            detail=rows["detail"][index] or "" if whole[index] else "",
        )
        for name, index in sorted(first.items())
    ]


def _losses(tiles: Mapping[str, NDArray[Any]], chosen: tuple[Gate, ...]) -> list[Loss]:
    lost = Counter(tiles["reason"][tiles["verdict"] == judge.REJECTED].tolist())
    left, found = len(tiles["tile"]) - int(np.sum(tiles["verdict"] == judge.UNSCORED)), list[Loss]()
    for reason in (*(gate.reason for gate in chosen), "duplicate", "cap"):
        left -= lost[reason]
        found.append(Loss(reason, WORDS[reason], lost[reason], left))
    return found
