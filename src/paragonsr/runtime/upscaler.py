"""Pictures in, larger pictures out: the one class most users need."""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import InputError, ModelError
from paragonsr.imaging.alpha import bleed
from paragonsr.imaging.kernels import BILINEAR
from paragonsr.imaging.resample import resample
from paragonsr.imaging.tiles import Box, Span, Tile, cut, whole
from paragonsr.runtime import catalogue, conversion
from paragonsr.runtime.session import Session

Progress = Callable[[int, int], None]
"""Called with (input pixels done, input pixels in all) after each tile."""

Room = Callable[[Span], NDArray[Any]]
"""Called with the rows of the result that are made next; gives the array they go into."""

TILE = 384
"""Side of a tile's core, input pixels: from here on larger tiles are hardly faster, and memory stays small."""

NARROWEST = 96
"""Tiles are not made narrower than this to keep every lane busy: what must be seen around them would cost more."""

SMALLEST_TILE = 32
"""Tiles are not halved below this when memory runs out."""

_FOREIGN_ALIGN = 16  # tiles of unknown networks begin at multiples of this: they may halve the picture four times
_DTYPES = ("uint8", "uint16", "float32")

_log = logging.getLogger("paragonsr")


class Upscaler:
    """Enlarges pictures with one model, tile by tile; may be called from several threads; closes as a context.

    `model` is the name of a built-in model or the path of an ONNX file, `provider` one of
    `engine.CHOICES`, `tile` the side of a tile in input pixels ("whole" or 0: no tiles; None: chosen
    here), `threads` the number of processor cores used (None: all this process may use). Tiles and whole
    pictures give the same result; tiles need memory for the picture, the result and one tile for each lane of the
    session, as so many are computed at once.

    Raises ModelError and ProviderError as `Session` does.
    """

    def __init__(
        self,
        model: str | Path = catalogue.DEFAULT,
        *,
        provider: str = "auto",
        tile: int | Literal["whole"] | None = None,
        threads: int | None = None,
    ) -> None:
        if tile is not None and tile != "whole" and tile < 0:
            raise ValueError(f"tile is a number of pixels (0: none) or 'whole', not {tile!r}")
        in_tiles = tile not in ("whole", 0)
        self.session = Session(catalogue.find(model), provider=provider, threads=threads, abreast=in_tiles)
        self.tile = self._tile(tile)

    @property
    def scale(self) -> int:
        """How many times wider and higher the result is."""
        return self.session.scale

    def __call__(self, image: NDArray[Any], *, progress: Progress | None = None) -> NDArray[Any]:
        """Enlarge HW or HWC (1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha) of uint8, uint16 or float32.

        The result has the same type and number of channels. float32 is taken and given in [0, 1]
        (clipped). A picture whose three channels are equal everywhere gives one whose channels are equal.
        Alpha is enlarged bilinearly, so that it stays exactly 0 and exactly full where it is; colours
        under fully transparent pixels are replaced by their visible neighbours' first.

        Raises TypeError for what is no such array, ValueError for an empty one, InputError for floats
        that are not finite or far outside [0, 1], MemoryError when even the smallest tile does not fit.
        """
        _check(image)
        result = np.empty((image.shape[0] * self.scale, image.shape[1] * self.scale, *image.shape[2:]), image.dtype)
        for _ in self._bands(image, lambda rows: result[slice(*rows)], progress):
            pass
        return result

    def bands(self, image: NDArray[Any], room: Room, *, progress: Progress | None = None) -> Iterator[Span]:
        """The same from the top, one row of tiles after the other, into arrays that `room` gives; the rows now filled.

        For results that nobody wants to hold whole. The arrays are C-contiguous, with the type and the channels of the
        picture.
        """
        _check(image)
        return self._bands(image, room, progress)

    def close(self) -> None:
        """Give the model's memory back."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tile(self, tile: int | str | None) -> int:
        """The side to use; 0 for the whole picture at once."""
        side = TILE if tile is None else 0 if tile == "whole" else int(tile)
        if side and self.session.radius is None:
            if tile is not None:
                raise ModelError(
                    f"{self.session.path}: looks at the whole picture, so it cannot work in tiles; take tile 0"
                )
            return 0
        return side

    def _bands(self, image: NDArray[Any], room: Room, progress: Progress | None) -> Iterator[Span]:
        """Row of tiles after row of tiles."""
        source, alpha = _parted(image)
        picture = whole(*source.shape[:2])
        size = self.tile or max(source.shape)
        done = 0

        def advance(pixels: int) -> None:
            nonlocal done
            done += pixels
            if progress:
                progress(done, picture.area)

        with ThreadPoolExecutor(self.session.lanes, "tiles") as pool:
            for rows, tiles in groupby(self._cut([picture], picture, size), lambda tile: tile.core.rows):
                target = Span(rows.start * self.scale, rows.stop * self.scale)
                band = room(target)
                band = band[:, :, None] if band.ndim == 2 else band
                enlarge = partial(self._enlarge_tile, source, alpha, target.start, band)
                cores = [tile.core for tile in tiles]
                while cores:
                    cores, error = self._fill(enlarge, self._cut(cores, picture, size), pool, advance)
                    size = self._halved(size, error) if error else size
                yield target

    def _fill(
        self,
        enlarge: Callable[[Tile], None],
        tiles: Sequence[Tile],
        pool: ThreadPoolExecutor,
        advance: Callable[[int], None],
    ) -> tuple[list[Box], MemoryError | None]:
        """Tile after tile, as many at once as there are lanes; what is left when memory runs out, and the error."""
        left = [tile.core for tile in tiles]
        try:
            with closing(_each(enlarge, tiles, pool if self.session.lanes > 1 else None)) as finished:
                for _ in finished:
                    advance(left.pop(0).area)
        except MemoryError as error:
            return left, error
        return left, None

    def _halved(self, size: int, error: MemoryError) -> int:
        """Half as large tiles; raises the error where they cannot be smaller."""
        if size < 2 * SMALLEST_TILE or self.session.radius is None:
            raise error
        _log.warning("not enough memory: going on with tiles of %d pixels", size // 2)
        return size // 2

    def _cut(self, cores: list[Box], picture: Box, size: int) -> list[Tile]:
        """The tiles of these parts of the picture; as many beside each other as keep all lanes busy."""
        context, align = self.session.radius or 0, 1 if self.session.card else _FOREIGN_ALIGN
        length, lanes = picture.columns.length, self.session.lanes
        abreast = -(-length // size)
        abreast = -(-abreast // lanes) * lanes
        width = max(-(-length // abreast), min(size, NARROWEST))
        return [tile for core in cores for tile in cut(core, picture, size, context, align, width=width)]

    def _enlarge_tile(
        self, source: NDArray[Any], alpha: NDArray[Any] | None, top: int, band: NDArray[Any], tile: Tile
    ) -> None:
        """Fill the part of `band`, the result's rows from `top` on, that is the tile's core."""
        inner, (place, across) = tile.core.within(tile.window), tile.core.scaled(self.scale)
        target = band[place.start - top : place.stop - top, slice(*across)]
        rows, columns = inner.scaled(self.scale).slices
        colours = band.shape[2] - (alpha is not None)
        planes = np.empty((1, 3, tile.window.rows.length, tile.window.columns.length), np.float32)
        conversion.to_planes(source[tile.window.slices], planes[0])
        made = self.session.run(planes)[0, :, rows, columns]
        if source.shape[2] == 1:
            made = made.mean(axis=0, keepdims=True)
        conversion.to_pixels(made, target[:, :, :colours])
        if alpha is not None:
            target[:, :, colours] = self._enlarge_alpha(alpha, tile)

    def _enlarge_alpha(self, alpha: NDArray[Any], tile: Tile) -> NDArray[Any]:
        """The tile's part of the enlarged alpha: bilinear, which overshoots nowhere."""
        (window,) = cut(tile.core, whole(*alpha.shape), max(alpha.shape), context=1)
        part = alpha[window.window.slices]
        rows, columns = part.shape
        large = resample(part, (rows * self.scale, columns * self.scale), BILINEAR)
        return large[window.core.within(window.window).scaled(self.scale).slices]


def upscale(
    image: NDArray[Any],
    model: str | Path = catalogue.DEFAULT,
    *,
    provider: str = "auto",
    tile: int | Literal["whole"] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> NDArray[Any]:
    """Enlarge one picture; see `Upscaler`, which is faster for several."""
    with Upscaler(model, provider=provider, tile=tile, threads=threads) as upscaler:
        return upscaler(image, progress=progress)


def _each(enlarge: Callable[[Tile], None], tiles: Sequence[Tile], pool: ThreadPoolExecutor | None) -> Generator[None]:
    """Tile after tile, in a pool several at once; those not begun when this is closed are never begun."""
    yield from pool.map(enlarge, tiles) if pool else map(enlarge, tiles)


def _check(image: Any) -> None:
    """Raise unless this is a picture `Upscaler` takes."""
    if not isinstance(image, np.ndarray):
        raise TypeError(f"a picture is a NumPy array, not {type(image).__name__}")
    pixels = cast("NDArray[Any]", image)
    if pixels.dtype.name not in _DTYPES:
        raise TypeError(f"pictures are {', '.join(_DTYPES)}, not {pixels.dtype}")
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 2, 3, 4)):
        raise TypeError(f"a picture is HW or HWC with 1 to 4 channels, not {pixels.shape}")
    if pixels.size == 0:
        raise ValueError(f"the picture is empty: {pixels.shape}")
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())  # NaN comes through both
        if not (low >= -0.5 and high <= 1.5):
            raise InputError(f"the picture's values go from {low:g} to {high:g}; floats must be within [0, 1]")


def _parted(image: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The colours, HW1 if they are gray, else HW3, and alpha, HW or None."""
    pixels = image[:, :, None] if image.ndim == 2 else image
    channels = pixels.shape[2]
    colours = channels - 1 + channels % 2
    source = pixels[:, :, :colours]
    alpha = pixels[:, :, colours] if channels > colours else None
    if alpha is not None:
        source = bleed(source, alpha)
    return source[:, :, :1] if _is_gray(source) else source, alpha


def _is_gray(pixels: NDArray[Any]) -> bool:
    """Whether all channels of HWC are equal everywhere; stops at the first row band where they are not."""
    bands = (pixels[start : start + 64] for start in range(0, pixels.shape[0], 64))
    return all((band == band[:, :, :1]).all() for band in bands)
