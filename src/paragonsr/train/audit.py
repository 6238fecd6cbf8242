"""What must be known of the data before step 0, so that no mistake in them is found hours in."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BOX
from paragonsr.imaging.metrics import luma
from paragonsr.imaging.resample import resample
from paragonsr.train.shards import Shard, corpus
from paragonsr.train.validate import Pair

SHIFT_LIMIT = 0.1  # input pixels
FLAT = 1e-3  # mean squared slope of luma, per input pixel, under which nothing can be said of a shift
HASH_SIDE = 8
HASH_LIMIT = 8  # bits of 64: copies (noise, gamma, JPEG 30, 4 px moved) differ in up to 7, our photographs in 15


class Audit(msgspec.Struct, frozen=True):
    """What was found: shares of the photographs in the draws, the largest shift, suspicious twins across the split."""

    train_tiles: int
    train_photos: int
    validation_tiles: int
    validation_photos: int
    corpus_sha256: str
    validation_sha256: str
    largest_shift: float
    near_duplicates: list[tuple[str, str]]
    shares: dict[str, float]
    schema_version: int = 1


def check(train: Shard, held_out: Shard, pairs: list[Pair], report: Path) -> Audit:
    """Audit the data of a training and write the findings to `report` (JSON).

    Raises DataError for photographs or near-identical tiles on both sides of the split, for pairs that are not
    exactly 2:1, and for pairs that are shifted against each other.
    """
    if common := sorted(set(train.photos) & set(held_out.photos)):
        raise DataError(f"photographs in training and in validation: {', '.join(common[:5])}")
    shifts = []
    for name, pair in zip(held_out.names, pairs, strict=True):
        if pair.high.shape[:2] != tuple(2 * side for side in pair.low.shape[:2]):
            raise DataError(f"{name}: {pair.high.shape[:2]} is not twice {pair.low.shape[:2]}")
        shifts.append(shift(pair))
        if shifts[-1] > SHIFT_LIMIT:
            raise DataError(f"{name}: its two sizes are shifted by {shifts[-1]:.2f} input pixels against each other")
    twins = duplicates(train, held_out)
    found = Audit(
        train_tiles=len(train.names),
        train_photos=len(set(train.photos)),
        validation_tiles=len(held_out.names),
        validation_photos=len(set(held_out.photos)),
        corpus_sha256=train.digest,
        validation_sha256=held_out.digest,
        largest_shift=max(shifts),
        near_duplicates=twins,
        shares=corpus(train),
    )
    draft = report.with_name(f".{report.name}")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    draft.replace(report)
    if twins:
        raise DataError(f"tiles that look alike in training and in validation: {twins[:5]}; all of them in {report}")
    return found


def load(report: Path) -> Audit:
    """The findings of an earlier audit. Raises DataError for another file."""
    try:
        return msgspec.json.decode(report.read_bytes(), type=Audit)
    except msgspec.DecodeError as error:
        raise DataError(f"{report} is no audit of this program: {error}") from error


def shift(pair: Pair) -> float:
    """How far, in input pixels, the low resolution side is displaced against the high one.

    One Gauss-Newton step of Lucas and Kanade (1981) from no shift, on luma: exact to second order for the small
    shifts of interest. Along a direction in which the picture does not change (stripes, flat fields) there is none.
    """
    low = luma(pair.low)
    high = resample(luma(pair.high), low.shape, BOX)
    down, across = np.gradient(high)
    slopes = np.stack((down.ravel(), across.ravel()), axis=1)
    energies, directions = np.linalg.eigh(slopes.T @ slopes / low.size)
    along = directions.T @ (slopes.T @ (low - high).ravel() / low.size)
    seen = energies > FLAT
    return float(np.linalg.norm(along[seen] / energies[seen]))


def duplicates(train: Shard, held_out: Shard) -> list[tuple[str, str]]:
    """Pairs (training tile, validation tile) whose difference hashes differ in at most `HASH_LIMIT` of 64 bits."""
    ours = np.stack([fingerprint(tile) for tile in train.tiles])
    theirs = np.stack([fingerprint(tile) for tile in held_out.tiles])
    return [
        (train.names[index], name)
        for name, their in zip(held_out.names, theirs, strict=True)
        for index in np.flatnonzero((ours != their).sum(1) <= HASH_LIMIT)
    ]


def fingerprint(tile: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The difference hash of a picture: 64 signs of the luma slope across an 8 x 9 reduction."""
    small = resample(luma(tile), (HASH_SIDE, HASH_SIDE + 1), BOX)
    return (small[:, 1:] > small[:, :-1]).ravel()
