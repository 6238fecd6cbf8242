"""A file that a command was asked for: whole when it appears, and none replaced unasked."""

import os
from pathlib import Path

from paragonsr.errors import OutputError, OutputExistsError


def check(path: Path, *, overwrite: bool) -> None:
    """Refuse, before the long work, what could not be written after it: OutputExistsError or OutputError."""
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path} is there already; move it away or allow it to be overwritten")
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.parent}")


def write(path: Path, content: bytes) -> None:
    """Put the file there, in place of another. Raises OutputError with the system's reason."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
