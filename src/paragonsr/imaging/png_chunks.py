"""The chunks of a PNG file that libvips does not bring over as they are: its texts, and the mark of an animation."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# what libvips reads, and writes in its own way (EXIF and XMP once hid in texts)
_OTHERWISE_KEPT = (b"XML:com.adobe.xmp\0", b"Raw profile type ")
_END = b"IEND"
_SIGNATURE_BYTES = 8
_LONGEST_TEXT = 1 << 20


def is_animated(file: BinaryIO) -> bool:
    """Whether an acTL chunk stands before the first IDAT (PNG third edition, 11.3.6.1)."""
    for name, _ in _chunks(file):
        if name in (b"acTL", b"IDAT"):
            return name == b"acTL"
    return False


def texts(path: Path) -> tuple[tuple[bytes, bytes], ...]:
    """The text chunks of up to a megabyte, as (name, content), untouched: nobody need guess their encoding."""
    found: list[tuple[bytes, bytes]] = []
    with path.open("rb") as file:
        for name, length in _chunks(file):
            if name in _TEXTS and length <= _LONGEST_TEXT:
                content = file.read(length)
                if not content.startswith(_OTHERWISE_KEPT):
                    found.append((name, content))
    return tuple(found)


def add_texts(path: Path, chunks: tuple[tuple[bytes, bytes], ...]) -> None:
    """Put text chunks into a PNG just written, before its end, where they may stand (PNG third edition, 5.6)."""
    with path.open("r+b") as file:
        file.seek(-12, 2)
        for name, content in (*chunks, (_END, b"")):
            file.write(len(content).to_bytes(4, "big") + name + content)
            file.write(zlib.crc32(name + content).to_bytes(4, "big"))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and length of each chunk, the file standing at its content."""
    place = _SIGNATURE_BYTES
    file.seek(place)
    while len(head := file.read(8)) == 8 and head[4:] != _END:
        length = int.from_bytes(head[:4], "big")
        yield head[4:], length
        place += length + 12
        file.seek(place)
