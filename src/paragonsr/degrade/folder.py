"""A folder of targets becomes a folder of low-resolution pictures, one PNG of the same name each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.degrade import training, validation
from paragonsr.degrade.operations import bicubic
from paragonsr.errors import MissingInputError, OutputError, ParagonError, UnsupportedImageError
from paragonsr.imaging import codec

Pattern = Literal["training", "validation", "bicubic"]


class Outcome(NamedTuple):
    """What became of a target: written to `low` when `error` is None."""

    high: Path
    low: Path
    error: ParagonError | None


def targets(folder: Path) -> list[Path]:
    """The pictures of a folder by name; raises MissingInputError when there are none."""
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in codec.SUFFIXES)
    if not found:
        raise MissingInputError(f"{folder}: holds no picture; name a folder of targets")
    return found


def degrade(highs: list[Path], out: Path, pattern: Pattern, *, seed: int = 0) -> Iterator[Outcome]:
    """Write the halves of `highs` into the folder `out`, one outcome at a time; one bad file does not stop the rest.

    "validation" is the card's fixed pattern by the place of a file in the list, "training" a random degradation of
    each that only `seed` and the file's name decide. An odd side loses its last row or column. A file that is there
    already is left alone and reported. Raises OutputError when `out` cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: this folder cannot be made: {error.strerror}") from error
    for index, high in enumerate(highs):
        low = out / f"{high.stem}.png"
        try:
            codec.write(low, codec.Picture(_half(_read(high), pattern, seed, high.name, index)))
        except ParagonError as error:
            yield Outcome(high, low, error)
        else:
            yield Outcome(high, low, None)


def _read(path: Path) -> NDArray[np.uint8]:
    pixels: NDArray[Any] = codec.read(path).pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UnsupportedImageError(
            f"{path}: a target must be 8-bit RGB without alpha, not {pixels.dtype} {pixels.shape}"
        )
    height, width = (side - side % 2 for side in pixels.shape[:2])
    return pixels[:height, :width]


def _half(high: NDArray[np.uint8], pattern: Pattern, seed: int, name: str, index: int) -> NDArray[np.uint8]:
    match pattern:
        case "training":
            return training.degrade(high, seed=seed, tile=name, step=0)
        case "validation":
            return validation.degrade(high, index)
        case "bicubic":
            return bicubic(high)
