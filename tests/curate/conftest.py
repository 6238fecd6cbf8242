"""Small photographs, settings that cut them into small tiles, and a worker."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from paragonsr import jobs
from paragonsr.curate import pipeline
from paragonsr.curate.config import Bounds, Curation, Tiles

Picture = NDArray[np.uint8]
SIDE = 64
WORK = '''
import os, signal, time
from functools import partial
from pathlib import Path

def deadly(name, work, unit):
    """Dies whenever the photograph `name` is in the unit."""
    if any(name in str(item) for item in unit):
        os.kill(os.getpid(), signal.SIGKILL)
    return work(unit)

def once(flag, work, unit):
    """Dies the first time; `flag` remembers that it did."""
    try:
        Path(flag).touch(exist_ok=False)
    except FileExistsError:
        return work(unit)
    os.kill(os.getpid(), signal.SIGKILL)

def slow(work, unit):
    time.sleep(0.05)
    return work(unit)

def wrong(unit):
    raise ZeroDivisionError(unit)
'''


def draw(seed: int, height: int = 150, width: int = 210) -> Picture:
    """Noise in octaves with colours, uint8 [height, width, 3]: detail at every size, nothing twice."""
    rng = np.random.default_rng(seed)
    total = np.full((height, width, 3), 128.0)
    for cell in (1, 2, 4, 8, 16, 32):
        small = rng.integers(0, 256, (-(-height // cell), -(-width // cell), 3), np.uint8)
        layer = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        total += (np.asarray(layer, np.float64) - 128) * 0.09 * np.log2(2 * cell)
    return np.clip(np.rint(total), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def picture() -> Callable[..., Picture]:
    return draw


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of six photographs of different sizes."""
    folder = tmp_path / "photographs"
    (folder / "more").mkdir(parents=True)
    for seed in range(6):
        name = f"more/{seed}.png" if seed > 3 else f"{seed}.png"
        Image.fromarray(draw(seed, 140 + 10 * seed, 200)).save(folder / name)
    return folder


@pytest.fixture(scope="session")
def config() -> Curation:
    """Tiles of 64 pixels, every one that holds anything kept; needs no weights."""
    bounds = Bounds(min_entropy=2, min_sharpness=1, max_sharpness=1e6, max_blockiness=1, max_aliasing=1e6)
    return Curation(
        technical="none", aesthetic="none", statistics="none", tiles=Tiles(size=SIDE), bounds=bounds, photos_per_unit=2
    )


@pytest.fixture(scope="session")
def pool() -> Iterator[jobs.Pool]:
    """One worker, shared by the tests that leave it alive."""
    with jobs.executor("local:1", pipeline.PRELOAD) as found:
        yield found


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Work that dies, waits or fails, in a module that workers find as well."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "dangerous.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path / "work")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "work"))
    monkeypatch.delitem(sys.modules, "dangerous", raising=False)
    return importlib.import_module("dangerous")


class Through:
    """A pool that gives its work through another function."""

    def __init__(self, pool: jobs.Pool, way: Callable[..., object]) -> None:
        self._pool, self._way = pool, way
        self.workers, self.deaths, self.ends, self.renew = pool.workers, pool.deaths, pool.ends, pool.renew

    def submit(self, work, unit):
        from functools import partial

        return self._pool.submit(partial(self._way, work), unit)


@pytest.fixture(scope="session")
def through() -> type[Through]:
    return Through
