"""From an array, or rows as they are made, to a picture file: libvips encodes strip by strip, without a copy."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyvips

from paragonsr.imaging import formats, metadata, png_chunks, tiff_exif
from paragonsr.imaging.feed import Feed
from paragonsr.imaging.formats import Format
from paragonsr.imaging.metadata import Metadata

_CLASSIC_TIFF_BYTES = 3_900_000_000
_MILLIMETRES_PER_INCH = 25.4
_LOSSLESS = 100


def encode(path: Path, pixels: np.ndarray | Feed, info: Metadata, kind: Format, quality: int | None) -> None:
    """Write the picture to `path`, whatever it is called; pyvips.Error when that fails. The same bytes from both.

    JPEG and AVIF without chroma subsampling; WebP lossless at quality 100; AVIF from uint16 in 12 bits. PNG and TIFF
    are lossless. All are compressed for speed and memory rather than to the last byte; AVIF alone needs some 30 bytes
    of memory for each pixel, WebP about 5, the others next to none.
    """
    quality = kind.quality if quality is None else quality
    deep = pixels.dtype == np.uint16
    options: dict[str, Any]
    match kind:
        case formats.JPEG:
            options = {"Q": quality, "subsample_mode": "off"}
        case formats.PNG:
            options = {"compression": 3, "filter": "paeth", "bitdepth": 16 if deep else 8}
        case formats.WEBP:
            options = {"Q": quality, "lossless": quality == _LOSSLESS, "exact": True}
        case formats.AVIF:
            bits = 12 if deep else 8
            options = {"Q": quality, "compression": "av1", "subsample_mode": "off", "bitdepth": bits, "effort": 1}
        case _:
            big = pixels.nbytes > _CLASSIC_TIFF_BYTES
            options = {"compression": "deflate", "predictor": "horizontal", "level": 3, "bigtiff": big}
    info = _resized(info, pixels.shape)
    image = _image(pixels, info)
    save = cast(Callable[..., None], getattr(image, kind.loader.replace("load", "save")))
    save(os.fsencode(path), keep=_kept(image), **options)
    if kind is formats.TIFF and info.exif:
        tiff_exif.add(path, info.exif)
    if kind is formats.PNG and info.text:
        png_chunks.add_texts(path, info.text)


def _resized(info: Metadata, shape: tuple[int, ...]) -> Metadata:
    size = shape[0], shape[1]
    return replace(info, exif=metadata.resized(info.exif, size), xmp=metadata.resized_xmp(info.xmp, size))


def _image(pixels: np.ndarray | Feed, info: Metadata) -> Any:
    """A libvips image over the array's own memory (C-contiguous), with everything that travels attached."""
    height, width, bands = (*pixels.shape, 1)[:3]
    deep = pixels.dtype == np.uint16
    gray = bands <= 2
    image: Any
    if isinstance(pixels, Feed):
        image = pixels.image()
    else:
        image = pyvips.Image.new_from_memory(pixels.data, width, height, bands, "ushort" if deep else "uchar")
    space = ("grey16" if deep else "b-w") if gray else ("rgb16" if deep else "srgb")
    xres, yres = (value / _MILLIMETRES_PER_INCH for value in info.dpi)
    image = image.copy(interpretation=space, xres=xres, yres=yres)
    blobs = {
        "icc-profile-data": metadata.fitting_profile(info.icc, 1 if gray else 3),
        "exif-data": info.exif,
        "xmp-data": info.xmp,
    }
    for name, blob in blobs.items():
        if blob is not None:
            image.set_type(pyvips.GValue.blob_type, name, blob)
    return image


def _kept(image: Any) -> int:
    """What libvips shall write: never an EXIF block of its own making."""
    keep = pyvips.ForeignKeep.ICC | pyvips.ForeignKeep.XMP
    return keep | pyvips.ForeignKeep.EXIF if image.get_typeof("exif-data") else keep
