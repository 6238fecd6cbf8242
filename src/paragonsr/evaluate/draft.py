"""What is measured so far, kept beside the report to come, so that a run that was killed goes on where it stopped."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import msgspec

from paragonsr.evaluate.report import File, Item


class Effort(msgspec.Struct, frozen=True):
    """What a picture, or all of them, took: seconds on the clock and of processors."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @classmethod
    def until_now(cls) -> Self:
        """Of this process and of the commands that it has run; two of them have a difference."""
        return cls(time.monotonic(), sum(os.times()[:4]))

    def __sub__(self, other: Self) -> "Effort":
        return Effort(self.seconds - other.seconds, self.cpu_seconds - other.cpu_seconds)


class Beginning(msgspec.Struct, frozen=True):
    """What the first of the runs has found out, once for all: its date, and the cost of each model, by name."""

    date: str
    costs: dict[str, float | None]


class _Head(msgspec.Struct, frozen=True):
    key: str
    beginning: Beginning


class _Entry(msgspec.Struct, frozen=True):
    item: Item
    effort: Effort


class Draft:
    """Items as they are measured, a line of JSON each, in the file `path` (None: kept nowhere).

    `settings` is everything that an item's figures depend on, but for its own files: a draft of other settings is
    begun anew, with `begin`. `spent` is what the items that were found took. Several threads may use it at once.
    """

    def __init__(self, path: Path | None, settings: Sequence[object], begin: Callable[[], Beginning]) -> None:
        self._path = path
        self._found = dict[tuple[str, str, str | None], Item]()
        self._lock, self._last = threading.Lock(), Effort.until_now()
        self.spent = Effort()
        key = hashlib.sha256(msgspec.json.encode(settings)).hexdigest()
        found = self._resume(path, key) if path else None
        self.beginning = found or begin()
        if not found:
            self._write(_Head(key, self.beginning), "wb")

    def find(self, name: str, high: File, low: File | None) -> Item | None:
        """The item of these files, if it was measured."""
        return self._found.get((name, high.sha256, low.sha256 if low else None))

    def add(self, item: Item) -> None:
        """Keep an item, and with it what has been spent since the last one."""
        with self._lock:
            now = Effort.until_now()
            self._write(_Entry(item, now - self._last), "ab")
            self._last = now

    def _resume(self, path: Path, key: str) -> Beginning | None:
        """Take over what is in the file, cutting off a last line that was never finished; None if it is not ours."""
        content = path.read_bytes() if path.exists() else b""
        lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
        try:
            head = msgspec.json.decode(lines[0] if lines else b"", type=_Head)
            entries = [msgspec.json.decode(line, type=_Entry) for line in lines[1:]]
        except msgspec.DecodeError:
            return None
        if head.key != key:
            return None
        self.spent = Effort(sum(one.effort.seconds for one in entries), sum(one.effort.cpu_seconds for one in entries))
        for item in (entry.item for entry in entries):
            self._found[item.name, item.high.sha256, item.low.sha256 if item.low else None] = item
        with path.open("r+b") as file:
            file.truncate(sum(map(len, lines)))
        return head.beginning

    def _write(self, line: _Head | _Entry, mode: str) -> None:
        if self._path:
            with self._path.open(mode) as file:
                file.write(msgspec.json.encode(line) + b"\n")
