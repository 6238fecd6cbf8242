"""Faces that are always shown: the astronaut, and those of a user's list."""

import csv
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from paragonsr.errors import DataError, MissingInputError

ASTRONAUT = "astronaut.webp"
"""Rows 0 to 240, columns 104 to 344 of scikit-image's astronaut: Eileen Collins, NASA, public domain."""


class Face(NamedTuple):
    """A picture's file and the middle of the face in it, in pixels; without one, models choose."""

    path: Path
    centre: tuple[int, int] | None


def astronaut() -> Face:
    """The face that comes with the program."""
    return Face(Path(str(files("paragonsr").joinpath("evaluate", "showcase", ASTRONAUT))), (120, 120))


def listed(path: Path) -> list[Face]:
    """The faces of a table (CSV): `file`, beside the table or absolute, and if known `x` and `y` of the face's middle.

    Raises MissingInputError when the table is not there, DataError for one without `file` or with half a middle.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as table:
            rows = csv.DictReader(table)
            if "file" not in (rows.fieldnames or ()):
                raise DataError(f"{path} has no column 'file': its first line must be file or file,x,y")
            return [_face(path, number, row) for number, row in enumerate(rows, start=2) if row["file"]]
    except OSError as error:
        raise MissingInputError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table of faces: {error}") from error


def _face(table: Path, line: int, row: dict[str, str]) -> Face:
    file, x, y = table.parent / row["file"], row.get("x"), row.get("y")
    if not x and not y:
        return Face(file, None)
    try:
        return Face(file, (int(y or ""), int(x or "")))
    except ValueError as error:
        raise DataError(f"{table}, line {line}: x and y must both be whole numbers of pixels") from error
