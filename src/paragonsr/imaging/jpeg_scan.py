"""Whether a JPEG's compressed data end exactly where its picture does.

A flipped bit inside a baseline scan is decoded to garbage without complaint: nothing in the data says where a block
should begin. But the decoder then nearly always loses its step, and needs more or fewer bits than there are. libjpeg
notices the surplus only when it looks for the end marker, which libvips never makes it do, and libvips looks at
libjpeg's warnings before each strip, so that those of the last strip are lost. Both are made up for here: the header
is made to promise one more row of blocks, and the strip is fetched before which libvips looks at the warnings of the
true last row. The data as they are must not have run dry there; without their last byte they must.
"""

import re
import struct
from functools import cache
from typing import NamedTuple

import numpy as np
import pyvips

_SCAN_END = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_END_MARKER = b"\xff\xd9"
_SEQUENTIAL_FRAMES = (0xC0, 0xC1)
_START_OF_SCAN = 0xDA


class _Scan(NamedTuple):
    """Where the picture's height stands, where the data begin and end, and the tallest sampling factor (1 to 4)."""

    height_at: int
    start: int
    end: int
    sampling: int


def is_in_step(data: bytes) -> bool:
    """False for a baseline JPEG of one scan whose data run dry before the picture's end or reach beyond it.

    True for every other kind (progressive ones are read to their end by libvips itself), and where the libvips at hand
    does not answer as expected for a sound picture: then there is no knowing.
    """
    scan = _locate(data)
    if scan is None or scan.sampling not in (1, 2) or not _is_telling(scan.sampling):
        return True
    return _ends_in_step(data, scan)


@cache
def _is_telling(sampling: int) -> bool:
    """Whether the method works with this libvips, tried on a sound picture and on twins too short and too long."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    image = pyvips.Image.new_from_memory(noise.tobytes(), 40, 40, 3, "uchar").copy(interpretation="srgb")
    data: bytes = image.jpegsave_buffer(Q=90, subsample_mode="off" if sampling == 1 else "on")
    scan = _locate(data)
    if scan is None or scan.sampling != sampling:
        return False
    short = data[: scan.end - 40] + _END_MARKER
    long = data[: scan.end] + data[scan.start : scan.start + 40] + _END_MARKER
    is_fooled = _ends_in_step(short, scan._replace(end=scan.end - 40)) or _ends_in_step(
        long, scan._replace(end=scan.end + 40)
    )
    return _ends_in_step(data, scan) and not is_fooled


def _ends_in_step(data: bytes, scan: _Scan) -> bool:
    rows = 8 * scan.sampling
    (height,) = struct.unpack_from(">H", data, scan.height_at)
    blocks = -(-height // rows)
    # libvips works in strips of 8 lines; fancy upsampling of 2x2 chroma decodes the next blocks for a block's last line
    line = rows * blocks if scan.sampling == 1 else rows * blocks - 8
    if rows * (blocks + 1) > 0xFFFF:
        return True
    taller = data[: scan.height_at] + struct.pack(">H", rows * (blocks + 1)) + data[scan.height_at + 2 :]
    shorter = taller[: scan.end - 1].removesuffix(b"\xff") + _END_MARKER
    return not _runs_dry(taller, line) and _runs_dry(shorter, line)


def _runs_dry(data: bytes, line: int) -> bool:
    try:
        image = pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="warning")
        pyvips.Region.new(image).fetch(0, line, image.width, 1)
    except pyvips.Error:
        return True
    return False


def _locate(data: bytes) -> _Scan | None:
    """The only scan of a sequential Huffman-coded JPEG; None for other kinds and for what cannot be parsed."""
    place, height_at, sampling, components = 2, 0, 0, 0
    try:
        while True:
            while data[place] == 0xFF:
                place += 1
            marker = data[place]
            if marker in _SEQUENTIAL_FRAMES:
                height_at, components = place + 4, data[place + 8]
                sampling = max(data[place + 10 + 3 * index] & 15 for index in range(components))
            (length,) = struct.unpack_from(">H", data, place + 1)
            if marker == _START_OF_SCAN:
                break
            place += 1 + length
    except (IndexError, ValueError, struct.error):
        return None
    if not height_at or data[place + 3] != components or (components == 1 and sampling > 1):
        return None
    start = place + 1 + length
    found = _SCAN_END.search(data, start)
    return _Scan(height_at, start, found.start() if found else len(data), sampling)
