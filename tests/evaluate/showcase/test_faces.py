"""The astronaut is scikit-image's, and a list of faces is read or refused by its line."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from paragonsr.errors import DataError, MissingInputError
from paragonsr.evaluate.showcase.faces import Face, astronaut, listed


def test_the_astronaut_is_a_part_of_the_original():
    with Image.open(astronaut().path) as image:
        assert np.array_equal(np.asarray(image), data.astronaut()[:240, 104:344])


def test_a_list(tmp_path):
    table = tmp_path / "faces.csv"
    table.write_text(f"file,x,y,note\na b.png,30,40,me\n{tmp_path}/other.jpg,,,\n\n", encoding="utf-8-sig")
    assert listed(table) == [Face(tmp_path / "a b.png", (40, 30)), Face(tmp_path / "other.jpg", None)]
    table.write_text("file\nc.png\n")
    assert listed(table) == [Face(tmp_path / "c.png", None)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name\na.png\n", "no column 'file'"),
        ("", "no column 'file'"),
        ("file,x,y\na.png,1,2\nb.png,3,\n", "line 3: x and y"),
        ("file,x,y\na.png,one,2\n", "line 2: x and y"),
        ("file\n\xff", "no table of faces"),
    ],
)
def test_a_list_that_is_none(tmp_path, text, reason):
    table = tmp_path / "faces.csv"
    table.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=reason):
        listed(table)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(MissingInputError, match=r"none\.csv cannot be read"):
        listed(tmp_path / "none.csv")
