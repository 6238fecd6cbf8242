"""EXIF in TIFF files, which libvips neither reads nor writes: the photograph's tags among the file's own."""

import struct
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

# ImageDescription, Make, Model, Software, DateTime, Artist, Copyright: what the main directory says of the photograph
_PHOTOGRAPH = frozenset({0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298})
_INNER = (0x8769, 0x8825)  # the Exif and GPS directories
_FAULTS = (OSError, SyntaxError, ValueError, KeyError, TypeError, OverflowError, struct.error)


def read(path: Path) -> bytes | None:
    """What a TIFF file says of the photograph, as EXIF; None where it says nothing or cannot be parsed."""
    exif = Image.Exif()
    try:
        with path.open("rb") as file:
            exif.load_from_fp(file)
            directory = _photograph(exif)
        return b"Exif\0\0II*\0\x08\0\0\0" + directory.tobytes(8) if len(directory) else None
    except _FAULTS:
        return None


def add(path: Path, exif: bytes) -> None:
    """Put EXIF into a little-endian classic TIFF just written; what cannot be parsed, and BigTIFF, is left without.

    A second directory with the first one's entries and the photograph's, in ascending order, is appended and the
    header pointed at it (TIFF 6.0, section 2).
    """
    parsed = Image.Exif()
    with path.open("r+b") as file:
        if file.read(4) != b"II*\0":
            return
        (first,) = struct.unpack("<L", file.read(4))
        file.seek(first)
        (count,) = struct.unpack("<H", file.read(2))
        present = _entries(count, file.read(12 * count))
        end = file.seek(0, 2)
        start = end + end % 2
        try:
            parsed.load(exif)
            block = _photograph(parsed).tobytes(start)
        except _FAULTS:
            return
        (count,) = struct.unpack_from("<H", block)
        entries = sorted((_entries(count, block[2:]) | present).items())
        padded = bytes(end % 2) + block + bytes(len(block) % 2)
        file.write(padded + struct.pack("<H", len(entries)) + b"".join(entry for _, entry in entries) + bytes(4))
        file.seek(4)
        file.write(struct.pack("<L", end + len(padded)))


def _photograph(exif: Image.Exif) -> ImageFileDirectory_v2:
    directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for tag in _PHOTOGRAPH & exif.keys():
        directory[tag] = exif[tag]
    for tag in _INNER:
        if tag in exif:
            directory[tag] = dict(exif.get_ifd(tag))
    return directory


def _entries(count: int, data: bytes) -> dict[int, bytes]:
    entries = (data[start : start + 12] for start in range(0, 12 * count, 12))
    return {struct.unpack_from("<H", entry)[0]: entry for entry in entries}
