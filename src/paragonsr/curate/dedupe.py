"""Of the tiles that passed every gate: near duplicates go, the better stays; then a cap on each photograph."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paragonsr.curate.config import Set


class Candidate(NamedTuple):
    """A tile that passed; of two, the one with the smaller `rank` is better, and at a tie the one named first."""

    rank: tuple[float, ...]
    tile: str
    photo: str
    hash: int


def choose(candidates: Sequence[Candidate], config: Set) -> dict[str, tuple[str, str]]:
    """(reason, detail) of each tile that does not make the set: "duplicate" and of which tile, or "cap".

    From the best tile down, one is a duplicate when its hash lies within `hash_distance` bits of a better one that is
    none itself.
    """
    rejected: dict[str, tuple[str, str]] = {}
    ranked = sorted(candidates)
    hashes, unique = np.zeros(len(ranked), np.uint64), list[Candidate]()
    taken = Counter[str]()
    for candidate in ranked:
        apart = np.bitwise_count(hashes[: len(unique)] ^ np.uint64(candidate.hash))
        if len(apart) and apart.min() <= config.hash_distance:
            rejected[candidate.tile] = "duplicate", unique[int(apart.argmin())].tile
            continue
        hashes[len(unique)] = candidate.hash
        unique.append(candidate)
        if taken[candidate.photo] == config.tiles_per_photo:
            rejected[candidate.tile] = "cap", f"{config.tiles_per_photo} better ones of {candidate.photo} are kept"
        else:
            taken[candidate.photo] += 1
    return rejected
