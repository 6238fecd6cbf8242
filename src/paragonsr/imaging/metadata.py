"""What travels with a picture besides its pixels: colour profile, EXIF, XMP, resolution, comments.

EXIF is edited in place, entry by entry, so that maker notes and unknown tags keep their offsets.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

_PREFIX = b"Exif\0\0"
_ORDERS = {b"II": "<", b"MM": ">"}
_ORIENTATION, _WIDTH, _LENGTH = 0x0112, 0x0100, 0x0101
_EXIF_DIRECTORY, _PIXEL_X, _PIXEL_Y = 0x8769, 0xA002, 0xA003
_LONG = 4
_PROFILE_SPACES = {1: b"GRAY", 3: b"RGB "}


@dataclass(frozen=True, slots=True)
class Metadata:
    """`icc`, `exif` (upright, its thumbnail unlinked) and `xmp` as bytes; `dpi` as (x, y).

    `text` is PNG's alone: (chunk name, content) pairs, untouched.
    `format` is the name of the format the picture was read from, None for a picture that was computed.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] = (72.0, 72.0)
    text: tuple[tuple[bytes, bytes], ...] = ()
    format: str | None = None


def upright(exif: bytes | None) -> bytes | None:
    """EXIF of a picture whose pixels have been turned: orientation 1, no thumbnail. None where it cannot be parsed."""
    return _edited(exif, {_ORIENTATION: 1}, {}, unlink_thumbnail=True)


def resized(exif: bytes | None, size: tuple[int, int]) -> bytes | None:
    """EXIF with the sizes it states replaced by `size` (height, width). A size it did not state is not added."""
    height, width = size
    return _edited(exif, {_LENGTH: height, _WIDTH: width}, {_PIXEL_Y: height, _PIXEL_X: width})


def upright_xmp(xmp: bytes | None) -> bytes | None:
    """XMP that no longer asks for the turn the pixels have already made."""
    return None if xmp is None else _replaced(xmp, rb"tiff:Orientation", 1)


def resized_xmp(xmp: bytes | None, size: tuple[int, int]) -> bytes | None:
    """XMP with the sizes it states replaced by `size` (height, width)."""
    if xmp is None:
        return None
    height, width = size
    xmp = _replaced(xmp, rb"(?:tiff:ImageLength|exif:PixelYDimension)", height)
    return _replaced(xmp, rb"(?:tiff:ImageWidth|exif:PixelXDimension)", width)


def fitting_profile(icc: bytes | None, colours: int) -> bytes | None:
    """The ICC profile if it is for pictures of that many colours (1 gray, 3 RGB): ICC.1 7.2.6, bytes 16 to 19."""
    return icc if icc is not None and icc[16:20] == _PROFILE_SPACES[colours] else None


def _replaced(xmp: bytes, name: bytes, value: int) -> bytes:
    """Both notations of RDF: an attribute `name="6"` and an element `<name>6<`."""
    return re.sub(rb"(" + name + rb"\s*(?:=\s*[\"']|>)\s*)\d+", rb"\g<1>%d" % value, xmp)


def _edited(
    exif: bytes | None, main: Mapping[int, int], inner: Mapping[int, int], *, unlink_thumbnail: bool = False
) -> bytes | None:
    """EXIF with values of present tags replaced in its main (IFD0) and inner (Exif IFD) directories."""
    if not exif:
        return None
    data = bytearray(exif.removeprefix(_PREFIX))
    try:
        order = _ORDERS[bytes(data[:2])]
        entries, end = _directory(data, order, struct.unpack_from(order + "L", data, 4)[0])
        _replace(data, order, entries, main)
        if _EXIF_DIRECTORY in entries:
            (start,) = struct.unpack_from(order + "L", data, entries[_EXIF_DIRECTORY] + 8)
            _replace(data, order, _directory(data, order, start)[0], inner)
        if unlink_thumbnail:
            struct.pack_into(order + "L", data, end, 0)
    except (KeyError, struct.error):
        return None
    return _PREFIX + bytes(data)


def _directory(data: bytearray, order: str, start: int) -> tuple[dict[int, int], int]:
    """Where each tag's 12-byte entry lies, and where the link to the next directory does (TIFF 6.0, section 2)."""
    (count,) = struct.unpack_from(order + "H", data, start)
    places = range(start + 2, start + 2 + 12 * count, 12)
    return {struct.unpack_from(order + "H", data, place)[0]: place for place in places}, places.stop


def _replace(data: bytearray, order: str, entries: Mapping[int, int], values: Mapping[int, int]) -> None:
    for tag, value in values.items():
        if tag in entries:
            kind, content = (3, "HH") if tag == _ORIENTATION else (_LONG, "L")
            numbers = (value, 0) if tag == _ORIENTATION else (value,)
            struct.pack_into(f"{order}HL{content}", data, entries[tag] + 2, kind, 1, *numbers)
