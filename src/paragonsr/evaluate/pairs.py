"""Targets in a folder and the low-resolution pictures they are measured from."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts import tileset
from paragonsr.degrade import validation
from paragonsr.degrade.operations import bicubic
from paragonsr.errors import DataError, MissingInputError, UnsupportedImageError
from paragonsr.imaging import codec
from paragonsr.imaging.formats import SUFFIXES

SCALE = 2

Low = Literal["bicubic", "card"] | Path
"""Clean bicubic halves, the card's fixed validation pattern, or a folder of pictures."""


class Candidate(NamedTuple):
    """A pair by its files, not yet read; `index` is its place among all targets in the order of their names.

    `photo` is the photograph that the target was cut from, if `manifest.csv` says so: see `tileset.photographs`.
    """

    index: int
    name: str
    high: Path | None
    low: tuple[Path, ...]
    photo: str | None = None


class Pair(NamedTuple):
    """A target [2H, 2W, 3] and the picture to enlarge [H, W, 3], both uint8."""

    high: NDArray[np.uint8]
    low: NDArray[np.uint8]
    cropped: bool


def source(text: str) -> Low:
    """What a user calls the inputs: `bicubic`, `card`, or a folder. Raises MissingInputError for what is none."""
    match text:
        case "bicubic" | "card":
            return text
        case folder if Path(folder).is_dir():
            return Path(folder)
        case _:
            raise MissingInputError(f"{text} is neither bicubic nor card nor a folder of small pictures")


def candidates(high: Path, low: Low) -> list[Candidate]:
    """All pairs of a folder of targets, and behind them what only the folder `low` has, sorted by name.

    The partner of `name.png` is called `name` or else `namex2`, with any suffix.
    Raises MissingInputError for a folder that is not there or holds no picture.
    """
    targets = _pictures(high)
    inputs = _pictures(low) if isinstance(low, Path) else []
    stems: dict[str, list[Path]] = {}
    for path in inputs:
        stems.setdefault(path.stem, []).append(path)
    partners = [tuple(stems.get(path.stem) or stems.get(f"{path.stem}x2", ())) for path in targets]
    photos = _photos(high)
    found = [
        Candidate(index, path.name, path, partners[index], photos.get(path.name)) for index, path in enumerate(targets)
    ]
    paired = {path for several in partners for path in several}
    lonely = [path for path in inputs if path not in paired]
    return found + [Candidate(-1, path.name, None, (path,)) for path in lonely]


def load(candidate: Candidate, low: Low, *, gray_as_rgb: bool = False) -> Pair:
    """Read a pair, or read its target and make the rest; odd sides of the target lose their last row or column.

    Gray pictures are refused unless asked for as R = G = B. Raises InputError for a picture that cannot be read or
    is of another kind than 8-bit RGB, DataError for a missing partner and for sizes that are not 2:1.
    """
    if candidate.high is None:
        raise DataError(f"{candidate.name} has no target: put a picture of that name into the folder of targets")
    whole = _read(candidate.high, gray_as_rgb)
    rows, columns = whole.shape[:2]
    height, width = rows - rows % SCALE, columns - columns % SCALE
    if not (height and width):
        raise DataError(f"{candidate.name} is {rows}x{columns}: too small to be halved")
    target = np.ascontiguousarray(whole[:height, :width])
    if low == "bicubic":
        small = bicubic(target)
    elif low == "card":
        small = validation.degrade(target, candidate.index)
    else:
        small = _partner(candidate, gray_as_rgb)
        if small.shape[:2] != (height // SCALE, width // SCALE):
            raise DataError(
                f"{candidate.name} is {height}x{width}, its partner {small.shape[0]}x{small.shape[1]}: "
                "the target must be exactly twice as large"
            )
    return Pair(target, small, target.shape != whole.shape)


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise MissingInputError(f"{folder} is no folder; name one that holds pictures")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise MissingInputError(f"{folder} holds no picture ({', '.join(sorted(SUFFIXES))})")
    return found


def _photos(folder: Path) -> dict[str, str]:
    """What is known of the pictures' photographs; a `manifest.csv` of another kind says nothing of them."""
    try:
        return tileset.photographs(folder.resolve()) or {}
    except DataError:
        return {}


def _partner(candidate: Candidate, gray_as_rgb: bool) -> NDArray[np.uint8]:
    match candidate.low:
        case (path,):
            return _read(path, gray_as_rgb)
        case ():
            raise DataError(f"{candidate.name} has no partner: the folder of small pictures has none of that name")
        case several:
            names = ", ".join(path.name for path in several)
            raise DataError(f"{candidate.name} has {len(several)} partners ({names}): keep one")


def _read(path: Path, gray_as_rgb: bool) -> NDArray[np.uint8]:
    """The pixels of an 8-bit RGB picture."""
    pixels: NDArray[Any] = codec.read(path).pixels
    gray = pixels.ndim == 2
    if pixels.dtype != np.uint8:
        raise UnsupportedImageError(f"{path.name} has {8 * pixels.itemsize} bits a channel: figures are of 8-bit RGB")
    if not gray and pixels.shape[2] != 3:
        raise UnsupportedImageError(f"{path.name} has an alpha channel: figures are of 8-bit RGB, so remove it first")
    if gray and not gray_as_rgb:
        raise UnsupportedImageError(f"{path.name} is gray: figures are of RGB, ask for gray as RGB to measure it so")
    return np.repeat(pixels[:, :, None], 3, axis=2) if gray else pixels
