"""Reading the small tables of numbers (.npz) that the formulas were fitted to."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import ModelError


def load(path: Path, shapes: Mapping[str, tuple[int | None, ...]]) -> dict[str, NDArray[np.float64]]:
    """The arrays of an .npz, as float64. `shapes` names those it must hold; None stands for any length.

    Raises ModelError naming what is missing, unexpected, of another shape or not finite.
    """
    try:
        with np.load(path, allow_pickle=False) as opened:
            table = {name: np.asarray(opened[name], np.float64) for name in opened.files}
    except (OSError, ValueError, BadZipFile, AttributeError) as error:
        raise ModelError(f"{path}: cannot be read as a table of numbers (.npz): {error}") from error
    faults = [f"{name} is missing" for name in shapes.keys() - table.keys()]
    faults += [f"{name} is unexpected" for name in table.keys() - shapes.keys()]
    for name in shapes.keys() & table.keys():
        shape, expected = table[name].shape, shapes[name]
        if len(shape) != len(expected) or any(b not in (None, a) for a, b in zip(shape, expected, strict=True)):
            faults.append(f"{name} has the shape {shape}")
        elif not np.isfinite(table[name]).all():
            faults.append(f"{name} is not finite")
    if faults:
        raise ModelError(f"{path}: is not the table expected here: {', '.join(sorted(faults))}")
    return table
