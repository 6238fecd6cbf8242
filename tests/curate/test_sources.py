"""Which photographs there are, with whatever stands in the way of opening them."""

import os
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from paragonsr.curate.config import Sources
from paragonsr.curate.rights import Rights
from paragonsr.curate.sources import find
from paragonsr.errors import BrokenImageError, InputError, MissingInputError

TABLE = "file,licence,author,source\n{}\n"


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def searched(*paths, without=Path("nowhere")):
    return {photo.name: photo for photo in find(paths, Sources(), without)}


def test_folders_with_all_below_by_name(tmp_path):
    for name in ("b.jpg", "a/c.PNG", "a/notes.txt", ".hidden/d.jpg", "a/.e.jpg", "out/tiles/f.webp"):
        put(tmp_path / name)
    assert list(searched(tmp_path, without=tmp_path / "out")) == ["a/c.PNG", "b.jpg"]


def test_several_inputs_are_told_apart(tmp_path):
    put(tmp_path / "one/a.jpg"), put(tmp_path / "two/a.jpg"), put(tmp_path / "b.jpg")
    assert list(searched(tmp_path / "one", tmp_path / "two", tmp_path / "b.jpg")) == ["b.jpg", "one/a.jpg", "two/a.jpg"]
    put(tmp_path / "x/one/a.jpg")
    with pytest.raises(InputError, match="two inputs have one name"):
        searched(tmp_path / "one", tmp_path / "x/one")


def test_nothing_to_find(tmp_path):
    with pytest.raises(MissingInputError, match="no such file"):
        searched(tmp_path / "nowhere")
    with pytest.raises(MissingInputError, match="no photograph"):
        searched(tmp_path)
    with pytest.raises(MissingInputError, match="no photograph"):
        searched(put(tmp_path / "notes.txt"))


def archive(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for name, content in files.items():
                zipped.writestr(name, content)
    else:
        with (
            tempfile.TemporaryDirectory() as folder,
            tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as tar,
        ):
            for name, content in files.items():
                tar.add(put(Path(folder, name), content), name)
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_archives_with_their_tables(tmp_path, name):
    table = TABLE.format("in/b.jpg,CC0-1.0,Ann,https://x").encode()
    archive(tmp_path / name, {"in/b.jpg": b"pixels", "c.png": b"more", "readme.txt": b"", "SOURCES.csv": table})
    found = searched(tmp_path)
    assert list(found) == [f"{name}/c.png", f"{name}/in/b.jpg"]
    assert found[f"{name}/in/b.jpg"].rights == Rights("CC0-1.0", "Ann", "https://x")
    assert found[f"{name}/c.png"].rights == Rights()
    assert found[f"{name}/in/b.jpg"].read() == b"pixels"


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.xz"])
def test_what_is_no_archive_is_a_row(tmp_path, name):
    put(tmp_path / "b.jpg")
    put(tmp_path / name, b"surely no archive")
    found = searched(tmp_path)
    assert "is no archive" in found[name].fault
    assert not found["b.jpg"].fault


def test_a_damaged_archive_is_a_fault_of_the_photograph_in_it(tmp_path):
    path = archive(tmp_path / "a.zip", {"b.jpg": b"0123456789" * 9})
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0123456789" * 9, b"0123456789" * 8 + b"012345678x"))
    with pytest.raises(BrokenImageError, match="the archive is damaged"):
        searched(path)["a.zip/b.jpg"].read()


def test_the_nearest_table_that_knows_a_photograph_counts(tmp_path):
    for name in ("a.jpg", "in/b.jpg", "in/c.jpg", "d.jpg"):
        put(tmp_path / name)
    put(tmp_path / "SOURCES.csv", TABLE.format("a.jpg,CC0,,\nin/b.jpg,far,,\nin/c.jpg,far,,").encode())
    put(tmp_path / "in/SOURCES.csv", TABLE.format("b.jpg,near,,").encode())
    assert {name: photo.rights.licence for name, photo in searched(tmp_path).items()} == {
        "a.jpg": "CC0", "in/b.jpg": "near", "in/c.jpg": "far", "d.jpg": "",
    }  # fmt: skip


def test_a_link_back_is_a_row_and_other_links_are_followed(tmp_path):
    put(tmp_path / "in/a.jpg")
    put(tmp_path / "elsewhere/b.jpg")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/gone.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "in/circle.jpg").symlink_to(tmp_path / "in/circle.jpg")
    found = searched(tmp_path / "in")
    assert list(found) == ["a.jpg", "circle.jpg", "gone.jpg", "loop", "more/b.jpg"]
    assert found["loop"].fault == "is a link back to a folder above it"
    assert found["gone.jpg"].fault == "cannot be read: No such file or directory"
    assert found["circle.jpg"].fault == "cannot be read: Too many levels of symbolic links"
    assert not found["more/b.jpg"].fault


def test_a_name_that_is_not_utf8_is_shown_and_read(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(raw)).write_bytes(b"pixels")
    (photo,) = searched(tmp_path).values()
    assert photo.name == "caf\\xe9.jpg"
    assert photo.read() == b"pixels"


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert "a pipe" in searched(tmp_path)["a.jpg"].fault


@contextmanager
def stranger():
    """As a user who owns nothing; for whoever runs the tests as root, who may read everything."""
    if os.geteuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_what_may_not_be_read_is_a_row():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put(folder / "a.jpg"), put(folder / "b.jpg"), put(folder / "shut/c.jpg"), folder.chmod(0o755)
        (folder / "a.jpg").chmod(0)
        (folder / "shut").chmod(0)
        with stranger():
            found = searched(folder)
        (folder / "shut").chmod(0o700)
    assert {name: photo.fault for name, photo in found.items()} == {
        "a.jpg": "cannot be read: Permission denied",
        "b.jpg": "",
        "shut/": "cannot be searched: Permission denied",
    }


def test_a_key_tells_versions_of_a_file_apart(tmp_path):
    path = put(tmp_path / "a.jpg", b"one")
    first = searched(tmp_path)["a.jpg"].key
    assert searched(tmp_path)["a.jpg"].key == first
    os.utime(path, ns=(0, 1))
    assert searched(tmp_path)["a.jpg"].key != first
