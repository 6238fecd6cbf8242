"""Rows of a picture on their way from the thread that makes them to the encoder, which takes them from the top.

libvips asks for pixels when it wants them, and only a file can be read as it grows. So the encoder is shown a TIFF file
that is not there: its header is made here, and what it reads behind that are the rows, as soon as they are made.
"""

import struct
import sys
from collections import deque
from threading import Condition
from typing import Any, cast

import numpy as np
import pyvips
from numpy.typing import NDArray

from paragonsr.imaging.tiles import Span

_STRIP = 16  # rows that libvips reads at once
_SHORT, _LONG, _LONG8 = 3, 4, 16
_ORDER, _MARK = ("<", b"II") if sys.byteorder == "little" else (">", b"MM")


class Abandoned(Exception):
    """The other side has given up; its own error says why."""


class Feed:
    """A picture of `shape` (HW or HWC, C = 1 to 4) and `dtype` (uint8 or uint16), of which a few rows are held.

    One thread makes bands of rows, from the top: it fills `room` and calls `send`. Another calls `image` and lets
    libvips work on it. With `ahead` one band is made while the encoder reads another, else they take turns. Two
    buffers serve for all bands. Who gives up calls `abandon`: then `room` and `send` raise Abandoned, libvips fails.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], *, ahead: bool = True) -> None:
        self.shape, self.dtype, self._ahead = shape, dtype, ahead
        self._header = _header(shape, dtype.itemsize)
        self._size = len(self._header) + int(np.prod(shape)) * dtype.itemsize
        self._buffers = [np.empty((0, *shape[1:]), dtype)] * 2
        self._made = self._place = self._read = 0
        self._unread = deque[memoryview]()
        self._abandoned = False
        self._changed = Condition()

    @property
    def nbytes(self) -> int:
        """Size of all pixels."""
        return self._size - len(self._header)

    def room(self, rows: Span) -> NDArray[Any]:
        """An array for these rows of the picture, the next ones; waits until it is free. Raises Abandoned."""
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or len(self._unread) <= self._ahead)
            self._check()
        turn = self._made % len(self._buffers)
        if len(self._buffers[turn]) < rows.length:
            self._buffers[turn] = np.empty((rows.length, *self.shape[1:]), self.dtype)
        self._made += 1
        self._filled = self._buffers[turn][: rows.length]
        return self._filled

    def send(self) -> None:
        """Give the room, now filled, to the encoder. Raises Abandoned."""
        with self._changed:
            self._check()
            self._unread.append(memoryview(self._filled.data).cast("B"))
            self._changed.notify_all()

    def abandon(self) -> None:
        """Wake the other side and let it fail."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def image(self) -> Any:
        """The libvips image, to be read once and from the top; nothing but pixels is in it."""
        self._source = pyvips.SourceCustom()  # held here: libvips' own reference does not keep the methods alive
        self._source.on_read(self._on_read)
        self._source.on_seek(self._on_seek)
        load = cast(Any, pyvips.Image).tiffload_source
        image = load(self._source, access="sequential", fail_on="warning").copy()
        for name in ("n-pages", "bits-per-sample", "orientation"):
            image.remove(name)
        return image

    def _check(self) -> None:
        if self._abandoned:
            raise Abandoned

    def _on_seek(self, offset: int, whence: int) -> int:
        self._place = offset + (0, self._place, self._size)[whence]
        return self._place

    def _on_read(self, length: int) -> bytes:
        """The bytes from here on; fewer than `length` only at the end of the header, of the picture, or of the work."""
        if self._place < len(self._header):
            found = self._header[self._place : self._place + length]
        else:
            found = self._take(min(length, self._size - self._place))
        self._place += len(found)
        return found

    def _take(self, length: int) -> bytes:
        """The next bytes of the picture, as soon as they are there."""
        assert self._place == len(self._header) + self._read, "rows are read once, one after the other"
        taken = bytearray()
        with self._changed:
            while len(taken) < length:
                self._changed.wait_for(lambda: self._abandoned or self._unread)
                if self._abandoned:
                    return b""
                band = self._unread[0]
                part = band[: length - len(taken)]
                taken += part
                if len(part) < len(band):
                    self._unread[0] = band[len(part) :]
                else:
                    self._unread.popleft()
                    self._changed.notify_all()
        self._read += length
        return bytes(taken)


def _header(shape: tuple[int, ...], depth: int) -> bytes:
    """What stands before the rows of an uncompressed BigTIFF of `depth` bytes for each value (TIFF 6.0, section 8)."""
    height, width, channels = (*shape, 1)[:3]
    row, strips = width * channels * depth, -(-height // _STRIP)
    lengths = np.full(strips, _STRIP * row, np.uint64)
    lengths[-1] = (height - _STRIP * (strips - 1)) * row
    alpha = [(338, _SHORT, [2])] if channels in (2, 4) else []
    entries: list[tuple[int, int, Any]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [8 * depth] * channels),
        (259, _SHORT, [1]),  # not compressed
        (262, _SHORT, [2 if channels > 2 else 1]),  # RGB, or gray whose 0 is black
        (273, _LONG8, lengths),  # where the strips are: made below
        (277, _SHORT, [channels]),
        (278, _LONG, [_STRIP]),
        (279, _LONG8, lengths),
        *alpha,  # not premultiplied
    ]
    behind = 16 + 8 + 20 * len(entries) + 8
    start = behind + (2 * 8 * strips if strips > 1 else 0)
    directory, values = struct.pack(f"{_ORDER}Q", len(entries)), b""
    for tag, kind, numbers in entries:
        if tag == 273:
            numbers = start + np.arange(strips, dtype=np.uint64) * np.uint64(_STRIP * row)
        data = np.asarray(numbers, {_SHORT: np.uint16, _LONG: np.uint32, _LONG8: np.uint64}[kind]).tobytes()
        if len(data) > 8:
            data, values = struct.pack(f"{_ORDER}Q", behind + len(values)), values + data
        directory += struct.pack(f"{_ORDER}HHQ", tag, kind, len(numbers)) + data.ljust(8, b"\0")
    return struct.pack(f"{_ORDER}2sHHHQ", _MARK, 43, 8, 0, 16) + directory + bytes(8) + values
