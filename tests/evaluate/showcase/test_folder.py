"""A showcase's folder: complete, never written over unasked; sheets show the pixels they say they show."""

import json

import numpy as np
import pytest
from PIL import Image

from paragonsr.errors import OutputError, OutputExistsError
from paragonsr.evaluate.showcase import folder
from paragonsr.evaluate.showcase.sheet import look, sheet


def test_what_is_in_it(shown, gallery):
    assert sorted(path.name for path in shown.iterdir()) == ["index.html", "sheets", "showcase.json"]
    kinds = {crop.kind for crop in gallery.record.crops}
    assert {path.stem for path in (shown / "sheets").iterdir()} == kinds | {"overview"}
    record = json.loads((shown / "showcase.json").read_bytes())
    assert record["schema_version"] == 1
    assert len(record["crops"]) == 24
    assert record["shown"] == ["target", "input", "bicubic", "Lanczos", "perceptual", "fidelity"]
    assert record["commit"]
    assert len(record["models"][0]["file"]["sha256"]) == 64


def test_written_over_only_when_asked(shown, gallery):
    before = (shown / "index.html").read_bytes()
    with pytest.raises(OutputExistsError, match=r"index\.html is there already"):
        folder.prepare(shown, overwrite=False)
    assert (shown / "index.html").read_bytes() == before
    folder.prepare(shown, overwrite=True)
    folder.write(gallery, shown, overwrite=True)
    assert (shown / "index.html").read_bytes() == before


def test_sheets_of_an_earlier_showcase_go(gallery, tmp_path):
    folder.prepare(tmp_path, overwrite=False)
    folder.write(gallery, tmp_path)
    (tmp_path / "sheets" / "mine.png").write_bytes(b"mine")
    faces = [exhibit for exhibit in gallery.exhibits if exhibit.crop.kind == "face"]
    folder.write(gallery._replace(exhibits=faces), tmp_path, overwrite=True)
    assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == ["face.png", "mine.png", "overview.png"]


def test_a_place_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="this folder cannot be made"):
        folder.prepare(tmp_path / "file" / "out", overwrite=False)


def test_a_sheet_shows_the_same_place_of_every_version(gallery):
    made = sheet(gallery.exhibits[:2], ["perceptual", "fidelity"])
    with_gaps = 16 + np.arange(6) * (192 + 8)
    for row, exhibit in enumerate(gallery.exhibits[:2]):
        top = 16 + 30 + row * (192 + 26 + 8)
        cells = [made[top : top + 192, left : left + 192] for left in with_gaps]
        target = exhibit.versions["target"]
        corners = [(y, x) for y in range(0, 97, 16) for x in range(0, 97, 16)]
        (corner,) = (at for at in corners if np.array_equal(look(target, at, 192), cells[0]))
        for pixels, cell in zip(exhibit.versions.values(), cells, strict=True):
            times = 192 // len(pixels)
            wide = pixels.repeat(times, 0).repeat(times, 1)
            part = wide[corner[0] : corner[0] + 96, corner[1] : corner[1] + 96]
            assert np.array_equal(part.repeat(2, 0).repeat(2, 1), cell)
        figures = made[top + 192 : top + 216, with_gaps[2] : with_gaps[2] + 192]
        assert (figures < 128).any(), "there is text under a version that was measured"


def test_sheets_are_files_people_can_open(shown):
    for path in (shown / "sheets").iterdir():
        with Image.open(path) as image:
            image.load()
            assert image.format == "PNG"
            assert image.width == 2 * 16 + 6 * 192 + 5 * 8
