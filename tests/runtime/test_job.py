from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paragonsr.errors import BrokenImageError
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


def test_failures_are_reported_and_the_rest_is_done(jobs: list[Job], save: Save, nearest: Make) -> None:
    steps: list[int] = []
    with Upscaler(save(nearest()), tile=16, threads=1) as upscaler:
        outcomes = list(work(jobs, upscaler, Settings(), steps.append))
    assert [outcome.job for outcome in outcomes] == jobs
    assert [type(outcome.error) for outcome in outcomes] == [type(None), BrokenImageError, type(None)]
    assert sum(steps) == 2 * 600 == sum(map(pixels, jobs))
    assert len(steps) == 2 * 4
    for job in (jobs[0], jobs[2]):
        with Image.open(job.target) as image:
            np.testing.assert_array_equal(np.asarray(image), np.full((60, 40, 3), ord(job.source.stem)))


def test_an_exception_while_advancing_stops_and_leaves_nothing(jobs: list[Job], save: Save, nearest: Make) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with Upscaler(save(nearest()), threads=1) as upscaler, pytest.raises(KeyboardInterrupt):
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
