"""Tiles: which part of a picture to compute next, and how much around it must be seen for that.

A tile keeps a *core* and reads a *window* around it. Where the picture ends, the window ends too: what
lies beyond is for the network to pad, exactly as it pads the whole picture, so that tiles and whole agree
there as well.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open interval of pixels along one axis."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of pixels."""
        return self.stop - self.start


class Box(NamedTuple):
    """Rectangle of pixels."""

    rows: Span
    columns: Span

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.rows.length * self.columns.length

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the rectangle in an array whose first two axes are rows and columns."""
        return slice(*self.rows), slice(*self.columns)

    def scaled(self, scale: int) -> "Box":
        """The same rectangle in a picture enlarged `scale` times."""
        return Box(*(Span(span.start * scale, span.stop * scale) for span in self))

    def within(self, outer: "Box") -> "Box":
        """The same rectangle counted from the upper left corner of `outer`."""
        return Box(
            *(Span(a.start - b.start, a.stop - b.start) for a, b in zip(self, outer, strict=True)),
        )


class Tile(NamedTuple):
    """A rectangle to keep and the rectangle that must be read for it, both in input pixels."""

    core: Box
    window: Box


def whole(height: int, width: int) -> Box:
    """The rectangle of a complete picture."""
    return Box(Span(0, height), Span(0, width))


def cut(
    core: Box, picture: Box, size: int, context: int, align: int = 1, *, width: int | None = None
) -> Iterator[Tile]:
    """Tiles whose cores part `core` and are at most `size` pixels high and `width` (None: `size`) wide, row by row.

    Each window holds its core and `context` pixels on every side, as far as the picture reaches. All
    windows have one shape (a runtime plans its memory once per shape): one that would leave the picture
    is moved inside. With `align` > 1 windows begin at multiples of it, for networks that halve the
    picture inside and are exact only for such shifts; then those at the far border may be up to `align` -
    1 pixels larger.
    """
    width = size if width is None else width
    if min(size, width) < 1 or context < 0 or align < 1:
        raise ValueError(f"size {size}, {width} and align {align} must be positive, context {context} not negative")
    for rows in _cut_axis(core.rows, picture.rows.stop, size, context, align):
        for columns in _cut_axis(core.columns, picture.columns.stop, width, context, align):
            yield Tile(*(Box(*pair) for pair in zip(rows, columns, strict=True)))


def _cut_axis(core: Span, end: int, size: int, context: int, align: int) -> list[tuple[Span, Span]]:
    """(core, window) pairs along one axis of `end` pixels."""
    count = -(-core.length // size)
    step = -(-core.length // count)
    length = -(-(step + 2 * context + align - 1) // align) * align
    pairs: list[tuple[Span, Span]] = []
    for start in range(core.start, core.stop, step):
        first = min(max(start - context, 0), max(end - length, 0)) // align * align
        last = end if end - (first + length) < align else first + length
        pairs.append((Span(start, min(start + step, core.stop)), Span(first, last)))
    return pairs
