"""Which photographs there are: files in folders and archives, each with what is said of its rights."""

import hashlib
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from paragonsr.curate import rights
from paragonsr.curate.config import Sources
from paragonsr.curate.rights import Rights
from paragonsr.errors import BrokenImageError, InputError, MissingInputError
from paragonsr.imaging.formats import SUFFIXES

PICTURES = SUFFIXES | {".gif", ".bmp", ".heic", ".heif", ".jxl", ".jp2", ".psd"}
"""What is taken for a photograph by its name; those that cannot be read are refused by name, not passed over."""
ZIPS = (".zip",)
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".txz")
_ARCHIVE_FAULTS = (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError)

Tables = list[tuple[str, dict[str, Rights]]]


class Photo(msgspec.Struct, frozen=True):
    """A photograph to be: `name` is how it is called in every table, `file` (and `member` of an archive) where it lies.

    The latter two are the system's bytes, which need not be UTF-8. `key` says which version of it this is, by name,
    size and time of change. `fault` is why it cannot be opened.
    """

    name: str
    file: bytes
    member: bytes = b""
    key: str = ""
    rights: Rights = Rights()
    fault: str = ""

    def read(self) -> bytes:
        """The file's content. InputError with the system's reason, BrokenImageError for a damaged archive."""
        path, member = os.fsdecode(self.file), os.fsdecode(self.member)
        try:
            if not member:
                return Path(path).read_bytes()
            if path.lower().endswith(ZIPS):
                with zipfile.ZipFile(path) as archive:
                    return archive.read(member)
            with tarfile.open(path) as archive:
                file = archive.extractfile(member)
                return file.read() if file else b""
        except (KeyError, *_ARCHIVE_FAULTS) as error:
            if member:
                raise BrokenImageError(f"{self.name}: the archive is damaged: {error}") from error
            raise InputError(f"{self.name}: cannot be read: {_reason(error)}") from error


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The photographs of a set, as they are written down."""

    photographs: list[Photo]
    schema_version: Literal[1] = 1


def find(inputs: tuple[Path, ...], config: Sources, without: Path) -> list[Photo]:
    """Every photograph in folders (with all below), archives and files, in the order of their names.

    Links are followed; a link back to a folder that is being searched is a photograph with that fault, like a file or
    archive that cannot be opened. The folder `without`, where results go, is passed over. With several inputs names
    begin with that of the input. Raises MissingInputError for an input that is not there, or when there is no
    photograph at all, and InputError for two inputs of one name.
    """
    found: list[Photo] = []
    for path in inputs:
        if not path.exists():
            raise MissingInputError(f"{path}: there is no such file or folder")
        start = f"{path.name}/" if len(inputs) > 1 and path.is_dir() else ""
        if path.is_dir():
            found += _folder(os.fspath(path), start, [], config, (os.path.realpath(path),), os.path.realpath(without))
        else:
            found += _file(os.fspath(path), path.name, [], config)
    if not found:
        raise MissingInputError(
            f"{', '.join(map(str, inputs))}: no photograph is there ({', '.join(sorted(PICTURES))}, zip or tar)"
        )
    unique = {photo.name: photo for photo in reversed(found)}
    if len(unique) < len(found):
        raise InputError("two inputs have one name, so that their photographs could not be told apart; rename one")
    return sorted(found, key=lambda photo: photo.name)


def _folder(
    folder: str, start: str, tables: Tables, config: Sources, above: tuple[str, ...], without: str
) -> Iterator[Photo]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError as error:
        yield Photo(_shown(start), os.fsencode(folder), fault=f"cannot be searched: {error.strerror}")
        return
    if config.sidecar in names:
        tables = [*tables, (start, _table(Path(folder, config.sidecar)))]
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118  names need not be UTF-8
        if name.startswith("."):
            continue
        if not os.path.isdir(path):  # noqa: PTH112
            yield from _file(path, start + name, tables, config)
        elif (real := os.path.realpath(path)) in above:
            yield Photo(_shown(start + name), os.fsencode(path), fault="is a link back to a folder above it")
        elif real != without:
            yield from _folder(path, f"{start}{name}/", tables, config, (*above, real), without)


def _table(path: Path) -> dict[str, Rights]:
    try:
        return rights.sidecar(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: this table of licences cannot be read: {error.strerror}") from error


def _file(path: str, name: str, tables: Tables, config: Sources) -> Iterator[Photo]:
    lower = name.lower()
    archive = lower.endswith((*ZIPS, *TARS))
    if not archive and os.path.splitext(lower)[1] not in PICTURES:  # noqa: PTH122
        return
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        yield Photo(_shown(name), os.fsencode(path), fault=f"cannot be read: {error.strerror}")
        return
    if not os.access(path, os.R_OK):
        yield Photo(_shown(name), os.fsencode(path), fault="cannot be read: Permission denied")
    elif not stat.S_ISREG(status.st_mode):
        yield Photo(_shown(name), os.fsencode(path), fault="is no file but a device, a pipe or a socket")
    elif archive:
        yield from _archive(path, name, tables, config, status.st_mtime_ns)
    else:
        key = _key(name, status.st_size, status.st_mtime_ns)
        yield Photo(_shown(name), os.fsencode(path), key=key, rights=_rights(name, tables))


def _archive(path: str, name: str, tables: Tables, config: Sources, changed: int) -> Iterator[Photo]:
    start = f"{name}/"
    try:
        members, table = _members(path, config.sidecar)
    except _ARCHIVE_FAULTS as error:
        yield Photo(_shown(name), os.fsencode(path), fault=f"is no archive, or a damaged one: {_reason(error)}")
        return
    tables = [*tables, *((start + folder, rights.sidecar(text)) for folder, text in table)]
    for member, size in sorted(members):
        if os.path.splitext(member.lower())[1] in PICTURES:  # noqa: PTH122
            key = _key(start + member, size, changed)
            whole = start + member
            yield Photo(_shown(whole), os.fsencode(path), os.fsencode(member), key, _rights(whole, tables))


def _members(path: str, sidecar: str) -> tuple[list[tuple[str, int]], list[tuple[str, bytes]]]:
    """The files in an archive with their sizes, and its sidecars with the folder each lies in."""
    if path.lower().endswith(ZIPS):
        with zipfile.ZipFile(path) as zipped:
            members = [(info.filename, info.file_size) for info in zipped.infolist() if not info.is_dir()]
            found = [(name, zipped.read(name)) for name, _ in members if _basename(name) == sidecar]
    else:
        with tarfile.open(path) as tarred:
            files = [info for info in tarred.getmembers() if info.isfile()]
            members = [(info.name, info.size) for info in files]
            opened = [(info.name, tarred.extractfile(info)) for info in files if _basename(info.name) == sidecar]
            found = [(name, file.read()) for name, file in opened if file]
    return members, [(name.removesuffix(sidecar), text) for name, text in found]


def _rights(name: str, tables: Tables) -> Rights:
    """What the nearest table that knows the photograph says of it, by its path from the table's folder."""
    for start, table in reversed(tables):
        if name.startswith(start) and name[len(start) :] in table:
            return table[name[len(start) :]]
    return Rights()


def _key(name: str, size: int, changed: int) -> str:
    return hashlib.sha256(f"{_shown(name)}\0{size}\0{changed}".encode()).hexdigest()[:32]


def _shown(name: str) -> str:
    """A name as valid UTF-8: bytes that are none are written as in `caf\\xe9.jpg`."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _basename(name: str) -> str:
    return name.rpartition("/")[2]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
