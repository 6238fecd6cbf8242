"""What is measured so far, kept beside the report to come, so that a run that was killed goes on where it stopped."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from paragonsr.evaluate.report import File, Item


class Effort(msgspec.Struct, frozen=True):
    """What a picture, or all of them, took: seconds on the clock and of processors."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


class _Head(msgspec.Struct, frozen=True):
    key: str
    date: str


class _Entry(msgspec.Struct, frozen=True):
    item: Item
    effort: Effort


class Draft:
    """Items as they are measured, a line of JSON each, in the file `path` (None: kept nowhere).

    `settings` is everything that an item's figures depend on, but for its own files: a draft of other settings is
    begun anew. `date` is the day of the first of the runs, `spent` what the items that were found took.
    """

    def __init__(self, path: Path | None, settings: Sequence[object], date: str) -> None:
        self._path = path
        self._found = dict[tuple[str, str, str | None], Item]()
        self.date, self.spent = date, Effort()
        key = hashlib.sha256(msgspec.json.encode(settings)).hexdigest()
        if path and not self._resume(path, key):
            self._write(_Head(key, date), "wb")

    def find(self, name: str, high: File, low: File | None) -> Item | None:
        """The item of these files, if it was measured."""
        return self._found.get((name, high.sha256, low.sha256 if low else None))

    def add(self, item: Item, effort: Effort) -> None:
        """Keep an item."""
        self._write(_Entry(item, effort), "ab")

    def _resume(self, path: Path, key: str) -> bool:
        """Take over what is in the file, cutting off a last line that was never finished; whether it is ours."""
        content = path.read_bytes() if path.exists() else b""
        lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
        try:
            if not lines or msgspec.json.decode(lines[0], type=_Head).key != key:
                return False
            entries = [msgspec.json.decode(line, type=_Entry) for line in lines[1:]]
        except msgspec.DecodeError:
            return False
        self.date = msgspec.json.decode(lines[0], type=_Head).date
        self.spent = Effort(sum(one.effort.seconds for one in entries), sum(one.effort.cpu_seconds for one in entries))
        for item in (entry.item for entry in entries):
            self._found[item.name, item.high.sha256, item.low.sha256 if item.low else None] = item
        with path.open("r+b") as file:
            file.truncate(sum(map(len, lines)))
        return True

    def _write(self, line: _Head | _Entry, mode: str) -> None:
        if self._path:
            with self._path.open(mode) as file:
                file.write(msgspec.json.encode(line) + b"\n")
