"""From a picture file to an array: libvips decodes, strictly; what it cannot know is asked of the file itself."""

import logging
import os
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyvips

from paragonsr.errors import BrokenImageError, InputError, MissingInputError, UnsupportedImageError
from paragonsr.imaging import formats, jpeg_scan, metadata, png_chunks, tiff_exif
from paragonsr.imaging.formats import Format
from paragonsr.imaging.metadata import Metadata

# Whatever libvips reports there is raised here as an error with a name; left on, every corrupt file also prints a page.
logging.getLogger("pyvips").setLevel(logging.ERROR)
# Its cache of operations would keep the line buffers of pictures long finished, up to 100 MB of them.
pyvips.cache_set_max(0)

MAX_PIXELS = 1_000_000_000
_GRAY, _RGB, _CMYK = ("b-w", "grey16"), ("srgb", "rgb", "rgb16"), "cmyk"
_DTYPES = {"uchar": np.uint8, "ushort": np.uint16}
_MILLIMETRES_PER_INCH = 25.4


def open_header(path: Path, *, first_frame: bool) -> tuple[Format, Any]:
    """The format and the libvips image, of which only the header has been read; every refusal by kind is made here."""
    kind, animated = _recognise(path)
    try:
        load = getattr(pyvips.Image, kind.loader)
        image = load(cast(str, os.fsencode(path)), access="sequential", fail_on="warning")
        animated = animated or (image.get_typeof("n-pages") != 0 and image.get("n-pages") > 1)
    except pyvips.Error as error:
        raise _broken(path, kind, error) from error
    if animated and not first_frame:
        raise UnsupportedImageError(
            f"{path}: holds more than one picture (an animation or several pages); "
            "ask for its first frame alone (--first-frame)"
        )
    if image.width * image.height > MAX_PIXELS:
        raise UnsupportedImageError(
            f"{path}: promises {image.width} x {image.height} pixels; more than {MAX_PIXELS:,} are not read"
        )
    return kind, image


def orientation(image: Any) -> int:
    """The EXIF orientation, 1 to 8 (Exif 2.32, 4.6.4); 1 where none or none that is allowed is stated."""
    value = image.get("orientation") if image.get_typeof("orientation") else 1
    return value if 1 <= value <= 8 else 1


def pixels(path: Path, kind: Format, image: Any) -> tuple[np.ndarray, bool]:
    """The upright picture, HW or HWC, uint8 or uint16, and whether its colours had to be converted (CMYK to sRGB)."""
    if kind is formats.JPEG and not jpeg_scan.is_in_step(path.read_bytes()):
        raise BrokenImageError(f"{path}: is truncated or damaged: its data do not end where the picture does")
    converted = image.interpretation == _CMYK
    try:
        if converted:
            depth = 16 if image.format == "ushort" else 8
            image = image.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=depth)
        _refuse_exotic(path, image)
        memory = image.write_to_memory()
    except pyvips.Error as error:
        raise _broken(path, kind, error) from error
    shape = (image.height, image.width, image.bands)[: 2 if image.bands == 1 else 3]
    array = np.frombuffer(memory, _DTYPES[image.format]).reshape(shape)
    if kind is formats.AVIF and array.dtype == np.uint16:
        # libvips shifts 10 or 12 bits up and leaves zeros below them, so that white would not be white
        array = array | array >> image.get("bits-per-sample")
    return np.ascontiguousarray(_turned(array, orientation(image))), converted


def travelling(path: Path, kind: Format, image: Any, *, colours: int, converted: bool) -> Metadata:
    """The metadata of a picture whose pixels are already upright and, if `converted`, sRGB."""
    exif = tiff_exif.read(path) if kind is formats.TIFF else _field(image, "exif-data")
    dpi = (image.xres * _MILLIMETRES_PER_INCH, image.yres * _MILLIMETRES_PER_INCH)
    return Metadata(
        icc=None if converted else metadata.fitting_profile(_field(image, "icc-profile-data"), colours),
        exif=metadata.upright(exif),
        xmp=metadata.upright_xmp(_field(image, "xmp-data")),
        # one pixel per millimetre is how libvips says that the file states nothing
        dpi=Metadata().dpi if image.xres == image.yres == 1 else dpi,
        text=png_chunks.texts(path) if kind is formats.PNG else (),
        format=kind.name,
    )


def _recognise(path: Path) -> tuple[Format, bool]:
    """The format by signature, and whether the file says up front that it is an animation."""
    try:
        with path.open("rb") as file:
            head = file.read(formats.SIGNATURE_BYTES)
            kind = formats.recognise(head)
            animated = kind is formats.PNG and png_chunks.is_animated(file)
    except FileNotFoundError as error:
        raise MissingInputError(f"{path}: there is no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if kind is not None:
        return kind, animated or (kind is formats.AVIF and formats.is_avif_sequence(head))
    if not head:
        raise BrokenImageError(f"{path}: is empty")
    names = ", ".join(known.name for known in formats.READABLE)
    if stranger := formats.stranger(head):
        raise UnsupportedImageError(f"{path}: {stranger} files are not read; convert it to one of {names}")
    raise BrokenImageError(f"{path}: is no picture, or its beginning is damaged; known are {names}")


def _refuse_exotic(path: Path, image: Any) -> None:
    gray = image.interpretation in _GRAY and image.bands <= 2
    rgb = image.interpretation in _RGB and image.bands in (3, 4)
    if not (gray or rgb) or image.format not in _DTYPES:
        raise UnsupportedImageError(
            f"{path}: {image.bands} channels of {image.format} ({image.interpretation}) are not read; "
            "convert it to 8 or 16 bits, gray or RGB, with or without alpha"
        )


def _turned(array: np.ndarray, turn: int) -> np.ndarray:
    if turn >= 5:
        array = array.swapaxes(0, 1)
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


def _field(image: Any, name: str) -> bytes | None:
    return bytes(image.get(name)) if image.get_typeof(name) else None


def _broken(path: Path, kind: Format, error: pyvips.Error) -> BrokenImageError:
    reason = " ".join(str(error).split())
    return BrokenImageError(f"{path}: is truncated or damaged ({kind.name}): {reason}")
