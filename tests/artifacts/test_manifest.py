"""Tables of a curation: what was written is read back, the same rows are the same bytes, strangers are refused."""

import io
import itertools

import pyarrow
import pyarrow.parquet as parquet
import pytest

from paragonsr.artifacts import manifest
from paragonsr.artifacts.store import Store
from paragonsr.errors import DataError, MissingInputError


def rows(count):
    return [{"tile": f"t{k}", "score": k / 3, "detail": None if k % 2 else "why"} for k in range(count)]


def parts(count, *cuts):
    whole = rows(count)
    edges = (0, *cuts, count)
    return [manifest.table(whole[a:b], manifest.SCORES) for a, b in itertools.pairwise(edges)]


def test_what_was_written_is_read(tmp_path):
    store = Store(tmp_path)
    manifest.write(store, "a.parquet", "scores", parts(5), manifest.SCORES, {"note": "x"})
    found = manifest.read(store, "a.parquet", "scores")
    assert found.to_pylist() == rows(5)
    assert manifest.notes(found)["note"] == "x"
    assert manifest.read(store, "a.parquet", "scores", ["tile"]).column_names == ["tile"]


@pytest.mark.parametrize("count", [0, 1, 65_536, 150_000])
def test_the_bytes_depend_on_the_rows_alone(tmp_path, count):
    store = Store(tmp_path)
    for name, cuts in {"one": (), "many": (count // 7, count // 3, count // 2)}.items():
        manifest.write(store, name, "scores", parts(count, *cuts), manifest.SCORES, {})
    assert store.read("one") == store.read("many")
    assert manifest.read(store, "one", "scores").num_rows == count


def test_strangers_are_refused_by_name(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(MissingInputError, match=r"a\.parquet: is not there"):
        manifest.read(store, "a.parquet", "scores")
    store.write("text.parquet", b"surely no table")
    with pytest.raises(DataError, match="cannot be read as a table"):
        manifest.read(store, "text.parquet", "scores")
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"x": [1]}), buffer)
    store.write("other.parquet", buffer.getvalue())
    with pytest.raises(DataError, match="is not a table of scores"):
        manifest.read(store, "other.parquet", "scores")
    manifest.write(store, "old.parquet", "scores", [], manifest.SCORES, {"paragonsr.schema_version": "0"})
    with pytest.raises(DataError, match=r"schema version 1 \(it has 0"):
        manifest.read(store, "old.parquet", "scores")
