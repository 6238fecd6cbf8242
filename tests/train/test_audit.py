import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paragonsr.degrade.config import Degradation
from paragonsr.errors import DataError
from paragonsr.train import audit, validate
from paragonsr.train.config import Data
from paragonsr.train.shards import Shard, pack
from paragonsr.train.validate import Pair

Tile = NDArray[np.uint8]


@pytest.fixture
def sides(data: Data, tmp_path: Path) -> tuple[Shard, Shard]:
    return tuple(pack(Path(folder), tmp_path / "cache", data) for folder in (data.train, data.validation))


def pairs(held_out: Shard, kind: str = "card") -> list[Pair]:
    return validate.pairs(held_out, Degradation(kind=kind))


@pytest.mark.parametrize("kind", ["card", "bicubic"])
def test_sound_data_pass_and_the_report_says_what_was_found(
    sides: tuple[Shard, Shard], tmp_path: Path, kind: str
) -> None:
    train, held_out = sides
    report = tmp_path / "audit.json"
    found = audit.check(train, held_out, pairs(held_out, kind), report)
    assert found.largest_shift < 0.02
    written = json.loads(report.read_bytes())
    assert written["schema_version"] == 1
    assert (written["train_tiles"], written["train_photos"]) == (6, 3)
    assert (written["validation_tiles"], written["validation_photos"]) == (2, 2)
    assert written["shares"] == pytest.approx({"dog": 4 / 9, "cat": 4 / 9, "sw_sand": 1 / 9})
    assert audit.load(report) == found
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.json", "cache", "data"]


def test_a_photograph_on_both_sides_is_refused(sides: tuple[Shard, Shard], tmp_path: Path) -> None:
    train, held_out = sides
    with pytest.raises(DataError, match="in training and in validation: dog"):
        audit.check(train, held_out._replace(photos=["owl", "dog"]), pairs(held_out), tmp_path / "audit.json")


def test_a_near_duplicate_is_refused_and_reported(sides: tuple[Shard, Shard], tmp_path: Path) -> None:
    """A copy that was brightened and noised, under another photograph's name."""
    train, held_out = sides
    noise = np.random.default_rng(0).normal(12, 3, train.tiles[3].shape)
    copy = np.clip(train.tiles[3] * 0.9 + noise, 0, 255).astype(np.uint8)
    spoilt = held_out._replace(levels=(np.stack([held_out.tiles[0], copy]),))
    report = tmp_path / "audit.json"
    with pytest.raises(DataError, match=f"look alike.*{train.names[3]}.*{held_out.names[1]}"):
        audit.check(train, spoilt, pairs(spoilt), report)
    assert json.loads(report.read_bytes())["near_duplicates"] == [[train.names[3], held_out.names[1]]]


def test_different_tiles_are_no_duplicates(picture: Callable[..., Tile]) -> None:
    prints = np.stack([audit.fingerprint(picture(seed)) for seed in range(40)])
    distances = (prints[:, None] != prints[None]).sum(2)[np.triu_indices(40, 1)]
    assert prints.shape == (40, 64)
    assert distances.min() > audit.HASH_LIMIT


def test_a_pair_shifted_by_half_a_pixel_is_refused(sides: tuple[Shard, Shard], tmp_path: Path) -> None:
    """One target pixel, which is half an input pixel: what nearest halves do."""
    train, held_out = sides
    good = pairs(held_out, "bicubic")
    spoilt = [good[0], Pair(good[1].low, np.roll(good[1].high, 1, axis=1))]
    with pytest.raises(DataError, match=rf"{held_out.names[1]}: its two sizes are shifted by 0\.[3-7]"):
        audit.check(train, held_out, spoilt, tmp_path / "audit.json")


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("pixels", [-1, 1])
def test_the_shift_is_measured(picture: Callable[..., Tile], axis: int, pixels: int) -> None:
    high = picture(5, 128)
    (pair,) = validate.pairs(Shard((high[None],), ["a"], ["a"], np.ones(1), ""), Degradation(kind="bicubic"))
    assert audit.shift(pair) < 0.01
    assert audit.shift(Pair(pair.low, np.roll(high, pixels, axis))) == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_show_a_shift_across_themselves_only(axis: int) -> None:
    """The aperture problem: one slope is zero, which must neither divide by zero nor hide the other."""
    wave = 128 + 100 * np.sin(np.arange(128) / 6)
    high = np.rint(np.broadcast_to(wave, (128, 128))[..., None].repeat(3, 2)).astype(np.uint8)
    high = high if axis else high.swapaxes(0, 1)
    (pair,) = validate.pairs(Shard((high[None],), ["a"], ["a"], np.ones(1), ""), Degradation(kind="bicubic"))
    assert audit.shift(pair) < 0.01
    assert audit.shift(Pair(pair.low, np.roll(high, 1, axis))) == pytest.approx(0.5, abs=0.1)
    assert audit.shift(Pair(pair.low, np.roll(high, 1, 1 - axis))) < 0.01


def test_a_flat_picture_has_no_shift() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert audit.shift(Pair(flat[:32, :32], flat)) == 0


@pytest.mark.parametrize("cut", [np.s_[:-1], np.s_[:, :-1], np.s_[:, ::2]])
def test_a_pair_of_wrong_sizes_is_refused(sides: tuple[Shard, Shard], tmp_path: Path, cut: slice) -> None:
    train, held_out = sides
    good = pairs(held_out)
    spoilt = [good[0], Pair(good[1].low[cut], good[1].high)]
    with pytest.raises(DataError, match=f"{held_out.names[1]}: .* is not twice"):
        audit.check(train, held_out, spoilt, tmp_path / "audit.json")


def test_a_file_that_is_no_audit_is_named(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(DataError, match=r"audit.json is no audit"):
        audit.load(tmp_path / "audit.json")
