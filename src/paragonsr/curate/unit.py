"""What a worker does with a unit of photographs: measure, score, write tiles, make thumbnails. Each may run twice."""

import hashlib
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image

from paragonsr.artifacts import manifest
from paragonsr.artifacts.store import Store
from paragonsr.curate import heuristics, photograph, tiling
from paragonsr.curate.config import Curation
from paragonsr.curate.photograph import Photograph, Refused
from paragonsr.curate.scorers import Scorer
from paragonsr.curate.sources import Photo
from paragonsr.curate.tiling import Place
from paragonsr.judges import hashing
from paragonsr.judges.brisque import Brisque
from paragonsr.judges.niqe import Niqe

Tile = NDArray[np.uint8]
LOST = "killed its worker each time it was tried"
_THUMBNAIL = 192


class Job(NamedTuple):
    """What units of one stage have in common: the set's folder, the stage's within it, and the weights it needs."""

    root: Path
    stage: str
    config: Curation
    weights: Path | None = None


class Wanted(NamedTuple):
    """Tiles of one photograph that a later stage wants; `digest` is of the file they were measured in."""

    photo: Photo
    digest: str
    places: tuple[Place, ...]


def measure(job: Job, photos: tuple[Photo, ...]) -> int:
    """Stage 1: cut and measure every tile of these photographs into one part; the number of its rows."""
    _one_thread()
    rows = [row for photo in photos for row in _measured(job, photo)]
    write_measures(job, photos, rows)
    return len(rows)


def write_measures(job: Job, photos: tuple[Photo, ...], rows: list[dict[str, Any]]) -> None:
    """The part of these photographs, by a name that only they decide."""
    name = _name(job.stage, [photo.key for photo in photos])
    found = manifest.table(rows, manifest.MEASURES)
    manifest.write(Store(job.root), name, "measures", [found], manifest.MEASURES, {})


def _measured(job: Job, photo: Photo) -> list[dict[str, Any]]:
    try:
        found = photograph.read(photo, job.config)
    except Refused as error:
        return [failed(photo, error.reason, error.detail)]
    brisque = _brisque(job.weights) if job.weights else None
    height, width = found.pixels.shape[:2]
    about = {
        "key": photo.key,
        "photo": photo.name,
        "sha256": found.digest,
        "height": height,
        "width": width,
        "stated_licence": found.rights.licence or None,
        "stated_author": found.rights.author or None,
    }
    return [
        about
        | {"tile": tile_name(found.digest, place), "hash": hashing.perceptual(pixels)}
        | place._asdict()
        | msgspec.structs.asdict(heuristics.measure(pixels))
        | {"brisque": brisque.score(pixels) if brisque else None}
        for place, pixels in tiling.cut(found.pixels, job.config.tiles)
    ]


def failed(photo: Photo, reason: str, detail: str) -> dict[str, Any]:
    """The row of a photograph that gives no tiles."""
    return {"key": photo.key, "photo": photo.name, "reason": reason, "detail": detail}


def tile_name(digest: str, place: Place) -> str:
    """What a tile is called: by what the photograph's file holds, and where the tile lies in it."""
    return f"{digest[:16]}-{place.scale}-{place.top}-{place.left}.webp"


def score(job: Job, wanted: tuple[Wanted, ...]) -> int:
    """A later stage: score these tiles into one part; their number."""
    _one_thread()
    assert job.weights is not None, "every judge has weights"
    judge = _judge(job.weights)
    rows: list[dict[str, Any]] = []
    for item in wanted:
        try:
            names, tiles = zip(*_cut(job, item), strict=True)
        except Refused as error:
            rows += unscored(item, error.detail)
        else:
            rows += [{"tile": name, "score": value} for name, value in zip(names, judge(list(tiles)), strict=True)]
    write_scores(job, wanted, rows)
    return len(rows)


def write_scores(job: Job, wanted: tuple[Wanted, ...], rows: list[dict[str, Any]]) -> None:
    """The part of these tiles, by a name that only they decide."""
    name = _name(job.stage, [tile_name(item.digest, place) for item in wanted for place in item.places])
    found = manifest.table(rows, manifest.SCORES)
    manifest.write(Store(job.root), name, "scores", [found], manifest.SCORES, {})


def unscored(item: Wanted, detail: str) -> list[dict[str, Any]]:
    """The rows of tiles that can be given no score."""
    return [{"tile": tile_name(item.digest, place), "detail": detail} for place in item.places]


def write_tiles(job: Job, wanted: tuple[Wanted, ...]) -> int:
    """Write these tiles as lossless WebP; their number."""
    _one_thread()
    store, count = Store(job.root), 0
    for item in wanted:
        for name, tile in _cut(job, item):
            store.write(f"{job.stage}/{name}", _webp(tile))
            count += 1
    return count


def thumbnails(job: Job, wanted: tuple[Wanted, ...]) -> dict[str, bytes]:
    """Small JPEGs of these tiles by their names; none of a photograph that cannot be read any more."""
    _one_thread()
    found: dict[str, bytes] = {}
    for item in wanted:
        try:
            found |= {name: _thumbnail(tile) for name, tile in _cut(job, item)}
        except Refused:
            continue
    return found


def _one_thread() -> None:
    """Keep libvips to this thread: there is a worker for each core already."""
    libvips: Any = pyvips
    libvips.concurrency_set(1)


def _cut(job: Job, item: Wanted) -> Iterator[tuple[str, Tile]]:
    found: Photograph = photograph.read(item.photo, job.config)
    if found.digest != item.digest:
        raise Refused("changed", "the file has changed since it was measured")
    for place, tile in tiling.cut(found.pixels, job.config.tiles, list(item.places)):
        yield tile_name(item.digest, place), tile


def _webp(tile: Tile) -> bytes:
    """Lossless; encoded in a seventh of the time that a seventh less bytes would take."""
    buffer = io.BytesIO()
    Image.fromarray(tile).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()


def _thumbnail(tile: Tile) -> bytes:
    buffer = io.BytesIO()
    picture = Image.fromarray(tile)
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _brisque(path: Path) -> Brisque:
    return Brisque(path)


@lru_cache(maxsize=2)
def _judge(path: Path) -> Callable[[list[Tile]], list[float]]:
    """What scores tiles, loaded once a worker: a network's ONNX file, or NIQE's table."""
    if path.suffix == ".onnx":
        return Scorer(path).score
    niqe = Niqe(path)
    return lambda tiles: [niqe.score(tile) for tile in tiles]


def _name(stage: str, keys: list[str]) -> str:
    digest = hashlib.sha256("\0".join(keys).encode()).hexdigest()
    return f"{stage}/{digest[:20]}.parquet"
