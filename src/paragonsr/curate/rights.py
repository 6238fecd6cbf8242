"""Who made a photograph and under what licence it may be used: from a table beside it, or from the file itself."""

import csv
import fnmatch
import io
import re
import warnings
from collections.abc import Iterable
from typing import NamedTuple

from PIL import Image

from paragonsr.imaging.metadata import Metadata

_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_EXIF_FAULTS = (OSError, SyntaxError, ValueError, KeyError, TypeError, OverflowError)
_LICENCE_TAGS = (rb"cc:license", rb"xmpRights:WebStatement", rb"dc:rights", rb"xmpRights:UsageTerms")


class Rights(NamedTuple):
    """A licence in its holder's words, an author, and where the photograph came from; empty where nothing is said."""

    licence: str = ""
    author: str = ""
    origin: str = ""


def sidecar(text: bytes) -> dict[str, Rights]:
    """The rows of a sidecar table by their `file`; nothing of a table without the columns `file` and `licence`."""
    rows = csv.DictReader(io.StringIO(text.decode("utf-8-sig", errors="replace")))
    if not {"file", "licence"} <= set(rows.fieldnames or ()):
        return {}
    return {row["file"]: Rights(_cell(row, "licence"), _cell(row, "author"), _origin(row)) for row in rows}


def embedded(metadata: Metadata) -> Rights:
    """The licence in XMP (Creative Commons, xmpRights, Dublin Core), else EXIF's Copyright; author: EXIF's Artist."""
    artist = copyright_ = ""
    if metadata.exif:
        exif = Image.Exif()
        try:
            with warnings.catch_warnings(action="ignore"):
                exif.load(metadata.exif)
                artist, copyright_ = _text(exif.get(_ARTIST)), _text(exif.get(_COPYRIGHT))
        except _EXIF_FAULTS:
            pass  # damaged tags say nothing; the pixels are none the worse
    return Rights(_xmp(metadata.xmp or b"") or copyright_, artist)


def is_allowed(licence: str, patterns: Iterable[str]) -> bool:
    """Whether a licence matches one of the patterns, whatever its case."""
    return any(fnmatch.fnmatchcase(licence.lower(), pattern.lower()) for pattern in patterns)


def _xmp(xmp: bytes) -> str:
    """The first licence that is stated, as attribute, resource, text or the first of a list of languages."""
    for tag in _LICENCE_TAGS:
        for form in (
            rb"<" + tag + rb"[^>]*rdf:resource\s*=\s*[\"']([^\"']+)",
            tag + rb"\s*=\s*[\"']([^\"']+)",
            rb"<" + tag + rb"[^>]*>(?:\s|<(?!/" + tag + rb")[^>]*>)*([^<]+?)\s*<",
        ):
            if found := re.search(form, xmp):
                return found.group(1).decode("utf-8", errors="replace").strip()
    return ""


def _text(value: object) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""


def _cell(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()


def _origin(row: dict[str, str]) -> str:
    return _cell(row, "source") or " ".join(filter(None, (_cell(row, "source_repo"), _cell(row, "source_path"))))
