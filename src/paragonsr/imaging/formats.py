"""The file formats a picture can come from and go to, and what each of them can hold.

A file's kind is told by its first bytes, never by its name: a PNG called `.jpg` is read as what it is.
"""

from dataclasses import dataclass
from pathlib import Path

from paragonsr.errors import OutputError

SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Format:
    """One format: `limit` is its longest side in pixels, `quality` its default (None: lossless)."""

    name: str
    loader: str
    suffixes: tuple[str, ...]
    limit: int = 1_000_000
    alpha: bool = True
    deep: bool = True
    quality: int | None = None


JPEG = Format("JPEG", "jpegload", (".jpg", ".jpeg"), limit=65_500, alpha=False, deep=False, quality=95)
PNG = Format("PNG", "pngload", (".png",))
WEBP = Format("WebP", "webpload", (".webp",), limit=16_383, deep=False, quality=90)
TIFF = Format("TIFF", "tiffload", (".tif", ".tiff"))
# libavif, and with it Pillow and the browsers, opens no side longer than this
AVIF = Format("AVIF", "heifload", (".avif",), limit=32_768, quality=90)
GIF = Format("GIF", "gifload", (".gif",), deep=False)  # read only

WRITABLE = (JPEG, PNG, WEBP, TIFF, AVIF)
READABLE = (*WRITABLE, GIF)
SUFFIXES = frozenset(suffix for kind in WRITABLE for suffix in kind.suffixes)
"""Suffixes, lower case, of the pictures that a folder is searched for: what can be read and written alike."""

_SIGNATURES = {
    b"\xff\xd8\xff": JPEG,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"II*\0": TIFF,
    b"MM\0*": TIFF,
    b"II+\0": TIFF,
    b"MM\0+": TIFF,
    b"GIF8": GIF,
}
_STRANGERS = {b"BM": "BMP", b"\xff\x0a": "JPEG XL", b"\0\0\0\x0cJXL ": "JPEG XL", b"8BPS": "Photoshop", b"%PDF": "PDF"}
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis")


def recognise(head: bytes) -> Format | None:
    """The format whose file begins with `head` (its first `SIGNATURE_BYTES`), or None."""
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return AVIF if _brands(head) & {b"avif", b"avis"} else None


def stranger(head: bytes) -> str | None:
    """The name of a picture format that is recognised only to be refused by it."""
    for signature, name in _STRANGERS.items():
        if head.startswith(signature):
            return name
    return "HEIC" if _brands(head) & set(_HEIC_BRANDS) else None


def is_avif_sequence(head: bytes) -> bool:
    """Whether an AVIF file announces itself as an animation."""
    return head[8:12] == b"avis"


def chosen(path: Path, name: str | None) -> Format:
    """The format to write: the one called `name`, else the one of the path's suffix; OutputError if it is unknown."""
    suffix = f".{name.lower().lstrip('.')}" if name else path.suffix.lower()
    for kind in WRITABLE:
        if suffix in kind.suffixes:
            return kind
    names = ", ".join(kind.name for kind in WRITABLE)
    raise OutputError(f"{path}: {suffix or 'a name without suffix'!r} is no format to write; choose one of {names}")


def _brands(head: bytes) -> set[bytes]:
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[start : start + 4] for start in (8, *range(16, end, 4))}
