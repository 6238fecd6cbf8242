"""Where data, weights and test sets lie; none of them is part of the program."""

import os
from pathlib import Path

from paragonsr.errors import AssetError

VARIABLE = "PARAGONSR_ASSETS"


def find(name: str) -> Path:
    """The file or folder `name` (`data/train`, say): as it is if absolute, else in the assets folder.

    That is `$PARAGONSR_ASSETS`, or `../shared` beside a checkout. Raises AssetError when it is not there.
    """
    root = os.environ.get(VARIABLE)
    path = (Path(root) if root else Path(__file__).parents[4] / "shared") / name
    if not path.exists():
        raise AssetError(f"{path} is not there; set {VARIABLE} to the folder that holds {name}")
    return path
