"""The tables of a curation (Parquet): what was measured, what scores were given, and what became of each tile.

Each file says its `paragonsr.table` and `paragonsr.schema_version` in its metadata. A table depends on its rows alone:
the same rows give the same bytes.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow  # pyright: ignore[reportMissingTypeStubs]
import pyarrow.parquet  # pyright: ignore[reportMissingTypeStubs]

from paragonsr.artifacts.store import Store
from paragonsr.errors import DataError

SCHEMA_VERSION = 1
_ROWS = 65_536  # of a row group

Table = Any  # pyarrow has no types of its own
_arrow: Any = pyarrow
_text, _whole, _number = _arrow.string(), _arrow.int32(), _arrow.float64()

_MEASURES = (
    ("photo", _text),  # its name among the sources
    ("sha256", _text),
    ("height", _whole),  # of the photograph, upright, in pixels
    ("width", _whole),
    ("stated_licence", _text),  # in the file itself
    ("stated_author", _text),
    ("tile", _text),  # null: the row is of a photograph without tiles, and `reason` says why
    ("scale", _text),
    ("top", _whole),  # at that scale
    ("left", _whole),
    ("hash", _arrow.uint64()),
    ("entropy", _number),
    ("contrast", _number),
    ("sharpness", _number),
    ("blockiness", _number),
    ("aliasing", _number),
    ("brisque", _number),
)
_WHY = (("reason", _text), ("detail", _text))

MEASURES: Any = _arrow.schema((("key", _text), *_MEASURES, *_WHY))
"""A part of stage 1: a row a tile, or one for a photograph without any. `key` is the photograph's version."""
SCORES: Any = _arrow.schema((("tile", _text), ("score", _number), ("detail", _text)))
"""A part of a later stage. No score: `detail` says why."""
MANIFEST: Any = _arrow.schema(
    (
        *_MEASURES,
        ("technical", _number),
        ("aesthetic", _number),
        ("licence", _text),
        ("author", _text),
        ("origin", _text),
        ("verdict", _text),  # kept, rejected, failed (a photograph) or unscored (a later stage has not seen it yet)
        *_WHY,
    )
)
"""The whole: every photograph and every tile, with its scores, the first gate it failed, and whose duplicate it is."""


def table(rows: Sequence[dict[str, Any]], schema: Any) -> Table:
    """Rows as a table; columns that a row does not have are null."""
    return _arrow.Table.from_pylist(rows, schema=schema)


def write(store: Store, name: str, kind: str, tables: Iterable[Table], schema: Any, notes: dict[str, str]) -> None:
    """Write tables one after the other as one file called `name`, with `notes` in its metadata."""
    about = {"paragonsr.table": kind, "paragonsr.schema_version": str(SCHEMA_VERSION), **notes}
    buffer = io.BytesIO()
    parquet: Any = pyarrow.parquet
    with parquet.ParquetWriter(buffer, schema.with_metadata(about), compression="zstd") as writer:
        for group in _groups(tables, schema):
            writer.write_table(group, row_group_size=_ROWS)
    store.write(name, buffer.getvalue())


def read(store: Store, name: str, kind: str, columns: Sequence[str] | None = None) -> Table:
    """A table that was written. Raises DataError for another file, another kind or another version."""
    parquet: Any = pyarrow.parquet
    try:
        found = parquet.read_table(_arrow.BufferReader(store.read(name)), columns=columns)
    except (OSError, ValueError) as error:
        raise DataError(f"{store.root / name}: cannot be read as a table: {error}") from error
    about: dict[bytes, bytes] = found.schema.metadata or {}
    version = about.get(b"paragonsr.schema_version", b"none").decode()
    if about.get(b"paragonsr.table", b"").decode() != kind or version != str(SCHEMA_VERSION):
        raise DataError(
            f"{store.root / name}: is not a table of {kind} of schema version {SCHEMA_VERSION} (it has {version})"
        )
    return found


def notes(found: Table) -> dict[str, str]:
    """The metadata of a table that was read."""
    return {key.decode(): value.decode() for key, value in found.schema.metadata.items()}


def _groups(tables: Iterable[Table], schema: Any) -> Iterator[Table]:
    """The rows of all tables in groups of one size, so that the bytes do not depend on how they came."""
    waiting: list[Table] = []
    count = 0
    for part in tables:
        waiting.append(part.cast(schema))
        count += part.num_rows
        while count >= _ROWS:
            joined = _arrow.concat_tables(waiting).combine_chunks()
            yield joined.slice(0, _ROWS)
            waiting, count = [joined.slice(_ROWS)], count - _ROWS
    yield _arrow.concat_tables([*waiting, schema.empty_table()]).combine_chunks()
