from pathlib import Path

import numpy as np
import pytest

from paragonsr.degrade import folder, validation
from paragonsr.errors import BrokenImageError, MissingInputError, OutputExistsError, UnsupportedImageError
from paragonsr.imaging import codec


@pytest.fixture
def highs(tmp_path: Path) -> Path:
    place = tmp_path / "high"
    place.mkdir()
    draw = np.random.default_rng(5)
    for name, shape in {"a": (40, 30, 3), "b": (33, 41, 3), "d": (20, 20)}.items():
        codec.write(place / f"{name}.png", codec.Picture(draw.integers(0, 256, shape, dtype=np.uint8)))
    (place / "c.png").write_bytes(b"no picture")
    return place


def test_good_files_are_halved_and_bad_ones_named(highs: Path, tmp_path: Path) -> None:
    out = tmp_path / "low"
    outcomes = list(folder.degrade(folder.targets(highs), out, "validation"))
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        type(None),
        BrokenImageError,
        UnsupportedImageError,
    ]
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png"]
    high = codec.read(highs / "b.png").pixels[:32, :40]
    np.testing.assert_array_equal(codec.read(out / "b.png").pixels, validation.degrade(high, 1))


@pytest.mark.parametrize("pattern", ["training", "bicubic"])
def test_the_same_again_is_the_same_and_nothing_is_overwritten(highs: Path, tmp_path: Path, pattern) -> None:
    for out in ("one", "two"):
        assert next(folder.degrade([highs / "a.png"], tmp_path / out, pattern, seed=3)).error is None
    assert (tmp_path / "one" / "a.png").read_bytes() == (tmp_path / "two" / "a.png").read_bytes()
    again = next(folder.degrade([highs / "a.png"], tmp_path / "one", pattern, seed=4))
    assert isinstance(again.error, OutputExistsError)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="holds no picture"):
        folder.targets(tmp_path)
