"""The page to look at a curation: where tiles were lost, how the scores lie, and pictures of each kind."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paragonsr import jobs
from paragonsr.artifacts.document import data_uri
from paragonsr.artifacts.store import Store
from paragonsr.curate import judge, page, pipeline, unit
from paragonsr.curate.gates import Gate
from paragonsr.curate.summary import Summary
from paragonsr.curate.unit import Job
from paragonsr.jobs import Pool

NAME = "report.html"
_SHEET = 18  # pictures
_PHOTOS_PER_UNIT = 4


class Sheet(NamedTuple):
    """Pictures of one kind; `rows` are their places among the tiles of the summary."""

    title: str
    words: str
    rows: list[int]


def write(out: Path, summary: Summary, pool: Pool) -> Path:
    """Write the page of a set, `report.html` in its folder; tiles whose photographs are gone are left out."""
    chosen = sheets(summary)
    store = Store(out)
    pictures = _pictures(store, summary, sorted({row for sheet in chosen for row in sheet.rows}), pool)
    shown = [page.Sheet(sheet.title, sheet.words, _cards(summary, sheet.rows, pictures)) for sheet in chosen]
    store.write(NAME, page.render(summary, shown).encode())
    return out / NAME


def sheets(summary: Summary) -> list[Sheet]:
    """Which pictures are shown: of the kept ones a spread, the best and the worst; of each reason a spread."""
    rows = summary.rows
    kept = np.flatnonzero(rows["verdict"] == judge.KEPT)
    name, order = _order(summary, kept)
    found = [Sheet("Kept", "Some of all that make the set.", _spread(kept))]
    if len(kept) > _SHEET:
        found.append(Sheet("Best kept", f"By {name}, the best first.", order[:_SHEET].tolist()))
        found.append(Sheet("Worst kept", f"By {name}, the worst first.", order[::-1][:_SHEET].tolist()))
    for loss in summary.losses:
        lost = np.flatnonzero((rows["verdict"] == judge.REJECTED) & (rows["reason"] == loss.reason))
        if len(lost):
            gate = next((gate for gate in summary.gates if gate.reason == loss.reason), None)
            ranked = lost if gate is None else lost[np.argsort(gate.sense * rows[gate.column][lost], kind="stable")]
            words = f"{loss.tiles:,} tiles: {loss.words}"
            found.append(Sheet(f"Rejected: {loss.reason}", words + _bound(gate), _spread(ranked)))
    return found


def _order(summary: Summary, kept: NDArray[np.intp]) -> tuple[str, NDArray[np.intp]]:
    """The kept tiles from the best down, and by which score."""
    gate = summary.gates[-1]
    values = gate.sense * summary.rows[gate.column][kept]
    return gate.reason, kept[np.argsort(-values, kind="stable")]


def _spread(rows: NDArray[np.intp]) -> list[int]:
    """As many as a sheet holds, evenly from all."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), _SHEET)).round().astype(int)
    return rows[places].tolist()


def _bound(gate: Gate | None) -> str:
    return "." if gate is None else f", {'under' if gate.sense > 0 else 'over'} {gate.bound:g}; the worst first."


def _pictures(store: Store, summary: Summary, rows: Sequence[int], pool: Pool) -> dict[str, bytes]:
    columns = ("tile", "photo", "sha256", "scale", "top", "left")
    wanted = pipeline.wanted(
        pipeline.photographs(store), ({name: summary.rows[name][row] for name in columns} for row in rows)
    )
    work = partial(unit.thumbnails, Job(store.root, "", summary.config))
    found: dict[str, bytes] = {}
    for done in jobs.run(pool, work, pipeline.units(wanted, _PHOTOS_PER_UNIT)):
        found |= done.result or {}
    return found


def _cards(summary: Summary, rows: Sequence[int], pictures: dict[str, bytes]) -> list[page.Card]:
    return [
        page.Card(
            source=data_uri("image/jpeg", pictures[tile]),
            title=str(summary.rows["photo"][row]),
            scale=str(summary.rows["scale"][row]),
            detail=str(summary.rows["detail"][row] or ""),
            scores=_scores(summary, row),
        )
        for row in rows
        if (tile := summary.rows["tile"][row]) in pictures
    ]


def _scores(summary: Summary, row: int) -> str:
    """The scores of a tile, a line each."""
    chosen = {gate.column: gate.label for gate in summary.gates}
    values = ((name, float(summary.rows[column][row])) for column, name in chosen.items())
    return "\n".join(f"{name} {value:.4g}" for name, value in values if not np.isnan(value))
