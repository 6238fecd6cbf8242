"""From what was measured to what becomes of each tile, by the gates alone: no picture is touched."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from paragonsr.artifacts import manifest
from paragonsr.artifacts.manifest import Table
from paragonsr.artifacts.store import Store
from paragonsr.curate import dedupe, rights
from paragonsr.curate.config import Curation
from paragonsr.curate.gates import Gate, Stage, first_failed, gates
from paragonsr.curate.sources import Photo
from paragonsr.curate.tiling import Place
from paragonsr.curate.unit import Wanted, failed
from paragonsr.errors import DataError

NAME = "manifest.parquet"
_RECIPE = "paragonsr.recipe"
KEPT, REJECTED, FAILED, UNSCORED = "kept", "rejected", "failed", "unscored"

Row = dict[str, Any]
Scores = Mapping[str, Row]
"""By the names of tiles: rows of a scores table."""


class Where(NamedTuple):
    """Where a photograph's rows lie: in which part, from which row to which."""

    part: str
    start: int
    stop: int


def index(store: Store, stage: str) -> dict[str, Where]:
    """Where the rows of each photograph that was measured lie, by its key."""
    found: dict[str, Where] = {}
    for part in store.names(stage, ".parquet"):
        keys: list[str] = manifest.read(store, part, "measures", ["key"])["key"].to_pylist()
        start = 0
        for stop in range(1, len(keys) + 1):
            if stop == len(keys) or keys[stop] != keys[start]:
                found[keys[start]] = Where(part, start, stop)
                start = stop
    return found


def recipe(found: Table) -> Curation:
    """The settings that a manifest was judged by. Raises DataError where it does not say."""
    try:
        return msgspec.json.decode(manifest.notes(found)[_RECIPE], type=Curation)
    except (KeyError, msgspec.DecodeError) as error:
        raise DataError(f"{NAME}: does not say by which recipe it was judged: {error}; curate again") from error


def scores(store: Store, stage: str) -> dict[str, Row]:
    """Every row of a later stage."""
    rows = (row for part in store.names(stage, ".parquet") for row in manifest.read(store, part, "scores").to_pylist())
    return {row["tile"]: row for row in rows}


class Judge:
    """The verdicts over the photographs of a run, in their order.

    `measured` is the folder of stage 1's parts, `scored` has the rows of the later stages by their names. Photographs
    that were not measured yet are passed over.
    """

    def __init__(
        self, store: Store, config: Curation, photos: Sequence[Photo], measured: str, scored: Mapping[Stage, Scores]
    ) -> None:
        self.store, self.config, self.photos, self.scored = store, config, photos, scored
        self._gates = gates(config)
        self._index = index(store, measured)
        self._read = lru_cache(maxsize=4)(lambda part: manifest.read(store, part, "measures"))

    def wanted(self, stage: Stage) -> list[Wanted]:
        """What passes every gate before `stage` and has no score of it yet."""
        order: tuple[Stage, ...] = ("fast", "technical", "aesthetic")
        before = tuple(gate for gate in self._gates if order.index(gate.stage) < order.index(stage))
        known, found = self.scored.get(stage, {}), list[Wanted]()
        for photo, rows, refused in self._photographs():
            chosen = [] if refused else self._passing(rows, before)
            if places := tuple(_place(row) for row in chosen if row["tile"] not in known):
                found.append(Wanted(photo, rows[0]["sha256"], places))
        return found

    def write(self, recipe: str) -> None:
        """Write the manifest; `recipe`, the settings that decided, goes into its metadata."""
        chosen = dedupe.choose(self._candidates(), self.config.set)
        tables = (manifest.table(rows, manifest.MANIFEST) for rows in self._judged(chosen))
        manifest.write(self.store, NAME, "manifest", tables, manifest.MANIFEST, {_RECIPE: recipe})

    def _photographs(self) -> Iterator[tuple[Photo, list[Row], Row | None]]:
        """Each photograph with its rows, and the row that stands for all of them where it is refused as a whole."""
        first: dict[str, str] = {}
        for photo in self.photos:
            if photo.fault:
                rows = manifest.table([failed(photo, "unreadable", photo.fault)], manifest.MEASURES).to_pylist()
            elif where := self._index.get(photo.key):
                rows = self._rows(where)
            else:
                continue
            yield photo, rows, self._refusal(photo, rows[0], first)

    def _rows(self, where: Where) -> list[Row]:
        part: Table = self._read(where.part)
        return part.slice(where.start, where.stop - where.start).to_pylist()

    def _refusal(self, photo: Photo, row: Row, first: dict[str, str]) -> Row | None:
        verdict, reason, detail = FAILED, row["reason"], row["detail"]
        if row["tile"] is not None:
            licence = photo.rights.licence or row["stated_licence"] or ""
            verdict = REJECTED
            if (same := first.setdefault(row["sha256"], photo.name)) != photo.name:
                reason, detail = "copy", f"the same file as {same}"
            elif self.config.sources.require_licence and not rights.is_allowed(licence, self.config.sources.licences):
                reason, detail = "licence", f"{licence!r} is not among those allowed" if licence else "none is stated"
            else:
                return None
        kept = ("photo", "sha256", "height", "width", "stated_licence", "stated_author")
        return {name: row[name] for name in kept} | {"verdict": verdict, "reason": reason, "detail": detail}

    def _failed(self, rows: list[Row], chosen: tuple[Gate, ...]) -> list[Gate | None]:
        """The first of these gates that each row fails."""
        columns = {gate.column: self._column(rows, gate) for gate in chosen}
        found = first_failed(columns, chosen, len(rows))
        return [chosen[index] if index < len(chosen) else None for index in found]

    def _passing(self, rows: list[Row], chosen: tuple[Gate, ...]) -> list[Row]:
        return [row for row, gate in zip(rows, self._failed(rows, chosen), strict=True) if gate is None]

    def _column(self, rows: list[Row], gate: Gate) -> NDArray[np.float64]:
        values = [row[gate.column] if gate.stage == "fast" else self._score(gate.stage, row["tile"]) for row in rows]
        return np.array(values, np.float64)  # None becomes NaN, which passes no gate

    def _score(self, stage: Stage, tile: str) -> float | None:
        return self.scored.get(stage, {}).get(tile, {}).get("score")

    def _candidates(self) -> list[dedupe.Candidate]:
        found: list[dedupe.Candidate] = []
        for photo, rows, refused in self._photographs():
            for row in [] if refused else self._passing(rows, self._gates):
                found.append(dedupe.Candidate(self._rank(row), row["tile"], photo.name, row["hash"]))
        return found

    def _rank(self, row: Row) -> tuple[float, ...]:
        """Smaller is better: the most appealing, then the technically best, then the most natural."""
        technical = self._score("technical", row["tile"]) or 0.0
        sense = -1.0 if self.config.technical == "arniqa" else 1.0
        return -(self._score("aesthetic", row["tile"]) or 0.0), sense * technical, row["brisque"] or 0.0

    def _judged(self, chosen: Mapping[str, tuple[str, str]]) -> Iterator[list[Row]]:
        for photo, rows, refused in self._photographs():
            about = {
                "licence": photo.rights.licence or rows[0]["stated_licence"],
                "author": photo.rights.author or rows[0]["stated_author"],
                "origin": photo.rights.origin or None,
            }
            if refused:
                yield [refused | about]
                continue
            gates = zip(rows, self._failed(rows, self._gates), strict=True)
            yield [row | about | self._verdict(row, gate, chosen) for row, gate in gates]

    def _verdict(self, row: Row, gate: Gate | None, chosen: Mapping[str, tuple[str, str]]) -> Row:
        tile = row["tile"]
        given = {stage: self._score(stage, tile) for stage in ("technical", "aesthetic")}
        if gate is None:
            reason, detail = chosen.get(tile, (None, None))
            return given | {"verdict": REJECTED if reason else KEPT, "reason": reason, "detail": detail}
        if gate.stage != "fast" and given[gate.stage] is None:
            known = self.scored.get(gate.stage, {}).get(tile)
            return given | {
                "verdict": REJECTED if known else UNSCORED,
                "reason": gate.reason,
                "detail": known["detail"] if known else f"has no {gate.stage} score yet: curate again",
            }
        value = given[gate.stage] if gate.stage != "fast" else row[gate.column]
        bound = f"{gate.column} {value:.4g}, must be {'at least' if gate.sense > 0 else 'at most'} {gate.bound:g}"
        return given | {"verdict": REJECTED, "reason": gate.reason, "detail": bound}


def _place(row: Row) -> Place:
    return Place(row["scale"], row["top"], row["left"])
