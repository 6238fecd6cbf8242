"""From a file to the pixels tiles are cut from: strictly decoded, upright, 8-bit sRGB; or the reason why not."""

import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from paragonsr.curate import rights, tiling
from paragonsr.curate.config import Curation
from paragonsr.curate.rights import Rights
from paragonsr.curate.sources import Photo
from paragonsr.errors import BrokenImageError, InputError, UnsupportedImageError
from paragonsr.imaging import decoding, formats
from paragonsr.imaging.formats import Format

_PALETTE_PNG = 3  # colour type in byte 25 (PNG third edition, 11.2.1)


class Refused(Exception):
    """A photograph that gives no tiles: a `reason` of one or two words, to be counted, and the `detail`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class Photograph(NamedTuple):
    """`pixels` uint8 [H, W, 3] in sRGB; the SHA-256 of the file; the rights stated in it."""

    pixels: NDArray[np.uint8]
    digest: str
    rights: Rights


def read(photo: Photo, config: Curation) -> Photograph:
    """The photograph in a file. Raises Refused.

    Deep pictures are rounded to 8 bits, opaque alpha is dropped, other colour spaces become sRGB. Refused are pictures
    without their full colours (palette, gray), those meant for print (CMYK) and those with transparency.
    """
    try:
        content = photo.read()
        if not content:
            raise Refused("empty", "the file holds nothing")
        with _on_disk(photo, content) as path:
            kind, image = _open(path)
            _check(kind, image, content, config)
            pixels, _ = decoding.pixels(path, kind, image)
            travelling = decoding.travelling(path, kind, image, colours=3, converted=False)
        pixels = _srgb(_eight_bits(_opaque(pixels)), travelling.icc)
    except BrokenImageError as error:
        raise Refused("broken", _plain(error, photo)) from error
    except UnsupportedImageError as error:
        raise Refused("unsupported", _plain(error, photo)) from error
    except InputError as error:
        raise Refused("unreadable", _plain(error, photo)) from error
    except MemoryError as error:
        raise Refused("memory", "there is not enough memory for it") from error
    return Photograph(pixels, hashlib.sha256(content).hexdigest(), rights.embedded(travelling))


@contextmanager
def _on_disk(photo: Photo, content: bytes) -> Iterator[Path]:
    if not photo.member:
        yield Path(os.fsdecode(photo.file))
        return
    with NamedTemporaryFile(prefix="paragonsr-") as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def _open(path: Path) -> tuple[Format, Any]:
    try:
        return decoding.open_header(path, first_frame=False)
    except UnsupportedImageError:
        decoding.open_header(path, first_frame=True)  # raises again unless it was the number of pictures
        raise Refused("animated", "holds more than one picture (an animation or several pages)") from None


def _check(kind: Format, image: Any, content: bytes, config: Curation) -> None:
    """Everything that can be refused before a pixel is decoded."""
    size = image.height, image.width
    if image.width * image.height > config.sources.max_pixels:
        raise Refused("too large", f"{image.width} x {image.height} pixels, allowed {config.sources.max_pixels:,}")
    if not tiling.sizes(*size, config.tiles):
        raise Refused("small", f"{image.width} x {image.height} pixels hold no tile of {config.tiles.size}")
    if kind is formats.GIF or (kind is formats.PNG and content[25] == _PALETTE_PNG):
        raise Refused("palette", "its colours are 256 at most")
    if image.interpretation == "cmyk":
        raise Refused("cmyk", "its colours are meant for print; convert it with care, or take the original")
    if image.bands < 3:
        raise Refused("gray", "it has no colours")


def _opaque(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.shape[2] == 4:
        if pixels[..., 3].min() < np.iinfo(pixels.dtype).max:
            raise Refused("transparent", "some of it can be seen through")
        pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels)


def _eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """16 bits rounded to 8: 65535 / 255 = 257."""
    return pixels if pixels.dtype == np.uint8 else ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _srgb(pixels: NDArray[np.uint8], icc: bytes | None) -> NDArray[np.uint8]:
    if icc is None:
        return pixels
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return pixels
        target = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(Image.fromarray(pixels), profile, target)
    except (OSError, ImageCms.PyCMSError) as error:
        raise Refused("broken", f"its colour profile cannot be used: {error}") from error
    assert picture is not None, "made anew, not in place"
    return np.asarray(picture)


def _plain(error: Exception, photo: Photo) -> str:
    """A message without the file it begins with, which the row names anyway, or a temporary one further on."""
    text = " ".join(str(error).partition(": ")[2].split())
    return re.sub(r"\S*paragonsr-\w+", lambda _: photo.name, text).encode("utf-8", "backslashreplace").decode()
