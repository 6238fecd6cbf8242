"""The one writer of a set: a file is there whole or not at all."""

import os
import time

import pytest

from paragonsr.artifacts.store import Store
from paragonsr.errors import MissingInputError, OutputError


def test_files_by_their_names(tmp_path):
    store = Store(tmp_path / "set")
    assert store.names("a", ".x") == []
    store.write("a/one.x", b"1")
    store.write("a/two.x", b"2")
    store.write("a/two.x", b"3")
    store.write("a/three.y", b"4")
    assert store.names("a", ".x") == ["a/one.x", "a/two.x"]
    assert store.read("a/two.x") == b"3"
    assert store.exists("a/two.x")
    store.remove("a/two.x")
    store.remove("a/two.x")
    assert not store.exists("a/two.x")
    with pytest.raises(MissingInputError, match=r"two\.x: is not there"):
        store.read("a/two.x")
    assert list((tmp_path / "set" / ".drafts").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OutputError, match=r"a/b: cannot be written"):
        Store(tmp_path).write("a/b", b"")
    assert (tmp_path / "a").read_text() == "a file"
    assert not list((tmp_path / ".drafts").glob("*"))


def test_what_killed_runs_left_is_swept_once_it_is_old(tmp_path):
    store = Store(tmp_path)
    (tmp_path / ".drafts").mkdir()
    for name, age in {"old": 2 * 24 * 3600, "new": 60}.items():
        (tmp_path / ".drafts" / name).write_bytes(b"half")
        os.utime(tmp_path / ".drafts" / name, (time.time() - age,) * 2)
    store.sweep()
    assert [path.name for path in (tmp_path / ".drafts").iterdir()] == ["new"]
