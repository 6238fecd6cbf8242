"""Where a curated set lies: the one writer of all its files, so that it may become an object store."""

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from paragonsr.errors import MissingInputError, OutputError

_DRAFTS = ".drafts"
_STALE = 24 * 3600  # seconds after which a draft cannot belong to a run that is still going


class Store:
    """Files by names with slashes under one root. A file is there whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, data: bytes) -> None:
        """Put a file, replacing one of that name. Raises OutputError with the system's reason."""
        draft = self.root / _DRAFTS / secrets.token_hex(8)
        try:
            for folder in {draft.parent, (self.root / name).parent}:
                folder.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.root / name)
        except OSError as error:
            raise OutputError(f"{self.root / name}: cannot be written: {error.strerror}") from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """A file's content. Raises MissingInputError when it is not there."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError as error:
            raise MissingInputError(f"{self.root / name}: is not there; curate first") from error

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.root / name).is_file()

    def names(self, folder: str, suffix: str) -> list[str]:
        """The files with this suffix right in a folder, as `folder/name`, sorted; none where there is no folder."""
        return sorted(f"{folder}/{path.name}" for path in (self.root / folder).glob(f"[!.]*{suffix}"))

    def remove(self, name: str) -> None:
        """Take a file away."""
        (self.root / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Take away what runs that were killed left half written."""
        for draft in (self.root / _DRAFTS).glob("*"):
            if time.time() - draft.stat().st_mtime > _STALE:
                draft.unlink(missing_ok=True)
