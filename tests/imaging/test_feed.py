from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paragonsr.errors import OutputError
from paragonsr.imaging import codec
from paragonsr.imaging.codec import Metadata, Picture
from paragonsr.imaging.feed import Abandoned, Feed
from paragonsr.imaging.formats import SUFFIXES
from paragonsr.imaging.tiles import Span

METADATA = Metadata(dpi=(300.0, 200.0), text=((b"tEXt", b"Title\0rows"),))


def noise(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def fed(path: Path, pixels: np.ndarray, heights: list[int], *, ahead: bool) -> None:
    """Write in another thread while bands of these heights are made here."""
    rows, top = Feed(pixels.shape, pixels.dtype, ahead=ahead), 0
    with ThreadPoolExecutor(1) as encoder:
        done = encoder.submit(codec.write_rows, path, rows, METADATA, overwrite=True)
        while top < len(pixels):
            span = Span(top, min(top + heights[0], len(pixels)))
            rows.room(span)[...] = pixels[slice(*span)]
            rows.send()
            top, heights = span.stop, heights[1:] + heights[:1]
        done.result()


def make(rows: Feed, made: list[Span] | None = None) -> None:
    """All rows, 16 at a time."""
    for top in range(0, rows.shape[0], 16):
        span = Span(top, top + 16)
        rows.room(span)[...] = 0
        rows.send()
        if made is not None:
            made.append(span)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(SUFFIXES - {".jpeg", ".tiff"})),
    st.sampled_from(["uint8", "uint16"]),
    st.sampled_from([(), (2,), (3,), (4,)]),
    st.integers(1, 70),
    st.integers(1, 40),
    st.lists(st.integers(1, 50), min_size=1, max_size=4),
    st.booleans(),
)
def test_the_file_is_the_same_as_of_the_whole_picture(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    dtype: str,
    channels: tuple[int, ...],
    height: int,
    width: int,
    heights: list[int],
    ahead: bool,
) -> None:
    dtype = "uint8" if suffix in (".jpg", ".webp") else dtype
    channels = () if suffix == ".jpg" and channels == (2,) else channels[:1] if suffix != ".jpg" else (3,)
    pixels = noise((height, width, *channels), dtype)
    whole, made = (tmp_path_factory.getbasetemp() / f"{name}{suffix}" for name in ("whole", "rows"))
    codec.write(whole, Picture(pixels, METADATA), overwrite=True)
    fed(made, pixels, heights, ahead=ahead)
    assert made.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif"])
def test_what_is_abandoned_half_way_gets_no_name(tmp_path: Path, name: str) -> None:
    rows = Feed((640, 64, 3), np.dtype("uint8"))
    with ThreadPoolExecutor(1) as encoder:
        done = encoder.submit(codec.write_rows, tmp_path / name, rows, METADATA)
        rows.room(Span(0, 100))[...] = 0
        rows.send()
        rows.abandon()
        with pytest.raises(OutputError, match="cannot be written"):
            done.result(timeout=20)
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_fails_wakes_who_makes_the_rows(tmp_path: Path) -> None:
    rows = Feed((40000, 64, 3), np.dtype("uint8"))
    with ThreadPoolExecutor(1) as encoder:
        done = encoder.submit(codec.write_rows, tmp_path / "there is" / "no folder.png", rows, METADATA)
        with pytest.raises(Abandoned):
            make(rows)
        with pytest.raises(OutputError, match="cannot be written"):
            done.result(timeout=20)


@pytest.mark.parametrize(("ahead", "unread"), [(True, 2), (False, 1)])
def test_no_more_is_made_than_two_buffers_hold(ahead: bool, unread: int) -> None:
    rows, made = Feed((640, 64, 3), np.dtype("uint8"), ahead=ahead), list[Span]()
    with ThreadPoolExecutor(1) as maker:
        done = maker.submit(make, rows, made)
        with pytest.raises(TimeoutError):
            done.result(timeout=0.3)
        assert len(made) == unread
        rows.abandon()
        with pytest.raises(Abandoned):
            done.result(timeout=20)
