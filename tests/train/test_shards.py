import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from paragonsr.errors import AssetError, DataError
from paragonsr.imaging.kernels import BICUBIC
from paragonsr.imaging.resample import resample
from paragonsr.train.config import Data
from paragonsr.train.shards import corpus, pack

Tile = NDArray[np.uint8]


def test_a_pack_holds_the_tiles(data: Data, tmp_path: Path) -> None:
    folder, cache = Path(data.train), tmp_path / "cache"
    shard = pack(folder, cache, data)
    assert shard.names == sorted(path.name for path in folder.iterdir())
    assert isinstance(shard.tiles, np.memmap)
    for name, tile in zip(shard.names, shard.tiles, strict=True):
        assert np.array_equal(tile, np.asarray(Image.open(folder / name)))
    everything = b"".join(name.encode() + b"\0" + (folder / name).read_bytes() for name in shard.names)
    assert shard.digest == hashlib.sha256(everything).hexdigest()


def test_levels_are_the_tiles_reduced(data: Data, tmp_path: Path) -> None:
    shard = pack(Path(data.train), tmp_path / "cache", data, (1.0, 0.75))
    assert [level.shape[1:] for level in shard.levels] == [(112, 112, 3), (84, 84, 3)]
    for tile, smaller in zip(*shard.levels, strict=True):
        assert np.array_equal(smaller, resample(np.asarray(tile), (84, 84), BICUBIC))
    again = pack(Path(data.train), tmp_path / "cache", data, (0.75,))
    assert np.array_equal(again.tiles, shard.levels[1])
    assert again.digest == shard.digest


def test_a_pack_is_written_once_and_again_when_a_tile_changes(data: Data, tmp_path: Path) -> None:
    folder, cache = Path(data.train), tmp_path / "cache"
    first = pack(folder, cache, data)
    (packed,) = cache.iterdir()
    written = packed.stat().st_mtime_ns
    assert pack(folder, cache, data).digest == first.digest
    assert packed.stat().st_mtime_ns == written
    Image.fromarray(255 - first.tiles[0]).save(folder / first.names[0])
    second = pack(folder, cache, data)
    assert second.digest != first.digest
    assert np.array_equal(second.tiles[0], 255 - first.tiles[0])


def test_weights_of_photographs(data: Data, picture: Callable[..., Tile], save: Callable[..., None]) -> None:
    """min(tiles, most), a quarter for textures: 4 of 6 tiles, 2 of 2, and 0.25 x 2 of 2."""
    folder = Path(data.train)
    save(folder, {f"dog-{k}.png": picture(50 + k) for k in range(2, 6)})
    with (folder.parent / "manifest.csv").open("a") as manifest:
        manifest.writelines(f"dog-{k}.png,dog\n" for k in range(2, 6))
    shard = pack(folder, folder.parent / "cache", data)
    shares = corpus(shard)
    assert list(shares) == ["dog", "cat", "sw_sand"]
    assert shares == pytest.approx({"dog": 4 / 6.5, "cat": 2 / 6.5, "sw_sand": 0.5 / 6.5}, rel=1e-12)
    assert shard.weights.sum() == pytest.approx(1, abs=1e-12)
    dogs = [weight for weight, photo in zip(shard.weights, shard.photos, strict=True) if photo == "dog"]
    assert dogs == pytest.approx([4 / 6.5 / 6] * 6)


def test_without_a_manifest_each_tile_is_its_own_photograph(data: Data, tmp_path: Path) -> None:
    (tmp_path / "data" / "manifest.csv").unlink()
    shard = pack(Path(data.train), tmp_path / "cache", data)
    assert shard.photos == shard.names


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("dog-0.png", Image.new("L", (112, 112)), "dog-0.png is L.*RGB"),
        ("dog-0.png", Image.new("RGBA", (112, 112)), "dog-0.png is RGBA.*RGB"),
        ("dog-1.png", Image.new("RGB", (112, 110)), r"dog-1.png is \(110, 112\).*one size"),
        ("dog-1.png", b"", "dog-1.png cannot be read"),
        ("dog-1.png", b"truncate", "dog-1.png cannot be read"),
        ("dog-9.png", Image.new("RGB", (112, 112)), "does not name dog-9.png"),
    ],
)
def test_tiles_that_cannot_be_used_are_named(
    data: Data, tmp_path: Path, name: str, content: Image.Image | bytes, complaint: str
) -> None:
    path = Path(data.train) / name
    if isinstance(content, Image.Image):
        content.save(path)
    else:
        path.write_bytes(path.read_bytes()[:300] if content else b"")
    cache = tmp_path / "cache"
    with pytest.raises(DataError, match=complaint):
        pack(path.parent, cache, data)
    if "name" not in complaint:
        assert list(cache.iterdir()) == [], "half a pack was left"


def test_folders_that_cannot_be_used_are_named(data: Data, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssetError, match="empty holds no"):
        pack(tmp_path / "empty", tmp_path / "cache", data)
    (tmp_path / "data" / "manifest.csv").write_text("file,photo\n")
    with pytest.raises(DataError, match=r"manifest.csv needs the columns tile and photo"):
        pack(Path(data.train), tmp_path / "cache", data)


def test_a_corpus_without_weight_is_refused(data: Data, tmp_path: Path) -> None:
    nothing = Data(data.train, data.validation, textures=("dog", "cat", "sw_"), texture_weight=0)
    with pytest.raises(DataError, match="every photograph has weight 0"):
        pack(Path(data.train), tmp_path / "cache", nothing)
