"""Where tiles lie: a centred grid on the photograph at each of its sizes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyvips
from numpy.typing import NDArray

from paragonsr.curate.config import Tiles

FIT = "fit"
_KERNEL = "mks2021"


class Place(NamedTuple):
    """A tile of a photograph: the name of its scale ("100", "fit"), and its upper left corner at that scale."""

    scale: str
    top: int
    left: int


def sizes(height: int, width: int, tiles: Tiles) -> dict[str, tuple[int, int]]:
    """The sizes (height, width) of a photograph that hold a tile, by the names of the scales, each size once."""
    found: dict[str, tuple[int, int]] = {}
    for name, factor in _factors(height, width, tiles):
        size = round(height * factor), round(width * factor)
        if min(size) >= tiles.size and size not in found.values():
            found[name] = size
    return found


def _factors(height: int, width: int, tiles: Tiles) -> Iterator[tuple[str, float]]:
    yield from ((f"{100 * factor:g}", factor) for factor in tiles.scales)
    if tiles.fit and min(height, width) >= tiles.size:
        yield FIT, tiles.size / min(height, width)


def grid(height: int, width: int, side: int) -> list[tuple[int, int]]:
    """The (top, left) of as many squares as fit side by side; what is left over is shared between the borders."""
    rows, columns = (range(length % side // 2, length - side + 1, side) for length in (height, width))
    return [(top, left) for top in rows for left in columns]


def places(height: int, width: int, tiles: Tiles) -> list[Place]:
    """Every tile of a photograph of that size, the scales in their order, each row by row."""
    return [
        Place(name, *corner) for name, size in sizes(height, width, tiles).items() for corner in grid(*size, tiles.size)
    ]


def cut(
    photograph: NDArray[np.uint8], tiles: Tiles, wanted: list[Place] | None = None
) -> Iterator[tuple[Place, NDArray[np.uint8]]]:
    """The tiles of a uint8 RGB photograph, all or those wanted, as views [size, size, 3] in the order of `places`."""
    height, width = photograph.shape[:2]
    among = None if wanted is None else frozenset(wanted)
    for name, size in sizes(height, width, tiles).items():
        here = [place for top, left in grid(*size, tiles.size) if (place := Place(name, top, left))]
        here = [place for place in here if among is None or place in among]
        if here:
            picture = reduce(photograph, size, linear=tiles.linear_light)
            for place in here:
                yield place, picture[place.top : place.top + tiles.size, place.left : place.left + tiles.size]


def reduce(photograph: NDArray[np.uint8], size: tuple[int, int], *, linear: bool) -> NDArray[np.uint8]:
    """A uint8 RGB photograph at a smaller size, by the antialiased Magic Kernel Sharp 2021 of libvips.

    Our own `imaging.resample` computes the same, exactly alike on every machine, in forty times the time. `linear`
    reduces light instead of sRGB's values.
    """
    height, width = photograph.shape[:2]
    if size == (height, width):
        return photograph
    image: Any = pyvips.Image.new_from_memory(np.ascontiguousarray(photograph).data, width, height, 3, "uchar")
    image = image.copy(interpretation="srgb")
    image = image.colourspace("scrgb") if linear else image
    image = image.reduce(width / size[1], height / size[0], kernel=_KERNEL)
    image = image.colourspace("srgb") if linear else image
    assert (image.height, image.width) == size, "libvips rounds sizes as we do"
    return np.frombuffer(image.write_to_memory(), np.uint8).reshape(*size, 3)
