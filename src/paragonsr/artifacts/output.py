"""A file that a command was asked for: whole when it appears, and none replaced unasked."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from paragonsr.errors import OutputError, OutputExistsError


def check(path: Path, *, overwrite: bool) -> None:
    """Refuse, before the long work, what could not be written after it: OutputExistsError or OutputError."""
    check_free(path, overwrite=overwrite)
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.parent}")


def check_free(path: Path, *, overwrite: bool) -> None:
    """The same for a file whose folder is yet to be made."""
    with reasons(path):
        if path.is_dir():
            raise OutputError(f"{path} cannot be written: it is a folder")
        if path.is_file() and not overwrite:
            raise OutputExistsError(f"{path} is there already; move it away or allow it to be overwritten")


def write(path: Path, content: bytes) -> None:
    """Put the file there, in place of another; a device, a pipe or a link is written to. Raises OutputError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with reasons(path):
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_bytes(content)
            return
        try:
            draft.write_bytes(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def reasons(path: Path) -> Generator[None]:
    """Around what writes to `path`: OutputError with the system's reason instead of OSError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
