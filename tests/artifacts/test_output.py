"""Files that commands were asked for."""

import os
import stat
from pathlib import Path

import pytest

from paragonsr.artifacts import output
from paragonsr.errors import OutputError, OutputExistsError


def test_a_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    output.check(path, overwrite=False)
    output.write(path, b"one")
    with pytest.raises(OutputExistsError):
        output.check(path, overwrite=False)
    output.check(path, overwrite=True)
    output.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        output.check(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="there is no folder"):
        output.check(tmp_path / "none" / "report.json", overwrite=True)
    with pytest.raises(OutputError, match=r"report\.json: cannot be written: No such file or directory"):
        output.write(tmp_path / "none" / "report.json", b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        output.check(pipe, overwrite=False)
        output.write(pipe, b"figures")
        assert os.read(reader, 100) == b"figures"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "report.json"
    link.symlink_to(tmp_path / "there" / "report.json")
    output.write(link, b"figures")
    assert link.is_symlink()
    assert (tmp_path / "there" / "report.json").read_bytes() == b"figures"
