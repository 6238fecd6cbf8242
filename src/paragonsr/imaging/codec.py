"""Picture files: JPEG, PNG, WebP, TIFF and AVIF, gray or RGB, with or without alpha, 8 or 16 bits.

Reading is strict: what libjpeg and its kin only warn of is an error here. Pixels come out upright, CMYK and palettes
become RGB, one bit becomes eight, AVIF's 10 and 12 bits become 16. Writing never leaves half a file under the final
name, and never replaces a file unless that was asked for.
"""

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyvips

from paragonsr.errors import InputError, OutputError, OutputExistsError, OutputLimitError
from paragonsr.imaging import decoding, formats
from paragonsr.imaging.encoding import encode
from paragonsr.imaging.feed import Feed
from paragonsr.imaging.formats import SUFFIXES as SUFFIXES
from paragonsr.imaging.formats import Format
from paragonsr.imaging.metadata import Metadata as Metadata


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`pixels`: uint8 or uint16, HW (gray) or HWC with C = 2 (gray, alpha), 3 (RGB), 4 (RGB, alpha); straight alpha."""

    pixels: np.ndarray
    metadata: Metadata = field(default_factory=Metadata)

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        layout = len(shape) == 2 or (len(shape) == 3 and shape[2] in (2, 3, 4))
        if str(dtype) not in ("uint8", "uint16") or not layout or 0 in shape:
            raise InputError(f"a picture is uint8 or uint16, HW or HWC with 2 to 4 channels, not {dtype} {shape}")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def is_deep(self) -> bool:
        """Whether there are more than 8 bits per value."""
        return self.pixels.dtype == np.uint16

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.pixels.ndim == 3 and self.pixels.shape[2] in (2, 4)

    @property
    def is_transparent(self) -> bool:
        """Whether some pixel is not fully opaque."""
        return self.has_alpha and bool(self.pixels[..., -1].min() < np.iinfo(self.pixels.dtype).max)


def read(path: Path, *, first_frame: bool = False) -> Picture:
    """The picture in a file; of an animation or a file of several pages the first, if `first_frame`, else none.

    MissingInputError, BrokenImageError, UnsupportedImageError, or InputError with the system's reason.
    """
    kind, image = decoding.open_header(path, first_frame=first_frame)
    pixels, converted = decoding.pixels(path, kind, image)
    colours = 1 if pixels.ndim == 2 or pixels.shape[2] == 2 else 3
    return Picture(pixels, decoding.travelling(path, kind, image, colours=colours, converted=converted))


def size(path: Path, *, first_frame: bool = False) -> tuple[int, int]:
    """(height, width) of the upright picture, from the header alone; the errors are those of `read` for a header."""
    _, image = decoding.open_header(path, first_frame=first_frame)
    turned = decoding.orientation(image) >= 5
    return (image.width, image.height) if turned else (image.height, image.width)


def check_output(
    path: Path,
    *,
    size: tuple[int, int],
    format: str | None = None,  # noqa: A002
    overwrite: bool = False,
    picture: Picture | None = None,
    source: Path | None = None,
) -> None:
    """Refuse, before any work, what `write` would have to refuse after it; `size` (height, width) is the result's.

    `picture` is the picture read, or any of the same kind as the result; `source` the file it came from, which is
    never written over. OutputError, OutputExistsError or OutputLimitError.
    """
    kind = formats.chosen(path, format)
    _check_place(path, overwrite=overwrite, source=source)
    if max(size) > kind.limit:
        wider = _others(kind, lambda other: max(size) <= other.limit)
        raise OutputLimitError(
            f"{path}: {size[1]} x {size[0]} pixels are too many for {kind.name}, whose sides end at {kind.limit:,}; "
            f"choose {wider}"
        )
    if picture is not None:
        _check_kind(path, kind, picture)


def write(
    path: Path,
    picture: Picture,
    *,
    format: str | None = None,  # noqa: A002
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a picture in the format called `format`, else that of the path's suffix.

    `quality` 1 to 100; by default JPEG 95, WebP and AVIF 90; PNG and TIFF are lossless and ignore it. The file
    appears under its name at once and whole, or not at all. The errors are those of `check_output`, and OutputError
    with the system's reason (a full disk, no permission).
    """
    check_output(path, size=picture.size, format=format, overwrite=overwrite, picture=picture)
    kind = formats.chosen(path, format)
    pixels = np.ascontiguousarray(fitting(picture, path, format).pixels)
    _save(path, pixels, picture.metadata, kind, quality, overwrite=overwrite)


def write_rows(
    path: Path,
    rows: Feed,
    metadata: Metadata,
    *,
    format: str | None = None,  # noqa: A002
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Like `write`, for rows that another thread makes meanwhile; the file is the same, byte for byte.

    `check_output` and `fitting` are for the caller: here it would be late for them. When this fails the rows are
    abandoned, and when they are abandoned it fails; no file gets its name then.
    """
    try:
        _save(path, rows, metadata, formats.chosen(path, format), quality, overwrite=overwrite)
    finally:
        rows.abandon()


def fitting(picture: Picture, path: Path, format: str | None = None) -> Picture:  # noqa: A002
    """The picture without alpha where its format knows none; `check_output` has refused one that would be missed."""
    if not picture.has_alpha or formats.chosen(path, format).alpha:
        return picture
    pixels = picture.pixels
    return replace(picture, pixels=pixels[..., 0] if pixels.shape[2] == 2 else pixels[..., :3])


def _save(
    path: Path, pixels: np.ndarray | Feed, metadata: Metadata, kind: Format, quality: int | None, *, overwrite: bool
) -> None:
    """Write aside, then give the name."""
    if quality is not None and not 1 <= quality <= 100:
        raise OutputError(f"{path}: quality is 1 to 100, not {quality}")
    temporary = path.with_name(f".paragonsr-{secrets.token_hex(8)}.tmp")
    try:
        encode(temporary, pixels, metadata, kind, quality)
        _publish(temporary, path, overwrite=overwrite)
    except pyvips.Error as error:
        raise OutputError(f"{path}: cannot be written: {_reason(error)}") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _reason(error: pyvips.Error) -> str:
    """The system's own words in libvips' report of a failed write, else all of it without the temporary file's name."""
    text = str(error)
    spoken = re.findall(r"system error: (?!Unknown)(.+)", text)
    return spoken[0] if spoken else " ".join(re.sub(r"\S*\.paragonsr-\w+\.tmp\S*", "", text).split())


def _check_place(path: Path, *, overwrite: bool, source: Path | None) -> None:
    try:
        if source is not None and path.exists() and path.samefile(source):
            raise OutputExistsError(f"{path}: is the input itself, which is never written over; choose another name")
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; name a file")
        if os.path.lexists(path) and not overwrite:
            raise OutputExistsError(f"{path}: is there already; remove it or ask to overwrite")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: cannot be written: there is no folder {path.parent}")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: cannot be written: no permission to write in {path.parent}")


def _check_kind(path: Path, kind: Format, picture: Picture) -> None:
    if picture.is_deep and not kind.deep:
        names = _others(kind, lambda other: other.deep)
        raise OutputError(f"{path}: {kind.name} holds 8 bits, the picture has 16; choose {names}")
    if not kind.alpha and picture.is_transparent:
        names = _others(kind, lambda other: other.alpha and (other.deep or not picture.is_deep))
        raise OutputError(f"{path}: {kind.name} knows no transparency, which the picture has; choose {names}")


def _others(kind: Format, fits: Callable[[Format], bool]) -> str:
    return " or ".join(other.name for other in formats.WRITABLE if other is not kind and fits(other))


def _publish(temporary: Path, path: Path, *, overwrite: bool) -> None:
    """Give the finished file its name; a link, unlike a rename, fails if another file has meanwhile taken that name."""
    if not overwrite:
        try:
            os.link(temporary, path)
            return
        except FileExistsError as error:
            raise OutputExistsError(f"{path}: is there already; remove it or ask to overwrite") from error
        except OSError:  # a file system without hard links: FAT, some network folders
            if os.path.lexists(path):
                raise OutputExistsError(f"{path}: is there already; remove it or ask to overwrite") from None
    temporary.replace(path)
