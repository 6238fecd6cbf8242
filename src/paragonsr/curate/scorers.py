"""Networks that give a tile a score, from the ONNX files that `prepare` writes; no torch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paragonsr.errors import ModelError
from paragonsr.runtime import provider as providers
from paragonsr.runtime.engine import CPU

METADATA_KEY = "paragonsr.scorer"
SCHEMA_VERSION = 1


class Prepared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a prepared file says of itself."""

    name: str
    """Of the network: "nima" or "arniqa"."""
    source: dict[str, str]
    """The files the weights came from, name to SHA-256."""
    meaning: str
    """What the score says, and of what pixels."""
    parity: float
    """The largest difference between torch and ONNX Runtime that was measured before the file got its name."""
    schema_version: int = SCHEMA_VERSION


class Scorer:
    """A prepared network on the CPU; higher scores are better.

    Attributes: `path`; `name`; `prepared`, what the file says of itself. Raises ModelError for any other file.

    The file fixes how many tiles are computed at a time; a batch that is not full is filled up, so that a tile's score
    does not depend on which others come with it. Where the file fixes the size too, tiles are reduced to it by Pillow's
    antialiased bilinear kernel first; else they are taken as they are.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._session: Any = providers.open_model(path, CPU, threads)
        self.prepared = _read(path, self._session)
        self.name = self.prepared.name
        self._batch, *self._size = self._session.get_inputs()[0].shape[:3]

    def score(self, tiles: Sequence[NDArray[np.uint8]]) -> list[float]:
        """The scores of uint8 HWC RGB tiles, in their order. Raises ValueError for other pictures."""
        scores: list[float] = []
        for batch in self._batches([self._fitted(tile) for tile in tiles]):
            scores += self._session.run(None, {"tiles": batch})[0].tolist()
        return scores[: len(tiles)] if self._batch > 1 else scores

    def _fitted(self, tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if tile.ndim != 3 or tile.shape[2] != 3 or tile.dtype != np.uint8:
            raise ValueError(f"a tile is uint8 HWC RGB, not {tile.dtype} {tile.shape}")
        if not isinstance(self._size[0], int) or tile.shape[:2] == tuple(self._size):
            return tile
        height, width = self._size
        return np.asarray(Image.fromarray(tile).resize((width, height), Image.Resampling.BILINEAR))

    def _batches(self, tiles: Sequence[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(tiles), self._batch):
            part = tiles[start : start + self._batch]
            yield np.stack([*part, *(np.zeros_like(part[0]) for _ in range(self._batch - len(part)))])


def _read(path: Path, session: Any) -> Prepared:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise ModelError(f"{path}: is not a scorer; `paragonsr curate prepare` makes one from a network's weights")
    try:
        return msgspec.json.decode(text, type=Prepared)
    except msgspec.DecodeError as error:
        raise ModelError(
            f"{path}: was prepared by another version of this program ({error}); prepare it again"
        ) from error
