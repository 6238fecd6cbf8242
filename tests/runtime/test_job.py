from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paragonsr.errors import BrokenImageError, OutputError
from paragonsr.imaging import codec
from paragonsr.runtime.job import Job, Settings, pixels, work
from paragonsr.runtime.upscaler import Upscaler

Save = Callable[..., Path]
Make = Callable[..., Any]


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """Three pictures, the second of them broken."""
    for name in "abc":
        Image.fromarray(np.full((30, 20, 3), ord(name), np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:40])
    return [Job(tmp_path / f"{name}.png", tmp_path / "new" / f"{name}.png") for name in "abc"]


@pytest.mark.parametrize("threads", [1, 2])
def test_failures_are_reported_and_the_rest_is_done(jobs: list[Job], save: Save, nearest: Make, threads: int) -> None:
    steps: list[int] = []
    with Upscaler(save(nearest()), tile=16, threads=threads) as upscaler:
        outcomes = list(work(jobs, upscaler, Settings(), steps.append))
    assert [outcome.job for outcome in outcomes] == jobs
    assert [type(outcome.error) for outcome in outcomes] == [type(None), BrokenImageError, type(None)]
    assert sum(steps) == 2 * 600 == sum(map(pixels, jobs))
    assert len(steps) == 2 * 4
    for job in (jobs[0], jobs[2]):
        with Image.open(job.target) as image:
            np.testing.assert_array_equal(np.asarray(image), np.full((60, 40, 3), ord(job.source.stem)))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_file_is_that_of_reading_enlarging_and_writing(
    tmp_path: Path, save: Save, random: Make, threads: int
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 50, 70, 4), np.uint8)
    pictures[..., 3] |= 128
    for index, suffix in enumerate(("jpg", "png", "tif", "webp", "png")):
        Image.fromarray(pictures[index, ..., : 3 if suffix == "jpg" else 4]).save(tmp_path / f"{index}.{suffix}")
    sources = sorted(tmp_path.iterdir())
    jobs = [Job(source, tmp_path / "new" / source.name) for source in sources]
    with Upscaler(save(random((3, 3))), tile=16, threads=threads) as upscaler:
        assert [outcome.error for outcome in work(jobs, upscaler, Settings())] == [None] * 5
        for job in jobs:
            small, once = codec.read(job.source), tmp_path / f"once{job.source.suffix}"
            codec.write(once, codec.Picture(upscaler(small.pixels), small.metadata), overwrite=True)
            assert job.target.read_bytes() == once.read_bytes()


def test_opaque_alpha_goes_where_a_format_has_none(tmp_path: Path, save: Save, nearest: Make) -> None:
    pixels = np.full((8, 8, 4), 255, np.uint8)
    codec.write(tmp_path / "a.png", codec.Picture(pixels))
    with Upscaler(save(nearest()), threads=1) as upscaler:
        (outcome,) = work([Job(tmp_path / "a.png", tmp_path / "b.jpg")], upscaler, Settings())
    assert outcome.error is None
    assert codec.read(tmp_path / "b.jpg").pixels.shape == (16, 16, 3)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_file_that_cannot_be_written_half_way_does_not_stop_the_rest(
    jobs: list[Job], save: Save, nearest: Make, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, steps = codec.encode, list[int]()

    def full(path: Path, rows: Any, *rest: Any) -> None:
        if not steps.count(-1):  # the first picture, of twelve tiles
            steps.append(-1)
            rows.image().crop(0, 0, 40, 20).avg()
            raise OSError(28, "No space left on device")
        encode(path, rows, *rest)

    monkeypatch.setattr(codec, "encode", full)
    with Upscaler(save(nearest()), tile=8, threads=threads) as upscaler:
        first, _, last = work(jobs, upscaler, Settings(), steps.append)
    assert isinstance(first.error, OutputError)
    assert "No space left" in str(first.error)
    assert last.error is None
    assert [path.name for path in jobs[0].target.parent.iterdir()] == ["c.png"]


def test_closing_in_between_ends_the_threads_and_leaves_whole_files(tmp_path: Path, save: Save, nearest: Make) -> None:
    for name in "abcdef":
        Image.fromarray(np.full((300, 200, 3), ord(name), np.uint8)).save(tmp_path / f"{name}.png")
    jobs = [Job(tmp_path / f"{name}.png", tmp_path / "new" / f"{name}.png") for name in "abcdef"]
    with Upscaler(save(nearest()), tile=16, threads=2) as upscaler:
        outcomes = work(jobs, upscaler, Settings())
        assert next(outcomes).job == jobs[0]
        outcomes.close()
    left = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert left == ["a.png", "b.png", "c.png"][: len(left)]
    for name in left:
        assert codec.read(tmp_path / "new" / name).size == (600, 400)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_while_advancing_stops_and_leaves_nothing(
    jobs: list[Job], save: Save, nearest: Make, threads: int
) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with Upscaler(save(nearest()), threads=threads) as upscaler, pytest.raises(KeyboardInterrupt):
        list(work(jobs, upscaler, Settings(), stop))
    assert list(jobs[0].target.parent.iterdir()) == []


def test_a_result_that_appeared_meanwhile_is_kept(jobs: list[Job], save: Save, nearest: Make) -> None:
    jobs[0].target.parent.mkdir()
    jobs[0].target.write_text("precious")
    with Upscaler(save(nearest()), threads=1) as upscaler:
        (outcome,) = work(jobs[:1], upscaler, Settings())
        assert "already" in str(outcome.error)
        assert jobs[0].target.read_text() == "precious"
        (outcome,) = work(jobs[:1], upscaler, Settings(overwrite=True))
        assert outcome.error is None
