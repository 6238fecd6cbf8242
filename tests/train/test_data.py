from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from paragonsr.degrade.config import Degradation
from paragonsr.degrade.operations import bicubic
from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BICUBIC
from paragonsr.imaging.resample import resample
from paragonsr.train.config import Batch, Data
from paragonsr.train.data import MARGIN, Crops, batches
from paragonsr.train.shards import Shard, pack

CONTEXT = 5
CLEAN = Degradation(kind="bicubic")


@pytest.fixture
def shard(data: Data, tmp_path: Path) -> Shard:
    return pack(Path(data.train), tmp_path / "shards", data, data.scales)


def crops(
    shard: Shard, *, gray: float = 0.3, drawn: float = 0, seed: int = 7, kind: str = "card", size: int = 3
) -> Crops:
    return Crops(shard, Batch(size, 22, gray, drawn), Degradation(kind=kind), context=CONTEXT, seed=seed)


def test_batches_depend_on_nothing_but_seed_and_step(shard: Shard) -> None:
    one, other = crops(shard), crops(shard)
    later = one[5]
    for step in range(5):
        one[step]
    assert all(torch.equal(a, b) for a, b in zip(later, other[5], strict=True))
    assert not torch.equal(later[1], one[4][1])
    assert not torch.equal(later[1], crops(shard, seed=8)[5][1])


def test_workers_and_a_late_start_change_nothing(shard: Shard) -> None:
    alone = list(batches(crops(shard), range(6), 0))
    shared = list(batches(crops(shard), range(6), 2))
    late = list(batches(crops(shard), range(3, 6), 0))
    assert len(shared) == 6
    assert all(torch.equal(x, y) for a, b in zip(alone, shared, strict=True) for x, y in zip(a, b, strict=True))
    assert all(torch.equal(x, y) for a, b in zip(alone[3:], late, strict=True) for x, y in zip(a, b, strict=True))


def test_shapes_and_types(shard: Shard) -> None:
    low, high = crops(shard)[0]
    assert low.shape == (3, 3, 22 + 2 * CONTEXT, 22 + 2 * CONTEXT)
    assert high.shape == (3, 3, 44, 44)
    assert low.dtype == high.dtype == torch.uint8


def test_context_is_what_surrounds_the_crop_in_the_tile(shard: Shard) -> None:
    """Found again in some tile, turned and flipped, the crop's low side is the tile's low side there, rim included."""
    sampler, rim = crops(shard, gray=0, kind="bicubic"), 2 * CONTEXT
    for index in range(8):
        low, high = sampler.pair(index)
        wide = None
        for turned in (turned for tiles in shard.levels for turned in _turns(tiles)):
            side = turned.shape[0]
            for top in range(rim, side - 44 - rim + 1):
                starts = np.flatnonzero((turned[top, : side - 43 - rim] == high[0, 0]).all(1))
                for left in starts[starts >= rim]:
                    if np.array_equal(turned[top : top + 44, left : left + 44], high):
                        wide = turned[top - rim - 2 * MARGIN : top + 44 + rim + 2 * MARGIN]
                        wide = wide[:, left - rim - 2 * MARGIN : left + 44 + rim + 2 * MARGIN]
        assert wide is not None, "a crop that is in no tile"
        expected = bicubic(np.ascontiguousarray(wide))[MARGIN:-MARGIN, MARGIN:-MARGIN]
        difference = np.abs(low.astype(int) - expected)
        assert difference.max() <= 1, "more than a tie that float32 rounds the other way"
        assert difference.mean() < 0.01


def _turns(tiles: np.ndarray):
    for tile in tiles:
        for quarter in range(4):
            turned = np.rot90(tile, quarter)
            yield turned
            yield turned[:, ::-1]


@pytest.mark.parametrize("kind", ["card", "bicubic"])
def test_low_lies_under_high(shard: Shard, kind: str) -> None:
    """The low side is nearer to the halved target in place than to it one input pixel away, on every side."""
    sampler = crops(shard, kind=kind)
    for index in range(20):
        low, high = sampler.pair(index)
        half = resample(high.astype(np.float64), (22, 22), BICUBIC)[2:-2, 2:-2]
        errors = {
            (down, across): np.abs(_window(low, CONTEXT + 2 + down, CONTEXT + 2 + across) - half).mean()
            for down in (-1, 0, 1)
            for across in (-1, 0, 1)
        }
        assert min(errors, key=errors.__getitem__) == (0, 0)


def _window(low: np.ndarray, top: int, left: int) -> np.ndarray:
    return low[top : top + 18, left : left + 18].astype(np.float64)


def test_every_turn_is_drawn(shard: Shard) -> None:
    """Eight orientations of one slope, each as often as the others: chance 1/8, four sigma."""
    y, x = np.mgrid[: shard.tiles.shape[1], : shard.tiles.shape[2]]
    slope = np.broadcast_to((1.6 * y + 0.6 * x).astype(np.uint8)[..., None], shard.tiles.shape)
    sampler = crops(shard._replace(levels=(slope,)), gray=0, kind="bicubic")
    seen: Counter[tuple[bool, bool, bool]] = Counter()
    for index in range(400):
        high = sampler.pair(index)[1].astype(int)
        down, across = (high[-1] - high[0]).mean(), (high[:, -1] - high[:, 0]).mean()
        seen[down > 0, across > 0, abs(down) > abs(across)] += 1
    assert len(seen) == 8
    assert all(abs(count - 50) < 4 * (400 * 7 / 64) ** 0.5 for count in seen.values())


def test_the_share_of_gray_crops(shard: Shard) -> None:
    """A gray crop is gray on both sides; 0.3 of 400 within four sigma; with share 0 none, with 1 all."""

    def share(gray: float, count: int) -> float:
        sampler = crops(shard, gray=gray, kind="bicubic")
        found = 0
        for index in range(count):
            low, high = sampler.pair(index)
            grays = [bool((side[..., :1] == side).all()) for side in (low, high)]
            assert grays[0] == grays[1]
            found += grays[0]
        return found / count

    assert abs(share(0.3, 400) - 0.3) < 4 * (0.3 * 0.7 / 400) ** 0.5
    assert share(0, 20) == 0
    assert share(1, 20) == 1


def test_the_share_of_drawn_pages(shard: Shard) -> None:
    flat = shard._replace(levels=(np.full_like(shard.tiles, 99),))
    sampler = crops(flat, gray=0, drawn=0.25, kind="bicubic")
    pages = sum(np.ptp(sampler.pair(index)[1]) > 0 for index in range(160))
    assert abs(pages - 40) < 4 * (160 * 3 / 16) ** 0.5


def test_tiles_are_drawn_by_their_weights(shard: Shard) -> None:
    flat = np.arange(len(shard.names), dtype=np.uint8)[:, None, None, None] * np.ones_like(shard.tiles)
    sampler = crops(shard._replace(levels=(flat,)), gray=0, kind="bicubic")
    drawn = np.bincount([sampler.pair(index)[1][0, 0, 0] for index in range(600)], minlength=len(shard.names)) / 600
    assert np.abs(drawn - shard.weights).max() < 4 * (0.25 / 600) ** 0.5
    assert shard.weights.max() > 3 * shard.weights.min()


def test_each_scale_is_drawn_alike(shard: Shard) -> None:
    levels = tuple(np.full((len(shard.names), side, side, 3), side, np.uint8) for side in (112, 100, 96))
    sampler = crops(shard._replace(levels=levels), gray=0, kind="bicubic")
    drawn = Counter(int(sampler.pair(index)[1][0, 0, 0]) for index in range(300))
    assert set(drawn) == {112, 100, 96}
    assert all(abs(count - 100) < 4 * (300 * 2 / 9) ** 0.5 for count in drawn.values())


def test_tiles_smaller_than_a_crop_are_refused_by_name(shard: Shard) -> None:
    needed = 2 * (22 + 2 * (CONTEXT + MARGIN))
    exact = shard._replace(levels=(shard.tiles, shard.tiles[:, :needed, :needed]))
    assert Crops(exact, Batch(1, 22), CLEAN, context=CONTEXT, seed=0).pair(3)[1].shape == (44, 44, 3)
    with pytest.raises(DataError, match=f"too small.*{needed}x{needed}.*train.batch.patch.*train.data.scales"):
        Crops(
            shard._replace(levels=(shard.tiles, exact.levels[1][:, 1:])), Batch(1, 22), CLEAN, context=CONTEXT, seed=0
        )
