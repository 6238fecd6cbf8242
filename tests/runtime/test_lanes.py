"""Tiles side by side: the same pixels, whatever the number of processor cores."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paragonsr.runtime import catalogue
from paragonsr.runtime.session import Session
from paragonsr.runtime.upscaler import NARROWEST, Upscaler

Save = Callable[..., Path]
Make = Callable[..., Any]
OURS = catalogue.find("fidelity")


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture(scope="module")
def three() -> Iterator[Upscaler]:
    with Upscaler(OURS, provider="cpu", threads=3) as upscaler:
        yield upscaler


@pytest.fixture(scope="module")
def whole() -> Iterator[Upscaler]:
    with Upscaler(OURS, provider="cpu", threads=1, tile="whole") as upscaler:
        yield upscaler


@pytest.mark.parametrize(("threads", "lanes"), [(1, 1), (2, 2), (8, 8), (9, 4), (11, 5), (16, 8), (17, 5)])
def test_cores_are_shared_out(threads: int, lanes: int) -> None:
    with Session(OURS, provider="cpu", threads=threads, abreast=True) as session:
        assert (session.lanes, session.threads) == (lanes, threads)


def test_what_has_one_lane(save: Save, nearest: Make) -> None:
    with (
        Session(OURS, provider="cpu", threads=4) as alone,
        Session(save(nearest()), provider="cpu", threads=4, abreast=True) as foreign,
        Upscaler(OURS, provider="cpu", threads=4, tile=0) as whole,
    ):
        assert (alone.lanes, foreign.lanes, whole.session.lanes) == (1, 1, 1)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([1, 3, 4]), st.integers(0, 99))
def test_lanes_change_no_pixel(
    three: Upscaler, whole: Upscaler, height: int, width: int, channels: int, seed: int
) -> None:
    image = noise(height, width, channels, seed=seed)
    np.testing.assert_array_equal(three(image), whole(image))


def test_tiles_are_narrowed_until_each_lane_has_one(three: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    run, shapes = three.session.run, list[tuple[int, ...]]()
    monkeypatch.setattr(three.session, "run", lambda x: shapes.append(x.shape) or run(x))
    three(noise(40, 400, 3))
    assert len(shapes) == 3
    shapes.clear()
    three(noise(40, NARROWEST + 1, 3))
    assert len(shapes) == 2, "a third would be too narrow"


def test_an_error_of_the_progress_begins_no_further_tile(three: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    run, begun = three.session.run, threading.Semaphore(0)

    def counted(x: Any) -> Any:
        begun.release()
        time.sleep(0.1)  # the thread that stops them has time to do so
        return run(x)

    monkeypatch.setattr(three.session, "run", counted)
    monkeypatch.setattr(three, "tile", 32)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        three(noise(32, NARROWEST * 60, 3), progress=stop)
    count = 0
    while begun.acquire(blocking=False):
        count += 1
    assert 1 <= count < 40


def test_without_memory_the_tiles_are_halved(
    three: Upscaler, whole: Upscaler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run, image = three.session.run, noise(500, 700, 4)
    expected = whole(image)

    def small(x: Any) -> Any:
        if x.shape[2] > 250:
            raise MemoryError
        return run(x)

    monkeypatch.setattr(three.session, "run", small)
    calls: list[tuple[int, int]] = []
    np.testing.assert_array_equal(three(image, progress=lambda *call: calls.append(call)), expected)
    assert caplog.messages == ["not enough memory: going on with tiles of 192 pixels"]
    assert calls[-1] == (350_000, 350_000)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
